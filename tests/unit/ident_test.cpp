// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "proto.hpp"

namespace proto_test {
namespace {

std::string Kind(proto_ident_kind k) {
  switch (k) {
    case PROTO_IDENT_NONE:
      return "none";
    case PROTO_IDENT_ID128:
      return "id";
    case PROTO_IDENT_GUID:
      return "guid";
    case PROTO_IDENT_WILD_EXT:
      return "wild";
    case PROTO_IDENT_IPV4:
      return "ipv4";
  }
  return "?";
}

// "kind hex", or "invalid"
std::string Parse(std::string_view s) {
  // A copy without NUL, so that ASan sees a read past the length.
  const auto text = std::make_unique<char[]>(s.size());
  std::memcpy(text.get(), s.data(), s.size());
  proto_ident id;
  std::memset(&id, 0xa5, sizeof(id));
  const proto_ident before = id;
  const int rc = proto_ident_parse(text.get(), s.size(), &id);
  if (rc) {
    EXPECT_EQ(rc, -EINVAL) << s;
    EXPECT_EQ(std::memcmp(&id, &before, sizeof(id)), 0) << s << ": written although refused";
    return "invalid";
  }
  return Kind(id.kind) + " " + Hex(id.id, 16);
}

proto_ident Ident(std::string_view s) {
  proto_ident id = {};
  EXPECT_EQ(proto_ident_parse(s.data(), s.size(), &id), 0) << s;
  return id;
}

std::string Format(const proto_ident& id) {
  char buf[PROTO_IDENT_STRLEN];
  const int n = proto_ident_format(&id, buf, sizeof(buf));
  if (n < 0) return "error " + std::to_string(n);
  EXPECT_EQ(std::strlen(buf), static_cast<std::size_t>(n));
  return buf;
}

constexpr std::string_view kChapter = "id 7edd770000751100001175000077d708";

TEST(IdentParse, EveryWrittenFormOfTheChaptersInitiator) {
  for (std::string_view s : {
           "0x7edd770000751100001175000077d708",
           "0X7EDD770000751100001175000077D708",
           "7edd770000751100001175000077d708",
           "7EDD770000751100001175000077D708",
           "ib.7edd770000751100001175000077d708",
           "IB.7EDD770000751100001175000077D708",
           "ib.0x7edd770000751100001175000077d708",
           "7edd770000751100:001175000077d708",
           "7edd770000751100-001175000077d708",
           "0x7edd770000751100:001175000077d708",
           "0x7edd770000751100:0x1175000077d708",
           "0x7edd770000751100:0x001175000077d708",
           "ib.0x7edd770000751100:0x1175000077d708",
           "7edd:7700:0075:1100:0011:7500:0077:d708",
           "7edd-7700-0075-1100-0011-7500-0077-d708",
           "7edd:7700:75:1100:11:7500:77:d708",
           "7EDD:7700:75:1100:11:7500:77:D708",
       })
    EXPECT_EQ(Parse(s), kChapter) << s;
}

TEST(IdentParse, Gids) {
  constexpr std::string_view gid = "id fe80000000000000001175000077dd7e";
  for (std::string_view s : {
           "fe80:0000:0000:0000:0011:7500:0077:dd7e",
           "fe80::11:7500:77:dd7e",
           "FE80::0011:7500:0077:DD7E",
           "fe80:0:0:0:11:7500:77:dd7e",
           "fe80::0:0:11:7500:77:dd7e",
           "0xfe80000000000000:0x1175000077dd7e",
           "0xfe80000000000000001175000077dd7e",
       })
    EXPECT_EQ(Parse(s), gid) << s;
}

TEST(IdentParse, Guids) {
  constexpr std::string_view guid = "guid 0000000000000000001175000077d708";
  for (std::string_view s : {
           "001175000077d708",
           "0x001175000077d708",
           "0X001175000077D708",
           "0011:7500:0077:d708",
           "0011:7500:0077:D708",
           "0011-7500-0077-d708",
           "ib.001175000077d708",
           "eui.001175000077d708",
       })
    EXPECT_EQ(Parse(s), guid) << s;
}

TEST(IdentParse, WildcardExtension) {
  constexpr std::string_view wild = "wild 0000000000000000001175000077d708";
  for (std::string_view s : {
           "*001175000077d708",
           "*:001175000077d708",
           "*-001175000077d708",
           "*:0x001175000077D708",
           "*:0011:7500:0077:d708",
       })
    EXPECT_EQ(Parse(s), wild) << s;
  for (std::string_view s :
       {"*", "*:", "**", "*::001175000077d708", "*:1175000077d708", "*:*",
        "*:7edd770000751100001175000077d708", "*:1.2.3.4", "ib.*", "*ib.001175000077d708"})
    EXPECT_EQ(Parse(s), "invalid") << s;
}

TEST(IdentParse, Ipv4) {
  EXPECT_EQ(Parse("10.1.2.3"), "ipv4 00000000000000000000ffff0a010203");
  EXPECT_EQ(Parse("9.19.90.249"), "ipv4 00000000000000000000ffff09135af9");
  EXPECT_EQ(Parse("0.0.0.0"), "ipv4 00000000000000000000ffff00000000");
  EXPECT_EQ(Parse("255.255.255.255"), "ipv4 00000000000000000000ffffffffffff");
  EXPECT_EQ(Parse("::ffff:10.1.2.3"), "ipv4 00000000000000000000ffff0a010203");
  EXPECT_EQ(Parse("::FFFF:a01:203"), "ipv4 00000000000000000000ffff0a010203");
  EXPECT_EQ(Parse("0:0:0:0:0:ffff:10.1.2.3"), "ipv4 00000000000000000000ffff0a010203");
  EXPECT_EQ(Parse("0000:0000:0000:0000:0000:ffff:0a01:0203"),
            "ipv4 00000000000000000000ffff0a010203");
  // Not written as an address: the ID that happens to have these bits.
  EXPECT_EQ(Parse("0x00000000000000000000ffff0a010203"), "id 00000000000000000000ffff0a010203");
  EXPECT_EQ(Parse("0000-0000-0000-0000-0000-ffff-0a01-0203"),
            "id 00000000000000000000ffff0a010203");
  EXPECT_EQ(Parse("0000000000000000:0000ffff0a010203"), "id 00000000000000000000ffff0a010203");
  for (std::string_view s :
       {"1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.999999999999", "01.2.3.4", "1.2.3.", ".1.2.3",
        "1..2.3", "1.2.3.4 ", "0x1.2.3.4", "ib.1.2.3.4", "1.2.3.a", "1.2.3.-4"})
    EXPECT_EQ(Parse(s), "invalid") << s;
}

TEST(IdentParse, Ipv6) {
  EXPECT_EQ(Parse("::"), "id 00000000000000000000000000000000");
  EXPECT_EQ(Parse("::1"), "id 00000000000000000000000000000001");
  EXPECT_EQ(Parse("1::"), "id 00010000000000000000000000000000");
  EXPECT_EQ(Parse("1::8"), "id 00010000000000000000000000000008");
  EXPECT_EQ(Parse("2001:db8::1:2"), "id 20010db8000000000000000000010002");
  EXPECT_EQ(Parse("1:2:3:4:5:6:7::"), "id 00010002000300040005000600070000");
  EXPECT_EQ(Parse("::2:3:4:5:6:7:8"), "id 00000002000300040005000600070008");
  EXPECT_EQ(Parse("1:2:3:4:5:6:7:8"), "id 00010002000300040005000600070008");
  EXPECT_EQ(Parse("64:ff9b::1.2.3.4"), "id 0064ff9b000000000000000001020304");
  EXPECT_EQ(Parse("1:2:3:4:5:6:1.2.3.4"), "id 00010002000300040005000601020304");
  for (std::string_view s : {":",
                             ":::",
                             ":1",
                             "1:",
                             "1:2",
                             "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9",
                             "1::2::3",
                             ":1::2",
                             "1:2:3:4:5:6:7:8::",
                             "::1:2:3:4:5:6:7:8",
                             "1:2:3:4::5:6:7:8",
                             "12345::",
                             "::g",
                             "::1%eth0",
                             "[::1]",
                             "1:2:3:4:5:6:7:1.2.3.4",
                             "::1.2.3",
                             "::1.2.3.4:5",
                             "::1.2.3.4.5",
                             "::1.2.3.400",
                             "1:2:3:4:5:6:7:",
                             "::1:",
                             "fe80:::1",
                             "1.2.3.4::",
                             "ib.::1",
                             "0x::1",
                             "::0x1"})
    EXPECT_EQ(Parse(s), "invalid") << s;
}

TEST(IdentParse, Refused) {
  for (std::string_view s : {"", " ", "x", "0x", "ib.", "eui.", "0x0", "initiator"})
    EXPECT_EQ(Parse(s), "invalid") << s;
  for (std::string_view s : {
           "7edd770000751100001175000077d70",     // 31 digits
           "7edd770000751100001175000077d7088",   // 33
           "7edd77000075110",                     // 15
           "7edd7700007511000",                   // 17
           "7edd770000751100001175000077d70g",    // no digit
           "7edd770000751100 001175000077d708",   // space
           "7edd770000751100:001175000077d708 ",  // trailing space
           "7edd770000751100:1175000077d708",     // ragged, no 0x
           "7edd770000751100::001175000077d708",
           "7edd:7700:0075-1100:0011:7500:0077:d708",  // mixed separators
           "7edd7700:00751100:00117500:0077d708",      // groups of 8
           "7edd:7700:0075:1100:0011:7500:0077d708",
           "7edd:770000751100001175000077d708",
           "7edd-7700-0075-1100-0011-7500-0077-d708-",
           "-7edd770000751100001175000077d708",
           ":7edd770000751100001175000077d708",
           "0x0x7edd770000751100001175000077d708",
           "0x7edd770000751100:0x",
           "0x:0x1175000077d708",
           "0x7edd770000751100:0x1175000077d708:0x1",
           "0x17edd770000751100:0x1175000077d708",
           "0x7edd77000075110g:0x1175000077d708",
           "ib.ib.7edd770000751100001175000077d708",
           "naa.7edd770000751100",
       })
    EXPECT_EQ(Parse(s), "invalid") << s;
  EXPECT_EQ(Parse(std::string_view("7edd77000075110\0", 16)), "invalid");
  EXPECT_EQ(Parse(std::string(81, '0')), "invalid");
  EXPECT_EQ(Parse(std::string(100000, ':')), "invalid");
}

TEST(IdentParse, EveryPrefixOfAValidNameIsReadWithinItsLength) {
  const std::string_view s = "ib.0x7edd770000751100:0x001175000077d708";
  for (std::size_t n = 0; n <= s.size(); n++) Parse(s.substr(0, n));
  EXPECT_EQ(Parse(s), kChapter);
}

TEST(IdentFormat, CanonicalText) {
  EXPECT_EQ(Format(Ident("IB.7EDD770000751100001175000077D708")),
            "0x7edd770000751100001175000077d708");
  EXPECT_EQ(Format(Ident("fe80::11:7500:77:dd7e")), "0xfe80000000000000001175000077dd7e");
  EXPECT_EQ(Format(Ident("001175000077D708")), "0011:7500:0077:d708");
  EXPECT_EQ(Format(Ident("*001175000077D708")), "*:0011:7500:0077:d708");
  EXPECT_EQ(Format(Ident("::ffff:10.1.2.3")), "10.1.2.3");
  EXPECT_EQ(Format(Ident("255.255.255.255")), "255.255.255.255");
  EXPECT_EQ(Format(proto_ident{}), "error " + std::to_string(-EINVAL));
}

TEST(IdentFormat, TheStringToPaste) {
  const proto_ident id = Ident("7edd770000751100:001175000077d708");
  char buf[PROTO_IDENT_STRLEN];
  EXPECT_EQ(proto_id128_format(id.id, buf, sizeof(buf)), 34);
  EXPECT_STREQ(buf, "0x7edd770000751100001175000077d708");
}

TEST(IdentFormat, BufferTooSmall) {
  for (std::string_view s : {"0x7edd770000751100001175000077d708", "0011:7500:0077:d708",
                             "*:0011:7500:0077:d708", "10.1.2.3"}) {
    const proto_ident id = Ident(s);
    for (std::size_t cap = 0; cap <= s.size(); cap++) {
      const auto buf = std::make_unique<char[]>(cap);
      EXPECT_EQ(proto_ident_format(&id, buf.get(), cap), -ENOSPC);
    }
    const auto buf = std::make_unique<char[]>(s.size() + 1);
    EXPECT_EQ(proto_ident_format(&id, buf.get(), s.size() + 1), static_cast<int>(s.size()));
    EXPECT_EQ(s, buf.get());
  }
}

proto_initiator Initiator() {
  proto_initiator who = {};
  std::memcpy(who.i_port_id, Ident("0x7edd770000751100001175000077d708").id, 16);
  return who;
}

TEST(IdentMatch, Ranks) {
  proto_initiator who = Initiator();
  auto rank = [&](std::string_view s) {
    const proto_ident acl = Ident(s);
    return proto_ident_match(&acl, &who);
  };
  EXPECT_EQ(rank("7edd:7700:75:1100:11:7500:77:d708"), 5);
  EXPECT_EQ(rank("001175000077d708"), 2);
  EXPECT_EQ(rank("*001175000077d708"), 1);
  EXPECT_EQ(rank("0x7edd770000751101001175000077d708"), 0);
  EXPECT_EQ(rank("0x00000000000000000000000000000000"), 0);
  EXPECT_EQ(rank("001175000077d709"), 0);
  EXPECT_EQ(rank("*001175000077d709"), 0);
  EXPECT_EQ(rank("10.1.2.3"), 0);
  EXPECT_EQ(rank("fe80::2"), 0);

  std::memcpy(who.sgid, Ident("fe80::0002:c903:0000:1491").id, 16);
  EXPECT_EQ(rank("fe80::2:c903:0:1491"), 0);
  EXPECT_EQ(rank("0002c90300001491"), 0);
  who.has_sgid = true;
  EXPECT_EQ(rank("fe80::2:c903:0:1491"), 4);
  EXPECT_EQ(rank("0002c90300001491"), 2);
  EXPECT_EQ(rank("*0002c90300001491"), 0);
  EXPECT_EQ(rank("001175000077d708"), 2);

  std::memcpy(who.ip, Ident("2001:db8::7").id, 16);
  EXPECT_EQ(rank("2001:db8::7"), 0);
  who.has_ip = true;
  EXPECT_EQ(rank("2001:db8::7"), 3);
  std::memcpy(who.ip, Ident("10.1.2.3").id, 16);
  EXPECT_EQ(rank("10.1.2.3"), 3);
  EXPECT_EQ(rank("::ffff:10.1.2.3"), 3);
  EXPECT_EQ(rank("0x00000000000000000000ffff0a010203"), 3);
  EXPECT_EQ(rank("10.1.2.4"), 0);
}

TEST(IdentMatch, Ipv4MatchesTheGidOfARocePort) {
  proto_initiator who = Initiator();
  std::memcpy(who.sgid, Ident("10.1.2.3").id, 16);
  who.has_sgid = true;
  const proto_ident acl = Ident("10.1.2.3");
  EXPECT_EQ(proto_ident_match(&acl, &who), 3);
}

TEST(IdentMatch, NoneMatchesNobody) {
  proto_initiator who = {};
  who.has_sgid = true;
  who.has_ip = true;
  const proto_ident none = {};
  EXPECT_EQ(proto_ident_match(&none, &who), 0);
}

TEST(IdentEqual, KindAndBytes) {
  const proto_ident a = Ident("0x7edd770000751100001175000077d708");
  const proto_ident b = Ident("ib.7EDD770000751100001175000077D708");
  const proto_ident guid = Ident("001175000077d708");
  const proto_ident wild = Ident("*001175000077d708");
  EXPECT_TRUE(proto_ident_equal(&a, &b));
  EXPECT_FALSE(proto_ident_equal(&guid, &wild));
  EXPECT_FALSE(proto_ident_equal(&a, &guid));
  const proto_ident other = Ident("0x7edd770000751100001175000077d709");
  EXPECT_FALSE(proto_ident_equal(&a, &other));
}

}  // namespace
}  // namespace proto_test
