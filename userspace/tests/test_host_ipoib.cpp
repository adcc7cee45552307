// SPDX-License-Identifier: GPL-2.0
#include "host/ipoib.hpp"

#include "host_harness.hpp"

using namespace testing_srpt;

namespace {

const std::string kRules = "/etc/udev/rules.d/70-persistent-ipoib.rules";
const std::string kGuidText = "f4:52:14:03:00:7b:cb:a1";
const std::string kAddress = "80:00:02:00:fe:80:00:00:00:00:00:00:" + kGuidText;

struct Ipoib : ::testing::Test {
    HostMachine m;

    Ipoib() {
        interface("ib0", kAddress);
        interface("ib1", "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a2");
        m.files.put("/sys/class/net/eth0/type", "1\n");
        m.files.put("/sys/class/net/eth0/address", "52:54:00:00:00:01\n");
    }
    void interface(const std::string& name, const std::string& address) const {
        m.files.put("/sys/class/net/" + name + "/type", "32\n");
        m.files.put("/sys/class/net/" + name + "/address", address + "\n");
    }
};

TEST_F(Ipoib, AddByInterfaceAddressOrGuid) {
    for (const std::string& what :
         {std::string("ib0"), kAddress, kGuidText, std::string("0xf45214 03007bcba1").erase(8, 1),
          std::string("F452:1403:007B:CBA1")}) {
        m.ok({"host", "ipoib-name", "add", what, "mlx4_ib0"});
        EXPECT_NE(m.files.text(kRules).find("ACTION==\"add\", SUBSYSTEM==\"net\", ATTR{type}==\"32\", "
                                            "KERNEL!=\"*.*\", ATTR{address}==\"?*" +
                                            kGuidText + "\", NAME=\"mlx4_ib0\"\n"),
                  std::string::npos)
            << what;
        EXPECT_EQ(m.json({"host", "ipoib-name", "list"})["rules"].size(), 1U);
        m.ok({"host", "ipoib-name", "remove", what});
        EXPECT_EQ(m.json({"host", "ipoib-name", "list"})["rules"].size(), 0U);
    }
}

TEST_F(Ipoib, NamesTheKernelOrUdevWouldRefuse) {
    const auto before = m.all();

    for (const auto& [name, why] : std::map<std::string, std::string>{{"ib0", "by itself"},
                                                                      {"ib17", "by itself"},
                                                                      {"sixteen_chars_ab", "16 characters"},
                                                                      {"a/b", "slash"},
                                                                      {"a:b", "colon"},
                                                                      {"a b", "blank"},
                                                                      {"a\tb", "blank"},
                                                                      {"", "needed"},
                                                                      {"..", "directory"},
                                                                      {"a\"b", "rule of udev"},
                                                                      {"a%b", "rule of udev"},
                                                                      {"12", "number"},
                                                                      {"default", "something else"},
                                                                      {"b\xc3\xbc", "ASCII"}}) {
        const Answer answer = m.run({"host", "ipoib-name", "add", "ib0", name});
        EXPECT_EQ(answer.code, 2) << name;
        EXPECT_NE(answer.err.find(why), std::string::npos) << name << ": " << answer.err;
    }
    EXPECT_EQ(m.all(), before);
    for (const char* name : {"mlx4_ib0", "ib", "ib0a", "ibp5s0", "fifteen_chars_a", "storage-a"}) {
        EXPECT_FALSE(srpt::host::name_refused(name)) << name;
    }
}

TEST_F(Ipoib, Duplicates) {
    m.ok({"host", "ipoib-name", "add", "ib0", "storage_a"});
    const auto before = m.all();
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "ib1", "storage_a"}).code, 5);
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "ib0", "storage_b"}).code, 5);
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "ib1", "eth0"}).code, 5);
    EXPECT_EQ(m.all(), before);
    // The very same again is no mistake.
    EXPECT_NE(m.ok({"host", "ipoib-name", "add", "ib0", "storage_a"}).out.find("nothing to change"),
              std::string::npos);
    m.ok({"host", "ipoib-name", "add", "ib0", "storage_b", "--replace"});
    EXPECT_EQ(m.files.text(kRules).find("storage_a"), std::string::npos);
    EXPECT_NE(m.files.text(kRules).find("storage_b"), std::string::npos);
}

TEST_F(Ipoib, RulesElsewhereCount) {
    const std::string other = "/etc/udev/rules.d/71-site.rules";
    const std::string rule = "ACTION==\"add\", SUBSYSTEM==\"net\", DRIVERS==\"?*\", ATTR{type}==\"32\", "
                             "ATTR{address}==\"?*" +
                             kGuidText + "\", NAME=\"site_ib\"\n";

    m.files.put(other, "# " + rule + rule);
    EXPECT_EQ(m.json({"host", "ipoib-name", "list"})["rules"][0]["line"], 2);
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "ib1", "site_ib"}).code, 5);
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "ib0", "mine", "--replace"}).code, 5);
    m.ok({"host", "ipoib-name", "remove", "site_ib"});
    EXPECT_EQ(m.files.text(other), "# " + rule);
}

TEST_F(Ipoib, TheClassicPathIsReadAndMarked) {
    m.files.put("/etc/udev.d/rules.d/70-persistent-ipoib.rules",
                "SUBSYSTEM==\"net\", ATTR{type}==\"32\", ATTR{address}==\"?*" + kGuidText +
                    "\", NAME=\"old_name\"\n");
    const auto j = m.json({"host", "ipoib-name", "list"});
    EXPECT_EQ(j["rules"][0]["name"], "old_name");
    EXPECT_FALSE(j["rules"][0]["read_by_udev"].get<bool>());
    EXPECT_EQ(j["rules"][0]["interface"], "ib0");
    EXPECT_NE(m.ok({"host", "ipoib-name", "list"}).out.find("udev does not read this"), std::string::npos);
    // It names nothing, so it is in nobody's way.
    m.ok({"host", "ipoib-name", "add", "ib0", "new_name"});
    m.ok({"host", "ipoib-name", "remove", "old_name"});
    EXPECT_EQ(m.files.text("/etc/udev.d/rules.d/70-persistent-ipoib.rules"), "");
}

TEST_F(Ipoib, OtherRulesAndCommentsStay) {
    const std::string kept =
        "# mine\nSUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:00:00:01\", NAME=\"lan\"\n";

    m.files.put(kRules, kept);
    m.ok({"host", "ipoib-name", "add", "ib0", "a_name"});
    EXPECT_TRUE(m.files.text(kRules).starts_with(kept));
    m.ok({"host", "ipoib-name", "add", "ib1", "b_name"});
    m.ok({"host", "ipoib-name", "remove", "a_name"});
    EXPECT_TRUE(m.files.text(kRules).starts_with(kept));
    EXPECT_EQ(m.json({"host", "ipoib-name", "list"})["rules"].size(), 1U);
    m.ok({"host", "ipoib-name", "remove", "ib1"});
    EXPECT_EQ(m.files.text(kRules), kept);
}

TEST_F(Ipoib, UnknownThings) {
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "ib7", "x_name"}).code, 4);
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "eth0", "x_name"}).code, 4);
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "00:11:22", "x_name"}).code, 4);
    EXPECT_EQ(m.run({"host", "ipoib-name", "remove", "nothing"}).code, 4);
    EXPECT_EQ(m.run({"host", "ipoib-name", "remove", "ib0"}).code, 4);
    EXPECT_NE(m.run({"host", "ipoib-name", "add", "ib7", "x_name"}).err.find("ib0, ib1"), std::string::npos);
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "ib0"}).code, 2);
}

TEST_F(Ipoib, AnInterfaceThatIsAbsentCanHaveAName) {
    m.ok({"host", "ipoib-name", "add", "00:02:c9:03:00:31:78:f2", "mlx4_ib3"});
    EXPECT_TRUE(m.json({"host", "ipoib-name", "list"})["rules"][0]["interface"].is_null());
    EXPECT_NE(m.ok({"host", "ipoib-name", "list"}).out.find("absent"), std::string::npos);
}

TEST_F(Ipoib, ApplyRunsUdev) {
    m.files.put("/run/udev/control", "");
    m.ok({"host", "ipoib-name", "add", "ib0", "mlx4_ib0", "--apply"});
    EXPECT_EQ(m.runner.ran, (std::vector<std::string>{"udevadm control --reload",
                                                      "udevadm trigger --action=add /sys/class/net/ib0",
                                                      "udevadm settle"}));
    m.runner.ran.clear();
    const Answer dry = m.ok({"host", "ipoib-name", "add", "ib1", "mlx4_ib1", "--apply", "--dry-run"});
    EXPECT_TRUE(m.runner.ran.empty());
    EXPECT_EQ(m.files.text(kRules).find("mlx4_ib1"), std::string::npos);
    EXPECT_NE(dry.out.find("+ACTION"), std::string::npos);
    EXPECT_EQ(m.run({"host", "ipoib-name", "add", "ib1", "mlx4_ib1", "--apply", "--root", "/nowhere"}).code,
              2);
}

} // namespace
