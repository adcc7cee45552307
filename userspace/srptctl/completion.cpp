// SPDX-License-Identifier: GPL-2.0
#include "completion.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srptctl {

namespace {

// Where the words for an argument or the value of an option come from: shell
// commands that read what the machine has, without asking srptctl itself.
struct Source {
    std::string_view name;
    std::string_view shell;
};
constexpr std::string_view kTargets = "ls /sys/kernel/config/target/srpt 2>/dev/null | grep '^0x'";
constexpr std::string_view kPorts =
    "cd /sys/class/infiniband 2>/dev/null && ls -d */ports/* | sed 's,/ports,,'";
constexpr std::string_view kAcls =
    "ls /sys/kernel/config/target/srpt/*/*/acls 2>/dev/null | grep '^0x\\|^[0-9*]'";
constexpr std::array kSources = {Source{"--target", kTargets}, Source{"TARGET", kTargets},
                                 Source{"--port", kPorts},     Source{"PORT", kPorts},
                                 Source{"--acl", kAcls},       Source{"ID", kAcls}};

std::string_view source_of(std::string_view name) {
    for (const Source& source : kSources) {
        if (source.name == name) {
            return source.shell;
        }
    }
    return {};
}

bool wants_file(std::string_view argument) {
    return argument == "DEVICE" || argument == "FILE" || argument == "WHAT" || argument == "--root";
}

std::string shell_word(std::string_view text) {
    std::string out = "'";

    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

void collect(const CLI::App& app, const std::string& path, const std::vector<OptionWords>& common,
             std::vector<CommandWords>& table) {
    CommandWords command;

    command.path = path;
    command.help = app.get_description();
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional()) {
            command.arguments.push_back(option->get_single_name());
            continue;
        }
        OptionWords words;
        for (const std::string& name : option->get_snames()) {
            words.names.push_back("-" + name);
        }
        for (const std::string& name : option->get_lnames()) {
            words.names.push_back("--" + name);
        }
        words.help = option->get_description();
        words.takes_value = option->get_expected_max() > 0 && option->get_items_expected_max() > 0;
        // A choice is said in the type's name: "TEXT:{auto,always,never}".
        const std::string type = option->get_type_name();
        const size_t brace = type.find('{');
        if (brace != std::string::npos) {
            std::string choice = type.substr(brace + 1, type.find('}') - brace - 1);
            for (size_t comma = 0; comma != std::string::npos;) {
                comma = choice.find(',');
                words.values.push_back(choice.substr(0, comma));
                choice.erase(0, comma == std::string::npos ? choice.size() : comma + 1);
            }
        }
        command.options.push_back(std::move(words));
    }
    std::vector<OptionWords> inherited = common;
    if (path.empty()) {
        inherited = command.options; // those go anywhere
    } else {
        for (const OptionWords& words : common) {
            const bool known = std::any_of(command.options.begin(), command.options.end(),
                                           [&](const OptionWords& o) { return o.names == words.names; });
            if (!known && words.names.back() != "--version") {
                command.options.push_back(words);
            }
        }
    }
    const std::vector<const CLI::App*> subs = app.get_subcommands([](const CLI::App*) { return true; });
    for (const CLI::App* sub : subs) {
        command.verbs.push_back(sub->get_name());
    }
    table.push_back(std::move(command));
    for (const CLI::App* sub : subs) {
        collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), inherited, table);
    }
}

} // namespace

std::vector<CommandWords> command_table(const CLI::App& app) {
    std::vector<CommandWords> table;

    collect(app, "", {}, table);
    return table;
}

std::string bash_completion(const std::vector<CommandWords>& table) {
    std::string out = "# bash completion of srptctl, made by: srptctl completion bash\n"
                      "_srptctl()\n"
                      "{\n"
                      "\tlocal cur prev path word i words=''\n"
                      "\tcur=${COMP_WORDS[COMP_CWORD]}\n"
                      "\tprev=${COMP_WORDS[COMP_CWORD-1]}\n"
                      "\tpath=''\n"
                      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
                      "\t\tword=${COMP_WORDS[i]}\n"
                      "\t\tcase \"$path${path:+ }$word\" in\n";
    std::vector<std::string> paths;
    std::string cases;
    std::vector<std::string> valued; // "NAME) words"

    for (const CommandWords& command : table) {
        std::vector<std::string> words = command.verbs;
        std::string more;
        for (const OptionWords& option : command.options) {
            words.insert(words.end(), option.names.begin(), option.names.end());
            if (!option.takes_value) {
                continue;
            }
            const std::string& name = option.names.back();
            std::string value;
            if (!option.values.empty()) {
                value = fmt::format("words={}", shell_word(fmt::format("{}", fmt::join(option.values, " "))));
            } else if (const std::string_view shell = source_of(name); !shell.empty()) {
                value = fmt::format("words=$({})", shell);
            } else if (wants_file(name)) {
                value = "COMPREPLY=($(compgen -f -- \"$cur\")); return";
            } else {
                value = "return";
            }
            valued.push_back(
                fmt::format("\t{})\n\t\t{}\n\t\t;;\n", shell_word(command.path + "|" + name), value));
        }
        if (!command.path.empty()) {
            paths.push_back(shell_word(command.path));
        }
        bool files = false;
        for (const std::string& argument : command.arguments) {
            files = files || wants_file(argument);
            if (const std::string_view shell = source_of(argument); !shell.empty()) {
                more += fmt::format(" $({})", shell);
            }
        }
        cases += fmt::format("\t{})\n\t\twords=\"{}{}\"\n{}\t\t;;\n", shell_word(command.path),
                             fmt::join(words, " "), more,
                             files ? "\t\t[[ $cur == -* ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n" : "");
    }
    std::sort(valued.begin(), valued.end());
    valued.erase(std::unique(valued.begin(), valued.end()), valued.end());
    out += fmt::format("\t\t{})\n\t\t\tpath=\"$path${{path:+ }}$word\"\n\t\t\t;;\n", fmt::join(paths, " | "));
    out += "\t\tesac\n\tdone\n\tCOMPREPLY=()\n\tcase \"$path|$prev\" in\n";
    for (const std::string& one : valued) {
        out += one;
    }
    out += "\tesac\n"
           "\tif [ -z \"$words\" ]; then\n"
           "\tcase \"$path\" in\n";
    out += cases;
    out += "\tesac\n"
           "\tfi\n"
           "\tCOMPREPLY+=($(compgen -W \"$words\" -- \"$cur\"))\n"
           "}\n"
           "complete -o filenames -F _srptctl srptctl\n";
    return out;
}

namespace {

// In zsh's descriptions a colon or bracket ends the text.
std::string zsh_text(std::string_view text) {
    std::string out;

    for (const char c : text) {
        if (c == ':' || c == '[' || c == ']' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

} // namespace

std::string zsh_completion(const std::vector<CommandWords>& table) {
    std::string out = "#compdef srptctl\n"
                      "# zsh completion of srptctl, made by: srptctl completion zsh\n"
                      "_srptctl()\n"
                      "{\n"
                      "\tlocal at='' word next\n"
                      "\tlocal -a words_of options\n"
                      "\tfor word in ${words[2,CURRENT-1]}; do\n"
                      "\t\tnext=\"$at${at:+ }$word\"\n"
                      "\t\tcase \"$next\" in\n";
    std::vector<std::string> paths;
    std::string cases;

    for (const CommandWords& command : table) {
        if (!command.path.empty()) {
            paths.push_back(shell_word(command.path));
        }
        std::string verbs;
        for (const std::string& verb : command.verbs) {
            const std::string path = command.path.empty() ? verb : command.path + " " + verb;
            const auto sub = std::find_if(table.begin(), table.end(),
                                          [&](const CommandWords& c) { return c.path == path; });
            verbs += " " + shell_word(fmt::format("{}:{}", verb, zsh_text(sub->help)));
        }
        std::string options;
        for (const OptionWords& option : command.options) {
            for (const std::string& name : option.names) {
                options += " " + shell_word(fmt::format("{}:{}", name, zsh_text(option.help)));
            }
        }
        bool files = false;
        std::string more;
        for (const std::string& argument : command.arguments) {
            files = files || wants_file(argument);
            if (const std::string_view shell = source_of(argument); !shell.empty()) {
                more += fmt::format("\t\tcompadd -- ${{(f)\"$({})\"}}\n", shell);
            }
        }
        cases += fmt::format("\t{})\n\t\twords_of=({})\n\t\toptions=({})\n{}{}\t\t;;\n",
                             shell_word(command.path), verbs, options, more, files ? "\t\t_files\n" : "");
    }
    out += fmt::format("\t\t{})\n\t\t\tat=$next\n\t\t\t;;\n", fmt::join(paths, "|"));
    out += "\t\tesac\n\tdone\n\tcase \"$at\" in\n";
    out += cases;
    out += "\tesac\n"
           "\t(( $#words_of )) && _describe command words_of\n"
           "\t_describe option options\n"
           "}\n"
           "_srptctl \"$@\"\n";
    return out;
}

namespace {

// Between single quotes fish, unlike a POSIX shell, knows \\ and \'.
std::string fish_word(std::string_view text) {
    std::string out = "'";

    for (const char c : text) {
        if (c == '\'' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + "'";
}

} // namespace

std::string fish_completion(const std::vector<CommandWords>& table) {
    std::string out = "# fish completion of srptctl, made by: srptctl completion fish\n"
                      "function __srptctl_at\n"
                      "\tset -l words (commandline -opc | string match -v -- '-*')\n"
                      "\tset -l at (string join ' ' -- $words[2..-1])\n"
                      "\ttest \"$at\" = \"$argv\"\n"
                      "end\n"
                      "function __srptctl_in\n"
                      "\tset -l words (commandline -opc | string match -v -- '-*')\n"
                      "\tstring match -q -- \"$argv*\" (string join ' ' -- $words[2..-1])\n"
                      "end\n"
                      "complete -c srptctl -f\n";

    for (const CommandWords& command : table) {
        for (const std::string& verb : command.verbs) {
            const std::string path = command.path.empty() ? verb : command.path + " " + verb;
            const auto sub = std::find_if(table.begin(), table.end(),
                                          [&](const CommandWords& c) { return c.path == path; });
            out += fmt::format("complete -c srptctl -n {} -a {} -d {}\n",
                               fish_word(fmt::format("__srptctl_at {}", command.path)), fish_word(verb),
                               fish_word(sub->help));
        }
        if (!command.verbs.empty() && !command.path.empty()) {
            continue; // its verbs have the options
        }
        const std::string in = fish_word(command.path.empty() ? std::string("true")
                                                              : fmt::format("__srptctl_in {}", command.path));
        for (const OptionWords& option : command.options) {
            const bool common = std::any_of(table.front().options.begin(), table.front().options.end(),
                                            [&](const OptionWords& o) { return o.names == option.names; });
            if (common && !command.path.empty()) {
                continue;
            }
            std::string words;
            for (const std::string& name : option.names) {
                words += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
            }
            if (option.takes_value) {
                words += " -x";
            }
            if (!option.values.empty()) {
                words += " -a " + fish_word(fmt::format("{}", fmt::join(option.values, " ")));
            } else if (const std::string_view shell = source_of(option.names.back()); !shell.empty()) {
                words += " -a " + fish_word(fmt::format("(sh -c {})", fish_word(shell)));
            }
            out += fmt::format("complete -c srptctl -n {}{} -d {}\n", in, words, fish_word(option.help));
        }
        for (const std::string& argument : command.arguments) {
            if (wants_file(argument)) {
                out += fmt::format("complete -c srptctl -n {} -F\n", in);
            } else if (const std::string_view shell = source_of(argument); !shell.empty()) {
                out += fmt::format("complete -c srptctl -n {} -a {}\n", in,
                                   fish_word(fmt::format("(sh -c {})", fish_word(shell))));
            }
        }
    }
    return out;
}

} // namespace srptctl
