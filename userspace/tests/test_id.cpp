// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"
#include "identity.hpp"

#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

using Json = nlohmann::json;

Json ask(Machine& m, std::vector<std::string> args) {
    args.insert(args.begin(), "id");
    args.emplace_back("--json");
    return Json::parse(m.ok(args).out)["identities"];
}

std::string name_by(const Json& identity, const std::string& by) {
    for (const Json& login : identity["logins"]) {
        if (login["by"] == by) {
            return login["acl_name"];
        }
    }
    return "(none)";
}

// "by=acl" of each form that an ACL fits
std::string admitted(const Json& identity) {
    std::string text;

    for (const Json& login : identity["logins"]) {
        for (const Json& match : login["matches"]) {
            text += login["by"].get<std::string>() + "=" + match["acl"].get<std::string>() + ";";
        }
    }
    return text;
}

struct Id : ::testing::Test {
    Machine m;

    Id() { m.link.info.service_guid = 0x001175000077dd7e; }
};

// The names in the reference documentation, of the initiator and the target.
TEST_F(Id, TheFormsOfTheChapter) {
    const Json initiator = ask(m, {"001175000077d708"})[0];

    EXPECT_EQ(name_by(initiator, "srp_daemon -n, older"), "0x7edd770000751100001175000077d708");
    EXPECT_EQ(name_by(initiator, "srp_daemon -n"), "0x001175000077dd7e001175000077d708");
    EXPECT_EQ(name_by(initiator, "ibsrpdm -c, srp_daemon"), "0x0000000000000000001175000077d708");
    EXPECT_EQ(initiator["gid"], "0xfe80000000000000001175000077d708");
    EXPECT_TRUE(initiator["gid_assumed"].get<bool>());
    EXPECT_FALSE(initiator["local"].get<bool>());
    const Json target = ask(m, {"qib0"})[0];
    EXPECT_EQ(target["target"]["name"], "0xfe80000000000000001175000077dd7e");
    EXPECT_EQ(target["target"]["targetcli"], "ib.fe80000000000000001175000077dd7e");
    EXPECT_EQ(target["target"]["service_name"], "SRP.T10:001175000077dd7e");
    EXPECT_EQ(
        target["target"]["login_strings"][0],
        "id_ext=001175000077dd7e,ioc_guid=001175000077dd7e,dgid=fe80000000000000001175000077dd7e,pkey=ffff,"
        "service_id=001175000077dd7e");
}

TEST_F(Id, OwnPortByEveryName) {
    const std::string wanted = m.ok({"id", "qib0/1"}).out;

    for (const char* what :
         {"qib0", "qib0:1", "001175000077dd7e", "0011:7500:0077:dd7e", "*:001175000077dd7e",
          "0xfe80000000000000001175000077dd7e", "fe80::11:7500:77:dd7e"}) {
        EXPECT_EQ(m.ok({"id", what}).out, wanted) << what;
    }
    EXPECT_EQ(m.ok({"id"}).out, wanted); // the only port
}

TEST_F(Id, WhichAclFits) {
    m.ok({"export", "/dev/sdc1", "--acl", "0x7edd770000751100001175000077d708"});
    EXPECT_EQ(admitted(ask(m, {"001175000077d708"})[0]),
              "srp_daemon -n, older=0x7edd770000751100001175000077d708;");
    m.ok({"acl", "create", "*:001175000077d708"});
    // Any extension: every form, but the exact name is the more specific one.
    const std::string all = admitted(ask(m, {"001175000077d708"})[0]);
    EXPECT_NE(all.find("srp_daemon -n, older=0x7edd770000751100001175000077d708;"), std::string::npos);
    EXPECT_NE(all.find("ibsrpdm -c, srp_daemon=*:0011:7500:0077:d708;"), std::string::npos);
    m.ok({"acl", "create", "0xfe80000000000000001175000077d708"}); // by its GID
    EXPECT_NE(
        admitted(ask(m, {"001175000077d708"})[0]).find("srp_daemon -n=0xfe80000000000000001175000077d708;"),
        std::string::npos);
    EXPECT_EQ(admitted(ask(m, {"001175000077ffff"})[0]), "");
    const Answer text = m.ok({"id", "001175000077ffff"});
    EXPECT_NE(text.out.find("no ACL fits"), std::string::npos);
}

TEST_F(Id, RdmaCmByIp) {
    m.add_port("rxe0", 1, "fe80:0000:0000:0000:5054:00ff:fe00:0001", "4: ACTIVE", "Ethernet");
    m.fs.put("/sys/class/infiniband/rxe0/ports/1/gids/1", "0000:0000:0000:0000:0000:ffff:0a4d:0001");
    m.fs.put("/sys/class/infiniband/rxe0/ports/1/gids/2", "0000:0000:0000:0000:0000:ffff:0a4d:0001");
    m.fs.put("/sys/class/infiniband/rxe0/ports/1/gids/3", "2001:0db8:0000:0000:0000:0000:0000:0001");
    m.fs.put("/sys/class/infiniband/rxe0/ports/1/gids/4", "0000:0000:0000:0000:0000:0000:0000:0000");
    m.ok({"export", "/dev/sdc1", "--port", "rxe0/1", "--acl", "10.77.0.1"});
    const Json port = ask(m, {"rxe0"})[0];
    EXPECT_EQ(port["ips"], Json::parse(R"(["10.77.0.1", "2001:0db8:0000:0000:0000:0000:0000:0001"])"));
    EXPECT_EQ(admitted(port), "RDMA CM=0x00000000000000000000ffff0a4d0001;");
    EXPECT_EQ(port["target"]["login_strings"][0],
              "id_ext=001175000077dd7e,ioc_guid=001175000077dd7e,dest=10.77.0.1:5555");
    EXPECT_EQ(name_by(port, "srp_daemon -n"), "(none)"); // no IB CM on Ethernet
    const Json remote = ask(m, {"10.77.0.1"})[0];
    EXPECT_EQ(name_by(remote, "RDMA CM"), "10.77.0.1");
    EXPECT_EQ(admitted(remote), "RDMA CM=0x00000000000000000000ffff0a4d0001;");
    EXPECT_TRUE(remote["guid"].is_null());
    EXPECT_EQ(name_by(ask(m, {"2001:db8::7"})[0], "RDMA CM"), "2001:db8::7");
}

TEST_F(Id, TheTargetsGuidCanBeGivenOrUnknown) {
    EXPECT_EQ(name_by(ask(m, {"001175000077d708", "--target", "0x00000000000000aa"})[0], "srp_daemon -n"),
              "0x00000000000000aa001175000077d708");
    EXPECT_EQ(m.run({"id", "--target", "10.0.0.1"}).code, 2);
    EXPECT_EQ(m.run({"id", "--target", "word"}).code, 2);
    m.link.loaded = false;
    const Answer answer = m.ok({"id", "001175000077d708"});
    EXPECT_NE((answer.out + answer.err).find("--target"), std::string::npos);
    m.fs.put("/sys/module/ib_srpt/parameters/srpt_service_guid", "0x001175000077dd7e");
    EXPECT_EQ(name_by(ask(m, {"001175000077d708"})[0], "srp_daemon -n"),
              "0x001175000077dd7e001175000077d708");
}

TEST_F(Id, UnknownNames) {
    const Answer answer = m.run({"id", "mlx9_0"});

    EXPECT_EQ(answer.code, 4);
    EXPECT_NE(answer.err.find("qib0/1"), std::string::npos);
    EXPECT_NE(answer.err.find("GUID (16 hex digits)"), std::string::npos);
}

TEST_F(Id, NoPortAtAll) {
    Machine none;

    none.fs.reset();
    none.fs.mount();
    EXPECT_EQ(none.run({"id"}).code, 4);
}

TEST(MatchRank, IsTheModules) {
    srpt::Initiator who;
    const auto rank = [&who](const char* acl) { return srpt::match_rank(*srpt::Ident::parse(acl), who); };

    who.i_port_id = srpt::Ident::parse("0x7edd770000751100001175000077d708")->bytes();
    EXPECT_EQ(rank("0x7edd770000751100001175000077d708"), 5);
    EXPECT_EQ(rank("001175000077d708"), 2);
    EXPECT_EQ(rank("*:001175000077d708"), 1);
    EXPECT_EQ(rank("fe80::11:7500:77:d708"), 0);
    who.sgid = srpt::Ident::parse("fe80::11:7500:77:d708")->bytes();
    EXPECT_EQ(rank("fe80::11:7500:77:d708"), 4);
    EXPECT_EQ(rank("10.0.0.1"), 0);
    who.ip = srpt::Ident::parse("10.0.0.1")->bytes();
    EXPECT_EQ(rank("10.0.0.1"), 3);
}

} // namespace
