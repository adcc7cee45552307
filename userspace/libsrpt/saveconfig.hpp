// SPDX-License-Identifier: GPL-2.0
// The configuration file of targetcli, saveconfig.json: what runs written into
// it, and what it says turned into the fewest changes that make it run.
//
// The file describes every fabric of the machine. The entries of srpt and the
// back ends are read and written here; all others, and every key that is not
// known here, stay as they are. RDMA CM's port has no place in what targetcli
// writes; it is kept as "rdma_cm_port" of the fabric module "srpt", which
// targetcli reads over.
#pragma once

#include "config.hpp"
#include "store.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace srpt {

inline constexpr std::string_view kSaveconfig = "/etc/rtslib-fb-target/saveconfig.json";

struct SavedMapped {
    unsigned index = 0;
    unsigned lun = 0;
    bool write_protect = false;
    std::string alias; // name of the link; "": any
};

struct SavedAcl {
    std::string name; // as the directory is to be called
    std::optional<Ident> ident;
    std::string tag;
    std::map<std::string, std::string> attributes;
    std::vector<SavedMapped> luns;
};

struct SavedLun {
    unsigned index = 0;
    std::string plugin;
    std::string store;
    std::string alias;
    std::string alua_group;
};

struct SavedTpg {
    unsigned tag = 1;
    bool enabled = true;
    std::map<std::string, std::string> attributes;
    std::map<std::string, std::string> parameters;
    std::vector<SavedLun> luns;
    std::vector<SavedAcl> acls;
};

struct SavedTarget {
    std::string name; // as the directory is to be called
    std::map<std::string, std::string> parameters;
    std::vector<SavedTpg> tpgs;
};

struct SavedConfig {
    std::vector<StoreSpec> stores;
    std::set<std::string> other_stores; // "user/vol1": of plugins that are not ours
    std::vector<SavedTarget> targets;
    std::optional<unsigned> rdma_cm_port;
    std::vector<std::string> notes;

    const StoreSpec* store(std::string_view plugin, std::string_view name) const;
};

// `where` names the text in errors. Anything that cannot be meant is an error
// that says where it stands: a configuration is taken whole or not at all.
Result<SavedConfig> parse_saved(std::string_view text, const std::string& where);

// What runs, as targetcli would write it; srpt and its back ends only.
nlohmann::json dump_running(const FileSystem& fs, const Tree& tree);
// The old content with what runs written over it.
Result<nlohmann::json> merge_saved(std::string_view old_text, const std::string& where,
                                   const nlohmann::json& running, std::vector<std::string>& notes);
// As targetcli formats it.
std::string saved_text(const nlohmann::json& config);

// One difference between what runs and what is wanted.
struct Change {
    enum class Kind { add, remove, replace, set };

    Kind kind = Kind::set;
    std::string what; // "LUN 0 of ib.fe80..."
    std::string from;
    std::string to;
};

struct ApplyResult {
    Plan plan;
    std::vector<Change> changes;
    std::vector<std::string> targets; // configfs names of those whose sessions notice
    std::vector<std::string> notes;

    bool removes() const;
};

Result<ApplyResult> plan_apply(const FileSystem& fs, System& system, const Tree& tree, bool stock,
                               const SavedConfig& wanted);

} // namespace srpt
