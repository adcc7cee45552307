// SPDX-License-Identifier: GPL-2.0
// The shapes of answers that the other tests do not look at.
#include "harness.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

TEST(Json, Export) {
    Machine m;
    const nlohmann::json json = m.ok({"export", "/dev/sdc1", "--acl", kInitiator, "--json"}).json();

    EXPECT_EQ(json["schema_version"], 1);
    EXPECT_EQ(json["command"], "export");
    EXPECT_EQ(json["backstore"]["name"], "sdc1");
    EXPECT_EQ(json["target"], kGid);
    EXPECT_EQ(json["lun"], 0);
    EXPECT_EQ(json["acls"], nlohmann::json::array({kInitiator}));
    EXPECT_TRUE(json["rdma_cm_port"].is_null());
}

TEST(Json, DryRunHasSteps) {
    Machine m;
    const nlohmann::json json = m.ok({"export", "ramdisk:1M", "--json", "--dry-run"}).json();

    EXPECT_TRUE(json["dry_run"].get<bool>());
    ASSERT_GT(json["steps"].size(), 8U);
    EXPECT_EQ(json["steps"][0]["op"], "mkdir");
    EXPECT_EQ(json["steps"][2]["op"], "write");
    EXPECT_EQ(json["steps"][2]["value"], "rd_pages=256");
    EXPECT_EQ(json["steps"].back()["shell"], "echo 1 > " + m.tpg() + "/enable");
    m.ok({"export", "ramdisk:1M"});
    const nlohmann::json back = m.ok({"unexport", "0", "--json", "-n"}).json();
    EXPECT_EQ(back["steps"][0]["op"], "unlink");
    EXPECT_EQ(back["steps"][0]["target"], kCore + "/rd_mcp_0/ram0");
    EXPECT_EQ(back["steps"].back()["op"], "rmdir");
}

TEST(Json, PrepareSteps) {
    FakeConfigfs fs;
    FakeSystem system(fs);
    FakeLink link(system);
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    srptctl::Environment env{fs, system, link, in, out, err};

    fs.put("/sys/class/infiniband/a/ports/1/state", "4: ACTIVE");
    fs.put("/sys/class/infiniband/a/ports/1/gids/0", "fe80::1");
    ASSERT_EQ(srptctl::run({"export", "ramdisk:1M", "--json", "--dry-run"}, env), 0) << err.str();
    const nlohmann::json json = nlohmann::json::parse(out.str());
    EXPECT_EQ(json["steps"][0]["op"], "load_module");
    EXPECT_EQ(json["steps"][1]["op"], "mount_configfs");
}

TEST(Json, UnexportAndAcl) {
    Machine m;

    m.ok({"export", "ramdisk:1M"});
    nlohmann::json json = m.ok({"acl", "create", kInitiator, "--json"}).json();
    EXPECT_EQ(json["name"], kInitiator);
    EXPECT_EQ(json["luns"], nlohmann::json::array({0}));
    EXPECT_FALSE(json.contains("session"));
    json = m.ok({"acl", "allow", kInitiator, "--json"}).json();
    EXPECT_TRUE(json["session"].is_null());
    EXPECT_FALSE(json["created"].get<bool>());
    json = m.ok({"acl", "delete", kInitiator, "--json"}).json();
    EXPECT_EQ(json["command"], "acl delete");
    json = m.ok({"unexport", "0", "--json"}).json();
    EXPECT_EQ(json["removed"].size(), 2U);
    EXPECT_EQ(json["notes"].size(), 1U);
}

TEST(Json, EveryKindOfError) {
    Machine m;
    Answer answer = m.run({"export", "/dev/absent", "--json"});

    EXPECT_EQ(answer.out, "");
    nlohmann::json json = nlohmann::json::parse(answer.err);
    EXPECT_EQ(json["schema_version"], 1);
    EXPECT_EQ(json["error"]["code"], "not_found");
    EXPECT_EQ(json["error"]["errno"], ENOENT);
    EXPECT_EQ(json["error"]["path"], "/dev/absent");
    EXPECT_NE(json["error"]["next"].get<std::string>().find("truncate"), std::string::npos);

    m.fs.fail_on(m.tpg() + "/enable", EIO);
    json = nlohmann::json::parse(m.run({"export", "ramdisk:1M", "--json"}).err);
    EXPECT_TRUE(json["error"]["rolled_back"].get<bool>());
    EXPECT_EQ(json["error"]["code"], "failed");
    m.fs.fail_nothing();

    m.ok({"export", "ramdisk:1M"});
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{"acl", "create", "x", "--json"}, "usage"},
        {{"export", "ramdisk:1M", "--lun", "0", "--json"}, "exists"},
        {{"acl", "allow", kInitiator, "--wait", "1", "--json"}, "timeout"},
    };
    for (const auto& [args, code] : cases) {
        json = nlohmann::json::parse(m.run(args).err);
        EXPECT_EQ(json["error"]["code"], code);
        EXPECT_TRUE(json["error"]["errno"].is_null());
    }
    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    json = nlohmann::json::parse(m.run({"unexport", "0", "--json"}).err);
    EXPECT_EQ(json["error"]["code"], "declined");
    m.link.loaded = false;
    json = nlohmann::json::parse(m.run({"acl", "pending", "--json"}).err);
    EXPECT_EQ(json["error"]["code"], "unsupported");
    m.fs.reset();
    json = nlohmann::json::parse(m.run({"acl", "list", "--json"}).err);
    EXPECT_EQ(json["error"]["code"], "no_module");
}

TEST(Json, NamesThatAreNotUtf8) {
    Machine m;

    m.fs.load_srpt(false);
    m.ok({"export", "ramdisk:1M"});
    ASSERT_TRUE(m.fs.mkdir(m.tpg() + "/acls/caf\xe9"));
    EXPECT_EQ(m.ok({"acl", "list", "--json"}).json()["acls"].size(), 1U);
}

} // namespace
