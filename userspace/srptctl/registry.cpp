// SPDX-License-Identifier: GPL-2.0
#include "registry.hpp"

namespace srptctl {

void Registry::object(std::string_view name, std::string_view help) {
    CLI::App* sub = app_.add_subcommand(std::string(name), std::string(help));

    sub->fallthrough();
    sub->require_subcommand(1);
    objects_.emplace(name, sub);
}

void Registry::topic(std::string_view object, std::string_view name, std::string_view help) {
    CLI::App* sub = objects_.at(std::string(object))->add_subcommand(std::string(name), std::string(help));

    sub->fallthrough();
    sub->require_subcommand(1);
    objects_.emplace(std::string(object) + " " + std::string(name), sub);
}

void Registry::verb(std::string_view object, std::string_view name, std::string_view help,
                    const Attach& attach) {
    CLI::App& parent = object.empty() ? app_ : *objects_.at(std::string(object));
    CLI::App* sub = parent.add_subcommand(std::string(name), std::string(help));

    sub->fallthrough();
    const Runner attached = attach(*sub);
    sub->callback([this_runner = &runner_, attached] { *this_runner = attached; });
}

} // namespace srptctl
