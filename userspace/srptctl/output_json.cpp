// SPDX-License-Identifier: GPL-2.0
// For programs. Every answer is one object with "schema_version" and
// "command"; monitor writes one such object a line. Fields are never renamed
// within a schema version, unknown values are null, not missing.
#include "context.hpp"
#include "json_forms.hpp"
#include "output.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>

namespace srptctl {

namespace {

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
