// SPDX-License-Identifier: GPL-2.0
// Bad input of every kind to every verb, by the table of commands itself: a
// verb that is added is tried as well. A refusal has one of the documented exit
// codes and a message, prints no data, and changes nothing.
#include "completion.hpp"
#include "host_harness.hpp"
#include "objects.hpp"

#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>

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

// A configuration that is neither what runs nor nothing.
const std::string kSaved = "/etc/other.json";
const std::string kSavedText = R"({"fabric_modules": [], "targets": [], "storage_objects": [
    {"plugin": "ramdisk", "name": "more", "size": 1048576, "wwn": "1", "attributes": {}}]})";

// A machine in use, with a file system of its own for `host`.
struct Serving : HostMachine {
    Serving() {
        ok({"export", "/dev/sdc1", "--acl", kInitiator});
        link.session_list = {make_session(1, kInitiator, kInitiator)};
        link.reject_list = {make_reject(kOther, 1000)};
        fs.put("/etc/hostname", "not a configuration");
        fs.put(kSaved, kSavedText);
    }
    // What has to be so for a verb to have something to do.
    void prepare(const std::vector<std::string>& args) {
        if (args[0] == "target" && args[1] == "create") {
            ok({"unexport", kGid, "-y"});
        } else if (args[0] == "target" && args[1] == "enable") {
            ok({"target", "disable", "-y"});
        } else if (args[0] == "backstore" && args[1] == "delete") {
            ok({"target", "delete", kGid, "-y"});
        }
    }
    // Nothing can be changed or asked any more: the answer is always this one.
    void refuse_all(int err) {
        link.error = srpt::errno_error(err, "the module refuses", {});
        link.error->kernel = {"extack says why"};
        fs.fail_on("/", err);
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
    {"session", "show", "1"},
    {"session", "close", "1", "-y"},
    {"stats", "show"},
    {"stats", "reset"},
    {"top", "--once"},
    {"event", "--count", "1", "--timeout", "1"},
    {"monitor", "--count", "1", "--timeout", "1"},
    {"session", "list"},
    {"target", "limit"},
    {"config", "save", "/tmp/x.json"},
    {"config", "apply", kSaved, "-y"},
    {"config", "restore", kSaved, "-y"},
};

// Those of `host` that change files, and what they need to have something to do.
const std::vector<std::vector<std::string>> kHostChanges = {
    {"host", "modules", "enable", "SRPT"},
    {"host", "modules", "disable", "ISER"},
    {"host", "modules", "install"},
    {"host", "modules", "uninstall"},
    {"host", "ipoib-name", "add", "ib0", "storage_b"},
    {"host", "ipoib-name", "remove", "storage_a"},
    {"host", "memlock", "install"},
    {"host", "port-type", "set", "mlx4_0", "1", "eth", "--timeout", "1"},
    {"metrics", "--output", "/srpt.prom"},
};

struct HostToChange : Serving {
    explicit HostToChange(const std::vector<std::string>& args) {
        const std::string pci = "/sys/bus/pci/devices/0000:05:00.0";

        files.put("/etc/rdma/modules/rdma.conf", "ib_iser\n");
        files.put("/etc/rdma/rdma.conf", "SRPT_LOAD=no\nISER_LOAD=yes\n");
        files.put("/sys/class/net/ib0/type", "32\n");
        files.put("/sys/class/net/ib0/address",
                  "80:00:02:00:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1\n");
        files.put_dir("/sys/bus/pci/drivers/mlx4_core");
        files.link("../../drivers/mlx4_core", pci + "/driver");
        files.put_dir(pci + "/infiniband/mlx4_0");
        files.put(pci + "/mlx4_port1", "ib\n");
        if (args[1] == "uninstall" || (args.size() > 2 && args[2] == "uninstall")) {
            ok({"host", "modules", "install"});
        } else if (args[2] == "remove") {
            ok({"host", "ipoib-name", "add", "ib0", "storage_a"});
        }
    }
};

const std::map<int, int> kExitOfErrno = {
    {EPERM, 3}, {EACCES, 3},    {EROFS, 3},   {ENOENT, 4}, {ENODEV, 4},     {ENXIO, 4},    {EEXIST, 5},
    {EBUSY, 5}, {ENOTEMPTY, 5}, {ETXTBSY, 5}, {ENOSYS, 7}, {EOPNOTSUPP, 7}, {ETIMEDOUT, 8}};

// Calls with each errno that there is, and the exit code that it is to have.
void for_each_errno(const std::function<void(int err, int code)>& call) {
    for (int err = 1; err <= EHWPOISON; err++) {
        if (strerrorname_np(err) != nullptr) {
            call(err, kExitOfErrno.contains(err) ? kExitOfErrno.at(err) : 1);
        }
    }
}

TEST(BadInput, ModuleAbsent) {
    for (const std::vector<std::string>& args : kSensible) {
        HostMachine m;
        m.fs.reset();
        m.link.loaded = false;
        m.system.refuse_module = "ib_srpt";
        m.add_port("qib0", 1, "fe80:0000:0000:0000:0011:7500:0077:dd7e", "4: ACTIVE", "InfiniBand");
        m.fs.put(kSaved, kSavedText);
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
        m.prepare(args);
        m.refuse_all(EACCES);
        m.link.error = srpt::errno_error(EPERM, "the module refuses", {});
        m.system.refuse_lock = true;
        const std::string before = m.everything();
        const Answer answer = m.run(args);
        EXPECT_EQ(answer.code, 3) << args[0] << " " << args[1] << ": " << answer.err;
        EXPECT_EQ(answer.out, "") << args[0];
        EXPECT_NE(answer.err.find("(E"), std::string::npos) << answer.err;
        EXPECT_TRUE(m.everything() == before) << args[0];
    }
}

// Whatever the kernel answers to a verb: the name of the errno, the exit code
// that goes with it, no data, and nothing half done.
TEST(BadInput, EachErrnoToEveryVerb) {
    for (const std::vector<std::string>& args : kSensible) {
        Serving m;
        m.prepare(args);
        const std::string before = m.everything();
        for_each_errno([&](int err, int code) {
            m.refuse_all(err);
            const Answer answer = m.run(args);
            EXPECT_EQ(answer.code, code) << args[0] << " " << args[1] << ": " << answer.err;
            EXPECT_EQ(answer.out, "") << args[0];
            EXPECT_NE(answer.err.find(fmt::format("({})", strerrorname_np(err))), std::string::npos)
                << args[0] << " " << args[1] << ": " << answer.err;
        });
        EXPECT_TRUE(m.everything() == before) << args[0] << " " << args[1];
    }
}

TEST(BadInput, EachErrnoToTheHost) {
    for (const std::vector<std::string>& args : kHostChanges) {
        HostToChange m(args);
        const std::string before = m.everything();
        for_each_errno([&](int err, int code) {
            m.files.refuse = err;
            const Answer answer = m.run(args);
            // A port that is busy is asked again until the time is over.
            EXPECT_TRUE(answer.code == code || (args[1] == "port-type" && answer.code == 8))
                << fmt::format("{}", fmt::join(args, " ")) << ": " << answer.code << ": " << answer.err;
            EXPECT_EQ(answer.out, "") << fmt::format("{}", fmt::join(args, " "));
            EXPECT_NE(answer.err.find(fmt::format("({})", strerrorname_np(err))), std::string::npos)
                << answer.err;
        });
        EXPECT_TRUE(m.everything() == before) << fmt::format("{}", fmt::join(args, " "));
        m.files.refuse = 0;
        EXPECT_EQ(m.run(args).code, 0) << fmt::format("{}", fmt::join(args, " "));
        EXPECT_FALSE(m.everything() == before) << fmt::format("{}", fmt::join(args, " "));
    }
}

// A directory, or a device, where a file should be.
TEST(BadInput, FilesOfTheWrongKind) {
    static const std::vector<std::string> kPlaces = {
        "/etc/rdma/rdma.conf",
        "/etc/rdma/modules/rdma.conf",
        "/etc/systemd/system/srpt-modules.service",
        "/etc/udev/rules.d/91-srpt.rules",
        "/etc/udev/rules.d/70-persistent-ipoib.rules",
        "/etc/security/limits.d/rdma.conf",
        "/etc/rdma/mlx4.conf",
        "/srpt.prom",
    };

    for (const bool directory : {true, false}) {
        size_t refused = 0;
        for (const std::string& place : kPlaces) {
            for (const std::vector<std::string>& args : kHostChanges) {
                HostToChange m(args);
                std::filesystem::remove_all(m.directory.path() + place);
                if (directory) {
                    m.files.put_dir(place);
                } else {
                    m.files.link("/dev/full", place);
                }
                const std::string before = m.everything();
                const Answer answer = m.run(args);
                if (answer.code == 0) {
                    continue; // this verb does not look there
                }
                refused++;
                EXPECT_GT(answer.err.size(), 10U);
                // Or the name that was in that file is not known any more.
                EXPECT_TRUE(answer.err.find(place) != std::string::npos || answer.code == 4)
                    << fmt::format("{}", fmt::join(args, " ")) << ": " << answer.err;
                EXPECT_TRUE(m.everything() == before)
                    << place << ": " << fmt::format("{}", fmt::join(args, " ")) << ": " << answer.err;
            }
        }
        EXPECT_GE(refused, 8U);
    }
}

// Cut anywhere, a saved configuration is refused by each verb that reads one.
TEST(BadInput, ConfigurationCutAnywhere) {
    Serving m;
    m.ok({"config", "save", "/whole.json"});
    const std::string whole = m.fs.content("/whole.json");

    ASSERT_GT(whole.size(), 500U);
    for (size_t length = 0; length + 2 < whole.size(); length += 53) {
        m.fs.put("/cut.json", whole.substr(0, length));
        const std::string before = m.everything();
        for (const std::vector<std::string>& args :
             {std::vector<std::string>{"config", "apply", "/cut.json", "-y"},
              {"config", "restore", "/cut.json", "-y"},
              {"config", "diff", "/cut.json"},
              {"config", "save", "/cut.json"}}) {
            if (length == 0 && args[1] == "save") {
                continue; // an empty file may be written
            }
            const Answer answer = m.run(args);
            EXPECT_EQ(answer.code, 2) << args[1] << " " << length << ": " << answer.err;
            EXPECT_EQ(answer.out, "") << args[1];
            EXPECT_NE(answer.err.find("/cut.json"), std::string::npos) << answer.err;
        }
        EXPECT_TRUE(m.everything() == before) << length;
    }
}

} // namespace
