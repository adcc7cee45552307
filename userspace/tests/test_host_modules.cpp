// SPDX-License-Identifier: GPL-2.0
#include "host/modules.hpp"

#include "host_harness.hpp"

using namespace testing_srpt;

namespace {

const std::string kClassicText = "# Load IPoIB\n"
                                 "IPOIB_LOAD=yes\n"
                                 "# Load SRP (SCSI Remote Protocol initiator support) module\n"
                                 "SRP_LOAD=no   # not here\n"
                                 "SRPT_LOAD=\"no\"\n"
                                 "\n"
                                 "FIXUP_MTRR_REGS=no\n";
const std::string kInfiniband = "# These modules are loaded by the system\n"
                                "ib_ipoib\n"
                                "\n"
                                "# SCSI Remote Protocol target support\n"
                                "# ib_srpt\n";
const std::string kRdma = "# iSCSI over RDMA client support\n"
                          "ib-iser\n"
                          "# RDS over RDMA support\n"
                          "# rds_rdma\n";

struct Modules : ::testing::Test {
    HostMachine m;

    void modular() const {
        m.files.put("/etc/rdma/modules/infiniband.conf", kInfiniband);
        m.files.put("/etc/rdma/modules/rdma.conf", kRdma);
        m.files.put("/etc/rdma/modules/srp_daemon.conf", "ib_srp\n");
    }
    void classic() const { m.files.put("/etc/rdma/rdma.conf", kClassicText); }
    void kernel(const std::string& more = {}) const {
        m.files.put("/proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
        m.files.put("/lib/modules/6.1.0-56-amd64/modules.dep",
                    "kernel/drivers/infiniband/ulp/srpt/ib_srpt.ko: kernel/x.ko\n"
                    "kernel/drivers/infiniband/ulp/ipoib/ib_ipoib.ko.xz:\n"
                    "kernel/drivers/infiniband/ulp/srp/ib_srp.ko:\n" +
                        more);
        m.files.put("/lib/modules/6.1.0-56-amd64/modules.builtin",
                    "kernel/drivers/infiniband/ulp/iser/ib_iser.ko\n");
    }
    nlohmann::json protocol(const std::string& name) {
        const nlohmann::json answer = m.json({"host", "modules", "list"});
        for (const auto& p : answer["protocols"]) {
            if (p["protocol"] == name) {
                return p;
            }
        }
        return {};
    }
};

TEST_F(Modules, ListUnderstandsBothForms) {
    classic();
    modular();
    kernel();
    m.files.put_dir("/sys/module/ib_ipoib");
    EXPECT_TRUE(protocol("IPoIB")["enabled"].get<bool>());
    EXPECT_TRUE(protocol("IPoIB")["loaded"].get<bool>());
    EXPECT_EQ(protocol("IPoIB")["places"].size(), 2U);
    EXPECT_EQ(protocol("IPoIB")["places"][0]["line"], 2);
    EXPECT_FALSE(protocol("SRPT")["enabled"].get<bool>());
    EXPECT_EQ(protocol("SRPT")["kernel"], "module");
    EXPECT_EQ(protocol("ISER")["kernel"], "built in");
    EXPECT_TRUE(protocol("ISER")["enabled"].get<bool>()); // with a dash
    EXPECT_EQ(protocol("RDS")["kernel"], "not in this kernel");
    // srp_daemon's own file says nothing of hardware.
    EXPECT_FALSE(protocol("SRP")["enabled"].get<bool>());
    const Answer text = m.ok({"host", "modules", "list"});
    EXPECT_NE(text.out.find("not in this kernel"), std::string::npos);
    EXPECT_NE(text.out.find("/etc/rdma/rdma.conf:2"), std::string::npos);
}

TEST_F(Modules, ListSaysWhatIsMissing) {
    const Answer text = m.ok({"host", "modules", "list"});

    EXPECT_NE((text.out + text.err).find("rdma-core"), std::string::npos);
    EXPECT_NE((text.out + text.err).find("host modules install"), std::string::npos);
    EXPECT_EQ(protocol("SRPT")["kernel"], "unknown");
}

TEST_F(Modules, EnableKeepsCommentsInTheClassicForm) {
    classic();
    kernel();
    m.ok({"host", "modules", "enable", "srpt", "SRP"});
    std::string wanted = kClassicText;
    wanted.replace(wanted.find("SRP_LOAD=no"), 11, "SRP_LOAD=yes");
    wanted.replace(wanted.find("SRPT_LOAD=\"no\""), 14, "SRPT_LOAD=yes");
    EXPECT_EQ(m.files.text("/etc/rdma/rdma.conf"), wanted);
    EXPECT_TRUE(protocol("SRPT")["enabled"].get<bool>());
    m.ok({"host", "modules", "disable", "SRPT"});
    EXPECT_FALSE(protocol("SRPT")["enabled"].get<bool>());
    EXPECT_TRUE(protocol("SRP")["enabled"].get<bool>());
}

TEST_F(Modules, EnableAddsAKeyThatIsMissing) {
    classic();
    m.ok({"host", "modules", "enable", "ISER"});
    EXPECT_NE(m.files.text("/etc/rdma/rdma.conf").find("ISER_LOAD=yes\n"), std::string::npos);
    EXPECT_TRUE(m.files.text("/etc/rdma/rdma.conf").starts_with(kClassicText));
}

TEST_F(Modules, EnableAndDisableInTheModularForm) {
    modular();
    kernel("kernel/net/rds/rds_rdma.ko:\n");
    m.ok({"host", "modules", "enable", "SRPT", "RDS"});
    EXPECT_EQ(m.files.text("/etc/rdma/modules/infiniband.conf"), kInfiniband);
    EXPECT_NE(m.files.text("/etc/rdma/modules/rdma.conf").find("\nib_srpt\n"), std::string::npos);
    EXPECT_NE(m.files.text("/etc/rdma/modules/rdma.conf").find("support\nrds_rdma\n"), std::string::npos);
    EXPECT_TRUE(protocol("SRPT")["enabled"].get<bool>());
    m.ok({"host", "modules", "disable", "IPoIB", "SRPT"});
    EXPECT_NE(m.files.text("/etc/rdma/modules/infiniband.conf").find("\n# ib_ipoib\n"), std::string::npos);
    EXPECT_FALSE(protocol("IPoIB")["enabled"].get<bool>());
    EXPECT_FALSE(protocol("SRPT")["enabled"].get<bool>());
    EXPECT_EQ(m.files.text("/etc/rdma/modules/srp_daemon.conf"), "ib_srp\n");
    const auto before = m.all();
    EXPECT_NE(m.ok({"host", "modules", "disable", "SRPT"}).out.find("nothing to change"), std::string::npos);
    EXPECT_EQ(m.all(), before);
}

TEST_F(Modules, WithoutEitherFormTheModularOneBegins) {
    m.ok({"host", "modules", "enable", "SRPT"});
    EXPECT_NE(m.files.text("/etc/rdma/modules/rdma.conf").find("ib_srpt\n"), std::string::npos);
}

TEST_F(Modules, WhatThisKernelHasNotIsRefused) {
    modular();
    kernel();
    const auto before = m.all();
    const Answer answer = m.run({"host", "modules", "enable", "RDS"});
    EXPECT_EQ(answer.code, 7);
    EXPECT_NE(answer.err.find("6.1.0-56-amd64 has no module rds_rdma"), std::string::npos);
    EXPECT_EQ(m.all(), before);
    EXPECT_EQ(m.run({"host", "modules", "enable", "NVMe"}).code, 2);
}

TEST_F(Modules, DryRunShowsTheLineAndChangesNothing) {
    classic();
    modular();
    kernel();
    const auto before = m.all();
    const Answer answer = m.ok({"host", "modules", "enable", "SRPT", "--dry-run"});
    EXPECT_NE(answer.out.find("-SRPT_LOAD=\"no\"\n+SRPT_LOAD=yes\n"), std::string::npos);
    EXPECT_EQ(m.all(), before);
}

TEST_F(Modules, AFailedEditTakesTheOthersBack) {
    classic();
    modular();
    kernel();
    const auto before = m.all();
    m.files.fail_replace = "/etc/rdma/rdma.conf";
    const Answer answer = m.run({"host", "modules", "enable", "SRPT"});
    EXPECT_EQ(answer.code, 1);
    EXPECT_NE(answer.err.find("ENOSPC"), std::string::npos);
    EXPECT_EQ(m.all(), before);
}

TEST_F(Modules, WritesAreAtomicAndKeepTheMode) {
    modular();
    const std::string file = m.files.root() + "/etc/rdma/modules/rdma.conf";
    std::filesystem::permissions(file, std::filesystem::perms(0640));
    std::filesystem::create_hard_link(file, m.files.root() + "/old");
    m.ok({"host", "modules", "enable", "SRPT"});
    EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0640));
    EXPECT_EQ(m.files.text("/old"), kRdma); // the old content was never touched
    for (const auto& entry : std::filesystem::directory_iterator(m.files.root() + "/etc/rdma/modules")) {
        EXPECT_EQ(entry.path().extension(), ".conf") << "a temporary file is left";
    }
}

TEST_F(Modules, ALinkIsFollowed) {
    m.files.put("/srv/rdma.conf", kRdma);
    m.files.link("../../../srv/rdma.conf", "/etc/rdma/modules/rdma.conf");
    m.ok({"host", "modules", "enable", "SRPT"});
    EXPECT_TRUE(std::filesystem::is_symlink(m.files.root() + "/etc/rdma/modules/rdma.conf"));
    EXPECT_NE(m.files.text("/srv/rdma.conf").find("ib_srpt\n"), std::string::npos);
}

TEST_F(Modules, ApplyLoadsWhatIsEnabledAndNotLoaded) {
    modular();
    m.files.put_dir("/sys/module/ib_iser");
    m.runner.on_run = [this](const std::string& line) {
        m.files.put_dir("/sys/module/" + line.substr(line.find(' ') + 1));
        return srpt::host::Outcome{};
    };
    m.ok({"host", "modules", "enable", "SRPT"});
    EXPECT_EQ(m.ok({"host", "modules", "apply", "--dry-run"}).out, "modprobe ib_ipoib\nmodprobe ib_srpt\n");
    EXPECT_TRUE(m.runner.ran.empty());
    const Answer answer = m.ok({"host", "modules", "apply"});
    EXPECT_EQ(m.runner.ran, (std::vector<std::string>{"modprobe ib_ipoib", "modprobe ib_srpt"}));
    EXPECT_NE(answer.out.find("ib_iser   was loaded"), std::string::npos);
}

TEST_F(Modules, OneModuleThatFailsDoesNotStopTheOthers) {
    modular();
    m.ok({"host", "modules", "enable", "SRPT"});
    m.runner.on_run = [this](const std::string& line) {
        if (line == "modprobe ib_ipoib") {
            return srpt::host::Outcome{1, "", "modprobe: ERROR: could not insert 'ib_ipoib'\n"};
        }
        m.files.put_dir("/sys/module/" + line.substr(line.find(' ') + 1));
        return srpt::host::Outcome{};
    };
    const Answer answer = m.run({"host", "modules", "apply"});
    EXPECT_EQ(answer.code, 6);
    EXPECT_NE(answer.out.find("could not insert"), std::string::npos);
    EXPECT_NE(answer.out.find("ib_srpt   loaded"), std::string::npos);
    m.runner.installed.clear();
    EXPECT_NE(m.run({"host", "modules", "apply"}).err.find("kmod"), std::string::npos);
}

TEST_F(Modules, TheLoaderIsInstalledOnce) {
    m.ok({"host", "modules", "install"});
    const std::string unit = m.files.text("/etc/systemd/system/srpt-modules.service");
    EXPECT_NE(unit.find("srptctl host modules apply"), std::string::npos);
    EXPECT_NE(m.files.text("/etc/systemd/system/srpt-port-type.service").find("port-type apply"),
              std::string::npos);
    EXPECT_NE(m.files.text("/etc/udev/rules.d/91-srpt.rules").find("srpt-modules.service"),
              std::string::npos);
    EXPECT_EQ(m.runner.ran,
              (std::vector<std::string>{"systemctl daemon-reload", "udevadm control --reload"}));
    EXPECT_NE(m.ok({"host", "modules", "install"}).out.find("nothing to change"), std::string::npos);
    EXPECT_EQ(m.json({"host", "modules", "list"})["loader"], "/etc/systemd/system/srpt-modules.service");
    m.ok({"host", "modules", "uninstall"});
    EXPECT_TRUE(m.all().empty());
}

TEST_F(Modules, WhatAPackageBringsIsNotInstalledAgain) {
    for (const char* file : {"systemd/system/srpt-modules.service", "systemd/system/srpt-port-type.service",
                             "udev/rules.d/91-srpt.rules"}) {
        m.files.put(std::string("/lib/") + file, "packaged\n");
    }
    EXPECT_NE(m.ok({"host", "modules", "install"}).out.find("nothing to change"), std::string::npos);
    EXPECT_TRUE(m.runner.ran.empty());
}

TEST_F(Modules, AnotherRoot) {
    const TemporaryDirectory image;
    const FixtureFiles files(image.path());

    files.put("/etc/rdma/modules/rdma.conf", kRdma);
    files.put("/lib/modules/6.12.0/modules.dep", "updates/dkms/ib_srpt.ko:\n");
    m.ok({"host", "modules", "enable", "SRPT", "--root", image.path() + "/"});
    EXPECT_NE(files.text("/etc/rdma/modules/rdma.conf").find("ib_srpt"), std::string::npos);
    EXPECT_EQ(m.json({"host", "modules", "list", "--root", image.path()})["kernel"], "6.12.0");
    const Answer answer = m.ok({"host", "modules", "install", "--root", image.path()});
    EXPECT_NE((answer.out + answer.err).find("to be run there: systemctl daemon-reload"), std::string::npos);
    EXPECT_TRUE(m.runner.ran.empty());
    EXPECT_TRUE(m.all().empty());
}

} // namespace
