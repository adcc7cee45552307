// SPDX-License-Identifier: GPL-2.0
// Who does how much, now: the difference of the counters between two looks.
#include "context.hpp"
#include "format.hpp"
#include "json_forms.hpp"
#include "latency.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <ostream>

namespace srptctl {

using srpt::fail;

namespace {

using Clock = srpt::System::Clock;

struct TopRequest {
    bool once = false;
    double interval = 1;
    std::optional<uint64_t> count;
    std::string sort = "iops";
};

struct Sample {
    Clock::time_point time;
    std::map<uint32_t, srpt::SessionInfo> sessions;
    std::map<uint32_t, std::pair<uint64_t, uint64_t>> credits; // free, limit
};

struct TopRow {
    srpt::SessionInfo session;
    double iops = 0;
    double read_bytes = 0; // a second
    double write_bytes = 0;
    std::optional<double> p50;
    std::optional<double> p99;
    uint64_t credit_free = 0;
    uint64_t credit_limit = 0;

    double bytes() const { return read_bytes + write_bytes; }
};

srpt::Result<Sample> look(const Context& ctx) {
    Sample sample;
    srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions();

    if (!sessions) {
        return fail(std::move(sessions.error()));
    }
    sample.time = ctx.env.system.now();
    for (srpt::SessionInfo& session : *sessions) {
        sample.sessions.emplace(session.id, std::move(session));
    }
    // Without credits the rest still is worth showing.
    if (srpt::Result<std::vector<srpt::ChannelInfo>> channels = ctx.env.link.channels(std::nullopt)) {
        for (const srpt::ChannelInfo& channel : *channels) {
            sample.credits[channel.session_id].first += channel.credit_free;
            sample.credits[channel.session_id].second += channel.credit_limit;
        }
    }
    return sample;
}

// Counters that were reset meanwhile start from nothing.
uint64_t grown(uint64_t before, uint64_t now) {
    return now >= before ? now - before : now;
}

std::vector<TopRow> rates(const Sample& before, const Sample& now, const std::string& sort) {
    const double seconds = std::max(std::chrono::duration<double>(now.time - before.time).count(), 1e-3);
    std::vector<TopRow> rows;

    for (const auto& [id, session] : now.sessions) {
        TopRow& row = rows.emplace_back();
        const auto old = before.sessions.find(id);
        const srpt::Stats zero;
        const srpt::Stats& was = old != before.sessions.end() ? old->second.stats : zero;
        const srpt::Stats& is = session.stats;
        const srpt::Histogram latency = srpt::sum(srpt::since(was.read_latency, is.read_latency),
                                                  srpt::since(was.write_latency, is.write_latency));
        row.session = session;
        row.iops =
            static_cast<double>(grown(was.read_cmds, is.read_cmds) + grown(was.write_cmds, is.write_cmds) +
                                grown(was.other_cmds, is.other_cmds)) /
            seconds;
        row.read_bytes = static_cast<double>(grown(was.read_bytes, is.read_bytes)) / seconds;
        row.write_bytes = static_cast<double>(grown(was.write_bytes, is.write_bytes)) / seconds;
        row.p50 = srpt::percentile_us(latency, 0.5);
        row.p99 = srpt::percentile_us(latency, 0.99);
        if (const auto credit = now.credits.find(id); credit != now.credits.end()) {
            std::tie(row.credit_free, row.credit_limit) = credit->second;
        }
    }
    std::stable_sort(rows.begin(), rows.end(), [&](const TopRow& a, const TopRow& b) {
        if (sort == "bytes") {
            return a.bytes() > b.bytes();
        }
        return sort == "latency" ? a.p99.value_or(0) > b.p99.value_or(0) : a.iops > b.iops;
    });
    return rows;
}

std::string count_text(double value) {
    return format_count(static_cast<uint64_t>(std::llround(value)));
}

std::string bytes_text(double value) {
    return format_bytes(static_cast<uint64_t>(std::llround(value)));
}

// The half that tells initiators apart: "0011:7500:0077:d708".
std::string short_name(const srpt::SessionInfo& session) {
    const std::string& id = session.source.initiator;

    if (id.size() != 34) {
        return id.substr(0, 19);
    }
    return fmt::format("{}:{}:{}:{}", id.substr(18, 4), id.substr(22, 4), id.substr(26, 4), id.substr(30, 4));
}

void print(Page& page, const std::vector<TopRow>& rows) {
    double iops = 0;
    double bytes = 0;

    for (const TopRow& row : rows) {
        iops += row.iops;
        bytes += row.bytes();
    }
    page.line("{} session{}, {} commands/s, {}/s", rows.size(), rows.size() == 1 ? "" : "s", count_text(iops),
              bytes_text(bytes));
    page.line("{}",
              page.head(fmt::format("{:>4} {:<19} {:>7} {:>10} {:>10} {:>6} {:>6} {:>10}", "ID",
                                    "INITIATOR GUID", "IOPS", "READ/s", "WRITE/s", "P50", "P99", "CREDIT")));
    for (const TopRow& row : rows) {
        page.line("{:>4} {:<19} {:>7} {:>10} {:>10} {:>6} {:>6} {:>10}", row.session.id,
                  short_name(row.session), count_text(row.iops), bytes_text(row.read_bytes),
                  bytes_text(row.write_bytes), row.p50 ? srpt::format_us(*row.p50) : "-",
                  row.p99 ? srpt::format_us(*row.p99) : "-",
                  row.credit_limit > 0 ? fmt::format("{}/{}", row.credit_free, row.credit_limit) : "-");
    }
}

Json rows_json(const std::vector<TopRow>& rows) {
    Json list = Json::array();

    for (const TopRow& row : rows) {
        list.push_back({{"id", row.session.id},
                        {"initiator", row.session.source.initiator},
                        {"target", row.session.wwn},
                        {"channels", row.session.channels},
                        {"iops", row.iops},
                        {"read_bytes_per_second", row.read_bytes},
                        {"write_bytes_per_second", row.write_bytes},
                        {"p50_us", value_or_null(row.p50)},
                        {"p99_us", value_or_null(row.p99)},
                        {"credit_free", row.credit_free},
                        {"credit_limit", row.credit_limit}});
    }
    return list;
}

srpt::Status top(const Context& ctx, const TopRequest& request) {
    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    if (!(request.interval >= 0.1 && request.interval <= 3600)) {
        return fail(srpt::Errc::usage, "--interval takes 0.1 to 3600 seconds");
    }
    const auto interval = std::chrono::milliseconds(std::llround(request.interval * 1000));
    const uint64_t rounds = request.once ? 1 : request.count.value_or(UINT64_MAX);
    const bool repaint = ctx.env.out_is_terminal && !ctx.options.json && rounds > 1;
    srpt::Result<Sample> before = look(ctx);

    if (!before) {
        return fail(std::move(before.error()));
    }
    for (uint64_t round = 0; round < rounds; round++) {
        ctx.env.system.pause(interval);
        srpt::Result<Sample> now = look(ctx);
        if (!now) {
            return fail(std::move(now.error()));
        }
        const std::vector<TopRow> rows = rates(*before, *now, request.sort);
        if (repaint) {
            ctx.env.out << "\x1b[H\x1b[J";
        }
        ctx.output.answer(
            "top",
            [&] {
                return Json{
                    {"interval_ms",
                     std::chrono::duration_cast<std::chrono::milliseconds>(now->time - before->time).count()},
                    {"sessions", rows_json(rows)}};
            },
            [&](Page& page) { print(page, rows); }, {});
        ctx.env.out.flush();
        if (!ctx.env.out) {
            break;
        }
        before = std::move(now);
    }
    return {};
}

Runner attach_top(CLI::App& app) {
    auto r = std::make_shared<TopRequest>();

    app.add_flag("--once", r->once, "print one look and end");
    app.add_option("--interval", r->interval, "seconds between looks")->capture_default_str();
    app.add_option("--count", r->count, "end after so many looks");
    app.add_option("--sort", r->sort, "by iops, bytes or latency")
        ->check(CLI::IsMember({"iops", "bytes", "latency"}))
        ->capture_default_str();
    return [r](const Context& ctx) { return top(ctx, *r); };
}

} // namespace

void add_top(Registry& registry) {
    registry.verb("", "top", "sessions by what they do now: IOPS, bandwidth, latency, credit", attach_top);
}

} // namespace srptctl
