// SPDX-License-Identifier: GPL-2.0
// What every verb shares: the options that go anywhere, the choice of the
// output, and the exit code. The verbs come from object_NAME.cpp.
#include "cli.hpp"

#include "objects.hpp"
#include "registry.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <ostream>

#ifndef SRPTCTL_VERSION
#define SRPTCTL_VERSION "unknown"
#endif

namespace srptctl {

namespace {

constexpr std::string_view kFooter = R"(
Exit codes: 0 done, 1 refused by the kernel, 2 usage, 3 permission, 4 not found,
5 exists or in use, 6 module or configfs absent, 7 not possible with the module
that is loaded, 8 timeout, 9 not confirmed, 10 something was found. See srptctl(8).)";

struct Parser {
    CLI::App app{"srptctl: the SRP target of this machine", "srptctl"};
    Options options;
    std::string colour = "auto";
    Runner runner = verb_status;
    Registry registry{app, runner};

    Parser();
};

Parser::Parser() {
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
    add_all(registry);
}

bool want_colour(const std::string& mode, bool terminal) {
    if (mode != "auto") {
        return mode == "always";
    }
    const char* no_color = std::getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe)
    return terminal && (no_color == nullptr || *no_color == '\0');
}

} // namespace

void add_all(Registry& registry) {
    add_status(registry);
    add_export(registry);
    add_port(registry);
    add_target(registry);
    add_backstore(registry);
    add_lun(registry);
    add_acl(registry);
    add_session(registry);
    add_stats(registry);
    add_top(registry);
    add_monitor(registry);
    add_config(registry);
    add_doctor(registry);
    add_id(registry);
    add_metrics(registry);
    add_host(registry);
    add_completion(registry);
}

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
    int result = 0;
    const Context ctx{env, parser.options, *output, result};
    const srpt::Status status = parser.runner(ctx);
    if (!status) {
        env.out.flush();
        output->error(status.error());
        return exit_code(status.error().code);
    }
    return result;
}

} // namespace srptctl
