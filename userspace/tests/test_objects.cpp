// SPDX-License-Identifier: GPL-2.0
// Targets, ports, back ends, LUNs and mapped LUNs, one at a time.
#include "harness.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace testing_srpt;
using nlohmann::json;

namespace {

TEST(Target, CreateSetEnableDelete) {
    Machine m;
    const std::string before = m.fs.snapshot();

    EXPECT_NE(m.ok({"target", "create"}).out.find("made, enabled"), std::string::npos);
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "1");
    EXPECT_EQ(m.run({"target", "create"}).code, 5);
    m.ok({"target", "set", "srp_sq_size=128", "use_srq=1"});
    EXPECT_EQ(m.fs.content(m.tpg() + "/attrib/srp_sq_size"), "128");
    EXPECT_EQ(m.fs.content(m.tpg() + "/attrib/use_srq"), "1");
    EXPECT_NE(m.ok({"target", "list"}).out.find("srp_sq_size                  128"), std::string::npos);
    m.ok({"target", "disable"});
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "0");
    EXPECT_NE(m.ok({"target", "disable"}).out.find("already"), std::string::npos);
    m.ok({"target", "enable", "ib." + kGid.substr(2)});
    EXPECT_EQ(m.run({"target", "delete", kGid}).code, 9);
    m.ok({"target", "delete", kGid, "--yes"});
    EXPECT_EQ(m.fs.snapshot(), before);
    EXPECT_NE(m.ok({"target", "list"}).err.find("target create"), std::string::npos);
}

TEST(Target, BadInput) {
    Machine m;

    EXPECT_EQ(m.run({"target", "create", "nonsense"}).code, 2);
    EXPECT_EQ(m.run({"target", "create", "*:0011:7500:0077:dd7e"}).code, 2);
    EXPECT_EQ(m.run({"target", "create", "--port", "mlx9_0"}).code, 4);
    EXPECT_EQ(m.run({"target", "enable"}).code, 4);
    EXPECT_EQ(m.run({"target", "delete"}).code, 2);
    m.ok({"target", "create", "--disabled"});
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "0");
    EXPECT_EQ(m.run({"target", "set", "srp_sq_size"}).code, 2);
    EXPECT_EQ(m.run({"target", "set", "=3"}).code, 2);
    const Answer unknown = m.run({"target", "set", "speed=11"});
    EXPECT_EQ(unknown.code, 4);
    EXPECT_NE(unknown.err.find("they have: cache_dynamic_acls"), std::string::npos);
    m.fs.fail_on("srp_sq_size", EINVAL);
    const Answer refused = m.run({"target", "set", "use_srq=1", "srp_sq_size=0"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_NE(refused.err.find("EINVAL"), std::string::npos);
    EXPECT_NE(refused.err.find("path:   " + m.tpg() + "/attrib/srp_sq_size"), std::string::npos);
    EXPECT_EQ(m.fs.content(m.tpg() + "/attrib/use_srq"), "0") << "taken back";
}

TEST(Target, DisableAsksWhoIsLoggedIn) {
    Machine m;

    m.ok({"target", "create"});
    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    EXPECT_EQ(m.run({"target", "disable"}).code, 9);
    m.ok({"target", "disable", "-y"});
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "0");
}

TEST(Target, Limits) {
    Machine m;
    srpt::TargetInfo info;

    m.ok({"target", "create"});
    info.wwn = kGid;
    info.tpg_tag = 1;
    info.sessions = 2;
    info.max_channels = 64;
    info.max_sessions = 1024;
    info.max_initiator_bytes = 1 << 28;
    info.max_io_size = 1 << 24;
    m.link.target_list = {info};
    EXPECT_NE(m.ok({"target", "limit"}).out.find("1024"), std::string::npos);
    json j = m.ok({"target", "limit", "--max-sessions", "7", "-n", "--json"}).json();
    EXPECT_EQ(j["max_sessions"], 7);
    EXPECT_EQ(m.link.target_list[0].max_sessions, 1024U);
    j = m.ok({"target", "limit", kGid, "--max-sessions", "7", "--max-initiator-bytes", "1G", "--max-io-size",
              "4M", "--max-channels", "3", "--json"})
            .json();
    EXPECT_EQ(m.link.target_list[0].max_sessions, 7U);
    EXPECT_EQ(m.link.target_list[0].max_initiator_bytes, 1ULL << 30);
    EXPECT_EQ(m.link.target_list[0].max_io_size, 4U << 20);
    EXPECT_EQ(m.link.target_list[0].max_channels, 3U);
    EXPECT_NE(m.ok({"target", "list"}).out.find("2 sessions"), std::string::npos);
    EXPECT_EQ(m.run({"target", "limit", "--max-io-size", "x"}).code, 2);
    EXPECT_EQ(m.run({"target", "limit", "--max-io-size", "8G"}).code, 2);
    EXPECT_EQ(m.run({"target", "limit", "--max-sessions", "-1"}).code, 2);
    srpt::Error error = srpt::errno_error(ERANGE, "cannot set the limits", {});
    error.kernel = {"integer out of range"};
    m.link.error = error;
    const Answer refused = m.run({"target", "limit", "--max-sessions", "0"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_NE(refused.err.find("kernel: integer out of range"), std::string::npos);
    m.link.error.reset();
    m.link.target_list.clear();
    EXPECT_EQ(m.run({"target", "limit"}).code, 4);
    m.link.loaded = false;
    EXPECT_EQ(m.run({"target", "limit"}).code, 7);
}

// Whatever the kernel answers, by netlink or in configfs: the name of the errno,
// where it happened, the right exit code, and nothing half done.
TEST(Errors, EachErrno) {
    const std::map<int, int> special = {
        {EPERM, 3}, {EACCES, 3},    {EROFS, 3},   {ENOENT, 4}, {ENODEV, 4},     {ENXIO, 4},    {EEXIST, 5},
        {EBUSY, 5}, {ENOTEMPTY, 5}, {ETXTBSY, 5}, {ENOSYS, 7}, {EOPNOTSUPP, 7}, {ETIMEDOUT, 8}};

    for (int err = 1; err <= EHWPOISON; err++) {
        if (strerrorname_np(err) == nullptr) {
            continue; // no errno has this number
        }
        const int code = special.contains(err) ? special.at(err) : 1;
        Machine m;
        const std::string name = fmt::format("({})", strerrorname_np(err));
        m.ok({"export", "/dev/sdc1", "--acl", kInitiator});
        const std::string before = m.fs.snapshot();
        for (const std::vector<std::string>& args : {std::vector<std::string>{"target", "disable"},
                                                     {"target", "set", "use_srq=1"},
                                                     {"acl", "create", kOther},
                                                     {"acl", "map", kInitiator, "0=3"},
                                                     {"acl", "unmap", kInitiator, "0"},
                                                     {"lun", "add", "sdc1"},
                                                     {"lun", "remove", "0"},
                                                     {"port", "listen", "5555"},
                                                     {"backstore", "create", "ramdisk", "1M"},
                                                     {"target", "delete", kGid, "-y"}}) {
            m.fs.fail_at(0, err);
            const Answer answer = m.run(args);
            m.fs.fail_nothing();
            EXPECT_EQ(answer.code, code) << args[0] << " " << args[1] << ": " << answer.err;
            EXPECT_NE(answer.err.find(name), std::string::npos) << answer.err;
            EXPECT_NE(answer.err.find("path:   /sys/kernel/config/"), std::string::npos) << answer.err;
            EXPECT_TRUE(m.fs.snapshot() == before) << args[0] << " " << args[1];
        }
        srpt::Error error = srpt::errno_error(err, "the module refuses", {});
        error.kernel = {"extack says why"};
        m.link.error = error;
        for (const std::vector<std::string>& args : {std::vector<std::string>{"target", "limit"},
                                                     {"session", "show", "1"},
                                                     {"stats", "show"},
                                                     {"stats", "reset"},
                                                     {"top", "--once"},
                                                     {"acl", "pending"},
                                                     {"event", "--count", "1"}}) {
            const Answer answer = m.run(args);
            EXPECT_EQ(answer.code, code) << args[0];
            EXPECT_NE(answer.err.find("kernel: extack says why"), std::string::npos) << answer.err;
            EXPECT_NE(answer.err.find(name), std::string::npos) << answer.err;
        }
    }
}

TEST(Port, ListShowListen) {
    Machine m;
    srpt::PortInfo info;

    info.device = "qib0";
    info.num = 1;
    info.link_layer = "infiniband";
    info.ib_cm = true;
    info.dm_agent = true;
    info.channels = 5;
    info.targets = {kGid};
    m.link.port_list = {info};
    m.add_port("mlx5_0", 1, "0000:0000:0000:0000:0000:0000:0000:0000", "1: DOWN", "Ethernet");
    const Answer list = m.ok({"port", "list"});
    EXPECT_NE(list.out.find("qib0/1       Active  InfiniBand  ib.fe80"), std::string::npos) << list.out;
    EXPECT_NE(list.out.find("5 channels"), std::string::npos);
    EXPECT_NE(list.out.find("no GID yet"), std::string::npos);
    const Answer show = m.ok({"port", "show", "qib0"});
    EXPECT_NE(show.out.find("a device-management agent answers"), std::string::npos);
    EXPECT_NE(show.out.find("serves         ib.fe80"), std::string::npos);
    EXPECT_EQ(m.ok({"port", "show", "qib0/1", "--json"}).json()["port"]["channels"], 5);
    EXPECT_EQ(m.run({"port", "show", "qib7"}).code, 4);
    m.ok({"port", "listen", "5555"});
    EXPECT_EQ(m.fs.content(kSrpt + "/discovery_auth/rdma_cm_port"), "5555");
    EXPECT_NE(m.ok({"port", "listen", "0"}).out.find("no longer"), std::string::npos);
    EXPECT_EQ(m.run({"port", "listen", "65536"}).code, 2);
    EXPECT_EQ(m.run({"port", "listen", "http"}).code, 2);
    m.fs.fail_on("rdma_cm_port", EADDRINUSE);
    EXPECT_EQ(m.run({"port", "listen", "22"}).code, 1);
    m.link.loaded = false;
    EXPECT_NE(m.ok({"port", "list"}).err.find("kernel's own"), std::string::npos);
    EXPECT_TRUE(m.ok({"port", "show", "qib0", "--json"}).json()["port"]["dm_agent"].is_null());
}

TEST(Backstore, KindsAndNames) {
    Machine m;
    const std::string before = m.fs.snapshot();

    m.add_file("/srv/vol1", 1 << 20);
    m.ok({"backstore", "create", "block", "/dev/sdc1", "--read-only", "--serial", "abc"});
    EXPECT_EQ(m.fs.content(kCore + "/iblock_0/sdc1/control"), "udev_path=/dev/sdc1\nreadonly=1\n");
    EXPECT_EQ(m.fs.content(kCore + "/iblock_0/sdc1/wwn/vpd_unit_serial"), "T10 VPD Unit Serial Number: abc");
    m.ok({"backstore", "create", "fileio", "/srv/vol1", "--name", "v", "--write-back"});
    EXPECT_EQ(m.fs.content(kCore + "/fileio_1/v/control"),
              "fd_dev_name=/srv/vol1,fd_dev_size=1048576\nfd_buffered_io=1\n");
    m.ok({"backstore", "create", "ramdisk", "1M", "--nullio"});
    EXPECT_EQ(m.fs.content(kCore + "/rd_mcp_2/ram0/control"), "rd_pages=256\nrd_nullio=1\n");
    m.ok({"backstore", "create", "ramdisk", "1M"});
    EXPECT_TRUE(m.fs.has(kCore + "/rd_mcp_3/ram1"));
    const Answer list = m.ok({"backstore", "list"});
    for (const char* part : {"block/sdc1", "fileio/v", "ramdisk/ram1", "no LUN", "write-back"}) {
        EXPECT_NE(list.out.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(m.ok({"backstore", "list", "--json"}).json()["backstores"].size(), 4U);
    EXPECT_EQ(m.run({"backstore", "create", "block", "/dev/sdc1"}).code, 5);
    EXPECT_EQ(m.run({"backstore", "create", "ramdisk", "1M", "--name", "ram1"}).code, 5);
    EXPECT_EQ(m.run({"backstore", "delete", "ramdisk/ram0"}).code, 9);
    for (const char* what : {"ramdisk/ram0", "ram1", "fileio/v", "/dev/sdc1"}) {
        m.ok({"backstore", "delete", what, "-y"});
    }
    EXPECT_EQ(m.fs.snapshot(), before);
}

TEST(Backstore, PassThrough) {
    Machine m;

    m.fs.put_link("/dev/by-id-tape", "/dev/st0");
    m.fs.put_link("/sys/class/scsi_tape/st0/device", "/sys/devices/pci/host2/target2:0:1/2:0:1:3");
    m.ok({"backstore", "create", "pscsi", "/dev/by-id-tape", "--name", "tape"});
    EXPECT_EQ(m.fs.content(kCore + "/pscsi_0/tape/control"),
              "scsi_host_id=2,scsi_channel_id=0,scsi_target_id=1,scsi_lun_id=3\n");
    EXPECT_EQ(m.fs.content(kCore + "/pscsi_0/tape/udev_path"), "/dev/by-id-tape");
    EXPECT_EQ(m.run({"backstore", "create", "pscsi", "/dev/sdc1"}).code, 2);
}

TEST(Backstore, BadInput) {
    Machine m;

    m.add_file("/srv/empty", 0);
    m.add_disk("/dev/used", 4096);
    m.system.devices["/dev/used"].in_use = true;
    m.add_disk("/dev/tape", 4096);
    m.system.devices["/dev/tape"].scsi_type = 1;
    m.system.devices["/dev/null"].path = "/dev/null";
    const std::string before = m.fs.snapshot();
    const std::vector<std::pair<std::vector<std::string>, int>> cases = {
        {{"floppy", "/dev/fd0"}, 2},
        {{"block", "/dev/absent"}, 4},
        {{"block", "/srv/empty"}, 2},
        {{"fileio", "/srv/empty"}, 2},
        {{"fileio", "/dev/null"}, 2},
        {{"block", "/dev/used"}, 5},
        {{"block", "/dev/tape"}, 2},
        {{"block", "/dev/a,b"}, 2},
        {{"block", "/dev/" + std::string(600, 'x')}, 2},
        {{"ramdisk", "0"}, 2},
        {{"ramdisk", "huge"}, 2},
        {{"block", "/dev/sdc1", "--name", "a/b"}, 2},
        {{"block", "/dev/sdc1", "--name", ""}, 0},
        {{"block"}, 2},
    };
    for (const auto& [args, code] : cases) {
        std::vector<std::string> words = {"backstore", "create", "--dry-run"};
        words.insert(words.end(), args.begin(), args.end());
        EXPECT_EQ(m.run(words).code, code) << args.back();
    }
    EXPECT_EQ(m.fs.snapshot(), before);
    EXPECT_EQ(m.run({"backstore", "delete", "none"}).code, 4);
    m.ok({"export", "/dev/sdc1"});
    EXPECT_EQ(m.run({"backstore", "delete", "sdc1", "-y"}).code, 5);
    Machine bare;
    bare.fs.reset();
    bare.link.loaded = false;
    EXPECT_EQ(bare.run({"backstore", "list"}).code, 6);
}

TEST(Lun, AddMapUnmapRemove) {
    Machine m;

    m.ok({"target", "create"});
    m.ok({"acl", "create", kInitiator});
    m.ok({"acl", "create", kOther});
    m.ok({"backstore", "create", "block", "/dev/sdc1"});
    const std::string before = m.fs.snapshot();
    m.ok({"lun", "add", "sdc1", "--acl", kInitiator, "--read-only"});
    EXPECT_EQ(m.fs.content(m.tpg() + "/acls/" + kInitiator + "/lun_0/write_protect"), "1");
    m.ok({"acl", "map", kOther, "0=3"});
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/" + kOther + "/lun_3"));
    const Answer list = m.ok({"lun", "list"});
    EXPECT_NE(list.out.find("for " + kOther + " as 3"), std::string::npos) << list.out;
    EXPECT_NE(list.out.find("for " + kInitiator + " (read only)"), std::string::npos);
    EXPECT_EQ(m.ok({"lun", "list", "--json"}).json()["luns"][0]["acls"].size(), 2U);
    m.ok({"acl", "unmap", kOther, "3"});
    EXPECT_FALSE(m.fs.has(m.tpg() + "/acls/" + kOther + "/lun_3"));
    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    EXPECT_EQ(m.run({"acl", "unmap", kInitiator, "0"}).code, 9);
    EXPECT_EQ(m.run({"lun", "remove", "0"}).code, 9);
    m.ok({"lun", "remove", "0", "-y"});
    EXPECT_EQ(m.fs.snapshot(), before);
    m.ok({"lun", "add", "block/sdc1", "--lun", "7", "--acl", "all"});
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/" + kOther + "/lun_7"));
}

TEST(Lun, BadInput) {
    Machine m;

    EXPECT_EQ(m.run({"lun", "add", "x"}).code, 4);
    m.ok({"export", "/dev/sdc1", "--acl", kInitiator});
    const std::string before = m.fs.snapshot();
    EXPECT_EQ(m.run({"lun", "add", "nothing"}).code, 4);
    EXPECT_EQ(m.run({"lun", "add", "sdc1", "--lun", "0"}).code, 5);
    EXPECT_EQ(m.run({"lun", "add", "sdc1", "--lun", "70000"}).code, 2);
    EXPECT_EQ(m.run({"lun", "add", "sdc1", "--lun", "x"}).code, 2);
    EXPECT_EQ(m.run({"lun", "add", "sdc1", "--acl", kOther}).code, 4);
    EXPECT_EQ(m.run({"lun", "remove", "9"}).code, 4);
    EXPECT_EQ(m.run({"acl", "map", kInitiator, "9"}).code, 4);
    EXPECT_EQ(m.run({"acl", "map", kInitiator, "0"}).code, 5);
    EXPECT_EQ(m.run({"acl", "map", kInitiator, "0=4", "0=4"}).code, 5);
    EXPECT_EQ(m.run({"acl", "map", kInitiator, "0=x"}).code, 2);
    EXPECT_EQ(m.run({"acl", "map", kOther, "0"}).code, 4);
    EXPECT_EQ(m.run({"acl", "map", "bob", "0"}).code, 4);
    EXPECT_EQ(m.run({"acl", "unmap", kInitiator, "9"}).code, 4);
    EXPECT_EQ(m.run({"lun", "list", "--target", kOther}).code, 4);
    EXPECT_EQ(m.fs.snapshot(), before);
    m.ok({"acl", "map", kInitiator, "0=4", "-n"});
    EXPECT_EQ(m.fs.snapshot(), before);
}

TEST(Session, Show) {
    Machine m;

    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    m.link.channel_list = {make_channel(1, 0, kInitiator), make_channel(1, 1, kInitiator)};
    const Answer text = m.ok({"session", "show", "1"});
    EXPECT_NE(text.out.find("initiator     " + kInitiator), std::string::npos);
    EXPECT_NE(text.out.find("credit 120 of 128"), std::string::npos);
    EXPECT_EQ(m.ok({"session", "show", kInitiator, "--json"}).json()["sessions"][0]["channels"].size(), 2U);
    EXPECT_EQ(m.run({"session", "show", "2"}).code, 4);
    m.link.error = srpt::errno_error(EPERM, "cannot list sessions", {});
    EXPECT_EQ(m.run({"session", "show", "1"}).code, 3);
    m.link.loaded = false;
    EXPECT_EQ(m.run({"session", "show", "1"}).code, 7);
}

TEST(Event, IsMonitor) {
    Machine m;

    m.link.events.emplace_back(srpt::LoginEvent{make_channel(1, 0, kInitiator)});
    EXPECT_NE(m.ok({"event", "--count", "1"}).out.find("login"), std::string::npos);
}

} // namespace
