// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

struct LoggedIn : Machine {
    LoggedIn() {
        link.session_list = {make_session(2, kOther, kOther), make_session(1, kInitiator, kInitiator)};
        link.channel_list = {make_channel(1, 0, kInitiator), make_channel(1, 1, kInitiator),
                             make_channel(2, 0, kOther)};
    }
};

TEST(SessionList, SortedWithCounters) {
    LoggedIn m;
    const Answer text = m.ok({"session", "list"});

    EXPECT_LT(text.out.find(kInitiator), text.out.find(kOther));
    EXPECT_NE(text.out.find("28.0 KiB"), std::string::npos);
    EXPECT_NE(text.out.find("1m01s"), std::string::npos);
    EXPECT_EQ(text.out.find("channel 0"), std::string::npos);
    EXPECT_NE(m.ok({"session", "list", "--channels"}).out.find("channel 1  live  qib0/1 by IB CM"),
              std::string::npos);
}

TEST(SessionList, Json) {
    LoggedIn m;
    const nlohmann::json json = m.ok({"session", "list", "--channels", "--json"}).json();

    EXPECT_EQ(json["schema_version"], 1);
    EXPECT_EQ(json["command"], "session list");
    ASSERT_EQ(json["sessions"].size(), 2U);
    const nlohmann::json& s = json["sessions"][0];
    EXPECT_EQ(s["id"], 1);
    EXPECT_EQ(s["initiator"], kInitiator);
    EXPECT_TRUE(s["source_ip"].is_null());
    EXPECT_EQ(s["stats"]["read_bytes"], 28672);
    EXPECT_EQ(s["stats"]["read_latency"].size(), srpt::kLatencyBuckets);
    ASSERT_EQ(s["channels"].size(), 2U);
    EXPECT_EQ(s["channels"][1]["credit"]["free"], 120);
    EXPECT_TRUE(s["channels"][1]["imm_offset"].is_null());
}

TEST(SessionList, NobodyAndNothing) {
    Machine m;

    EXPECT_NE(m.ok({"session", "list"}).err.find("no initiator is logged in"), std::string::npos);
    EXPECT_EQ(m.ok({"session", "list", "--json"}).json()["sessions"].size(), 0U);
    m.link.loaded = false;
    EXPECT_EQ(m.run({"session", "list"}).code, 7);
    Machine bare;
    bare.fs.reset();
    bare.link.loaded = false;
    EXPECT_EQ(bare.run({"session", "list"}).code, 6);
}

TEST(SessionList, ErrorsCarryExtack) {
    LoggedIn m;
    srpt::Error error = srpt::errno_error(EPERM, "cannot list sessions", {});

    error.kernel = {"CAP_NET_ADMIN is needed"};
    m.link.error = error;
    const Answer answer = m.run({"session", "list"});
    EXPECT_EQ(answer.code, 3);
    EXPECT_NE(answer.err.find("kernel: CAP_NET_ADMIN is needed"), std::string::npos);
    EXPECT_NE(answer.err.find("EPERM"), std::string::npos);
    const nlohmann::json json = nlohmann::json::parse(m.run({"session", "list", "--json"}).err);
    EXPECT_EQ(json["error"]["code"], "permission");
    EXPECT_EQ(json["error"]["exit_code"], 3);
    EXPECT_EQ(json["error"]["errno"], EPERM);
    EXPECT_EQ(json["error"]["kernel"][0], "CAP_NET_ADMIN is needed");
}

TEST(SessionClose, ByNumberInitiatorOrAll) {
    LoggedIn m;

    EXPECT_EQ(m.run({"session", "close", "1"}).code, 9);
    EXPECT_NE(m.ok({"session", "close", "1", "--yes"}).out.find("session 1 of"), std::string::npos);
    EXPECT_EQ(m.link.session_list.size(), 1U);
    EXPECT_NE(m.ok({"session", "close", kOther, "--dry-run"}).out.find("would be closed"), std::string::npos);
    EXPECT_EQ(m.link.session_list.size(), 1U);
    m.ok({"session", "close", "all", "-y", "--wait", "5"});
    EXPECT_TRUE(m.link.session_list.empty());
    EXPECT_EQ(m.run({"session", "close", "1", "-y"}).code, 4);
}

TEST(SessionClose, BySource) {
    LoggedIn m;
    const nlohmann::json json =
        m.ok({"session", "close", "fe80::11:7500:77:d708", "--yes", "--json"}).json(); // both come from there

    EXPECT_EQ(json["closed"].size(), 2U);
}

// The module takes the request, but the session has commands that do not end.
TEST(SessionClose, WaitTimesOut) {
    LoggedIn m;

    m.link.stuck = true;
    const Answer answer = m.run({"session", "close", "1", "--yes", "--wait", "2"});
    EXPECT_EQ(answer.code, 8);
    EXPECT_NE(answer.err.find("after 2 s"), std::string::npos);
}

TEST(SessionClose, ReportsTheKernel) {
    LoggedIn m;

    m.link.error = srpt::errno_error(EPERM, "cannot close", {});
    EXPECT_EQ(m.run({"session", "close", "1", "--yes"}).code, 3);
}

TEST(Monitor, PrintsEvents) {
    Machine m;
    srpt::ChannelInfo out = make_channel(1, 0, kInitiator);

    out.cause = "admin";
    out.cause_text = "closed by the administrator";
    m.link.events.emplace_back(srpt::RejectEvent{make_reject(kInitiator, 0)});
    m.link.events.emplace_back(srpt::LoginEvent{make_channel(1, 0, kInitiator)});
    m.link.events.emplace_back(srpt::LogoutEvent{out});
    m.link.events.emplace_back(
        srpt::PortEvent{{"qib0", 1, kGid, 0, 1, 1, "infiniband", "down", true, true, 0, {}}});
    m.link.events.emplace_back(srpt::LostEvent{});
    const Answer text = m.ok({"monitor", "--count", "5"});
    for (const char* part : {"reject", "srptctl acl allow " /* ready */, "login", "session 1 channel 0",
                             "closed by the administrator", "qib0/1 is down", "faster"}) {
        EXPECT_NE(text.out.find(part), std::string::npos) << part << "\n" << text.out;
    }
}

TEST(Monitor, JsonIsOneObjectALine) {
    Machine m;

    m.link.events.emplace_back(srpt::RejectEvent{make_reject(kInitiator, 0)});
    m.link.events.emplace_back(srpt::LoginEvent{make_channel(1, 0, kInitiator)});
    m.link.events.emplace_back(srpt::LogoutEvent{make_channel(1, 0, kInitiator)});
    m.link.events.emplace_back(srpt::PortEvent{});
    m.link.events.emplace_back(srpt::LostEvent{});
    const Answer answer = m.ok({"monitor", "--count", "5", "--json"});
    std::istringstream lines(answer.out);
    std::string line;
    std::vector<std::string> kinds;
    while (std::getline(lines, line)) {
        const nlohmann::json json = nlohmann::json::parse(line);
        EXPECT_EQ(json["schema_version"], 1);
        EXPECT_GT(json["time_ms"].get<int64_t>(), 0);
        kinds.push_back(json["event"]);
    }
    EXPECT_EQ(kinds, (std::vector<std::string>{"reject", "login", "logout", "port", "lost"}));
}

TEST(Monitor, EndsInTime) {
    Machine m;

    EXPECT_EQ(m.ok({"monitor", "--timeout", "3"}).out, "");
    EXPECT_EQ(m.run({"monitor", "--timeout", "3", "--count", "1"}).code, 8);
    m.link.error = srpt::errno_error(EPERM, "cannot subscribe to events", {});
    EXPECT_EQ(m.run({"monitor", "--count", "1"}).code, 3);
    m.link.loaded = false;
    EXPECT_EQ(m.run({"monitor"}).code, 7);
}

} // namespace
