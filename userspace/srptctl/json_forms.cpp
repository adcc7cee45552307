// SPDX-License-Identifier: GPL-2.0
#include "json_forms.hpp"

namespace srptctl {

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
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

} // namespace srptctl
