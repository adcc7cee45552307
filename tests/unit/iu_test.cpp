// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

TEST(IuHeader, NeedsSixteenBytes) {
  Iu iu(16);
  iu.Put8(0, PROTO_I_LOGOUT).Put64(8, 0x0102030405060708);
  u8 opcode = 0xee;
  u64 tag = 0xee;
  for (std::size_t len = 0; len < 16; len++)
    EXPECT_FALSE(proto_iu_header(iu.Cut(len).data(), len, &opcode, &tag));
  EXPECT_EQ(opcode, 0xee);
  EXPECT_EQ(tag, 0xeeU);
  ASSERT_TRUE(proto_iu_header(iu.data(), 16, &opcode, &tag));
  EXPECT_EQ(opcode, PROTO_I_LOGOUT);
  EXPECT_EQ(tag, 0x0102030405060708U);
}

TEST(Tmf, FieldsAndLength) {
  Iu iu(48);
  iu.Put8(0, PROTO_TSK_MGMT)
      .Put8(1, PROTO_UCSOLNT)
      .Put64(8, 0x8000000000000005)
      .Put64(20, 0x0007000000000000)
      .Put8(30, PROTO_TMF_LUN_RESET)
      .Put64(32, 0x42);
  proto_tmf_req req;
  for (std::size_t len = 0; len < 48; len++)
    EXPECT_FALSE(proto_tmf_parse(iu.Cut(len).data(), len, &req));
  ASSERT_TRUE(proto_tmf_parse(iu.data(), 48, &req));
  EXPECT_EQ(req.tag, 0x8000000000000005U);
  EXPECT_EQ(Hex(req.lun, 8), "0007000000000000");
  EXPECT_EQ(req.func, PROTO_TMF_LUN_RESET);
  EXPECT_EQ(req.task_tag, 0x42U);
  EXPECT_EQ(req.sol_not, PROTO_UCSOLNT);
  // What we do not know is for the caller to answer, not ours to drop.
  iu.Put8(30, 0xff);
  ASSERT_TRUE(proto_tmf_parse(iu.data(), 48, &req));
  EXPECT_EQ(req.func, 0xff);
}

u64 Lun(u64 field) {
  u8 lun[8];
  proto_put_be64(lun, field);
  return proto_lun_decode(lun);
}

TEST(Lun, PeripheralAndFlatAddressing) {
  EXPECT_EQ(Lun(0), 0U);
  EXPECT_EQ(Lun(0x0001000000000000), 1U);
  EXPECT_EQ(Lun(0x00ff000000000000), 255U);
  EXPECT_EQ(Lun(0x0100000000000000), 256U);  // as REPORT LUNS of LIO shows it
  EXPECT_EQ(Lun(0x4000000000000000), 0U);
  EXPECT_EQ(Lun(0x4100000000000000), 256U);
  EXPECT_EQ(Lun(0x7fff000000000000), 16383U);
}

TEST(Lun, OtherFormsNameNothing) {
  EXPECT_EQ(Lun(0x8000000000000000), ~0ULL);
  EXPECT_EQ(Lun(0xc101000000000000), ~0ULL);  // REPORT LUNS well-known LUN
  EXPECT_EQ(Lun(0xffffffffffffffff), ~0ULL);
  for (int byte = 2; byte < 8; byte++) EXPECT_EQ(Lun(1ULL << (8 * (7 - byte))), ~0ULL) << byte;
}

}  // namespace
}  // namespace proto_test
