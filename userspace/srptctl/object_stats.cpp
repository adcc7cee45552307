// SPDX-License-Identifier: GPL-2.0
#include "change.hpp"
#include "format.hpp"
#include "json_forms.hpp"
#include "latency.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"

#include <algorithm>
#include <memory>

namespace srptctl {

using srpt::Errc;
using srpt::fail;

namespace {

Json with_latency(const srpt::Stats& stats) {
    Json j = to_json(stats);
    const auto add = [&](const char* name, const srpt::Histogram& histogram) {
        Json p = Json::object();
        for (const auto& [key, part] :
             {std::pair("p50", 0.5), {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}}) {
            p[key] = value_or_null(srpt::percentile_us(histogram, part));
        }
        j[name] = std::move(p);
    };

    add("read_latency_us", stats.read_latency);
    add("write_latency_us", stats.write_latency);
    return j;
}

void print(Page& page, const srpt::Stats& s) {
    const auto line = [&](const char* name, uint64_t cmds, uint64_t bytes, const srpt::Histogram& latency) {
        const std::optional<double> mid = srpt::percentile_us(latency, 0.5);
        const std::optional<double> high = srpt::percentile_us(latency, 0.99);
        page.line("  {:<8} {:>8} commands  {:>10}{}", name, format_count(cmds), format_bytes(bytes),
                  mid && high
                      ? fmt::format("  median {}, 99 % {}", srpt::format_us(*mid), srpt::format_us(*high))
                      : std::string{});
    };

    line("read", s.read_cmds, s.read_bytes, s.read_latency);
    line("written", s.write_cmds, s.write_bytes, s.write_latency);
    page.line("  {:<8} {:>8} commands without data", "other", format_count(s.other_cmds));
    const auto rare = [&](const char* what, uint64_t count) {
        if (count > 0) {
            page.line("  {:<34} {}", what, format_count(count));
        }
    };
    rare("task management functions", s.tmfs);
    rare("aborted", s.aborted);
    rare("answered CHECK CONDITION", s.failed);
    rare("answered BUSY or TASK SET FULL", s.busy);
    rare("malformed information units", s.bad_ius);
    rare("writes with immediate data", s.imm_cmds);
    rare("external descriptor tables", s.ext_tables);
    rare("credits sent on their own", s.cred_reqs);
    rare("waits for the send queue", s.sq_waits);
}

srpt::Status stats_show(const Context& ctx, const std::optional<uint32_t>& only, bool channels) {
    std::vector<SessionRow> rows;

    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions();
    if (!sessions) {
        return fail(std::move(sessions.error()));
    }
    std::sort(sessions->begin(), sessions->end(),
              [](const srpt::SessionInfo& a, const srpt::SessionInfo& b) { return a.id < b.id; });
    for (srpt::SessionInfo& session : *sessions) {
        if (only && *only != session.id) {
            continue;
        }
        SessionRow& row = rows.emplace_back();
        row.session = std::move(session);
        if (channels) {
            srpt::Result<std::vector<srpt::ChannelInfo>> found = ctx.env.link.channels(row.session.id);
            if (found) {
                row.channels = std::move(*found);
            } else if (found.error().code != Errc::not_found) { // it may have ended meanwhile
                return fail(std::move(found.error()));
            }
        }
    }
    if (only && rows.empty()) {
        return fail(Errc::not_found, fmt::format("there is no session {}", *only),
                    "see 'srptctl session list'");
    }
    std::vector<std::string> notes;
    if (rows.empty()) {
        notes.emplace_back("no initiator is logged in");
    }
    ctx.output.answer(
        "stats show",
        [&] {
            Json list = Json::array();
            for (const SessionRow& row : rows) {
                Json item = {{"id", row.session.id},
                             {"initiator", row.session.source.initiator},
                             {"target", row.session.wwn},
                             {"stats", with_latency(row.session.stats)}};
                if (channels) {
                    item["channels"] = Json::array();
                    for (const srpt::ChannelInfo& channel : row.channels) {
                        item["channels"].push_back(
                            {{"id", channel.id}, {"stats", with_latency(channel.stats)}});
                    }
                }
                list.push_back(std::move(item));
            }
            return Json{{"sessions", std::move(list)}};
        },
        [&](Page& page) {
            for (const SessionRow& row : rows) {
                page.line("{}", page.head(fmt::format("session {}  {}", row.session.id,
                                                      row.session.source.initiator)));
                print(page, row.session.stats);
                for (const srpt::ChannelInfo& channel : row.channels) {
                    page.line("  {}", page.head(fmt::format("channel {}", channel.id)));
                    print(page, channel.stats);
                }
            }
        },
        notes);
    return {};
}

srpt::Status stats_reset(const Context& ctx, const std::optional<uint32_t>& session) {
    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    if (!ctx.options.dry_run) {
        if (srpt::Status status = ctx.env.link.reset_stats(session); !status) {
            return status;
        }
    }
    ctx.output.answer(
        "stats reset",
        [&] {
            return Json{{"session", value_or_null(session)}, {"dry_run", ctx.options.dry_run}};
        },
        [&](Page& page) {
            page.line("the counters of {} {} to zero",
                      session ? fmt::format("session {}", *session) : std::string("all sessions"),
                      ctx.options.dry_run ? "would be set" : "are set");
        },
        {});
    return {};
}

Runner attach_stats_show(CLI::App& app) {
    struct Request {
        std::optional<uint32_t> session;
        bool channels = false;
    };
    auto r = std::make_shared<Request>();

    app.add_option("SESSION", r->session, "number of a session (default: all)");
    app.add_flag("--channels", r->channels, "with the channels of each");
    return [r](const Context& ctx) { return stats_show(ctx, r->session, r->channels); };
}

Runner attach_stats_reset(CLI::App& app) {
    auto session = std::make_shared<std::optional<uint32_t>>();

    app.add_option("SESSION", *session, "number of a session (default: all)");
    return [session](const Context& ctx) { return stats_reset(ctx, *session); };
}

} // namespace

void add_stats(Registry& registry) {
    registry.object("stats", "counters and latency of sessions");
    registry.verb("stats", "show", "counters since login or since they were reset", attach_stats_show);
    registry.verb("stats", "reset", "set the counters to zero", attach_stats_reset);
}

} // namespace srptctl
