// SPDX-License-Identifier: GPL-2.0
// Information units that are wrong. Either the command is refused and the
// channel goes on, or that channel is closed and nothing else.
#include <algorithm>

#include "fixture.hpp"

namespace srp {
namespace {

constexpr uint32_t kLba = 3000;
constexpr uint16_t kTooShort = 0x0e01;
constexpr uint16_t kBadField = 0x0e03;
constexpr uint32_t kMaxIo = 16 << 20;  // attribute max_io_size

// One channel, a buffer of eight blocks and room for a table
class Hostile : public Conformance {
 public:
  void SetUp() override {
    ch_ = open();
    ASSERT_TRUE(ch_);
    mem_ = ch_->region(8 * kBlock);
    table_ = ch_->region(64 * PROTO_DESC_LEN);
  }
  std::vector<Desc> quarters() const {
    std::vector<Desc> d;
    for (size_t i = 0; i < 4; i++) d.push_back(mem_->desc(i * 2 * kBlock, 2 * kBlock));
    return d;
  }
  void set_table(std::span<const Desc> descs) {
    const Bytes raw = table_bytes(descs);
    std::copy(raw.begin(), raw.end(), table_->bytes().begin());
  }
  Bytes direct(Dir dir = Dir::kIn) {
    const Cdb cdb = dir == Dir::kIn ? cdb_read10(kLba, 8) : cdb_write10(kLba, 8);
    return cmd_direct(ch_->next_tag(), kDisk, cdb, dir, mem_->desc());
  }
  Bytes indirect(Dir dir = Dir::kIn, size_t in_iu = 4) {
    const Cdb cdb = dir == Dir::kIn ? cdb_read10(kLba, 8) : cdb_write10(kLba, 8);
    const auto descs = quarters();
    set_table(descs);
    return cmd_indirect(ch_->next_tag(), kDisk, cdb, dir, descs, in_iu, table_->desc());
  }
  Bytes immediate(size_t len = kBlock) {
    return cmd_immediate(ch_->next_tag(), kDisk,
                         cdb_write10(kLba, static_cast<uint16_t>(len / kBlock)), pattern(len, len));
  }
  ChannelPtr ch_;
  std::unique_ptr<Region> mem_, table_;
};

void put32(Bytes& iu, size_t at, uint32_t v) { proto_put_be32(&iu[at], v); }
void put64(Bytes& iu, size_t at, uint64_t v) { proto_put_be64(&iu[at], v); }

struct Bad {
  const char* name;
  Bytes (*make)(Hostile&);
  uint16_t asc;
};

void PrintTo(const Bad& b, std::ostream* out) { *out << b.name; }

class HostileCommand : public Hostile, public ::testing::WithParamInterface<Bad> {};

// Field defects 1 to 6
TEST_P(HostileCommand, IsRefusedAndTheChannelGoesOn) {
  const Bytes before = read_blocks(*ch_, kLba, 8 * kBlock);
  for (int i = 0; i < 3; i++) {
    Bytes iu = GetParam().make(*this);
    put64(iu, kCmdTag, ch_->next_tag());
    ASSERT_TRUE(check(ch_->execute(iu), 5, GetParam().asc)) << ch_->trouble();
  }
  expect_served(*ch_);
  EXPECT_TRUE(read_blocks(*ch_, kLba, 8 * kBlock) == before) << "a refused command wrote data";
}

const Bad kBad[] = {
    {"DirectCountTwo",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdInCount] = 2;
       return b;
     },
     kBadField},
    {"DirectLengthHuge",
     [](Hostile& h) {
       Bytes b = h.direct();
       put32(b, 60, 0xffffffff);
       return b;
     },
     kBadField},
    {"DirectLengthHalf",
     [](Hostile& h) {
       Bytes b = h.direct(Dir::kOut);
       put32(b, 60, 0x80000000);
       return b;
     },
     kBadField},
    {"DirectLengthOverLimit",
     [](Hostile& h) {
       Bytes b = h.direct();
       put32(b, 60, kMaxIo + 1);
       return b;
     },
     kBadField},
    {"DirectAddressWraps",
     [](Hostile& h) {
       Bytes b = h.direct();
       put64(b, 48, ~uint64_t{0} - 7);
       return b;
     },
     kBadField},
    {"DirectMissing",
     [](Hostile& h) {
       Bytes b = h.direct();
       b.resize(48);
       return b;
     },
     kTooShort},
    {"DirectCutByOne",
     [](Hostile& h) {
       Bytes b = h.direct();
       b.resize(63);
       return b;
     },
     kTooShort},
    {"DirectWriteCut",
     [](Hostile& h) {
       Bytes b = h.direct(Dir::kOut);
       b.resize(56);
       return b;
     },
     kTooShort},
    {"IndirectHeadMissing",
     [](Hostile& h) {
       Bytes b = h.indirect();
       b.resize(48);
       return b;
     },
     kTooShort},
    {"IndirectHeadCut",
     [](Hostile& h) {
       Bytes b = h.indirect();
       b.resize(67);
       return b;
     },
     kTooShort},
    {"IndirectListMissing",
     [](Hostile& h) {
       Bytes b = h.indirect();
       b.resize(68);
       return b;
     },
     kTooShort},
    {"IndirectListCutByOne",
     [](Hostile& h) {
       Bytes b = h.indirect();
       b.resize(b.size() - 1);
       return b;
     },
     kTooShort},
    {"IndirectWriteListCut",
     [](Hostile& h) {
       Bytes b = h.indirect(Dir::kOut);
       b.resize(90);
       return b;
     },
     kTooShort},
    {"CountOverTable",
     [](Hostile& h) {
       Bytes b = h.indirect();
       b[kCmdInCount] = 5;
       b.resize(b.size() + 16);
       return b;
     },
     kBadField},
    {"CountOverIu",
     [](Hostile& h) {
       Bytes b = h.indirect();
       b[kCmdInCount] = 255;
       put32(b, 60, 255 * 16);
       return b;
     },
     kTooShort},
    {"TableLengthOdd",
     [](Hostile& h) {
       Bytes b = h.indirect();
       put32(b, 60, 65);
       return b;
     },
     kBadField},
    {"TableLengthHuge",
     [](Hostile& h) {
       Bytes b = h.indirect();
       put32(b, 60, 0xfffffff0);
       return b;
     },
     kBadField},
    {"TableOverLimit",
     [](Hostile& h) {
       Bytes b = h.indirect();
       put32(b, 60, 4097 * 16);
       return b;
     },
     kBadField},
    {"TableAddressWraps",
     [](Hostile& h) {
       Bytes b = h.indirect(Dir::kIn, 0);
       put64(b, 48, ~uint64_t{0} - 7);
       return b;
     },
     kBadField},
    {"TotalOverSum",
     [](Hostile& h) {
       Bytes b = h.indirect();
       put32(b, 64, 8 * kBlock + 1);
       return b;
     },
     kBadField},
    {"TotalUnderSum",
     [](Hostile& h) {
       Bytes b = h.indirect(Dir::kOut);
       put32(b, 64, 8 * kBlock - 1);
       return b;
     },
     kBadField},
    {"TotalZero",
     [](Hostile& h) {
       Bytes b = h.indirect();
       put32(b, 64, 0);
       return b;
     },
     kBadField},
    {"TotalHuge",
     [](Hostile& h) {
       Bytes b = h.indirect();
       put32(b, 64, 0xffffffff);
       return b;
     },
     kBadField},
    {"SumWraps32Bit",
     [](Hostile& h) {
       Bytes b = h.indirect();
       put32(b, 80, 0xfffffc00);
       put32(b, 64, 2 * kBlock);
       return b;
     },
     kBadField},
    {"EntryAddressWraps",
     [](Hostile& h) {
       Bytes b = h.indirect();
       put64(b, 68, ~uint64_t{0} - 7);
       return b;
     },
     kBadField},
    {"WriteWithNoDescriptorsButATotal",
     [](Hostile& h) {
       Bytes b = h.indirect(Dir::kOut, 0);
       put32(b, 60, 0);
       return b;
     },
     kBadField},
    {"ExternalPartOverTotal",
     [](Hostile& h) {
       Bytes b = h.indirect(Dir::kIn, 2);
       put32(b, 64, kBlock);
       return b;
     },
     kBadField},
    {"ExternalTotalOverSum",
     [](Hostile& h) {
       Bytes b = h.indirect(Dir::kIn, 0);
       put32(b, 64, 9 * kBlock);
       return b;
     },
     kBadField},
    {"ExternalTotalUnderSum",
     [](Hostile& h) {
       Bytes b = h.indirect(Dir::kOut, 1);
       put32(b, 64, 7 * kBlock);
       return b;
     },
     kBadField},
    {"ExternalEntryWraps",
     [](Hostile& h) {
       Bytes b = h.indirect(Dir::kIn, 0);
       proto_put_be64(&h.table_->bytes()[0], ~uint64_t{0} - 7);
       return b;
     },
     kBadField},
    {"FormatIn4",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdFmt] = 0x04;
       return b;
     },
     kBadField},
    {"FormatIn15",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdFmt] = 0x0f;
       return b;
     },
     kBadField},
    {"FormatOut4",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdFmt] = 0x40;
       return b;
     },
     kBadField},
    {"FormatOut15",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdFmt] = 0xf0;
       return b;
     },
     kBadField},
    {"BothDirectionsDirect",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdFmt] = 0x11;
       b.resize(80);
       return b;
     },
     kBadField},
    {"BothDirectionsIndirect",
     [](Hostile& h) {
       Bytes b = h.indirect();
       b[kCmdFmt] = 0x22;
       return b;
     },
     kBadField},
    {"BothDirectionsMixed",
     [](Hostile& h) {
       Bytes b = h.indirect();
       b[kCmdFmt] = 0x12;
       return b;
     },
     kBadField},
    {"ImmediateForARead",
     [](Hostile& h) {
       Bytes b = h.immediate();
       b[kCmdFmt] = 0x03;
       return b;
     },
     kBadField},
    {"ImmediatePastTheIu",
     [](Hostile& h) {
       Bytes b = h.immediate();
       put32(b, 48, kBlock + 1);
       return b;
     },
     kBadField},
    {"ImmediateLengthAllOnes",
     [](Hostile& h) {
       Bytes b = h.immediate();
       put32(b, 48, 0xffffffff);
       return b;
     },
     kBadField},
    {"ImmediateLengthWraps",
     [](Hostile& h) {
       Bytes b = h.immediate();
       put32(b, 48, 0u - 68);
       return b;
     },
     kBadField},
    {"ImmediateLengthWrapsToSmall",
     [](Hostile& h) {
       Bytes b = h.immediate();
       put32(b, 48, 0u - 68 + 512);
       return b;
     },
     kBadField},
    {"ImmediateLengthMissing",
     [](Hostile& h) {
       Bytes b = h.immediate();
       b.resize(51);
       return b;
     },
     kTooShort},
    {"ImmediateDataMissing",
     [](Hostile& h) {
       Bytes b = h.immediate();
       b.resize(67);
       return b;
     },
     kBadField},
    {"ImmediateDataCutByOne",
     [](Hostile& h) {
       Bytes b = h.immediate();
       b.resize(b.size() - 1);
       return b;
     },
     kBadField},
    {"ImmediateBehindTheAdditionalCdb",
     [](Hostile& h) {
       Bytes b = h.immediate();
       b[kCmdAddCdb] = 8 << 2;
       return b;
     },
     kBadField},
    {"AdditionalCdbPastTheIu",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdAddCdb] = 0xfc;
       return b;
     },
     kTooShort},
    {"AdditionalCdbLeavesNoDescriptor",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdAddCdb] = 4;
       return b;
     },
     kTooShort},
    {"CdbLongerThanItsField",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdCdb] = 0x7f;
       b[kCmdCdb + 7] = 0xf8;
       return b;
     },
     kTooShort},
    {"ReservedAttribute3",
     [](Hostile& h) {
       Bytes b = h.direct();
       b[kCmdAttr] = 3;
       return b;
     },
     kBadField},
    {"ReservedAttribute7",
     [](Hostile& h) {
       Bytes b = h.direct(Dir::kOut);
       b[kCmdAttr] = 7;
       return b;
     },
     kBadField},
};
INSTANTIATE_TEST_SUITE_P(Refuses, HostileCommand, ::testing::ValuesIn(kBad),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Hostile, ImmediateDataThatWasNotNegotiated) {
  LoginRequest req = request();
  req.flags = 0;
  ChannelPtr ch = open(req);
  ASSERT_TRUE(ch);
  const Bytes data = pattern(kBlock, 1);
  EXPECT_TRUE(check(ch->execute(cmd_immediate(ch->next_tag(), kDisk, cdb_write10(kLba, 1), data)),
                    5, kBadField));
  expect_served(*ch);
}

TEST_F(Hostile, ImmediateDataOverTheMost) {
  LoginRequest req = request();
  req.imm_offset = 52;  // leaves room for 8208 bytes
  ChannelPtr ch = open(req);
  ASSERT_TRUE(ch);
  const Bytes data = pattern(8193, 1);
  EXPECT_TRUE(
      check(ch->execute(cmd_immediate(ch->next_tag(), kDisk, cdb_write10(kLba, 16), data, 52)), 5,
            kBadField));
  expect_served(*ch);
}

// Field defect 3: it has to end somehow.
TEST_F(Hostile, WriteWithAnEmptyTableIsAnswered) {
  Bytes iu = indirect(Dir::kOut, 0);
  put32(iu, 60, 0);
  put32(iu, 64, 0);
  EXPECT_TRUE(ch_->execute(iu).has_value());
  expect_served(*ch_);
}

TEST_F(Hostile, ReadWithAnEmptyTableIsAnswered) {
  Bytes iu = indirect(Dir::kIn, 0);
  put32(iu, 60, 0);
  put32(iu, 64, 0);
  EXPECT_TRUE(ch_->execute(iu).has_value());
  expect_served(*ch_);
}

TEST_F(Hostile, TableThatOverlapsTheBufferIsHarmless) {
  // The data may end up in the table, but the target has read it before.
  const Desc d = mem_->desc();
  const Bytes raw = table_bytes({&d, 1});
  std::copy(raw.begin(), raw.end(), mem_->bytes().begin());
  EXPECT_TRUE(good(ch_->execute(cmd_indirect(ch_->next_tag(), kDisk, cdb_read10(kLba, 8), Dir::kIn,
                                             {&d, 1}, 0, mem_->desc()))));
  expect_served(*ch_);
}

TEST_F(Hostile, OverlappingEntriesOfAWrite) {
  fill(mem_->bytes(), 21);
  std::vector<Desc> descs(4, mem_->desc(0, 2 * kBlock));
  ASSERT_TRUE(good(ch_->execute(
      cmd_indirect(ch_->next_tag(), kDisk, cdb_write10(kLba, 8), Dir::kOut, descs, 4))));
  const Bytes got = read_blocks(witness(), kLba, 8 * kBlock);
  for (size_t i = 0; i < 4; i++)
    EXPECT_TRUE(
        std::equal(got.begin() + i * 1024, got.begin() + (i + 1) * 1024, mem_->bytes().begin()));
}

// Every length of a command with a descriptor; field defect 2
TEST_F(Hostile, CommandCutAtEveryByteOfItsDescriptors) {
  for (size_t len = 48; len < 68; len++) {
    Bytes iu = indirect();
    iu.resize(len);
    ASSERT_TRUE(check(ch_->execute(iu), 5, kTooShort)) << len << " bytes";
  }
  expect_served(*ch_);
}

// What cannot be answered closes the channel, and only that.
class Closes : public Hostile {
 protected:
  void expect_closed(std::optional<uint32_t> reason) {
    EXPECT_TRUE(ch_->wait_closed()) << "still open";
    EXPECT_EQ(ch_->t_logout(), reason);
    ch_.reset();
    ChannelPtr again = open();
    ASSERT_TRUE(again);
    expect_served(*again);
  }
};

class ClosesOnOpcode : public Closes, public ::testing::WithParamInterface<int> {};

TEST_P(ClosesOnOpcode, WithALogoutThatSaysSo_r16a_6_5) {
  ch_->send(short_iu(static_cast<uint8_t>(GetParam()), 1));
  expect_closed(PROTO_LOGOUT_INVALID_OPCODE);
}
INSTANTIATE_TEST_SUITE_P(Unknown, ClosesOnOpcode,
                         ::testing::Values(0x04, 0x40, 0x43, PROTO_T_LOGOUT, PROTO_CRED_REQ,
                                           PROTO_LOGIN_RSP, PROTO_RSP, 0xff));

class ClosesOnLength : public Closes,
                       public ::testing::WithParamInterface<std::pair<int, size_t>> {};

TEST_P(ClosesOnLength, ShorterThanItsFixedPart) {
  Bytes iu(GetParam().second);
  if (!iu.empty()) iu[0] = static_cast<uint8_t>(GetParam().first);
  ch_->send(iu);
  EXPECT_TRUE(ch_->wait_closed());
  EXPECT_TRUE(ch_->t_logout().has_value());
}
INSTANTIATE_TEST_SUITE_P(
    OpcodeAndBytes, ClosesOnLength,
    ::testing::Values(std::pair{0, 0}, std::pair{int{PROTO_CMD}, 1}, std::pair{int{PROTO_CMD}, 15},
                      std::pair{int{PROTO_CMD}, 16}, std::pair{int{PROTO_CMD}, 47},
                      std::pair{int{PROTO_TSK_MGMT}, 15}, std::pair{int{PROTO_TSK_MGMT}, 16},
                      std::pair{int{PROTO_TSK_MGMT}, 47}, std::pair{int{PROTO_I_LOGOUT}, 15},
                      std::pair{int{PROTO_CRED_RSP}, 8}));

TEST_F(Closes, OnALoginOnALiveChannel) {
  Bytes iu = request().build();
  iu[0] = PROTO_LOGIN_REQ;
  ch_->send(iu);
  expect_closed(PROTO_LOGOUT_INVALID_OPCODE);
}

TEST_F(Closes, OnCreditResponseNobodyAskedFor_r16a_6_10) {
  ch_->send(short_iu(PROTO_CRED_RSP, 1));
  expect_closed(PROTO_LOGOUT_SPURIOUS_RESPONSE);
}

TEST_F(Closes, OnLogoutOfTheInitiator_r16a_6_5) {
  ch_->send(short_iu(PROTO_I_LOGOUT, 1));
  expect_closed(std::nullopt);
}

TEST_F(Closes, OnLogoutWithCommandsUnderWay) {
  stall();
  for (int i = 0; i < 4; i++)
    ch_->send(cmd_direct(ch_->next_tag(), kSlow, cdb_read10(0, 8), Dir::kIn, mem_->desc()));
  ch_->send(short_iu(PROTO_I_LOGOUT, 1));
  EXPECT_TRUE(ch_->wait_closed());
  expect_served(witness());
  resume();
}

TEST_F(Closes, OnMessagesAfterTheLogout) {
  ch_->send(short_iu(PROTO_I_LOGOUT, 1));
  for (int i = 0; i < 8; i++) ch_->send(direct());
  expect_closed(std::nullopt);
}

TEST_F(Closes, OnAnIuLongerThanItsLoginAllows) {
  LoginRequest req = request();
  req.it_iu_len = 260;
  req.flags = 0;
  ChannelPtr ch = open(req);
  ASSERT_TRUE(ch);
  Bytes iu = cmd(ch->next_tag(), kDisk, cdb_test_unit_ready());
  iu.resize(260);
  EXPECT_TRUE(good(ch->execute(iu)));
  iu.resize(261);
  ch->send(iu);
  EXPECT_TRUE(ch->wait_closed());
}

TEST_F(Hostile, AnswerToNoAsynchronousEventIsAccepted_r16a_6_13) {
  ch_->send(short_iu(PROTO_AER_RSP, 1));
  expect_served(*ch_);
}

TEST_F(Hostile, FloodOfIusThatCostNothing) {
  for (int i = 0; i < 300; i++) ASSERT_TRUE(ch_->send(short_iu(PROTO_AER_RSP, 1)));
  expect_served(*ch_);
}

// The remote side of a transfer is not what it seems.
struct Remote {
  const char* name;
  Dir dir;
  Desc (*where)(Hostile&);
};

void PrintTo(const Remote& r, std::ostream* out) { *out << r.name; }

class HostileMemory : public Hostile, public ::testing::WithParamInterface<Remote> {};

TEST_P(HostileMemory, ClosesThatChannelOnly) {
  const Bytes before = read_blocks(witness(), kLba, 8 * kBlock);
  ChannelPtr other = open();
  ASSERT_TRUE(other);
  const Dir dir = GetParam().dir;
  const Cdb cdb = dir == Dir::kIn ? cdb_read10(kLba, 8) : cdb_write10(kLba, 8);
  ch_->send(cmd_direct(ch_->next_tag(), kDisk, cdb, dir, GetParam().where(*this)));
  EXPECT_TRUE(ch_->wait_closed());
  expect_served(*other);
  EXPECT_TRUE(read_blocks(witness(), kLba, 8 * kBlock) == before) << "the disk has changed";
}

TEST_P(HostileMemory, ByAnExternalTable) {
  ChannelPtr other = open();
  ASSERT_TRUE(other);
  const auto descs = quarters();
  set_table(descs);
  Desc where = GetParam().where(*this);
  if (where.va == mem_->desc().va) where.va = table_->desc().va;
  // What is only readable is good enough for a table.
  if (std::string(GetParam().name) == "ReadOnlyMemory") where.key ^= 0xff;
  if (std::string(GetParam().name) == "PastTheEnd") where.va += 63 * PROTO_DESC_LEN + 4096;
  ch_->send(
      cmd_indirect(ch_->next_tag(), kDisk, cdb_read10(kLba, 8), GetParam().dir, descs, 0, where));
  EXPECT_TRUE(ch_->wait_closed());
  expect_served(*other);
}

const Remote kRemote[] = {
    {"WrongKeyOnRead", Dir::kIn,
     [](Hostile& h) {
       Desc d = h.mem_->desc();
       d.key ^= 0xff;
       return d;
     }},
    {"WrongKeyOnWrite", Dir::kOut,
     [](Hostile& h) {
       Desc d = h.mem_->desc();
       d.key ^= 0xff;
       return d;
     }},
    {"KeyOfNothing", Dir::kOut,
     [](Hostile& h) {
       Desc d = h.mem_->desc();
       d.key = 0;
       return d;
     }},
    {"PastTheEnd", Dir::kIn,
     [](Hostile& h) {
       Desc d = h.mem_->desc();
       d.va += 1;
       return d;
     }},
    {"BeforeTheBeginning", Dir::kOut,
     [](Hostile& h) {
       Desc d = h.mem_->desc();
       d.va -= 1 << 20;
       return d;
     }},
    {"DeregisteredMemory", Dir::kOut, [](Hostile& h) { return h.ch_->region(8 * kBlock)->desc(); }},
    {"ReadOnlyMemory", Dir::kIn,
     [](Hostile& h) {
       h.mem_ = h.ch_->region(8 * kBlock, IBV_ACCESS_REMOTE_READ);
       return h.mem_->desc();
     }},
};
INSTANTIATE_TEST_SUITE_P(Where, HostileMemory, ::testing::ValuesIn(kRemote),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace srp
