// SPDX-License-Identifier: GPL-2.0
#include "metrics.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <set>

namespace srpt {

namespace {

using Labels = MetricsText::Labels;

std::string escaped(std::string_view value) {
    std::string out;

    for (const char c : value) {
        if (c == '\\' || c == '"') {
            out += '\\';
        }
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

Labels session_labels(const SessionInfo& s) {
    return {{"session", fmt::format("{}", s.id)}, {"initiator", s.source.initiator}, {"target", s.wwn}};
}

Labels with(Labels labels, std::string_view key, std::string value) {
    labels.emplace_back(key, std::move(value));
    return labels;
}

void module_metrics(MetricsText& text, const MetricsInput& in) {
    struct Counter {
        std::string_view name;
        std::string_view help;
        uint64_t value;
    };

    text.family("srpt", "info", "Which ib_srpt is loaded.");
    text.sample("_info",
                {{"module", in.ours     ? "srpt"
                            : in.loaded ? "in-tree"
                                        : "absent"},
                 {"version", in.module.version}},
                uint64_t{1});
    text.family("srpt_up", "gauge", "Whether ib_srpt is loaded and tells about itself.");
    text.sample("", {}, uint64_t{in.ours ? 1U : 0U});
    if (!in.ours) {
        return;
    }
    for (const Counter& c :
         {Counter{"srpt_logins", "Channels accepted.", in.module.logins},
          {"srpt_logouts", "Channels that ended.", in.module.logouts},
          {"srpt_rejects", "Logins refused.", in.module.rejects},
          {"srpt_rejects_not_logged", "Refusals without a line in the kernel log.",
           in.module.rejects_not_logged},
          {"srpt_rejects_evicted", "Refused initiators forgotten for want of room.",
           in.module.rejects_evicted},
          {"srpt_events_lost", "Events that no listener had room for.", in.module.events_lost}}) {
        text.family(c.name, "counter", c.help);
        text.sample("_total", {}, c.value);
    }
}

void port_metrics(MetricsText& text, const MetricsInput& in) {
    const auto each = [&](const std::function<uint64_t(const RdmaPort&)>& value) {
        for (const RdmaPort& port : in.ports) {
            text.sample("",
                        {{"device", port.device},
                         {"port", fmt::format("{}", port.number)},
                         {"link_layer", port.link_layer},
                         {"gid", port.target_name()}},
                        value(port));
        }
    };

    text.family("srpt_port_active", "gauge", "Whether an RDMA port is active.");
    each([](const RdmaPort& port) { return port.active() ? 1U : 0U; });
    text.family("srpt_port_channels", "gauge", "Live channels on an RDMA port.");
    each([&in](const RdmaPort& port) {
        return static_cast<uint64_t>(
            std::count_if(in.channels.begin(), in.channels.end(), [&](const ChannelInfo& c) {
                return c.device == port.device && c.port == port.number;
            }));
    });
}

// Ports of one device show the same pool: it is told once.
void pool_metrics(MetricsText& text, const MetricsInput& in) {
    std::set<std::string> told;

    text.family("srpt_pool_bytes", "gauge", "Data buffers that an HCA has mapped.", "bytes");
    for (const PortInfo& port : in.served) {
        if (!told.insert(port.device).second) {
            continue;
        }
        const uint64_t kept = std::min(port.pool_kept_bytes, port.pool_bytes);
        text.sample("", {{"device", port.device}, {"state", "used"}}, port.pool_bytes - kept);
        text.sample("", {{"device", port.device}, {"state", "kept"}}, kept);
    }
}

void target_metrics(MetricsText& text, const MetricsInput& in) {
    const auto each = [&](const std::function<uint64_t(const Target&, const Tpg&)>& value) {
        for (const Target& target : in.tree.targets) {
            for (const Tpg& tpg : target.tpgs) {
                text.sample("", {{"target", target.name}, {"tpg", fmt::format("{}", tpg.tag)}},
                            value(target, tpg));
            }
        }
    };

    text.family("srpt_target_enabled", "gauge", "Whether a target takes logins.");
    each([](const Target&, const Tpg& tpg) { return tpg.enabled ? 1U : 0U; });
    text.family("srpt_target_luns", "gauge", "LUNs of a target.");
    each([](const Target&, const Tpg& tpg) { return tpg.luns.size(); });
    text.family("srpt_target_acls", "gauge", "ACLs of a target.");
    each([](const Target&, const Tpg& tpg) { return tpg.acls.size(); });
    if (!in.ours) {
        return;
    }
    text.family("srpt_target_sessions", "gauge", "Initiators logged in to a target.");
    each([&in](const Target& target, const Tpg& tpg) {
        return static_cast<uint64_t>(
            std::count_if(in.sessions.begin(), in.sessions.end(), [&](const SessionInfo& s) {
                return same_name(s.wwn, target.name) && s.tpg_tag == tpg.tag;
            }));
    });
}

void histogram(MetricsText& text, const Labels& labels, const std::array<uint64_t, kLatencyBuckets>& counts) {
    uint64_t sum = 0;

    // Counter i is for less than 2^(i+1) microseconds, the last one for all.
    for (size_t i = 0; i + 1 < counts.size(); i++) {
        sum += counts.at(i);
        const double le = static_cast<double>(uint64_t{2} << i) / 1e6;
        text.sample("_bucket", with(labels, "le", fmt::format("{}", le)), sum);
    }
    sum += counts.back();
    text.sample("_bucket", with(labels, "le", "+Inf"), sum);
}

void session_metrics(MetricsText& text, const MetricsInput& in) {
    struct Direction {
        std::string_view name;
        uint64_t Stats::*commands;
    };
    struct Counter {
        std::string_view name;
        std::string_view help;
        uint64_t Stats::*value;
    };
    const auto gauge = [&](std::string_view name, std::string_view help, std::string_view unit,
                           const std::function<uint64_t(const SessionInfo&)>& value) {
        text.family(name, "gauge", help, unit);
        for (const SessionInfo& s : in.sessions) {
            text.sample("", session_labels(s), value(s));
        }
    };

    gauge("srpt_session_channels", "Channels of a session.", "",
          [](const SessionInfo& s) { return s.channels; });
    gauge("srpt_session_held_bytes", "Memory that a session takes.", "bytes",
          [](const SessionInfo& s) { return s.bytes_held; });
    gauge("srpt_session_login_timestamp_seconds", "When it logged in.", "seconds",
          [](const SessionInfo& s) { return s.login_time; });
    text.family("srpt_session_commands", "counter", "SCSI commands.");
    for (const SessionInfo& s : in.sessions) {
        for (const Direction& d : {Direction{"read", &Stats::read_cmds},
                                   {"write", &Stats::write_cmds},
                                   {"other", &Stats::other_cmds}}) {
            text.sample("_total", with(session_labels(s), "direction", std::string(d.name)),
                        s.stats.*d.commands);
        }
    }
    text.family("srpt_session_transferred_bytes", "counter", "Data moved.", "bytes");
    for (const SessionInfo& s : in.sessions) {
        text.sample("_total", with(session_labels(s), "direction", "read"), s.stats.read_bytes);
        text.sample("_total", with(session_labels(s), "direction", "write"), s.stats.write_bytes);
    }
    for (const Counter& c :
         {Counter{"srpt_session_task_management", "Task management functions.", &Stats::tmfs},
          {"srpt_session_aborted", "Commands aborted.", &Stats::aborted},
          {"srpt_session_failed", "Commands that ended with an error.", &Stats::failed},
          {"srpt_session_busy", "Commands answered with BUSY or TASK SET FULL.", &Stats::busy},
          {"srpt_session_bad_ius", "Information units that were refused.", &Stats::bad_ius},
          {"srpt_session_immediate", "Writes whose data came with the command.", &Stats::imm_cmds},
          {"srpt_session_external_tables", "Descriptor tables read from the initiator.", &Stats::ext_tables},
          {"srpt_session_credit_requests", "SRP_CRED_REQ sent.", &Stats::cred_reqs},
          {"srpt_session_send_queue_waits", "Work that waited for the send queue.", &Stats::sq_waits}}) {
        text.family(c.name, "counter", c.help);
        for (const SessionInfo& s : in.sessions) {
            text.sample("_total", session_labels(s), s.stats.*c.value);
        }
    }
    text.family("srpt_session_latency_seconds", "histogram",
                "Time that commands with data took in the target.", "seconds");
    for (const SessionInfo& s : in.sessions) {
        histogram(text, with(session_labels(s), "direction", "read"), s.stats.read_latency);
        histogram(text, with(session_labels(s), "direction", "write"), s.stats.write_latency);
    }
}

void channel_metrics(MetricsText& text, const MetricsInput& in) {
    struct Gauge {
        std::string_view name;
        std::string_view help;
        uint32_t ChannelInfo::*value;
    };
    const auto labels = [](const ChannelInfo& c) -> Labels {
        return {{"session", fmt::format("{}", c.session_id)},
                {"channel", fmt::format("{}", c.id)},
                {"initiator", c.source.initiator},
                {"device", c.device},
                {"port", fmt::format("{}", c.port)},
                {"cm", c.cm}};
    };

    text.family("srpt_channel_live", "gauge", "Whether a channel is up; 0 while it goes.");
    for (const ChannelInfo& c : in.channels) {
        text.sample("", labels(c), uint64_t{c.state == "live" ? 1U : 0U});
    }
    for (const Gauge& g :
         {Gauge{"srpt_channel_credit_limit", "Commands that a channel has room for.",
                &ChannelInfo::credit_limit},
          {"srpt_channel_credit_free", "Credits that the initiator has not used.", &ChannelInfo::credit_free},
          {"srpt_channel_send_queue_size", "Places in the send queue.", &ChannelInfo::sq_size},
          {"srpt_channel_send_queue_used", "Places taken.", &ChannelInfo::sq_used}}) {
        text.family(g.name, "gauge", g.help);
        for (const ChannelInfo& c : in.channels) {
            text.sample("", labels(c), uint64_t{c.*g.value});
        }
    }
}

void reject_metrics(MetricsText& text, const MetricsInput& in) {
    const auto labels = [](const RejectInfo& r) -> Labels {
        return {{"initiator", r.source.initiator},
                {"address", r.source.address()},
                {"device", r.device},
                {"port", fmt::format("{}", r.port)}};
    };

    text.family("srpt_refused_initiator_logins", "counter",
                "Logins refused, of each initiator that is remembered.");
    for (const RejectInfo& r : in.rejects) {
        text.sample("_total", with(labels(r), "reason", fmt::format("0x{:08x}", r.reason)), r.count);
    }
    text.family("srpt_refused_initiator_last_timestamp_seconds", "gauge", "When it tried last.", "seconds");
    for (const RejectInfo& r : in.rejects) {
        text.sample("", labels(r), r.last_time);
    }
}

} // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help,
                         std::string_view unit) {
    family_ = name;
    text_ += fmt::format("# TYPE {} {}\n", name, type);
    if (!unit.empty()) {
        text_ += fmt::format("# UNIT {} {}\n", name, unit);
    }
    text_ += fmt::format("# HELP {} {}\n", name, escaped(help));
}

void MetricsText::sample(std::string_view suffix, const Labels& labels, uint64_t value) {
    text_ += family_;
    text_ += suffix;
    if (!labels.empty()) {
        char before = '{';
        for (const auto& [name, label] : labels) {
            text_ += fmt::format("{}{}=\"{}\"", before, name, escaped(label));
            before = ',';
        }
        text_ += '}';
    }
    text_ += fmt::format(" {}\n", value);
}

std::string MetricsText::finish() {
    text_ += "# EOF\n";
    return std::move(text_);
}

std::string format_metrics(const MetricsInput& input) {
    MetricsText text;

    module_metrics(text, input);
    port_metrics(text, input);
    target_metrics(text, input);
    if (input.ours) {
        pool_metrics(text, input);
        session_metrics(text, input);
        channel_metrics(text, input);
        reject_metrics(text, input);
    }
    return text.finish();
}

} // namespace srpt
