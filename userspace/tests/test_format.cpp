// SPDX-License-Identifier: GPL-2.0
#include "config.hpp"
#include "format.hpp"

#include <gtest/gtest.h>

using namespace srptctl;

namespace {

TEST(Format, Bytes) {
    EXPECT_EQ(format_bytes(0), "0 B");
    EXPECT_EQ(format_bytes(1023), "1023 B");
    EXPECT_EQ(format_bytes(1536), "1.5 KiB");
    EXPECT_EQ(format_bytes(83538083840), "77.8 GiB");
    EXPECT_EQ(format_bytes(UINT64_MAX), "16.0 EiB");
}

TEST(Format, Age) {
    EXPECT_EQ(format_age(999), "0s");
    EXPECT_EQ(format_age(59'000), "59s");
    EXPECT_EQ(format_age(192'000), "3m12s");
    EXPECT_EQ(format_age(7'500'000), "2h05m");
    EXPECT_EQ(format_age(4 * 86'400'000ULL + 3 * 3'600'000ULL), "4d03h");
}

TEST(Format, Count) {
    EXPECT_EQ(format_count(9999), "9999");
    EXPECT_EQ(format_count(56'700), "56.7k");
    EXPECT_EQ(format_count(12'300'000), "12.3M");
    EXPECT_EQ(format_count(45'000'000'000), "45.0G");
}

TEST(ParseSize, Units) {
    EXPECT_EQ(srpt::parse_size("4096").value(), 4096U);
    EXPECT_EQ(srpt::parse_size("4096B").value(), 4096U);
    EXPECT_EQ(srpt::parse_size("1k").value(), 1024U);
    EXPECT_EQ(srpt::parse_size("64M").value(), 64ULL << 20);
    EXPECT_EQ(srpt::parse_size("512KiB").value(), 512ULL << 10);
    EXPECT_EQ(srpt::parse_size("1.5G").value(), 3ULL << 29);
    EXPECT_EQ(srpt::parse_size("2TB").value(), 2ULL << 40);
}

TEST(ParseSize, Nonsense) {
    for (const char* text : {"", "M", "1X", "1MM", "-1", "1e30", "nan", "1 G", "0x10"}) {
        const auto size = srpt::parse_size(text);
        ASSERT_FALSE(size) << text;
        EXPECT_EQ(size.error().code, srpt::Errc::usage);
        EXPECT_FALSE(size.error().hint.empty());
    }
}

} // namespace
