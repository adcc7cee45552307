// SPDX-License-Identifier: GPL-2.0
// Logging in, r16a 6.2 to 6.4: what is agreed, what is refused and why, and
// what several channels of one initiator do to each other.
#include "fixture.hpp"

namespace srp {
namespace {

constexpr int kConsumerDefined = 28;  // CM reject reason

class Login : public Conformance {};

TEST_F(Login, AgreesOnCreditLengthsAndFormats_r16a_6_3) {
  LoginRequest req = request();
  auto ch = login(req);
  ASSERT_TRUE(ch.has_value()) << ch.error().what;
  const LoginResponse& r = (*ch)->response();
  EXPECT_EQ(r.opcode, PROTO_LOGIN_RSP);
  EXPECT_EQ(r.tag, req.tag);
  EXPECT_GE(r.req_lim_delta, 2);
  EXPECT_EQ(r.max_it_iu_len, req.it_iu_len);
  EXPECT_GE(r.max_ti_iu_len, 64u);
  EXPECT_EQ(r.buf_fmt, PROTO_BUF_DIRECT | PROTO_BUF_INDIRECT);
  EXPECT_EQ(r.flags & 3, PROTO_RSP_MULTICHAN_NONE);
  EXPECT_TRUE(r.flags & PROTO_RSP_IMMED_SUPPORTED);
  EXPECT_TRUE(r.flags & PROTO_RSP_SOLNTSUP) << "notification is done, but not announced";
  expect_served(**ch);
}

TEST_F(Login, ImmediateDataOnlyIfAskedFor) {
  LoginRequest req = request();
  req.flags = 0;
  req.imm_offset = 0;
  auto ch = login(req);
  ASSERT_TRUE(ch.has_value()) << ch.error().what;
  EXPECT_FALSE((*ch)->response().flags & PROTO_RSP_IMMED_SUPPORTED);
}

TEST_F(Login, ImmediateOffsetIsReservedWithoutTheFlag) {
  LoginRequest req = request();
  req.flags = 0;
  req.imm_offset = 1;
  EXPECT_TRUE(login(req).has_value());
}

class LoginIuLength : public Login, public ::testing::WithParamInterface<uint32_t> {};

TEST_P(LoginIuLength, IsAccepted_r16a_6_2) {
  LoginRequest req = request();
  req.flags = 0;
  req.it_iu_len = GetParam();
  auto ch = login(req);
  ASSERT_TRUE(ch.has_value()) << ch.error().what;
  EXPECT_EQ((*ch)->response().max_it_iu_len, GetParam());
  expect_served(**ch);
}
INSTANTIATE_TEST_SUITE_P(Bytes, LoginIuLength, ::testing::Values(64, 65, 260, 4096, 8260));

class LoginFormat : public Login, public ::testing::WithParamInterface<uint16_t> {};

TEST_P(LoginFormat, IsAccepted_r16a_6_2) {
  LoginRequest req = request();
  req.buf_fmt = GetParam();
  EXPECT_TRUE(login(req).has_value());
}
INSTANTIATE_TEST_SUITE_P(Mask, LoginFormat,
                         ::testing::Values(PROTO_BUF_DIRECT, PROTO_BUF_INDIRECT));

struct Refused {
  const char* name;
  void (*bend)(LoginRequest&);
  uint32_t reason;
};

void PrintTo(const Refused& r, std::ostream* out) { *out << r.name; }

class LoginRefused : public Login, public ::testing::WithParamInterface<Refused> {};

// r16a 6.4; field defects 8, 9, 18
TEST_P(LoginRefused, WithTheReasonOfTheStandard) {
  LoginRequest req = request();
  GetParam().bend(req);
  const auto ch = login(req);
  ASSERT_FALSE(ch.has_value()) << "was let in";
  EXPECT_EQ(ch.error().event, RDMA_CM_EVENT_REJECTED) << ch.error().what;
  EXPECT_EQ(ch.error().status, kConsumerDefined);
  ASSERT_TRUE(ch.error().has_reject()) << "the reject carries no SRP_LOGIN_REJ";
  EXPECT_EQ(ch.error().reason(), GetParam().reason) << std::hex << ch.error().reason();
  if (req.length >= 8) {
    EXPECT_EQ(ch.error().tag(), req.tag);
  }
}

const Refused kRefused[] = {
    {"OpcodeOfCommand", [](LoginRequest& r) { r.opcode = PROTO_CMD; }, 0x10000},
    {"OpcodeOfResponse", [](LoginRequest& r) { r.opcode = PROTO_LOGIN_RSP; }, 0x10000},
    {"OpcodeUnknown", [](LoginRequest& r) { r.opcode = 0xff; }, 0x10000},
    {"NoFormat", [](LoginRequest& r) { r.buf_fmt = 0; }, 0x10004},
    {"FormatReservedLow", [](LoginRequest& r) { r.buf_fmt = 0x0007; }, 0x10004},
    {"FormatReservedNext", [](LoginRequest& r) { r.buf_fmt = 0x000e; }, 0x10004},
    {"FormatReservedHigh", [](LoginRequest& r) { r.buf_fmt = 0x8006; }, 0x10004},
    {"IuLengthZero", [](LoginRequest& r) { r.it_iu_len = 0; }, 0x10000},
    {"IuLengthBelowMinimum", [](LoginRequest& r) { r.it_iu_len = 63; }, 0x10000},
    {"IuLengthOverLimit", [](LoginRequest& r) { r.it_iu_len = 8261; }, 0x10002},
    {"IuLengthHuge", [](LoginRequest& r) { r.it_iu_len = 0xffffffff; }, 0x10002},
    {"TargetPortExtension", [](LoginRequest& r) { r.t_port[7] ^= 1; }, 0x10003},
    {"TargetPortGuid", [](LoginRequest& r) { r.t_port[15] ^= 1; }, 0x10003},
    {"TargetPortZero", [](LoginRequest& r) { r.t_port = {}; }, 0x10003},
    {"MultichannelReserved2", [](LoginRequest& r) { r.flags |= 2; }, 0x10005},
    {"MultichannelReserved3", [](LoginRequest& r) { r.flags |= 3; }, 0x10005},
    {"ImmediateOffsetZero", [](LoginRequest& r) { r.imm_offset = 0; }, 0x10004},
    {"ImmediateOffsetInCommand", [](LoginRequest& r) { r.imm_offset = 51; }, 0x10004},
    {"ImmediateOffsetAtEnd", [](LoginRequest& r) { r.imm_offset = 8260; }, 0x10004},
    {"ImmediateOffsetPastEnd", [](LoginRequest& r) { r.imm_offset = 0xffff; }, 0x10004},
    {"NoAcl", [](LoginRequest& r) { r.i_port[15] ^= 0x55; }, 0x10006},
    // The CM fills what is not sent with zeros.
    {"NoPrivateData", [](LoginRequest& r) { r.length = 0; }, 0x10000},
    {"PrivateDataCutInLength", [](LoginRequest& r) { r.length = 12; }, 0x10000},
    {"PrivateDataCutInInitiator",
     [](LoginRequest& r) {
       r.flags = 0;
       r.length = 31;
     },
     0x10003},
    {"PrivateDataCutInTarget",
     [](LoginRequest& r) {
       r.flags = 0;
       r.length = 47;
     },
     0x10003},
};
INSTANTIATE_TEST_SUITE_P(Because, LoginRefused, ::testing::ValuesIn(kRefused),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Login, SingleEndsTheOldChannel_r16a_6_2) {
  const LoginRequest req = request();
  ChannelPtr old = open(req);
  ASSERT_TRUE(old);
  auto now = login(req);
  ASSERT_TRUE(now.has_value()) << now.error().what;
  EXPECT_EQ((*now)->response().flags & 3, PROTO_RSP_MULTICHAN_TERMINATED);
  EXPECT_TRUE(old->wait_closed());
  EXPECT_EQ(old->t_logout(), PROTO_LOGOUT_MULTICHANNEL_ACTION);
  expect_served(**now);
}

TEST_F(Login, SingleEndsAllOldChannels) {
  LoginRequest req = request();
  ChannelPtr a = open(req);
  req.flags |= PROTO_MULTICHAN_MULTI;
  ChannelPtr b = open(req);
  ASSERT_TRUE(a && b);
  req.flags &= ~PROTO_MULTICHAN_MULTI;
  ChannelPtr c = open(req);
  ASSERT_TRUE(c);
  EXPECT_TRUE(a->wait_closed());
  EXPECT_TRUE(b->wait_closed());
  expect_served(*c);
}

TEST_F(Login, MultiKeepsTheOldChannel_r16a_6_2) {
  LoginRequest req = request();
  ChannelPtr old = open(req);
  ASSERT_TRUE(old);
  req.flags |= PROTO_MULTICHAN_MULTI;
  auto now = login(req);
  ASSERT_TRUE(now.has_value()) << now.error().what;
  EXPECT_EQ((*now)->response().flags & 3, PROTO_RSP_MULTICHAN_KEPT);
  expect_served(*old);
  expect_served(**now);
}

TEST_F(Login, MultiAsTheFirstFindsNoOther) {
  LoginRequest req = request();
  req.flags |= PROTO_MULTICHAN_MULTI;
  auto ch = login(req);
  ASSERT_TRUE(ch.has_value()) << ch.error().what;
  EXPECT_EQ((*ch)->response().flags & 3, PROTO_RSP_MULTICHAN_NONE);
}

TEST_F(Login, AnotherInitiatorIsNotDisturbed) {
  ChannelPtr one = open();
  ChannelPtr other = open();
  ASSERT_TRUE(one && other);
  expect_served(*one);
  expect_served(*other);
}

TEST_F(Login, ChannelLimitIsReason6AndSparesTheOthers) {
  LoginRequest req = request();
  req.flags |= PROTO_MULTICHAN_MULTI;
  std::vector<ChannelPtr> channels;
  for (unsigned i = 0; i < Lab::get().max_channels; i++) {
    channels.push_back(open(req));
    ASSERT_TRUE(channels.back()) << "channel " << i;
  }
  const auto over = login(req);
  ASSERT_FALSE(over.has_value());
  EXPECT_EQ(over.error().reason(), PROTO_REJ_CHANNEL_LIMIT_REACHED);
  for (auto& ch : channels) expect_served(*ch);

  // A place that is given back can be taken again, after the old one is gone.
  channels.pop_back();
  const auto end = Clock::now() + kPatience;
  Channel::Result again = login(req);
  while (!again && Clock::now() < end) again = login(req);
  EXPECT_TRUE(again.has_value());
}

TEST_F(Login, AllNotificationFlagsAreAccepted) {
  LoginRequest req = request();
  req.flags |= PROTO_LOSOLNT | PROTO_CRSOLNT | PROTO_AESOLNT;
  ChannelPtr ch = open(req);
  ASSERT_TRUE(ch);
  expect_served(*ch);
}

// Field defect 7: what a login leaves is gone with it.
TEST_F(Login, ManyInitiatorsOneAfterAnother) {
  for (int i = 0; i < 20; i++) {
    auto ch = login(request());
    ASSERT_TRUE(ch.has_value()) << i << ": " << ch.error().what;
  }
}

TEST_F(Login, SameInitiatorAgainAndAgain) {
  const LoginRequest req = request();
  for (int i = 0; i < 10; i++) {
    auto ch = login(req);
    ASSERT_TRUE(ch.has_value()) << i << ": " << ch.error().what;
  }
}

class Leaves : public Conformance {};

TEST_F(Leaves, RightAfterTheRequest) {
  for (int i = 0; i < 5; i++) {
    const auto ch = Channel::login(Lab::get().target, request(), Stop::kAfterSend);
    EXPECT_FALSE(ch.has_value());
  }
}

TEST_F(Leaves, BeforeTheConnectionIsReady) {
  for (int i = 0; i < 5; i++) {
    const auto ch = Channel::login(Lab::get().target, request(), Stop::kBeforeReady);
    ASSERT_FALSE(ch.has_value());
    EXPECT_EQ(ch.error().event, RDMA_CM_EVENT_CONNECT_RESPONSE) << ch.error().what;
  }
}

TEST_F(Leaves, RightAfterTheLogin) {
  for (int i = 0; i < 5; i++) EXPECT_TRUE(login(request()).has_value());
}

TEST_F(Leaves, WithReadsUnderWay) {
  ChannelPtr ch = open();
  ASSERT_TRUE(ch);
  auto mem = ch->region(256 * kBlock);
  for (int i = 0; i < 32; i++)
    ch->send(cmd_direct(ch->next_tag(), kDisk, cdb_read10(0, 256), Dir::kIn, mem->desc()));
  ch->disconnect();
}

TEST_F(Leaves, WithWritesUnderWay) {
  ChannelPtr ch = open();
  ASSERT_TRUE(ch);
  auto mem = ch->region(256 * kBlock);
  for (int i = 0; i < 32; i++)
    ch->send(cmd_direct(ch->next_tag(), kDisk, cdb_write10(0, 256), Dir::kOut, mem->desc()));
  ch->disconnect();
}

TEST_F(Leaves, WhileTheBackEndStandsStill) {
  ChannelPtr ch = open();
  ASSERT_TRUE(ch);
  auto mem = ch->region(8 * kBlock);
  stall();
  for (int i = 0; i < 8; i++)
    ch->send(cmd_direct(ch->next_tag(), kSlow, cdb_read10(0, 8), Dir::kIn, mem->desc()));
  EXPECT_TRUE(ch->quiet(milliseconds(100)));
  ch->disconnect();
  ch.reset();
  expect_served(witness());
  resume();
}

// Its buffers vanish under the commands: the keys are no longer valid.
TEST_F(Leaves, WithTheMemoryGone) {
  ChannelPtr ch = open();
  ASSERT_TRUE(ch);
  auto mem = ch->region(8 * kBlock);
  stall();
  for (int i = 0; i < 8; i++)
    ch->send(cmd_direct(ch->next_tag(), kSlow, cdb_read10(0, 8), Dir::kIn, mem->desc()));
  EXPECT_TRUE(ch->quiet(milliseconds(100)));
  mem.reset();
  resume();
  EXPECT_TRUE(ch->wait_closed());
}

// The administrator's step: sessions are told, and can come back.
TEST_F(Leaves, WhenTheTargetIsDisabledItIsTold_r16a_6_5) {
  ChannelPtr ch = open();
  ASSERT_TRUE(ch);
  witness();
  Lab::hook("disable");
  EXPECT_TRUE(ch->wait_closed());
  EXPECT_EQ(ch->t_logout(), PROTO_LOGOUT_NO_REASON);
  EXPECT_TRUE(witness().wait_closed());
  const auto refused = login(request());
  Lab::hook("enable");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason(), PROTO_REJ_INSUFFICIENT_RESOURCES);
}

}  // namespace
}  // namespace srp
