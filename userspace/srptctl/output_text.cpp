// SPDX-License-Identifier: GPL-2.0
// For people: at most 80 columns where names allow it, nothing that a reader
// has to count, and the next command wherever there is one.
#include "format.hpp"
#include "output.hpp"
#include "page.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/color.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ostream>

namespace srptctl {

namespace {

std::string lun_list(const std::vector<srpt::MappedLun>& luns) {
    std::vector<std::string> words;

    for (const srpt::MappedLun& mapped : luns) {
        std::string word = fmt::format("{}", mapped.index);
        if (mapped.lun && *mapped.lun != mapped.index) {
            word += fmt::format("={}", *mapped.lun);
        }
        if (!mapped.lun) {
            word += "=broken";
        }
        if (mapped.write_protect) {
            word += " (read only)";
        }
        words.push_back(std::move(word));
    }
    return words.empty() ? "no LUN" : fmt::format("LUN {}", fmt::join(words, ", "));
}

std::string numbers(const std::vector<unsigned>& luns) {
    return luns.empty() ? "no LUN" : fmt::format("LUN {}", fmt::join(luns, ", "));
}

std::string plural(uint64_t n, std::string_view word) {
    return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
}

class TextOutput final : public Output {
  public:
    TextOutput(std::ostream& data, std::ostream& messages, Style style)
        : data_(data), messages_(messages), style_(style) {}

    void status(const StatusView& view) override;
    void dry_run(std::string_view command, const srpt::Plan& plan,
                 const std::vector<std::string>& notes) override;
    void exported(const srpt::ExportResult& result) override;
    void unexported(const srpt::UnexportResult& result) override;
    void acl_created(const srpt::AclResult& result) override;
    void acl_deleted(const srpt::AclResult& result) override;
    void acl_allowed(const AllowView& view) override;
    void acls(const std::vector<AclRow>& rows) override;
    void pending(const std::vector<PendingRow>& rows) override;
    void sessions(const std::vector<SessionRow>& rows, bool channels) override;
    void closed(const std::vector<srpt::SessionInfo>& sessions, bool dry_run) override;
    void event(const srpt::Event& event) override;
    void answer(std::string_view command, const JsonForm& json, const TextForm& text,
                const std::vector<std::string>& notes) override;
    void error(const srpt::Error& error) override;

  private:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        data_ << fmt::format(format, std::forward<Args>(args)...) << '\n';
    }
    void note(std::string_view text) { messages_ << "note: " << text << '\n'; }
    void print_notes(const std::vector<std::string>& all) {
        for (const std::string& text : all) {
            note(text);
        }
    }
    std::string paint(std::string_view text, fmt::text_style style) const {
        return style_.data ? fmt::format(style, "{}", text) : std::string(text);
    }
    std::string good(std::string_view text) const { return paint(text, fmt::fg(fmt::terminal_color::green)); }
    std::string bad(std::string_view text) const { return paint(text, fmt::fg(fmt::terminal_color::red)); }
    std::string warn(std::string_view text) const {
        return paint(text, fmt::fg(fmt::terminal_color::yellow));
    }
    std::string head(std::string_view text) const { return paint(text, fmt::emphasis::bold); }

    void module_lines(const StatusView& view);
    void port_lines(const StatusView& view);
    void target_lines(const StatusView& view);
    void acl_line(const StatusView& view, const srpt::Target& target, const srpt::Acl& acl);

    std::ostream& data_;
    std::ostream& messages_;
    Style style_;
};

void TextOutput::module_lines(const StatusView& view) {
    switch (view.module) {
    case Module::absent:
        line("{}  {}", head("module "), bad("ib_srpt is not loaded"));
        return;
    case Module::stock:
        line("{}  ib_srpt of the kernel", head("module "));
        break;
    case Module::ours:
        line("{}  ib_srpt {}{}", head("module "), view.info ? view.info->version : "",
             view.info ? fmt::format(", {}, {}, {}", plural(view.info->sessions, "session"),
                                     plural(view.info->channels, "channel"),
                                     plural(view.info->rejects, "refused login"))
                       : "");
        break;
    }
    if (view.tree.rdma_cm_port) {
        line("{}  {}", head("RDMA CM"),
             *view.tree.rdma_cm_port == 0 ? std::string("not listening")
                                          : fmt::format("port {}", *view.tree.rdma_cm_port));
    }
}

void TextOutput::port_lines(const StatusView& view) {
    line("{}", head("ports"));
    if (view.ports.empty()) {
        line("  none: no RDMA device is present");
    }
    for (const srpt::RdmaPort& port : view.ports) {
        const std::string state = fmt::format("{:<6}", port.state);
        line("  {:<12} {}  {:<10}  {}", port.name(), port.active() ? good(state) : warn(state),
             port.link_layer, port.gid_ident() ? srpt::targetcli_name(port.target_name()) : "no GID yet");
    }
}

void TextOutput::acl_line(const StatusView& view, const srpt::Target& target, const srpt::Acl& acl) {
    std::string tail;

    if (!acl.ident) {
        tail = bad("matches nobody: no name of an initiator");
    } else if (view.sessions) {
        size_t sessions = 0;
        uint32_t channels = 0;
        for (const srpt::SessionInfo& s : *view.sessions) {
            if (srpt::same_name(s.wwn, target.name) && srpt::same_name(s.acl, acl.name)) {
                sessions++;
                channels += s.channels;
            }
        }
        tail =
            sessions == 0 ? "not logged in" : good(fmt::format("logged in, {}", plural(channels, "channel")));
    }
    line("    acl {}  {}{}{}", acl.name, lun_list(acl.luns), tail.empty() ? "" : "  ", tail);
}

void TextOutput::target_lines(const StatusView& view) {
    line("{}", head("targets"));
    if (view.tree.targets.empty()) {
        line("  none; make one: srptctl export DEVICE");
    }
    for (const srpt::Target& target : view.tree.targets) {
        for (const srpt::Tpg& tpg : target.tpgs) {
            line("  {}  {}{}", srpt::targetcli_name(target.name),
                 tpg.enabled ? good("enabled") : warn("disabled"),
                 tpg.admits_anyone() ? warn("  admits anyone") : "");
            for (const srpt::Lun& lun : tpg.luns) {
                const srpt::Backstore* store = view.tree.backstore_at(lun.backstore_path);
                if (store == nullptr) {
                    line("    lun {}  {}", lun.index, bad("leads nowhere"));
                    continue;
                }
                line("    lun {}  {}/{}{}{}", lun.index, store->plugin, store->name,
                     store->device.empty() ? "" : "  " + store->device,
                     store->bytes ? "  " + format_bytes(*store->bytes) : "");
            }
            if (tpg.luns.empty()) {
                line("    no LUN");
            }
            for (const srpt::Acl& acl : tpg.acls) {
                acl_line(view, target, acl);
            }
            if (tpg.acls.empty() && !tpg.admits_anyone()) {
                line("    no ACL: nobody can log in");
            }
        }
    }
}

void TextOutput::status(const StatusView& view) {
    module_lines(view);
    port_lines(view);
    target_lines(view);
    if (view.rejects && !view.rejects->empty()) {
        line("{}  {}: see 'srptctl acl pending'", head("refused"),
             bad(plural(view.rejects->size(), "initiator")));
    }
    print_notes(view.notes);
}

void TextOutput::dry_run(std::string_view /*command*/, const srpt::Plan& plan,
                         const std::vector<std::string>& notes) {
    for (const srpt::Step& step : plan.steps()) {
        line("{}", srpt::step_shell(step));
    }
    print_notes(notes);
}

void TextOutput::exported(const srpt::ExportResult& result) {
    line("LUN {} of {} is {}/{}{}", result.lun, srpt::targetcli_name(result.target), result.plugin,
         result.name, result.device.empty() ? "" : fmt::format(" ({})", result.device));
    for (const std::string& acl : result.acls) {
        line("  for {}", acl);
    }
    if (result.rdma_cm_port) {
        line("  logins by RDMA CM are taken on port {}", *result.rdma_cm_port);
    }
    print_notes(result.notes);
    if (result.acls.empty() && result.new_target) {
        note("nobody may log in yet; when an initiator has tried: srptctl acl allow --last");
    }
}

void TextOutput::unexported(const srpt::UnexportResult& result) {
    for (const std::string& what : result.removed) {
        line("removed {}", what);
    }
    print_notes(result.notes);
}

void TextOutput::acl_created(const srpt::AclResult& result) {
    line("{} may log in to {}: {}", result.name, srpt::targetcli_name(result.target), numbers(result.mapped));
    print_notes(result.notes);
}

void TextOutput::acl_deleted(const srpt::AclResult& result) {
    line("{} may no longer log in to {}", result.name, srpt::targetcli_name(result.target));
    print_notes(result.notes);
}

void TextOutput::acl_allowed(const AllowView& view) {
    const srpt::AclResult& acl = view.acl;

    if (!acl.created && acl.mapped.empty()) {
        line("{} may log in to {} already", acl.name, srpt::targetcli_name(acl.target));
    } else {
        line("{} may log in to {}: {}", acl.name, srpt::targetcli_name(acl.target), numbers(acl.mapped));
    }
    if (view.session) {
        line("{}: session {} from {}, {}", good("logged in"), view.session->id,
             view.session->source.address(), plural(view.session->channels, "channel"));
    }
    print_notes(acl.notes);
}

void TextOutput::acls(const std::vector<AclRow>& rows) {
    std::string target;

    if (rows.empty()) {
        note("there is no ACL; initiators that were refused: srptctl acl pending");
    }
    for (const AclRow& row : rows) {
        if (row.target != target) {
            target = row.target;
            line("{}", head(srpt::targetcli_name(target)));
        }
        std::string state;
        if (!row.acl.ident) {
            state = bad("matches nobody");
        } else if (!row.sessions.empty()) {
            state = good(fmt::format("logged in from {}, session {}", row.sessions.front().source.address(),
                                     row.sessions.front().id));
        } else if (row.sessions_known) {
            state = "not logged in";
        }
        line("  {}  {}{}{}", row.acl.name, lun_list(row.acl.luns), state.empty() ? "" : "  ", state);
    }
}

void TextOutput::pending(const std::vector<PendingRow>& rows) {
    if (rows.empty()) {
        note("no initiator was refused");
        return;
    }
    line("{}", head(fmt::format("{:<34}  {:>6}  {:>7}  {}", "INITIATOR", "COUNT", "AGE", "FROM")));
    for (const PendingRow& row : rows) {
        const srpt::RejectInfo& r = row.reject;
        line("{:<34}  {:>6}  {:>7}  {} on {}/{}", r.source.initiator, format_count(r.count),
             format_age(r.age_ms), r.source.address().empty() ? "?" : r.source.address(), r.device, r.port);
        line("  {} (0x{:08x} {})", bad(r.text.empty() ? r.reason_name : r.text), r.reason, r.reason_name);
        if (row.remedy == Remedy::acl) {
            line("  {}", good(row.command));
        } else if (row.remedy == Remedy::retry) {
            line("  it has an ACL now and will be admitted when it tries again");
        }
    }
}

void TextOutput::sessions(const std::vector<SessionRow>& rows, bool channels) {
    if (rows.empty()) {
        note("no initiator is logged in");
        return;
    }
    line("{}", head(fmt::format("{:>4}  {:<34}  {:>3}  {:>9}  {:>9}  {:>7}", "ID", "INITIATOR", "CH", "READ",
                                "WRITTEN", "AGE")));
    for (const SessionRow& row : rows) {
        const srpt::SessionInfo& s = row.session;
        line("{:>4}  {:<34}  {:>3}  {:>9}  {:>9}  {:>7}", s.id, s.source.initiator, s.channels,
             format_bytes(s.stats.read_bytes), format_bytes(s.stats.write_bytes), format_age(s.age_ms));
        line("      from {} to {}{}", s.source.address(), srpt::targetcli_name(s.wwn),
             s.closing ? "  closing" : "");
        if (!channels) {
            continue;
        }
        for (const srpt::ChannelInfo& c : row.channels) {
            line("      channel {}  {}  {}/{} by {} CM, QP {} to {}, credit {} of {}, {} of {} sends, {} "
                 "commands",
                 c.id, c.state == "live" ? good(c.state) : warn(c.state), c.device, c.port,
                 c.cm == "ib" ? "IB" : "RDMA", c.qp_num, c.peer_qp_num, c.credit_free, c.credit_limit,
                 c.sq_used, c.sq_size,
                 format_count(c.stats.read_cmds + c.stats.write_cmds + c.stats.other_cmds));
        }
    }
}

void TextOutput::closed(const std::vector<srpt::SessionInfo>& sessions, bool dry_run) {
    for (const srpt::SessionInfo& s : sessions) {
        line("session {} of {} {} closed", s.id, s.source.initiator, dry_run ? "would be" : "is being");
    }
}

void TextOutput::event(const srpt::Event& event) {
    const std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
    const auto millis =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    const std::string time =
        fmt::format("{:%H:%M:%S}.{:03}", fmt::localtime(std::chrono::system_clock::to_time_t(now)), millis);

    if (const auto* login = std::get_if<srpt::LoginEvent>(&event)) {
        const srpt::ChannelInfo& c = login->channel;
        line("{}  {}  {} from {} on {}/{}, session {} channel {}, credit {}", time, good("login "),
             c.source.initiator, c.source.address(), c.device, c.port, c.session_id, c.id, c.credit_limit);
    } else if (const auto* logout = std::get_if<srpt::LogoutEvent>(&event)) {
        const srpt::ChannelInfo& c = logout->channel;
        line("{}  {}  {} session {} channel {}: {}", time, warn("logout"), c.source.initiator, c.session_id,
             c.id, c.cause_text.empty() ? c.cause : c.cause_text);
    } else if (const auto* reject = std::get_if<srpt::RejectEvent>(&event)) {
        const srpt::RejectInfo& r = reject->reject;
        line("{}  {}  {} from {} on {}/{}: {} (0x{:08x})", time, bad("reject"), r.source.initiator,
             r.source.address(), r.device, r.port, r.text.empty() ? r.reason_name : r.text, r.reason);
        if (r.text.find("ACL") != std::string::npos) {
            line("{:14}to admit it: srptctl acl allow {}", "", r.source.initiator);
        }
    } else if (const auto* port = std::get_if<srpt::PortEvent>(&event)) {
        const srpt::PortInfo& p = port->port;
        line("{}  {}  {}/{} is {}, {}", time, head("port  "), p.device, p.num, p.state,
             srpt::targetcli_name(p.gid));
    } else {
        line("{}  {}  events came faster than they were read", time, bad("lost  "));
    }
    data_.flush();
}

void TextOutput::answer(std::string_view /*command*/, const JsonForm& /*json*/, const TextForm& text,
                        const std::vector<std::string>& notes) {
    Page page(data_, style_.data);

    text(page);
    print_notes(notes);
}

void TextOutput::error(const srpt::Error& error) {
    const fmt::text_style red = fmt::fg(fmt::terminal_color::red);

    messages_ << "srptctl: " << (style_.messages ? fmt::format(red, "{}", error.message) : error.message);
    if (error.err != 0) {
        messages_ << ": " << srpt::errno_text(error.err);
    }
    messages_ << '\n';
    if (!error.path.empty()) {
        messages_ << "  path:   " << error.path << '\n';
    }
    for (const std::string& text : error.kernel) {
        messages_ << "  kernel: " << text << '\n';
    }
    if (error.rolled_back) {
        messages_ << "  what had been done was undone" << (error.leftover.empty() ? "" : ", except:") << '\n';
    }
    for (const std::string& text : error.leftover) {
        messages_ << "  left:   " << text << '\n';
    }
    if (!error.hint.empty()) {
        messages_ << "  next:   " << error.hint << '\n';
    }
}

} // namespace

std::unique_ptr<Output> make_text_output(std::ostream& data, std::ostream& messages, Style style) {
    return std::make_unique<TextOutput>(data, messages, style);
}

} // namespace srptctl
