// SPDX-License-Identifier: GPL-2.0
#include "ident.hpp"

#include <gtest/gtest.h>

using srpt::Ident;

namespace {

TEST(Ident, EveryNotationOfOneInitiator) {
    const std::string canonical = "0x7edd770000751100001175000077d708";

    for (const char* text :
         {"0x7edd770000751100001175000077d708", "7EDD770000751100001175000077D708",
          "ib.7edd770000751100001175000077d708", "7edd770000751100:001175000077d708",
          "7edd:7700:0075:1100:0011:7500:0077:d708", "0x7edd770000751100:0x1175000077d708"}) {
        const auto ident = Ident::parse(text);
        ASSERT_TRUE(ident) << text;
        EXPECT_EQ(ident->text(), canonical) << text;
        EXPECT_EQ(ident->kind(), Ident::Kind::id128) << text;
        EXPECT_TRUE(srpt::same_name(text, canonical));
    }
}

TEST(Ident, Kinds) {
    EXPECT_EQ(Ident::parse("0011:7500:0077:d708")->kind(), Ident::Kind::guid);
    EXPECT_EQ(Ident::parse("*:001175000077d708")->kind(), Ident::Kind::wild_ext);
    EXPECT_EQ(Ident::parse("10.0.0.1")->kind(), Ident::Kind::ipv4);
    EXPECT_EQ(Ident::parse("fe80::1")->kind(), Ident::Kind::id128);
}

TEST(Ident, RefusesNonsense) {
    for (const char* text : {"", "x", "0x", "7edd", "10.0.0.256", "fe80::1::2", "*:12", "ib.", "disk1"}) {
        EXPECT_FALSE(Ident::parse(text)) << text;
    }
    EXPECT_FALSE(Ident::parse(std::string(500, 'a')));
}

TEST(Ident, NamesForConfigfs) {
    const auto ip = Ident::parse("10.0.0.1");

    EXPECT_EQ(ip->acl_name(false), "0x00000000000000000000ffff0a000001"); // targetcli reads it
    EXPECT_EQ(ip->acl_name(true), "10.0.0.1");                            // the stock module compares strings
    EXPECT_EQ(ip->targetcli(), "ib.00000000000000000000ffff0a000001");
    EXPECT_TRUE(ip->has_hex_form());
    EXPECT_FALSE(Ident::parse("0011:7500:0077:d708")->has_hex_form());
}

TEST(Ident, EqualityIsOfMeaning) {
    EXPECT_TRUE(*Ident::parse("10.0.0.1") == *Ident::parse("0x00000000000000000000ffff0a000001"));
    EXPECT_FALSE(*Ident::parse("0011:7500:0077:d708") == *Ident::parse("*:0011750000077d70"));
    EXPECT_FALSE(*Ident::parse("001175000077d708") == *Ident::parse("*:001175000077d708"));
    EXPECT_TRUE(srpt::same_name("disk", "disk"));
    EXPECT_FALSE(srpt::same_name("disk", "10.0.0.1"));
}

TEST(Ident, KindNamesAreForPeople) {
    for (const auto kind :
         {Ident::Kind::id128, Ident::Kind::guid, Ident::Kind::wild_ext, Ident::Kind::ipv4}) {
        EXPECT_GT(srpt::ident_kind_name(kind).size(), 5U);
    }
}

} // namespace
