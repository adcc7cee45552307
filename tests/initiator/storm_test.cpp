// SPDX-License-Identifier: GPL-2.0
// Many at once: storms of logins, thousands of names, logins that stop half
// way, channels that fight over one nexus, and who leaves at any moment.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "fixture.hpp"

namespace srp {
namespace {

class Storm : public Conformance {
 protected:
  static void in_threads(int n, const std::function<void(int)>& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < n; i++) threads.emplace_back(work, i);
    for (std::thread& t : threads) t.join();
  }
  // Numbers no two threads share
  static uint64_t extension(int thread, int i) {
    static const uint64_t base = static_cast<uint64_t>(Clock::now().time_since_epoch().count())
                                 << 20;
    return base + static_cast<uint64_t>(thread) * 0x10000 + static_cast<uint64_t>(i);
  }
};

// Objects of the general slab caches of the size that a name would need
long small_objects() {
  std::ifstream in("/proc/slabinfo");
  long sum = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string name;
    long active = 0;
    fields >> name >> active;
    for (const char* cache : {"kmalloc-64", "kmalloc-96", "kmalloc-128", "kmalloc-192",
                              "kmalloc-256", "kmalloc-512", "kmalloc-1k"})
      if (name == cache) sum += active;
  }
  return sum;
}

// Field defect 7: who is refused leaves nothing but a place in a table of
// fixed size.
TEST_F(Storm, ThousandsOfNamesThatAreRefusedLeaveNothing) {
  static constexpr int kThreads = 16, kEach = 125, kNames = kThreads * kEach;
  witness();
  // Once beforehand: caches fill, and stay so.
  const auto all = [](int round) {
    std::atomic<int> refused = 0;
    in_threads(kThreads, [&](int t) {
      for (int i = 0; i < kEach; i++) {
        LoginRequest req = request(extension(t, round * kEach + i));
        req.t_port[7] ^= 1;
        const Refusal r = Channel::knock(Lab::get().target, req);
        refused += r.reason() == PROTO_REJ_UNABLE_ASSOCIATE_CHANNEL;
      }
    });
    EXPECT_EQ(refused, kNames) << "logins without their reject";
  };
  all(0);
  const long before = small_objects();
  all(1);
  long after = small_objects();
  const auto end = Clock::now() + kPatience;
  while (after - before > kNames / 2 && Clock::now() < end) {
    expect_served(witness());
    after = small_objects();
  }
  EXPECT_LE(after - before, kNames / 2) << "memory grows with the number of names";
}

// Each is admitted, served and gone; all names are different.
TEST_F(Storm, ManyInitiatorsComeAndGoAtOnce) {
  std::atomic<int> served = 0;
  in_threads(4, [&](int t) {
    for (int i = 0; i < 15; i++) {
      auto ch = login(request(extension(t, i)));
      if (!ch) continue;
      const auto r = (*ch)->execute(cmd((*ch)->next_tag(), kDisk, cdb_inquiry(36)));
      served += r.has_value();
    }
  });
  EXPECT_EQ(served, 60);
}

TEST_F(Storm, SessionsSideBySideAreAllServed) {
  std::vector<ChannelPtr> channels;
  for (int i = 0; i < 24; i++) {
    channels.push_back(open());
    ASSERT_TRUE(channels.back()) << i;
  }
  for (auto& ch : channels) expect_served(*ch);
}

// Between refusals a good login is not turned away.
TEST_F(Storm, RefusedOnesDoNotKeepOthersOut) {
  std::atomic<bool> over = false;
  std::thread storm([&] {
    for (int i = 0; !over; i++) {
      LoginRequest req = request(extension(9, i & 0xffff));
      req.i_port[15] ^= 0x55;
      Channel::knock(Lab::get().target, req);
    }
  });
  for (int i = 0; i < 5; i++) {
    ChannelPtr ch = open();
    EXPECT_TRUE(ch);
    if (ch) expect_served(*ch);
  }
  over = true;
  storm.join();
}

TEST_F(Storm, SessionLimitIsReason1AndSparesTheOthers) {
  witness();
  Lab::hook("sessions 1");
  const auto over = login(request());
  Lab::hook("sessions 1024");
  ASSERT_FALSE(over.has_value());
  EXPECT_EQ(over.error().reason(), PROTO_REJ_INSUFFICIENT_RESOURCES);
  ChannelPtr ch = open();
  ASSERT_TRUE(ch);
  expect_served(*ch);
}

// Field defect 19: the hardware half of a session ends whatever the back end
// does, so that disabling comes back, and the rest when the commands do.
TEST_F(Storm, DisablingEndsInTimeWhileTheBackEndStandsStill) {
  Channel& second = witness();
  ChannelPtr ch = open();
  ASSERT_TRUE(ch);
  auto mem = ch->region(8 * kBlock);
  stall();
  for (int i = 0; i < 8; i++)
    ch->send(cmd_direct(ch->next_tag(), kSlow, cdb_read10(0, 8), Dir::kIn, mem->desc()));
  EXPECT_TRUE(ch->quiet(milliseconds(100)));
  const auto begun = Clock::now();
  Lab::hook("disable-in-background");
  EXPECT_TRUE(ch->wait_closed());
  EXPECT_TRUE(second.wait_closed());
  EXPECT_LT(Clock::now() - begun, kPatience);
  resume();
  Lab::hook("enable");
}

class HalfOpen : public Storm {};

// REQ, REP, and then silence: no RTU. Others come in meanwhile.
TEST_F(HalfOpen, SilenceAfterTheAccept) {
  std::vector<std::unique_ptr<HalfLogin>> half;
  for (int i = 0; i < 48; i++) {
    half.push_back(std::make_unique<HalfLogin>(Lab::get().target, request(extension(11, i))));
    ASSERT_EQ(half.back()->event(), RDMA_CM_EVENT_CONNECT_RESPONSE) << i;
  }
  ChannelPtr ch = open();
  ASSERT_TRUE(ch);
  expect_served(*ch);
}

// A half-open login counts as a channel, and no longer than it lasts.
TEST_F(HalfOpen, OfOneInitiatorIsLimitedLikeItsChannels) {
  LoginRequest req = request();
  req.flags |= PROTO_MULTICHAN_MULTI;
  {
    std::vector<std::unique_ptr<HalfLogin>> half;
    for (unsigned i = 0; i < Lab::get().max_channels; i++) {
      half.push_back(std::make_unique<HalfLogin>(Lab::get().target, req));
      ASSERT_EQ(half.back()->event(), RDMA_CM_EVENT_CONNECT_RESPONSE) << i;
    }
    EXPECT_EQ(Channel::knock(Lab::get().target, req).reason(), PROTO_REJ_CHANNEL_LIMIT_REACHED);
  }
  const auto end = Clock::now() + kPatience;
  Channel::Result ch = login(req);
  while (!ch && Clock::now() < end) ch = login(req);
  ASSERT_TRUE(ch.has_value()) << ch.error().what;
  expect_served(**ch);
}

TEST_F(HalfOpen, LeftAtOnceManyTimes) {
  in_threads(4, [&](int t) {
    for (int i = 0; i < 25; i++) HalfLogin(Lab::get().target, request(extension(20 + t, i)));
  });
}

class Fight : public Storm {};

// Two of the same name, each with a single channel: the later one has it.
TEST_F(Fight, TwoSingleChannelsOverOneNexus_r16a_6_2) {
  const LoginRequest req = request();
  std::atomic<int> in = 0;
  in_threads(2, [&](int) {
    for (int i = 0; i < 12; i++) {
      auto ch = login(req);
      if (!ch) continue;
      in++;
      (*ch)->execute(cmd((*ch)->next_tag(), kDisk, cdb_test_unit_ready()), milliseconds(500));
    }
  });
  EXPECT_GT(in, 0);
  ChannelPtr ch = open(req);
  ASSERT_TRUE(ch);
  expect_served(*ch);
}

TEST_F(Fight, SingleAgainstMulti_r16a_6_2) {
  const LoginRequest single = request();
  LoginRequest multi = single;
  multi.flags |= PROTO_MULTICHAN_MULTI;
  in_threads(2, [&](int t) {
    for (int i = 0; i < 12; i++) {
      auto ch = login(t ? multi : single);
      if (ch)
        (*ch)->execute(cmd((*ch)->next_tag(), kDisk, cdb_test_unit_ready()), milliseconds(500));
    }
  });
  ChannelPtr ch = open(single);
  ASSERT_TRUE(ch);
  expect_served(*ch);
}

// The one that is thrown out has commands with the back end: the new one is
// let in when they are over, or refused for now.
TEST_F(Fight, OverANexusWithCommandsInTheBackEnd) {
  const LoginRequest req = request();
  ChannelPtr old = open(req);
  ASSERT_TRUE(old);
  auto mem = old->region(8 * kBlock);
  stall();
  for (int i = 0; i < 4; i++)
    old->send(cmd_direct(old->next_tag(), kSlow, cdb_read10(0, 8), Dir::kIn, mem->desc()));
  EXPECT_TRUE(old->quiet(milliseconds(100)));
  const auto early = login(req);
  EXPECT_TRUE(old->wait_closed());
  if (!early) {
    EXPECT_EQ(early.error().reason(), PROTO_REJ_INSUFFICIENT_RESOURCES);
  }
  expect_served(witness());
  resume();
  ChannelPtr ch;
  const auto end = Clock::now() + kPatience;
  while (!ch && Clock::now() < end)
    if (auto now = login(req)) ch = std::move(*now);
  ASSERT_TRUE(ch);
  expect_served(*ch);
}

// How somebody leaves, with what under way
struct Exit {
  const char* name;
  Bytes (*make)(Channel&, Region&);
};

void PrintTo(const Exit& e, std::ostream* out) { *out << e.name; }

class LeavesAtAnyMoment : public Conformance, public ::testing::WithParamInterface<Exit> {
 protected:
  static constexpr size_t kLen = 64 * kBlock;
  // After none, one, two... microseconds and answers
  template <typename F>
  void at_moments(F leave) {
    for (const int after : {0, 1, 3, 6}) {
      ChannelPtr ch = open();
      ASSERT_TRUE(ch);
      auto mem = ch->region(kLen + 4096);
      for (int i = 0; i < 8; i++) ch->send(GetParam().make(*ch, *mem));
      ch->until([&] { return ch->pending_responses() >= static_cast<size_t>(after); });
      leave(*ch);
    }
  }
};

TEST_P(LeavesAtAnyMoment, ByDisconnecting) {
  at_moments([](Channel& ch) { ch.disconnect(); });
}

TEST_P(LeavesAtAnyMoment, WithoutAWord) {
  at_moments([](Channel& ch) { ch.vanish(); });
}

TEST_P(LeavesAtAnyMoment, ByLogout_r16a_6_5) {
  at_moments([](Channel& ch) {
    ch.send(short_iu(PROTO_I_LOGOUT, 1));
    EXPECT_TRUE(ch.wait_closed());
  });
}

const Exit kExits[] = {
    {"Read",
     [](Channel& ch, Region& mem) {
       return cmd_direct(ch.next_tag(), kDisk, cdb_read10(0, 64), Dir::kIn,
                         mem.desc(0, 64 * kBlock));
     }},
    {"Write",
     [](Channel& ch, Region& mem) {
       return cmd_direct(ch.next_tag(), kDisk, cdb_write10(0, 64), Dir::kOut,
                         mem.desc(0, 64 * kBlock));
     }},
    {"ExternalTable",
     [](Channel& ch, Region& mem) {
       const Desc d = mem.desc(0, 64 * kBlock);
       const Bytes raw = table_bytes({&d, 1});
       std::copy(raw.begin(), raw.end(), mem.bytes().begin() + 64 * kBlock);
       return cmd_indirect(ch.next_tag(), kDisk, cdb_write10(0, 64), Dir::kOut, {&d, 1}, 0,
                           mem.desc(64 * kBlock, 16));
     }},
    {"Immediate",
     [](Channel& ch, Region&) {
       return cmd_immediate(ch.next_tag(), kDisk, cdb_write10(0, 8), Bytes(8 * kBlock, 0x5a));
     }},
    {"Refused",
     [](Channel& ch, Region& mem) {
       Bytes iu = cmd_direct(ch.next_tag(), kDisk, cdb_read10(0, 8), Dir::kIn, mem.desc(0, 4096));
       iu[kCmdFmt] = 0x0f;
       return iu;
     }},
    {"TaskManagement",
     [](Channel& ch, Region&) { return tsk_mgmt(ch.next_tag(), kDisk, PROTO_TMF_ABORT_TASK_SET); }},
};
INSTANTIATE_TEST_SUITE_P(During, LeavesAtAnyMoment, ::testing::ValuesIn(kExits),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace srp
