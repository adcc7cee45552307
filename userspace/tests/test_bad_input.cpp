// SPDX-License-Identifier: GPL-2.0
// Bad input of every kind to every verb, by the table of commands itself: a
// verb that is added is tried as well. A refusal has one of the documented exit
// codes and a message, prints no data, and changes nothing.
#include "completion.hpp"
#include "host_harness.hpp"
#include "objects.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace testing_srpt;

namespace {

const std::vector<srptctl::CommandWords>& verbs() {
    static const std::vector<srptctl::CommandWords> table = [] {
        CLI::App app{"srptctl", "srptctl"};
        srptctl::Runner runner;
        srptctl::Registry registry(app, runner);
        srptctl::add_all(registry);
        std::vector<srptctl::CommandWords> all = srptctl::command_table(app);
        std::erase_if(all, [](const srptctl::CommandWords& c) { return c.path.empty() || !c.verbs.empty(); });
        return all;
    }();

    return table;
}

std::vector<std::string> words_of(const srptctl::CommandWords& command) {
    std::istringstream text(command.path);
    return {std::istream_iterator<std::string>(text), {}};
}

// A machine in use, with a file system of its own for `host`.
struct Serving : HostMachine {
    Serving() {
        ok({"export", "/dev/sdc1", "--acl", kInitiator});
        link.session_list = {make_session(1, kInitiator, kInitiator)};
        link.reject_list = {make_reject(kOther, 1000)};
        fs.put("/etc/hostname", "not a configuration");
    }
    std::string everything() const {
        std::string text = fs.snapshot();
        for (const auto& [path, content] : all()) {
            text.append(path).append("\n").append(content);
        }
        for (const srpt::SessionInfo& s : link.session_list) {
            text += fmt::format("session {}\n", s.id);
        }
        return text;
    }
};

const std::vector<std::string> kNonsense = {
    "",
    " ",
    ".",
    "..",
    "/",
    "../../../etc/passwd",
    "/no/such/file",
    "a/b",
    "0x",
    "-1",
    "99999999999999999999999",
    "4294967296",
    "0xfe80000000000000001175000077dd7",
    "0xfe80000000000000001175000077dd7ef",
    "0xgggggggggggggggggggggggggggggggg",
    "1.2.3.4.5",
    "::1::2",
    "*:*",
    "line\nbreak",
    "tab\tin it",
    "name with blanks",
    "$(reboot)",
    "'; rm -rf / #",
    "%s%n%s",
    "\xff\xfe not UTF-8",
    "\xe2\x98\x83",
    std::string(300, 'x'),
    std::string(70000, 'y'),
    "{\"targets\": ",
    "=",
    "=x",
    "x=",
    "ramdisk:",
    "ramdisk:0",
    "ramdisk:-1",
    "ramdisk:99999999999999999999G",
    "fileio/",
    "/etc/hostname",
};

// One machine for as long as it stays as it was.
class Trial {
  public:
    void refused(const std::vector<std::string>& args) {
        if (!machine_) {
            machine_ = std::make_unique<Serving>();
            before_ = machine_->everything();
        }
        const Answer answer = machine_->run(args);
        const std::string line = fmt::format("srptctl {}", fmt::join(args, " ")).substr(0, 200);

        EXPECT_GE(answer.code, 0) << line;
        EXPECT_LE(answer.code, 10) << line;
        if (answer.code == 0 || answer.code == 10) {
            machine_.reset(); // it made sense to this verb
            return;
        }
        EXPECT_EQ(answer.out, "") << line;
        EXPECT_GT(answer.err.size(), 10U) << line;
        if (machine_->everything() != before_) {
            ADD_FAILURE() << line << " changed something: " << answer.err;
            machine_.reset();
        }
    }

  private:
    std::unique_ptr<Serving> machine_;
    std::string before_;
};

// Verbs that wait for the world; they get a limit.
std::vector<std::string> bounded(std::vector<std::string> args) {
    if (args[0] == "top") {
        args.emplace_back("--once");
    } else if (args[0] == "event" || args[0] == "monitor") {
        args.insert(args.end(), {"--count", "1", "--timeout", "1"});
    }
    return args;
}

TEST(BadInput, EveryArgumentOfEveryVerb) {
    Trial trial;
    size_t tried = 0;

    for (const srptctl::CommandWords& command : verbs()) {
        for (const std::string& nonsense : kNonsense) {
            // In the place of the first argument, of the second, and too many.
            for (size_t at = 0; at <= command.arguments.size(); at++) {
                std::vector<std::string> args = bounded(words_of(command));
                for (size_t i = 0; i < at; i++) {
                    args.push_back(command.arguments[i] == "ID" ? kInitiator : "0");
                }
                args.push_back(nonsense);
                trial.refused(args);
                tried++;
            }
        }
    }
    EXPECT_GT(tried, 2000U);
}

TEST(BadInput, EveryOptionOfEveryVerb) {
    Trial trial;

    for (const srptctl::CommandWords& command : verbs()) {
        for (const srptctl::OptionWords& option : command.options) {
            for (size_t i = 0; i < kNonsense.size() && option.takes_value && option.names.back() != "--root";
                 i += 3) {
                std::vector<std::string> args = bounded(words_of(command));
                for (const std::string& argument : command.arguments) {
                    args.push_back(argument == "ID" ? kInitiator : "0");
                }
                args.push_back(fmt::format("{}={}", option.names.back(), kNonsense[i]));
                trial.refused(args);
            }
        }
        std::vector<std::string> args = words_of(command);
        args.emplace_back("--no-such-option");
        trial.refused(args);
    }
}

// Verbs that are about the module, with arguments that make sense where it is.
const std::vector<std::vector<std::string>> kSensible = {
    {"export", "ramdisk:1M"},
    {"unexport", "/dev/sdc1", "-y"},
    {"port", "listen", "5555"},
    {"target", "create", kGid},
    {"target", "delete", kGid, "-y"},
    {"target", "enable"},
    {"target", "disable", "-y"},
    {"target", "set", "use_srq=1"},
    {"target", "limit", "--max-sessions", "3"},
    {"backstore", "create", "ramdisk", "1M"},
    {"backstore", "delete", "sdc1", "-y"},
    {"lun", "add", "sdc1"},
    {"lun", "remove", "0", "-y"},
    {"acl", "create", kOther},
    {"acl", "delete", kInitiator, "-y"},
    {"acl", "map", kInitiator, "0=2"},
    {"acl", "unmap", kInitiator, "0", "-y"},
    {"acl", "allow", "--last"},
    {"acl", "pending"},
    {"session", "list"},
    {"session", "show", "1"},
    {"session", "close", "1", "-y"},
    {"stats", "show"},
    {"stats", "reset"},
    {"top", "--once"},
    {"event", "--count", "1", "--timeout", "1"},
    {"config", "save", "/tmp/x.json"},
};

TEST(BadInput, ModuleAbsent) {
    for (const std::vector<std::string>& args : kSensible) {
        HostMachine m;
        m.fs.reset();
        m.link.loaded = false;
        m.system.refuse_module = "ib_srpt";
        m.add_port("qib0", 1, "fe80:0000:0000:0000:0011:7500:0077:dd7e", "4: ACTIVE", "InfiniBand");
        const Answer answer = m.run(args);
        // Back ends are the target core's: they come and go without the module.
        EXPECT_TRUE(answer.code == 6 || (args[0] == "backstore" && (answer.code == 0 || answer.code == 4)))
            << args[0] << " " << args[1] << " " << answer.code << ": " << answer.err;
        EXPECT_TRUE(answer.code == 0 || answer.err.size() > 10U) << args[0];
    }
}

TEST(BadInput, NoPermission) {
    for (const std::vector<std::string>& args : kSensible) {
        Serving m;
        if (args[0] == "target" && args[1] == "create") {
            m.ok({"unexport", kGid, "-y"});
        } else if (args[0] == "target" && args[1] == "enable") {
            m.ok({"target", "disable", "-y"});
        } else if (args[0] == "backstore" && args[1] == "delete") {
            m.ok({"target", "delete", kGid, "-y"});
        }
        m.link.error = srpt::errno_error(EPERM, "the module refuses", {});
        m.fs.fail_on("/", EACCES);
        m.system.refuse_lock = true;
        const std::string before = m.everything();
        const Answer answer = m.run(args);
        EXPECT_EQ(answer.code, 3) << args[0] << " " << args[1] << ": " << answer.err;
        EXPECT_EQ(answer.out, "") << args[0];
        EXPECT_NE(answer.err.find("(E"), std::string::npos) << answer.err;
        EXPECT_TRUE(m.everything() == before) << args[0];
    }
}

} // namespace
