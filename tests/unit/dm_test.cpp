// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

constexpr u64 kGuid = 0x001175000077dd7e;

// The enabled target of the reference chapter.
constexpr proto_dm_port kPort = {.enabled = true,
                                 .change_id = 1,
                                 .ioc_guid = kGuid,
                                 .service_id = kGuid,
                                 .id_ext = kGuid,
                                 .vendor_id = 0x1175,
                                 .device_id = 0x7322,
                                 .device_version = 2,
                                 .subsys_vendor_id = 0x1175,
                                 .subsys_device_id = 3,
                                 .send_queue_depth = 4096,
                                 .rdma_read_depth = 4,
                                 .send_size = 8260,
                                 .rdma_size = 65536,
                                 .cap_mask = PROTO_DM_CAP_SEND_TO | PROTO_DM_CAP_RDMA_READ_FROM,
                                 .resp_time = 18};

Iu Mad(u8 method, u16 attr, u32 mod = 0) {
  return Iu(PROTO_DM_MAD_LEN)
      .Put8(0, 1)
      .Put8(1, PROTO_DM_CLASS)
      .Put8(2, 1)
      .Put8(3, method)
      .Put64(8, 0x0102030405060708)
      .Put16(16, attr)
      .Put32(20, mod)
      .Cut(PROTO_DM_MAD_LEN);
}

struct Answer {
  bool sent = false;
  Iu mad{PROTO_DM_MAD_LEN, 0xee};

  [[nodiscard]] u16 status() const { return proto_get_be16(mad.data() + 4); }
  [[nodiscard]] const u8* data() const { return mad.data() + PROTO_DM_DATA_OFFSET; }
};

Answer Ask(const Iu& req, const proto_dm_port& port = kPort, proto_dm_trap* trap = nullptr) {
  proto_dm_trap own = {};
  Answer a;
  a.sent = proto_dm_handle(req.data(), req.size(), &port, trap ? trap : &own, a.mad.data());
  return a;
}

proto_dm_port Disabled() {
  proto_dm_port p = kPort;
  p.enabled = false;
  p.change_id = 2;
  return p;
}

TEST(DmHandle, HeaderOfAnAnswer) {
  const Answer a = Ask(Mad(PROTO_DM_GET, PROTO_DM_IOC_PROFILE, 1));
  ASSERT_TRUE(a.sent);
  EXPECT_EQ(Hex(a.mad.data(), 24), "010601810000000001020304050607080011000000000001");
  EXPECT_EQ(Hex(a.mad.data() + 24, 40), std::string(80, '0'));
}

TEST(DmHandle, APortThatNeverHadAControllerIsNoIoUnit) {
  proto_dm_port port = Disabled();
  port.change_id = 0;
  EXPECT_EQ(Ask(Mad(PROTO_DM_GET, PROTO_DM_CLASS_PORT_INFO), port).status(), PROTO_DM_OK);
  for (const u16 attr : {PROTO_DM_IO_UNIT_INFO, PROTO_DM_IOC_PROFILE, PROTO_DM_SERVICE_ENTRIES}) {
    const Answer a = Ask(Mad(PROTO_DM_GET, attr, 1), port);
    ASSERT_TRUE(a.sent);
    EXPECT_EQ(a.status(), PROTO_DM_BAD_METHOD_ATTR) << attr;
    EXPECT_EQ(Hex(a.data(), 16), std::string(32, '0')) << attr;
  }
  port.enabled = true;
  EXPECT_EQ(Ask(Mad(PROTO_DM_GET, PROTO_DM_IO_UNIT_INFO), port).status(), PROTO_DM_OK);
}

TEST(DmHandle, ReservedAndStatusBytesOfTheRequestAreNotEchoed) {
  Iu req = Mad(PROTO_DM_GET, PROTO_DM_IOC_PROFILE, 1);
  req.Put32(4, 0xffffffff).Put16(18, 0xffff);
  for (std::size_t i = 24; i < PROTO_DM_MAD_LEN; i++) req.Put8(i, 0xff);
  const Answer dirty = Ask(req);
  const Answer clean = Ask(Mad(PROTO_DM_GET, PROTO_DM_IOC_PROFILE, 1));
  EXPECT_EQ(Hex(dirty.mad.data(), 256), Hex(clean.mad.data(), 256));
}

TEST(DmHandle, WhatGetsNoAnswer) {
  const proto_dm_port port = kPort;
  for (u8 method : {0x81, 0x05, 0x07, 0x86, 0xff})
    EXPECT_FALSE(Ask(Mad(method, PROTO_DM_IO_UNIT_INFO)).sent) << int{method};
  EXPECT_FALSE(Ask(Mad(PROTO_DM_GET, PROTO_DM_IO_UNIT_INFO).Put8(1, 0x04).Cut(256)).sent);
  for (std::size_t len : {0U, 23U, 64U, 255U})
    EXPECT_FALSE(Ask(Mad(PROTO_DM_GET, PROTO_DM_IO_UNIT_INFO).Cut(len), port).sent);
}

TEST(DmHandle, StatusOfWhatWeDoNotSupport) {
  EXPECT_EQ(Ask(Mad(PROTO_DM_GET, 0x10).Put8(0, 2).Cut(256)).status(), PROTO_DM_BAD_VERSION);
  EXPECT_EQ(Ask(Mad(PROTO_DM_GET, 0x10).Put8(2, 2).Cut(256)).status(), PROTO_DM_BAD_VERSION);
  EXPECT_EQ(Ask(Mad(PROTO_DM_GET, 0x10).Put8(2, 0).Cut(256)).status(), PROTO_DM_BAD_VERSION);
  for (u8 method : {0x00, 0x03, 0x06, 0x7f})
    EXPECT_EQ(Ask(Mad(method, 0x10)).status(), PROTO_DM_BAD_METHOD) << int{method};
  // Notice, the optional diagnostic attributes, unknown ones
  for (u16 attr : {0x0000, 0x0002, 0x0013, 0x0020, 0x0021, 0x0022, 0x0023, 0x0024, 0xffff})
    EXPECT_EQ(Ask(Mad(PROTO_DM_GET, attr)).status(), PROTO_DM_BAD_METHOD_ATTR) << attr;
  for (u16 attr : {PROTO_DM_IO_UNIT_INFO, PROTO_DM_IOC_PROFILE, PROTO_DM_SERVICE_ENTRIES, 0x2})
    EXPECT_EQ(Ask(Mad(PROTO_DM_SET, attr)).status(), PROTO_DM_BAD_METHOD_ATTR) << attr;
}

TEST(DmHandle, AnErrorCarriesNoData) {
  const Answer a = Ask(Mad(PROTO_DM_GET, 0xffff));
  ASSERT_TRUE(a.sent);
  EXPECT_EQ(a.mad.data()[3], PROTO_DM_GET_RESP);
  EXPECT_EQ(Hex(a.data(), 192), std::string(384, '0'));
}

TEST(DmClassPortInfo, GetAndSet) {
  proto_dm_trap trap = {};
  Answer a = Ask(Mad(PROTO_DM_GET, PROTO_DM_CLASS_PORT_INFO), kPort, &trap);
  EXPECT_EQ(a.status(), PROTO_DM_OK);
  EXPECT_EQ(Hex(a.data(), 8), "0101000000000012");
  EXPECT_EQ(Hex(a.data() + 8, 64), std::string(128, '0'));

  Iu set = Mad(PROTO_DM_SET, PROTO_DM_CLASS_PORT_INFO);
  for (std::size_t i = 0; i < PROTO_DM_DATA_LEN; i++) set.Put8(64 + i, static_cast<u8>(i));
  a = Ask(set, kPort, &trap);
  EXPECT_EQ(a.status(), PROTO_DM_OK);
  // Only the trap fields can be written; the rest is ours.
  EXPECT_EQ(Hex(a.data(), 8), "0101000000000012");
  EXPECT_EQ(Hex(a.data() + 8, 32), std::string(64, '0'));
  EXPECT_EQ(a.data()[40], 40);
  EXPECT_EQ(a.data()[71], 71);
  EXPECT_EQ(Hex(a.data() + 72, 120), std::string(240, '0'));

  const Answer again = Ask(Mad(PROTO_DM_GET, PROTO_DM_CLASS_PORT_INFO), kPort, &trap);
  EXPECT_EQ(Hex(again.data(), 192), Hex(a.data(), 192));
}

TEST(DmClassPortInfo, ARefusedSetChangesNothing) {
  proto_dm_trap trap = {};
  Iu set = Mad(PROTO_DM_SET, PROTO_DM_IO_UNIT_INFO);
  for (std::size_t i = 0; i < PROTO_DM_DATA_LEN; i++) set.Put8(64 + i, 0xff);
  Ask(set, kPort, &trap);
  Ask(Mad(PROTO_DM_SET, PROTO_DM_CLASS_PORT_INFO).Put8(2, 9).Put8(110, 9).Cut(256), kPort, &trap);
  EXPECT_EQ(Hex(trap.raw, sizeof(trap.raw)), std::string(64, '0'));
}

TEST(DmClassPortInfo, ResponseTimeHasFiveBits) {
  proto_dm_port port = kPort;
  port.resp_time = 0xff;
  EXPECT_EQ(Hex(Ask(Mad(PROTO_DM_GET, 1), port).data() + 4, 4), "0000001f");
}

TEST(DmIoUnit, ChapterValues) {
  const Answer a = Ask(Mad(PROTO_DM_GET, PROTO_DM_IO_UNIT_INFO));
  EXPECT_EQ(a.status(), PROTO_DM_OK);
  EXPECT_EQ(Hex(a.data(), 4), "00011000");
  // Slot 1 holds the controller, 2 to 16 are empty, the others do not exist.
  EXPECT_EQ(Hex(a.data() + 4, 8), "1000000000000000");
  EXPECT_EQ(Hex(a.data() + 12, 120), std::string(240, 'f'));
  EXPECT_EQ(Hex(a.data() + 132, 60), std::string(120, '0'));
}

TEST(DmIoUnit, EmptyWhenNotEnabled) {
  const Answer a = Ask(Mad(PROTO_DM_GET, PROTO_DM_IO_UNIT_INFO), Disabled());
  EXPECT_EQ(a.status(), PROTO_DM_OK);
  EXPECT_EQ(Hex(a.data(), 4), "00021000");
  EXPECT_EQ(Hex(a.data() + 4, 8), "0000000000000000");
}

TEST(DmIocProfile, EveryField) {
  const Answer a = Ask(Mad(PROTO_DM_GET, PROTO_DM_IOC_PROFILE, 1));
  EXPECT_EQ(a.status(), PROTO_DM_OK);
  EXPECT_EQ(Hex(a.data(), 64),
            "001175000077dd7e"  // GUID
            "0000117500007322"  // vendor, device
            "00020000"          // version
            "0000117500000003"  // subsystem
            "0100609e01080001"  // class, subclass, protocol, version
            "0000000010000004"  // send queue, RDMA READ depth
            "0000204400010000"  // send and RDMA size
            "090001"            // operations, one service entry
            "000000000000000000");
  char id[PROTO_DM_ID_LEN + 1] = {};
  std::memcpy(id, a.data() + 64, PROTO_DM_ID_LEN);
  EXPECT_STREQ(id, "Linux SRP target");
  EXPECT_EQ(Hex(a.data() + 80, 112), std::string(224, '0'));
}

TEST(DmIocProfile, Slots) {
  auto status = [](u32 slot, const proto_dm_port& port) {
    const Answer a = Ask(Mad(PROTO_DM_GET, PROTO_DM_IOC_PROFILE, slot), port);
    if (a.status() != PROTO_DM_OK) {
      EXPECT_EQ(Hex(a.data(), 192), std::string(384, '0'));
    }
    return a.status();
  };
  EXPECT_EQ(status(0, kPort), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(status(1, kPort), PROTO_DM_OK);
  for (u32 slot = 2; slot <= 16; slot++) EXPECT_EQ(status(slot, kPort), PROTO_DM_NO_IOC);
  EXPECT_EQ(status(17, kPort), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(status(0x10001, kPort), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(status(0xffffffff, kPort), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(status(0, Disabled()), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(status(1, Disabled()), PROTO_DM_NO_IOC);
  EXPECT_EQ(status(17, Disabled()), PROTO_DM_BAD_VALUE);
}

Answer Services(u32 slot, u32 first, u32 last, const proto_dm_port& port = kPort) {
  return Ask(Mad(PROTO_DM_GET, PROTO_DM_SERVICE_ENTRIES, slot << 16 | last << 8 | first), port);
}

TEST(DmServiceEntries, OneEntryNamedByTheExtension) {
  for (u32 last = 0; last < 4; last++) {
    const Answer a = Services(1, 0, last);
    EXPECT_EQ(a.status(), PROTO_DM_OK);
    char name[PROTO_DM_SERVICE_NAME_LEN + 1] = {};
    std::memcpy(name, a.data(), PROTO_DM_SERVICE_NAME_LEN);
    EXPECT_STREQ(name, "SRP.T10:001175000077dd7e");
    EXPECT_EQ(Hex(a.data() + 40, 8), "001175000077dd7e");
    EXPECT_EQ(Hex(a.data() + 48, 144), std::string(288, '0'));
  }
  proto_dm_port port = kPort;
  port.id_ext = 0xFEDCBA9876543210;
  port.service_id = 0x1000000000000001;
  const Answer a = Services(1, 0, 0, port);
  EXPECT_STREQ(reinterpret_cast<const char*>(a.data()), "SRP.T10:fedcba9876543210");
  EXPECT_EQ(Hex(a.data() + 40, 8), "1000000000000001");
}

TEST(DmServiceEntries, Ranges) {
  EXPECT_EQ(Services(1, 0, 4).status(), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(Services(1, 0, 255).status(), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(Services(1, 1, 0).status(), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(Services(1, 1, 1).status(), PROTO_DM_NO_SERVICES);
  EXPECT_EQ(Services(1, 4, 7).status(), PROTO_DM_NO_SERVICES);
  EXPECT_EQ(Services(1, 255, 255).status(), PROTO_DM_NO_SERVICES);
  EXPECT_EQ(Services(0, 0, 0).status(), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(Services(2, 0, 0).status(), PROTO_DM_NO_IOC);
  EXPECT_EQ(Services(17, 0, 0).status(), PROTO_DM_BAD_VALUE);
  EXPECT_EQ(Services(1, 0, 0, Disabled()).status(), PROTO_DM_NO_IOC);
}

}  // namespace
}  // namespace proto_test
