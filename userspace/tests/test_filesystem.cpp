// SPDX-License-Identifier: GPL-2.0
// The real file system and system calls, below a root of their own.
#include "filesystem.hpp"
#include "model.hpp"
#include "ports.hpp"
#include "system.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <unistd.h>

namespace stdfs = std::filesystem;

namespace {

class RootTest : public testing::Test {
  protected:
    static std::string make_root() {
        std::string pattern = testing::TempDir() + "srptctl-XXXXXX";
        return ::mkdtemp(pattern.data());
    }

    ~RootTest() override { stdfs::remove_all(root_); }

    void put(const std::string& path, const std::string& text) {
        stdfs::create_directories(stdfs::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
    }

    const std::string root_ = make_root();
    srpt::PosixFileSystem fs_{root_};
};

TEST_F(RootTest, KindsAndContent) {
    put("/d/f", "text\n\n");
    ASSERT_TRUE(fs_.symlink("/d/f", "/l"));
    EXPECT_EQ(fs_.kind("/d"), srpt::FileSystem::Kind::directory);
    EXPECT_EQ(fs_.kind("/d/f"), srpt::FileSystem::Kind::file);
    EXPECT_EQ(fs_.kind("/l"), srpt::FileSystem::Kind::link);
    EXPECT_EQ(fs_.kind("/none"), srpt::FileSystem::Kind::none);
    EXPECT_EQ(srpt::PosixFileSystem().kind("/dev/null"), srpt::FileSystem::Kind::other);
    EXPECT_EQ(fs_.read("/d/f").value(), "text");
    EXPECT_EQ(fs_.read_or("/none", "fallback"), "fallback");
    EXPECT_EQ(fs_.resolve("/l").value(), "/d/f");
    EXPECT_EQ(fs_.list("/").value(), (std::vector<std::string>{"d", "l"}));
}

TEST_F(RootTest, ReplacesAFileAsAWhole) {
    put("/d/f", "old");
    stdfs::permissions(root_ + "/d/f", stdfs::perms(0644));
    const std::string text(100000, 'x');
    ASSERT_TRUE(fs_.replace("/d/f", text));
    EXPECT_EQ(fs_.read("/d/f").value(), text);
    EXPECT_EQ(stdfs::status(root_ + "/d/f").permissions(), stdfs::perms(0600));
    ASSERT_TRUE(fs_.replace("/d/new", ""));
    EXPECT_EQ(fs_.read("/d/new").value(), "");
    EXPECT_EQ(fs_.list("/d").value(), (std::vector<std::string>{"f", "new"})) << "nothing else is left";
    // A link stays one.
    ASSERT_TRUE(fs_.symlink("/d/f", "/l"));
    ASSERT_TRUE(fs_.replace("/l", "by the link"));
    EXPECT_EQ(fs_.kind("/l"), srpt::FileSystem::Kind::link);
    EXPECT_EQ(fs_.read("/d/f").value(), "by the link");
    // What cannot be replaced stays.
    EXPECT_EQ(fs_.replace("/none/f", "x").error().err, ENOENT);
    EXPECT_EQ(fs_.replace("/d", "x").error().err, EISDIR);
    EXPECT_EQ(srpt::PosixFileSystem().replace("/proc/self/x", "x").error().err, ENOENT);
    EXPECT_EQ(srpt::PosixFileSystem().replace("/dev/null", "x").error().err, EINVAL);
}

TEST_F(RootTest, Settable) {
    put("/rw", "");
    put("/ro", "");
    put("/wo", "");
    stdfs::permissions(root_ + "/ro", stdfs::perms(0444));
    stdfs::permissions(root_ + "/wo", stdfs::perms(0200));
    EXPECT_TRUE(fs_.settable("/rw"));
    EXPECT_FALSE(fs_.settable("/ro"));
    EXPECT_FALSE(fs_.settable("/wo"));
    EXPECT_FALSE(fs_.settable("/none"));
    EXPECT_FALSE(fs_.settable("/"));
}

TEST_F(RootTest, LongFilesAreReadWhole) {
    put("/long", std::string(10000, 'x'));
    EXPECT_EQ(fs_.read("/long")->size(), 10000U);
}

TEST_F(RootTest, WhatHasNoEndIsNotRead) {
    EXPECT_EQ(srpt::PosixFileSystem().read("/dev/zero").error().err, EINVAL);
    EXPECT_EQ(fs_.read("/").error().err, EISDIR);
    put("/sparse", "");
    stdfs::resize_file(root_ + "/sparse", uintmax_t{1} << 40);
    EXPECT_EQ(fs_.read("/sparse").error().err, EFBIG);
    EXPECT_EQ(fs_.read("/sparse").error().path, "/sparse");
}

TEST_F(RootTest, Changes) {
    ASSERT_TRUE(fs_.mkdir("/a"));
    EXPECT_EQ(fs_.mkdir("/a").error().err, EEXIST);
    EXPECT_EQ(fs_.mkdir("/x/y").error().err, ENOENT);
    EXPECT_EQ(fs_.write("/a/f", "1").error().err, ENOENT); // never creates
    put("/a/f", "");
    ASSERT_TRUE(fs_.write("/a/f", "1\n"));
    EXPECT_EQ(fs_.read("/a/f").value(), "1");
    EXPECT_EQ(fs_.rmdir("/a").error().err, ENOTEMPTY);
    EXPECT_EQ(fs_.rmdir("/a").error().code, srpt::Errc::exists);
    ASSERT_TRUE(fs_.unlink("/a/f"));
    EXPECT_EQ(fs_.unlink("/a/f").error().err, ENOENT);
    EXPECT_TRUE(fs_.rmdir("/a"));
    EXPECT_EQ(fs_.symlink("/a", "/none/l").error().err, ENOENT);
    EXPECT_EQ(fs_.resolve("/none").error().err, ENOENT);
    EXPECT_EQ(fs_.list("/none").error().err, ENOENT);
    EXPECT_EQ(fs_.read("/none").error().path, "/none");
}

TEST_F(RootTest, FullDevice) {
    const srpt::Status full = srpt::PosixFileSystem().write("/dev/full", "1");

    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().err, ENOSPC);
}

TEST_F(RootTest, ReadsAConfigfsTreeFromDisk) {
    const std::string tpg = "/sys/kernel/config/target/srpt/0xfe80000000000000001175000077dd7e/tpgt_1";
    const std::string store = "/sys/kernel/config/target/core/iblock_0/vol1";

    put(store + "/enable", "1\n");
    put(store + "/udev_path", "/dev/sdc1\n");
    put(store + "/info", "Status: ACTIVATED\n");
    put(tpg + "/enable", "1\n");
    put(tpg + "/lun/lun_0/alua_tg_pt_gp", "");
    put(tpg + "/acls/0x1/info", "");
    ASSERT_TRUE(fs_.symlink(store, tpg + "/lun/lun_0/link"));
    const auto tree = srpt::read_tree(fs_);
    ASSERT_TRUE(tree);
    ASSERT_EQ(tree->targets.size(), 1U);
    EXPECT_EQ(tree->targets[0].tpgs[0].luns[0].backstore_path, store);
    EXPECT_EQ(tree->backstores[0].users.size(), 1U);
}

TEST_F(RootTest, ReadsPortsFromDisk) {
    put("/sys/class/infiniband/qib0/ports/1/state", "4: ACTIVE\n");
    put("/sys/class/infiniband/qib0/ports/1/gids/0", "fe80:0000:0000:0000:0011:7500:0077:dd7e\n");
    put("/sys/class/infiniband/qib0/ports/junk/state", "");
    const auto ports = srpt::read_ports(fs_);
    ASSERT_EQ(ports.size(), 1U);
    EXPECT_TRUE(ports[0].active());
    EXPECT_EQ(ports[0].target_name(), "0xfe80000000000000001175000077dd7e");
}

TEST_F(RootTest, ProbesFilesAndDevices) {
    const auto system = srpt::make_system();

    put("/disk.img", std::string(4096, '\0'));
    const auto file = system->probe(root_ + "/disk.img");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->kind, srpt::Backing::Kind::file);
    EXPECT_EQ(file->bytes, 4096U);
    EXPECT_EQ(system->probe("/dev/null")->kind, srpt::Backing::Kind::other);
    EXPECT_EQ(system->probe(root_ + "/none").error().err, ENOENT);
    const auto relative = system->probe("none");
    ASSERT_FALSE(relative);
    EXPECT_EQ(relative.error().path[0], '/');
}

TEST_F(RootTest, SerialsAreUuidsAndDiffer) {
    const auto system = srpt::make_system();
    const std::string one = srpt::make_unit_serial(*system);

    EXPECT_TRUE(std::regex_match(
        one, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
        << one;
    EXPECT_NE(one, srpt::make_unit_serial(*system));
    EXPECT_GE(system->page_size(), 4096U);
}

TEST_F(RootTest, ModulesThatDoNotExist) {
    const auto system = srpt::make_system();
    const srpt::Status status = system->load_module("srptctl_no_such_module");

    ASSERT_FALSE(status);
    EXPECT_FALSE(status.error().hint.empty());
}

TEST_F(RootTest, MountWhereNothingIs) {
    const auto system = srpt::make_system();

    EXPECT_FALSE(system->mount_configfs(root_ + "/none"));
}

TEST_F(RootTest, KernelLogNeedsAMark) {
    const auto system = srpt::make_system();

    EXPECT_TRUE(system->kernel_log().empty());
    system->mark_kernel_log();
    EXPECT_LE(system->kernel_log().size(), 8U);
}

TEST(Paths, Parts) {
    EXPECT_EQ(srpt::base_name("/a/b"), "b");
    EXPECT_EQ(srpt::base_name("b"), "b");
    EXPECT_EQ(srpt::dir_name("/a/b"), "/a");
    EXPECT_EQ(srpt::dir_name("b"), "");
}

TEST(SignalHold, HoldsAndReleases) {
    sigset_t pending{};
    {
        const srpt::SignalHold hold;
        ::kill(::getpid(), SIGHUP);
        ::sigpending(&pending);
        EXPECT_EQ(::sigismember(&pending, SIGHUP), 1);
        sigset_t hangup{}; // taken while it is pending
        int taken = 0;
        ::sigemptyset(&hangup);
        ::sigaddset(&hangup, SIGHUP);
        EXPECT_EQ(::sigwait(&hangup, &taken), 0);
        EXPECT_EQ(taken, SIGHUP);
    }
    ::sigpending(&pending);
    EXPECT_EQ(::sigismember(&pending, SIGHUP), 0);
}

} // namespace
