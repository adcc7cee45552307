// SPDX-License-Identifier: GPL-2.0
// One table of verbs: object, verb, what --help says, and a function that adds
// the verb's options and returns what runs it. A new verb is a new row; help,
// completion and the parser follow.
#include "cli.hpp"

#include "verbs.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <ostream>

#ifndef SRPTCTL_VERSION
#define SRPTCTL_VERSION "unknown"
#endif

namespace srptctl {

namespace {

using Runner = std::function<srpt::Status(const Context&)>;

struct Command {
    std::string_view object; // "" for verbs of their own
    std::string_view verb;
    std::string_view help;
    Runner (*attach)(CLI::App& app);
};

Runner attach_status(CLI::App& /*app*/) {
    return verb_status;
}

Runner attach_export(CLI::App& app) {
    auto r = std::make_shared<srpt::ExportRequest>();

    app.add_option("DEVICE", r->device, "block device, regular file, or ramdisk:SIZE")->required();
    app.add_option("--name", r->name, "name of the back end (default: from DEVICE)");
    auto* target = app.add_option("--target", r->target, "target, by its GID in any notation");
    app.add_option("--port", r->port, "RDMA port, for example mlx5_0/1 (default: the active one)")
        ->excludes(target);
    app.add_option("--lun", r->lun, "LUN (default: the lowest free one)");
    app.add_option("--acl", r->acls,
                   "initiator that may log in and see it, in any notation; 'all' for those the target has; "
                   "repeatable")
        ->allow_extra_args(false);
    app.add_flag("--read-only", r->read_only, "map it write protected");
    app.add_flag("--write-back", r->write_back,
                 "announce a volatile write cache; files are written through the page "
                 "cache");
    app.add_option("--rdma-cm-port", r->rdma_cm_port,
                   "port for logins by RDMA CM (default: 5555 on Ethernet if none is set)");
    return [r](const Context& ctx) { return verb_export(ctx, *r); };
}

Runner attach_unexport(CLI::App& app) {
    auto r = std::make_shared<srpt::UnexportRequest>();

    app.add_option("WHAT", r->what, "LUN number, TARGET/lunN, device, back end, or target");
    app.add_option("--target", r->target, "target, by its GID in any notation; alone: all of it");
    app.add_flag("--keep-backstore", r->keep_backstore, "leave the back end configured");
    return [r](const Context& ctx) { return verb_unexport(ctx, *r); };
}

Runner attach_acl_create(CLI::App& app) {
    auto r = std::make_shared<srpt::AclRequest>();

    app.add_option("ID", r->name, "initiator port ID, GID, port GUID, IP address or *:GUID, in any notation")
        ->required();
    app.add_option("--target", r->target, "target (default: the only one)");
    auto* lun =
        app.add_option("--lun", r->luns, "LUN to map; repeatable (default: all)")->allow_extra_args(false);
    app.add_flag("--no-luns", r->no_luns, "map none")->excludes(lun);
    app.add_flag("--read-only", r->read_only, "map them write protected");
    return [r](const Context& ctx) { return verb_acl_create(ctx, *r); };
}

Runner attach_acl_delete(CLI::App& app) {
    struct Request {
        std::string name;
        std::optional<std::string> target;
    };
    auto r = std::make_shared<Request>();

    app.add_option("ID", r->name, "initiator, in any notation")->required();
    app.add_option("--target", r->target, "target (default: the one that has it)");
    return [r](const Context& ctx) { return verb_acl_delete(ctx, r->name, r->target); };
}

Runner attach_acl_list(CLI::App& app) {
    auto target = std::make_shared<std::optional<std::string>>();

    app.add_option("--target", *target, "only of this target");
    return [target](const Context& ctx) { return verb_acl_list(ctx, *target); };
}

Runner attach_acl_pending(CLI::App& /*app*/) {
    return verb_acl_pending;
}

Runner attach_acl_allow(CLI::App& app) {
    auto r = std::make_shared<AllowRequest>();

    auto* id = app.add_option("ID", r->id, "initiator, in any notation");
    app.add_flag("--last", r->last, "the one refused last")->excludes(id);
    app.add_option("--target", r->target, "target (default: the one it tried)");
    app.add_option("--lun", r->luns, "LUN to map; repeatable (default: all)")->allow_extra_args(false);
    app.add_flag("--read-only", r->read_only, "map them write protected");
    app.add_option("--wait", r->wait, "SECONDS to wait until it has logged in");
    return [r](const Context& ctx) { return verb_acl_allow(ctx, *r); };
}

Runner attach_session_list(CLI::App& app) {
    auto channels = std::make_shared<bool>(false);

    app.add_flag("--channels", *channels, "with the channels of each");
    return [channels](const Context& ctx) { return verb_session_list(ctx, *channels); };
}

Runner attach_session_close(CLI::App& app) {
    auto r = std::make_shared<CloseRequest>();

    app.add_option("SESSION", r->what, "session number, initiator in any notation, or 'all'")->required();
    app.add_option("--wait", r->wait, "SECONDS to wait until it is gone");
    return [r](const Context& ctx) { return verb_session_close(ctx, *r); };
}

Runner attach_monitor(CLI::App& app) {
    auto r = std::make_shared<MonitorRequest>();

    app.add_option("--count", r->count, "end after that many events");
    app.add_option("--timeout", r->timeout, "end after so many seconds");
    return [r](const Context& ctx) { return verb_monitor(ctx, *r); };
}

constexpr std::array kCommands = {
    Command{"", "status", "module, ports, targets, LUNs, ACLs and who is logged in (also without a command)",
            attach_status},
    Command{"", "export", "export a device: back end, target, LUN, ACLs; all or nothing", attach_export},
    Command{"", "unexport", "take a LUN, a device or a whole target away", attach_unexport},
    Command{"acl", "create", "let an initiator log in", attach_acl_create},
    Command{"acl", "delete", "shut an initiator out", attach_acl_delete},
    Command{"acl", "list", "who may log in, and who is", attach_acl_list},
    Command{"acl", "pending", "who was refused, why, and the command that admits it", attach_acl_pending},
    Command{"acl", "allow", "admit a refused initiator, and wait for it if wanted", attach_acl_allow},
    Command{"session", "list", "who is logged in, with counters", attach_session_list},
    Command{"session", "close", "log an initiator out", attach_session_close},
    Command{"", "monitor", "logins, logouts, refusals and port changes as they happen", attach_monitor},
};

struct Object {
    std::string_view name;
    std::string_view help;
};
constexpr std::array kObjects = {Object{"acl", "who may log in"}, Object{"session", "who is logged in"}};

constexpr std::string_view kFooter = R"(
Exit codes: 0 done, 1 refused by the kernel, 2 usage, 3 permission, 4 not found,
5 exists or in use, 6 module or configfs absent, 7 not possible with the module
that is loaded, 8 timeout, 9 not confirmed. See srptctl(8).)";

struct Parser {
    CLI::App app{"srptctl: the SRP target of this machine", "srptctl"};
    Options options;
    std::string colour = "auto";
    Runner runner = verb_status;

    Parser();
};

Parser::Parser() {
    std::map<std::string_view, CLI::App*> objects;

    app.footer(std::string(kFooter));
    app.set_version_flag("--version", "srptctl " SRPTCTL_VERSION);
    app.require_subcommand(0, 1);
    app.fallthrough();
    app.add_flag("--json", options.json, "answer in JSON; errors too");
    app.add_flag("--dry-run,-n", options.dry_run, "show what would be done");
    app.add_flag("--yes,-y", options.yes, "do not ask");
    app.add_option("--color", colour, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
    for (const Object& object : kObjects) {
        CLI::App* sub = app.add_subcommand(std::string(object.name), std::string(object.help));
        sub->fallthrough();
        sub->require_subcommand(1);
        objects[object.name] = sub;
    }
    for (const Command& command : kCommands) {
        CLI::App* parent = command.object.empty() ? &app : objects.at(command.object);
        CLI::App* sub = parent->add_subcommand(std::string(command.verb), std::string(command.help));
        sub->fallthrough();
        const Runner attached = command.attach(*sub);
        sub->callback([this, attached] { runner = attached; });
    }
}

bool want_colour(const std::string& mode, bool terminal) {
    if (mode != "auto") {
        return mode == "always";
    }
    const char* no_color = std::getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe)
    return terminal && (no_color == nullptr || *no_color == '\0');
}

} // namespace

int run(const std::vector<std::string>& args, Environment& env) {
    Parser parser;

    try {
        // CLI11 takes the words last first.
        parser.app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) { // --help, --version
            parser.app.exit(e, env.out, env.err);
            return 0;
        }
        parser.app.exit(e, env.out, env.err);
        return exit_code(srpt::Errc::usage);
    }
    const Style style{want_colour(parser.colour, env.out_is_terminal),
                      want_colour(parser.colour, env.err_is_terminal)};
    const std::unique_ptr<Output> output =
        parser.options.json ? make_json_output(env.out, env.err) : make_text_output(env.out, env.err, style);
    const Context ctx{env, parser.options, *output};
    const srpt::Status status = parser.runner(ctx);
    if (!status) {
        env.out.flush();
        output->error(status.error());
        return exit_code(status.error().code);
    }
    return 0;
}

} // namespace srptctl
