// SPDX-License-Identifier: GPL-2.0
// The command table and the parser made of it.
#pragma once

#include "context.hpp"

#include <string>
#include <vector>

namespace srptctl {

// Runs one command line (without the program's name); returns the exit code.
int run(const std::vector<std::string>& args, Environment& env);

} // namespace srptctl
