// SPDX-License-Identifier: GPL-2.0
// For programs. Every answer is one object with "schema_version" and
// "command"; monitor writes one such object a line. Fields are never renamed
// within a schema version, unknown values are null, not missing.
#include "context.hpp"
#include "output.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>

namespace srptctl {

namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

template <class T>
Json value_or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json to_json(const srpt::Stats& s) {
    return {{"read_cmds", s.read_cmds},
            {"write_cmds", s.write_cmds},
            {"other_cmds", s.other_cmds},
            {"read_bytes", s.read_bytes},
            {"write_bytes", s.write_bytes},
            {"tmfs", s.tmfs},
            {"aborted", s.aborted},
            {"failed", s.failed},
            {"busy", s.busy},
            {"bad_ius", s.bad_ius},
            {"imm_cmds", s.imm_cmds},
            {"ext_tables", s.ext_tables},
            {"cred_reqs", s.cred_reqs},
            {"sq_waits", s.sq_waits},
            {"read_latency", s.read_latency},
            {"write_latency", s.write_latency}};
}

void add_source(Json& j, const srpt::Source& source) {
    j["initiator"] = source.initiator;
    j["source_gid"] = text_or_null(source.gid);
    j["source_ip"] = text_or_null(source.ip);
}

Json to_json(const srpt::SessionInfo& s) {
    Json j = {{"id", s.id}};

    add_source(j, s.source);
    j["target"] = s.wwn;
    j["tpg"] = s.tpg_tag;
    j["acl"] = text_or_null(s.acl);
    j["dynamic_acl"] = s.dynamic_acl;
    j["channel_count"] = s.channels;
    j["bytes_held"] = s.bytes_held;
    j["login_time"] = s.login_time;
    j["age_ms"] = s.age_ms;
    j["closing"] = s.closing;
    j["stats"] = to_json(s.stats);
    return j;
}

Json to_json(const srpt::ChannelInfo& c) {
    Json j = {{"session", c.session_id}, {"id", c.id}};

    add_source(j, c.source);
    j["target"] = c.wwn;
    j["tpg"] = c.tpg_tag;
    j["device"] = c.device;
    j["port"] = c.port;
    j["cm"] = c.cm;
    j["state"] = c.state;
    j["qp"] = c.qp_num;
    j["peer_qp"] = c.peer_qp_num;
    j["use_srq"] = c.use_srq;
    j["imm_data"] = c.imm_data;
    j["imm_offset"] = c.imm_data ? Json(c.imm_offset) : Json(nullptr);
    j["max_it_iu_len"] = c.max_it_iu_len;
    j["max_ti_iu_len"] = c.max_ti_iu_len;
    j["sq_size"] = c.sq_size;
    j["sq_used"] = c.sq_used;
    j["credit"] = {{"limit", c.credit_limit},
                   {"granted", c.credit_granted},
                   {"consumed", c.credit_consumed},
                   {"free", c.credit_free},
                   {"due", c.credit_due}};
    j["age_ms"] = c.age_ms;
    j["cause"] = c.cause;
    j["cause_text"] = text_or_null(c.cause_text);
    j["stats"] = to_json(c.stats);
    return j;
}

Json to_json(const srpt::RejectInfo& r) {
    Json j;

    add_source(j, r.source);
    j["device"] = r.device;
    j["port"] = r.port;
    j["port_gid"] = text_or_null(r.port_gid);
    j["reason"] = r.reason;
    j["reason_name"] = r.reason_name;
    j["text"] = r.text;
    j["count"] = r.count;
    j["not_logged"] = r.not_logged;
    j["first_time"] = r.first_time;
    j["last_time"] = r.last_time;
    j["age_ms"] = r.age_ms;
    return j;
}

Json to_json(const srpt::PortInfo& p) {
    return {{"device", p.device},
            {"port", p.num},
            {"gid", p.gid},
            {"guid", p.guid},
            {"lid", p.lid},
            {"sm_lid", p.sm_lid},
            {"link_layer", p.link_layer},
            {"state", p.state}};
}

Json to_json(const srpt::RdmaPort& p) {
    return {{"device", p.device},
            {"port", p.number},
            {"state", p.state},
            {"physical_state", text_or_null(p.physical)},
            {"link_layer", p.link_layer},
            {"rate", text_or_null(p.rate)},
            {"gid", text_or_null(p.gid)},
            {"lid", text_or_null(p.lid)},
            {"netdev", text_or_null(p.netdev)},
            {"target_name", text_or_null(p.target_name())}};
}

Json to_json(const srpt::Backstore& b) {
    return {{"plugin", b.plugin},
            {"name", b.name},
            {"device", text_or_null(b.device)},
            {"bytes", value_or_null(b.bytes)},
            {"enabled", b.enabled},
            {"write_back", b.write_back},
            {"read_only", b.read_only},
            {"serial", text_or_null(b.serial)},
            {"path", b.path}};
}

Json to_json(const srpt::MappedLun& m) {
    return {{"index", m.index}, {"lun", value_or_null(m.lun)}, {"write_protect", m.write_protect}};
}

Json to_json(const srpt::Acl& acl) {
    Json luns = Json::array();

    for (const srpt::MappedLun& mapped : acl.luns) {
        luns.push_back(to_json(mapped));
    }
    return {{"name", acl.name},
            {"canonical", acl.ident ? Json(acl.ident->text()) : Json(nullptr)},
            {"mapped_luns", std::move(luns)}};
}

Json to_json(const srpt::Tpg& tpg, const srpt::Tree& tree) {
    Json luns = Json::array();
    Json acls = Json::array();

    for (const srpt::Lun& lun : tpg.luns) {
        const srpt::Backstore* store = tree.backstore_at(lun.backstore_path);
        luns.push_back(
            {{"index", lun.index},
             {"backstore", store != nullptr ? Json(store->plugin + "/" + store->name) : Json(nullptr)},
             {"device", store != nullptr ? text_or_null(store->device) : Json(nullptr)},
             {"bytes", store != nullptr ? value_or_null(store->bytes) : Json(nullptr)}});
    }
    for (const srpt::Acl& acl : tpg.acls) {
        acls.push_back(to_json(acl));
    }
    return {{"tag", tpg.tag},
            {"enabled", tpg.enabled},
            {"admits_anyone", tpg.admits_anyone()},
            {"attributes", tpg.attributes},
            {"luns", std::move(luns)},
            {"acls", std::move(acls)}};
}

std::string_view op_name(srpt::Step::Op op) {
    switch (op) {
    case srpt::Step::Op::load_module:
        return "load_module";
    case srpt::Step::Op::mount_configfs:
        return "mount_configfs";
    case srpt::Step::Op::mkdir:
        return "mkdir";
    case srpt::Step::Op::write:
        return "write";
    case srpt::Step::Op::symlink:
        return "symlink";
    case srpt::Step::Op::unlink:
        return "unlink";
    case srpt::Step::Op::rmdir:
        return "rmdir";
    }
    return "unknown";
}

std::string_view code_name(srpt::Errc code) {
    switch (code) {
    case srpt::Errc::failed:
        return "failed";
    case srpt::Errc::usage:
        return "usage";
    case srpt::Errc::permission:
        return "permission";
    case srpt::Errc::not_found:
        return "not_found";
    case srpt::Errc::exists:
        return "exists";
    case srpt::Errc::no_module:
        return "no_module";
    case srpt::Errc::unsupported:
        return "unsupported";
    case srpt::Errc::timeout:
        return "timeout";
    case srpt::Errc::declined:
        return "declined";
    }
    return "failed";
}

class JsonOutput final : public Output {
  public:
    JsonOutput(std::ostream& data, std::ostream& messages) : data_(data), messages_(messages) {}

    void status(const StatusView& view) override;
    void dry_run(std::string_view command, const srpt::Plan& plan,
                 const std::vector<std::string>& notes) override;
    void exported(const srpt::ExportResult& result) override;
    void unexported(const srpt::UnexportResult& result) override;
    void acl_created(const srpt::AclResult& result) override { acl_change("acl create", result, {}); }
    void acl_deleted(const srpt::AclResult& result) override { acl_change("acl delete", result, {}); }
    void acl_allowed(const AllowView& view) override { acl_change("acl allow", view.acl, view.session); }
    void acls(const std::vector<AclRow>& rows) override;
    void pending(const std::vector<PendingRow>& rows) override;
    void sessions(const std::vector<SessionRow>& rows, bool channels) override;
    void closed(const std::vector<srpt::SessionInfo>& sessions, bool dry_run) override;
    void event(const srpt::Event& event) override;
    void answer(std::string_view command, const JsonForm& json, const TextForm& text,
                const std::vector<std::string>& notes) override;
    void error(const srpt::Error& error) override;

  private:
    static Json begin(std::string_view command) {
        return {{"schema_version", kSchemaVersion}, {"command", command}};
    }
    // A name from configfs need not be UTF-8; replace rather than fail.
    static std::string dump(const Json& j, int indent) {
        return j.dump(indent, ' ', false, Json::error_handler_t::replace);
    }
    void put(const Json& j) { data_ << dump(j, 2) << '\n'; }
    void acl_change(std::string_view command, const srpt::AclResult& result,
                    const std::optional<srpt::SessionInfo>& session);

    std::ostream& data_;
    std::ostream& messages_;
};

void JsonOutput::status(const StatusView& view) {
    static constexpr std::array modules = {"absent", "stock", "srpt"};
    Json j = begin("status");
    Json targets = Json::array();

    j["module"] = {{"kind", modules.at(static_cast<size_t>(view.module))},
                   {"version", view.info ? text_or_null(view.info->version) : Json(nullptr)}};
    if (view.info) {
        j["module"]["sessions"] = view.info->sessions;
        j["module"]["channels"] = view.info->channels;
        j["module"]["logins"] = view.info->logins;
        j["module"]["logouts"] = view.info->logouts;
        j["module"]["rejects"] = view.info->rejects;
        j["module"]["events_lost"] = view.info->events_lost;
    }
    j["rdma_cm_port"] = value_or_null(view.tree.rdma_cm_port);
    j["ports"] = Json::array();
    for (const srpt::RdmaPort& port : view.ports) {
        j["ports"].push_back(to_json(port));
    }
    j["backstores"] = Json::array();
    for (const srpt::Backstore& store : view.tree.backstores) {
        j["backstores"].push_back(to_json(store));
    }
    for (const srpt::Target& target : view.tree.targets) {
        Json tpgs = Json::array();
        for (const srpt::Tpg& tpg : target.tpgs) {
            tpgs.push_back(to_json(tpg, view.tree));
        }
        targets.push_back({{"name", target.name},
                           {"targetcli", srpt::targetcli_name(target.name)},
                           {"tpgs", std::move(tpgs)}});
    }
    j["targets"] = std::move(targets);
    j["sessions"] = nullptr;
    if (view.sessions) {
        j["sessions"] = Json::array();
        for (const srpt::SessionInfo& session : *view.sessions) {
            j["sessions"].push_back(to_json(session));
        }
    }
    j["refused"] = view.rejects ? Json(view.rejects->size()) : Json(nullptr);
    j["notes"] = view.notes;
    put(j);
}

void JsonOutput::dry_run(std::string_view command, const srpt::Plan& plan,
                         const std::vector<std::string>& notes) {
    Json j = begin(command);

    j["dry_run"] = true;
    j["steps"] = Json::array();
    for (const srpt::Step& step : plan.steps()) {
        Json item = {{"op", op_name(step.op)}, {"path", step.path}};
        if (step.op == srpt::Step::Op::write) {
            item["value"] = step.value;
        }
        if (step.op == srpt::Step::Op::symlink || step.op == srpt::Step::Op::unlink) {
            item["target"] = step.value;
        }
        item["shell"] = srpt::step_shell(step);
        j["steps"].push_back(std::move(item));
    }
    j["notes"] = notes;
    put(j);
}

void JsonOutput::exported(const srpt::ExportResult& result) {
    Json j = begin("export");

    j["backstore"] = {{"plugin", result.plugin},
                      {"name", result.name},
                      {"device", text_or_null(result.device)},
                      {"created", result.new_backstore}};
    j["target"] = result.target;
    j["targetcli"] = srpt::targetcli_name(result.target);
    j["target_created"] = result.new_target;
    j["tpg"] = result.tpg;
    j["lun"] = result.lun;
    j["acls"] = result.acls;
    j["rdma_cm_port"] = value_or_null(result.rdma_cm_port);
    j["notes"] = result.notes;
    put(j);
}

void JsonOutput::unexported(const srpt::UnexportResult& result) {
    Json j = begin("unexport");

    j["removed"] = result.removed;
    j["notes"] = result.notes;
    put(j);
}

void JsonOutput::acl_change(std::string_view command, const srpt::AclResult& result,
                            const std::optional<srpt::SessionInfo>& session) {
    Json j = begin(command);

    j["name"] = result.name;
    j["target"] = result.target;
    j["tpg"] = result.tpg;
    j["created"] = result.created;
    j["luns"] = result.mapped;
    if (command == "acl allow") {
        j["session"] = session ? to_json(*session) : Json(nullptr);
    }
    j["notes"] = result.notes;
    put(j);
}

void JsonOutput::acls(const std::vector<AclRow>& rows) {
    Json j = begin("acl list");

    j["acls"] = Json::array();
    for (const AclRow& row : rows) {
        Json item = to_json(row.acl);
        item["target"] = row.target;
        item["tpg"] = row.tpg;
        item["sessions"] = nullptr;
        if (row.sessions_known) {
            item["sessions"] = Json::array();
            for (const srpt::SessionInfo& session : row.sessions) {
                item["sessions"].push_back(session.id);
            }
        }
        j["acls"].push_back(std::move(item));
    }
    put(j);
}

void JsonOutput::pending(const std::vector<PendingRow>& rows) {
    static constexpr std::array remedies = {"acl", "retry", "none"};
    Json j = begin("acl pending");

    j["pending"] = Json::array();
    for (const PendingRow& row : rows) {
        Json item = to_json(row.reject);
        item["target"] = text_or_null(row.target);
        item["remedy"] = remedies.at(static_cast<size_t>(row.remedy));
        item["next"] = text_or_null(row.command);
        j["pending"].push_back(std::move(item));
    }
    put(j);
}

void JsonOutput::sessions(const std::vector<SessionRow>& rows, bool channels) {
    Json j = begin("session list");

    j["sessions"] = Json::array();
    for (const SessionRow& row : rows) {
        Json item = to_json(row.session);
        if (channels) {
            item["channels"] = Json::array();
            for (const srpt::ChannelInfo& channel : row.channels) {
                item["channels"].push_back(to_json(channel));
            }
        }
        j["sessions"].push_back(std::move(item));
    }
    put(j);
}

void JsonOutput::closed(const std::vector<srpt::SessionInfo>& sessions, bool dry_run) {
    Json j = begin("session close");

    j["dry_run"] = dry_run;
    j["closed"] = Json::array();
    for (const srpt::SessionInfo& session : sessions) {
        j["closed"].push_back({{"id", session.id}, {"initiator", session.source.initiator}});
    }
    put(j);
}

void JsonOutput::event(const srpt::Event& event) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    Json j = begin("monitor");

    j["time_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    if (const auto* login = std::get_if<srpt::LoginEvent>(&event)) {
        j["event"] = "login";
        j["channel"] = to_json(login->channel);
    } else if (const auto* logout = std::get_if<srpt::LogoutEvent>(&event)) {
        j["event"] = "logout";
        j["channel"] = to_json(logout->channel);
    } else if (const auto* reject = std::get_if<srpt::RejectEvent>(&event)) {
        j["event"] = "reject";
        j["reject"] = to_json(reject->reject);
    } else if (const auto* port = std::get_if<srpt::PortEvent>(&event)) {
        j["event"] = "port";
        j["port"] = to_json(port->port);
    } else {
        j["event"] = "lost";
    }
    data_ << dump(j, -1) << '\n' << std::flush;
}

void JsonOutput::answer(std::string_view command, const JsonForm& json, const TextForm& /*text*/,
                        const std::vector<std::string>& notes) {
    Json j = begin(command);

    j.update(json());
    j["notes"] = notes;
    put(j);
}

void JsonOutput::error(const srpt::Error& error) {
    Json j = {{"schema_version", kSchemaVersion}};

    j["error"] = {{"code", code_name(error.code)},
                  {"exit_code", exit_code(error.code)},
                  {"message", error.message},
                  {"errno", error.err != 0 ? Json(error.err) : Json(nullptr)},
                  {"errno_text", error.err != 0 ? Json(srpt::errno_text(error.err)) : Json(nullptr)},
                  {"path", text_or_null(error.path)},
                  {"kernel", error.kernel},
                  {"rolled_back", error.rolled_back},
                  {"leftover", error.leftover},
                  {"next", text_or_null(error.hint)}};
    messages_ << dump(j, 2) << '\n';
}

} // namespace

std::unique_ptr<Output> make_json_output(std::ostream& data, std::ostream& messages) {
    return std::make_unique<JsonOutput>(data, messages);
}

} // namespace srptctl
