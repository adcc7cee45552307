// SPDX-License-Identifier: GPL-2.0
// `srptctl host`: what a machine needs for RDMA besides the target itself.
// Each topic has a file of its own and adds its verbs to the object.
#pragma once

#include "context.hpp"
#include "host/machine.hpp"
#include "registry.hpp"

#include <memory>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace srptctl::host {

using Json = nlohmann::ordered_json;

// An answer while it is made, in both forms.
struct Report {
    std::string command;
    Json data = Json::object();
    std::string text; // lines, the last with its newline
    std::vector<std::string> notes;
};

void answer(const Context& ctx, const Report& report);
// null for an empty text
Json or_null(const std::string& text);

// A topic's verbs work on the machine, or on the files of another system.
class Site {
  public:
    Site(const Context& ctx, const std::optional<std::string>& root);

    const Context& ctx() const { return ctx_; }
    srpt::host::Files& files() const { return own_ ? *own_ : *ctx_.env.host_files; }
    srpt::host::Programs& programs() const { return *ctx_.env.programs; }
    // Files of a system that is not the running one: no program acts on it.
    bool elsewhere() const { return own_ != nullptr; }
    srpt::Status need_running(std::string_view what) const;

    // Does the edits, or shows them with --dry-run, and says so in the report.
    srpt::Status edit(const std::vector<srpt::host::Edit>& edits, Report& report) const;
    // Runs a program that makes an edit take effect. With --dry-run, and for a
    // system elsewhere, only says which. Its failure is a note: the edit holds.
    void follow_up(const std::vector<std::string>& argv, Report& report) const;

  private:
    const Context& ctx_;
    std::unique_ptr<srpt::host::Files> own_;
};

using Root = std::shared_ptr<std::optional<std::string>>;
// Adds --root to a verb.
void add_root(CLI::App& verb, const Root& root);
// "modprobe ib_srpt"
std::string command_line(const std::vector<std::string>& argv);

void add_modules(Registry& registry);
void add_ipoib_name(Registry& registry);
void add_memlock(Registry& registry);
void add_port_type(Registry& registry);

} // namespace srptctl::host
