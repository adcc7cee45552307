// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

constexpr u64 kInitiatorExt = 0x7edd770000751100;
constexpr u64 kInitiatorGuid = 0x001175000077d708;
constexpr u64 kTargetGuid = 0x001175000077dd7e;
constexpr u32 kMaxItIu = 16384;

// The login of the reference chapter: it_iu_len 260, no immediate data.
Iu IbLogin() {
  return Iu(PROTO_LOGIN_REQ_LEN)
      .Put8(0, PROTO_LOGIN_REQ)
      .Put64(8, 0x1122334455667788)
      .Put32(16, 260)
      .Put16(24, PROTO_BUF_DIRECT | PROTO_BUF_INDIRECT)
      .Put8(26, PROTO_MULTICHAN_SINGLE)
      .Put64(32, kInitiatorExt)
      .Put64(40, kInitiatorGuid)
      .Put64(48, kTargetGuid)
      .Put64(56, kTargetGuid)
      .Cut(PROTO_LOGIN_REQ_LEN);
}

Iu RdmaLogin() {
  return Iu(PROTO_LOGIN_REQ_RDMA_LEN)
      .Put64(0, 0x1122334455667788)
      .Put16(8, PROTO_BUF_DIRECT | PROTO_BUF_INDIRECT)
      .Put8(10, PROTO_MULTICHAN_MULTI | PROTO_IMMED_REQUESTED)
      .Put8(11, PROTO_LOGIN_REQ)
      .Put32(12, 8260)
      .Put64(16, kInitiatorExt)
      .Put64(24, kInitiatorGuid)
      .Put64(32, kTargetGuid)
      .Put64(40, kTargetGuid)
      .Put16(48, PROTO_IMM_DATA_OFFSET)
      .Cut(PROTO_LOGIN_REQ_RDMA_LEN);
}

proto_login_result Parse(const Iu& iu, bool rdma, proto_login* out, u32 max = kMaxItIu) {
  std::memset(out, 0xa5, sizeof(*out));
  return proto_login_parse(iu.data(), iu.size(), rdma, max, out);
}

TEST(LoginParse, ChapterLoginOverIbCm) {
  proto_login l;
  ASSERT_EQ(Parse(IbLogin(), false, &l), PROTO_LOGIN_OK);
  EXPECT_EQ(l.tag, 0x1122334455667788U);
  EXPECT_EQ(l.it_iu_len, 260U);
  EXPECT_EQ(l.buf_fmt, 6);
  EXPECT_EQ(l.flags, 0);
  EXPECT_EQ(l.imm_offset, 0);
  EXPECT_EQ(Hex(l.i_port_id, 16), "7edd770000751100001175000077d708");
  EXPECT_EQ(Hex(l.t_port_id, 16), "001175000077dd7e001175000077dd7e");
}

TEST(LoginParse, RdmaCmVariantHasItsOwnLayout) {
  proto_login l;
  ASSERT_EQ(Parse(RdmaLogin(), true, &l), PROTO_LOGIN_OK);
  EXPECT_EQ(l.tag, 0x1122334455667788U);
  EXPECT_EQ(l.it_iu_len, 8260U);
  EXPECT_EQ(l.buf_fmt, 6);
  EXPECT_EQ(l.flags, PROTO_MULTICHAN_MULTI | PROTO_IMMED_REQUESTED);
  EXPECT_EQ(l.imm_offset, 68);
  EXPECT_EQ(Hex(l.i_port_id, 16), "7edd770000751100001175000077d708");
  EXPECT_EQ(Hex(l.t_port_id, 16), "001175000077dd7e001175000077dd7e");
}

TEST(LoginParse, EveryShorterLengthIsShortAndZeroed) {
  const proto_login zero = {};
  for (bool rdma : {false, true}) {
    const Iu whole = rdma ? RdmaLogin() : IbLogin();
    for (std::size_t len = 0; len < whole.size(); len++) {
      proto_login l;
      ASSERT_EQ(Parse(whole.Cut(len), rdma, &l), PROTO_LOGIN_SHORT) << len;
      EXPECT_EQ(std::memcmp(&l, &zero, sizeof(l)), 0) << len;
    }
  }
}

TEST(LoginParse, PrivateDataMayBeLongerThanTheLogin) {
  proto_login l;
  EXPECT_EQ(Parse(IbLogin().Cut(92), false, &l), PROTO_LOGIN_OK);
}

TEST(LoginParse, WrongOpcodeStillNamesTheInitiator) {
  proto_login l;
  EXPECT_EQ(Parse(IbLogin().Put8(0, PROTO_CMD).Cut(64), false, &l), PROTO_LOGIN_OPCODE);
  EXPECT_EQ(Hex(l.i_port_id, 16), "7edd770000751100001175000077d708");
  EXPECT_EQ(l.tag, 0x1122334455667788U);
  EXPECT_EQ(Parse(RdmaLogin().Put8(11, PROTO_LOGIN_RSP).Cut(56), true, &l), PROTO_LOGIN_OPCODE);
}

TEST(LoginParse, IuLengthLimits) {
  proto_login l;
  EXPECT_EQ(Parse(IbLogin().Put32(16, 0).Cut(64), false, &l), PROTO_LOGIN_IU_SMALL);
  EXPECT_EQ(Parse(IbLogin().Put32(16, 63).Cut(64), false, &l), PROTO_LOGIN_IU_SMALL);
  EXPECT_EQ(Parse(IbLogin().Put32(16, 64).Cut(64), false, &l), PROTO_LOGIN_OK);
  EXPECT_EQ(Parse(IbLogin().Put32(16, kMaxItIu).Cut(64), false, &l), PROTO_LOGIN_OK);
  EXPECT_EQ(Parse(IbLogin().Put32(16, kMaxItIu + 1).Cut(64), false, &l), PROTO_LOGIN_IU_LARGE);
  EXPECT_EQ(Parse(IbLogin().Put32(16, 0xffffffff).Cut(64), false, &l), PROTO_LOGIN_IU_LARGE);
  EXPECT_EQ(l.it_iu_len, 0xffffffffU);
}

TEST(LoginParse, BufferFormats) {
  proto_login l;
  for (u32 fmt = 0; fmt <= 0xffff; fmt++) {
    const bool known = fmt == 2 || fmt == 4 || fmt == 6;
    ASSERT_EQ(Parse(IbLogin().Put16(24, static_cast<u16>(fmt)).Cut(64), false, &l),
              known ? PROTO_LOGIN_OK : PROTO_LOGIN_FORMAT)
        << fmt;
  }
}

TEST(LoginParse, MultichannelActions) {
  proto_login l;
  for (u8 other : {u8{0}, u8{PROTO_LOSOLNT}, u8{PROTO_CRSOLNT | PROTO_AESOLNT}}) {
    auto flags = [&](u8 action) { return static_cast<u8>(other | action); };
    EXPECT_EQ(Parse(IbLogin().Put8(26, flags(0)).Cut(64), false, &l), PROTO_LOGIN_OK);
    EXPECT_EQ(Parse(IbLogin().Put8(26, flags(1)).Cut(64), false, &l), PROTO_LOGIN_OK);
    EXPECT_EQ(Parse(IbLogin().Put8(26, flags(2)).Cut(64), false, &l), PROTO_LOGIN_MULTICHAN);
    EXPECT_EQ(Parse(IbLogin().Put8(26, flags(3)).Cut(64), false, &l), PROTO_LOGIN_MULTICHAN);
    EXPECT_EQ(l.flags, other | 3);
  }
}

TEST(LoginParse, ImmediateDataOffset) {
  proto_login l;
  auto at = [&](u16 off) {
    return Parse(IbLogin().Put8(26, PROTO_IMMED_REQUESTED).Put16(28, off).Cut(64), false, &l);
  };
  EXPECT_EQ(at(0), PROTO_LOGIN_IMM_OFFSET);
  EXPECT_EQ(at(51), PROTO_LOGIN_IMM_OFFSET);
  EXPECT_EQ(at(52), PROTO_LOGIN_OK);
  EXPECT_EQ(at(68), PROTO_LOGIN_OK);
  EXPECT_EQ(at(259), PROTO_LOGIN_OK);
  EXPECT_EQ(at(260), PROTO_LOGIN_IMM_OFFSET);
  EXPECT_EQ(at(0xffff), PROTO_LOGIN_IMM_OFFSET);
  // Not asked for: the field is reserved and may hold anything.
  EXPECT_EQ(Parse(IbLogin().Put16(28, 0xffff).Cut(64), false, &l), PROTO_LOGIN_OK);
}

TEST(LoginReject, EveryResultHasAStandardReason) {
  EXPECT_EQ(proto_login_reject_reason(PROTO_LOGIN_SHORT), 0x00010000);
  EXPECT_EQ(proto_login_reject_reason(PROTO_LOGIN_OPCODE), 0x00010000);
  EXPECT_EQ(proto_login_reject_reason(PROTO_LOGIN_IU_SMALL), 0x00010000);
  EXPECT_EQ(proto_login_reject_reason(PROTO_LOGIN_IU_LARGE), 0x00010002);
  EXPECT_EQ(proto_login_reject_reason(PROTO_LOGIN_FORMAT), 0x00010004);
  EXPECT_EQ(proto_login_reject_reason(PROTO_LOGIN_IMM_OFFSET), 0x00010004);
  EXPECT_EQ(proto_login_reject_reason(PROTO_LOGIN_MULTICHAN), 0x00010005);
  EXPECT_EQ(proto_login_reject_reason(PROTO_LOGIN_OK), 0x00010000);
}

TEST(LoginText, IsDistinctForEveryResultAndReason) {
  std::vector<std::string> seen;
  for (int i = PROTO_LOGIN_OK; i <= PROTO_LOGIN_IMM_OFFSET + 1; i++) {
    const std::string text = proto_login_result_text(static_cast<proto_login_result>(i));
    EXPECT_FALSE(text.empty());
    for (const std::string& s : seen) EXPECT_NE(s, text);
    seen.push_back(text);
  }
  for (u32 r = PROTO_REJ_UNABLE_ESTABLISH_CHANNEL; r <= PROTO_REJ_CHANNEL_LIMIT_REACHED + 1; r++) {
    const std::string text = proto_rej_reason_text(r);
    EXPECT_FALSE(text.empty());
    for (const std::string& s : seen) EXPECT_NE(s, text);
    seen.push_back(text);
  }
  EXPECT_STREQ(proto_rej_reason_text(0), proto_rej_reason_text(0xffffffff));
}

TEST(LoginBuild, ResponseBytes) {
  const proto_login_accept a = {.tag = 0x0102030405060708,
                                .req_lim_delta = 128,
                                .max_it_iu_len = 8260,
                                .max_ti_iu_len = 260,
                                .buf_fmt = PROTO_BUF_DIRECT | PROTO_BUF_INDIRECT,
                                .flags = PROTO_RSP_MULTICHAN_KEPT | PROTO_RSP_IMMED_SUPPORTED};
  Iu iu(PROTO_LOGIN_RSP_LEN, 0xee);
  ASSERT_EQ(proto_login_build_rsp(iu.data(), iu.size(), &a), 52U);
  EXPECT_EQ(Hex(iu.data(), 52),
            "c000000000000080"
            "0102030405060708"
            "0000204400000104"
            "0006820000000000"
            "0000000000000000"
            "0000000000000000"
            "00000000");
  EXPECT_EQ(proto_login_build_rsp(iu.data(), 51, &a), 0U);
}

TEST(LoginBuild, RejectBytes) {
  Iu iu(PROTO_LOGIN_REJ_LEN, 0xee);
  ASSERT_EQ(proto_login_build_rej(iu.data(), iu.size(), 0x0102030405060708,
                                  PROTO_REJ_CHANNEL_LIMIT_REACHED, 6),
            32U);
  EXPECT_EQ(Hex(iu.data(), 32),
            "c200000000010006"
            "0102030405060708"
            "0000000000000000"
            "0006000000000000");
  EXPECT_EQ(proto_login_build_rej(iu.data(), 31, 0, 0, 0), 0U);
}

}  // namespace
}  // namespace proto_test
