// SPDX-License-Identifier: GPL-2.0
// What SIGKILL leaves behind, wherever it strikes: the doctor finds it, its
// commands take it away, and the command that was killed can be given again.
#include "harness.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <regex>
#include <set>

using namespace testing_srpt;
using nlohmann::json;

namespace {

struct Case {
    const char* name;
    std::vector<std::vector<std::string>> before; // what runs already
    std::vector<std::string> killed;
};

const std::vector<Case> kCases = {
    {"export", {}, {"export", "/dev/sdc1", "--acl", kInitiator}},
    {"second export", {{"export", "/dev/sdc1", "--acl", kInitiator}}, {"export", "ramdisk:1M"}},
    {"acl create", {{"export", "/dev/sdc1"}}, {"acl", "create", kInitiator}},
    {"acl map",
     {{"export", "/dev/sdc1"}, {"acl", "create", kInitiator, "--no-luns"}},
     {"acl", "map", kInitiator, "0"}},
    {"acl delete",
     {{"export", "/dev/sdc1", "--acl", kInitiator}, {"acl", "create", kOther}},
     {"acl", "delete", kOther}},
    {"lun add",
     {{"export", "/dev/sdc1", "--acl", kInitiator}, {"backstore", "create", "ramdisk", "1M"}},
     {"lun", "add", "ram0"}},
    {"lun remove",
     {{"export", "/dev/sdc1", "--acl", kInitiator}, {"export", "ramdisk:1M"}},
     {"lun", "remove", "1"}},
    {"unexport", {{"export", "/dev/sdc1", "--acl", kInitiator}}, {"unexport", "/dev/sdc1"}},
    {"unexport of a target", {{"export", "/dev/sdc1", "--acl", kInitiator}}, {"unexport", kGid, "-y"}},
    {"target create", {}, {"target", "create", kGid}},
    {"target delete", {{"export", "/dev/sdc1", "--acl", kInitiator}}, {"target", "delete", kGid, "-y"}},
    {"backstore create", {}, {"backstore", "create", "ramdisk", "1M"}},
    {"backstore delete", {{"backstore", "create", "ramdisk", "1M"}}, {"backstore", "delete", "ram0", "-y"}},
};

struct Patient : Machine {
    Patient() {
        fs.put("/sys/class/infiniband/qib0/ports/1/cap_mask", "0x02590868");
        fs.put("/dev/sdc1", "");
    }

    // True if it was killed.
    bool run_killed(const std::vector<std::string>& args, unsigned n) {
        fs.kill_at(n);
        try {
            const Answer answer = run(args);
            EXPECT_EQ(answer.code, 0) << answer.err;
        } catch (const Killed&) {
            fs.fail_nothing();
            return true;
        }
        fs.fail_nothing();
        return false;
    }

    std::vector<json> findings() { return run({"doctor", "--json"}).json()["findings"]; }

    // One command of the doctor's, as an administrator would type it.
    void obey(const std::string& command) {
        std::istringstream text(command);
        std::vector<std::string> words;
        for (std::string word; text >> word;) {
            words.push_back(word);
        }
        if (words[0] == "rmdir") {
            EXPECT_TRUE(fs.rmdir(words[1])) << command;
            return;
        }
        ASSERT_EQ(words[0], "srptctl") << command;
        words.erase(words.begin());
        words.emplace_back("--yes");
        const Answer answer = run(words);
        EXPECT_EQ(answer.code, 0) << command << ": " << answer.err;
    }

    // Does what the doctor says until it has nothing more to say. The command
    // that takes a thing away is the last one given for it; one with a word in
    // capitals waits for the administrator to know better.
    void mend() {
        for (int round = 0; round < 20; round++) {
            const std::vector<json> found = findings();
            std::string command;
            for (const json& finding : found) {
                const std::string last = finding["commands"].back();
                // Something is missing that the next export brings.
                static const std::set<std::string> wishes = {"no-fabric", "no-acl", "lun-unmapped"};
                if (!wishes.contains(finding["id"].get<std::string>()) &&
                    !std::regex_search(last, std::regex(" [A-Z]{2,}( |$)"))) {
                    command = last;
                    break;
                }
            }
            if (command.empty()) {
                return;
            }
            obey(command);
        }
        ADD_FAILURE() << "the doctor has no end: " << run({"doctor"}).out;
    }
};

// Without what differs from one making to the next.
std::string comparable(const FakeConfigfs& fs) {
    return std::regex_replace(fs.snapshot(), std::regex("Serial Number: [0-9a-f-]+"), "Serial Number");
}

class KilledTest : public testing::TestWithParam<Case> {};

TEST_P(KilledTest, IsFoundAndMended) {
    const Case& c = GetParam();
    const auto prepared = [&c](Patient& m) {
        for (const std::vector<std::string>& args : c.before) {
            m.ok(args);
        }
    };
    Patient undisturbed;
    prepared(undisturbed);
    const std::string before = comparable(undisturbed.fs);
    undisturbed.ok(c.killed);
    const std::string after = comparable(undisturbed.fs);
    std::set<std::string> usual;
    for (const json& finding : undisturbed.findings()) {
        usual.insert(finding["id"].get<std::string>());
    }

    unsigned n = 0;
    for (;; n++) {
        Patient m;
        prepared(m);
        if (!m.run_killed(c.killed, n)) {
            break;
        }
        // Whatever is there is what there was, what there will be, or found.
        const std::string now = comparable(m.fs);
        EXPECT_TRUE(now == before || now == after || !m.findings().empty()) << n << "\n" << m.fs.snapshot();
        // The same command again may do; if it does not, the doctor knows why.
        if (m.run(c.killed).code != 0) {
            m.mend();
            const Answer again = m.run(c.killed);
            // Nothing left to take away is as good, and so is what is there already.
            EXPECT_TRUE(again.code == 0 || again.code == 4 || again.code == 5) << n << ": " << again.err;
        }
        m.mend();
        for (const json& finding : m.findings()) {
            static const std::set<std::string> harmless = {"no-fabric", "no-acl", "lun-unmapped"};
            EXPECT_TRUE(usual.contains(finding["id"].get<std::string>()) ||
                        harmless.contains(finding["id"].get<std::string>()))
                << n << ": " << finding.dump();
        }
    }
    EXPECT_GT(n, 0U);
}

INSTANTIATE_TEST_SUITE_P(Commands, KilledTest, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& one) {
                             std::string name = one.param.name;
                             std::replace(name.begin(), name.end(), ' ', '_');
                             return name;
                         });

} // namespace
