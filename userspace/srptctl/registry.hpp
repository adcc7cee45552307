// SPDX-License-Identifier: GPL-2.0
// How an object and its verbs come to the command line. Each object lives in a
// file of its own, object_NAME.cpp, whose add_NAME() tells the registry its
// verbs; cli.cpp calls them all. Help, parser, completion and the test of the
// manual pages follow from what is registered.
#pragma once

#include "context.hpp"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace srptctl {

using Runner = std::function<srpt::Status(const Context&)>;
// Adds the verb's options to its part of the parser, returns what runs it.
using Attach = std::function<Runner(CLI::App&)>;

class Registry {
  public:
    // `runner` is set to the verb that the command line named.
    Registry(CLI::App& app, Runner& runner) : app_(app), runner_(runner) {}

    // An object with verbs: "acl" of "acl create".
    void object(std::string_view name, std::string_view help);
    // A part of an object that has verbs of its own: "modules" of "host modules
    // list". Its verbs name "host modules" as their object.
    void topic(std::string_view object, std::string_view name, std::string_view help);
    // A verb of `object`; of no object if that is "": "status".
    void verb(std::string_view object, std::string_view name, std::string_view help, const Attach& attach);

    // All of it, for those who write it down in another form.
    const CLI::App& app() const { return app_; }

  private:
    CLI::App& app_;
    Runner& runner_;
    std::map<std::string, CLI::App*, std::less<>> objects_;
};

} // namespace srptctl
