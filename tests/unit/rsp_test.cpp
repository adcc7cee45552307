// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

std::vector<u8> Sense(std::size_t n) {
  std::vector<u8> s(n);
  for (std::size_t i = 0; i < n; i++) s[i] = static_cast<u8>(i + 1);
  return s;
}

TEST(Rsp, GoodStatusBytes) {
  const proto_rsp r = {.tag = 0x0102030405060708, .req_lim_delta = 2, .sol_not = PROTO_SOLNT};
  Iu iu(PROTO_RSP_LEN, 0xee);
  ASSERT_EQ(proto_rsp_build(iu.data(), iu.size(), &r), 36U);
  EXPECT_EQ(Hex(iu.data(), 36),
            "c101000000000002"
            "0102030405060708"
            "0000000000000000"
            "0000000000000000"
            "00000000");
  EXPECT_EQ(proto_rsp_build(iu.data(), 35, &r), 0U);
}

TEST(Rsp, NegativeDeltaAndStatus) {
  const proto_rsp r = {.req_lim_delta = -1, .status = 0x28};
  Iu iu(PROTO_RSP_LEN, 0xee);
  ASSERT_EQ(proto_rsp_build(iu.data(), iu.size(), &r), 36U);
  EXPECT_EQ(proto_get_be32(iu.data() + 4), 0xffffffffU);
  EXPECT_EQ(iu.data()[19], 0x28);
}

TEST(Rsp, ResidualGoesIntoTheFieldOfItsDirection) {
  struct Case {
    bool over, out;
    u8 flag;
    std::size_t off;
  };
  for (const Case& c :
       {Case{false, false, PROTO_RSP_DIUNDER, 24}, Case{true, false, PROTO_RSP_DIOVER, 24},
        Case{false, true, PROTO_RSP_DOUNDER, 20}, Case{true, true, PROTO_RSP_DOOVER, 20}}) {
    const proto_rsp r = {.resid = 0x12345678, .resid_over = c.over, .resid_out = c.out};
    Iu iu(PROTO_RSP_LEN, 0xee);
    ASSERT_EQ(proto_rsp_build(iu.data(), iu.size(), &r), 36U);
    EXPECT_EQ(iu.data()[18], c.flag);
    EXPECT_EQ(proto_get_be32(iu.data() + c.off), 0x12345678U);
    EXPECT_EQ(proto_get_be32(iu.data() + 44 - c.off), 0U);
  }
  // Without a residual the direction sets no flag.
  const proto_rsp none = {.resid_over = true, .resid_out = true};
  Iu iu(PROTO_RSP_LEN, 0xee);
  ASSERT_EQ(proto_rsp_build(iu.data(), iu.size(), &none), 36U);
  EXPECT_EQ(iu.data()[18], 0);
}

TEST(Rsp, SenseDataIsCutToWhatFits) {
  const auto sense = Sense(96);
  for (u32 sense_len : {0U, 1U, 18U, 20U, 96U}) {
    for (std::size_t cap = PROTO_RSP_LEN; cap <= PROTO_RSP_LEN + 100; cap++) {
      const proto_rsp r = {.status = 2, .sense = sense.data(), .sense_len = sense_len};
      Iu iu(cap, 0xee);
      const std::size_t room = cap - PROTO_RSP_LEN;
      const std::size_t want = sense_len <= room ? sense_len : room & ~std::size_t{3};
      ASSERT_EQ(proto_rsp_build(iu.data(), cap, &r), PROTO_RSP_LEN + want);
      EXPECT_EQ(iu.data()[18], want ? PROTO_RSP_SNSVALID : 0);
      EXPECT_EQ(proto_get_be32(iu.data() + 28), want);
      EXPECT_EQ(proto_get_be32(iu.data() + 32), 0U);
      EXPECT_EQ(std::memcmp(iu.data() + 36, sense.data(), want), 0);
      for (std::size_t i = PROTO_RSP_LEN + want; i < cap; i++) ASSERT_EQ(iu.data()[i], 0xee);
    }
  }
}

TEST(Rsp, SenseLengthWithoutSenseIsNothing) {
  const proto_rsp r = {.status = 2, .sense = nullptr, .sense_len = 18};
  Iu iu(100, 0xee);
  ASSERT_EQ(proto_rsp_build(iu.data(), iu.size(), &r), 36U);
  EXPECT_EQ(iu.data()[18], 0);
  EXPECT_EQ(proto_get_be32(iu.data() + 28), 0U);
}

TEST(Rsp, HugeSenseLengthStaysInTheBuffer) {
  const auto sense = Sense(64);
  const proto_rsp r = {.sense = sense.data(), .sense_len = 0xffffffff};
  Iu iu(PROTO_RSP_LEN + 64, 0xee);
  EXPECT_EQ(proto_rsp_build(iu.data(), iu.size(), &r), iu.size());
}

TEST(RspTmf, CodeIsTheLastOfFourBytes) {
  for (u8 code : {PROTO_RSP_CODE_COMPLETE, PROTO_RSP_CODE_FIELDS_INVALID,
                  PROTO_RSP_CODE_NOT_SUPPORTED, PROTO_RSP_CODE_FAILED}) {
    Iu iu(40, 0xee);
    ASSERT_EQ(proto_rsp_build_tmf(iu.data(), iu.size(), 0x8000000000000001, 1, PROTO_SOLNT, code),
              40U);
    EXPECT_EQ(Hex(iu.data(), 39),
              "c101000000000001"
              "8000000000000001"
              "0000010000000000"
              "0000000000000000"
              "00000004"
              "000000");
    EXPECT_EQ(iu.data()[39], code);
  }
  Iu iu(40);
  EXPECT_EQ(proto_rsp_build_tmf(iu.data(), 39, 0, 0, 0, 0), 0U);
}

TEST(CredReq, Bytes) {
  Iu iu(16, 0xee);
  ASSERT_EQ(proto_build_cred_req(iu.data(), 16, 0x0102030405060708, 5, PROTO_SOLNT), 16U);
  EXPECT_EQ(Hex(iu.data(), 16), "81010000000000050102030405060708");
  EXPECT_EQ(proto_build_cred_req(iu.data(), 15, 0, 0, 0), 0U);
}

TEST(TLogout, Bytes) {
  Iu iu(16, 0xee);
  ASSERT_EQ(proto_build_t_logout(iu.data(), 16, 9, PROTO_LOGOUT_INVALID_IU_COUNT, 0), 16U);
  EXPECT_EQ(Hex(iu.data(), 16), "80000000000000080000000000000009");
  EXPECT_EQ(proto_build_t_logout(iu.data(), 15, 0, 0, 0), 0U);
}

TEST(AerReq, BytesAndCut) {
  const u8 lun[8] = {0, 7};
  const auto sense = Sense(18);
  Iu iu(PROTO_AER_REQ_LEN + 18, 0xee);
  ASSERT_EQ(proto_build_aer_req(iu.data(), iu.size(), 3, 1, PROTO_SOLNT, lun, sense.data(), 18),
            54U);
  EXPECT_EQ(Hex(iu.data(), 38),
            "8201000000000001"
            "0000000000000003"
            "00000000"
            "0007000000000000"
            "00000012"
            "00000000"
            "0102");
  EXPECT_EQ(proto_build_aer_req(iu.data(), 53, 3, 1, 0, lun, sense.data(), 18), 52U);
  EXPECT_EQ(proto_get_be32(iu.data() + 28), 16U);
  EXPECT_EQ(proto_build_aer_req(iu.data(), 36, 3, 1, 0, lun, nullptr, 0), 36U);
  EXPECT_EQ(proto_build_aer_req(iu.data(), 35, 3, 1, 0, lun, nullptr, 0), 0U);
}

}  // namespace
}  // namespace proto_test
