// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

TEST(Shim, BigEndianAccessorsNeedNoAlignment) {
  u8 b[9] = {};
  proto_put_be16(b + 1, 0x0102);
  EXPECT_EQ(Hex(b, 4), "00010200");
  EXPECT_EQ(proto_get_be16(b + 1), 0x0102);
  proto_put_be32(b + 1, 0xfedcba98);
  EXPECT_EQ(Hex(b, 6), "00fedcba9800");
  EXPECT_EQ(proto_get_be32(b + 1), 0xfedcba98U);
  proto_put_be64(b + 1, 0xf1e2d3c4b5a69788);
  EXPECT_EQ(Hex(b, 9), "00f1e2d3c4b5a69788");
  EXPECT_EQ(proto_get_be64(b + 1), 0xf1e2d3c4b5a69788U);
}

TEST(Shim, ScnprintfReturnsWhatItStored) {
  char buf[8];
  EXPECT_EQ(proto_scnprintf(buf, sizeof(buf), "%s", "abc"), 3);
  EXPECT_STREQ(buf, "abc");
  EXPECT_EQ(proto_scnprintf(buf, sizeof(buf), "%s", "abcdefghij"), 7);
  EXPECT_STREQ(buf, "abcdefg");
  EXPECT_EQ(proto_scnprintf(buf, 0, "%s", "x"), 0);
  EXPECT_STREQ(buf, "abcdefg");
}

}  // namespace
}  // namespace proto_test
