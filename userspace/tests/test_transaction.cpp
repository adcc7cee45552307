// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;
using srpt::Plan;
using srpt::Step;
using srpt::Transaction;

namespace {

class TransactionTest : public testing::Test {
  protected:
    TransactionTest() {
        fs_.ready();
        before_ = fs_.snapshot();
    }

    FakeConfigfs fs_;
    FakeSystem system_{fs_};
    std::string before_;
};

// A back end, and a target with a LUN of it.
Plan example() {
    const std::string store = kCore + "/rd_mcp_0/r";
    const std::string tpg = kSrpt + "/" + kGid + "/tpgt_1";
    Plan plan;

    plan.mkdir(kCore + "/rd_mcp_0");
    plan.mkdir(store);
    plan.write(store + "/control", "rd_pages=1");
    plan.write(store + "/enable", "1");
    plan.mkdir(kSrpt + "/" + kGid);
    plan.mkdir(tpg);
    plan.mkdir(tpg + "/lun/lun_0");
    plan.symlink(store, tpg + "/lun/lun_0/link");
    plan.write(tpg + "/enable", "1", "0");
    return plan;
}

TEST_F(TransactionTest, RunsEveryStep) {
    ASSERT_TRUE(Transaction(fs_, system_).run(example()));
    EXPECT_EQ(fs_.content(kSrpt + "/" + kGid + "/tpgt_1/enable"), "1");
    EXPECT_EQ(fs_.content(kSrpt + "/" + kGid + "/tpgt_1/lun/lun_0/link"), kCore + "/rd_mcp_0/r");
}

// Whichever step fails, nothing is left of the others.
TEST_F(TransactionTest, RollsBackFromEveryStep) {
    const Plan plan = example();

    for (unsigned n = 0; n < plan.steps().size(); n++) {
        fs_.fail_at(n, ENOMEM);
        const srpt::Status status = Transaction(fs_, system_).run(plan);
        ASSERT_FALSE(status) << n;
        EXPECT_EQ(status.error().err, ENOMEM) << n;
        EXPECT_EQ(status.error().path, plan.steps()[n].path) << n;
        EXPECT_EQ(status.error().rolled_back, n > 0) << n;
        EXPECT_TRUE(status.error().leftover.empty()) << n;
        EXPECT_EQ(fs_.snapshot(), before_) << n;
        fs_.fail_nothing();
    }
}

TEST_F(TransactionTest, TellsWhatItCouldNotUndo) {
    fs_.fail_on("/lun/lun_0", EIO); // making it fails, and so does nothing else
    const srpt::Status first = Transaction(fs_, system_).run(example());
    ASSERT_FALSE(first);
    EXPECT_TRUE(first.error().leftover.empty());

    Plan plan;
    plan.mkdir(kCore + "/rd_mcp_7");
    plan.mkdir(kCore + "/rd_mcp_7/x");
    plan.write(kCore + "/rd_mcp_7/x/absent", "1");
    fs_.fail_nothing();
    fs_.fail_on("rd_mcp_7/x/absent", ENXIO);
    const srpt::Status second = Transaction(fs_, system_).run(plan);
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().leftover.empty());
}

TEST_F(TransactionTest, LeftoverNamesPathAndErrno) {
    // Its directory can be made, but neither the LUN below nor its removal works.
    class Stubborn final : public srpt::FileSystem {
      public:
        explicit Stubborn(FakeConfigfs& below) : below_(below) {}
        Kind kind(const std::string& p) const override { return below_.kind(p); }
        srpt::Result<std::vector<std::string>> list(const std::string& p) const override {
            return below_.list(p);
        }
        srpt::Result<std::string> read(const std::string& p) const override { return below_.read(p); }
        srpt::Result<std::string> resolve(const std::string& p) const override { return below_.resolve(p); }
        srpt::Status mkdir(const std::string& p) override { return below_.mkdir(p); }
        srpt::Status rmdir(const std::string& p) override {
            return srpt::fail(srpt::errno_error(EBUSY, "cannot remove the directory", p));
        }
        srpt::Status write(const std::string& p, std::string_view v) override { return below_.write(p, v); }
        srpt::Status symlink(const std::string& t, const std::string& p) override {
            return below_.symlink(t, p);
        }
        srpt::Status unlink(const std::string& p) override { return below_.unlink(p); }
        srpt::Status replace(const std::string& p, std::string_view c) override {
            return below_.replace(p, c);
        }

      private:
        FakeConfigfs& below_;
    } stubborn(fs_);
    Plan plan;

    plan.mkdir(kCore + "/rd_mcp_3");
    plan.write(kCore + "/rd_mcp_3/absent", "1");
    const srpt::Status status = Transaction(stubborn, system_).run(plan);
    ASSERT_FALSE(status);
    ASSERT_EQ(status.error().leftover.size(), 1U);
    EXPECT_NE(status.error().leftover[0].find(kCore + "/rd_mcp_3"), std::string::npos);
    EXPECT_NE(status.error().leftover[0].find("EBUSY"), std::string::npos);
}

TEST_F(TransactionTest, OptionalStepsMayFail) {
    Plan plan;

    plan.write_optional(kTarget + "/dbroot", "/etc/x");
    plan.rmdir_optional(kCore + "/absent");
    plan.mkdir(kCore + "/rd_mcp_1");
    fs_.fail_on("dbroot", EINVAL);
    EXPECT_TRUE(Transaction(fs_, system_).run(plan));
    EXPECT_TRUE(fs_.has(kCore + "/rd_mcp_1"));
}

TEST_F(TransactionTest, LastingStepsStay) {
    Plan plan;

    plan.load_module("ib_srpt");
    plan.mkdir_lasting(kSrpt); // there already: as good
    plan.mkdir(kCore + "/nonsense");
    const srpt::Status status = Transaction(fs_, system_).run(plan);
    ASSERT_FALSE(status);
    EXPECT_FALSE(status.error().rolled_back);
    EXPECT_TRUE(fs_.has(kSrpt));
    EXPECT_EQ(system_.loaded, std::vector<std::string>{"ib_srpt"});
}

TEST_F(TransactionTest, ErrorsCarryTheKernelLogAndAdvice) {
    Plan plan;

    system_.log = {"ib_srpt cannot create target: no RDMA port has this name."};
    fs_.allow_targets({"0x1"});
    plan.mkdir(kSrpt + "/" + kGid);
    const srpt::Status status = Transaction(fs_, system_).run(plan);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kernel, system_.log);
    EXPECT_NE(status.error().hint.find("srptctl status"), std::string::npos);
}

TEST_F(TransactionTest, PermissionSaysWhoMay) {
    Plan plan;

    fs_.fail_on(kSrpt, EACCES);
    plan.mkdir(kSrpt + "/" + kGid);
    const srpt::Status status = Transaction(fs_, system_).run(plan);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, srpt::Errc::permission);
    EXPECT_NE(status.error().hint.find("root"), std::string::npos);
}

TEST_F(TransactionTest, RestoresWhatARemovalTookAway) {
    const std::string tpg = kSrpt + "/" + kGid + "/tpgt_1";
    ASSERT_TRUE(Transaction(fs_, system_).run(example()));
    const std::string before = fs_.snapshot();
    Plan plan;

    plan.unlink(tpg + "/lun/lun_0/link", kCore + "/rd_mcp_0/r");
    plan.rmdir(tpg + "/lun/lun_0");
    plan.rmdir(tpg, {{tpg + "/enable", "1"}, {tpg + "/attrib/srp_sq_size", "4096"}});
    plan.rmdir(kCore + "/absent");
    const srpt::Status status = Transaction(fs_, system_).run(plan);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().err, ENOENT);
    EXPECT_TRUE(status.error().leftover.empty());
    EXPECT_EQ(fs_.snapshot(), before);
}

TEST(StepShell, QuotesWhatNeedsIt) {
    Plan plan;

    plan.load_module("ib_srpt");
    plan.mount_configfs("/sys/kernel/config");
    plan.mkdir("/a b");
    plan.write("/c", "it's");
    plan.symlink("/t", "/l");
    plan.unlink("/l", "/t");
    plan.rmdir("/d");
    std::vector<std::string> lines;
    for (const Step& step : plan.steps()) {
        lines.push_back(srpt::step_shell(step));
    }
    EXPECT_EQ(lines, (std::vector<std::string>{
                         "modprobe ib_srpt", "mount -t configfs configfs /sys/kernel/config", "mkdir '/a b'",
                         "echo 'it'\\''s' > /c", "ln -s /t /l", "rm /l", "rmdir /d"}));
}

TEST(ErrnoText, NamesTheSymbol) {
    EXPECT_EQ(srpt::errno_text(EACCES), "Permission denied (EACCES)");
    EXPECT_EQ(srpt::errno_text(99999), "error 99999");
    EXPECT_EQ(srpt::errc_of_errno(EOPNOTSUPP), srpt::Errc::unsupported);
    EXPECT_EQ(srpt::errc_of_errno(ETIMEDOUT), srpt::Errc::timeout);
    EXPECT_EQ(srpt::errc_of_errno(EIO), srpt::Errc::failed);
}

} // namespace
