// SPDX-License-Identifier: GPL-2.0
#include "host/memlock.hpp"

#include "host_harness.hpp"

using namespace testing_srpt;

namespace {

const std::string kFile = "/etc/security/limits.d/rdma.conf";

TEST(Memlock, InstallsTheFileThatIsKnown) {
    HostMachine m;

    EXPECT_EQ(m.run({"host", "memlock", "check"}).code, 10);
    m.ok({"host", "memlock", "install"});
    EXPECT_EQ(m.files.text(kFile), "# configuration for rdma tuning\n"
                                   "*       soft    memlock         unlimited\n"
                                   "*       hard    memlock         unlimited\n"
                                   "# rdma tuning end\n");
    m.ok({"host", "memlock", "check"});
    EXPECT_TRUE(m.json({"host", "memlock", "check"})["unlimited"].get<bool>());
    EXPECT_NE(m.ok({"host", "memlock", "install"}).out.find("nothing to change"), std::string::npos);
}

TEST(Memlock, ALaterFileOverrules) {
    HostMachine m;

    m.files.put("/etc/security/limits.conf",
                "* - memlock unlimited # all\n* soft nofile 4096\nbroken line\n");
    m.ok({"host", "memlock", "check"});
    m.files.put("/etc/security/limits.d/zz.conf", "* soft memlock 64\nroot hard memlock 1\n");
    m.files.put("/etc/security/limits.d/zz.txt", "* hard memlock 1\n");
    const Answer install = m.ok({"host", "memlock", "install"});
    EXPECT_NE((install.out + install.err).find("read later"), std::string::npos);
    const Answer check = m.run({"host", "memlock", "check"});
    EXPECT_EQ(check.code, 10);
    EXPECT_NE((check.out + check.err).find("overrules"), std::string::npos);
    const auto j = m.json({"host", "memlock", "show"});
    EXPECT_EQ(j["soft"], "64");
    EXPECT_EQ(j["hard"], "unlimited");
    EXPECT_EQ(j["lines"].back()["domain"], "root");
}

TEST(Memlock, ShowExplains) {
    HostMachine m;

    m.files.put("/proc/self/limits",
                "Limit                     Soft Limit           Hard Limit           Units     \n"
                "Max locked memory         8388608              unlimited            bytes     \n");
    const Answer show = m.ok({"host", "memlock", "show"});
    EXPECT_NE(show.out.find("this shell: soft 8388608, hard unlimited"), std::string::npos);
    EXPECT_NE(show.out.find("LimitMEMLOCK"), std::string::npos);
    EXPECT_EQ(m.json({"host", "memlock", "show"})["process"]["soft"], "8388608");
}

TEST(Memlock, DryRunAndAnotherRoot) {
    HostMachine m;
    const TemporaryDirectory image;

    EXPECT_NE(m.ok({"host", "memlock", "install", "--dry-run"}).out.find("+*       soft"), std::string::npos);
    m.ok({"host", "memlock", "install", "--root", image.path()});
    EXPECT_TRUE(m.all().empty());
    EXPECT_TRUE(std::filesystem::exists(image.path() + kFile));
}

TEST(Memlock, AFileWhereADirectoryShouldBe) {
    HostMachine m;

    m.files.put("/etc/security", "not a directory");
    const Answer answer = m.run({"host", "memlock", "install"});
    EXPECT_EQ(answer.code, 1);
    EXPECT_NE(answer.err.find("ENOTDIR"), std::string::npos);
}

} // namespace
