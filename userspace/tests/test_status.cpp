// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

TEST(Status, WithoutAVerb) {
    Machine m;

    EXPECT_EQ(m.ok({}).out, m.ok({"status"}).out);
}

TEST(Status, ShowsEverything) {
    Machine m;

    m.ok({"export", "/dev/sdc1", "--name", "vol1", "--acl", kInitiator});
    m.ok({"export", "ramdisk:1M"});
    m.link.info.sessions = 1;
    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    m.link.reject_list = {make_reject(kOther, 10)};
    const Answer text = m.ok({"status"});
    for (const char* part :
         {"ib_srpt 0.1, 1 session", "qib0/1", "Active", "ib.fe80000000000000001175000077dd7e  enabled",
          "lun 0  block/vol1  /dev/sdc1", "lun 1  ramdisk/ram0  1.0 MiB", "logged in, 2 channels",
          "1 initiator: see 'srptctl acl pending'"}) {
        EXPECT_NE(text.out.find(part), std::string::npos) << part << "\n" << text.out;
    }
    EXPECT_EQ(text.out.find('\x1b'), std::string::npos);
}

TEST(Status, Json) {
    Machine m;

    m.ok({"export", "/dev/sdc1", "--acl", kInitiator});
    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    const nlohmann::json json = m.ok({"status", "--json"}).json();
    EXPECT_EQ(json["schema_version"], 1);
    EXPECT_EQ(json["module"]["kind"], "srpt");
    EXPECT_EQ(json["module"]["version"], "0.1");
    EXPECT_EQ(json["ports"][0]["target_name"], kGid);
    EXPECT_EQ(json["backstores"][0]["plugin"], "block");
    EXPECT_EQ(json["targets"][0]["name"], kGid);
    const nlohmann::json& tpg = json["targets"][0]["tpgs"][0];
    EXPECT_TRUE(tpg["enabled"].get<bool>());
    EXPECT_EQ(tpg["luns"][0]["backstore"], "block/sdc1");
    EXPECT_EQ(tpg["acls"][0]["canonical"], kInitiator);
    EXPECT_EQ(json["sessions"][0]["id"], 1);
    EXPECT_EQ(json["refused"], 0);
}

TEST(Status, StockAbsentAndForeign) {
    Machine m;

    m.link.loaded = false;
    EXPECT_NE(m.ok({"status"}).err.find("the kernel's own"), std::string::npos);
    EXPECT_EQ(m.ok({"status", "--json"}).json()["module"]["kind"], "stock");
    EXPECT_TRUE(m.ok({"status", "--json"}).json()["sessions"].is_null());
    Machine bare;
    bare.fs.reset();
    bare.link.loaded = false;
    const Answer absent = bare.ok({"status"});
    EXPECT_NE(absent.out.find("not loaded"), std::string::npos);
    EXPECT_NE(absent.out.find("no RDMA device"), std::string::npos);
}

TEST(Status, UnprivilegedSeesTheRest) {
    Machine m;

    m.link.error = srpt::errno_error(EPERM, "cannot list sessions", {});
    const Answer answer = m.ok({"status"});
    EXPECT_NE(answer.err.find("root only"), std::string::npos);
    EXPECT_NE(answer.out.find("qib0/1"), std::string::npos);
    m.link.error = srpt::errno_error(EIO, "cannot list sessions", {});
    EXPECT_NE(m.ok({"status"}).err.find("cannot list sessions"), std::string::npos);
}

TEST(Status, DynamicAclsAndDisabledTargets) {
    Machine m;

    m.ok({"export", "ramdisk:1M"});
    ASSERT_TRUE(m.fs.write(m.tpg() + "/attrib/generate_node_acls", "1"));
    EXPECT_NE(m.ok({"status"}).out.find("admits anyone"), std::string::npos);
    ASSERT_TRUE(m.fs.write(m.tpg() + "/attrib/generate_node_acls", "0"));
    ASSERT_TRUE(m.fs.write(m.tpg() + "/enable", "0"));
    m.ok({"unexport", "0"});
    const Answer text = m.ok({"status"});
    EXPECT_NE(text.out.find("disabled"), std::string::npos);
    EXPECT_NE(text.out.find("no LUN"), std::string::npos);
    EXPECT_NE(text.out.find("nobody can log in"), std::string::npos);
}

} // namespace
