// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

// LUN 0 is a disk, LUN 1 a file, LUN 2 a RAM disk; one initiator sees two.
struct Exported : Machine {
    Exported() {
        add_file("/srv/disk.img", 1 << 20);
        ok({"export", "/dev/sdc1", "--name", "vol1", "--acl", kInitiator, "--read-only"});
        ok({"export", "/srv/disk.img", "--acl", kInitiator, "--write-back"});
        ok({"export", "ramdisk:1M"});
    }
};

TEST(Unexport, ByEveryName) {
    for (const char* what : {"0", "lun0", "lun_0", "vol1", "block/vol1", "/dev/sdc1",
                             "ib.fe80000000000000001175000077dd7e/lun0"}) {
        Exported m;
        const Answer answer = m.ok({"unexport", what});
        EXPECT_FALSE(m.fs.has(m.tpg() + "/lun/lun_0")) << what;
        EXPECT_FALSE(m.fs.has(m.tpg() + "/acls/" + kInitiator + "/lun_0")) << what;
        EXPECT_FALSE(m.fs.has(kCore + "/iblock_0")) << what;
        EXPECT_TRUE(m.fs.has(m.tpg() + "/lun/lun_1")) << what;
        EXPECT_NE(answer.out.find("removed LUN 0 of"), std::string::npos) << what;
    }
}

TEST(Unexport, RelativePath) {
    Exported m;

    m.ok({"unexport", "disk.img"}); // the back end's name
    Machine n;
    n.add_file("/srv/sub/disk.img", 4096);
    n.ok({"export", "sub/disk.img"});
    n.ok({"unexport", "sub/disk.img"});
    EXPECT_FALSE(n.fs.has(kCore + "/fileio_0"));
}

TEST(Unexport, WholeTarget) {
    for (const std::vector<std::string>& args :
         {std::vector<std::string>{"unexport", kGid}, {"unexport", "--target", "fe80::11:7500:77:dd7e"}}) {
        Machine fresh;
        Exported m;
        m.ok(args);
        EXPECT_EQ(m.fs.list(kCore)->size(), 0U);
        EXPECT_EQ(m.fs.list(kSrpt)->size(), 1U); // discovery_auth
    }
}

TEST(Unexport, KeepsTheBackEndIfAsked) {
    Exported m;

    m.ok({"unexport", "0", "--keep-backstore"});
    EXPECT_TRUE(m.fs.has(kCore + "/iblock_0/vol1"));
    m.ok({"unexport", kGid, "--keep-backstore"});
    EXPECT_TRUE(m.fs.has(kCore + "/rd_mcp_2/ram0"));
}

TEST(Unexport, LastLunLeavesTheTarget) {
    Machine m;

    m.ok({"export", "ramdisk:1M"});
    const Answer answer = m.ok({"unexport", "0"});
    EXPECT_TRUE(m.fs.has(m.tpg()));
    EXPECT_NE(answer.err.find("srptctl unexport ib."), std::string::npos);
}

// Whichever step fails, all that can be is as it was.
TEST(Unexport, RollsBackFromEveryStep) {
    for (const char* what : {"0", "1", kGid.c_str()}) {
        for (unsigned n = 0;; n++) {
            Exported m;
            ASSERT_TRUE(m.fs.write(m.tpg() + "/attrib/srp_sq_size", "1024"));
            const std::string before = m.fs.snapshot();
            m.fs.fail_at(n, EBUSY);
            const Answer answer = m.run({"unexport", what});
            if (answer.code == 0) {
                EXPECT_GE(n, 5U);
                break;
            }
            EXPECT_EQ(answer.code, 5);
            EXPECT_EQ(m.fs.snapshot(), before) << what << " step " << n << "\n" << answer.err;
        }
    }
}

TEST(Unexport, WhatIsNotThere) {
    Exported m;

    EXPECT_EQ(m.run({"unexport", "9"}).code, 4);
    EXPECT_EQ(m.run({"unexport", "/dev/absent"}).code, 4);
    EXPECT_EQ(m.run({"unexport", "--target", "fe80::9"}).code, 4);
    EXPECT_EQ(m.run({"unexport"}).code, 2);
    EXPECT_EQ(m.run({"unexport", "0", "--target", "fe80::9"}).code, 4);
}

TEST(Unexport, AmbiguousNumber) {
    Exported m;

    m.add_port("qib1", 1, "fe80::2", "4: ACTIVE", "InfiniBand");
    m.ok({"export", "/dev/sdc1", "--port", "qib1"});
    EXPECT_EQ(m.run({"unexport", "0"}).code, 2);
    m.ok({"unexport", "0", "--target", "fe80::2"});
    EXPECT_TRUE(m.fs.has(kCore + "/iblock_0/vol1")); // the other target still uses it
    m.ok({"export", "/dev/sdc1", "--port", "qib1"});
    // A device is taken away wherever it is.
    m.ok({"unexport", "/dev/sdc1"});
    EXPECT_FALSE(m.fs.has(kCore + "/iblock_0"));
}

TEST(Unexport, AmbiguousBackEnd) {
    Machine m;

    m.add_file("/srv/vol", 4096);
    m.add_disk("/dev/vol", 4096);
    m.ok({"export", "/srv/vol"});
    m.ok({"export", "/dev/vol"});
    EXPECT_EQ(m.run({"unexport", "vol"}).code, 2);
    m.ok({"unexport", "fileio/vol"});
}

TEST(Unexport, AsksWhileSomebodyIsLoggedIn) {
    Exported m;

    m.link.session_list = {make_session(3, kInitiator, kInitiator)};
    const Answer nobody = m.run({"unexport", "0"});
    EXPECT_EQ(nobody.code, 9);
    EXPECT_NE(nobody.err.find("--yes"), std::string::npos);
    m.terminal = true;
    m.input = "n\n";
    EXPECT_EQ(m.run({"unexport", "0"}).code, 9);
    EXPECT_TRUE(m.fs.has(m.tpg() + "/lun/lun_0"));
    m.input = "y\n";
    EXPECT_EQ(m.run({"unexport", "0"}).code, 0);
    m.terminal = false;
    m.ok({"unexport", "1", "--yes"});
}

TEST(Unexport, DryRun) {
    Exported m;
    const std::string before = m.fs.snapshot();
    const Answer answer = m.ok({"unexport", kGid, "-n"});

    EXPECT_EQ(m.fs.snapshot(), before);
    EXPECT_NE(answer.out.find("rmdir " + kSrpt + "/" + kGid), std::string::npos);
}

TEST(Unexport, WithoutAFabric) {
    Machine m;

    ASSERT_TRUE(m.fs.rmdir(kSrpt));
    const Answer answer = m.run({"unexport", "0"});
    EXPECT_EQ(answer.code, 6);
    EXPECT_NE(answer.err.find("modprobe ib_srpt"), std::string::npos);
}

} // namespace
