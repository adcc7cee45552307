// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

TEST(Export, BlockDeviceAsTargetcliMakesIt) {
    Machine m;
    const Answer answer = m.ok({"export", "/dev/sdc1", "--name", "vol1", "--acl", kInitiator});
    const std::string store = kCore + "/iblock_0/vol1";
    const std::string acl = m.tpg() + "/acls/" + kInitiator;

    EXPECT_EQ(answer.err, "");
    EXPECT_NE(answer.out.find("LUN 0 of ib.fe80000000000000001175000077dd7e is block/vol1 (/dev/sdc1)"),
              std::string::npos);
    EXPECT_EQ(m.fs.content(store + "/control"), "udev_path=/dev/sdc1\nreadonly=0\n");
    EXPECT_EQ(m.fs.content(store + "/udev_path"), "/dev/sdc1");
    EXPECT_EQ(m.fs.content(store + "/enable"), "1");
    EXPECT_EQ(m.fs.content(store + "/attrib/emulate_model_alias"), "1");
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "1");
    EXPECT_EQ(m.fs.content(acl + "/lun_0/write_protect"), "0");
    // What the target's directories lead to
    const auto lun = m.fs.list(m.tpg() + "/lun/lun_0");
    ASSERT_TRUE(lun);
    const auto link = std::find_if(lun->begin(), lun->end(), [&](const std::string& name) {
        return m.fs.kind(m.tpg() + "/lun/lun_0/" + name) == srpt::FileSystem::Kind::link;
    });
    ASSERT_NE(link, lun->end());
    EXPECT_EQ(m.fs.content(m.tpg() + "/lun/lun_0/" + *link), store);
    // Enabled last: nobody finds it half made.
    EXPECT_EQ(m.fs.writes().back(), m.tpg() + "/enable=1");
}

TEST(Export, SerialIsAUuid) {
    Machine m;

    m.ok({"export", "ramdisk:1M"});
    const std::string serial = m.fs.content(kCore + "/rd_mcp_0/ram0/wwn/vpd_unit_serial");
    ASSERT_TRUE(serial.starts_with("T10 VPD Unit Serial Number: "));
    const std::string uuid = serial.substr(28);
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[8], '-');
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
}

TEST(Export, RamdiskRoundsUpToPages) {
    Machine m;

    m.ok({"export", "ramdisk:4097"});
    EXPECT_EQ(m.fs.content(kCore + "/rd_mcp_0/ram0/control"), "rd_pages=2\n");
    m.ok({"export", "ramdisk:1M"});
    EXPECT_TRUE(m.fs.has(kCore + "/rd_mcp_1/ram1"));
    EXPECT_TRUE(m.fs.has(m.tpg() + "/lun/lun_1"));
}

TEST(Export, FileThroughTheCacheOnlyIfAsked) {
    Machine m;

    m.add_file("/srv/a.img", 4096);
    m.add_file("/srv/b.img", 8192);
    m.ok({"export", "/srv/a.img"});
    EXPECT_EQ(m.fs.content(kCore + "/fileio_0/a.img/control"), "fd_dev_name=/srv/a.img,fd_dev_size=4096\n");
    EXPECT_EQ(m.fs.content(kCore + "/fileio_0/a.img/attrib/emulate_write_cache"), "0");
    m.ok({"export", "b.img", "--write-back"});
    EXPECT_EQ(m.fs.content(kCore + "/fileio_1/b.img/control"),
              "fd_dev_name=/srv/b.img,fd_dev_size=8192\nfd_buffered_io=1\n");
    EXPECT_EQ(m.fs.content(kCore + "/fileio_1/b.img/attrib/emulate_write_cache"), "1");
}

TEST(Export, NothingIsLeftWhicheverStepFails) {
    for (const int err : {EACCES, ENOMEM, EBUSY, EINVAL, EEXIST}) {
        for (unsigned n = 0;; n++) {
            Machine m;
            const std::string before = m.fs.snapshot();
            m.fs.fail_at(n, err);
            const Answer answer =
                m.run({"export", "/dev/sdc1", "--acl", kInitiator, "--rdma-cm-port", "5555"});
            if (answer.code == 0 &&
                m.fs.content(kCore + "/iblock_0/sdc1/attrib/emulate_model_alias") == "0") {
                continue; // the one step that is only convenience
            }
            if (answer.code == 0) {
                EXPECT_GT(n, 12U);
                break;
            }
            EXPECT_EQ(m.fs.snapshot(), before) << n;
            EXPECT_NE(answer.err.find("was not exported"), std::string::npos);
            EXPECT_NE(answer.err.find("path:"), std::string::npos);
            EXPECT_EQ(answer.out, "");
            EXPECT_EQ(answer.code, srptctl::exit_code(srpt::errc_of_errno(err)));
        }
    }
}

TEST(Export, PreparesABareMachine) {
    Machine bare;
    bare.fs.reset();
    bare.add_port("qib0", 1, "fe80:0000:0000:0000:0011:7500:0077:dd7e", "4: ACTIVE", "InfiniBand");
    const Answer dry = bare.ok({"export", "ramdisk:1M", "--dry-run"});
    EXPECT_NE(dry.out.find("mount -t configfs"), std::string::npos);
    EXPECT_NE(dry.out.find("modprobe ib_srpt"), std::string::npos);
    EXPECT_NE(dry.out.find("mkdir " + kSrpt + "\n"), std::string::npos);
    EXPECT_TRUE(bare.system.loaded.empty());
    bare.ok({"export", "ramdisk:1M"});
    EXPECT_EQ(bare.system.loaded, (std::vector<std::string>{"configfs", "target_core_mod", "ib_srpt"}));
    EXPECT_EQ(bare.fs.content(bare.tpg() + "/enable"), "1");
}

TEST(Export, ModuleThatCannotBeLoaded) {
    Machine bare;
    bare.fs.reset();
    bare.link.loaded = false;
    bare.system.refuse_module = "ib_srpt";
    const Answer answer = bare.run({"export", "ramdisk:1M"});
    EXPECT_EQ(answer.code, 6);
    EXPECT_NE(answer.err.find("modprobe ib_srpt failed"), std::string::npos);
}

TEST(Export, DryRunChangesNothing) {
    Machine m;
    const std::string before = m.fs.snapshot();
    const Answer answer = m.ok({"--dry-run", "export", "/dev/sdc1", "--acl", kInitiator});

    EXPECT_EQ(m.fs.snapshot(), before);
    EXPECT_EQ(m.fs.mutations(), 0U);
    EXPECT_NE(answer.out.find("echo udev_path=/dev/sdc1 > " + kCore + "/iblock_0/sdc1/control"),
              std::string::npos);
    EXPECT_NE(answer.out.find("echo 1 > " + m.tpg() + "/enable"), std::string::npos);
}

TEST(Export, SecondLunOfTheSameTarget) {
    Machine m;

    m.add_disk("/dev/sdd", 1 << 30);
    m.ok({"export", "/dev/sdc1", "--acl", kInitiator});
    const Answer plain = m.ok({"export", "/dev/sdd"});
    EXPECT_NE(plain.out.find("LUN 1 of"), std::string::npos);
    EXPECT_NE(plain.err.find("no ACL sees LUN 1"), std::string::npos);
    m.add_disk("/dev/sde", 1 << 30);
    m.ok({"export", "/dev/sde", "--acl", "all", "--lun", "7"});
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/" + kInitiator + "/lun_7"));
    // The same ACL in another notation is not a second one.
    m.add_disk("/dev/sdf", 1 << 30);
    m.ok({"export", "/dev/sdf", "--acl", "7edd:7700:0075:1100:0011:7500:0077:d708", "--acl", kInitiator});
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/" + kInitiator + "/lun_2"));
    EXPECT_EQ(m.fs.list(m.tpg() + "/acls")->size(), 1U);
}

TEST(Export, SameDeviceOnTwoPortsSharesTheBackEnd) {
    Machine m;

    m.add_port("qib1", 1, "fe80:0000:0000:0000:0011:7500:0077:dd7f", "4: ACTIVE", "InfiniBand");
    m.ok({"export", "/dev/sdc1", "--port", "qib0"});
    const Answer second = m.ok({"export", "/dev/sdc1", "--port", "qib1/1", "--json"});
    EXPECT_FALSE(second.json()["backstore"]["created"].get<bool>());
    EXPECT_TRUE(second.json()["target_created"].get<bool>());
    EXPECT_EQ(m.fs.list(kCore)->size(), 1U);
    const Answer again = m.run({"export", "/dev/sdc1", "--port", "qib1/1"});
    EXPECT_EQ(again.code, 5);
    EXPECT_NE(again.err.find("exported by this target already, as lun_0"), std::string::npos);
    EXPECT_EQ(m.run({"export", "/dev/sdc1", "--port", "qib1", "--name", "other"}).code, 5);
}

TEST(Export, AgainAddsWhatIsMissing) {
    Machine m;

    m.ok({"export", "/dev/sdc1"});
    EXPECT_EQ(m.run({"export", "/dev/sdc1"}).code, 5);
    const Answer acl = m.ok({"export", "/dev/sdc1", "--acl", kInitiator});
    EXPECT_NE(acl.err.find("LUN 0 was there already"), std::string::npos);
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/" + kInitiator + "/lun_0"));
    EXPECT_FALSE(m.fs.has(m.tpg() + "/lun/lun_1"));
    EXPECT_EQ(m.run({"export", "/dev/sdc1", "--acl", kInitiator}).code, 5);
    m.ok({"target", "disable"});
    m.ok({"export", "/dev/sdc1", "--acl", kInitiator});
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "1");
    // Another number is another wish.
    const Answer number = m.run({"export", "/dev/sdc1", "--lun", "3"});
    EXPECT_EQ(number.code, 5);
    EXPECT_NE(number.err.find("already, as LUN 0"), std::string::npos);
    EXPECT_NE(number.err.find("acl map ID 0=3"), std::string::npos);
    // Write protection is put on, but never taken off.
    const std::string protect = m.tpg() + "/acls/" + kInitiator + "/lun_0/write_protect";
    m.ok({"export", "/dev/sdc1", "--acl", kInitiator, "--read-only"});
    EXPECT_EQ(m.fs.content(protect), "1");
    EXPECT_EQ(m.run({"export", "/dev/sdc1", "--acl", kInitiator}).code, 5);
    m.ok({"target", "disable"});
    EXPECT_NE(m.ok({"export", "/dev/sdc1", "--acl", kInitiator}).err.find("read only, as before"),
              std::string::npos);
    EXPECT_EQ(m.fs.content(protect), "1");
    // Who sees it under another number sees it.
    m.ok({"acl", "create", kOther, "--no-luns"});
    m.ok({"acl", "map", kOther, "0=4"});
    EXPECT_EQ(m.run({"export", "/dev/sdc1", "--acl", kOther}).code, 5);
}

TEST(Export, ARamdiskIsTheSameByNameAndSize) {
    Machine m;

    m.add_port("qib1", 1, "fe80:0000:0000:0000:0011:7500:0077:dd7f", "4: ACTIVE", "InfiniBand");
    m.ok({"export", "ramdisk:1M", "--name", "r", "--port", "qib0"});
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--name", "r", "--port", "qib0"}).code, 5);
    EXPECT_EQ(m.run({"export", "ramdisk:2M", "--name", "r", "--port", "qib0"}).code, 5);
    m.ok({"export", "ramdisk:1M", "--name", "r", "--port", "qib0", "--acl", kInitiator});
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/" + kInitiator + "/lun_0"));
    // What another target serves has data of its own.
    const Answer other = m.run({"export", "ramdisk:1M", "--name", "r", "--port", "qib1"});
    EXPECT_EQ(other.code, 5);
    EXPECT_NE(other.err.find("choose another --name"), std::string::npos);
    // One that nobody uses is taken, and that is said.
    m.ok({"unexport", "0", "--keep-backstore"});
    EXPECT_NE(m.ok({"export", "ramdisk:1M", "--name", "r", "--port", "qib1"}).err.find("was there already"),
              std::string::npos);
    EXPECT_EQ(m.fs.list(kCore)->size(), 1U);
    // Without a name it is a new one each time.
    m.ok({"export", "ramdisk:1M", "--port", "qib0"});
    EXPECT_EQ(m.fs.list(kCore)->size(), 2U);
}

TEST(Export, ChoosesThePort) {
    Machine m;

    m.add_port("qib1", 1, "fe80::2", "4: ACTIVE", "InfiniBand");
    const Answer both = m.run({"export", "ramdisk:1M"});
    EXPECT_EQ(both.code, 2);
    EXPECT_NE(both.err.find("qib0/1, qib1/1"), std::string::npos);
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--port", "absent"}).code, 4);
    m.ok({"export", "ramdisk:1M", "--target", "fe80::2"});
    EXPECT_TRUE(m.fs.has(kSrpt + "/0xfe800000000000000000000000000002"));
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--target", "nonsense"}).code, 2);
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--target", "fe80::2", "--port", "qib0"}).code, 2);
}

TEST(Export, PortsThatDoNotServe) {
    Machine m;

    m.fs.put("/sys/class/infiniband/qib0/ports/1/state", "1: DOWN");
    EXPECT_EQ(m.run({"export", "ramdisk:1M"}).code, 4);
    const Answer named = m.ok({"export", "ramdisk:1M", "--port", "qib0"});
    EXPECT_NE(named.err.find("is Down"), std::string::npos);
    m.add_port("zero", 1, "0000:0000:0000:0000:0000:0000:0000:0000", "2: INIT", "InfiniBand");
    const Answer zero = m.run({"export", "ramdisk:1M", "--port", "zero"});
    EXPECT_EQ(zero.code, 1);
    EXPECT_NE(zero.err.find("opensm"), std::string::npos);
    Machine none;
    none.fs.reset();
    none.fs.ready();
    const Answer bare = none.run({"export", "ramdisk:1M"});
    EXPECT_EQ(bare.code, 4);
    EXPECT_NE(bare.err.find("no RDMA device"), std::string::npos);
}

TEST(Export, EthernetGetsAListener) {
    Machine m;

    m.fs.put("/sys/class/infiniband/qib0/ports/1/link_layer", "Ethernet");
    const Answer answer = m.ok({"export", "ramdisk:1M"});
    EXPECT_NE(answer.out.find("port 5555"), std::string::npos);
    EXPECT_EQ(m.fs.content(kSrpt + "/discovery_auth/rdma_cm_port"), "5555");
    m.ok({"export", "ramdisk:1M", "--rdma-cm-port", "6666"});
    EXPECT_EQ(m.fs.content(kSrpt + "/discovery_auth/rdma_cm_port"), "6666");
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--rdma-cm-port", "70000"}).code, 2);
}

TEST(Export, DevicesThatCannotBeServed) {
    Machine m;
    srpt::Backing used = m.system.devices["/dev/sdc1"];

    used.in_use = true;
    m.system.devices["/dev/used"] = used;
    used.in_use = false;
    used.scsi_type = 5;
    m.system.devices["/dev/sr0"] = used;
    used.scsi_type = 0;
    used.bytes = 0;
    m.system.devices["/dev/empty"] = used;
    used.bytes = 1;
    used.kind = srpt::Backing::Kind::other;
    m.system.devices["/dev/null"] = used;
    m.add_file("/srv/a,b", 4096);
    m.add_file("/srv/" + std::string(600, 'x'), 4096);
    m.add_file("/srv/none.img", 0);
    const std::string before = m.fs.snapshot();
    EXPECT_EQ(m.run({"export", "/dev/absent"}).code, 4);
    EXPECT_EQ(m.run({"export", "/dev/used"}).code, 5);
    EXPECT_EQ(m.run({"export", "/dev/sr0"}).code, 2);
    EXPECT_EQ(m.run({"export", "/dev/empty"}).code, 2);
    EXPECT_EQ(m.run({"export", "/dev/null"}).code, 2);
    EXPECT_EQ(m.run({"export", "/srv/a,b"}).code, 2);
    EXPECT_EQ(m.run({"export", "/srv/" + std::string(600, 'x')}).code, 2);
    EXPECT_NE(m.run({"export", "/srv/none.img"}).err.find("truncate"), std::string::npos);
    EXPECT_EQ(m.run({"export", "ramdisk:0"}).code, 2);
    EXPECT_EQ(m.run({"export", "ramdisk:lots"}).code, 2);
    EXPECT_EQ(m.fs.snapshot(), before);
}

TEST(Export, NamesOfBackEnds) {
    Machine m;

    m.add_disk("/dev/disk/by-id/nvme-eui.00 25", 1 << 30);
    m.ok({"export", "/dev/disk/by-id/nvme-eui.00 25"});
    EXPECT_TRUE(m.fs.has(kCore + "/iblock_0/nvme-eui.00_25"));
    for (const char* name : {"a/b", "a b", "", ".x"}) {
        EXPECT_EQ(m.run({"export", "/dev/sdc1", "--name", name}).code, 2) << name;
    }
    EXPECT_EQ(m.run({"export", "/dev/sdc1", "--name", "nvme-eui.00_25"}).code, 5);
    // A name made from the device moves out of the way by itself.
    m.add_disk("/dev/x/sdc1", 1 << 30);
    m.ok({"export", "/dev/sdc1"});
    m.ok({"export", "/dev/x/sdc1"});
    EXPECT_TRUE(m.fs.has(kCore + "/iblock_2/sdc1_2"));
}

TEST(Export, LunNumbers) {
    Machine m;

    m.ok({"export", "ramdisk:1M", "--lun", "0", "--acl", kInitiator});
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--lun", "0"}).code, 5);
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--lun", "65536"}).code, 2);
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--lun", "256", "--acl", kInitiator}).code, 2);
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--lun", "-1"}).code, 2);
    m.ok({"export", "ramdisk:1M", "--lun", "300"});
    // The number is free on the target, but not for this initiator.
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/" + kInitiator + "/lun_5"));
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--lun", "5", "--acl", kInitiator}).code, 5);
}

TEST(Export, AclNames) {
    Machine m;

    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--acl", "nonsense"}).code, 2);
    const Answer guid = m.ok({"export", "ramdisk:1M", "--acl", "0011:7500:0077:d708"});
    EXPECT_NE(guid.err.find("targetcli"), std::string::npos);
    m.ok({"export", "ramdisk:1M", "--acl", "10.0.0.7"});
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/0x00000000000000000000ffff0a000007"));
}

TEST(Export, HalfMadeThings) {
    Machine m;

    ASSERT_TRUE(m.fs.mkdir(kSrpt + "/" + kGid));
    const Answer target = m.run({"export", "ramdisk:1M"});
    EXPECT_EQ(target.code, 4);
    EXPECT_NE(target.err.find("half made"), std::string::npos);
    ASSERT_TRUE(m.fs.rmdir(kSrpt + "/" + kGid));
    ASSERT_TRUE(m.fs.mkdir(kCore + "/iblock_0"));
    ASSERT_TRUE(m.fs.mkdir(kCore + "/iblock_0/x"));
    ASSERT_TRUE(m.fs.write(kCore + "/iblock_0/x/udev_path", "/dev/sdc1"));
    const Answer store = m.run({"export", "/dev/sdc1"});
    EXPECT_EQ(store.code, 5);
    EXPECT_NE(store.err.find("srptctl backstore delete block/x"), std::string::npos);
    Machine two;
    two.ok({"export", "/dev/sdc1", "--acl", kInitiator});
    const std::string mapped = two.tpg() + "/acls/" + kInitiator + "/lun_0";
    const std::vector<std::string> names = two.fs.list(mapped).value();
    for (const std::string& name : names) {
        const std::string entry = fmt::format("{}/{}", mapped, name);
        if (two.fs.kind(entry) == srpt::FileSystem::Kind::link) {
            ASSERT_TRUE(two.fs.unlink(entry));
        }
    }
    const Answer half = two.run({"export", "/dev/sdc1", "--acl", kInitiator});
    EXPECT_EQ(half.code, 5);
    EXPECT_NE(half.err.find("srptctl acl unmap " + kInitiator + " 0"), std::string::npos) << half.err;
    Machine three;
    ASSERT_TRUE(three.fs.mkdir(kCore + "/rd_mcp_0"));
    ASSERT_TRUE(three.fs.mkdir(kCore + "/rd_mcp_0/r"));
    EXPECT_NE(three.run({"export", "ramdisk:1M", "--name", "r"}).err.find("left half made"),
              std::string::npos);
}

TEST(Export, KeepsTargetclisPlaceForReservations) {
    Machine m;

    m.fs.put_dir("/etc/rtslib-fb-target");
    m.ok({"export", "ramdisk:1M"});
    EXPECT_EQ(m.fs.content(kTarget + "/dbroot"), "/etc/rtslib-fb-target");
}

TEST(Export, NeedsTheLock) {
    Machine m;

    m.system.refuse_lock = true;
    EXPECT_EQ(m.run({"export", "ramdisk:1M"}).code, 3);
}

TEST(Export, ReadOnlyDeviceStaysReadOnly) {
    Machine m;

    m.system.devices["/dev/sdc1"].read_only = true;
    m.ok({"export", "/dev/sdc1"});
    EXPECT_EQ(m.fs.content(kCore + "/iblock_0/sdc1/control"), "udev_path=/dev/sdc1\nreadonly=1\n");
}

TEST(Export, StockModule) {
    Machine m;

    m.fs.reset();
    m.fs.ready(false);
    m.link.loaded = false;
    m.add_port("rxe0", 1, "fe80::1", "4: ACTIVE", "Ethernet");
    m.ok({"export", "ramdisk:1M", "--acl", "10.0.0.7"});
    EXPECT_TRUE(m.fs.has(m.tpg("0xfe800000000000000000000000000001") + "/acls/10.0.0.7"));
    EXPECT_EQ(m.run({"export", "ramdisk:1M", "--acl", "*:001175000077d708"}).code, 7);
}

} // namespace
