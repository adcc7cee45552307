// SPDX-License-Identifier: GPL-2.0
// Every field of every information unit at its limits, every length of it, and
// each task management function in every state of a task. What must come of
// it is said where the standard says it; everywhere, somebody else is served.
#include <algorithm>

#include "fixture.hpp"

namespace srp {
namespace {

constexpr uint32_t kLba = 5000;
constexpr milliseconds kMoment{120};

class Limits : public Conformance {
 protected:
  void SetUp() override {
    ch_ = open();
    ASSERT_TRUE(ch_);
    mem_ = ch_->region(16 * kBlock);
  }
  Bytes read() {
    return cmd_direct(ch_->next_tag(), kDisk, cdb_read10(kLba, 8), Dir::kIn,
                      mem_->desc(0, 8 * kBlock));
  }
  // A channel that was closed is followed by another.
  void renew() {
    ch_.reset();
    ch_ = open();
    ASSERT_TRUE(ch_);
    mem_ = ch_->region(16 * kBlock);
  }
  ChannelPtr ch_;
  std::unique_ptr<Region> mem_;
};

// A byte of an IU and values for it
struct Field {
  const char* name;
  size_t at;
  size_t len;
};

void PrintTo(const Field& f, std::ostream* out) { *out << f.name; }

constexpr uint8_t kValues[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};

class CommandField : public Limits, public ::testing::WithParamInterface<Field> {};

// Field defects 1 to 5: answered, whatever is in it.
TEST_P(CommandField, AtItsLimitsIsAnswered_r16a_6_8) {
  for (const uint8_t value : kValues)
    for (const bool out : {false, true}) {
      Bytes iu = out ? cmd_direct(ch_->next_tag(), kSlow, cdb_write10(kLba, 8), Dir::kOut,
                                  mem_->desc(0, 8 * kBlock))
                     : read();
      std::fill_n(iu.begin() + static_cast<long>(GetParam().at), GetParam().len, value);
      ASSERT_TRUE(ch_->execute(iu).has_value())
          << "value " << int{value} << (out ? ", write" : ", read") << ": " << ch_->trouble();
    }
  expect_served(*ch_);
}

const Field kCommandFields[] = {
    {"SolicitedNotification", kCmdSolNot, 1},
    {"Reserved2", 2, 3},
    {"OutCount", kCmdOutCount, 1},
    {"InCount", kCmdInCount, 1},
    {"Tag", kCmdTag, 8},
    {"Reserved16", 16, 4},
    {"Lun", kCmdLun, 8},
    {"Reserved28", 28, 1},
    {"Attribute", kCmdAttr, 1},
    {"Reserved30", 30, 1},
    {"AdditionalCdbLength", kCmdAddCdb, 1},
    {"OpcodeOfCdb", kCmdCdb, 1},
    {"AddressOfCdb", kCmdCdb + 2, 4},
    {"LengthOfCdb", kCmdCdb + 7, 2},
    {"ControlOfCdb", kCmdCdb + 9, 1},
};
INSTANTIATE_TEST_SUITE_P(At, CommandField, ::testing::ValuesIn(kCommandFields),
                         [](const auto& info) { return std::string(info.param.name); });

class FormatPair : public Limits, public ::testing::WithParamInterface<int> {};

// All 256 pairs of formats, sixteen a case
TEST_P(FormatPair, IsAnsweredOrClosesThatChannel_r16a_5_4) {
  for (int in = 0; in < 16; in++) {
    Bytes iu = read();
    iu[kCmdFmt] = static_cast<uint8_t>(GetParam() << 4 | in);
    // Room for whatever is looked for, all zeros: no key is 0.
    iu.resize(256);
    iu[kCmdInCount] = 1;
    iu[kCmdOutCount] = 1;
    if (!ch_->execute(iu).has_value()) {
      ASSERT_TRUE(ch_->closed()) << "formats " << GetParam() << ", " << in << " unanswered";
      renew();
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Out, FormatPair, ::testing::Range(0, 16));

class TaskField : public Limits, public ::testing::WithParamInterface<Field> {};

TEST_P(TaskField, AtItsLimitsIsAnswered_r16a_6_7) {
  for (const uint8_t value : kValues) {
    Bytes iu = tsk_mgmt(ch_->next_tag(), kDisk, PROTO_TMF_ABORT_TASK, 0x77);
    std::fill_n(iu.begin() + static_cast<long>(GetParam().at), GetParam().len, value);
    const auto r = ch_->execute(iu);
    ASSERT_TRUE(r.has_value()) << "value " << int{value} << ": " << ch_->trouble();
    EXPECT_TRUE(r->flags & PROTO_RSP_RSPVALID);
  }
  expect_served(*ch_);
}

const Field kTaskFields[] = {
    {"SolicitedNotification", 1, 1},
    {"Reserved2", 2, 6},
    {"Tag", 8, 8},
    {"Reserved16", 16, 4},
    {"Lun", 20, 8},
    {"Reserved28", 28, 2},
    {"Function", 30, 1},
    {"Reserved31", 31, 1},
    {"TagOfTask", 32, 8},
    {"Reserved40", 40, 8},
};
INSTANTIATE_TEST_SUITE_P(At, TaskField, ::testing::ValuesIn(kTaskFields),
                         [](const auto& info) { return std::string(info.param.name); });

class LoginField : public Conformance, public ::testing::WithParamInterface<Field> {};

// Let in or refused with a reason; field defects 8, 18
TEST_P(LoginField, AtItsLimitsIsAnswered_r16a_6_2) {
  for (const uint8_t value : kValues) {
    LoginRequest req = request();
    req.patch = {GetParam().at, Bytes(GetParam().len, value)};
    const auto ch = login(req);
    if (ch) continue;
    EXPECT_EQ(ch.error().event, RDMA_CM_EVENT_REJECTED) << int{value};
    EXPECT_EQ(ch.error().reason() >> 16, 1u) << "no reason for value " << int{value};
  }
}

const Field kLoginFields[] = {
    {"Tag", 0, 8},      {"Formats", 8, 2},          {"Flags", 10, 1},
    {"Opcode", 11, 1},  {"IuLength", 12, 4},        {"Initiator", 16, 16},
    {"Target", 32, 16}, {"ImmediateOffset", 48, 2}, {"Reserved", 50, 6},
};
INSTANTIATE_TEST_SUITE_P(At, LoginField, ::testing::ValuesIn(kLoginFields),
                         [](const auto& info) { return std::string(info.param.name); });

// Lengths of an IU of a kind, from one byte to less than its fixed part
struct Short {
  const char* name;
  uint8_t opcode;
  size_t begin, end;
};

void PrintTo(const Short& s, std::ostream* out) { *out << s.name; }

class CutAtEveryByte : public Limits, public ::testing::WithParamInterface<Short> {};

// Field defect 2
TEST_P(CutAtEveryByte, ClosesThatChannel) {
  for (size_t len = GetParam().begin; len < GetParam().end; len++) {
    Bytes iu(len);
    iu[0] = GetParam().opcode;
    ch_->send(iu);
    ASSERT_TRUE(ch_->wait_closed()) << len << " bytes";
    renew();
  }
}

const Short kShort[] = {
    {"CommandTo16", PROTO_CMD, 1, 16},       {"CommandTo32", PROTO_CMD, 16, 32},
    {"CommandTo48", PROTO_CMD, 32, 48},      {"TaskTo16", PROTO_TSK_MGMT, 1, 16},
    {"TaskTo32", PROTO_TSK_MGMT, 16, 32},    {"TaskTo48", PROTO_TSK_MGMT, 32, 48},
    {"Logout", PROTO_I_LOGOUT, 1, 16},       {"CreditResponse", PROTO_CRED_RSP, 1, 16},
    {"EventResponse", PROTO_AER_RSP, 1, 16},
};
INSTANTIATE_TEST_SUITE_P(Of, CutAtEveryByte, ::testing::ValuesIn(kShort),
                         [](const auto& info) { return std::string(info.param.name); });

// ... and to the last byte of a table and of immediate data
TEST_F(Limits, IndirectCommandCutAtEveryByteOfItsTable) {
  std::vector<Desc> descs;
  for (size_t i = 0; i < 4; i++) descs.push_back(mem_->desc(i * 2 * kBlock, 2 * kBlock));
  const Bytes whole = cmd_indirect(0, kDisk, cdb_read10(kLba, 8), Dir::kIn, descs, 4);
  for (size_t len = 48; len < whole.size(); len++) {
    Bytes iu(whole.begin(), whole.begin() + static_cast<long>(len));
    proto_put_be64(&iu[kCmdTag], ch_->next_tag());
    ASSERT_TRUE(check(ch_->execute(iu), 5, 0x0e01)) << len << " bytes";
  }
  expect_served(*ch_);
}

// An IU that is longer than it need be is none the worse for it.
TEST_F(Limits, TrailingBytesAreIgnored) {
  for (const size_t more : {1, 16, 4096}) {
    Bytes iu = read();
    iu.resize(iu.size() + more, 0xff);
    EXPECT_TRUE(good(ch_->execute(iu))) << more;
    iu = tsk_mgmt(ch_->next_tag(), kDisk, PROTO_TMF_ABORT_TASK, 1);
    iu.resize(iu.size() + more, 0xff);
    EXPECT_TRUE(ch_->execute(iu).has_value()) << more;
    iu = short_iu(PROTO_AER_RSP, 1);
    iu.resize(iu.size() + more, 0xff);
    EXPECT_TRUE(ch_->send(iu));
  }
  expect_served(*ch_);
}

class ImmediateLength : public Limits, public ::testing::WithParamInterface<size_t> {};

// What is declared, one byte less and one more than what is there; field
// defects 1, 6
TEST_P(ImmediateLength, AroundWhatIsThere) {
  const Bytes data = pattern(GetParam(), 3);
  const auto blocks = static_cast<uint16_t>(GetParam() / kBlock);
  for (const int off : {0, -1, 1}) {
    if (off < 0 && data.empty()) continue;
    Bytes iu = cmd_immediate(ch_->next_tag(), kSlow, cdb_write10(kLba, blocks), data);
    proto_put_be32(&iu[kCmdDesc], static_cast<uint32_t>(data.size()) + static_cast<uint32_t>(off));
    const auto r = ch_->execute(iu);
    ASSERT_TRUE(r.has_value()) << off << ": " << ch_->trouble();
    if (off > 0) {
      EXPECT_TRUE(check(r, 5, 0x0e03));
    } else if (off == 0 && GetParam() % kBlock == 0) {
      EXPECT_TRUE(good(r));
    }
  }
  expect_served(*ch_);
}
INSTANTIATE_TEST_SUITE_P(Bytes, ImmediateLength,
                         ::testing::Values(0, 1, 511, 512, 513, 4095, 4096, 4097, 8191, 8192));

// Field defect 3 and its neighbours: the buffers of the command do not suit
// its CDB.
TEST_F(Limits, ReadWithABufferForDataOutIsAnswered) {
  const auto r = ch_->execute(cmd_direct(ch_->next_tag(), kDisk, cdb_read10(kLba, 8), Dir::kOut,
                                         mem_->desc(0, 8 * kBlock)));
  ASSERT_TRUE(r.has_value()) << ch_->trouble();
  expect_served(*ch_);
}

TEST_F(Limits, WriteWithABufferForDataInChangesNothing) {
  const Bytes before = read_blocks(witness(), kLba, 8 * kBlock);
  fill(mem_->bytes(), 99);
  const auto r = ch_->execute(cmd_direct(ch_->next_tag(), kDisk, cdb_write10(kLba, 8), Dir::kIn,
                                         mem_->desc(0, 8 * kBlock)));
  ASSERT_TRUE(r.has_value()) << ch_->trouble();
  EXPECT_TRUE(read_blocks(witness(), kLba, 8 * kBlock) == before) << "the disk has changed";
  expect_served(*ch_);
}

TEST_F(Limits, WriteWithoutAnyBufferChangesNothing) {
  const Bytes before = read_blocks(witness(), kLba, 8 * kBlock);
  const auto r = ch_->execute(cmd(ch_->next_tag(), kDisk, cdb_write10(kLba, 8)));
  ASSERT_TRUE(r.has_value()) << ch_->trouble();
  EXPECT_TRUE(read_blocks(witness(), kLba, 8 * kBlock) == before) << "the disk has changed";
}

TEST_F(Limits, ReadWithoutAnyBufferIsAnswered) {
  EXPECT_TRUE(ch_->execute(cmd(ch_->next_tag(), kDisk, cdb_read10(kLba, 8))).has_value());
}

TEST_F(Limits, CommandWithoutDataButWithABuffer) {
  for (const Dir dir : {Dir::kIn, Dir::kOut})
    EXPECT_TRUE(good(ch_->execute(
        cmd_direct(ch_->next_tag(), kDisk, cdb_test_unit_ready(), dir, mem_->desc(0, 4096)))));
  expect_served(*ch_);
}

// A tag that is in use already: both are carried out, an abort takes one.
TEST_F(Limits, DuplicateTagsInTheBackEnd) {
  stall();
  for (int i = 0; i < 3; i++)
    ch_->send(cmd_direct(77, kSlow, cdb_read10(0, 8), Dir::kIn, mem_->desc(0, 8 * kBlock)));
  const uint64_t tmf = ch_->next_tag();
  ch_->send(tsk_mgmt(tmf, kSlow, PROTO_TMF_ABORT_TASK, 77));
  EXPECT_TRUE(ch_->quiet(kMoment));
  resume();
  EXPECT_TRUE(ch_->wait(tmf).has_value());
  expect_served(*ch_);
}

TEST_F(Limits, TaskManagementWithTheTagOfItsTask) {
  stall();
  ch_->send(cmd_direct(78, kSlow, cdb_read10(0, 8), Dir::kIn, mem_->desc(0, 8 * kBlock)));
  ch_->send(tsk_mgmt(78, kSlow, PROTO_TMF_ABORT_TASK, 78));
  EXPECT_TRUE(ch_->quiet(kMoment));
  resume();
  EXPECT_TRUE(ch_->wait(78).has_value());
  expect_served(*ch_);
}

// In which state a task is when it is managed
enum class State { kNone, kThrough, kInBackEnd, kTransfers, kAborting, kResetting };

class TmfInState : public Limits, public ::testing::WithParamInterface<std::tuple<int, State>> {};

// Field defects 10, 21, 22
TEST_P(TmfInState, IsAnsweredAndEveryCreditComesBack_r16a_6_7) {
  const auto [func, state] = GetParam();
  const auto f = static_cast<uint8_t>(func);
  const int begun = ch_->credits();
  const uint64_t task = ch_->next_tag();
  auto big = ch_->region(512 * kBlock);
  std::vector<uint64_t> tags;
  const auto manage = [&](uint8_t what) {
    tags.push_back(ch_->next_tag());
    ch_->send(tsk_mgmt(tags.back(), kSlow, what, task));
  };
  switch (state) {
    case State::kNone:
      break;
    case State::kThrough:
      ch_->execute(cmd(task, kSlow, cdb_test_unit_ready()));
      break;
    case State::kTransfers:
      ch_->send(cmd_direct(task, kSlow, cdb_read10(0, 512), Dir::kIn, big->desc()));
      break;
    default:
      stall();
      ch_->send(cmd_direct(task, kSlow, cdb_read10(0, 8), Dir::kIn, mem_->desc(0, 8 * kBlock)));
      if (state == State::kAborting) manage(PROTO_TMF_ABORT_TASK);
      if (state == State::kResetting) manage(PROTO_TMF_LUN_RESET);
      EXPECT_TRUE(ch_->quiet(kMoment));
  }
  manage(f);
  if (state >= State::kInBackEnd && state != State::kTransfers) {
    ch_->quiet(kMoment);
    resume();
  }
  for (const uint64_t tag : tags) EXPECT_TRUE(ch_->wait(tag).has_value()) << ch_->trouble();
  EXPECT_TRUE(ch_->until([&] { return ch_->credits() == begun; })) << ch_->credits();
  for (Channel* ch : {ch_.get(), &witness()})
    for (int i = 0; i < 4; i++) ch->execute(cmd(ch->next_tag(), kSlow, cdb_test_unit_ready()));
  expect_served(*ch_);
}

std::string named(const ::testing::TestParamInfo<std::tuple<int, State>>& info) {
  static const char* const kStates[] = {"None",      "Through",  "InBackEnd",
                                        "Transfers", "Aborting", "Resetting"};
  static const std::map<int, std::string> kFunctions = {{PROTO_TMF_ABORT_TASK, "AbortTask"},
                                                        {PROTO_TMF_ABORT_TASK_SET, "AbortTaskSet"},
                                                        {PROTO_TMF_CLEAR_TASK_SET, "ClearTaskSet"},
                                                        {PROTO_TMF_LUN_RESET, "LunReset"},
                                                        {PROTO_TMF_CLEAR_ACA, "ClearAca"}};
  return kFunctions.at(std::get<0>(info.param)) +
         kStates[static_cast<size_t>(std::get<1>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(
    FunctionAndState, TmfInState,
    ::testing::Combine(::testing::Values(PROTO_TMF_ABORT_TASK, PROTO_TMF_ABORT_TASK_SET,
                                         PROTO_TMF_CLEAR_TASK_SET, PROTO_TMF_LUN_RESET,
                                         PROTO_TMF_CLEAR_ACA),
                       ::testing::Values(State::kNone, State::kThrough, State::kInBackEnd,
                                         State::kTransfers, State::kAborting, State::kResetting)),
    named);

}  // namespace
}  // namespace srp
