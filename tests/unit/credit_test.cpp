// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

// A channel with @limit credits and buffers for them plus the reserve.
proto_credit Channel(u32 limit, u32 reserve = 4) {
  proto_credit c;
  std::memset(&c, 0xa5, sizeof(c));
  proto_credit_init(&c, limit, reserve);
  proto_credit_release(&c, limit + reserve);
  return c;
}

TEST(Credit, LoginGrantsTheLimit) {
  proto_credit c = Channel(128);
  EXPECT_EQ(proto_credit_due(&c), 128U);
  EXPECT_EQ(proto_credit_take(&c), 128U);
  EXPECT_EQ(proto_credit_take(&c), 0U);
}

TEST(Credit, NothingIsGrantedWithoutBuffers) {
  proto_credit c;
  proto_credit_init(&c, 128, 4);
  EXPECT_EQ(proto_credit_take(&c), 0U);
  proto_credit_release(&c, 4);
  EXPECT_EQ(proto_credit_take(&c), 0U);
  proto_credit_release(&c, 3);
  EXPECT_EQ(proto_credit_take(&c), 3U);
}

TEST(Credit, ARequestComesBackWhenFinishedAndItsBufferReposted) {
  proto_credit c = Channel(2);
  ASSERT_EQ(proto_credit_take(&c), 2U);
  ASSERT_TRUE(proto_credit_consume(&c));
  EXPECT_EQ(proto_credit_take(&c), 0U);
  proto_credit_finish(&c, 1);
  EXPECT_EQ(proto_credit_take(&c), 0U);
  proto_credit_release(&c, 1);
  EXPECT_EQ(proto_credit_take(&c), 1U);
  // The other order
  ASSERT_TRUE(proto_credit_consume(&c));
  proto_credit_release(&c, 1);
  EXPECT_EQ(proto_credit_take(&c), 0U);
  proto_credit_finish(&c, 1);
  EXPECT_EQ(proto_credit_take(&c), 1U);
}

TEST(Credit, OneMoreThanGrantedIsAViolation) {
  proto_credit c = Channel(3);
  EXPECT_FALSE(proto_credit_consume(&c));
  ASSERT_EQ(proto_credit_take(&c), 3U);
  for (int i = 0; i < 3; i++) EXPECT_TRUE(proto_credit_consume(&c));
  EXPECT_FALSE(proto_credit_consume(&c));
  EXPECT_EQ(c.consumed, 3U);
}

TEST(Credit, LoweredLimitHoldsCreditsBack) {
  proto_credit c = Channel(8);
  ASSERT_EQ(proto_credit_take(&c), 8U);
  c.limit = 2;
  for (int i = 0; i < 8; i++) {
    ASSERT_TRUE(proto_credit_consume(&c));
    proto_credit_finish(&c, 1);
    proto_credit_release(&c, 1);
    EXPECT_EQ(proto_credit_take(&c), i < 6 ? 0U : 1U) << i;
  }
}

TEST(Credit, RaisedLimitIsBoundByBuffers) {
  proto_credit c = Channel(8);
  ASSERT_EQ(proto_credit_take(&c), 8U);
  c.limit = 32;
  EXPECT_EQ(proto_credit_take(&c), 0U);
  proto_credit_release(&c, 10);
  EXPECT_EQ(proto_credit_take(&c), 10U);
}

TEST(Credit, AnUnsentGrantIsDueAgain) {
  proto_credit c = Channel(8);
  const u32 n = proto_credit_take(&c);
  proto_credit_untake(&c, n);
  EXPECT_EQ(proto_credit_due(&c), n);
  EXPECT_FALSE(proto_credit_consume(&c));
}

TEST(Credit, CountersWrap) {
  proto_credit c = Channel(16);
  ASSERT_EQ(proto_credit_take(&c), 16U);
  // Jump to just before the wrap: all counters move by the same amount.
  const u32 jump = 0xfffffff0 - 8;
  c.granted += jump;
  c.consumed += jump;
  c.finished += jump;
  c.released += jump;
  u32 open = 0;
  for (int i = 0; i < 100; i++) {
    while (open < 16) {
      ASSERT_TRUE(proto_credit_consume(&c));
      open++;
    }
    ASSERT_FALSE(proto_credit_consume(&c));
    proto_credit_finish(&c, 5);
    proto_credit_release(&c, 5);
    open -= 5;
    ASSERT_EQ(proto_credit_take(&c), 5U) << i;
  }
  EXPECT_LT(c.granted, jump);
}

TEST(Credit, InvariantUnderRandomTraffic) {
  proto_credit c = Channel(32, 2);
  u32 seed = 1;
  u32 open = 0, unposted = 0, held = proto_credit_take(&c);
  for (int i = 0; i < 100000; i++) {
    seed = seed * 1664525 + 1013904223;
    switch (seed >> 30) {
      case 0:
        ASSERT_EQ(proto_credit_consume(&c), held > 0);
        if (held) held--, open++, unposted++;
        break;
      case 1:
        if (open) open--, proto_credit_finish(&c, 1);
        break;
      case 2:
        if (unposted) unposted--, proto_credit_release(&c, 1);
        break;
      default:
        held += proto_credit_take(&c);
    }
    // Posted buffers always cover what the initiator may send.
    ASSERT_LE(held, 32 - open);
    ASSERT_LE(held + 2, 34 - unposted);
  }
}

}  // namespace
}  // namespace proto_test
