// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

TEST(Cli, HelpNamesEveryVerbAndExitCode) {
    Machine m;
    const Answer help = m.ok({"--help"});

    for (const char* part : {"status", "export", "unexport", "acl", "session", "monitor", "--json",
                             "--dry-run", "--yes", "9 not confirmed"}) {
        EXPECT_NE(help.out.find(part), std::string::npos) << part;
    }
    EXPECT_NE(m.ok({"acl", "--help"}).out.find("pending"), std::string::npos);
    EXPECT_NE(m.ok({"session", "close", "--help"}).out.find("--wait"), std::string::npos);
    EXPECT_NE(m.ok({"--version"}).out.find("srptctl"), std::string::npos);
}

TEST(Cli, UsageErrors) {
    Machine m;

    for (const std::vector<std::string>& args : {std::vector<std::string>{"nonsense"},
                                                 {"acl"},
                                                 {"export"},
                                                 {"status", "--nonsense"},
                                                 {"session", "close"},
                                                 {"--color", "perhaps"},
                                                 {"acl", "create"}}) {
        const Answer answer = m.run(args);
        EXPECT_EQ(answer.code, 2) << args.back();
        EXPECT_EQ(answer.out, "");
        EXPECT_NE(answer.err, "");
    }
}

TEST(Cli, ColourOnlyOnATerminal) {
    Machine m;

    ::unsetenv("NO_COLOR");
    EXPECT_EQ(m.ok({}).out.find('\x1b'), std::string::npos);
    EXPECT_NE(m.ok({"--color", "always"}).out.find('\x1b'), std::string::npos);
    m.terminal = true;
    EXPECT_NE(m.ok({}).out.find('\x1b'), std::string::npos);
    EXPECT_EQ(m.ok({"--color", "never"}).out.find('\x1b'), std::string::npos);
    ::setenv("NO_COLOR", "1", 1);
    EXPECT_EQ(m.ok({}).out.find('\x1b'), std::string::npos);
    ::unsetenv("NO_COLOR");
    EXPECT_NE(m.run({"unexport", "9"}).err.find('\x1b'), std::string::npos);
}

TEST(Cli, OptionsGoAnywhere) {
    Machine m;

    EXPECT_EQ(m.ok({"--json", "acl", "list"}).out, m.ok({"acl", "list", "--json"}).out);
    EXPECT_EQ(m.ok({"acl", "--json", "list"}).out, m.ok({"acl", "list", "--json"}).out);
}

TEST(Cli, ExitCodesAreDistinct) {
    std::set<int> codes;

    for (const auto code : {srpt::Errc::failed, srpt::Errc::usage, srpt::Errc::permission,
                            srpt::Errc::not_found, srpt::Errc::exists, srpt::Errc::no_module,
                            srpt::Errc::unsupported, srpt::Errc::timeout, srpt::Errc::declined}) {
        EXPECT_NE(srptctl::exit_code(code), 0);
        codes.insert(srptctl::exit_code(code));
    }
    EXPECT_EQ(codes.size(), 9U);
}

} // namespace
