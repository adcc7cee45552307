// SPDX-License-Identifier: GPL-2.0
// Commands as the standard means them, r16a 5.4, 6.8, 6.9: every form of
// buffer in both directions, residuals, sense, attributes, notification.
// Data goes one way by the form under test and back by a direct descriptor of
// the second session, or the other way round.
#include <algorithm>

#include "fixture.hpp"

namespace srp {
namespace {

constexpr uint32_t kLba = 1000;

class Command : public Conformance {
 protected:
  void SetUp() override {
    ch_ = open();
    ASSERT_TRUE(ch_);
  }
  std::optional<Response> in(const Cdb& cdb, Region& mem, size_t len, unsigned lun = kDisk) {
    return ch_->execute(cmd_direct(ch_->next_tag(), lun, cdb, Dir::kIn, mem.desc(0, len)));
  }
  ChannelPtr ch_;
};

TEST_F(Command, Inquiry) {
  auto mem = ch_->region(96);
  ASSERT_TRUE(good(in(cdb_inquiry(96), *mem, 96)));
  EXPECT_EQ(std::string(mem->bytes().begin() + 8, mem->bytes().begin() + 16), "LIO-ORG ");
}

TEST_F(Command, ReadCapacity) {
  auto mem = ch_->region(32);
  ASSERT_TRUE(good(in(cdb_read_capacity16(32), *mem, 32)));
  EXPECT_EQ(proto_get_be32(&mem->bytes()[8]), kBlock);
  EXPECT_GT(proto_get_be64(&mem->bytes()[0]), 65535u);
}

TEST_F(Command, ReportLunsListsBoth) {
  auto mem = ch_->region(256);
  ASSERT_TRUE(good(in(cdb_report_luns(256), *mem, 256)));
  EXPECT_EQ(proto_get_be32(&mem->bytes()[0]), 16u);
}

TEST_F(Command, WithoutDataAndWithoutBuffer) {
  EXPECT_TRUE(good(ch_->execute(cmd(ch_->next_tag(), kDisk, cdb_test_unit_ready()))));
}

TEST_F(Command, TagsComeBackAsTheyWere_r16a_6_9) {
  for (const uint64_t tag : {uint64_t{0}, ~uint64_t{0}, uint64_t{1} << 63, uint64_t{0xffffffff}})
    EXPECT_TRUE(good(ch_->execute(cmd(tag, kDisk, cdb_test_unit_ready())))) << tag;
}

TEST_F(Command, TwoWithTheSameTagAreBothAnswered) {
  const Bytes iu = cmd(42, kDisk, cdb_test_unit_ready());
  ch_->send(iu);
  ch_->send(iu);
  EXPECT_TRUE(ch_->wait(42).has_value());
  EXPECT_TRUE(ch_->wait(42).has_value());
  EXPECT_FALSE(ch_->closed());
}

class CommandSize : public Command, public ::testing::WithParamInterface<size_t> {};

TEST_P(CommandSize, DirectRead_r16a_5_4_1) {
  const Bytes data = pattern(GetParam(), GetParam());
  write_blocks(witness(), kLba, data);
  EXPECT_TRUE(read_blocks(*ch_, kLba, data.size()) == data) << "data differ";
}

TEST_P(CommandSize, DirectWrite_r16a_5_4_1) {
  const Bytes data = pattern(GetParam(), GetParam() + 1);
  write_blocks(*ch_, kLba, data);
  EXPECT_TRUE(read_blocks(witness(), kLba, data.size()) == data) << "data differ";
}
INSTANTIATE_TEST_SUITE_P(Bytes, CommandSize,
                         ::testing::Values(512, 4096, 8192, 8704, 65536, 131072, 1 << 20));

TEST_F(Command, UnalignedBuffer) {
  const Bytes data = pattern(16 * kBlock, 77);
  auto mem = ch_->region(data.size() + 64);
  for (const size_t offset : {1, 3, 63}) {
    std::copy(data.begin(), data.end(), mem->bytes().begin() + offset);
    ASSERT_TRUE(good(ch_->execute(cmd_direct(ch_->next_tag(), kDisk, cdb_write10(kLba, 16),
                                             Dir::kOut, mem->desc(offset, data.size())))));
    fill(mem->bytes(), 1);
    ASSERT_TRUE(good(ch_->execute(cmd_direct(ch_->next_tag(), kDisk, cdb_read10(kLba, 16), Dir::kIn,
                                             mem->desc(offset, data.size())))));
    EXPECT_TRUE(std::equal(data.begin(), data.end(), mem->bytes().begin() + offset)) << offset;
  }
}

// How a transfer is cut into descriptors
struct Cut {
  const char* name;
  size_t descs;
  size_t in_iu;   // of them in the command; fewer: the target fetches the table
  size_t gap;     // bytes between them; 0: they touch, and may be merged
  bool reversed;  // the last of the buffer comes first
  size_t empty;   // every so many, one of no length; 0: none
};

void PrintTo(const Cut& c, std::ostream* out) { *out << c.name; }

class Indirect : public Command, public ::testing::WithParamInterface<Cut> {
 protected:
  static constexpr size_t kLen = 64 * kBlock;

  void SetUp() override {
    Command::SetUp();
    const Cut& cut = GetParam();
    mem_ = ch_->region(kLen + cut.descs * cut.gap + 1);
    size_t used = 1, left = kLen, rest = cut.descs - (cut.empty ? cut.descs / cut.empty : 0);
    for (size_t i = 0; i < cut.descs; i++) {
      if (cut.empty && i % cut.empty == cut.empty - 1) {
        descs_.push_back(mem_->desc(0, 0));
        continue;
      }
      // Of odd lengths, so that nothing is aligned
      const size_t len = rest > 1 ? (left / rest) | 1 : left;
      descs_.push_back(mem_->desc(used, len));
      used += len + cut.gap;
      left -= len;
      rest--;
    }
    if (cut.reversed) std::reverse(descs_.begin(), descs_.end());
    const Bytes raw = table_bytes(descs_);
    table_ = ch_->region(raw.size());
    std::copy(raw.begin(), raw.end(), table_->bytes().begin());
  }
  std::span<uint8_t> part(const Desc& d) {
    return mem_->bytes().subspan(d.va - mem_->desc().va, d.len);
  }
  std::optional<Response> run(const Cdb& cdb, Dir dir) {
    return ch_->execute(
        cmd_indirect(ch_->next_tag(), kDisk, cdb, dir, descs_, GetParam().in_iu, table_->desc()));
  }
  std::unique_ptr<Region> mem_, table_;
  std::vector<Desc> descs_;
};

TEST_P(Indirect, Read_r16a_5_4_2) {
  const Bytes data = pattern(kLen, 5);
  write_blocks(witness(), kLba, data);
  ASSERT_TRUE(good(run(cdb_read10(kLba, kLen / kBlock), Dir::kIn)));
  Bytes got;
  for (const Desc& d : descs_) got.insert(got.end(), part(d).begin(), part(d).end());
  EXPECT_TRUE(got == data) << "data differ";
}

TEST_P(Indirect, Write_r16a_5_4_2) {
  const Bytes data = pattern(kLen, 6);
  size_t at = 0;
  for (const Desc& d : descs_) {
    std::copy_n(data.begin() + at, d.len, part(d).begin());
    at += d.len;
  }
  ASSERT_TRUE(good(run(cdb_write10(kLba, kLen / kBlock), Dir::kOut)));
  EXPECT_TRUE(read_blocks(witness(), kLba, kLen) == data) << "data differ";
}

const Cut kCuts[] = {
    {"One", 1, 1, 0, false, 0},
    {"Two", 2, 2, 16, false, 0},
    {"Twelve", 12, 12, 3, false, 0},
    {"TwelveReversed", 12, 12, 0, true, 0},
    {"TwelveAdjacent", 12, 12, 0, false, 0},
    {"WithEmptyOnes", 24, 24, 5, false, 3},
    {"EmptyOnesBetweenAdjacent", 24, 24, 0, false, 2},
    {"AsManyAsTheCountHolds", 255, 255, 7, false, 0},
    {"ExternalOne", 1, 0, 0, false, 0},
    {"ExternalNothingInCommand", 32, 0, 9, false, 0},
    {"ExternalPartInCommand", 32, 2, 9, false, 0},
    {"ExternalAllButOne", 12, 11, 9, true, 0},
    {"ExternalAdjacent", 64, 1, 0, false, 0},
    {"ExternalEmptyOnes", 60, 3, 2, false, 4},
    {"ExternalMoreThanACountHolds", 600, 12, 1, false, 0},
};
INSTANTIATE_TEST_SUITE_P(Cut, Indirect, ::testing::ValuesIn(kCuts),
                         [](const auto& info) { return std::string(info.param.name); });

// Field defect 4: more descriptors than 8 bit count.
TEST_F(Command, LargestExternalTable) {
  constexpr size_t kDescs = 4096;
  const Bytes data = pattern(kDescs * 16, 9);
  auto mem = ch_->region(kDescs * 32);
  std::vector<Desc> descs;
  for (size_t i = 0; i < kDescs; i++) descs.push_back(mem->desc(i * 32, 16));
  const Bytes raw = table_bytes(descs);
  auto table = ch_->region(raw.size());
  std::copy(raw.begin(), raw.end(), table->bytes().begin());
  for (size_t i = 0; i < kDescs; i++)
    std::copy_n(data.begin() + i * 16, 16, mem->bytes().begin() + i * 32);
  ASSERT_TRUE(good(
      ch_->execute(cmd_indirect(ch_->next_tag(), kDisk, cdb_write10(kLba, data.size() / kBlock),
                                Dir::kOut, descs, 4, table->desc()))));
  EXPECT_TRUE(read_blocks(witness(), kLba, data.size()) == data) << "data differ";
}

class Immediate : public Conformance,
                  public ::testing::WithParamInterface<std::pair<size_t, size_t>> {};

// Linux extension; data at the offset of the login, used in place if aligned
TEST_P(Immediate, Write) {
  const auto [offset, len] = GetParam();
  LoginRequest req = request();
  req.imm_offset = static_cast<uint16_t>(offset);
  ChannelPtr ch = open(req);
  ASSERT_TRUE(ch);
  const Bytes data = pattern(len, offset + len);
  for (int i = 0; i < 3; i++)
    ASSERT_TRUE(good(ch->execute(
        cmd_immediate(ch->next_tag(), kDisk, cdb_write10(kLba, static_cast<uint16_t>(len / kBlock)),
                      data, offset))));
  EXPECT_TRUE(read_blocks(witness(), kLba, len) == data) << "data differ";
}
INSTANTIATE_TEST_SUITE_P(OffsetAndLength, Immediate,
                         ::testing::Values(std::pair{68, 512}, std::pair{68, 4096},
                                           std::pair{68, 8192}, std::pair{52, 8192},
                                           std::pair{512, 512}, std::pair{512, 7680},
                                           std::pair{67, 1024}, std::pair{7748, 512}));

TEST_F(Command, NoBlocksIntoAnEmptyBuffer) {
  auto mem = ch_->region(16);
  EXPECT_TRUE(good(in(cdb_read10(0, 0), *mem, 0)));
  EXPECT_TRUE(good(ch_->execute(
      cmd_direct(ch_->next_tag(), kDisk, cdb_write10(0, 0), Dir::kOut, mem->desc(0, 0)))));
}

TEST_F(Command, NoBlocksWithEmptyImmediateData) {
  EXPECT_TRUE(good(ch_->execute(cmd_immediate(ch_->next_tag(), kDisk, cdb_write10(0, 0), {}))));
}

TEST_F(Command, DataBehindAnAdditionalCdb_r16a_6_8) {
  const Bytes data = pattern(kBlock, 12);
  write_blocks(witness(), kLba, data);
  auto mem = ch_->region(kBlock);
  Bytes iu = cmd_direct(ch_->next_tag(), kDisk, cdb_read10(kLba, 1), Dir::kIn, mem->desc());
  iu[kCmdAddCdb] = 4 << 2;  // in dwords
  iu.insert(iu.begin() + kCmdDesc, 16, 0);
  ASSERT_TRUE(good(ch_->execute(iu)));
  EXPECT_TRUE(std::equal(data.begin(), data.end(), mem->bytes().begin()));
}

TEST_F(Command, ReadUnderflowTellsDIUNDER_r16a_6_9) {
  auto mem = ch_->region(4096);
  fill(mem->bytes(), 3);
  const Bytes before(mem->bytes().begin(), mem->bytes().end());
  const auto r = in(cdb_read10(kLba, 2), *mem, 4096);
  ASSERT_TRUE(good(r));
  EXPECT_EQ(r->flags, PROTO_RSP_DIUNDER);
  EXPECT_EQ(r->in_resid, 4096 - 2 * kBlock);
  EXPECT_TRUE(
      std::equal(before.begin() + 2 * kBlock, before.end(), mem->bytes().begin() + 2 * kBlock))
      << "more was written than told";
}

TEST_F(Command, InquiryUnderflowTellsDIUNDER) {
  auto mem = ch_->region(4096);
  const auto r = in(cdb_inquiry(36), *mem, 4096);
  ASSERT_TRUE(good(r));
  EXPECT_EQ(r->flags, PROTO_RSP_DIUNDER);
  EXPECT_EQ(r->in_resid, 4096u - 36);
}

TEST_F(Command, ReadOverflowTellsDIOVER_r16a_6_9) {
  const Bytes data = pattern(8 * kBlock, 14);
  write_blocks(witness(), kLba, data);
  auto mem = ch_->region(8 * kBlock);
  fill(mem->bytes(), 3);
  const Bytes before(mem->bytes().begin(), mem->bytes().end());
  const auto r = in(cdb_read10(kLba, 8), *mem, 2 * kBlock);
  ASSERT_TRUE(r.has_value());
  EXPECT_TRUE(r->flags & PROTO_RSP_DIOVER);
  EXPECT_EQ(r->in_resid, 6 * kBlock);
  EXPECT_TRUE(
      std::equal(before.begin() + 2 * kBlock, before.end(), mem->bytes().begin() + 2 * kBlock))
      << "wrote past the buffer";
}

TEST_F(Command, ReadIntoNothingTellsDIOVER) {
  auto mem = ch_->region(16);
  const auto r = in(cdb_read10(kLba, 1), *mem, 0);
  ASSERT_TRUE(r.has_value());
  EXPECT_FALSE(ch_->closed());
}

// PERSISTENT RESERVE OUT, REGISTER of key 0 by one that is not registered:
// a data-out command that changes nothing. Its parameter list has 24 bytes;
// LIO hands it all of the buffer and complains of the length, but the
// residual has to be right.
TEST_F(Command, WriteUnderflowTellsDOUNDER_r16a_6_9) {
  auto mem = ch_->region(64);
  Cdb cdb{0x5f};
  cdb[8] = 24;
  const auto r = ch_->execute(cmd_direct(ch_->next_tag(), kDisk, cdb, Dir::kOut, mem->desc()));
  EXPECT_TRUE(good(r) || check(r, 5, 0x1a00));
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->flags & ~PROTO_RSP_SNSVALID, PROTO_RSP_DOUNDER);
  EXPECT_EQ(r->out_resid, 40u);
}

TEST_F(Command, WriteOverflowTellsDOOVERAndWritesNothing_r16a_6_9) {
  const Bytes data = pattern(8 * kBlock, 15);
  write_blocks(witness(), kLba, data);
  auto mem = ch_->region(2 * kBlock);
  const auto r = ch_->execute(
      cmd_direct(ch_->next_tag(), kDisk, cdb_write10(kLba, 8), Dir::kOut, mem->desc()));
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->status, 2) << "LIO refuses a WRITE that is longer than its buffer";
  EXPECT_TRUE(r->flags & PROTO_RSP_DOOVER);
  EXPECT_EQ(r->out_resid, 6 * kBlock);
  EXPECT_TRUE(read_blocks(witness(), kLba, data.size()) == data) << "data differ";
}

// Field defect 11: sense as long as it says, and not cut.
TEST_F(Command, CheckConditionCarriesSense_r16a_6_9) {
  auto mem = ch_->region(kBlock);
  const auto past = in(cdb_read10(0x7fffffff, 1), *mem, kBlock);
  EXPECT_TRUE(check(past, 5, 0x2100));
  ASSERT_TRUE(past.has_value());
  EXPECT_GE(past->sense.size(), 14u);
  EXPECT_EQ(past->data.size(), 0u);
  Cdb unknown{0xff};
  EXPECT_TRUE(check(ch_->execute(cmd(ch_->next_tag(), kDisk, unknown)), 5, 0x2000));
}

TEST_F(Command, UnknownLun) {
  EXPECT_TRUE(check(ch_->execute(cmd(ch_->next_tag(), kNoLun, cdb_test_unit_ready())), 5, 0x2500));
}

TEST_F(Command, LunInFlatAddressing) {
  Bytes iu = cmd(ch_->next_tag(), kSlow, cdb_test_unit_ready());
  iu[kCmdLun] = 0x40;
  EXPECT_TRUE(good(ch_->execute(iu)));
}

TEST_F(Command, LunWithASecondLevelIsNoneOfOurs) {
  Bytes iu = cmd(ch_->next_tag(), kDisk, cdb_test_unit_ready());
  iu[kCmdLun + 3] = 1;
  EXPECT_TRUE(check(ch_->execute(iu), 5, 0x2500));
}

class Attribute : public Command, public ::testing::WithParamInterface<int> {};

TEST_P(Attribute, IsCarriedOut_r16a_6_8) {
  Bytes iu = cmd(ch_->next_tag(), kDisk, cdb_test_unit_ready());
  iu[kCmdAttr] = static_cast<uint8_t>(GetParam());
  EXPECT_TRUE(good(ch_->execute(iu)));
  expect_served(*ch_);
}
INSTANTIATE_TEST_SUITE_P(Task, Attribute,
                         ::testing::Values(PROTO_ATTR_SIMPLE, PROTO_ATTR_HEAD, PROTO_ATTR_ORDERED));

TEST_F(Command, OrderedAmongSimpleOnes) {
  std::vector<uint64_t> tags;
  auto mem = ch_->region(8 * kBlock);
  for (int i = 0; i < 30; i++) {
    tags.push_back(ch_->next_tag());
    Bytes iu = cmd_direct(tags.back(), kDisk, cdb_read10(kLba, 8), Dir::kIn, mem->desc());
    iu[kCmdAttr] = i % 3 == 0 ? PROTO_ATTR_ORDERED : PROTO_ATTR_SIMPLE;
    ch_->send(iu);
  }
  for (const uint64_t tag : tags) EXPECT_TRUE(good(ch_->wait(tag)));
}

TEST_F(Command, AcaAttributeIsRefused) {
  // LIO's logical units have no ACA condition (NORMACA = 0).
  Bytes iu = cmd(ch_->next_tag(), kDisk, cdb_test_unit_ready());
  iu[kCmdAttr] = PROTO_ATTR_ACA;
  const auto r = ch_->execute(iu);
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->status, 2);
  EXPECT_EQ(r->key(), 5);
}

struct Notify {
  uint8_t asked;
  bool success;
  bool told;
};

class SolicitedNotification : public Command, public ::testing::WithParamInterface<Notify> {};

TEST_P(SolicitedNotification, AsAskedFor_r16a_4_7) {
  const Cdb cdb = GetParam().success ? cdb_test_unit_ready() : Cdb{0xff};
  Bytes iu = cmd(ch_->next_tag(), kDisk, cdb);
  iu[kCmdSolNot] = GetParam().asked;
  const auto r = ch_->execute(iu);
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->status == 0, GetParam().success);
  EXPECT_EQ(r->solicited, GetParam().told);
}
INSTANTIATE_TEST_SUITE_P(Bits, SolicitedNotification,
                         ::testing::Values(Notify{0, true, false}, Notify{0, false, false},
                                           Notify{PROTO_SCSOLNT, true, true},
                                           Notify{PROTO_SCSOLNT, false, false},
                                           Notify{PROTO_UCSOLNT, true, false},
                                           Notify{PROTO_UCSOLNT, false, true}));

class Credit : public Command {};

TEST_F(Credit, EveryResponseReturnsItsOwn_r16a_4_6) {
  const int begun = ch_->credits();
  for (int i = 0; i < 400; i++) {
    ASSERT_TRUE(good(ch_->execute(cmd(ch_->next_tag(), kDisk, cdb_test_unit_ready()))));
    ASSERT_GT(ch_->credits(), begun / 2) << "after command " << i;
  }
  EXPECT_TRUE(ch_->until([&] { return ch_->credits() == begun; })) << ch_->credits();
}

TEST_F(Credit, AllAtOnceAndAllBack_r16a_4_6) {
  const int begun = ch_->credits();
  auto mem = ch_->region(8 * kBlock);
  for (int round = 0; round < 3; round++) {
    std::vector<uint64_t> tags;
    while (ch_->credits() > 0) {
      tags.push_back(ch_->next_tag());
      ASSERT_TRUE(
          ch_->send(cmd_direct(tags.back(), kDisk, cdb_read10(kLba, 8), Dir::kIn, mem->desc())));
    }
    for (const uint64_t tag : tags) ASSERT_TRUE(good(ch_->wait(tag)));
    EXPECT_TRUE(ch_->until([&] { return ch_->credits() == begun; })) << ch_->credits();
  }
}

TEST_F(Credit, RefusedCommandsReturnTheirs) {
  const int begun = ch_->credits();
  for (int i = 0; i < 200; i++) {
    Bytes iu = cmd(ch_->next_tag(), kDisk, cdb_test_unit_ready());
    iu[kCmdFmt] = 0x0f;
    ASSERT_TRUE(check(ch_->execute(iu), 5, 0x0e03));
  }
  EXPECT_TRUE(ch_->until([&] { return ch_->credits() == begun; })) << ch_->credits();
}

// Field defect 12
TEST_F(Credit, MoreThanGrantedClosesThatChannelWithOneLine_r16a_4_6) {
  LoginRequest req = request();
  ChannelPtr ch = open(req);
  ASSERT_TRUE(ch);
  ch->answer_cred_reqs(false);
  auto mem = ch->region(8 * kBlock);
  stall();
  for (int n = ch->credits() + 1; n > 0; n--)
    ch->send(cmd_direct(ch->next_tag(), kSlow, cdb_read10(0, 8), Dir::kIn, mem->desc()));
  EXPECT_TRUE(ch->wait_closed());
  EXPECT_TRUE(ch->t_logout().has_value());
  expect_served(*ch_);
  resume();
  char id[40];
  std::snprintf(id, sizeof(id), "0x%016llx",
                static_cast<unsigned long long>(proto_get_be64(req.i_port.data())));
  ch.reset();
  const auto end = Clock::now() + kPatience;
  while (!log_lines("request limit exceeded", id) && Clock::now() < end) expect_served(*ch_);
  EXPECT_EQ(log_lines("request limit exceeded", id), 1);
}

TEST_F(Credit, RequestForCreditIsNotRepeatedUnanswered_r16a_6_10) {
  // Commands that abort each other are answered once, and owe credits.
  ch_->answer_cred_reqs(false);
  auto mem = ch_->region(8 * kBlock);
  const int begun = ch_->credits();
  for (int round = 0; round < 2; round++) {
    stall();
    std::vector<uint64_t> tags;
    for (int i = 0; i < 4; i++) {
      tags.push_back(ch_->next_tag());
      ch_->send(cmd_direct(tags.back(), kSlow, cdb_read10(0, 8), Dir::kIn, mem->desc()));
    }
    const uint64_t tag = ch_->next_tag();
    ch_->send(tsk_mgmt(tag, kSlow, PROTO_TMF_ABORT_TASK_SET));
    EXPECT_TRUE(ch_->quiet(milliseconds(100)));
    resume();
    ASSERT_TRUE(ch_->wait(tag).has_value());
    expect_served(*ch_);
  }
  EXPECT_LE(ch_->cred_reqs(), 1u);
  // The responses bring them even so.
  EXPECT_TRUE(ch_->until([&] { return ch_->credits() == begun; })) << ch_->credits();
}

}  // namespace
}  // namespace srp
