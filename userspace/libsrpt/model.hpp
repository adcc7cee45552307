// SPDX-License-Identifier: GPL-2.0
// The configuration as configfs shows it: back ends, targets, portal groups,
// LUNs, node ACLs and mapped LUNs, read in one pass into plain values.
#pragma once

#include "error.hpp"
#include "filesystem.hpp"
#include "ident.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace srpt {

inline constexpr std::string_view kConfigfs = "/sys/kernel/config";

struct Backstore {
    std::string plugin; // as targetcli calls it: block, fileio, ramdisk, pscsi, user
    std::string hba;    // directory of the adapter: iblock_0
    unsigned index = 0; // its number
    std::string name;
    std::string path;   // of the object in configfs
    std::string device; // what is behind it: a device, a file, "" for RAM
    bool enabled = false;
    std::optional<uint64_t> bytes; // where the kernel says so
    std::optional<uint64_t> pages; // of a RAM disk
    bool write_back = false;
    bool read_only = false;
    bool nullio = false;      // a RAM disk that keeps nothing
    bool async = false;       // a file by aio
    bool model_alias = false; // initiators see the name as the model
    std::string serial;
    std::vector<std::string> users; // paths of the LUNs of any fabric that lead to it
};

struct MappedLun {
    unsigned index = 0;
    std::string path;
    std::string link;            // path of the link to the LUN, "" if missing
    std::optional<unsigned> lun; // the LUN it leads to
    bool write_protect = false;
};

struct Acl {
    std::string name; // as it is written in configfs
    std::string path;
    std::optional<Ident> ident; // nothing if the name can match nobody
    std::vector<MappedLun> luns;
    std::string tag;
    std::string info; // the module's session description, "" if none
};

struct Lun {
    unsigned index = 0;
    std::string path;
    std::string link;           // path of the link to the back end, "" if missing
    std::string backstore_path; // where that leads
};

struct Tpg {
    unsigned tag = 0;
    std::string path;
    bool enabled = false;
    std::map<std::string, std::string> attributes;
    std::vector<Lun> luns;
    std::vector<Acl> acls;

    const Lun* lun(unsigned index) const;
    const Acl* acl(const Ident& ident) const;
    // Does the module that reads this know dynamic ACLs? The stock one does not.
    bool has_dynamic_acls() const { return attributes.contains("generate_node_acls"); }
    bool admits_anyone() const;
};

struct Target {
    std::string name; // as it is written in configfs
    std::string path;
    std::optional<Ident> ident;
    std::vector<Tpg> tpgs;
};

struct Tree {
    std::string root;      // where configfs is mounted
    bool configfs = false; // mounted
    bool core = false;     // target_core_mod is there
    bool fabric = false;   // target/srpt exists
    std::vector<Backstore> backstores;
    std::vector<Target> targets;
    std::optional<unsigned> rdma_cm_port; // 0: not listening

    std::string target_dir() const { return root + "/target"; }
    std::string core_dir() const { return root + "/target/core"; }
    std::string fabric_dir() const { return root + "/target/srpt"; }

    const Backstore* backstore_at(std::string_view path) const;
    // "vol1", "block/vol1", or the path of the device or file behind it.
    std::vector<const Backstore*> find_backstores(std::string_view what) const;
    // Any notation of the name: "ib.fe80...", "0xfe80...", "fe80::...".
    const Target* find_target(std::string_view name) const;
};

// Never fails for what is merely absent; that shows in the flags.
Result<Tree> read_tree(const FileSystem& fs, std::string root = std::string(kConfigfs));

// The name targetcli gives a target: "ib." and the digits of its directory.
std::string targetcli_name(std::string_view configfs_name);
// Parses a target's name, the "ib." form included.
std::optional<Ident> parse_target_name(std::string_view name);

} // namespace srpt
