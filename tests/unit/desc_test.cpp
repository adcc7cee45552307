// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

using Ranges = std::vector<std::tuple<u64, u32, u32>>;

Ranges Walk(std::initializer_list<proto_desc> descs, u32 xfer_len, u32 max_len) {
  const std::vector<u8> table = Table(descs);
  proto_desc_iter it;
  std::memset(&it, 0xa5, sizeof(it));
  proto_desc_iter_init(&it, table.data(), static_cast<u32>(descs.size()), xfer_len, max_len);
  Ranges ranges;
  proto_desc d;
  while (proto_desc_iter_next(&it, &d)) ranges.emplace_back(d.va, d.key, d.len);
  // At the end it stays at the end.
  EXPECT_FALSE(proto_desc_iter_next(&it, &d));
  return ranges;
}

TEST(DescGet, ReadsTheEntryAsked) {
  const auto table = Table({{1, 2, 3}, {0xfedcba9876543210, 0xdeadbeef, 0xfffffff0}});
  proto_desc d;
  proto_desc_get(table.data(), 0, &d);
  EXPECT_EQ(d.va, 1U);
  EXPECT_EQ(d.key, 2U);
  EXPECT_EQ(d.len, 3U);
  proto_desc_get(table.data(), 1, &d);
  EXPECT_EQ(d.va, 0xfedcba9876543210U);
  EXPECT_EQ(d.key, 0xdeadbeefU);
  EXPECT_EQ(d.len, 0xfffffff0U);
}

TEST(DescCheck, SumAndWrap) {
  EXPECT_EQ(proto_desc_check(nullptr, 0, 0), PROTO_CMD_OK);
  EXPECT_EQ(proto_desc_check(nullptr, 0, 1), PROTO_CMD_LENGTH);
  auto check = [](std::initializer_list<proto_desc> descs, u32 total) {
    const auto t = Table(descs);
    return proto_desc_check(t.data(), static_cast<u32>(descs.size()), total);
  };
  EXPECT_EQ(check({{0, 1, 512}, {0, 1, 0}, {4096, 1, 512}}, 1024), PROTO_CMD_OK);
  EXPECT_EQ(check({{0, 1, 512}, {4096, 1, 512}}, 1023), PROTO_CMD_LENGTH);
  EXPECT_EQ(check({{0, 1, 0xffffffff}, {0, 1, 1}}, 0), PROTO_CMD_LENGTH);
  EXPECT_EQ(check({{~0ULL, 1, 1}}, 1), PROTO_CMD_OK);
  EXPECT_EQ(check({{~0ULL, 1, 2}}, 2), PROTO_CMD_LENGTH);
  EXPECT_EQ(check({{~0ULL, 1, 0}}, 0), PROTO_CMD_OK);
}

TEST(DescCheck, MoreThan255Entries) {
  std::vector<u8> t(510 * PROTO_DESC_LEN);
  for (std::size_t i = 0; i < 510; i++) {
    proto_put_be64(&t[i * 16], i * 8192);
    proto_put_be32(&t[i * 16 + 12], 4096);
  }
  EXPECT_EQ(proto_desc_check(t.data(), 510, 510 * 4096), PROTO_CMD_OK);
  proto_desc_iter it;
  proto_desc_iter_init(&it, t.data(), 510, 510 * 4096, 0);
  proto_desc d;
  u32 n = 0;
  while (proto_desc_iter_next(&it, &d)) n++;
  EXPECT_EQ(n, 510U);
}

TEST(DescIter, EmptyTables) {
  EXPECT_EQ(Walk({}, 0, 0), Ranges{});
  EXPECT_EQ(Walk({}, 512, 0), Ranges{});
  EXPECT_EQ(Walk({{1, 2, 0}, {3, 4, 0}}, 512, 0), Ranges{});
  EXPECT_EQ(Walk({{1, 2, 512}}, 0, 0), Ranges{});
}

TEST(DescIter, AdjacentRangesAreJoined) {
  EXPECT_EQ(Walk({{0x1000, 7, 0x1000}, {0x2000, 7, 0x1000}, {0x3000, 7, 0x200}}, 0x2200, 0),
            (Ranges{{0x1000, 7, 0x2200}}));
  // another key, a gap, backwards
  EXPECT_EQ(Walk({{0x1000, 7, 0x1000}, {0x2000, 8, 0x1000}}, 0x2000, 0),
            (Ranges{{0x1000, 7, 0x1000}, {0x2000, 8, 0x1000}}));
  EXPECT_EQ(Walk({{0x1000, 7, 0x1000}, {0x2001, 7, 0x1000}}, 0x2000, 0),
            (Ranges{{0x1000, 7, 0x1000}, {0x2001, 7, 0x1000}}));
  EXPECT_EQ(Walk({{0x2000, 7, 0x1000}, {0x1000, 7, 0x1000}}, 0x2000, 0),
            (Ranges{{0x2000, 7, 0x1000}, {0x1000, 7, 0x1000}}));
}

TEST(DescIter, EmptyEntriesVanishEvenBetweenAdjacentOnes) {
  EXPECT_EQ(Walk({{9, 9, 0}, {0x1000, 7, 16}, {0x5555, 1, 0}, {0x1010, 7, 16}, {1, 1, 0}}, 32, 0),
            (Ranges{{0x1000, 7, 32}}));
}

TEST(DescIter, TopOfTheAddressSpaceJoinsNothing) {
  EXPECT_EQ(Walk({{~0ULL - 15, 7, 16}, {0, 7, 16}}, 32, 0),
            (Ranges{{~0ULL - 15, 7, 16}, {0, 7, 16}}));
}

TEST(DescIter, RangesStopAtMaxLen) {
  EXPECT_EQ(Walk({{0, 7, 10}}, 10, 4), (Ranges{{0, 7, 4}, {4, 7, 4}, {8, 7, 2}}));
  EXPECT_EQ(Walk({{0, 7, 3}, {3, 7, 3}, {6, 7, 3}}, 9, 4),
            (Ranges{{0, 7, 4}, {4, 7, 4}, {8, 7, 1}}));
  EXPECT_EQ(Walk({{0, 7, 4}, {4, 7, 4}}, 8, 4), (Ranges{{0, 7, 4}, {4, 7, 4}}));
  // What is left of a split entry is joined to the next one.
  EXPECT_EQ(Walk({{0, 7, 6}, {6, 7, 2}, {100, 7, 1}}, 9, 4),
            (Ranges{{0, 7, 4}, {4, 7, 4}, {100, 7, 1}}));
}

TEST(DescIter, TransferShorterThanTheTable) {
  EXPECT_EQ(Walk({{0, 7, 512}, {4096, 7, 512}}, 100, 0), (Ranges{{0, 7, 100}}));
  EXPECT_EQ(Walk({{0, 7, 512}, {4096, 7, 512}}, 512, 0), (Ranges{{0, 7, 512}}));
  EXPECT_EQ(Walk({{0, 7, 512}, {4096, 7, 512}}, 513, 0), (Ranges{{0, 7, 512}, {4096, 7, 1}}));
  EXPECT_EQ(Walk({{0, 7, 512}, {512, 7, 512}}, 600, 0), (Ranges{{0, 7, 600}}));
  EXPECT_EQ(Walk({{0, 7, 512}}, 300, 200), (Ranges{{0, 7, 200}, {200, 7, 100}}));
}

TEST(DescIter, TransferLongerThanTheTableEndsWithTheTable) {
  EXPECT_EQ(Walk({{0, 7, 512}}, 1024, 0), (Ranges{{0, 7, 512}}));
}

TEST(DescIter, LargestLengths) {
  EXPECT_EQ(Walk({{0, 7, 0xffffffff}, {0xffffffff, 7, 0xffffffff}}, 0xffffffff, 0),
            (Ranges{{0, 7, 0xffffffff}}));
  EXPECT_EQ(Walk({{0, 7, 0xfffffff0}, {0xfffffff0, 7, 0x20}}, 0xffffffff, 0),
            (Ranges{{0, 7, 0xffffffff}}));
}

}  // namespace
}  // namespace proto_test
