// SPDX-License-Identifier: GPL-2.0
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
