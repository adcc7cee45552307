// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"
#include "model.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

TEST(Model, StagesOfAMachine) {
    FakeConfigfs fs;

    auto tree = srpt::read_tree(fs);
    ASSERT_TRUE(tree);
    EXPECT_FALSE(tree->configfs || tree->core || tree->fabric);
    fs.mount();
    EXPECT_TRUE(srpt::read_tree(fs)->configfs);
    fs.load_core();
    EXPECT_TRUE(srpt::read_tree(fs)->core);
    fs.load_srpt();
    EXPECT_FALSE(srpt::read_tree(fs)->fabric);
    ASSERT_TRUE(fs.mkdir(kSrpt));
    tree = srpt::read_tree(fs);
    EXPECT_TRUE(tree->fabric);
    EXPECT_EQ(tree->rdma_cm_port, 0U);
}

TEST(Model, ReadsWhatAnExportMade) {
    Machine m;

    m.ok({"export", "/dev/sdc1", "--name", "vol1", "--acl", kInitiator, "--read-only"});
    m.add_file("/srv/disk.img", 1 << 20);
    m.ok({"export", "/srv/disk.img", "--write-back"});
    m.ok({"export", "ramdisk:16M"});
    const auto tree = srpt::read_tree(m.fs);
    ASSERT_TRUE(tree);
    ASSERT_EQ(tree->backstores.size(), 3U);
    ASSERT_EQ(tree->targets.size(), 1U);
    const srpt::Tpg& tpg = tree->targets[0].tpgs.at(0);
    EXPECT_TRUE(tpg.enabled);
    EXPECT_TRUE(tpg.has_dynamic_acls());
    EXPECT_FALSE(tpg.admits_anyone());
    ASSERT_EQ(tpg.luns.size(), 3U);
    const srpt::Backstore* block = tree->backstore_at(tpg.luns[0].backstore_path);
    const srpt::Backstore* file = tree->backstore_at(tpg.luns[1].backstore_path);
    const srpt::Backstore* ram = tree->backstore_at(tpg.luns[2].backstore_path);
    ASSERT_TRUE(block && file && ram);
    EXPECT_EQ(block->plugin, "block");
    EXPECT_EQ(block->device, "/dev/sdc1");
    EXPECT_EQ(block->users, std::vector<std::string>{tpg.luns[0].path});
    EXPECT_EQ(block->serial.size(), 36U);
    EXPECT_EQ(file->plugin, "fileio");
    EXPECT_EQ(file->bytes, 1U << 20);
    EXPECT_TRUE(file->write_back);
    EXPECT_EQ(ram->plugin, "ramdisk");
    EXPECT_EQ(ram->bytes, 16ULL << 20);
    EXPECT_EQ(ram->name, "ram0");
    ASSERT_EQ(tpg.acls.size(), 1U);
    const srpt::Acl& acl = tpg.acls[0];
    EXPECT_EQ(acl.name, kInitiator);
    ASSERT_EQ(acl.luns.size(), 1U);
    EXPECT_EQ(acl.luns[0].lun, 0U);
    EXPECT_TRUE(acl.luns[0].write_protect);
}

TEST(Model, SizeOfADiskIsTheKernels) {
    Machine m;

    m.ok({"export", "/dev/sdc1", "--name", "vol1"});
    EXPECT_FALSE(srpt::read_tree(m.fs)->backstores.at(0).bytes);
    m.fs.put("/sys/class/block/sdc1/size", "163160320");
    EXPECT_EQ(srpt::read_tree(m.fs)->backstores.at(0).bytes, 83538083840U);
    EXPECT_NE(m.ok({"status"}).out.find("77.8 GiB"), std::string::npos);
}

TEST(Model, FindsByAnyName) {
    Machine m;

    m.ok({"export", "/dev/sdc1", "--name", "vol1"});
    const auto tree = srpt::read_tree(m.fs);
    for (const char* name : {"vol1", "block/vol1", "/dev/sdc1"}) {
        EXPECT_EQ(tree->find_backstores(name).size(), 1U) << name;
    }
    EXPECT_TRUE(tree->find_backstores("fileio/vol1").empty());
    for (const std::string& name :
         {kGid, std::string("ib.fe80000000000000001175000077dd7e"), std::string("fe80::11:7500:77:dd7e")}) {
        EXPECT_NE(tree->find_target(name), nullptr) << name;
    }
    EXPECT_EQ(tree->find_target("fe80::1"), nullptr);
    EXPECT_EQ(tree->find_target("nonsense"), nullptr);
    EXPECT_EQ(tree->backstore_at("/nowhere"), nullptr);
    EXPECT_EQ(srpt::targetcli_name("odd"), "odd");
}

TEST(Model, SurvivesBrokenTrees) {
    Machine m;

    ASSERT_TRUE(m.fs.mkdir(kSrpt + "/" + kGid));
    ASSERT_TRUE(m.fs.mkdir(m.tpg()));
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/lun/lun_5"));
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/" + kInitiator));
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/" + kInitiator + "/lun_3"));
    ASSERT_TRUE(m.fs.mkdir(kCore + "/iblock_9"));
    ASSERT_TRUE(m.fs.mkdir(kCore + "/iblock_9/half"));
    const auto tree = srpt::read_tree(m.fs);
    ASSERT_TRUE(tree);
    EXPECT_FALSE(tree->backstores.at(0).enabled);
    EXPECT_EQ(tree->targets.at(0).tpgs.at(0).luns.at(0).backstore_path, "");
    EXPECT_FALSE(tree->targets.at(0).tpgs.at(0).acls.at(0).luns.at(0).lun);
    const Answer status = m.ok({"status"});
    EXPECT_NE(status.out.find("leads nowhere"), std::string::npos);
    EXPECT_NE(status.out.find("broken"), std::string::npos);
}

TEST(Model, OtherFabricsKeepTheirBackEnds) {
    Machine m;

    m.ok({"export", "/dev/sdc1"});
    const std::string store = kCore + "/iblock_0/sdc1";
    m.fs.put_dir(kTarget + "/iscsi/iqn.x/tpgt_1/lun/lun_0");
    // Links of other fabrics are read, whoever made them.
    ASSERT_TRUE(m.fs.symlink(store, kTarget + "/iscsi/iqn.x/tpgt_1/lun/lun_0/a"));
    EXPECT_EQ(srpt::read_tree(m.fs)->backstores.at(0).users.size(), 2U);
    const Answer answer = m.ok({"unexport", "0"});
    EXPECT_TRUE(m.fs.has(store));
    EXPECT_NE(answer.err.find("stays"), std::string::npos);
}

} // namespace
