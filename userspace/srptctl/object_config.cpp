// SPDX-License-Identifier: GPL-2.0
// The configuration as a file: targetcli's own, so that both tools can be used.
#include "change.hpp"
#include "json_forms.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"
#include "saveconfig.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace srptctl {

using srpt::Errc;
using srpt::fail;

namespace {

struct ApplyRequest {
    std::string file;
};

std::string_view kind_name(srpt::Change::Kind kind) {
    switch (kind) {
    case srpt::Change::Kind::add:
        return "add";
    case srpt::Change::Kind::remove:
        return "remove";
    case srpt::Change::Kind::replace:
        return "replace";
    case srpt::Change::Kind::set:
        return "set";
    }
    return "set";
}

std::string sentence(const srpt::Change& change) {
    switch (change.kind) {
    case srpt::Change::Kind::add:
        return fmt::format("+ {}{}", change.what, change.to.empty() ? "" : fmt::format(" ({})", change.to));
    case srpt::Change::Kind::remove:
        return "- " + change.what;
    case srpt::Change::Kind::replace:
        return fmt::format("! {}: {}", change.what, change.to);
    case srpt::Change::Kind::set:
        return fmt::format("~ {}: {} -> {}", change.what, change.from, change.to);
    }
    return {};
}

Json changes_json(const std::vector<srpt::Change>& changes) {
    Json list = Json::array();

    for (const srpt::Change& change : changes) {
        list.push_back({{"kind", kind_name(change.kind)},
                        {"what", change.what},
                        {"from", text_or_null(change.from)},
                        {"to", text_or_null(change.to)}});
    }
    return list;
}

void print(Page& page, const std::vector<srpt::Change>& changes) {
    for (const srpt::Change& change : changes) {
        const std::string text = sentence(change);
        page.line("{}", change.kind == srpt::Change::Kind::add      ? page.good(text)
                        : change.kind == srpt::Change::Kind::remove ? page.bad(text)
                                                                    : page.warn(text));
    }
}

srpt::Result<std::string> content(const Context& ctx, const std::string& file) {
    if (file == "-") {
        return std::string(std::istreambuf_iterator<char>(ctx.env.in), {});
    }
    if (ctx.env.fs.is_directory(file)) {
        srpt::Error error = srpt::make_error(Errc::usage, fmt::format("{} is a directory", file));
        error.path = file;
        return fail(std::move(error));
    }
    srpt::Result<std::string> text = ctx.env.fs.read(file);
    if (!text && text.error().hint.empty()) {
        text.error().hint = text.error().code == Errc::permission ? "run srptctl as root"
                                                                  : "'srptctl config save' writes one";
    }
    return text;
}

srpt::Status config_show(const Context& ctx) {
    const srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);

    if (!tree) {
        return fail(tree.error());
    }
    const nlohmann::json running = srpt::dump_running(ctx.env.fs, *tree);
    ctx.output.answer(
        "config show",
        [&] {
            return Json{{"config", Json::parse(srpt::saved_text(running))}};
        },
        [&](Page& page) {
            std::string text = srpt::saved_text(running);
            text.pop_back(); // the line brings its own
            page.line("{}", text);
        },
        {});
    return {};
}

srpt::Status config_save(const Context& ctx, const std::string& file) {
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    std::vector<std::string> notes;
    std::string old;

    if (!tree) {
        return fail(tree.error());
    }
    if (ctx.env.fs.kind(file) != srpt::FileSystem::Kind::none) {
        srpt::Result<std::string> text = content(ctx, file);
        if (!text) {
            return fail(std::move(text.error()));
        }
        old = std::move(*text);
    }
    srpt::Result<nlohmann::json> merged =
        srpt::merge_saved(old, file, srpt::dump_running(ctx.env.fs, *tree), notes);
    if (!merged) {
        merged.error().hint = "it is left as it is; move it away, or save under another name";
        return fail(std::move(merged.error()));
    }
    const std::string text = srpt::saved_text(*merged);
    const bool same = text == old + "\n";
    if (!ctx.options.dry_run && !same) {
        if (srpt::Status status = ctx.env.fs.replace(file, text); !status) {
            srpt::Error& error = status.error();
            if (error.code == Errc::not_found) {
                error.hint = fmt::format("make the directory: mkdir -p -m 700 {}", srpt::dir_name(file));
            } else if (error.code == Errc::permission) {
                error.hint = "run srptctl as root";
            }
            return status;
        }
    }
    ctx.output.answer(
        "config save",
        [&] {
            return Json{{"file", file}, {"changed", !same}, {"dry_run", ctx.options.dry_run}};
        },
        [&](Page& page) {
            page.line("{} {}", file,
                      same ? "says already what runs"
                           : (ctx.options.dry_run ? "would be written" : "written"));
        },
        notes);
    return {};
}

struct Wanted {
    srpt::SavedConfig config;
    srpt::ApplyResult result;
};

srpt::Result<Wanted> compare(const Context& ctx, const srpt::Tree& tree, const std::string& file) {
    Wanted wanted;
    srpt::Result<std::string> text = content(ctx, file);

    if (!text) {
        return fail(std::move(text.error()));
    }
    srpt::Result<srpt::SavedConfig> saved = srpt::parse_saved(*text, file == "-" ? "standard input" : file);
    if (!saved) {
        return fail(std::move(saved.error()));
    }
    wanted.config = std::move(*saved);
    srpt::Result<srpt::ApplyResult> result =
        srpt::plan_apply(ctx.env.fs, ctx.env.system, tree, ctx.stock(), wanted.config);
    if (!result) {
        return fail(std::move(result.error()));
    }
    wanted.result = std::move(*result);
    return wanted;
}

srpt::Status config_diff(const Context& ctx, const std::string& file) {
    const srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);

    if (!tree) {
        return fail(tree.error());
    }
    srpt::Result<Wanted> wanted = compare(ctx, *tree, file);
    if (!wanted) {
        return fail(std::move(wanted.error()));
    }
    const srpt::ApplyResult& result = wanted->result;
    ctx.output.answer(
        "config diff",
        [&] {
            return Json{{"file", file}, {"changes", changes_json(result.changes)}};
        },
        [&](Page& page) { print(page, result.changes); }, result.notes);
    ctx.result = result.changes.empty() ? 0 : kFound;
    return {};
}

srpt::Status config_apply(const Context& ctx, std::string_view command, const std::string& file) {
    srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);
    if (!tree) {
        return fail(std::move(tree.error()));
    }
    // A file that makes no sense loads no module either.
    srpt::Result<Wanted> wanted = compare(ctx, *tree, file);
    if (!wanted) {
        return fail(std::move(wanted.error()));
    }
    srpt::Plan prepare;
    if (!wanted->config.targets.empty() || !wanted->config.stores.empty()) {
        prepare = srpt::plan_prepare(*tree);
    }
    std::unique_ptr<srpt::Lock> lock;
    if (!ctx.options.dry_run) {
        const bool loaded = !prepare.empty();
        if (srpt::Status status = srpt::Transaction(ctx.env.fs, ctx.env.system).run(prepare); !status) {
            return status;
        }
        prepare = {};
        srpt::Result<std::unique_ptr<srpt::Lock>> taken = ctx.env.system.lock_backstores();
        if (!taken) {
            return fail(std::move(taken.error()));
        }
        lock = std::move(*taken);
        if (loaded) {
            tree = srpt::read_tree(ctx.env.fs);
            if (!tree) {
                return fail(std::move(tree.error()));
            }
            srpt::Result<srpt::ApplyResult> again =
                srpt::plan_apply(ctx.env.fs, ctx.env.system, *tree, ctx.stock(), wanted->config);
            if (!again) {
                return fail(std::move(again.error()));
            }
            wanted->result = std::move(*again);
        }
    }
    srpt::ApplyResult& result = wanted->result;
    if (result.removes()) {
        const auto removed =
            std::count_if(result.changes.begin(), result.changes.end(), [](const srpt::Change& c) {
                return c.kind == srpt::Change::Kind::remove || c.kind == srpt::Change::Kind::replace;
            });
        const std::string question =
            fmt::format("{}{} thing{} that the file does not have will be removed; see "
                        "'srptctl config diff {}'. Go on?",
                        who_notices(ctx, result.targets), removed, removed == 1 ? "" : "s", file);
        if (srpt::Status status = ctx.confirm(question); !status) {
            return status;
        }
    }
    prepare.append(result.plan);
    bool ran = false;
    if (srpt::Status status = ctx.run(command, prepare, result.notes, ran); !status || !ran) {
        return status;
    }
    // What the kernel did not take, although it refused nothing that matters.
    std::vector<srpt::Change> left;
    if (srpt::Result<srpt::Tree> after = srpt::read_tree(ctx.env.fs)) {
        if (srpt::Result<srpt::ApplyResult> rest =
                srpt::plan_apply(ctx.env.fs, ctx.env.system, *after, ctx.stock(), wanted->config)) {
            left = std::move(rest->changes);
            result.notes = std::move(rest->notes);
        }
    }
    for (const srpt::Change& change : left) {
        result.notes.push_back(fmt::format("the kernel did not take: {}", sentence(change)));
    }
    ctx.output.answer(
        command,
        [&] {
            return Json{
                {"file", file}, {"changes", changes_json(result.changes)}, {"not_taken", changes_json(left)}};
        },
        [&](Page& page) {
            print(page, result.changes);
            page.line("{}", result.changes.empty() ? "nothing to do: it runs as the file says"
                                                   : fmt::format("{} changes made", result.changes.size()));
        },
        result.notes);
    return {};
}

std::shared_ptr<std::string> file_option(CLI::App& app, const std::string& help, bool required) {
    auto file = std::make_shared<std::string>(required ? std::string{} : std::string(srpt::kSaveconfig));
    auto* option = app.add_option("FILE", *file, help);

    if (required) {
        option->required();
    }
    return file;
}

Runner attach_config_save(CLI::App& app) {
    auto file = file_option(app, "where to (default: targetcli's saveconfig.json)", false);
    return [file](const Context& ctx) { return config_save(ctx, *file); };
}

Runner attach_config_show(CLI::App& /*app*/) {
    return config_show;
}

Runner attach_config_diff(CLI::App& app) {
    auto file =
        file_option(app, "file, '-' for standard input (default: targetcli's saveconfig.json)", false);
    return [file](const Context& ctx) { return config_diff(ctx, *file); };
}

Runner attach_config_apply(CLI::App& app) {
    auto file = file_option(app, "file, '-' for standard input", true);
    return [file](const Context& ctx) { return config_apply(ctx, "config apply", *file); };
}

Runner attach_config_restore(CLI::App& app) {
    auto file = file_option(app, "file (default: targetcli's saveconfig.json)", false);
    return [file](const Context& ctx) { return config_apply(ctx, "config restore", *file); };
}

} // namespace

void add_config(Registry& registry) {
    registry.object("config", "the configuration as a file, shared with targetcli");
    registry.verb("config", "save", "write what runs into the file", attach_config_save);
    registry.verb("config", "show", "what runs, as it would be written", attach_config_show);
    registry.verb("config", "diff", "what would change if the file were applied; exit code 10 if anything",
                  attach_config_diff);
    registry.verb("config", "apply", "make it run as the file says, with the fewest changes",
                  attach_config_apply);
    registry.verb("config", "restore", "the same with what was saved, as at boot", attach_config_restore);
}

} // namespace srptctl
