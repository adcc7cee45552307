// SPDX-License-Identifier: GPL-2.0
// Completion for shells, made of the commands that the registry holds.
#pragma once

#include "registry.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace srptctl {

// One option of a command.
struct OptionWords {
    std::vector<std::string> names; // "--target", "-n"
    std::string help;
    bool takes_value = false;
    std::vector<std::string> values; // that it may have, if they are known
};

// A command, or an object with verbs.
struct CommandWords {
    std::string path; // "acl create"; "" for srptctl itself
    std::string help;
    std::vector<std::string> verbs;
    std::vector<OptionWords> options;
    std::vector<std::string> arguments; // "DEVICE"
};

std::vector<CommandWords> command_table(const CLI::App& app);

std::string bash_completion(const std::vector<CommandWords>& table);
std::string zsh_completion(const std::vector<CommandWords>& table);
std::string fish_completion(const std::vector<CommandWords>& table);

} // namespace srptctl
