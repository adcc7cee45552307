// SPDX-License-Identifier: GPL-2.0
// Task management, r16a 6.7: each function, with and without tasks to manage,
// by itself and from beside. LUN 1 stands still while there have to be some.
#include "fixture.hpp"

namespace srp {
namespace {

constexpr milliseconds kMoment{150};

class Tmf : public Conformance {
 protected:
  void SetUp() override {
    ch_ = open();
    ASSERT_TRUE(ch_);
    mem_ = ch_->region(64 * kBlock);
    begun_ = ch_->credits();
  }
  // Reads of the LUN that stands still; their tags
  std::vector<uint64_t> outstanding(Channel& ch, int n) {
    std::vector<uint64_t> tags;
    for (int i = 0; i < n; i++) {
      tags.push_back(ch.next_tag());
      EXPECT_TRUE(ch.send(
          cmd_direct(tags.back(), kSlow, cdb_read10(0, 8), Dir::kIn, mem_->desc(0, 8 * kBlock))));
    }
    return tags;
  }
  int run(Channel& ch, uint8_t func, unsigned lun = kDisk, uint64_t task = 0) {
    const auto r = ch.execute(tsk_mgmt(ch.next_tag(), lun, func, task));
    if (!r) return -2;
    EXPECT_TRUE(r->flags & PROTO_RSP_RSPVALID);
    EXPECT_EQ(r->status, 0);
    return r->rsp_code();
  }
  void expect_all_credits_back(Channel& ch) {
    EXPECT_TRUE(ch.until([&] { return ch.credits() == begun_; })) << ch.credits();
  }
  // A reset leaves a unit attention to whoever comes next.
  void settle(Channel& ch, unsigned lun) {
    for (int i = 0; i < 3; i++) ch.execute(cmd(ch.next_tag(), lun, cdb_test_unit_ready()));
    EXPECT_TRUE(good(ch.execute(cmd(ch.next_tag(), lun, cdb_test_unit_ready()))));
  }
  ChannelPtr ch_;
  std::unique_ptr<Region> mem_;
  int begun_ = 0;
};

// Field defect 24
TEST_F(Tmf, AbortOfAnUnknownTaskIsComplete) {
  EXPECT_EQ(run(*ch_, PROTO_TMF_ABORT_TASK, kDisk, 0xdead), PROTO_RSP_CODE_COMPLETE);
  expect_all_credits_back(*ch_);
}

TEST_F(Tmf, AbortOfATaskThatIsThrough) {
  const uint64_t tag = ch_->next_tag();
  ASSERT_TRUE(good(ch_->execute(cmd(tag, kDisk, cdb_test_unit_ready()))));
  EXPECT_EQ(run(*ch_, PROTO_TMF_ABORT_TASK, kDisk, tag), PROTO_RSP_CODE_COMPLETE);
}

TEST_F(Tmf, AbortTaskSetWithoutTasks) {
  EXPECT_EQ(run(*ch_, PROTO_TMF_ABORT_TASK_SET), PROTO_RSP_CODE_COMPLETE);
}

TEST_F(Tmf, ClearTaskSetWithoutTasks) {
  EXPECT_EQ(run(*ch_, PROTO_TMF_CLEAR_TASK_SET), PROTO_RSP_CODE_COMPLETE);
}

TEST_F(Tmf, LunResetWithoutTasks) {
  EXPECT_EQ(run(*ch_, PROTO_TMF_LUN_RESET, kSlow), PROTO_RSP_CODE_COMPLETE);
  settle(*ch_, kSlow);
  settle(witness(), kSlow);
}

TEST_F(Tmf, ClearAcaIsNotSupported) {
  EXPECT_EQ(run(*ch_, PROTO_TMF_CLEAR_ACA), PROTO_RSP_CODE_NOT_SUPPORTED);
}

class TmfFunction : public Tmf, public ::testing::WithParamInterface<int> {};

// The facts page: 2 invalid fields, 4 not supported; either names it.
TEST_P(TmfFunction, UnknownIsAnsweredNotCarriedOut) {
  const int code = run(*ch_, static_cast<uint8_t>(GetParam()));
  EXPECT_TRUE(code == PROTO_RSP_CODE_FIELDS_INVALID || code == PROTO_RSP_CODE_NOT_SUPPORTED)
      << code;
  expect_served(*ch_);
}
INSTANTIATE_TEST_SUITE_P(Code, TmfFunction, ::testing::Values(0x00, 0x03, 0x10, 0x20, 0x80, 0xff));

class TmfBadLun : public Tmf, public ::testing::WithParamInterface<int> {};

TEST_P(TmfBadLun, IsInvalidField) {
  const int code = run(*ch_, static_cast<uint8_t>(GetParam()), kNoLun, 1);
  EXPECT_EQ(code, PROTO_RSP_CODE_FIELDS_INVALID);
  expect_served(*ch_);
}
INSTANTIATE_TEST_SUITE_P(Function, TmfBadLun,
                         ::testing::Values(PROTO_TMF_ABORT_TASK_SET, PROTO_TMF_CLEAR_TASK_SET,
                                           PROTO_TMF_LUN_RESET));

// Field defects 10, 22: an aborted task is not answered, its credit comes back.
TEST_F(Tmf, AbortTaskOfOneAmongSeveral) {
  stall();
  const auto tags = outstanding(*ch_, 3);
  const uint64_t tmf = ch_->next_tag();
  ch_->send(tsk_mgmt(tmf, kSlow, PROTO_TMF_ABORT_TASK, tags[1]));
  EXPECT_TRUE(ch_->quiet(kMoment));
  resume();
  const auto r = ch_->wait(tmf);
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->rsp_code(), PROTO_RSP_CODE_COMPLETE);
  EXPECT_TRUE(good(ch_->wait(tags[0])));
  EXPECT_TRUE(good(ch_->wait(tags[2])));
  expect_all_credits_back(*ch_);
  EXPECT_FALSE(ch_->wait(tags[1], kMoment).has_value()) << "an aborted task was answered";
}

TEST_F(Tmf, AbortTaskFromAnotherChannelOfTheNexus) {
  LoginRequest req = request();
  ChannelPtr a = open(req);
  req.flags |= PROTO_MULTICHAN_MULTI;
  ChannelPtr b = open(req);
  ASSERT_TRUE(a && b);
  auto mem = a->region(8 * kBlock);
  stall();
  const uint64_t task = a->next_tag() + 0x500;
  a->send(cmd_direct(task, kSlow, cdb_read10(0, 8), Dir::kIn, mem->desc()));
  EXPECT_TRUE(a->quiet(kMoment));
  const uint64_t tmf = b->next_tag();
  b->send(tsk_mgmt(tmf, kSlow, PROTO_TMF_ABORT_TASK, task));
  EXPECT_TRUE(b->quiet(kMoment)) << "done before the task was";
  resume();
  const auto r = b->wait(tmf);
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->rsp_code(), PROTO_RSP_CODE_COMPLETE);
  expect_all_credits_back(*a);
  EXPECT_EQ(a->cred_reqs(), 1u) << "nothing else could have brought the credit";
  EXPECT_FALSE(a->wait(task, kMoment).has_value()) << "an aborted task was answered";
}

TEST_F(Tmf, AbortTaskOfAnotherInitiatorFindsNothing) {
  ChannelPtr other = open();
  ASSERT_TRUE(other);
  stall();
  const auto tags = outstanding(*ch_, 1);
  EXPECT_TRUE(ch_->quiet(kMoment));
  EXPECT_EQ(run(*other, PROTO_TMF_ABORT_TASK, kSlow, tags[0]), PROTO_RSP_CODE_COMPLETE);
  resume();
  EXPECT_TRUE(good(ch_->wait(tags[0])));
}

TEST_F(Tmf, AbortTaskSetTakesOnlyItsOwnNexus) {
  ChannelPtr other = open();
  ASSERT_TRUE(other);
  stall();
  const auto mine = outstanding(*ch_, 5);
  const auto theirs = outstanding(*other, 2);
  EXPECT_TRUE(other->quiet(kMoment));
  const uint64_t tmf = ch_->next_tag();
  ch_->send(tsk_mgmt(tmf, kSlow, PROTO_TMF_ABORT_TASK_SET));
  EXPECT_TRUE(ch_->quiet(kMoment));
  resume();
  const auto r = ch_->wait(tmf);
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->rsp_code(), PROTO_RSP_CODE_COMPLETE);
  for (const uint64_t tag : theirs) EXPECT_TRUE(good(other->wait(tag)));
  expect_all_credits_back(*ch_);
  EXPECT_EQ(ch_->pending_responses(), 0u) << "aborted tasks were answered";
}

TEST_F(Tmf, AbortTaskSetSparesOtherLuns) {
  stall();
  const auto tags = outstanding(*ch_, 2);
  EXPECT_TRUE(ch_->quiet(kMoment));
  EXPECT_EQ(run(*ch_, PROTO_TMF_ABORT_TASK_SET, kDisk), PROTO_RSP_CODE_COMPLETE);
  resume();
  for (const uint64_t tag : tags) EXPECT_TRUE(good(ch_->wait(tag)));
}

TEST_F(Tmf, ClearTaskSetTakesThoseOfAllInitiators) {
  ChannelPtr other = open();
  ASSERT_TRUE(other);
  stall();
  outstanding(*ch_, 2);
  const auto theirs = outstanding(*other, 2);
  EXPECT_TRUE(other->quiet(kMoment));
  const uint64_t tmf = ch_->next_tag();
  ch_->send(tsk_mgmt(tmf, kSlow, PROTO_TMF_CLEAR_TASK_SET));
  EXPECT_TRUE(ch_->quiet(kMoment));
  resume();
  const auto r = ch_->wait(tmf);
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->rsp_code(), PROTO_RSP_CODE_COMPLETE);
  expect_all_credits_back(*ch_);
  expect_all_credits_back(*other);
  // SAM-5 7.4 and the TAS bit, which LIO sets: they are told.
  for (const uint64_t tag : theirs) {
    const auto t = other->wait(tag);
    ASSERT_TRUE(t.has_value()) << "the other initiator is left waiting";
    EXPECT_EQ(t->status, 0x40);
  }
  EXPECT_EQ(ch_->pending_responses(), 0u) << "the tasks of the one that cleared were answered";
}

TEST_F(Tmf, LunResetEndsTheTasksOfAll) {
  ChannelPtr other = open();
  ASSERT_TRUE(other);
  stall();
  outstanding(*ch_, 3);
  outstanding(*other, 2);
  EXPECT_TRUE(other->quiet(kMoment));
  const uint64_t tmf = ch_->next_tag();
  ch_->send(tsk_mgmt(tmf, kSlow, PROTO_TMF_LUN_RESET));
  EXPECT_TRUE(ch_->quiet(kMoment));
  resume();
  const auto r = ch_->wait(tmf);
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->rsp_code(), PROTO_RSP_CODE_COMPLETE);
  expect_all_credits_back(*ch_);
  expect_all_credits_back(*other);
  settle(*other, kSlow);
  settle(witness(), kSlow);
}

TEST_F(Tmf, ManyAbortedAndEveryCreditBack) {
  stall();
  const auto tags = outstanding(*ch_, 60);
  for (const uint64_t tag : tags)
    ch_->send(tsk_mgmt(ch_->next_tag(), kSlow, PROTO_TMF_ABORT_TASK, tag));
  EXPECT_TRUE(ch_->quiet(kMoment));
  resume();
  expect_all_credits_back(*ch_);
  expect_served(*ch_);
}

TEST_F(Tmf, NotificationAsAskedFor_r16a_4_7) {
  Bytes iu = tsk_mgmt(ch_->next_tag(), kDisk, PROTO_TMF_ABORT_TASK, 1);
  iu[1] = PROTO_SCSOLNT;
  auto r = ch_->execute(iu);
  ASSERT_TRUE(r.has_value());
  EXPECT_TRUE(r->solicited);
  iu = tsk_mgmt(ch_->next_tag(), kDisk, PROTO_TMF_CLEAR_ACA);
  iu[1] = PROTO_SCSOLNT;
  r = ch_->execute(iu);
  ASSERT_TRUE(r.has_value());
  EXPECT_FALSE(r->solicited);
}

TEST_F(Tmf, AbortThenDisconnectWhileItWaits) {
  stall();
  const auto tags = outstanding(*ch_, 4);
  ch_->send(tsk_mgmt(ch_->next_tag(), kSlow, PROTO_TMF_ABORT_TASK, tags[0]));
  ch_->send(tsk_mgmt(ch_->next_tag(), kSlow, PROTO_TMF_LUN_RESET));
  EXPECT_TRUE(ch_->quiet(kMoment));
  ch_->disconnect();
  resume();
  settle(witness(), kSlow);
}

}  // namespace
}  // namespace srp
