// SPDX-License-Identifier: GPL-2.0
// What is made of the table of commands: completion, and that every command
// has its manual page.
#include "completion.hpp"
#include "harness.hpp"
#include "objects.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

// Runs a shell command; what it printed.
std::string shell(const std::string& command, int& status) {
    std::string out;
    std::array<char, 4096> buffer{};
    FILE* pipe = ::popen(command.c_str(), "r");

    EXPECT_NE(pipe, nullptr);
    while (const size_t n = ::fread(buffer.data(), 1, buffer.size(), pipe)) {
        out.append(buffer.data(), n);
    }
    status = ::pclose(pipe);
    return out;
}

struct ScriptFile {
    explicit ScriptFile(const std::string& content) {
        path = std::filesystem::temp_directory_path() / fmt::format("srptctl-completion-{}", ::getpid());
        std::ofstream(path) << content;
    }
    ~ScriptFile() { std::filesystem::remove(path); }
    ScriptFile(const ScriptFile&) = delete;
    ScriptFile& operator=(const ScriptFile&) = delete;

    std::filesystem::path path;
};

// What bash would offer for the last word.
std::string offered(const std::filesystem::path& script, const std::string& words) {
    int status = 0;

    return shell(fmt::format("bash -c '. {}; COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
                             "_srptctl; echo \" ${{COMPREPLY[*]}} \"' 2>&1",
                             script.string(), words),
                 status);
}

TEST(Completion, Bash) {
    Machine m;
    const ScriptFile script(m.ok({"completion", "bash"}).out);
    int status = 0;

    EXPECT_EQ(shell("bash -n " + script.path.string() + " 2>&1", status), "");
    EXPECT_EQ(status, 0);
    EXPECT_NE(offered(script.path, "srptctl \"\"").find(" acl "), std::string::npos);
    EXPECT_EQ(offered(script.path, "srptctl do"), " doctor \n");
    const std::string verbs = offered(script.path, "srptctl acl \"\"");
    for (const char* verb : {" create ", " pending ", " map ", " --json "}) {
        EXPECT_NE(verbs.find(verb), std::string::npos) << verbs;
    }
    EXPECT_EQ(offered(script.path, "srptctl acl create --rea"), " --read-only \n");
    EXPECT_EQ(offered(script.path, "srptctl --color a"), " auto always \n");
    EXPECT_EQ(offered(script.path, "srptctl --json config re"), " restore \n");
    EXPECT_EQ(offered(script.path, "srptctl completion bash --js"), " --json \n");
    EXPECT_EQ(offered(script.path, "srptctl top --sort l"), " latency \n");
    EXPECT_EQ(offered(script.path, "srptctl config apply /etc/hostna"), " /etc/hostname \n");
}

// The shells that understand them are asked in the tests below.
TEST(Completion, ZshAndFish) {
    Machine m;
    const std::string zsh = m.ok({"completion", "zsh"}).out;
    const std::string fish = m.ok({"completion", "fish"}).out;

    EXPECT_TRUE(zsh.starts_with("#compdef srptctl\n"));
    for (const std::string* script : {&zsh, &fish}) {
        for (const char* part : {"backstore", "pending", "read-only", "completion"}) {
            EXPECT_NE(script->find(part), std::string::npos) << part;
        }
    }
    EXPECT_EQ(m.run({"completion", "tcsh"}).code, 2);
    EXPECT_EQ(m.ok({"completion", "bash", "--json"}).json()["shell"], "bash");
}

bool shell_there(const std::string& name) {
    int status = 0;

    return !shell("command -v " + name, status).empty();
}

// What zsh would be given to choose from for the last word: its own functions
// that take the choice are replaced by ones that print it.
TEST(Completion, Zsh) {
    if (!shell_there("zsh")) {
        GTEST_SKIP() << "zsh is not installed";
    }
    Machine m;
    const ScriptFile script(m.ok({"completion", "zsh"}).out);
    const auto given = [&script](const std::string& words) {
        int status = 0;
        return shell(fmt::format("zsh -f -c '_describe() {{ local x; for x in ${{(P)2}}; do print -r -- "
                                 "\"${{x%%:*}}\"; done }}; _files() {{ print FILES }}; "
                                 "compadd() {{ shift; print -rl -- \"$@\" }}; words=({}); CURRENT=$#words; "
                                 "source {}' 2>&1",
                                 words, script.path.string()),
                     status);
    };
    const std::string objects = given("srptctl \"\"");
    for (const char* object : {"acl\n", "doctor\n", "host\n", "--version\n"}) {
        EXPECT_NE(objects.find(object), std::string::npos) << objects;
    }
    const std::string verbs = given("srptctl --json acl \"\"");
    EXPECT_TRUE(verbs.starts_with("create\ndelete\n")) << verbs;
    EXPECT_NE(verbs.find("pending\n"), std::string::npos) << verbs;
    EXPECT_EQ(verbs.find("doctor"), std::string::npos) << verbs;
    EXPECT_NE(given("srptctl host modules \"\"").find("enable\n"), std::string::npos);
    EXPECT_NE(given("srptctl acl create -").find("--read-only\n"), std::string::npos);
    EXPECT_TRUE(given("srptctl config apply \"\"").starts_with("FILES\n"));
}

// fish says itself what it would offer.
TEST(Completion, Fish) {
    if (!shell_there("fish")) {
        GTEST_SKIP() << "fish is not installed";
    }
    Machine m;
    const ScriptFile script(m.ok({"completion", "fish"}).out);
    const auto offers = [&script](const std::string& line) {
        int status = 0;
        return shell(
            fmt::format(
                "HOME={0} XDG_CONFIG_HOME={0} fish --no-config -c 'source {1}; complete -C \"{2}\"' 2>&1",
                std::filesystem::temp_directory_path().string(), script.path.string(), line),
            status);
    };
    EXPECT_TRUE(offers("srptctl do").starts_with("doctor\t"));
    EXPECT_TRUE(offers("srptctl acl pen").starts_with("pending\t"));
    EXPECT_TRUE(offers("srptctl --json config re").starts_with("restore\t"));
    EXPECT_TRUE(offers("srptctl host modules en").starts_with("enable\t"));
    EXPECT_TRUE(offers("srptctl acl create --rea").starts_with("--read-only\t"));
    EXPECT_TRUE(offers("srptctl top --sort l").starts_with("latency\t"));
    EXPECT_EQ(offers("srptctl config apply /etc/hostna"), "/etc/hostname\n");
    EXPECT_EQ(offers("srptctl acl delete 0xnobody"), "") << "and no complaint about the list of ACLs";
}

std::string read_page(const std::string& name) {
    std::ifstream in(std::filesystem::path(SRPT_MAN_DIR) / name);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    std::string plain;

    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '-') {
            continue;
        }
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'f') {
            i += 2;
            continue;
        }
        plain += text[i];
    }
    return plain;
}

// Every command is in the page of its object, with all its options; verbs of
// no object may be in srptctl(8).
TEST(Manual, NamesEveryCommandAndOption) {
    CLI::App app{"srptctl", "srptctl"};
    srptctl::Runner runner;
    srptctl::Registry registry(app, runner);

    srptctl::add_all(registry);
    size_t commands = 0;
    for (const srptctl::CommandWords& command : srptctl::command_table(app)) {
        if (command.path.empty()) {
            continue;
        }
        const std::string object = command.path.substr(0, command.path.find(' '));
        std::string page = read_page("srptctl-" + object + ".8");
        EXPECT_FALSE(page.empty()) << "there is no srptctl-" << object << ".8";
        if (page.starts_with(".so man8/")) {
            page = read_page(page.substr(9, page.find('\n') - 9));
        }
        const std::string verb = command.path.substr(command.path.rfind(' ') + 1);
        EXPECT_NE(page.find(verb), std::string::npos) << command.path;
        commands++;
        if (!command.verbs.empty()) {
            continue;
        }
        for (const srptctl::OptionWords& option : command.options) {
            const std::string& name = option.names.back();
            static const std::set<std::string> common = {"--help", "--json", "--dry-run", "--yes", "--color"};
            EXPECT_TRUE(common.contains(name) || page.find(name) != std::string::npos)
                << "srptctl-" << object << ".8 does not name " << name << " of " << command.path;
        }
        for (const std::string& argument : command.arguments) {
            EXPECT_NE(page.find(argument), std::string::npos)
                << "srptctl-" << object << ".8 does not name " << argument << " of " << command.path;
        }
        EXPECT_NE(read_page("srptctl.8").find(object), std::string::npos) << object << " is not in srptctl.8";
    }
    EXPECT_GT(commands, 40U);
    for (const char* option : {"--json", "--dry-run", "--yes", "--color", "--version", "--help"}) {
        EXPECT_NE(read_page("srptctl.8").find(option), std::string::npos) << option;
    }
}

// Each verb is used by a scenario of the lab, on a real module.
TEST(Scenarios, UseEveryVerb) {
    CLI::App app{"srptctl", "srptctl"};
    srptctl::Runner runner;
    srptctl::Registry registry(app, runner);
    std::string scenarios;

    srptctl::add_all(registry);
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(SRPT_SOURCE_DIR) + "/../tests/lab/scenarios")) {
        std::ifstream file(entry.path());
        scenarios.append(std::istreambuf_iterator<char>(file), {});
    }
    size_t verbs = 0;
    for (const srptctl::CommandWords& command : srptctl::command_table(app)) {
        if (!command.path.empty() && command.verbs.empty()) {
            EXPECT_TRUE(scenarios.find("srptctl " + command.path + " ") != std::string::npos ||
                        scenarios.find("srptctl " + command.path + "\n") != std::string::npos)
                << command.path;
            verbs++;
        }
    }
    EXPECT_GT(verbs, 50U);
}

} // namespace
