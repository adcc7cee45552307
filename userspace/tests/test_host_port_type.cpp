// SPDX-License-Identifier: GPL-2.0
#include "host/port_type.hpp"

#include "host_harness.hpp"

using namespace testing_srpt;

namespace {

const std::string kPci = "/sys/bus/pci/devices/0000:05:00.0";

struct PortTypes : ::testing::Test {
    HostMachine m;

    PortTypes() {
        m.files.put_dir("/sys/bus/pci/drivers/mlx4_core");
        m.files.link("../../drivers/mlx4_core", kPci + "/driver");
        m.files.put_dir(kPci + "/infiniband/mlx4_0");
        m.files.put(kPci + "/mlx4_port1", "ib\n");
        m.files.put(kPci + "/mlx4_port2", "ib\n");
        m.files.put("/sys/bus/pci/devices/0000:07:00.0/class", "0x020000\n");
    }
    void mlx5() const {
        const std::string dir = "/sys/bus/pci/devices/0000:81:00.0";
        m.files.put_dir("/sys/bus/pci/drivers/mlx5_core");
        m.files.link("../../drivers/mlx5_core", dir + "/driver");
        m.files.put_dir(dir + "/infiniband/mlx5_0");
        m.files.put("/sys/class/infiniband/mlx5_0/ports/1/link_layer", "InfiniBand\n");
    }
};

TEST_F(PortTypes, SwitchesAndRemembers) {
    m.runner.installed.insert("update-initramfs");
    const Answer answer = m.ok({"host", "port-type", "set", "mlx4_0", "2", "eth"});
    EXPECT_EQ(m.files.stored, std::vector<std::string>{kPci + "/mlx4_port2=eth"});
    EXPECT_NE(answer.out.find("is eth (one request)"), std::string::npos);
    EXPECT_NE(m.files.text("/etc/rdma/mlx4.conf").find("0000:05:00.0 ib eth\n"), std::string::npos);
    EXPECT_EQ(m.runner.ran, std::vector<std::string>{"update-initramfs -u"});
    const auto j = m.json({"host", "port-type", "show"});
    EXPECT_EQ(j["devices"].size(), 1U);
    EXPECT_EQ(j["devices"][0]["ports"][1]["now"], "eth");
    EXPECT_EQ(j["devices"][0]["ports"][1]["saved"], "eth");
    // It is so already: no request, no file, no initramfs.
    m.runner.ran.clear();
    m.ok({"host", "port-type", "set", "05:00.0", "2", "eth"});
    EXPECT_EQ(m.files.stored.size(), 1U);
    EXPECT_TRUE(m.runner.ran.empty());
}

TEST_F(PortTypes, RepeatsUntilTheOtherPortHasSwitched) {
    unsigned refused = 0;

    m.runner.installed.insert("dracut");
    m.files.on_store = [&](const std::string& path, const std::string& value) -> srpt::Status {
        if (refused < 3) {
            refused++;
            m.system.log = {
                "mlx4_core 0000:05:00.0: Requested port type for port 1 is not supported on this HCA"};
            return srpt::fail(srpt::errno_error(EINVAL, "cannot write 'eth'", path));
        }
        m.system.log.clear();
        m.files.put(path, value);
        return {};
    };
    const Answer answer = m.ok({"host", "port-type", "set", "0000:05:00.0", "1", "eth"});
    EXPECT_NE(answer.out.find("4 requests"), std::string::npos);
    EXPECT_NE((answer.out + answer.err).find("is normal while the other port"), std::string::npos);
    EXPECT_EQ(m.runner.ran, std::vector<std::string>{"dracut --force"});
    EXPECT_EQ(m.runner.time.time_since_epoch(), std::chrono::milliseconds(1500));
}

TEST_F(PortTypes, WaitsForASwitchThatTakesItsTime) {
    m.files.on_store = [](const std::string&, const std::string&) -> srpt::Status { return {}; };
    m.runner.on_sleep = [this] {
        if (m.runner.time.time_since_epoch() >= std::chrono::seconds(2)) {
            m.files.put(kPci + "/mlx4_port1", "eth\n");
        }
    };
    m.ok({"host", "port-type", "set", "mlx4_0", "1", "eth", "--no-initramfs"});
    EXPECT_EQ(m.runner.time.time_since_epoch(), std::chrono::seconds(2));
}

TEST_F(PortTypes, TimesOutAndExplains) {
    const auto before = m.all();

    m.files.on_store = [](const std::string& path, const std::string&) -> srpt::Status {
        return srpt::fail(srpt::errno_error(EINVAL, "cannot write 'eth'", path));
    };
    const Answer answer = m.run({"host", "port-type", "set", "mlx4_0", "1", "eth", "--timeout", "5"});
    EXPECT_EQ(answer.code, 8);
    EXPECT_NE(answer.err.find("is 'ib' and not 'eth' after 11 requests in 5 s"), std::string::npos)
        << answer.err;
    EXPECT_NE(answer.err.find("EINVAL"), std::string::npos);
    EXPECT_NE(answer.err.find("not supported on this HCA"), std::string::npos);
    EXPECT_EQ(m.all(), before); // nothing is remembered that does not work
}

TEST_F(PortTypes, NoPermissionIsNotRepeated) {
    m.files.on_store = [](const std::string& path, const std::string&) -> srpt::Status {
        return srpt::fail(srpt::errno_error(EACCES, "cannot write", path));
    };
    EXPECT_EQ(m.run({"host", "port-type", "set", "mlx4_0", "1", "eth"}).code, 3);
    EXPECT_EQ(m.files.stored.size(), 1U);
}

TEST_F(PortTypes, AutodetectIsShownWithWhatItFound) {
    m.files.on_store = [this](const std::string& path, const std::string&) -> srpt::Status {
        m.files.put(path, "auto (ib)\n");
        return {};
    };
    m.ok({"host", "port-type", "set", "mlx4_0", "1", "auto", "--no-initramfs"});
    EXPECT_NE(m.files.text("/etc/rdma/mlx4.conf").find("0000:05:00.0 auto ib\n"), std::string::npos);
}

TEST_F(PortTypes, OtherLinesOfMlx4ConfStay) {
    m.files.put("/etc/rdma/mlx4.conf", "# comment\n0000:0b:00.0 eth eth\n05:00.0 ib # first slot\n");
    m.ok({"host", "port-type", "set", "mlx4_0", "2", "eth", "--no-initramfs"});
    EXPECT_EQ(m.files.text("/etc/rdma/mlx4.conf"),
              "# comment\n0000:0b:00.0 eth eth\n05:00.0 ib eth # first slot\n");
}

TEST_F(PortTypes, ApplyDoesWhatTheFileSaysLastPortFirst) {
    m.files.put("/etc/rdma/mlx4.conf", "0000:05:00.0 eth eth\n");
    EXPECT_NE(m.ok({"host", "port-type", "apply", "--dry-run"}).out.find("to be eth"), std::string::npos);
    EXPECT_TRUE(m.files.stored.empty());
    m.ok({"host", "port-type", "apply"});
    EXPECT_EQ(m.files.stored, (std::vector<std::string>{kPci + "/mlx4_port2=eth", kPci + "/mlx4_port1=eth"}));
    m.files.put(kPci + "/mlx4_port1", "ib\n");
    m.files.on_store = [](const std::string&, const std::string&) -> srpt::Status { return {}; };
    EXPECT_EQ(m.run({"host", "port-type", "apply"}).code, 8);
}

TEST_F(PortTypes, Mlx5GoesByMstconfig) {
    mlx5();
    const Answer absent = m.run({"host", "port-type", "set", "mlx5_0", "1", "eth"});
    EXPECT_EQ(absent.code, 4);
    EXPECT_NE(absent.err.find("mstflint"), std::string::npos);
    m.runner.installed.insert("mstconfig");
    EXPECT_EQ(m.ok({"host", "port-type", "set", "mlx5_0", "1", "eth", "--dry-run"}).out,
              "mstconfig -y -d 0000:81:00.0 set LINK_TYPE_P1=2\n");
    EXPECT_TRUE(m.runner.ran.empty());
    const Answer answer = m.ok({"host", "port-type", "set", "mlx5_0", "1", "eth"});
    EXPECT_EQ(m.runner.ran, std::vector<std::string>{"mstconfig -y -d 0000:81:00.0 set LINK_TYPE_P1=2"});
    EXPECT_NE((answer.out + answer.err).find("mstfwreset"), std::string::npos);
    m.runner.on_run = [](const std::string&) {
        return srpt::host::Outcome{1, "", "-E- Failed to open the device\n"};
    };
    const Answer failed = m.run({"host", "port-type", "set", "mlx5_0", "1", "ib"});
    EXPECT_EQ(failed.code, 1);
    EXPECT_NE(failed.err.find("Failed to open the device"), std::string::npos);
}

TEST_F(PortTypes, ShowAsksTheFirmware) {
    mlx5();
    m.runner.installed.insert("mstconfig");
    m.runner.on_run = [](const std::string&) {
        return srpt::host::Outcome{0,
                                   "Configurations:                              Next Boot\n"
                                   "*        LINK_TYPE_P1                                ETH(2)\n"
                                   "         LINK_TYPE_P2                                IB(1)\n",
                                   ""};
    };
    const auto j = m.json({"host", "port-type", "show", "--firmware"});
    EXPECT_EQ(j["devices"][1]["ports"][0]["now"], "ib");
    EXPECT_EQ(j["devices"][1]["ports"][0]["saved"], "ETH(2)");
    EXPECT_EQ(m.runner.ran.back(), "mstconfig -d 0000:81:00.0 query");
}

TEST_F(PortTypes, Mlx4ByFirmwareOnRequest) {
    m.runner.installed.insert("mstconfig");
    m.ok({"host", "port-type", "set", "mlx4_0", "1", "auto", "--firmware"});
    EXPECT_EQ(m.runner.ran, std::vector<std::string>{"mstconfig -y -d 0000:05:00.0 set LINK_TYPE_P1=3"});
    EXPECT_TRUE(m.files.stored.empty());
}

TEST_F(PortTypes, WrongWords) {
    EXPECT_EQ(m.run({"host", "port-type", "set", "mlx4_0", "1", "token-ring"}).code, 2);
    EXPECT_EQ(m.run({"host", "port-type", "set", "mlx4_0", "3", "ib"}).code, 2);
    EXPECT_EQ(m.run({"host", "port-type", "set", "mlx4_7", "1", "ib"}).code, 4);
    EXPECT_NE(m.run({"host", "port-type", "set", "mlx4_7", "1", "ib"}).err.find("mlx4_0"), std::string::npos);
    std::filesystem::remove(m.files.root() + kPci + "/mlx4_port2");
    EXPECT_EQ(m.run({"host", "port-type", "set", "mlx4_0", "2", "ib"}).code, 4);
    HostMachine none;
    EXPECT_NE(none.ok({"host", "port-type", "show"}).out.find("no adapter"), std::string::npos);
}

TEST(HostPrograms, RunsThisMachinesPrograms) {
    const std::unique_ptr<srpt::host::Programs> programs = srpt::host::make_programs();

    const auto both = programs->run({"sh", "-c", "echo out; echo err >&2; exit 3"});
    ASSERT_TRUE(both);
    EXPECT_EQ(both->status, 3);
    EXPECT_EQ(both->output, "out\n");
    EXPECT_EQ(both->errors, "err\n");
    EXPECT_EQ(programs->run({"sh", "-c", "kill -TERM $$"})->status, 128 + 15);
    // posix_spawn may tell by either.
    const auto none = programs->run({"/nonexistent/program"});
    EXPECT_TRUE(!none || none->status == 127);
    EXPECT_TRUE(programs->has("sh"));
    EXPECT_FALSE(programs->has("no-such-program"));
    // More than a pipe holds, on both.
    const auto much = programs->run({"sh", "-c", "yes | head -c 200000; yes | head -c 200000 >&2"});
    ASSERT_TRUE(much);
    EXPECT_EQ(much->output.size(), 200000U);
    EXPECT_EQ(much->errors.size(), 200000U);
}

} // namespace
