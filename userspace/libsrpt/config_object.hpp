// SPDX-License-Identifier: GPL-2.0
// Plans for single objects: a target, a back end, a LUN, a mapped LUN. What
// config.hpp does in one command, step by step.
#pragma once

#include "config.hpp"
#include "store.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace srpt {

struct ObjectResult {
    Plan plan;
    std::vector<std::string> done;    // what the plan does, in words
    std::vector<std::string> targets; // configfs names of those whose sessions notice
    std::vector<std::string> notes;
};

// By name, by port, or on the only active port.
Result<ObjectResult> plan_target_create(const Tree& tree, const std::vector<RdmaPort>& ports, bool stock,
                                        const std::optional<std::string>& name,
                                        const std::optional<std::string>& port, bool enable);
Result<ObjectResult> plan_target_enable(const Tree& tree, const std::optional<std::string>& name,
                                        bool enable);
// Attributes as "name=value".
Result<ObjectResult> plan_target_set(const Tree& tree, const std::optional<std::string>& name,
                                     const std::vector<std::string>& settings);

Result<ObjectResult> plan_store_create(const FileSystem& fs, System& system, const Tree& tree,
                                       StoreSpec spec);
Result<ObjectResult> plan_store_delete(const Tree& tree, const std::string& what);

struct LunRequest {
    std::string store; // "block/vol1", "vol1" or the device
    std::optional<std::string> target;
    std::optional<unsigned> lun;
    std::vector<std::string> acls; // "all": every ACL there is
    bool read_only = false;
};
Result<ObjectResult> plan_lun_add(System& system, const Tree& tree, const LunRequest& request);
Result<ObjectResult> plan_lun_remove(const Tree& tree, unsigned lun,
                                     const std::optional<std::string>& target);

struct MapRequest {
    std::string acl;
    std::optional<std::string> target;
    std::vector<std::string> luns; // "3", or "3=7": LUN 3 under number 7
    bool read_only = false;
};
Result<ObjectResult> plan_acl_map(System& system, const Tree& tree, const MapRequest& request);
Result<ObjectResult> plan_acl_unmap(const Tree& tree, const std::string& name,
                                    const std::optional<std::string>& target,
                                    const std::vector<unsigned>& indexes);

} // namespace srpt
