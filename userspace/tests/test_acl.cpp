// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

struct Served : Machine {
    Served() {
        ok({"export", "/dev/sdc1", "--name", "vol1"});
        ok({"export", "ramdisk:1M"});
    }
    std::string acl(const std::string& name = kInitiator) const { return tpg() + "/acls/" + name; }
};

TEST(AclCreate, MapsEveryLun) {
    Served m;
    const Answer answer = m.ok({"acl", "create", "ib.7EDD770000751100001175000077D708"});

    EXPECT_NE(answer.out.find(kInitiator + " may log in"), std::string::npos);
    EXPECT_TRUE(m.fs.has(m.acl() + "/lun_0"));
    EXPECT_TRUE(m.fs.has(m.acl() + "/lun_1"));
    EXPECT_EQ(m.fs.content(m.acl() + "/lun_1/write_protect"), "0");
}

TEST(AclCreate, SomeLunsOrNone) {
    Served m;

    m.ok({"acl", "create", kInitiator, "--lun", "1", "--read-only"});
    EXPECT_FALSE(m.fs.has(m.acl() + "/lun_0"));
    EXPECT_EQ(m.fs.content(m.acl() + "/lun_1/write_protect"), "1");
    m.ok({"acl", "create", kOther, "--no-luns"});
    EXPECT_TRUE(m.fs.has(m.acl(kOther)));
    EXPECT_EQ(m.run({"acl", "create", "10.0.0.1", "--lun", "9"}).code, 4);
    EXPECT_EQ(m.run({"acl", "create", "10.0.0.1", "--lun", "0", "--no-luns"}).code, 2);
}

TEST(AclCreate, SameMeaningIsTheSameAcl) {
    Served m;

    m.ok({"acl", "create", kInitiator});
    const Answer again = m.run({"acl", "create", "7edd:7700:0075:1100:0011:7500:0077:d708"});
    EXPECT_EQ(again.code, 5);
    EXPECT_NE(again.err.find("acl allow"), std::string::npos);
}

TEST(AclCreate, NothingIsLeftWhicheverStepFails) {
    for (unsigned n = 0;; n++) {
        Served m;
        const std::string before = m.fs.snapshot();
        m.fs.fail_at(n, EINVAL);
        const Answer answer = m.run({"acl", "create", kInitiator});
        if (answer.code == 0) {
            EXPECT_EQ(n, 7U);
            break;
        }
        EXPECT_EQ(answer.code, 1);
        EXPECT_EQ(m.fs.snapshot(), before) << n;
    }
}

TEST(AclCreate, ChoosesTheTarget) {
    Served m;

    m.add_port("qib1", 1, "fe80::2", "4: ACTIVE", "InfiniBand");
    m.ok({"export", "ramdisk:1M", "--port", "qib1"});
    EXPECT_EQ(m.run({"acl", "create", kInitiator}).code, 2);
    m.ok({"acl", "create", kInitiator, "--target", kGid});
    EXPECT_EQ(m.run({"acl", "create", kInitiator, "--target", "fe80::9"}).code, 4);
    Machine empty;
    EXPECT_EQ(empty.run({"acl", "create", kInitiator}).code, 4);
}

TEST(AclDelete, TakesItsLunsAlong) {
    Served m;

    m.ok({"acl", "create", kInitiator});
    m.ok({"acl", "delete", "7edd770000751100:001175000077d708"});
    EXPECT_FALSE(m.fs.has(m.acl()));
    EXPECT_EQ(m.run({"acl", "delete", kInitiator}).code, 4);
    EXPECT_EQ(m.run({"acl", "delete", kInitiator, "--target", "fe80::9"}).code, 4);
}

TEST(AclDelete, RollsBackFromEveryStep) {
    for (unsigned n = 0;; n++) {
        Served m;
        m.ok({"acl", "create", kInitiator, "--read-only"});
        ASSERT_TRUE(m.fs.write(m.acl() + "/tag", "hosts"));
        const std::string before = m.fs.snapshot();
        m.fs.fail_at(n, EBUSY);
        const Answer answer = m.run({"acl", "delete", kInitiator});
        if (answer.code == 0) {
            EXPECT_EQ(n, 5U);
            break;
        }
        EXPECT_EQ(m.fs.snapshot(), before) << n;
    }
}

TEST(AclDelete, AmbiguousAndMeaningless) {
    Served m;

    m.add_port("qib1", 1, "fe80::2", "4: ACTIVE", "InfiniBand");
    m.ok({"export", "ramdisk:1M", "--port", "qib1", "--acl", kInitiator});
    m.ok({"acl", "create", kInitiator, "--target", kGid});
    EXPECT_EQ(m.run({"acl", "delete", kInitiator}).code, 2);
    m.ok({"acl", "delete", kInitiator, "--target", kGid});
    // One that the stock module let somebody make; it can match nobody.
    m.fs.load_srpt(false);
    ASSERT_TRUE(m.fs.mkdir(m.acl("whoever")));
    const Answer list = m.ok({"acl", "list", "--target", kGid});
    EXPECT_NE(list.out.find("matches nobody"), std::string::npos);
    m.ok({"acl", "delete", "whoever"});
}

TEST(AclDelete, AsksWhileItIsLoggedIn) {
    Served m;

    m.ok({"acl", "create", kInitiator});
    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    EXPECT_EQ(m.run({"acl", "delete", kInitiator}).code, 9);
    m.ok({"acl", "delete", kInitiator, "--yes"});
    EXPECT_FALSE(m.fs.has(m.acl()));
}

TEST(AclList, ShowsWhoIsIn) {
    Served m;

    m.ok({"acl", "create", kInitiator});
    m.ok({"acl", "create", kOther});
    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    const Answer text = m.ok({"acl", "list"});
    EXPECT_NE(text.out.find(kInitiator + "  LUN 0, 1  logged in from fe80"), std::string::npos);
    EXPECT_NE(text.out.find(kOther + "  LUN 0, 1  not logged in"), std::string::npos);
    const nlohmann::json json = m.ok({"acl", "list", "--json"}).json();
    ASSERT_EQ(json["acls"].size(), 2U);
    EXPECT_EQ(json["acls"][1]["sessions"], nlohmann::json::array({1}));
    EXPECT_EQ(json["acls"][1]["mapped_luns"][1]["lun"], 1);
    m.link.loaded = false;
    EXPECT_TRUE(m.ok({"acl", "list", "--json"}).json()["acls"][0]["sessions"].is_null());
    EXPECT_NE(Machine().ok({"acl", "list"}).err.find("no ACL"), std::string::npos);
}

TEST(AclPending, GivesTheCommand) {
    Served m;

    m.link.reject_list = {make_reject(kInitiator, 8000)};
    const Answer text = m.ok({"acl", "pending"});
    EXPECT_NE(text.out.find(kInitiator), std::string::npos);
    EXPECT_NE(text.out.find("8s"), std::string::npos);
    EXPECT_NE(text.out.find("no ACL has been configured yet (0x00010006"), std::string::npos);
    EXPECT_NE(text.out.find("srptctl acl allow " + kInitiator + "\n"), std::string::npos);
    m.ok({"acl", "create", kInitiator});
    EXPECT_NE(m.ok({"acl", "pending"}).out.find("has an ACL now"), std::string::npos);
}

TEST(AclPending, SeveralTargetsAreNamed) {
    Served m;

    m.add_port("qib1", 1, "fe80::2", "4: ACTIVE", "InfiniBand");
    m.ok({"export", "ramdisk:1M", "--port", "qib1"});
    m.link.reject_list = {make_reject(kInitiator, 0)};
    const nlohmann::json json = m.ok({"acl", "pending", "--json"}).json();
    EXPECT_EQ(json["pending"][0]["next"],
              "srptctl acl allow " + kInitiator + " --target ib.fe80000000000000001175000077dd7e");
    EXPECT_EQ(json["pending"][0]["remedy"], "acl");
    EXPECT_EQ(json["pending"][0]["count"], 3);
}

TEST(AclPending, OtherReasonsHaveNoRemedy) {
    Served m;
    srpt::RejectInfo reject = make_reject(kInitiator, 0);

    reject.reason = 0x00010002;
    reject.text = "the IU length is too large";
    m.link.reject_list = {reject};
    const nlohmann::json json = m.ok({"acl", "pending", "--json"}).json();
    EXPECT_EQ(json["pending"][0]["remedy"], "none");
    EXPECT_TRUE(json["pending"][0]["next"].is_null());
    EXPECT_EQ(m.run({"acl", "allow", "--last"}).code, 4);
    m.link.reject_list.clear();
    EXPECT_NE(m.ok({"acl", "pending"}).err.find("no initiator was refused"), std::string::npos);
}

TEST(AclPending, WhoIsLoggedInIsNotPending) {
    Served m;

    m.link.reject_list = {make_reject(kInitiator, 0), make_reject(kOther, 0)};
    m.ok({"acl", "create", kInitiator});
    m.ok({"acl", "create", kOther});
    m.link.session_list = {make_session(7, kInitiator, kInitiator)};
    const nlohmann::json json = m.ok({"acl", "pending", "--json"}).json();
    ASSERT_EQ(json["pending"].size(), 1);
    EXPECT_EQ(json["pending"][0]["initiator"], kOther);
}

TEST(AclPending, GuidAndWildcardAclsCount) {
    Served m;

    m.link.reject_list = {make_reject(kInitiator, 0)};
    m.ok({"acl", "create", "*:001175000077d708"});
    EXPECT_EQ(m.ok({"acl", "pending", "--json"}).json()["pending"][0]["remedy"], "retry");
}

TEST(AclAllow, LastOne) {
    Served m;

    m.link.reject_list = {make_reject(kInitiator, 100), make_reject(kOther, 5000)};
    const Answer answer = m.ok({"acl", "allow", "--last"});
    EXPECT_TRUE(m.fs.has(m.acl() + "/lun_1"));
    EXPECT_FALSE(m.fs.has(m.acl(kOther)));
    EXPECT_NE(answer.out.find("LUN 0, 1"), std::string::npos);
    EXPECT_EQ(m.link.calls.back(), "forget " + kInitiator);
    m.ok({"acl", "allow", "--last"});
    EXPECT_TRUE(m.fs.has(m.acl(kOther)));
}

TEST(AclAllow, LastOneWithoutAnAcl) {
    Served m;

    m.ok({"acl", "create", kOther});
    m.link.reject_list = {make_reject(kOther, 100), make_reject(kInitiator, 5000)};
    m.ok({"acl", "allow", "--last"});
    EXPECT_TRUE(m.fs.has(m.acl()));
    EXPECT_EQ(m.link.calls.back(), "forget " + kInitiator);
}

TEST(AclAllow, ByWhereItCameFrom) {
    Served m;

    m.link.reject_list = {make_reject(kInitiator, 100)};
    m.ok({"acl", "allow", "fe80::11:7500:77:d708", "--lun", "1"});
    EXPECT_TRUE(m.fs.has(m.acl("0xfe80000000000000001175000077d708") + "/lun_1"));
}

TEST(AclAllow, AddsToWhatIsThere) {
    Served m;

    m.ok({"acl", "create", kInitiator, "--lun", "0"});
    m.ok({"acl", "allow", kInitiator});
    EXPECT_TRUE(m.fs.has(m.acl() + "/lun_1"));
    EXPECT_NE(m.ok({"acl", "allow", kInitiator}).out.find("already"), std::string::npos);
}

TEST(AclAllow, WaitsForTheLogin) {
    Served m;
    unsigned waits = 0;

    m.link.reject_list = {make_reject(kInitiator, 100)};
    m.link.on_wait = [&] {
        if (++waits == 3) {
            m.link.session_list = {make_session(7, kInitiator, kInitiator)};
            m.link.events.emplace_back(srpt::LoginEvent{make_channel(7, 0, kInitiator)});
        }
    };
    const nlohmann::json json = m.ok({"acl", "allow", "--last", "--wait", "30", "--json"}).json();
    EXPECT_EQ(json["session"]["id"], 7);
    EXPECT_TRUE(json["created"].get<bool>());
    // It listened before it let anybody in.
    const auto& calls = m.link.calls;
    EXPECT_LT(std::find(calls.begin(), calls.end(), "subscribe"),
              std::find(calls.begin(), calls.end(), "forget " + kInitiator));
}

TEST(AclAllow, TimesOutAndKeepsTheAcl) {
    Served m;
    const Answer answer = m.run({"acl", "allow", kInitiator, "--wait", "5"});

    EXPECT_EQ(answer.code, 8);
    EXPECT_NE(answer.err.find("its ACL stays"), std::string::npos);
    EXPECT_TRUE(m.fs.has(m.acl()));
}

TEST(AclAllow, Misuse) {
    Served m;

    EXPECT_EQ(m.run({"acl", "allow"}).code, 2);
    EXPECT_EQ(m.run({"acl", "allow", "--last", kInitiator}).code, 2);
    EXPECT_EQ(m.run({"acl", "allow", "nonsense"}).code, 2);
    EXPECT_EQ(m.run({"acl", "allow", "--last"}).code, 4);
    EXPECT_EQ(m.run({"acl", "allow", kInitiator, "--wait", "x"}).code, 2);
    const Answer dry = m.ok({"acl", "allow", kInitiator, "--wait", "5", "--dry-run"});
    EXPECT_NE(dry.out.find("mkdir " + m.acl()), std::string::npos);
    EXPECT_FALSE(m.fs.has(m.acl()));
}

TEST(AclAllow, WithoutTheFamily) {
    Served m;

    m.link.loaded = false;
    EXPECT_EQ(m.run({"acl", "pending"}).code, 7);
    EXPECT_EQ(m.run({"acl", "allow", "--last"}).code, 7);
    EXPECT_EQ(m.run({"acl", "allow", kInitiator, "--wait", "3"}).code, 7);
}

} // namespace
