// SPDX-License-Identifier: GPL-2.0
#include "doctor.hpp"
#include "host_harness.hpp"

#include <gtest/gtest.h>

using namespace testing_srpt;
using nlohmann::json;

namespace {

// What the doctor finds, by its stable names.
std::map<std::string, json> findings(Machine& m) {
    std::map<std::string, json> found;

    const json answer = m.run({"doctor", "--json"}).json();
    for (const json& finding : answer["findings"]) {
        found[finding["id"]] = finding;
    }
    return found;
}

struct Healthy : Machine {
    Healthy() {
        fs.put("/sys/class/infiniband/qib0/ports/1/cap_mask", "0x02590868");
        fs.put("/dev/sdc1", "");
        ok({"export", "/dev/sdc1", "--acl", kInitiator});
    }
};

TEST(Doctor, NothingToComplainOf) {
    Healthy m;

    m.fs.put("/sys/class/infiniband/qib0/ports/1/cap_mask", "0x02590868");
    const Answer answer = m.run({"doctor"});
    EXPECT_EQ(answer.code, 0) << answer.out;
    EXPECT_EQ(answer.out, "nothing to complain of\n");
    EXPECT_EQ(m.run({"doctor", "--json"}).json()["findings"], json::array());
}

TEST(Doctor, ModuleAndPorts) {
    Healthy m;

    m.link.loaded = false;
    EXPECT_TRUE(findings(m).contains("module-stock"));
    EXPECT_EQ(m.run({"doctor"}).code, 10);
    Machine bare;
    bare.fs.reset();
    bare.link.loaded = false;
    const auto found = findings(bare);
    EXPECT_EQ(found.at("module-absent")["commands"][0], "modprobe ib_srpt");
    EXPECT_TRUE(found.contains("configfs"));
    EXPECT_TRUE(found.contains("no-hca"));
    m.add_port("qib0", 1, "fe80:0000:0000:0000:0011:7500:0077:dd7e", "2: INIT", "InfiniBand");
    EXPECT_EQ(findings(m).at("port-down")["level"], "error");
    EXPECT_EQ(findings(m).at("port-down")["commands"][1], "systemctl start opensm");
    m.add_port("mlx5_1", 1, "0000:0000:0000:0000:0000:0000:0000:0000", "1: DOWN", "Ethernet");
    EXPECT_NE(m.run({"doctor"}).out.find("ip link set eth0 up"), std::string::npos);
}

TEST(Doctor, AnnouncementAndListener) {
    Healthy m;

    m.fs.put("/sys/class/infiniband/qib0/ports/1/cap_mask", "0x02510868");
    EXPECT_EQ(findings(m).at("not-announced")["level"], "warning");
    m.fs.put("/sys/class/infiniband/qib0/ports/1/cap_mask", "garbage");
    EXPECT_TRUE(findings(m).empty());
    m.add_port("qib0", 1, "fe80:0000:0000:0000:0011:7500:0077:dd7e", "4: ACTIVE", "Ethernet");
    EXPECT_EQ(findings(m).at("no-listener")["commands"][0], "srptctl port listen 5555");
    m.ok({"port", "listen", "5555"});
    EXPECT_TRUE(findings(m).empty());
}

TEST(Doctor, MendsWhatAKilledCommandLeft) {
    Machine m;

    m.fs.put("/sys/class/infiniband/qib0/ports/1/cap_mask", "0x02590868");
    ASSERT_TRUE(m.fs.mkdir(kCore + "/iblock_0"));
    EXPECT_EQ(findings(m).at("adapter-empty")["commands"][0], "rmdir " + kCore + "/iblock_0");
    ASSERT_TRUE(m.fs.mkdir(kCore + "/iblock_0/x"));
    EXPECT_EQ(findings(m).at("backstore-half")["commands"][0], "srptctl backstore delete block/x");
    m.ok({"backstore", "delete", "block/x"});
    ASSERT_TRUE(m.fs.mkdir(kSrpt + "/" + kGid));
    const std::string remove = "srptctl target delete ib." + kGid.substr(2);
    EXPECT_EQ(findings(m).at("target-half")["commands"][0], remove);
    m.ok({"target", "delete", kGid, "-y"});
    EXPECT_TRUE(findings(m).empty()) << m.run({"doctor"}).out;
    m.ok({"target", "create", "--disabled"});
    auto found = findings(m);
    EXPECT_TRUE(found.contains("target-disabled"));
    EXPECT_TRUE(found.contains("target-no-lun"));
    m.ok({"target", "enable"});
    EXPECT_TRUE(findings(m).contains("no-acl"));
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/lun/lun_3"));
    EXPECT_EQ(findings(m).at("lun-half")["commands"][0], "srptctl lun remove 3");
    m.ok({"lun", "remove", "3"});
    m.ok({"export", "/dev/sdc1"});
    m.fs.put("/dev/sdc1", "");
    EXPECT_TRUE(findings(m).contains("lun-unmapped"));
    m.ok({"acl", "create", kInitiator, "--no-luns"});
    found = findings(m);
    EXPECT_EQ(found.at("acl-no-lun")["commands"][0], "srptctl acl map " + kInitiator + " 0");
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/" + kInitiator + "/lun_4"));
    EXPECT_EQ(findings(m).at("mapped-half")["commands"][0], "srptctl acl unmap " + kInitiator + " 4");
    m.ok({"acl", "unmap", kInitiator, "4"});
    m.ok({"acl", "map", kInitiator, "0"});
    EXPECT_TRUE(findings(m).empty()) << m.run({"doctor"}).out;
    // Whoever disables a target that serves is not offered to lose it.
    m.ok({"target", "disable", "-y"});
    EXPECT_EQ(findings(m).at("target-disabled")["commands"].size(), 1U);
    m.ok({"acl", "delete", kInitiator, "-y"});
    found = findings(m);
    EXPECT_EQ(found.at("target-disabled")["commands"].back(), "srptctl unexport ib." + kGid.substr(2));
    EXPECT_EQ(found.at("lun-unmapped")["commands"].back(), "srptctl lun remove 0");
    m.ok({"unexport", "ib." + kGid.substr(2)});
    EXPECT_TRUE(findings(m).empty()) << m.run({"doctor"}).out;
    m.ok({"backstore", "create", "ramdisk", "1M"});
    EXPECT_EQ(findings(m).at("backstore-unused")["level"], "hint");
}

TEST(Doctor, DevicesThatAreGone) {
    Healthy m;

    m.fs.put_link("/dev/other", "/x");
    m.add_disk("/dev/sdz", 4096);
    m.ok({"export", "/dev/sdz", "--acl", kInitiator});
    EXPECT_EQ(findings(m).at("device-gone")["level"], "error");
}

TEST(Doctor, AclsThatCannotMatch) {
    Healthy m;

    m.ok({"acl", "create", "192.168.7.2"});
    EXPECT_EQ(findings(m).at("acl-no-match")["commands"][0], "srptctl port listen 5555");
    m.ok({"acl", "delete", "192.168.7.2"});
    m.ok({"acl", "create", "0x7edd7700007511000000000000000000"});
    EXPECT_NE(findings(m).at("acl-no-match")["text"].get<std::string>().find("GUID of zeros"),
              std::string::npos);
    m.ok({"acl", "delete", "0x7edd7700007511000000000000000000"});
    m.ok({"acl", "create", "ff02::1"});
    EXPECT_NE(findings(m).at("acl-no-match")["text"].get<std::string>().find("multicast"), std::string::npos);
    m.ok({"acl", "delete", "ff02::1"});
    EXPECT_TRUE(findings(m).empty());
    // The stock module takes any name and compares letters.
    m.link.loaded = false;
    m.fs.load_srpt(false);
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/bob"));
    EXPECT_NE(findings(m).at("acl-no-match")["text"].get<std::string>().find("no name of an initiator"),
              std::string::npos);
    ASSERT_TRUE(m.fs.rmdir(m.tpg() + "/acls/bob"));
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/0x7EDD770000751100001175000077D708"));
    EXPECT_EQ(findings(m).at("acl-no-match")["commands"][1], "srptctl acl create " + kInitiator);
    m.ok({"acl", "delete", "0x7EDD770000751100001175000077D708"});
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/" + kInitiator)) << "the one whose letters were given went";
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/fe80::1"));
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/fe80:0::1"));
    EXPECT_FALSE(findings(m).contains("acl-twice")) << "the stock module sees two names";
    m.link.loaded = true;
    EXPECT_EQ(findings(m).at("acl-twice")["commands"][0], "srptctl acl delete fe80::1");
}

TEST(Doctor, TargetsWithoutPortAndRefusals) {
    Healthy m;

    m.ok({"target", "create", "fe80::1"});
    EXPECT_TRUE(findings(m).contains("target-no-port"));
    m.ok({"target", "delete", "fe80::1", "-y"});
    m.link.reject_list = {make_reject(kOther, 1000)};
    EXPECT_EQ(findings(m).at("refused")["commands"][0], "srptctl acl pending");
    srpt::PortInfo port;
    port.device = "qib0";
    port.num = 1;
    port.link_layer = "infiniband";
    port.targets = {kGid};
    m.link.port_list = {port};
    EXPECT_TRUE(findings(m).contains("no-ib-cm"));
}

TEST(Doctor, UnsavedChanges) {
    Healthy m;

    m.fs.put_dir("/etc/rtslib-fb-target");
    m.ok({"config", "save"});
    EXPECT_TRUE(findings(m).empty());
    m.ok({"target", "set", "use_srq=1"});
    EXPECT_EQ(findings(m).at("unsaved")["commands"][1], "srptctl config save");
    m.fs.put("/etc/rtslib-fb-target/saveconfig.json", "{ cut");
    EXPECT_TRUE(findings(m).contains("unsaved"));
}

TEST(Doctor, Machine) {
    FakeConfigfs fs;
    const auto ids = [&] {
        std::set<std::string> set;
        for (const srpt::Finding& finding : srpt::examine_machine(fs)) {
            EXPECT_FALSE(finding.commands.empty());
            set.insert(finding.id);
        }
        return set;
    };

    EXPECT_TRUE(ids().empty());
    fs.put("/proc/sys/kernel/osrelease", "6.1.0");
    fs.put("/boot/config-6.1.0", "# x\nCONFIG_INIT_ON_ALLOC_DEFAULT_ON=y\nCONFIG_KASAN=y");
    fs.put("/proc/cmdline", "quiet init_on_free=1");
    fs.put_dir("/sys/class/iommu/dmar0");
    fs.put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave");
    fs.put("/proc/self/limits", "Limit  Soft\nMax locked memory         8388608   8388608   bytes\n");
    EXPECT_EQ(ids(), (std::set<std::string>{"init-on-alloc", "init-on-free", "iommu", "governor",
                                            "debug-kernel", "memlock"}));
    fs.put("/boot/config-6.1.0", "CONFIG_INIT_ON_ALLOC_DEFAULT_ON=y");
    fs.put("/proc/cmdline", "init_on_alloc=1 iommu=pt init_on_alloc=0");
    fs.put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance");
    fs.put("/proc/self/limits", "Max locked memory         unlimited   unlimited   bytes\n");
    EXPECT_TRUE(ids().empty());
}

TEST(Doctor, WhatComesWithTheNextBoot) {
    HostMachine m;
    const auto ids = [&](bool has_targets) {
        std::map<std::string, srpt::Finding> found;
        for (const srpt::Finding& finding : srpt::examine_boot(m.files, has_targets)) {
            found.emplace(finding.id, finding);
        }
        return found;
    };

    m.files.put("/usr/lib/systemd/system/srpt-modules.service", "");
    EXPECT_TRUE(ids(false).empty());
    EXPECT_EQ(ids(true).at("not-at-boot").commands[0], "srptctl host modules enable SRPT");
    m.files.put("/etc/systemd/system/multi-user.target.wants/srpt.service", "");
    EXPECT_TRUE(ids(true).empty());
    m.files.remove("/etc/systemd/system/multi-user.target.wants/srpt.service");
    m.ok({"host", "modules", "enable", "SRPT"});
    EXPECT_TRUE(ids(true).empty());
    // The two forms contradict each other; the command brings them together.
    m.files.put("/etc/rdma/rdma.conf", "SRPT_LOAD=no\n");
    EXPECT_EQ(ids(true).at("rdma-conf-differs").path, "/etc/rdma/rdma.conf:1");
    m.ok({"host", "modules", "enable", "SRPT"});
    EXPECT_TRUE(ids(true).empty());
    m.files.put("/etc/rdma/rdma.conf", "SRPT_LOAD=yes\nRDS_LOAD=yes\n");
    EXPECT_TRUE(ids(true).contains("rdma-conf-differs"));
    m.files.put("/proc/sys/kernel/osrelease", "6.1.0\n");
    m.files.put("/lib/modules/6.1.0/modules.dep", "updates/ib_srpt.ko:\n");
    EXPECT_EQ(ids(true).at("rdma-conf-absent").commands[0], "srptctl host modules disable RDS");
    m.ok({"host", "modules", "disable", "RDS"});
    EXPECT_TRUE(ids(true).empty());
    m.files.remove("/usr/lib/systemd/system/srpt-modules.service");
    EXPECT_EQ(ids(true).at("rdma-conf-unread").commands[0], "srptctl host modules install");
    // And the verb shows them with the rest.
    EXPECT_NE(m.run({"doctor"}).out.find("nothing loads them"), std::string::npos);
}

} // namespace
