// SPDX-License-Identifier: GPL-2.0
// What every verb that changes one object does with its plan.
#pragma once

#include "config_object.hpp"
#include "context.hpp"

#include <string>
#include <string_view>

namespace srptctl {

// Asks `question` unless that is empty, runs the plan or shows it, and says
// what was done.
srpt::Status carry_out(const Context& ctx, std::string_view command, srpt::Result<srpt::ObjectResult> result,
                       const std::string& question = {});

// "2 sessions on ib.fe80... will be logged out. " if there are any, else "".
std::string who_notices(const Context& ctx, const std::vector<std::string>& targets);

} // namespace srptctl
