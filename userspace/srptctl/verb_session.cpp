// SPDX-License-Identifier: GPL-2.0
#include "format.hpp"
#include "json_forms.hpp"
#include "page.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace srptctl {

using srpt::Errc;
using srpt::fail;
using srpt::Ident;

namespace {

std::optional<uint32_t> session_number(std::string_view text) {
    uint32_t value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);

    if (err != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

bool means(const srpt::SessionInfo& session, const std::string& what) {
    if (what == "all" || session_number(what) == session.id) {
        return true;
    }
    const std::optional<Ident> wanted = Ident::parse(what);
    for (const std::string* text : {&session.source.initiator, &session.source.gid, &session.source.ip}) {
        const std::optional<Ident> ident = Ident::parse(*text);
        if (wanted && ident && *wanted == *ident) {
            return true;
        }
    }
    return false;
}

srpt::Status wait_until_gone(const Context& ctx, const std::vector<srpt::SessionInfo>& closed,
                             unsigned seconds, srpt::EventStream& events) {
    const srpt::System::Clock::time_point end = ctx.env.system.now() + std::chrono::seconds(seconds);

    for (;;) {
        srpt::Result<std::vector<srpt::SessionInfo>> now = ctx.env.link.sessions();
        if (!now) {
            return fail(std::move(now.error()));
        }
        const bool left = std::any_of(closed.begin(), closed.end(), [&](const srpt::SessionInfo& c) {
            return std::any_of(now->begin(), now->end(),
                               [&](const srpt::SessionInfo& s) { return s.id == c.id; });
        });
        if (!left) {
            return {};
        }
        const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(end - ctx.env.system.now());
        if (rest.count() <= 0) {
            return fail(Errc::timeout, fmt::format("the sessions still have commands after {} s", seconds),
                        "see 'srptctl session list --channels' and dmesg");
        }
        if (srpt::Result<std::optional<srpt::Event>> event =
                events.next(std::min(rest, std::chrono::milliseconds(500)));
            !event) {
            return fail(std::move(event.error()));
        }
    }
}

void print_session(Page& page, const SessionRow& row) {
    const srpt::SessionInfo& s = row.session;

    page.line("{}{}", page.head(fmt::format("session {}", s.id)), s.closing ? page.warn("  closing") : "");
    page.line("  initiator     {}", s.source.initiator);
    page.line("  from          {}", s.source.address());
    page.line("  target        {}, portal group {}", srpt::targetcli_name(s.wwn), s.tpg_tag);
    page.line("  ACL           {}{}", s.acl, s.dynamic_acl ? " (made at login)" : "");
    page.line("  logged in     {} ago", format_age(s.age_ms));
    page.line("  holds         {} of data buffers", format_bytes(s.bytes_held));
    page.line("  done          {} reads, {} writes, {} others", format_count(s.stats.read_cmds),
              format_count(s.stats.write_cmds), format_count(s.stats.other_cmds));
    page.line("  moved         {} read, {} written", format_bytes(s.stats.read_bytes),
              format_bytes(s.stats.write_bytes));
    for (const srpt::ChannelInfo& c : row.channels) {
        page.line("  channel {:<5} {}, {}/{} by {} CM, QP {} to {}", c.id,
                  c.state == "live" ? page.good(c.state) : page.warn(c.state), c.device, c.port,
                  c.cm == "ib" ? "IB" : "RDMA", c.qp_num, c.peer_qp_num);
        page.line("                credit {} of {}, {} of {} sends in flight{}{}", c.credit_free,
                  c.credit_limit, c.sq_used, c.sq_size, c.use_srq ? ", shared receive queue" : "",
                  c.imm_data ? ", immediate data" : "");
        page.line("                requests to {} bytes, responses to {}", c.max_it_iu_len, c.max_ti_iu_len);
    }
}

} // namespace

srpt::Status verb_session_list(const Context& ctx, bool channels) {
    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions();
    std::vector<SessionRow> rows;

    if (!sessions) {
        return fail(std::move(sessions.error()));
    }
    std::sort(sessions->begin(), sessions->end(),
              [](const srpt::SessionInfo& a, const srpt::SessionInfo& b) { return a.id < b.id; });
    for (srpt::SessionInfo& session : *sessions) {
        SessionRow& row = rows.emplace_back();
        row.session = std::move(session);
        if (!channels) {
            continue;
        }
        srpt::Result<std::vector<srpt::ChannelInfo>> found = ctx.env.link.channels(row.session.id);
        if (found) {
            row.channels = std::move(*found);
        } else if (found.error().code != Errc::not_found) { // it may have ended meanwhile
            return fail(std::move(found.error()));
        }
    }
    ctx.output.sessions(rows, channels);
    return {};
}

srpt::Status verb_session_show(const Context& ctx, const std::string& what) {
    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions();
    std::vector<SessionRow> rows;

    if (!sessions) {
        return fail(std::move(sessions.error()));
    }
    for (srpt::SessionInfo& session : *sessions) {
        if (means(session, what)) {
            rows.emplace_back().session = std::move(session);
        }
    }
    if (rows.empty()) {
        return fail(Errc::not_found, fmt::format("there is no session '{}'", what),
                    "see 'srptctl session list'");
    }
    for (SessionRow& row : rows) {
        srpt::Result<std::vector<srpt::ChannelInfo>> found = ctx.env.link.channels(row.session.id);
        if (found) {
            row.channels = std::move(*found);
        } else if (found.error().code != Errc::not_found) { // it may have ended meanwhile
            return fail(std::move(found.error()));
        }
    }
    ctx.output.answer(
        "session show",
        [&] {
            Json list = Json::array();
            for (const SessionRow& row : rows) {
                Json item = to_json(row.session);
                item["channels"] = Json::array();
                for (const srpt::ChannelInfo& channel : row.channels) {
                    item["channels"].push_back(to_json(channel));
                }
                list.push_back(std::move(item));
            }
            return Json{{"sessions", std::move(list)}};
        },
        [&](Page& page) {
            for (const SessionRow& row : rows) {
                print_session(page, row);
            }
        },
        {});
    return {};
}

srpt::Status verb_session_close(const Context& ctx, const CloseRequest& request) {
    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions();
    std::vector<srpt::SessionInfo> chosen;

    if (!sessions) {
        return fail(std::move(sessions.error()));
    }
    std::copy_if(sessions->begin(), sessions->end(), std::back_inserter(chosen),
                 [&](const srpt::SessionInfo& s) { return means(s, request.what); });
    if (chosen.empty()) {
        return fail(Errc::not_found, fmt::format("there is no session '{}'", request.what),
                    "see 'srptctl session list'");
    }
    const std::string question =
        chosen.size() == 1 ? fmt::format("Log {} out (session {})?", chosen[0].source.initiator, chosen[0].id)
                           : fmt::format("Log {} sessions out?", chosen.size());
    if (srpt::Status status = ctx.confirm(question); !status) {
        return status;
    }
    if (ctx.options.dry_run) {
        ctx.output.closed(chosen, true);
        return {};
    }
    std::unique_ptr<srpt::EventStream> events;
    if (request.wait) {
        srpt::Result<std::unique_ptr<srpt::EventStream>> stream = ctx.env.link.subscribe();
        if (!stream) {
            return fail(std::move(stream.error()));
        }
        events = std::move(*stream);
    }
    for (const srpt::SessionInfo& session : chosen) {
        srpt::Status status = ctx.env.link.close_session(session.id);
        // One that ended by itself is closed as well.
        if (!status && status.error().code != Errc::not_found) {
            return status;
        }
    }
    if (events) {
        if (srpt::Status status = wait_until_gone(ctx, chosen, *request.wait, *events); !status) {
            return status;
        }
    }
    ctx.output.closed(chosen, false);
    return {};
}

srpt::Status verb_monitor(const Context& ctx, const MonitorRequest& request) {
    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    srpt::Result<std::unique_ptr<srpt::EventStream>> stream = ctx.env.link.subscribe();
    const srpt::System::Clock::time_point begin = ctx.env.system.now();
    uint64_t seen = 0;

    if (!stream) {
        return fail(std::move(stream.error()));
    }
    while (!request.count || seen < *request.count) {
        std::chrono::milliseconds wait(3'600'000);
        if (request.timeout) {
            wait = std::chrono::duration_cast<std::chrono::milliseconds>(
                begin + std::chrono::seconds(*request.timeout) - ctx.env.system.now());
            if (wait.count() <= 0) {
                if (request.count) {
                    return fail(Errc::timeout, fmt::format("{} of {} events came within {} s", seen,
                                                           *request.count, *request.timeout));
                }
                break;
            }
        }
        srpt::Result<std::optional<srpt::Event>> event = (*stream)->next(wait);
        if (!event) {
            return fail(std::move(event.error()));
        }
        if (*event) {
            ctx.output.event(**event);
            seen++;
        }
    }
    return {};
}

} // namespace srptctl
