// SPDX-License-Identifier: GPL-2.0
// Logins by the InfiniBand CM, message by message: r16a annex B, IBA volume 1
// chapter 12. What the kernel's connection manager would never send: requests
// again and again, no confirmation, disconnections out of turn, fields that lie.
#include <cstdlib>
#include <set>
#include <thread>

#include "cm_mad.hpp"
#include "fixture.hpp"

namespace srp {
namespace {

constexpr milliseconds kMoment{300};

class IbCm : public Conformance {
 protected:
  void SetUp() override {
    const char* ca = std::getenv("SRP_RAW_CA");
    const char* lid = std::getenv("SRP_TARGET_LID");
    ASSERT_TRUE(ca && lid) << "an adapter without the kernel's CM is needed";
    const Endpoint& to = Lab::get().target;
    port_ =
        std::make_unique<CmPort>(CmPeer{ca, static_cast<uint16_t>(std::strtoul(lid, nullptr, 0)),
                                        to.host, std::stoull(to.port, nullptr, 16)});
    witness();
  }
  static uint32_t next_id() {
    static auto id = static_cast<uint32_t>(Clock::now().time_since_epoch().count());
    return id += 7;
  }
  CmMad answer(CmAttr attr, const CmMad& to) const {
    CmMad m = CmMad::make(attr, proto_get_be64(&to.raw[8]));
    proto_put_be32(m.at(0), to.remote_id());
    proto_put_be32(m.at(4), to.local_id());
    return m;
  }
  CmMad reject(const CmMad& of, uint8_t message, uint16_t reason) const {
    CmMad m = answer(CmAttr::kRej, of);
    *m.at(8) = static_cast<uint8_t>(message << 6);
    proto_put_be16(m.at(10), reason);
    return m;
  }
  CmMad dreq(const CmMad& rep) const {
    CmMad m = answer(CmAttr::kDreq, rep);
    // The queue pair of the one who is asked
    std::copy_n(rep.at(12), 3, m.at(8));
    return m;
  }
  // Up to the reply
  std::optional<CmMad> reply(uint32_t id, const LoginRequest& req = request()) {
    port_->send(port_->request(id, req));
    return port_->receive(id, CmAttr::kRep);
  }
  // ... and confirmed
  std::optional<CmMad> connect(uint32_t id, const LoginRequest& req = request()) {
    auto rep = reply(id, req);
    if (rep) port_->send(answer(CmAttr::kRtu, *rep));
    return rep;
  }
  void leave(uint32_t id, const CmMad& rep) {
    port_->send(dreq(rep));
    EXPECT_TRUE(port_->receive(id, CmAttr::kDrep).has_value()) << "no answer to the disconnection";
  }
  // Logins that ended because nobody confirmed the reply
  static int never_established() { return log_lines("ib_srpt Closed", "was never established"); }
  static bool given_up(int lines) {
    const auto end = Clock::now() + kPatience;
    while (never_established() < lines && Clock::now() < end)
      std::this_thread::sleep_for(milliseconds(20));
    return never_established() >= lines;
  }
  std::unique_ptr<CmPort> port_;
};

TEST_F(IbCm, LoginAndLeave_r16a_B) {
  const uint32_t id = next_id();
  LoginRequest req = request();
  const auto rep = connect(id, req);
  ASSERT_TRUE(rep.has_value()) << "no reply";
  const auto rsp = LoginResponse::parse({rep->at(36), PROTO_LOGIN_RSP_LEN});
  EXPECT_EQ(rsp.opcode, PROTO_LOGIN_RSP);
  EXPECT_EQ(rsp.tag, req.tag);
  EXPECT_EQ(rsp.max_it_iu_len, req.it_iu_len);
  EXPECT_GE(rsp.req_lim_delta, 2);
  leave(id, *rep);
}

TEST_F(IbCm, RequestSentAgainIsOneLogin) {
  const uint32_t id = next_id();
  const CmMad req = port_->request(id, request());
  for (int i = 0; i < 20; i++) port_->send(req);
  const auto rep = port_->receive(id, CmAttr::kRep);
  ASSERT_TRUE(rep.has_value()) << "no reply";
  while (const auto more = port_->receive(id, CmAttr::kRep, kMoment))
    EXPECT_EQ(more->local_id(), rep->local_id()) << "a second connection was made";
  port_->send(answer(CmAttr::kRtu, *rep));
  port_->send(req);
  leave(id, *rep);
}

TEST_F(IbCm, RequestAgainAfterTheEndIsAnotherLogin) {
  const uint32_t id = next_id();
  LoginRequest login = request();
  auto rep = connect(id, login);
  ASSERT_TRUE(rep.has_value());
  leave(id, *rep);
  // The old one is in time-wait: refused as stale, or let in.
  port_->send(port_->request(id, login));
  EXPECT_TRUE(port_->receive(id).has_value()) << "no answer";
}

TEST_F(IbCm, NoConfirmationIsGivenUpInTime) {
  const int before = never_established();
  ASSERT_TRUE(reply(next_id()).has_value());
  // The reply is repeated three times, then the login ends. The kernel's CM
  // says nothing more to who has been silent; the log has it.
  EXPECT_TRUE(given_up(before + 1)) << "waits for ever";
}

TEST_F(IbCm, ReplyRejected) {
  for (const uint16_t reason : {1, 3, 10, 28, 0, 0xffff}) {
    const uint32_t id = next_id();
    const auto rep = reply(id);
    ASSERT_TRUE(rep.has_value());
    port_->send(reject(*rep, 1, reason));
  }
  // Their places are free again.
  const uint32_t id = next_id();
  const auto rep = connect(id);
  ASSERT_TRUE(rep.has_value());
  leave(id, *rep);
}

TEST_F(IbCm, RequestTakenBackBeforeTheReply) {
  for (int i = 0; i < 5; i++) {
    const uint32_t id = next_id();
    const CmMad req = port_->request(id, request());
    port_->send(req);
    CmMad m = CmMad::make(CmAttr::kRej, id);
    proto_put_be32(m.at(0), id);
    proto_put_be16(m.at(10), kRejTimeout);
    port_->send(m);
  }
}

TEST_F(IbCm, ConfirmationTwiceAndWithoutALogin) {
  const uint32_t id = next_id();
  const auto rep = connect(id);
  ASSERT_TRUE(rep.has_value());
  for (int i = 0; i < 5; i++) port_->send(answer(CmAttr::kRtu, *rep));
  CmMad alien = answer(CmAttr::kRtu, *rep);
  proto_put_be32(alien.at(4), 0xdeadbeef);
  port_->send(alien);
  leave(id, *rep);
}

TEST_F(IbCm, ConfirmationPutOff) {
  const uint32_t id = next_id();
  const auto rep = reply(id);
  ASSERT_TRUE(rep.has_value());
  CmMad mra = answer(CmAttr::kMra, *rep);
  *mra.at(8) = 1 << 6;
  *mra.at(9) = 18 << 3;  // a second
  port_->send(mra);
  EXPECT_FALSE(port_->receive(id, CmAttr::kRej, kMoment).has_value());
  port_->send(answer(CmAttr::kRtu, *rep));
  leave(id, *rep);
}

// Put off for hours: the longest time that the field holds.
TEST_F(IbCm, ConfirmationPutOffForEver) {
  const uint32_t id = next_id();
  const auto rep = reply(id);
  ASSERT_TRUE(rep.has_value());
  CmMad mra = answer(CmAttr::kMra, *rep);
  *mra.at(8) = 1 << 6;
  *mra.at(9) = 31 << 3;
  port_->send(mra);
  expect_served(witness());
  port_->send(reject(*rep, 1, kRejConsumer));
}

TEST_F(IbCm, DisconnectionBeforeTheConfirmation) {
  const uint32_t id = next_id();
  const auto rep = reply(id);
  ASSERT_TRUE(rep.has_value());
  port_->send(dreq(*rep));
  EXPECT_TRUE(port_->receive(id, {}, kPatience).has_value()) << "never heard of again";
}

TEST_F(IbCm, DisconnectionTwiceAndAfterTheEnd) {
  const uint32_t id = next_id();
  const auto rep = connect(id);
  ASSERT_TRUE(rep.has_value());
  port_->send(dreq(*rep));
  port_->send(dreq(*rep));
  EXPECT_TRUE(port_->receive(id, CmAttr::kDrep).has_value());
  for (int i = 0; i < 5; i++) port_->send(dreq(*rep));
  expect_served(witness());
}

TEST_F(IbCm, DisconnectionOfAnotherQueuePair) {
  const uint32_t id = next_id();
  const auto rep = connect(id);
  ASSERT_TRUE(rep.has_value());
  CmMad m = dreq(*rep);
  *m.at(10) ^= 0xff;
  port_->send(m);
  expect_served(witness());
  leave(id, *rep);
}

TEST_F(IbCm, AnswerToNoDisconnection) {
  const uint32_t id = next_id();
  const auto rep = connect(id);
  ASSERT_TRUE(rep.has_value());
  port_->send(answer(CmAttr::kDrep, *rep));
  expect_served(witness());
  leave(id, *rep);
}

TEST_F(IbCm, RejectionOfALiveConnection) {
  const uint32_t id = next_id();
  const auto rep = connect(id);
  ASSERT_TRUE(rep.has_value());
  expect_served(witness());
  port_->send(reject(*rep, 1, kRejConsumer));
}

// The target's own disconnection is not answered: it ends in bounded time.
TEST_F(IbCm, TheTargetsDisconnectionIsNotAnswered) {
  const LoginRequest single = request();
  const uint32_t first = next_id(), second = next_id();
  const auto old = connect(first, single);
  ASSERT_TRUE(old.has_value());
  port_->send(port_->request(second, single));
  EXPECT_TRUE(port_->receive(first, CmAttr::kDreq).has_value());
  auto now = port_->receive(second);
  while (now && now->attr() == CmAttr::kMra) now = port_->receive(second);
  ASSERT_TRUE(now.has_value()) << "the new login waits for ever";
  if (now->attr() == CmAttr::kRep) {
    port_->send(answer(CmAttr::kRtu, *now));
    leave(second, *now);
  }
}

TEST_F(IbCm, ManyHalfOpenAtOnce) {
  const int before = never_established();
  std::vector<uint32_t> ids;
  for (int i = 0; i < 40; i++) {
    ids.push_back(next_id());
    port_->send(port_->request(ids.back(), request()));
  }
  expect_served(witness());
  for (const uint32_t id : ids)
    EXPECT_TRUE(port_->receive(id).has_value()) << "no answer, not even a reject";
  // All of them end by themselves.
  EXPECT_TRUE(given_up(before + static_cast<int>(ids.size())));
}

// Field defect 7
TEST_F(IbCm, StormOfRefusedNames) {
  std::set<uint32_t> ids;
  for (int i = 0; i < 400; i++) {
    LoginRequest req = request();
    req.i_port[15] ^= 0x55;
    ids.insert(next_id());
    port_->send(port_->request(*ids.rbegin(), req));
  }
  expect_served(witness());
}

// Field defects 8, 9, 18: each with CM reason 28 and a reason of the standard
struct BadLogin {
  const char* name;
  void (*bend)(CmMad&);
  uint32_t reason;
};

void PrintTo(const BadLogin& b, std::ostream* out) { *out << b.name; }

class IbCmRefused : public IbCm, public ::testing::WithParamInterface<BadLogin> {};

TEST_P(IbCmRefused, WithTheReasonOfTheStandard_r16a_6_4) {
  const uint32_t id = next_id();
  CmMad req = port_->request(id, request());
  GetParam().bend(req);
  port_->send(req);
  const auto rej = port_->receive(id);
  ASSERT_TRUE(rej.has_value()) << "no answer";
  ASSERT_EQ(rej->attr(), CmAttr::kRej);
  EXPECT_EQ(rej->reject_reason(), kRejConsumer);
  EXPECT_EQ(rej->srp_reason(), GetParam().reason) << std::hex << rej->srp_reason();
}

// Offsets in the request of 64 bytes, r16a 6.2
template <size_t from>
void cut(CmMad& m) {
  std::fill(m.at(140) + from, m.at(140) + 92, 0);
}

const BadLogin kBadLogins[] = {
    {"OpcodeOfCommand", [](CmMad& m) { *m.at(140) = PROTO_CMD; }, 0x10000},
    {"OpcodeOfResponse", [](CmMad& m) { *m.at(140) = PROTO_LOGIN_RSP; }, 0x10000},
    {"OpcodeUnknown", [](CmMad& m) { *m.at(140) = 0xff; }, 0x10000},
    {"AllOnes", [](CmMad& m) { std::fill_n(m.at(140), 92, 0xff); }, 0x10000},
    {"Nothing", cut<0>, 0x10000},
    {"CutBehindTheTag", cut<16>, 0x10000},
    {"CutBehindTheLength", cut<20>, 0x10004},
    {"NoInitiator", [](CmMad& m) { std::fill_n(m.at(140 + 32), 16, 0); }, 0x10006},
    {"InitiatorWithoutAcl", [](CmMad& m) { *m.at(140 + 47) ^= 0x55; }, 0x10006},
    {"CutBehindTheInitiator", cut<48>, 0x10003},
    {"CutInTheTarget", cut<63>, 0x10003},
    {"NoTarget", [](CmMad& m) { std::fill_n(m.at(140 + 48), 16, 0); }, 0x10003},
    {"AnotherTarget", [](CmMad& m) { *m.at(140 + 48) ^= 1; }, 0x10003},
    {"LengthTooSmall", [](CmMad& m) { proto_put_be32(m.at(140 + 16), 63); }, 0x10000},
    {"LengthTooLarge", [](CmMad& m) { proto_put_be32(m.at(140 + 16), 0xffffffff); }, 0x10002},
    {"Formats", [](CmMad& m) { proto_put_be16(m.at(140 + 24), 1); }, 0x10004},
    {"Multichannel", [](CmMad& m) { *m.at(140 + 26) |= 2; }, 0x10005},
    {"ImmediateOffset", [](CmMad& m) { proto_put_be16(m.at(140 + 28), 1); }, 0x10004},
};
INSTANTIATE_TEST_SUITE_P(Because, IbCmRefused, ::testing::ValuesIn(kBadLogins),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(IbCm, AnotherServiceIsNotOurs) {
  const uint32_t id = next_id();
  CmMad req = port_->request(id, request());
  *req.at(15) ^= 1;
  port_->send(req);
  const auto rej = port_->receive(id, CmAttr::kRej);
  ASSERT_TRUE(rej.has_value());
  EXPECT_EQ(rej->reject_reason(), kRejInvalidServiceId);
}

// Fields of the request that do not concern SRP. Whatever becomes of such a
// login, nobody else is concerned, and it does not stay.
struct Lie {
  const char* name;
  void (*tell)(CmMad&);
};

void PrintTo(const Lie& l, std::ostream* out) { *out << l.name; }

class IbCmLie : public IbCm, public ::testing::WithParamInterface<Lie> {};

TEST_P(IbCmLie, ConcernsNobodyElse_IBA_12_7) {
  const uint32_t id = next_id();
  CmMad req = port_->request(id, request());
  GetParam().tell(req);
  port_->send(req);
  expect_served(witness());
  auto m = port_->receive(id, {}, kMoment);
  if (m && m->attr() == CmAttr::kRep) {
    port_->send(answer(CmAttr::kRtu, *m));
    expect_served(witness());
    port_->send(dreq(*m));
  }
  const uint32_t next = next_id();
  const auto rep = connect(next);
  ASSERT_TRUE(rep.has_value()) << "a good login after it has no reply";
  leave(next, *rep);
}

const Lie kLies[] = {
    {"QueuePair0", [](CmMad& m) { std::fill_n(m.at(32), 3, 0); }},
    {"QueuePair1",
     [](CmMad& m) {
       std::fill_n(m.at(32), 3, 0);
       *m.at(34) = 1;
     }},
    {"QueuePairAllOnes", [](CmMad& m) { std::fill_n(m.at(32), 3, 0xff); }},
    {"NoResponderResources", [](CmMad& m) { *m.at(35) = 0; }},
    {"AllResponderResources", [](CmMad& m) { *m.at(35) = 0xff; }},
    {"NoInitiatorDepth", [](CmMad& m) { *m.at(39) = 0; }},
    {"AllInitiatorDepth", [](CmMad& m) { *m.at(39) = 0xff; }},
    {"UnreliableConnection", [](CmMad& m) { *m.at(43) |= 1 << 1; }},
    {"ReliableDatagram", [](CmMad& m) { *m.at(43) |= 2 << 1; }},
    {"ReservedTransport", [](CmMad& m) { *m.at(43) |= 3 << 1; }},
    {"PsnAllOnes", [](CmMad& m) { std::fill_n(m.at(44), 3, 0xff); }},
    {"LongestTimeouts",
     [](CmMad& m) {
       *m.at(43) |= 0xf8;
       *m.at(47) |= 0xf8;
       *m.at(95) |= 0xf8;
     }},
    {"NoRetries",
     [](CmMad& m) {
       *m.at(47) &= 0xf8;
       *m.at(50) &= 0xf8;
       *m.at(51) = 0;
     }},
    {"PartitionKeyOfNobody", [](CmMad& m) { proto_put_be16(m.at(48), 0x8123); }},
    {"PartitionKey0", [](CmMad& m) { proto_put_be16(m.at(48), 0); }},
    {"Mtu0", [](CmMad& m) { *m.at(50) &= 0x0f; }},
    {"Mtu15", [](CmMad& m) { *m.at(50) |= 0xf0; }},
    {"ExtendedTransport", [](CmMad& m) { *m.at(51) |= 7; }},
    {"LocalLid0", [](CmMad& m) { proto_put_be16(m.at(52), 0); }},
    {"LocalLidAllOnes", [](CmMad& m) { proto_put_be16(m.at(52), 0xffff); }},
    {"LocalLidOfTheTarget", [](CmMad& m) { std::copy_n(m.at(54), 2, m.at(52)); }},
    {"RemoteLidOfNobody", [](CmMad& m) { proto_put_be16(m.at(54), 0x0bad); }},
    {"LocalGidZero", [](CmMad& m) { std::fill_n(m.at(56), 16, 0); }},
    {"LocalGidMulticast", [](CmMad& m) { std::fill_n(m.at(56), 16, 0xff); }},
    {"RemoteGidOfNobody", [](CmMad& m) { *m.at(87) ^= 0x55; }},
    {"Rate0", [](CmMad& m) { *m.at(91) = 0; }},
    {"Rate63", [](CmMad& m) { *m.at(91) = 0x3f; }},
    {"OverRouters", [](CmMad& m) { *m.at(94) &= ~0x08; }},
    {"ServiceLevel15", [](CmMad& m) { *m.at(94) |= 0xf0; }},
    {"AlternatePathAllOnes", [](CmMad& m) { std::fill_n(m.at(96), 44, 0xff); }},
};
INSTANTIATE_TEST_SUITE_P(In, IbCmLie, ::testing::ValuesIn(kLies),
                         [](const auto& info) { return std::string(info.param.name); });

// Messages that make no sense, to the target and in the middle of a login
class IbCmNonsense : public IbCm, public ::testing::WithParamInterface<int> {};

TEST_P(IbCmNonsense, IsOfNoConsequence) {
  const uint32_t id = next_id();
  const auto rep = connect(id);
  ASSERT_TRUE(rep.has_value());
  for (const uint8_t byte : {0x00, 0x55, 0xff})
    for (const bool aimed : {false, true}) {
      CmMad m = CmMad::make(static_cast<CmAttr>(GetParam()), id);
      std::fill(m.at(0), m.raw.end(), byte);
      if (aimed) {
        proto_put_be32(m.at(0), id);
        proto_put_be32(m.at(4), rep->local_id());
      }
      port_->send(m);
    }
  expect_served(witness());
  port_->send(dreq(*rep));
}
INSTANTIATE_TEST_SUITE_P(Attribute, IbCmNonsense,
                         ::testing::Values(0x0000, 0x0001, 0x0010, 0x0011, 0x0012, 0x0013, 0x0014,
                                           0x0015, 0x0016, 0x0017, 0x0018, 0x0019, 0x001a, 0x00ff,
                                           0xffff));

}  // namespace
}  // namespace srp
