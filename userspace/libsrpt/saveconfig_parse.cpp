// SPDX-License-Identifier: GPL-2.0
#include "saveconfig.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace srpt {

namespace {

using Json = nlohmann::json;

constexpr std::array kAluaNumbers = {"alua_access_state",
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

// Reads values out of the file. The first thing that is wrong is kept with its
// place; everything after that is a default that nobody will look at.
class Reader {
  public:
    explicit Reader(std::string file) : file_(std::move(file)) {}

    const std::optional<Error>& error() const { return error_; }

    void wrong(const std::string& place, const std::string& text) {
        if (!error_) {
            error_ = make_error(Errc::usage, fmt::format("{}: {} {}", file_, place, text),
                                "nothing was changed; correct the file and try again");
            error_->path = file_;
        }
    }

    // A list of objects under `key`; none if it is missing.
    template <class F>
    void each(const Json& parent, const char* key, const std::string& place, F&& f) {
        const auto it = parent.find(key);
        if (it == parent.end() || it->is_null()) {
            return;
        }
        const std::string here = place.empty() ? key : fmt::format("{}.{}", place, key);
        if (!it->is_array()) {
            wrong(here, "is no list");
            return;
        }
        for (size_t i = 0; i < it->size() && !error_; i++) {
            const std::string item = fmt::format("{}[{}]", here, i);
            if (!(*it)[i].is_object()) {
                wrong(item, "is no object");
                return;
            }
            f((*it)[i], item);
        }
    }

    std::string text(const Json& parent, const char* key, const std::string& place, bool required = false) {
        const auto it = parent.find(key);
        if (it == parent.end() || it->is_null()) {
            if (required) {
                wrong(place, fmt::format("has no '{}'", key));
            }
            return {};
        }
        if (!it->is_string()) {
            wrong(fmt::format("{}.{}", place, key), "is no string");
            return {};
        }
        std::string value = it->get<std::string>();
        if (value.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) {
            wrong(fmt::format("{}.{}", place, key), "has a line break in it");
        }
        return value;
    }

    std::optional<uint64_t> number(const Json& parent, const char* key, const std::string& place,
                                   uint64_t most, bool required = false) {
        const auto it = parent.find(key);
        if (it == parent.end() || it->is_null()) {
            if (required) {
                wrong(place, fmt::format("has no '{}'", key));
            }
            return std::nullopt;
        }
        if (!it->is_number_integer() || (!it->is_number_unsigned() && it->get<int64_t>() < 0) ||
            it->get<uint64_t>() > most) {
            wrong(fmt::format("{}.{}", place, key), fmt::format("is no number from 0 to {}", most));
            return std::nullopt;
        }
        return it->get<uint64_t>();
    }

    bool flag(const Json& parent, const char* key, const std::string& place, bool missing) {
        const auto it = parent.find(key);
        if (it == parent.end() || it->is_null()) {
            return missing;
        }
        if (it->is_boolean()) {
            return it->get<bool>();
        }
        if (it->is_number_integer()) {
            return it->get<int64_t>() != 0;
        }
        wrong(fmt::format("{}.{}", place, key), "is neither true nor false");
        return missing;
    }

    // Names and values of configfs files.
    std::map<std::string, std::string> settings(const Json& parent, const char* key,
                                                const std::string& place) {
        std::map<std::string, std::string> out;
        const auto it = parent.find(key);
        if (it == parent.end() || it->is_null()) {
            return out;
        }
        const std::string here = fmt::format("{}.{}", place, key);
        if (!it->is_object()) {
            wrong(here, "is no object");
            return out;
        }
        for (const auto& [name, value] : it->items()) {
            if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos) {
                wrong(here, fmt::format("names '{}', which can be no attribute", name));
            } else if (value.is_string()) {
                out[name] = text(*it, name.c_str(), here);
            } else if (value.is_boolean()) {
                out[name] = value.get<bool>() ? "1" : "0";
            } else if (value.is_number_integer()) {
                out[name] = value.dump();
            } else {
                wrong(fmt::format("{}.{}", here, name), "is neither a number nor a string");
            }
        }
        return out;
    }

    // The name of a link in configfs.
    std::string alias(const Json& parent, const std::string& place) {
        std::string name = text(parent, "alias", place);
        if (name.find('/') != std::string::npos || name == "." || name == ".." || name.size() > 200) {
            wrong(place + ".alias", fmt::format("'{}' cannot name a link", name));
        }
        return name;
    }

  private:
    std::string file_;
    std::optional<Error> error_;
};

class Parser {
  public:
    explicit Parser(const std::string& where) : r_(where) {}

    Result<SavedConfig> parse(const Json& root);

  private:
    void store(const Json& j, const std::string& place);
    void alua(const Json& j, const std::string& place, StoreSpec& spec);
    void target(const Json& j, const std::string& place);
    SavedTpg tpg(const Json& j, const std::string& place);
    SavedLun lun(const Json& j, const std::string& place);
    SavedAcl acl(const Json& j, const std::string& place, const SavedTpg& tpg);

    Reader r_;
    SavedConfig config_;
};

void Parser::alua(const Json& j, const std::string& place, StoreSpec& spec) {
    AluaGroup group;

    group.name = r_.text(j, "name", place, true);
    if (group.name.empty() || group.name[0] == '.' || group.name.find('/') != std::string::npos) {
        r_.wrong(place + ".name", "cannot name a target port group");
    }
    group.id = static_cast<unsigned>(r_.number(j, "tg_pt_gp_id", place, 65535).value_or(0));
    for (const char* key : kAluaNumbers) {
        if (const auto value = r_.number(j, key, place, UINT32_MAX)) {
            group.settings[key] = fmt::format("{}", *value);
        }
    }
    // The kernel makes this one itself, and targetcli leaves it as it is.
    if (group.name != "default_tg_pt_gp") {
        spec.alua.push_back(std::move(group));
    }
}

void Parser::store(const Json& j, const std::string& place) {
    StoreSpec spec;

    spec.plugin = r_.text(j, "plugin", place, true);
    spec.name = r_.text(j, "name", place, true);
    if (spec.plugin == "iblock") {
        spec.plugin = "block"; // both names are read by targetcli
    } else if (spec.plugin == "rd_mcp") {
        spec.plugin = "ramdisk";
    }
    if (r_.error()) {
        return;
    }
    if (!plugin_directory(spec.plugin)) {
        config_.other_stores.insert(spec.label());
        return;
    }
    if (const Status named = check_store_name(spec.name); !named) {
        r_.wrong(place + ".name", fmt::format("is '{}', which cannot name a back end", spec.name));
        return;
    }
    if (config_.store(spec.plugin, spec.name) != nullptr) {
        r_.wrong(place, fmt::format("is a second {}", spec.label()));
        return;
    }
    spec.name_as_model = false;
    spec.serial = r_.text(j, "wwn", place);
    spec.device = r_.text(j, "dev", place, spec.plugin != "ramdisk");
    spec.bytes = r_.number(j, "size", place, INT64_MAX, spec.plugin == "ramdisk").value_or(0);
    spec.read_only = r_.flag(j, "readonly", place, false);
    spec.write_back = r_.flag(j, "write_back", place, false);
    spec.nullio = r_.flag(j, "nullio", place, false);
    spec.async = r_.flag(j, "aio", place, false);
    spec.attributes = r_.settings(j, "attributes", place);
    if (spec.plugin == "block" && spec.write_back) {
        // The device's own setting, if it has a cache; then the kernel takes no other.
        spec.attributes.emplace("emulate_write_cache", "1");
        spec.write_back = false;
    }
    if (spec.plugin == "ramdisk" && spec.bytes == 0) {
        r_.wrong(place + ".size", "is 0: a RAM disk needs one");
    }
    r_.each(j, "alua_tpgs", place, [&](const Json& g, const std::string& p) { alua(g, p, spec); });
    config_.stores.push_back(std::move(spec));
}

SavedLun Parser::lun(const Json& j, const std::string& place) {
    SavedLun lun;
    const std::string path = r_.text(j, "storage_object", place, true);
    const size_t slash = path.rfind('/');

    lun.index = static_cast<unsigned>(r_.number(j, "index", place, 65535, true).value_or(0));
    lun.alias = r_.alias(j, place);
    lun.alua_group = r_.text(j, "alua_tg_pt_gp_name", place);
    if (!path.starts_with("/backstores/") || slash == std::string::npos || slash < 13) {
        r_.wrong(place + ".storage_object", fmt::format("is '{}', not /backstores/PLUGIN/NAME", path));
        return lun;
    }
    lun.plugin = path.substr(12, slash - 12);
    lun.store = path.substr(slash + 1);
    if (config_.store(lun.plugin, lun.store) == nullptr &&
        !config_.other_stores.contains(fmt::format("{}/{}", lun.plugin, lun.store))) {
        r_.wrong(place + ".storage_object",
                 fmt::format("is {}/{}, which storage_objects does not have", lun.plugin, lun.store));
    }
    return lun;
}

SavedAcl Parser::acl(const Json& j, const std::string& place, const SavedTpg& tpg) {
    SavedAcl acl;
    const std::string name = r_.text(j, "node_wwn", place, true);

    acl.ident = Ident::parse(name);
    if (!r_.error() && !acl.ident) {
        r_.wrong(place + ".node_wwn", fmt::format("is '{}', which is no name of an initiator", name));
        return acl;
    }
    // "ib." and 32 digits is how targetcli writes what configfs calls 0x...
    acl.name = name.starts_with("ib.") ? "0x" + name.substr(3) : name;
    acl.tag = r_.text(j, "tag", place);
    acl.attributes = r_.settings(j, "attributes", place);
    r_.each(j, "mapped_luns", place, [&](const Json& m, const std::string& p) {
        SavedMapped mapped;
        mapped.index = static_cast<unsigned>(r_.number(m, "index", p, 65535, true).value_or(0));
        mapped.lun = static_cast<unsigned>(r_.number(m, "tpg_lun", p, 65535, true).value_or(0));
        mapped.write_protect = r_.flag(m, "write_protect", p, false);
        mapped.alias = r_.alias(m, p);
        if (std::none_of(tpg.luns.begin(), tpg.luns.end(),
                         [&](const SavedLun& l) { return l.index == mapped.lun; })) {
            r_.wrong(p + ".tpg_lun",
                     fmt::format("is {}, a LUN that the portal group does not have", mapped.lun));
        }
        for (const SavedMapped& other : acl.luns) {
            if (other.index == mapped.index) {
                r_.wrong(p + ".index", fmt::format("maps {} a second time", mapped.index));
            }
        }
        acl.luns.push_back(std::move(mapped));
    });
    return acl;
}

SavedTpg Parser::tpg(const Json& j, const std::string& place) {
    SavedTpg tpg;

    tpg.tag = static_cast<unsigned>(r_.number(j, "tag", place, 65535).value_or(1));
    tpg.enabled = r_.flag(j, "enable", place, true);
    tpg.attributes = r_.settings(j, "attributes", place);
    tpg.parameters = r_.settings(j, "parameters", place);
    r_.each(j, "luns", place, [&](const Json& l, const std::string& p) {
        SavedLun next = lun(l, p);
        for (const SavedLun& other : tpg.luns) {
            if (other.index == next.index) {
                r_.wrong(p + ".index", fmt::format("is a second LUN {}", next.index));
            }
        }
        tpg.luns.push_back(std::move(next));
    });
    r_.each(j, "node_acls", place, [&](const Json& a, const std::string& p) {
        SavedAcl next = acl(a, p, tpg);
        for (const SavedAcl& other : tpg.acls) {
            if (other.ident && next.ident && *other.ident == *next.ident) {
                r_.wrong(p + ".node_wwn", fmt::format("is {} a second time", other.name));
            }
        }
        tpg.acls.push_back(std::move(next));
    });
    return tpg;
}

void Parser::target(const Json& j, const std::string& place) {
    SavedTarget target;

    if (r_.text(j, "fabric", place, true) != "srpt" || r_.error()) {
        return; // another fabric's
    }
    const std::string name = r_.text(j, "wwn", place, true);
    const std::optional<Ident> ident = parse_target_name(name);
    if (!r_.error() && (!ident || ident->kind() == Ident::Kind::wild_ext)) {
        r_.wrong(place + ".wwn", fmt::format("is '{}', which is no name of a target", name));
        return;
    }
    target.name = name.starts_with("ib.") ? "0x" + name.substr(3) : name;
    for (const SavedTarget& other : config_.targets) {
        if (same_name(other.name, target.name)) {
            r_.wrong(place + ".wwn", fmt::format("is {} a second time", other.name));
        }
    }
    target.parameters = r_.settings(j, "parameters", place);
    r_.each(j, "tpgs", place, [&](const Json& t, const std::string& p) {
        SavedTpg next = tpg(t, p);
        for (const SavedTpg& other : target.tpgs) {
            if (other.tag == next.tag) {
                r_.wrong(p + ".tag", fmt::format("is {} a second time", next.tag));
            }
        }
        target.tpgs.push_back(std::move(next));
    });
    config_.targets.push_back(std::move(target));
}

Result<SavedConfig> Parser::parse(const Json& root) {
    if (!root.is_object()) {
        r_.wrong("the file", "is no JSON object, so it was not written by targetcli or srptctl");
    } else {
        r_.each(root, "storage_objects", "", [&](const Json& j, const std::string& p) { store(j, p); });
        r_.each(root, "targets", "", [&](const Json& j, const std::string& p) { target(j, p); });
        r_.each(root, "fabric_modules", "", [&](const Json& j, const std::string& p) {
            if (r_.text(j, "name", p) == "srpt") {
                if (const auto port = r_.number(j, "rdma_cm_port", p, 65535)) {
                    config_.rdma_cm_port = static_cast<unsigned>(*port);
                }
            }
        });
    }
    if (r_.error()) {
        return fail(*r_.error());
    }
    return std::move(config_);
}

Result<Json> parse_text(std::string_view text, const std::string& where) {
    std::string why;
    Json root;

    try {
        root = Json::parse(text);
    } catch (const Json::parse_error& e) {
        why = e.what();
    }
    if (why.empty()) {
        return root;
    }
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const size_t place = why.find("parse error");
    Error error = make_error(
        Errc::usage,
        fmt::format("{} is no valid JSON: {}", where, place == std::string::npos ? why : why.substr(place)),
        text.empty() ? "the file is empty; 'srptctl config save' writes one"
                     : "was it cut short? targetcli keeps older ones in /etc/rtslib-fb-target/backup");
    error.path = where;
    return fail(std::move(error));
}

} // namespace

const StoreSpec* SavedConfig::store(std::string_view plugin, std::string_view name) const {
    for (const StoreSpec& spec : stores) {
        if (spec.plugin == plugin && spec.name == name) {
            return &spec;
        }
    }
    return nullptr;
}

Result<SavedConfig> parse_saved(std::string_view text, const std::string& where) {
    const Result<Json> root = parse_text(text, where);

    if (!root) {
        return fail(root.error());
    }
    return Parser(where).parse(*root);
}

namespace {

// What is written here of each kind of object; other keys are somebody else's.
constexpr std::array kStoreKeys = {"alua_tpgs", "dev",        "name", "nullio",   "plugin",
                                   "size",      "write_back", "wwn",  "readonly", "aio"};
constexpr std::array kAclKeys = {"mapped_luns", "node_wwn", "tag"};

// Names of attributes are kept too: those of another kernel.
void merge_settings(Json& into, const Json& from, const char* key) {
    if (from.contains(key)) {
        if (!into.contains(key) || !into[key].is_object()) {
            into[key] = Json::object();
        }
        into[key].update(from[key]);
    }
}

template <size_t N>
Json overlay(Json into, const Json& from, const std::array<const char*, N>& known) {
    const Json attributes = into.value("attributes", Json::object());

    for (const char* key : known) {
        into.erase(key);
    }
    const Json parameters = into.value("parameters", Json::object());
    into.update(from);
    if (from.contains("attributes")) {
        into["attributes"] = attributes;
        merge_settings(into, from, "attributes");
    }
    if (from.contains("parameters")) {
        into["parameters"] = parameters;
        merge_settings(into, from, "parameters");
    }
    return into;
}

template <class Same>
const Json* find_in(const Json& list, Same&& same) {
    if (list.is_array()) {
        for (const Json& item : list) {
            if (item.is_object() && same(item)) {
                return &item;
            }
        }
    }
    return nullptr;
}

std::string word(const Json& j, const char* key) {
    const auto it = j.find(key);
    return it != j.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

// Items of `news`, each over the one of `old` that it is the same as.
template <class Merge, class Same>
Json merge_list(const Json& old, const Json& news, Merge&& merge, Same&& same) {
    Json out = Json::array();

    for (const Json& item : news) {
        const Json* before = find_in(old, [&](const Json& o) { return same(o, item); });
        out.push_back(merge(before != nullptr ? *before : Json::object(), item));
    }
    return out;
}

bool same_index(const Json& a, const Json& b) {
    return a.value("index", Json()) == b["index"];
}

Json merge_acl(const Json& old, const Json& item) {
    Json out = overlay(old, item, kAclKeys);

    out["mapped_luns"] = merge_list(
        old.value("mapped_luns", Json::array()), item["mapped_luns"],
        [](const Json& o, const Json& n) { return overlay<0>(o, n, {}); }, same_index);
    return out;
}

Json merge_tpg(const Json& old, const Json& item) {
    Json out = overlay<0>(old, item, {});

    out["luns"] = merge_list(
        old.value("luns", Json::array()), item["luns"],
        [](const Json& o, const Json& n) { return overlay<0>(o, n, {}); }, same_index);
    out["node_acls"] = merge_list(
        old.value("node_acls", Json::array()), item["node_acls"], merge_acl,
        [](const Json& o, const Json& n) { return same_name(word(o, "node_wwn"), word(n, "node_wwn")); });
    if (old.contains("portals")) {
        out["portals"] = old["portals"];
    }
    return out;
}

Json merge_target(const Json& old, const Json& item) {
    Json out = overlay<0>(old, item, {});

    out["tpgs"] = merge_list(old.value("tpgs", Json::array()), item["tpgs"], merge_tpg,
                             [](const Json& o, const Json& n) { return o.value("tag", Json()) == n["tag"]; });
    return out;
}

Json merge_store(const Json& old, const Json& item) {
    Json out = overlay(old, item, kStoreKeys);

    out["alua_tpgs"] = merge_list(
        old.value("alua_tpgs", Json::array()), item["alua_tpgs"],
        [](const Json& o, const Json& n) { return overlay<0>(o, n, {}); },
        [](const Json& o, const Json& n) { return word(o, "name") == word(n, "name"); });
    return out;
}

// Back ends that LUNs of other fabrics name.
std::set<std::string> used_elsewhere(const Json& root) {
    std::set<std::string> names;

    for (const Json& target : root.value("targets", Json::array())) {
        if (!target.is_object() || word(target, "fabric") == "srpt") {
            continue;
        }
        for (const Json& tpg : target.value("tpgs", Json::array())) {
            for (const Json& lun : tpg.is_object() ? tpg.value("luns", Json::array()) : Json::array()) {
                if (lun.is_object()) {
                    names.insert(word(lun, "storage_object"));
                }
            }
        }
    }
    return names;
}

} // namespace

Result<Json> merge_saved(std::string_view old_text, const std::string& where, const Json& running,
                         std::vector<std::string>& notes) {
    Result<Json> parsed = parse_text(old_text.empty() ? "{}" : old_text, where);

    if (!parsed) {
        return fail(std::move(parsed.error()));
    }
    // What could not be read must not be written over.
    if (const Result<SavedConfig> valid = Parser(where).parse(*parsed); !valid) {
        return fail(valid.error());
    }
    const Json old = std::move(*parsed);
    const Json old_stores = old.value("storage_objects", Json::array());
    const std::set<std::string> elsewhere = used_elsewhere(old);
    const auto same_store = [](const Json& a, const Json& b) {
        return word(a, "name") == word(b, "name") && word(a, "plugin") == word(b, "plugin");
    };
    const auto same_target = [](const Json& a, const Json& b) {
        return word(a, "fabric") == "srpt" && same_name(word(a, "wwn"), word(b, "wwn"));
    };
    Json out = old;

    out["storage_objects"] = merge_list(old_stores, running["storage_objects"], merge_store, same_store);
    for (const Json& store : old_stores) {
        const std::string path = fmt::format("/backstores/{}/{}", word(store, "plugin"), word(store, "name"));
        const bool ours = plugin_directory(word(store, "plugin")).has_value();
        if (find_in(running["storage_objects"], [&](const Json& n) { return same_store(n, store); }) ==
                nullptr &&
            (!ours || elsewhere.contains(path))) {
            out["storage_objects"].push_back(store);
            notes.push_back(fmt::format(
                "{} stays in the file as it was: it belongs to another fabric or kind", path.substr(12)));
        }
    }
    out["targets"] =
        merge_list(old.value("targets", Json::array()), running["targets"], merge_target, same_target);
    for (const Json& target : old.value("targets", Json::array())) {
        if (word(target, "fabric") != "srpt") {
            out["targets"].push_back(target);
        }
    }
    const auto is_srpt = [](const Json& j) { return word(j, "name") == "srpt"; };
    Json modules = Json::array();
    const Json* news = find_in(running["fabric_modules"], is_srpt);
    bool merged = false;
    for (const Json& module : old.value("fabric_modules", Json::array())) {
        if (is_srpt(module) && !merged) {
            Json item = module;
            item.erase("rdma_cm_port");
            if (news != nullptr) {
                item.update(*news);
            }
            modules.push_back(std::move(item));
            merged = true;
        } else {
            modules.push_back(module);
        }
    }
    if (!merged && news != nullptr) {
        modules.push_back(*news);
    }
    out["fabric_modules"] = std::move(modules);
    return out;
}

std::string saved_text(const Json& config) {
    return config.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

} // namespace srpt
