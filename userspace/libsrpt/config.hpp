// SPDX-License-Identifier: GPL-2.0
// What the verbs that change the configuration want, turned into plans.
//
// Each function looks at a Tree that was read before and computes the steps;
// none of them changes anything. The objects come out as targetcli makes them:
// same directories, same control strings, a unit serial, one TPG with tag 1.
#pragma once

#include "error.hpp"
#include "model.hpp"
#include "ports.hpp"
#include "system.hpp"
#include "transaction.hpp"

#include <optional>
#include <string>
#include <vector>

namespace srpt {

// The port on which Linux initiators and the documentation of the in-tree
// module look for SRP over RDMA CM.
inline constexpr unsigned kDefaultRdmaCmPort = 5555;

struct ExportRequest {
    std::string device;              // path, or "ramdisk:SIZE"
    std::optional<std::string> name; // of the back end
    std::optional<std::string> target;
    std::optional<std::string> port;
    std::optional<unsigned> lun;
    std::vector<std::string> acls; // "all" stands for every ACL there is
    bool read_only = false;        // map it write protected
    bool write_back = false;       // announce a volatile write cache
    std::optional<unsigned> rdma_cm_port;
};

struct ExportResult {
    Plan plan;
    std::string plugin;
    std::string name;
    std::string device;
    std::string target; // configfs name
    unsigned tpg = 1;
    unsigned lun = 0;
    std::vector<std::string> acls; // configfs names it is mapped to
    bool new_backstore = true;
    bool new_target = false;
    std::optional<unsigned> rdma_cm_port; // set by this plan
    std::vector<std::string> notes;
};

struct UnexportRequest {
    std::string what; // LUN number, "lunN", "TARGET/lunN", back end, device or target
    std::optional<std::string> target;
    bool keep_backstore = false;
};

struct UnexportResult {
    Plan plan;
    std::vector<std::string> removed; // what goes, in words
    std::vector<std::string> notes;
    std::vector<std::string> targets; // configfs names of the targets concerned
};

struct AclRequest {
    std::string name;
    std::optional<std::string> target;
    std::vector<unsigned> luns; // empty: every LUN of the target
    bool no_luns = false;       // the ACL alone
    bool read_only = false;
    bool must_be_new = true; // acl allow adds to one that exists
};

struct AclResult {
    Plan plan;
    std::string target;
    unsigned tpg = 1;
    std::string name; // configfs name
    std::string path;
    std::vector<unsigned> mapped; // LUNs the plan maps
    bool created = false;
    std::vector<std::string> notes;
};

// What is needed before targets can be made: configfs mounted, modules loaded.
Plan plan_prepare(const Tree& tree);

Result<ExportResult> plan_export(const FileSystem& fs, System& system, const Tree& tree,
                                 const std::vector<RdmaPort>& ports, bool stock,
                                 const ExportRequest& request);
Result<UnexportResult> plan_unexport(const Tree& tree, const UnexportRequest& request);
Result<AclResult> plan_acl(System& system, const Tree& tree, bool stock, const AclRequest& request);
Result<AclResult> plan_acl_delete(const Tree& tree, const std::string& name,
                                  const std::optional<std::string>& target);

// "64M", "1.5G", "512KiB", "4096": bytes.
Result<uint64_t> parse_size(std::string_view text);

// The target of that name, or the only one there is.
Result<const Target*> choose_target(const Tree& tree, const std::optional<std::string>& name);

} // namespace srpt
