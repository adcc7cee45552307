// SPDX-License-Identifier: GPL-2.0
#include "objects.hpp"
#include "registry.hpp"
#include "verbs.hpp"

#include <memory>
#include <optional>
#include <string>

namespace srptctl {

namespace {

Runner attach_status(CLI::App& /*app*/) {
    return verb_status;
}

} // namespace

void add_status(Registry& registry) {
    registry.verb("", "status",
                  "module, ports, targets, LUNs, ACLs and who is logged in (also without a command)",
                  attach_status);
}

} // namespace srptctl
