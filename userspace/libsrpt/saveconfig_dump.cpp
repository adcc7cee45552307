// SPDX-License-Identifier: GPL-2.0
// What runs, in the words of targetcli's file.
#include "saveconfig.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>

namespace srpt {

namespace {

using Json = nlohmann::json;

// A number where the text is one, as targetcli has it.
Json number_or_text(const std::string& text) {
    int64_t value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);

    if (err == std::errc{} && end == text.data() + text.size()) {
        return value;
    }
    return text;
}

// The files of a directory that can be read and written.
void add_settings(Json& into, const char* key, const FileSystem& fs, const std::string& dir, bool numbers) {
    Json out = Json::object();

    for (const std::string& name : fs.list_or_empty(dir)) {
        const std::string path = fmt::format("{}/{}", dir, name);
        if (!fs.settable(path)) {
            continue;
        }
        if (const Result<std::string> text = fs.read(path)) {
            out[name] = numbers ? number_or_text(*text) : Json(*text);
        }
    }
    if (!out.empty()) {
        into[key] = std::move(out);
    }
}

// ALUA shows some of its settings in words and takes them as numbers.
Json alua_value(const std::string& key, const std::string& text) {
    static constexpr std::array types = {"None", "Implicit", "Explicit", "Implicit and Explicit"};
    static constexpr std::array statuses = {"None", "Altered by Explicit STPG", "Altered by Implicit ALUA"};
    const auto index = [&](const auto& words) {
        for (size_t i = 0; i < words.size(); i++) {
            if (text == words[i]) {
                return Json(i);
            }
        }
        return number_or_text(text);
    };

    if (key == "alua_access_type") {
        return index(types);
    }
    return key == "alua_access_status" ? index(statuses) : number_or_text(text);
}

Json dump_alua(const FileSystem& fs, const std::string& store) {
    static constexpr std::array keys = {"tg_pt_gp_id",
                                        "alua_access_state",
                                        "alua_access_status",
                                        "alua_write_metadata",
                                        "alua_access_type",
                                        "preferred",
                                        "nonop_delay_msecs",
                                        "trans_delay_msecs",
                                        "implicit_trans_secs",
                                        "alua_support_offline",
                                        "alua_support_standby",
                                        "alua_support_transitioning",
                                        "alua_support_active_nonoptimized",
                                        "alua_support_unavailable",
                                        "alua_support_active_optimized"};
    Json out = Json::array();

    for (const std::string& name : fs.list_or_empty(store + "/alua")) {
        const std::string dir = fmt::format("{}/alua/{}", store, name);
        if (!fs.is_directory(dir)) {
            continue;
        }
        Json group = {{"name", name}};
        for (const char* key : keys) {
            if (const Result<std::string> text = fs.read(fmt::format("{}/{}", dir, key))) {
                group[key] = alua_value(key, *text);
            }
        }
        out.push_back(std::move(group));
    }
    return out;
}

Json dump_store(const FileSystem& fs, const Backstore& store) {
    Json j = {{"name", store.name}, {"plugin", store.plugin}};

    add_settings(j, "attributes", fs, store.path + "/attrib", true);
    // Pass-through back ends may have no working ALUA: reading it could crash
    // older kernels, and this says so.
    const bool alua = store.plugin != "pscsi" || fs.read_or(store.path + "/attrib/alua_support") == "1";
    j["alua_tpgs"] = alua ? dump_alua(fs, store.path) : Json::array();
    if (store.plugin != "ramdisk") {
        j["dev"] = store.device;
    }
    if (store.plugin != "pscsi") {
        j["wwn"] = store.serial;
    }
    if (store.plugin == "block") {
        j["readonly"] = store.read_only;
        j["write_back"] = store.write_back;
    } else if (store.plugin == "fileio") {
        j["write_back"] = store.write_back;
        j["size"] = store.bytes.value_or(0);
        j["aio"] = store.async;
    } else if (store.plugin == "ramdisk") {
        j["size"] = store.bytes.value_or(0);
        if (store.nullio) {
            j["nullio"] = true;
        }
    }
    return j;
}

// As targetcli spells names; those it has no spelling for stay as they are.
std::string wwn(const std::string& name) {
    return name.starts_with("0x") ? "ib." + name.substr(2) : name;
}

Json dump_acl(const FileSystem& fs, const Acl& acl) {
    Json j = {{"node_wwn", wwn(acl.name)}, {"mapped_luns", Json::array()}};

    add_settings(j, "attributes", fs, acl.path + "/attrib", true);
    add_settings(j, "parameters", fs, acl.path + "/param", false);
    if (!acl.tag.empty() && acl.tag != "NULL") {
        j["tag"] = acl.tag;
    }
    for (const MappedLun& mapped : acl.luns) {
        if (mapped.lun) {
            j["mapped_luns"].push_back({{"index", mapped.index},
                                        {"tpg_lun", *mapped.lun},
                                        {"write_protect", mapped.write_protect},
                                        {"alias", base_name(mapped.link)}});
        }
    }
    return j;
}

Json dump_lun(const FileSystem& fs, const Tree& tree, const Lun& lun) {
    const Backstore* store = tree.backstore_at(lun.backstore_path);

    if (store == nullptr) {
        return nullptr; // left half made: nothing to write down
    }
    Json j = {{"index", lun.index},
              {"alias", base_name(lun.link)},
              {"storage_object", fmt::format("/backstores/{}/{}", store->plugin, store->name)},
              {"alua_tg_pt_gp_name", nullptr}};
    // "TG Port Group Name: default_tg_pt_gp", and more lines
    const std::string info = fs.read_or(lun.path + "/alua_tg_pt_gp");
    const size_t colon = info.find(": ");
    if (colon != std::string::npos) {
        j["alua_tg_pt_gp_name"] = info.substr(colon + 2, info.find('\n') - colon - 2);
    }
    return j;
}

Json dump_tpg(const FileSystem& fs, const Tree& tree, const Tpg& tpg) {
    Json j = {{"tag", tpg.tag},
              {"enable", tpg.enabled},
              {"luns", Json::array()},
              {"portals", Json::array()},
              {"node_acls", Json::array()}};

    add_settings(j, "attributes", fs, tpg.path + "/attrib", true);
    add_settings(j, "parameters", fs, tpg.path + "/param", false);
    for (const Lun& lun : tpg.luns) {
        Json item = dump_lun(fs, tree, lun);
        if (!item.is_null()) {
            j["luns"].push_back(std::move(item));
        }
    }
    for (const Acl& acl : tpg.acls) {
        j["node_acls"].push_back(dump_acl(fs, acl));
    }
    return j;
}

} // namespace

Json dump_running(const FileSystem& fs, const Tree& tree) {
    Json j = {
        {"storage_objects", Json::array()}, {"targets", Json::array()}, {"fabric_modules", Json::array()}};

    for (const Backstore& store : tree.backstores) {
        // One without enable was left half made; others belong to targetcli.
        if (store.enabled && plugin_directory(store.plugin)) {
            j["storage_objects"].push_back(dump_store(fs, store));
        }
    }
    for (const Target& target : tree.targets) {
        Json item = {{"wwn", wwn(target.name)}, {"fabric", "srpt"}, {"tpgs", Json::array()}};
        add_settings(item, "attributes", fs, target.path + "/attrib", true);
        add_settings(item, "parameters", fs, target.path + "/param", false);
        for (const Tpg& tpg : target.tpgs) {
            item["tpgs"].push_back(dump_tpg(fs, tree, tpg));
        }
        j["targets"].push_back(std::move(item));
    }
    if (tree.rdma_cm_port.value_or(0) != 0) {
        j["fabric_modules"].push_back({{"name", "srpt"}, {"rdma_cm_port", *tree.rdma_cm_port}});
    }
    return j;
}

} // namespace srpt
