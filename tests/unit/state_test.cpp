// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "proto.hpp"

namespace proto_test {
namespace {

TEST(ChannelState, ExactlyTheseTransitions) {
  const std::set<std::pair<int, int>> legal = {
      {PROTO_CH_CONNECTING, PROTO_CH_LIVE},        {PROTO_CH_CONNECTING, PROTO_CH_DISCONNECTING},
      {PROTO_CH_CONNECTING, PROTO_CH_DRAINING},    {PROTO_CH_LIVE, PROTO_CH_DISCONNECTING},
      {PROTO_CH_DISCONNECTING, PROTO_CH_DRAINING}, {PROTO_CH_DRAINING, PROTO_CH_DISCONNECTED},
  };
  for (int from = PROTO_CH_CONNECTING; from <= PROTO_CH_DISCONNECTED; from++)
    for (int to = PROTO_CH_CONNECTING; to <= PROTO_CH_DISCONNECTED + 1; to++)
      EXPECT_EQ(proto_channel_may_go(static_cast<proto_channel_state>(from),
                                     static_cast<proto_channel_state>(to)),
                legal.count({from, to}) == 1)
          << from << " to " << to;
}

TEST(ChannelState, Text) {
  std::set<std::string> seen;
  for (int s = PROTO_CH_CONNECTING; s <= PROTO_CH_DISCONNECTED + 1; s++)
    EXPECT_TRUE(seen.insert(proto_channel_state_text(static_cast<proto_channel_state>(s))).second);
  EXPECT_TRUE(seen.contains("live"));
  EXPECT_TRUE(seen.contains("unknown"));
}

}  // namespace
}  // namespace proto_test
