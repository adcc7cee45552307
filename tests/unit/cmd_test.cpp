// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

constexpr proto_limits kLimits = {
    .max_data_len = 1 << 20, .max_desc = 255, .imm_offset = PROTO_IMM_DATA_OFFSET};
constexpr proto_limits kNoImm = {.max_data_len = 1 << 20, .max_desc = 255, .imm_offset = 0};

constexpr u8 In(u8 fmt) { return fmt; }
constexpr u8 Out(u8 fmt) { return static_cast<u8>(fmt << 4); }

// A command with @extra bytes behind the fixed part.
Iu Cmd(u8 buf_fmt, std::size_t extra) {
  return Iu(PROTO_CMD_LEN + extra)
      .Put8(0, PROTO_CMD)
      .Put8(1, PROTO_UCSOLNT)
      .Put8(5, buf_fmt)
      .Put64(8, 0x1020304050607080)
      .Put64(20, 0x0003000000000000)
      .Put8(32, 0x28)
      .Put8(47, 0x99)
      .Cut(PROTO_CMD_LEN + extra);
}

proto_cmd_result Parse(const Iu& iu, proto_cmd* cmd, const proto_limits& lim = kLimits) {
  std::memset(cmd, 0xa5, sizeof(*cmd));
  return proto_cmd_parse(iu.data(), iu.size(), &lim, cmd);
}

proto_cmd_result Parse(const Iu& iu, const proto_limits& lim = kLimits) {
  proto_cmd cmd;
  return Parse(iu, &cmd, lim);
}

// Indirect: table of @table_len bytes, @count entries of @each bytes present.
Iu Indirect(u8 buf_fmt, u32 table_len, u8 count, u32 each, u32 total) {
  Iu iu = Cmd(buf_fmt, PROTO_INDIRECT_LEN + count * PROTO_DESC_LEN);
  iu.Put8(6, buf_fmt >> 4 ? count : 0).Put8(7, buf_fmt & 0xf ? count : 0);
  iu.PutDesc(48, 0xaabb0000, 0x77, table_len).Put32(64, total);
  for (u32 i = 0; i < count; i++)
    iu.PutDesc(68 + i * PROTO_DESC_LEN, 0x100000 * (i + 1), 0x10 + i, each);
  return iu;
}

TEST(CmdParse, NoData) {
  proto_cmd cmd;
  const Iu iu = Cmd(0, 0);
  ASSERT_EQ(Parse(iu, &cmd), PROTO_CMD_OK);
  EXPECT_EQ(cmd.tag, 0x1020304050607080U);
  EXPECT_EQ(Hex(cmd.lun, 8), "0003000000000000");
  EXPECT_EQ(cmd.task_attr, PROTO_ATTR_SIMPLE);
  EXPECT_EQ(cmd.sol_not, PROTO_UCSOLNT);
  EXPECT_EQ(cmd.cdb, iu.data() + 32);
  EXPECT_EQ(cmd.cdb_len, 16U);
  EXPECT_EQ(cmd.cdb[0], 0x28);
  EXPECT_EQ(cmd.cdb[15], 0x99);
  EXPECT_EQ(cmd.dir, PROTO_DIR_NONE);
  EXPECT_EQ(cmd.fmt, PROTO_FMT_NONE);
  EXPECT_EQ(cmd.data_len, 0U);
  EXPECT_EQ(cmd.n_desc, 0U);
  EXPECT_FALSE(cmd.external);
  EXPECT_EQ(cmd.imm_data, nullptr);
}

TEST(CmdParse, ShorterThanTheFixedPart) {
  for (std::size_t len = 0; len < PROTO_CMD_LEN; len++)
    EXPECT_EQ(Parse(Cmd(0, 0).Cut(len)), PROTO_CMD_SHORT) << len;
}

TEST(CmdParse, AdditionalCdbIsContiguousAndItsLowBitsAreReserved) {
  proto_cmd cmd;
  Iu iu = Cmd(0, 252);
  iu.Put8(31, 16 | 3);
  ASSERT_EQ(Parse(iu, &cmd), PROTO_CMD_OK);
  EXPECT_EQ(cmd.cdb_len, 32U);
  iu.Put8(31, 0xff);
  ASSERT_EQ(Parse(iu, &cmd), PROTO_CMD_OK);
  EXPECT_EQ(cmd.cdb_len, 16U + 252U);
  EXPECT_EQ(Parse(iu.Cut(PROTO_CMD_LEN + 251), &cmd), PROTO_CMD_TRUNCATED);
  EXPECT_EQ(cmd.tag, 0x1020304050607080U);
  EXPECT_EQ(cmd.cdb_len, 16U);
}

TEST(CmdParse, DescriptorsBeginBehindTheAdditionalCdb) {
  proto_cmd cmd;
  Iu iu = Cmd(In(PROTO_FMT_DIRECT), 8 + 16);
  iu.Put8(31, 8).PutDesc(56, 0x1000, 5, 512);
  ASSERT_EQ(Parse(iu, &cmd), PROTO_CMD_OK);
  EXPECT_EQ(cmd.table, iu.data() + 56);
  EXPECT_EQ(cmd.data_len, 512U);
  EXPECT_EQ(Parse(iu.Cut(71), &cmd), PROTO_CMD_TRUNCATED);
}

TEST(CmdParse, TaskAttributes) {
  proto_cmd cmd;
  for (int attr = 0; attr < 256; attr++) {
    const int low = attr & 7;
    const bool known = low <= 2 || low == 4;
    Iu iu = Cmd(0, 0);
    iu.Put8(29, static_cast<u8>(attr));
    ASSERT_EQ(Parse(iu, &cmd), known ? PROTO_CMD_OK : PROTO_CMD_ATTR) << attr;
    EXPECT_EQ(cmd.task_attr, low);
    EXPECT_EQ(cmd.tag, 0x1020304050607080U);
  }
}

TEST(CmdParse, EveryFormatByte) {
  for (int fmt = 0; fmt < 256; fmt++) {
    const int in = fmt & 0xf;
    const int out = fmt >> 4;
    proto_cmd cmd;
    const proto_cmd_result res = Parse(Cmd(static_cast<u8>(fmt), 64), &cmd);
    if (in > 3 || out > 3) {
      EXPECT_EQ(res, PROTO_CMD_FORMAT) << fmt;
    } else if (in && out) {
      EXPECT_EQ(res, PROTO_CMD_BIDI) << fmt;
      EXPECT_EQ(cmd.dir, PROTO_DIR_BOTH);
    } else if (in == PROTO_FMT_IMM) {
      EXPECT_EQ(res, PROTO_CMD_IMM) << fmt;
    } else {
      EXPECT_EQ(res, PROTO_CMD_OK) << fmt;
      EXPECT_EQ(cmd.dir, in ? PROTO_DIR_IN : out ? PROTO_DIR_OUT : PROTO_DIR_NONE);
      EXPECT_EQ(cmd.fmt, in + out);
    }
  }
}

TEST(CmdDirect, OneDescriptor) {
  for (u8 fmt : {In(PROTO_FMT_DIRECT), Out(PROTO_FMT_DIRECT)}) {
    for (u8 count : {0, 1, 2, 255}) {
      Iu iu = Cmd(fmt, 16);
      iu.PutDesc(48, 0x123456789abc, 0xcafe, 4096);
      iu.Put8(fmt & 0xf ? 7 : 6, count);
      proto_cmd cmd;
      if (count > 1) {
        EXPECT_EQ(Parse(iu, &cmd), PROTO_CMD_COUNT);
        continue;
      }
      ASSERT_EQ(Parse(iu, &cmd), PROTO_CMD_OK);
      EXPECT_EQ(cmd.n_desc, 1U);
      EXPECT_EQ(cmd.n_table, 1U);
      EXPECT_EQ(cmd.data_len, 4096U);
      EXPECT_FALSE(cmd.external);
      proto_desc d;
      proto_desc_get(cmd.table, 0, &d);
      EXPECT_EQ(d.va, 0x123456789abcU);
      EXPECT_EQ(d.key, 0xcafeU);
      EXPECT_EQ(d.len, 4096U);
      EXPECT_EQ(Parse(iu.Cut(63)), PROTO_CMD_TRUNCATED);
      EXPECT_EQ(Parse(iu.Cut(48)), PROTO_CMD_TRUNCATED);
    }
  }
}

TEST(CmdDirect, LengthLimitsAndWrap) {
  proto_cmd cmd;
  Iu iu = Cmd(Out(PROTO_FMT_DIRECT), 16);
  iu.PutDesc(48, 0x1000, 1, 0);
  ASSERT_EQ(Parse(iu, &cmd), PROTO_CMD_OK);
  EXPECT_EQ(cmd.data_len, 0U);
  EXPECT_EQ(Parse(iu.PutDesc(48, 0x1000, 1, kLimits.max_data_len)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(iu.PutDesc(48, 0x1000, 1, kLimits.max_data_len + 1)), PROTO_CMD_TOO_LARGE);
  EXPECT_EQ(Parse(iu.PutDesc(48, 0x1000, 1, 0xffffffff)), PROTO_CMD_TOO_LARGE);
  EXPECT_EQ(Parse(iu.PutDesc(48, ~0ULL - 4095, 1, 4096)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(iu.PutDesc(48, ~0ULL - 4094, 1, 4096)), PROTO_CMD_LENGTH);
}

TEST(CmdIndirect, WholeTableInTheIu) {
  for (u8 fmt : {In(PROTO_FMT_INDIRECT), Out(PROTO_FMT_INDIRECT)}) {
    const Iu iu = Indirect(fmt, 3 * 16, 3, 4096, 3 * 4096);
    proto_cmd cmd;
    ASSERT_EQ(Parse(iu, &cmd), PROTO_CMD_OK);
    EXPECT_EQ(cmd.dir, fmt & 0xf ? PROTO_DIR_IN : PROTO_DIR_OUT);
    EXPECT_EQ(cmd.table, iu.data() + 68);
    EXPECT_EQ(cmd.n_desc, 3U);
    EXPECT_EQ(cmd.n_table, 3U);
    EXPECT_EQ(cmd.data_len, 3U * 4096U);
    EXPECT_FALSE(cmd.external);
    for (std::size_t len = PROTO_CMD_LEN; len < iu.size(); len++)
      ASSERT_EQ(Parse(iu.Cut(len)), PROTO_CMD_TRUNCATED) << len;
  }
}

TEST(CmdIndirect, CountOfTheOtherDirectionIsNotUsed) {
  Iu iu = Indirect(In(PROTO_FMT_INDIRECT), 16, 1, 512, 512);
  iu.Put8(6, 200);
  EXPECT_EQ(Parse(iu), PROTO_CMD_OK);
}

TEST(CmdIndirect, PartialListMeansFetchTheTable) {
  proto_cmd cmd;
  ASSERT_EQ(Parse(Indirect(In(PROTO_FMT_INDIRECT), 64 * 16, 12, 4096, 64 * 4096), &cmd),
            PROTO_CMD_OK);
  EXPECT_TRUE(cmd.external);
  EXPECT_EQ(cmd.n_desc, 12U);
  EXPECT_EQ(cmd.n_table, 64U);
  EXPECT_EQ(cmd.table_desc.va, 0xaabb0000U);
  EXPECT_EQ(cmd.table_desc.key, 0x77U);
  EXPECT_EQ(cmd.table_desc.len, 64U * 16U);
  EXPECT_EQ(cmd.data_len, 64U * 4096U);
  // None at all in the IU is legal, too.
  ASSERT_EQ(Parse(Indirect(In(PROTO_FMT_INDIRECT), 16, 0, 0, 4096), &cmd), PROTO_CMD_OK);
  EXPECT_TRUE(cmd.external);
  EXPECT_EQ(cmd.n_desc, 0U);
  EXPECT_EQ(cmd.n_table, 1U);
}

TEST(CmdIndirect, EmptyTable) {
  proto_cmd cmd;
  ASSERT_EQ(Parse(Indirect(Out(PROTO_FMT_INDIRECT), 0, 0, 0, 0), &cmd), PROTO_CMD_OK);
  EXPECT_EQ(cmd.data_len, 0U);
  EXPECT_EQ(cmd.n_desc, 0U);
  EXPECT_FALSE(cmd.external);
  EXPECT_EQ(Parse(Indirect(Out(PROTO_FMT_INDIRECT), 0, 0, 0, 512)), PROTO_CMD_LENGTH);
}

TEST(CmdIndirect, TableLengthAndCount) {
  for (u32 len : {1U, 15U, 17U, 0xffffffffU})
    EXPECT_EQ(Parse(Indirect(In(2), len, 0, 0, 0)), PROTO_CMD_TABLE) << len;
  EXPECT_EQ(Parse(Indirect(In(2), 255 * 16, 255, 16, 255 * 16)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(Indirect(In(2), 256 * 16, 255, 16, 256 * 16)), PROTO_CMD_TABLE);
  EXPECT_EQ(Parse(Indirect(In(2), 0xfffffff0, 1, 16, 16)), PROTO_CMD_TABLE);
  EXPECT_EQ(Parse(Indirect(In(2), 16, 2, 16, 32)), PROTO_CMD_COUNT);
  EXPECT_EQ(Parse(Indirect(In(2), 0, 1, 16, 16)), PROTO_CMD_COUNT);
}

TEST(CmdIndirect, TotalMustAgreeWithTheEntries) {
  EXPECT_EQ(Parse(Indirect(In(2), 32, 2, 512, 1023)), PROTO_CMD_LENGTH);
  EXPECT_EQ(Parse(Indirect(In(2), 32, 2, 512, 1025)), PROTO_CMD_LENGTH);
  EXPECT_EQ(Parse(Indirect(In(2), 32, 2, 512, 1024)), PROTO_CMD_OK);
  // A sum that would be right only modulo 2^32
  EXPECT_EQ(Parse(Indirect(In(2), 32, 2, 0x80000000, 0)), PROTO_CMD_LENGTH);
  // Partial list: may be less than the total, not more.
  EXPECT_EQ(Parse(Indirect(In(2), 48, 2, 512, 1024)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(Indirect(In(2), 48, 2, 512, 1023)), PROTO_CMD_LENGTH);
  EXPECT_EQ(Parse(Indirect(In(2), 48, 2, 0x80000000, 0)), PROTO_CMD_LENGTH);
}

TEST(CmdIndirect, TotalOverTheLimit) {
  EXPECT_EQ(Parse(Indirect(In(2), 32, 2, 1 << 19, 1 << 20)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(Indirect(In(2), 32, 2, (1 << 19) + 1, (1 << 20) + 2)), PROTO_CMD_TOO_LARGE);
  EXPECT_EQ(Parse(Indirect(In(2), 32, 1, 1, 0xffffffff)), PROTO_CMD_TOO_LARGE);
}

TEST(CmdIndirect, ExternalTableMayNotWrapTheAddressSpace) {
  Iu iu = Indirect(In(2), 32, 1, 512, 1024);
  EXPECT_EQ(Parse(iu.PutDesc(48, ~0ULL - 31, 1, 32)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(iu.PutDesc(48, ~0ULL - 30, 1, 32)), PROTO_CMD_TABLE);
}

Iu Imm(u32 n, std::size_t data) {
  Iu iu = Cmd(Out(PROTO_FMT_IMM), PROTO_IMM_DATA_OFFSET - PROTO_CMD_LEN + data);
  iu.Put32(48, n);
  return iu;
}

TEST(CmdImm, DataInTheIu) {
  proto_cmd cmd;
  const Iu iu = Imm(512, 512);
  ASSERT_EQ(Parse(iu, &cmd), PROTO_CMD_OK);
  EXPECT_EQ(cmd.dir, PROTO_DIR_OUT);
  EXPECT_EQ(cmd.fmt, PROTO_FMT_IMM);
  EXPECT_EQ(cmd.imm_data, iu.data() + 68);
  EXPECT_EQ(cmd.data_len, 512U);
  EXPECT_EQ(cmd.n_desc, 0U);
}

TEST(CmdImm, Limits) {
  EXPECT_EQ(Parse(Imm(0, 0)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(Imm(512, 511)), PROTO_CMD_IMM);
  EXPECT_EQ(Parse(Imm(512, 513)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(Imm(PROTO_IMM_DATA_MAX, PROTO_IMM_DATA_MAX)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(Imm(PROTO_IMM_DATA_MAX + 1, PROTO_IMM_DATA_MAX + 1)), PROTO_CMD_IMM);
  EXPECT_EQ(Parse(Imm(0xffffffff, 512)), PROTO_CMD_IMM);
  EXPECT_EQ(Parse(Imm(0xffffffbc, 512)), PROTO_CMD_IMM);  // offset + length = 2^32
  const proto_limits small = {.max_data_len = 511, .max_desc = 1, .imm_offset = 68};
  EXPECT_EQ(Parse(Imm(511, 512), small), PROTO_CMD_OK);
  EXPECT_EQ(Parse(Imm(512, 512), small), PROTO_CMD_TOO_LARGE);
}

TEST(CmdImm, IuThatEndsBeforeTheData) {
  EXPECT_EQ(Parse(Imm(0, 0).Cut(67)), PROTO_CMD_IMM);
  EXPECT_EQ(Parse(Imm(0, 0).Cut(52)), PROTO_CMD_IMM);
  EXPECT_EQ(Parse(Imm(0, 0).Cut(51)), PROTO_CMD_TRUNCATED);
  EXPECT_EQ(Parse(Imm(0, 0).Cut(48)), PROTO_CMD_TRUNCATED);
}

TEST(CmdImm, NotNegotiatedOrForAReadOrOverTheCommand) {
  EXPECT_EQ(Parse(Imm(512, 512), kNoImm), PROTO_CMD_FORMAT);
  EXPECT_EQ(Parse(Imm(512, 512).Put8(5, In(PROTO_FMT_IMM)).Cut(580)), PROTO_CMD_IMM);
  // An additional CDB that reaches into the data area
  EXPECT_EQ(Parse(Imm(512, 512).Put8(31, 16).Put32(64, 512).Cut(580)), PROTO_CMD_OK);
  EXPECT_EQ(Parse(Imm(512, 512).Put8(31, 20).Put32(68, 508).Cut(580)), PROTO_CMD_IMM);
}

TEST(CmdResult, TextIsDistinct) {
  std::vector<std::string> seen;
  for (int i = PROTO_CMD_OK; i <= PROTO_CMD_ATTR + 1; i++) {
    const std::string text = proto_cmd_result_text(static_cast<proto_cmd_result>(i));
    EXPECT_FALSE(text.empty());
    for (const std::string& s : seen) EXPECT_NE(s, text);
    seen.push_back(text);
  }
}

TEST(CmdResult, SenseIsIllegalRequestInformationUnit) {
  u8 key, asc, ascq;
  proto_cmd_result_sense(PROTO_CMD_OK, &key, &asc, &ascq);
  EXPECT_EQ(key | asc | ascq, 0);
  for (int i = PROTO_CMD_SHORT; i <= PROTO_CMD_ATTR; i++) {
    proto_cmd_result_sense(static_cast<proto_cmd_result>(i), &key, &asc, &ascq);
    EXPECT_EQ(key, 5) << i;
    EXPECT_EQ(asc, 0x0e) << i;
    EXPECT_EQ(ascq, i == PROTO_CMD_SHORT || i == PROTO_CMD_TRUNCATED ? 1 : 3) << i;
  }
}

TEST(SenseBuild, FixedFormat) {
  Iu iu(18, 0xee);
  ASSERT_EQ(proto_sense_build(iu.data(), 18, 5, 0x0e, 3), 18U);
  EXPECT_EQ(Hex(iu.data(), 18), "700005000000000a000000000e0300000000");
  EXPECT_EQ(proto_sense_build(iu.data(), 17, 5, 0x0e, 3), 0U);
}

}  // namespace
}  // namespace proto_test
