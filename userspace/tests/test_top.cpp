// SPDX-License-Identifier: GPL-2.0
// Counters, rates and percentiles.
#include "harness.hpp"
#include "latency.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;
using nlohmann::json;

namespace {

TEST(Percentile, OfNothingAndOfOne) {
    srpt::Histogram h{};

    EXPECT_FALSE(srpt::percentile_us(h, 0.5));
    h[6] = 1; // 64 to 128 us
    EXPECT_DOUBLE_EQ(*srpt::percentile_us(h, 0.0), 64);
    EXPECT_DOUBLE_EQ(*srpt::percentile_us(h, 0.5), 96);
    EXPECT_DOUBLE_EQ(*srpt::percentile_us(h, 1.0), 128);
    EXPECT_DOUBLE_EQ(*srpt::percentile_us(h, 7.0), 128) << "no part is above all";
    EXPECT_DOUBLE_EQ(*srpt::percentile_us(h, -1.0), 64);
}

TEST(Percentile, EdgesOfCounters) {
    srpt::Histogram h{};

    h[0] = 100; // everything below 2 us
    EXPECT_DOUBLE_EQ(*srpt::percentile_us(h, 0.5), 1);
    h = {};
    h[3] = 99;
    h[10] = 1;
    EXPECT_DOUBLE_EQ(*srpt::percentile_us(h, 0.99), 16);
    EXPECT_GT(*srpt::percentile_us(h, 0.995), 1024);
    h = {};
    h.back() = 5; // everything above
    EXPECT_DOUBLE_EQ(*srpt::percentile_us(h, 1.0), 16777216);
    h.fill(UINT64_MAX); // sums that no integer holds
    EXPECT_GT(*srpt::percentile_us(h, 0.5), 1000);
}

TEST(Percentile, NeverFallsWithThePart) {
    srpt::Histogram h{};

    for (size_t i = 0; i < h.size(); i++) {
        h[i] = (i * 7919) % 13;
    }
    double last = 0;
    for (int p = 0; p <= 1000; p++) {
        const double now = *srpt::percentile_us(h, p / 1000.0);
        EXPECT_GE(now, last);
        last = now;
    }
}

TEST(Histogram, SinceAndSum) {
    srpt::Histogram a{};
    srpt::Histogram b{};

    a[2] = 5;
    b[2] = 7;
    b[3] = 1;
    EXPECT_EQ(srpt::since(a, b)[2], 2U);
    EXPECT_EQ(srpt::since(a, b)[3], 1U);
    EXPECT_EQ(srpt::since(b, a), a) << "it was reset in between";
    EXPECT_EQ(srpt::sum(a, b)[2], 12U);
}

TEST(Histogram, Text) {
    for (const auto& [us, text] : {std::pair(0.0, "0us"),
                                   {87.4, "87us"},
                                   {999.6, "1.0ms"},
                                   {1234.0, "1.2ms"},
                                   {45e3, "45ms"},
                                   {3.4e6, "3.4s"},
                                   {1e8, "100s"}}) {
        EXPECT_EQ(srpt::format_us(us), text);
    }
}

struct Busy : Machine {
    Busy() {
        link.session_list = {make_session(1, kInitiator, kInitiator), make_session(2, kOther, kOther)};
        link.channel_list = {make_channel(1, 0, kInitiator), make_channel(1, 1, kInitiator)};
        system.on_pause = [this] {
            link.session_list[0].stats.read_cmds += 100;
            link.session_list[0].stats.read_bytes += 409600;
            link.session_list[0].stats.read_latency[6] += 100;
            link.session_list[1].stats.write_cmds += 5000;
            link.session_list[1].stats.write_bytes += 5000ULL * 65536;
            link.session_list[1].stats.write_latency[10] += 5000;
        };
    }
};

TEST(Top, OnceSortedIn80Columns) {
    Busy m;
    const Answer answer = m.ok({"top", "--once"});
    std::istringstream lines(answer.out);
    std::string line;

    while (std::getline(lines, line)) {
        EXPECT_LE(line.size(), 80U) << line;
    }
    EXPECT_EQ(answer.out.find('\x1b'), std::string::npos);
    EXPECT_NE(answer.out.find("2 sessions, 5100 commands/s"), std::string::npos) << answer.out;
    EXPECT_LT(answer.out.find("0011:7500:0077:aaaa"), answer.out.find("0011:7500:0077:d708"));
    EXPECT_NE(answer.out.find("240/256"), std::string::npos);
    EXPECT_NE(answer.out.find("96us"), std::string::npos);
    const Answer other = m.ok({"top", "--once", "--sort", "latency"});
    EXPECT_LT(other.out.find("aaaa"), other.out.find("d708"));
}

TEST(Top, JsonAndInterval) {
    Busy m;
    const json j = m.ok({"top", "--once", "--interval", "2", "--json"}).json();

    EXPECT_EQ(j["interval_ms"], 2000);
    EXPECT_EQ(j["sessions"][0]["iops"], 2500.0);
    EXPECT_EQ(j["sessions"][1]["read_bytes_per_second"], 204800.0);
    EXPECT_EQ(j["sessions"][1]["p50_us"], 96.0);
    m.system.on_pause = nullptr;
    EXPECT_TRUE(m.ok({"top", "--once", "--json"}).json()["sessions"][0]["p50_us"].is_null());
}

TEST(Top, Repaints) {
    Busy m;

    m.terminal = true;
    const Answer answer = m.ok({"top", "--count", "3"});
    EXPECT_NE(answer.out.find("\x1b[H\x1b[J"), std::string::npos);
    m.terminal = false;
    EXPECT_EQ(m.ok({"top", "--count", "2"}).out.find('\x1b'), std::string::npos);
}

TEST(Top, SessionsComeAndGoAndAreReset) {
    Busy m;

    m.system.on_pause = [&] {
        m.link.session_list[0].stats = {};
        m.link.session_list[0].stats.read_cmds = 3;
        m.link.session_list[1] = make_session(9, kOther, kOther);
    };
    const json j = m.ok({"top", "--once", "--json"}).json();
    ASSERT_EQ(j["sessions"].size(), 2U);
    EXPECT_EQ(j["sessions"][0]["iops"], 7.0);
    EXPECT_EQ(j["sessions"][1]["iops"], 3.0);
}

TEST(Top, BadInput) {
    Busy m;

    EXPECT_EQ(m.run({"top", "--interval", "0"}).code, 2);
    EXPECT_EQ(m.run({"top", "--interval", "nan"}).code, 2);
    EXPECT_EQ(m.run({"top", "--interval", "1e9"}).code, 2);
    EXPECT_EQ(m.run({"top", "--sort", "colour"}).code, 2);
    m.link.error = srpt::errno_error(EPERM, "cannot list sessions", {});
    EXPECT_EQ(m.run({"top", "--once"}).code, 3);
    m.link.loaded = false;
    EXPECT_EQ(m.run({"top", "--once"}).code, 7);
}

TEST(Stats, ShowAndReset) {
    Busy m;

    m.system.on_pause();
    const Answer text = m.ok({"stats", "show", "--channels"});
    EXPECT_NE(text.out.find("session 1  " + kInitiator), std::string::npos);
    EXPECT_NE(text.out.find("median 96us"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("channel 1"), std::string::npos);
    const json j = m.ok({"stats", "show", "2", "--json"}).json();
    ASSERT_EQ(j["sessions"].size(), 1U);
    EXPECT_EQ(j["sessions"][0]["stats"]["write_cmds"], 5000);
    EXPECT_EQ(j["sessions"][0]["stats"]["write_latency_us"]["p50"], 1536.0);
    EXPECT_TRUE(j["sessions"][0]["stats"]["read_latency_us"]["p50"].is_null());
    m.ok({"stats", "reset", "1", "--dry-run"});
    EXPECT_NE(m.link.session_list[0].stats.read_cmds, 0U);
    m.ok({"stats", "reset", "1"});
    EXPECT_EQ(m.link.session_list[0].stats.read_cmds, 0U);
    EXPECT_NE(m.link.session_list[1].stats.write_cmds, 0U);
    m.ok({"stats", "reset"});
    EXPECT_EQ(m.link.session_list[1].stats.write_cmds, 0U);
    EXPECT_EQ(m.run({"stats", "show", "7"}).code, 4);
    EXPECT_EQ(m.run({"stats", "show", "x"}).code, 2);
    m.link.error = srpt::errno_error(ENOENT, "cannot reset the counters", {});
    EXPECT_EQ(m.run({"stats", "reset", "77"}).code, 4);
    m.link.loaded = false;
    EXPECT_EQ(m.run({"stats", "reset"}).code, 7);
    EXPECT_EQ(m.run({"stats", "show"}).code, 7);
}

} // namespace
