// SPDX-License-Identifier: GPL-2.0
// The configuration file: read, written, compared and applied.
#include "harness.hpp"
#include "saveconfig.hpp"

#include <cerrno>
#include <gtest/gtest.h>

using namespace testing_srpt;
using nlohmann::json;

namespace {

const std::string kFile(srpt::kSaveconfig);
const std::string kEtc = "/etc/rtslib-fb-target";
const std::string kIb = "ib." + kGid.substr(2);

// As targetcli writes it, another fabric's target included.
json example() {
    return json::parse(R"({
  "fabric_modules": [ { "name": "iscsi", "discovery_userid": "u" } ],
  "storage_objects": [
    { "aio": false, "alua_tpgs": [ { "name": "default_tg_pt_gp", "tg_pt_gp_id": 0 } ],
      "attributes": { "emulate_write_cache": 0, "emulate_model_alias": 1, "block_size": 512 },
      "dev": "/srv/vol1", "name": "vol1", "plugin": "fileio", "size": 33554432, "write_back": false,
      "wwn": "11111111-2222-4333-8444-555555555555", "from_the_future": [ 1, 2 ] },
    { "alua_tpgs": [], "attributes": { "emulate_model_alias": 1 }, "dev": "/dev/sdc1", "name": "disk1",
      "plugin": "block", "readonly": false, "write_back": false,
      "wwn": "aaaaaaaa-2222-4333-8444-555555555555" },
    { "attributes": {}, "alua_tpgs": [], "name": "web", "plugin": "user", "config": "x/y", "size": 4096 }
  ],
  "targets": [
    { "fabric": "iscsi", "wwn": "iqn.2003-01.org.x:1",
      "tpgs": [ { "tag": 1, "luns": [ { "index": 0, "storage_object": "/backstores/user/web" } ] } ] },
    { "fabric": "srpt", "wwn": "ib.fe80000000000000001175000077dd7e", "comment": "kept",
      "parameters": { "cmd_completion_affinity": "2" }, "tpgs": [ {
        "tag": 1, "enable": true, "portals": [],
        "attributes": { "srp_sq_size": 2048, "use_srq": 0, "srp_max_rdma_size": 65536 },
        "luns": [
          { "index": 0, "alias": "cafe000001", "storage_object": "/backstores/fileio/vol1",
            "alua_tg_pt_gp_name": "default_tg_pt_gp" },
          { "index": 5, "alias": "cafe000002", "storage_object": "/backstores/block/disk1",
            "alua_tg_pt_gp_name": "default_tg_pt_gp" } ],
        "node_acls": [ { "node_wwn": "ib.7edd770000751100001175000077d708", "tag": "host7", "mapped_luns": [
            { "index": 0, "tpg_lun": 0, "write_protect": false, "alias": "cafe000003" },
            { "index": 9, "tpg_lun": 5, "write_protect": true, "alias": "cafe000004" } ] } ]
    } ] } ] })");
}

struct Saved : Machine {
    Saved() {
        add_file("/srv/vol1", 33554432);
        fs.put_dir(kEtc);
        fs.put("/etc/hostname", "x");
        put(example());
    }
    void put(const json& j) { fs.put(kFile, j.dump(2)); }
};

TEST(ConfigRestore, MakesWhatTheFileSays) {
    Saved m;
    const Answer answer = m.ok({"config", "restore"});

    EXPECT_NE(answer.out.find("changes made"), std::string::npos) << answer.out;
    EXPECT_EQ(answer.err,
              "note: back end fileio/vol1 has no block_size with this kernel; the file says 512\n")
        << "the fake has no block_size; that is told, and nothing else";
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "1");
    EXPECT_EQ(m.fs.content(m.tpg() + "/attrib/srp_sq_size"), "2048");
    EXPECT_EQ(m.fs.content(kSrpt + "/" + kGid + "/param/cmd_completion_affinity"), "2");
    EXPECT_EQ(m.fs.content(m.tpg() + "/lun/lun_5/cafe000002"), kCore + "/iblock_1/disk1");
    EXPECT_EQ(m.fs.content(m.tpg() + "/acls/" + kInitiator + "/lun_9/write_protect"), "1");
    EXPECT_EQ(m.fs.content(m.tpg() + "/acls/" + kInitiator + "/lun_9/cafe000004"), m.tpg() + "/lun/lun_5");
    EXPECT_EQ(m.fs.content(m.tpg() + "/acls/" + kInitiator + "/tag"), "host7");
    EXPECT_EQ(m.fs.content(kCore + "/fileio_0/vol1/wwn/vpd_unit_serial"),
              "T10 VPD Unit Serial Number: 11111111-2222-4333-8444-555555555555");
    EXPECT_EQ(m.fs.content(kCore + "/fileio_0/vol1/control"), "fd_dev_name=/srv/vol1,fd_dev_size=33554432\n");
}

TEST(ConfigRestore, ASecondTimeDoesNothing) {
    Saved m;

    m.ok({"config", "restore"});
    const std::string before = m.fs.snapshot();
    const size_t writes = m.fs.writes().size();
    const Answer answer = m.ok({"config", "restore"});
    EXPECT_NE(answer.out.find("nothing to do"), std::string::npos);
    EXPECT_TRUE(m.fs.snapshot() == before);
    EXPECT_EQ(m.fs.writes().size(), writes);
    EXPECT_EQ(m.ok({"config", "diff"}).out, "");
}

TEST(ConfigRestore, LoadsModules) {
    Saved m;

    m.fs.reset();
    m.fs.put(kFile, example().dump());
    m.ok({"config", "restore"});
    EXPECT_EQ(m.system.loaded.size(), 3U);
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "1");
}

TEST(ConfigApply, ChangesOnlyWhatDiffers) {
    Saved m;
    json j = example();

    m.ok({"config", "restore"});
    const size_t writes = m.fs.writes().size();
    j["targets"][1]["tpgs"][0]["attributes"]["srp_sq_size"] = 1024;
    j["targets"][1]["tpgs"][0]["node_acls"][0]["mapped_luns"][1]["write_protect"] = false;
    m.put(j);
    const Answer diff = m.run({"config", "diff"});
    EXPECT_EQ(diff.code, 10);
    EXPECT_EQ(diff.out, "~ " + kIb + " srp_sq_size: 2048 -> 1024\n~ mapped LUN 9 of " + kInitiator +
                            " write_protect: 1 -> 0\n");
    m.ok({"config", "apply", kFile});
    ASSERT_EQ(m.fs.writes().size(), writes + 2);
    EXPECT_EQ(m.fs.writes()[writes], m.tpg() + "/attrib/srp_sq_size=1024");
}

TEST(ConfigApply, RemovesWithConsent) {
    Saved m;
    json j = example();

    m.ok({"config", "restore"});
    j["targets"][1]["tpgs"][0]["luns"].erase(1);
    j["targets"][1]["tpgs"][0]["node_acls"][0]["mapped_luns"].erase(1);
    j["storage_objects"].erase(1);
    m.put(j);
    m.link.session_list = {make_session(1, kInitiator, kInitiator)};
    const std::string before = m.fs.snapshot();
    const Answer refused = m.run({"config", "apply", kFile});
    EXPECT_EQ(refused.code, 9);
    EXPECT_NE(refused.err.find("1 session on"), std::string::npos) << refused.err;
    EXPECT_TRUE(m.fs.snapshot() == before);
    m.ok({"config", "apply", kFile, "--yes"});
    EXPECT_FALSE(m.fs.has(m.tpg() + "/lun/lun_5"));
    EXPECT_FALSE(m.fs.has(m.tpg() + "/acls/" + kInitiator + "/lun_9"));
    EXPECT_FALSE(m.fs.has(kCore + "/iblock_1"));
    EXPECT_TRUE(m.fs.has(m.tpg() + "/acls/" + kInitiator + "/lun_0")) << "the other is not touched";
}

TEST(ConfigApply, TakesTargetsAndAclsAway) {
    Saved m;
    json j = example();

    m.ok({"config", "restore"});
    j["targets"][1]["tpgs"][0]["node_acls"] = json::array();
    m.put(j);
    m.ok({"config", "restore", "-y"});
    EXPECT_FALSE(m.fs.has(m.tpg() + "/acls/" + kInitiator));
    j["targets"].erase(1);
    m.put(j);
    m.ok({"config", "restore", "-y"});
    EXPECT_FALSE(m.fs.has(kSrpt + "/" + kGid));
    EXPECT_TRUE(m.fs.has(kCore + "/fileio_0/vol1")) << "back ends are in the file still";
}

TEST(ConfigApply, MakesABackEndAnewOnlyWhenItMust) {
    Saved m;
    json j = example();

    m.add_file("/srv/vol2", 1 << 20);
    m.ok({"config", "restore"});
    j["storage_objects"][0]["dev"] = "/srv/vol2";
    j["storage_objects"][0]["size"] = 1 << 20;
    m.put(j);
    const Answer diff = m.run({"config", "diff"});
    EXPECT_NE(diff.out.find("! back end fileio/vol1: device /srv/vol1 -> /srv/vol2"), std::string::npos);
    m.ok({"config", "restore", "-y"});
    EXPECT_EQ(m.ok({"config", "diff"}).out, "");
    EXPECT_NE(m.ok({"lun", "list"}).out.find("/srv/vol2"), std::string::npos);
    EXPECT_EQ(m.fs.content(m.tpg() + "/acls/" + kInitiator + "/lun_0/cafe000003"), m.tpg() + "/lun/lun_0");
}

TEST(ConfigApply, SparesOtherFabrics) {
    Saved m;
    json j = example();
    const std::string lun = kTarget + "/iscsi/iqn.2003-01.org.x:1/tpgt_1/lun/lun_0";

    m.ok({"config", "restore"});
    // iSCSI serves disk1, too.
    m.fs.put_dir(lun);
    m.fs.put_link(lun + "/x", kCore + "/iblock_1/disk1");
    j["targets"][1]["tpgs"][0]["luns"].erase(1);
    j["targets"][1]["tpgs"][0]["node_acls"][0]["mapped_luns"].erase(1);
    j["storage_objects"].erase(1);
    m.put(j);
    const Answer answer = m.ok({"config", "restore", "-y"});
    EXPECT_NE(answer.err.find("block/disk1 stays: another fabric uses it"), std::string::npos) << answer.err;
    EXPECT_TRUE(m.fs.has(kCore + "/iblock_1/disk1"));
    // Nor can it be made anew.
    j = example();
    j["storage_objects"][1]["readonly"] = true;
    m.put(j);
    EXPECT_EQ(m.run({"config", "restore", "-y"}).code, 5);
}

TEST(ConfigApply, RollsBack) {
    Saved m;
    m.fs.put(kTarget + "/dbroot", kEtc); // setting it is worth keeping
    const std::string before = m.fs.snapshot();

    // Every mutation but the last fails once.
    Saved count;
    count.ok({"config", "restore"});
    const unsigned steps = count.fs.mutations();
    ASSERT_GT(steps, 20U);
    unsigned failed = 0;
    for (unsigned n = 0; n < steps; n++) {
        m.fs.fail_at(n, EIO);
        const Answer answer = m.run({"config", "restore"});
        m.fs.fail_nothing();
        if (answer.code != 0) {
            failed++;
            EXPECT_EQ(answer.code, 1) << answer.err;
            EXPECT_TRUE(m.fs.snapshot() == before) << "step " << n;
        } else { // an optional one: undo it
            json empty = {{"storage_objects", json::array()}, {"targets", json::array()}};
            m.put(empty);
            m.ok({"config", "restore", "-y"});
            m.put(example());
        }
    }
    EXPECT_GT(failed, 15U);
}

TEST(ConfigApply, DryRunShowsSteps) {
    Saved m;
    const std::string before = m.fs.snapshot();
    const json steps = m.ok({"config", "apply", kFile, "--dry-run", "--json"}).json();

    EXPECT_GT(steps["steps"].size(), 20U);
    EXPECT_EQ(steps["command"], "config apply");
    EXPECT_TRUE(m.fs.snapshot() == before);
}

TEST(ConfigApply, FromStandardInput) {
    Saved m;

    m.input = example().dump();
    m.ok({"config", "apply", "-"});
    EXPECT_TRUE(m.fs.has(m.tpg() + "/lun/lun_5"));
    m.input = "{";
    EXPECT_NE(m.run({"config", "apply", "-"}).err.find("standard input is no valid JSON"), std::string::npos);
}

TEST(ConfigApply, ListenerOfRdmaCm) {
    Saved m;
    json j = example();

    j["fabric_modules"].push_back({{"name", "srpt"}, {"rdma_cm_port", 5555}});
    m.put(j);
    m.ok({"config", "restore"});
    EXPECT_EQ(m.fs.content(kSrpt + "/discovery_auth/rdma_cm_port"), "5555");
    m.ok({"config", "save"});
    const json saved = json::parse(m.fs.content(kFile));
    EXPECT_EQ(saved["fabric_modules"][1]["rdma_cm_port"], 5555);
    EXPECT_EQ(saved["fabric_modules"][0]["name"], "iscsi");
}

TEST(ConfigApply, DisablesAndEnables) {
    Saved m;
    json j = example();

    m.ok({"config", "restore"});
    j["targets"][1]["tpgs"][0]["enable"] = false;
    m.put(j);
    EXPECT_EQ(m.run({"config", "diff"}).out, "~ " + kIb + " enable: 1 -> 0\n");
    m.ok({"config", "restore", "-y"});
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "0");
    j["targets"][1]["tpgs"][0]["enable"] = true;
    m.put(j);
    m.ok({"config", "restore"});
    EXPECT_EQ(m.fs.content(m.tpg() + "/enable"), "1");
}

TEST(ConfigApply, RamDisksAndSerials) {
    Saved m;
    json j = {{"storage_objects",
               {{{"name", "r"}, {"plugin", "ramdisk"}, {"size", 8192}, {"wwn", "abc"}, {"nullio", true}}}},
              {"targets", json::array()}};

    m.put(j);
    m.ok({"config", "restore"});
    EXPECT_EQ(m.fs.content(kCore + "/rd_mcp_0/r/control"), "rd_pages=2\nrd_nullio=1\n");
    j["storage_objects"][0]["wwn"] = "def";
    m.put(j);
    m.ok({"config", "restore"});
    EXPECT_EQ(m.fs.content(kCore + "/rd_mcp_0/r/wwn/vpd_unit_serial"), "T10 VPD Unit Serial Number: def")
        << "nobody uses it: no need to make it anew";
    j["storage_objects"][0]["nullio"] = false;
    m.put(j);
    EXPECT_EQ(m.run({"config", "restore"}).code, 9);
    m.ok({"config", "restore", "-y"});
    j["storage_objects"][0]["size"] = 16384;
    m.put(j);
    EXPECT_NE(m.run({"config", "diff"}).out.find("size 8192 -> 16384"), std::string::npos);
}

TEST(ConfigApply, AluaGroups) {
    Saved m;
    json j = example();

    j["storage_objects"][0]["alua_tpgs"].push_back(
        {{"name", "left"}, {"tg_pt_gp_id", 7}, {"alua_access_state", 1}, {"preferred", 1}});
    j["targets"][1]["tpgs"][0]["luns"][0]["alua_tg_pt_gp_name"] = "left";
    m.put(j);
    m.ok({"config", "restore"});
    EXPECT_EQ(m.fs.content(kCore + "/fileio_0/vol1/alua/left/tg_pt_gp_id"), "7");
    EXPECT_EQ(m.fs.content(kCore + "/fileio_0/vol1/alua/left/preferred"), "1");
    EXPECT_EQ(m.fs.content(m.tpg() + "/lun/lun_0/alua_tg_pt_gp"), "left");
}

TEST(ConfigSave, WritesWhatTargetcliReads) {
    Machine m;

    m.fs.put_dir(kEtc);
    m.ok({"export", "/dev/sdc1", "--acl", kInitiator});
    m.ok({"config", "save"});
    const json saved = json::parse(m.fs.content(kFile));
    ASSERT_EQ(saved["storage_objects"].size(), 1U);
    const json& store = saved["storage_objects"][0];
    EXPECT_EQ(store["plugin"], "block");
    EXPECT_EQ(store["dev"], "/dev/sdc1");
    EXPECT_EQ(store["attributes"]["emulate_model_alias"], 1) << "numbers are numbers";
    EXPECT_FALSE(store["attributes"].contains("hw_block_size")) << "read only: no setting";
    EXPECT_EQ(store["alua_tpgs"][0]["alua_access_type"], 3) << "words are written as the numbers they take";
    EXPECT_EQ(store["alua_tpgs"][0]["alua_access_status"], 0);
    const json& tpg = saved["targets"][0]["tpgs"][0];
    EXPECT_EQ(saved["targets"][0]["wwn"], kIb);
    EXPECT_EQ(saved["targets"][0]["fabric"], "srpt");
    EXPECT_EQ(tpg["luns"][0]["storage_object"], "/backstores/block/sdc1");
    EXPECT_EQ(tpg["luns"][0]["alua_tg_pt_gp_name"], "default_tg_pt_gp");
    EXPECT_EQ(tpg["node_acls"][0]["node_wwn"], "ib." + kInitiator.substr(2));
    EXPECT_EQ(tpg["node_acls"][0]["mapped_luns"][0]["tpg_lun"], 0);
    EXPECT_EQ(tpg["enable"], true);
    EXPECT_EQ(saved["targets"][0]["parameters"]["cmd_completion_affinity"], "-1") << "parameters are text";
    EXPECT_EQ(m.ok({"config", "diff"}).out, "");
    EXPECT_NE(m.ok({"config", "save"}).out.find("says already"), std::string::npos);
    EXPECT_EQ(m.ok({"config", "show"}).out, m.fs.content(kFile));
    EXPECT_EQ(m.ok({"config", "show", "--json"}).json()["config"], saved);
}

TEST(ConfigSave, KeepsWhatIsNotOurs) {
    Saved m;

    m.ok({"config", "restore"});
    m.ok({"target", "set", "srp_sq_size=512"});
    m.ok({"config", "save"});
    const json saved = json::parse(m.fs.content(kFile));
    EXPECT_EQ(saved["fabric_modules"][0]["discovery_userid"], "u");
    const auto find = [](const json& list, const char* key, const std::string& value) {
        for (const json& item : list) {
            if (item.value(key, "") == value) {
                return item;
            }
        }
        return json();
    };
    EXPECT_EQ(find(saved["storage_objects"], "name", "vol1")["from_the_future"], json::array({1, 2}));
    EXPECT_EQ(find(saved["storage_objects"], "name", "vol1")["attributes"]["block_size"], 512)
        << "an attribute that this kernel does not have";
    EXPECT_EQ(find(saved["storage_objects"], "name", "web")["config"], "x/y");
    EXPECT_EQ(find(saved["targets"], "fabric", "iscsi")["tpgs"][0]["tag"], 1);
    const json target = find(saved["targets"], "fabric", "srpt");
    EXPECT_EQ(target["comment"], "kept");
    EXPECT_EQ(target["tpgs"][0]["attributes"]["srp_sq_size"], 512);
}

TEST(ConfigSave, NeverOverWhatItCannotRead) {
    Saved m;

    m.ok({"config", "restore"});
    for (const char* text : {"{ cut", "[]", "{\"targets\": 3}"}) {
        m.fs.put(kFile, text);
        EXPECT_EQ(m.run({"config", "save"}).code, 2) << text;
        EXPECT_EQ(m.fs.content(kFile), text);
    }
    m.fs.put(kFile, "{}");
    m.fs.fail_on(kFile, ENOSPC);
    const Answer full = m.run({"config", "save"});
    EXPECT_EQ(full.code, 1);
    EXPECT_NE(full.err.find("ENOSPC"), std::string::npos);
    m.fs.fail_nothing();
    EXPECT_EQ(m.run({"config", "save", "/absent/file.json"}).code, 4);
    EXPECT_EQ(m.run({"config", "save", kEtc}).code, 2);
    EXPECT_NE(m.ok({"config", "save", "-n"}).out.find("would be written"), std::string::npos);
    EXPECT_EQ(m.fs.content(kFile), "{}");
}

// Cut anywhere, a file is refused with its name, and nothing happens.
TEST(ConfigBad, CutAtEveryByte) {
    Saved m;
    const std::string text = example().dump();
    const std::string before = m.fs.snapshot();

    for (size_t length = 0; length < text.size(); length++) {
        const srpt::Result<srpt::SavedConfig> saved = srpt::parse_saved(text.substr(0, length), "f");
        ASSERT_FALSE(saved) << length;
        EXPECT_EQ(saved.error().code, srpt::Errc::usage);
        EXPECT_EQ(saved.error().path, "f");
    }
    for (size_t length = 0; length < text.size(); length += 97) {
        m.input = text.substr(0, length);
        EXPECT_EQ(m.run({"config", "apply", "-", "-y"}).code, 2);
    }
    EXPECT_TRUE(m.fs.snapshot() == before);
}

TEST(ConfigBad, SaysWhereItIsWrong) {
    struct Case {
        const char* pointer;
        json value;
        const char* says;
    };
    const std::vector<Case> cases = {
        {"/targets", 3, "targets is no list"},
        {"/targets/1", "x", "targets[1] is no object"},
        {"/targets/1/wwn", "not a name", "targets[1].wwn is 'not a name'"},
        {"/targets/1/wwn", nullptr, "targets[1] has no 'wwn'"},
        {"/targets/1/tpgs/0/tag", 70000, "targets[1].tpgs[0].tag is no number from 0 to 65535"},
        {"/targets/1/tpgs/0/tag", -1, "tag is no number"},
        {"/targets/1/tpgs/0/enable", "yes", "enable is neither true nor false"},
        {"/targets/1/tpgs/0/luns/0/index", nullptr, "luns[0] has no 'index'"},
        {"/targets/1/tpgs/0/luns/0/index", 5, "luns[1].index is a second LUN 5"},
        {"/targets/1/tpgs/0/luns/0/storage_object", "vol1", "not /backstores/PLUGIN/NAME"},
        {"/targets/1/tpgs/0/luns/0/storage_object", "/backstores/fileio/vol9",
         "storage_objects does not have"},
        {"/targets/1/tpgs/0/luns/0/alias", "../../x", "cannot name a link"},
        {"/targets/1/tpgs/0/node_acls/0/node_wwn", "bob", "is 'bob', which is no name of an initiator"},
        {"/targets/1/tpgs/0/node_acls/0/mapped_luns/0/tpg_lun", 3,
         "a LUN that the portal group does not have"},
        {"/targets/1/tpgs/0/node_acls/0/mapped_luns/0/index", 9, "maps 9 a second time"},
        {"/targets/1/tpgs/0/attributes", json::array(), "attributes is no object"},
        {"/targets/1/tpgs/0/attributes", {{"../enable", 1}}, "which can be no attribute"},
        {"/targets/1/tpgs/0/attributes/use_srq", 1.5, "use_srq is neither a number nor a string"},
        {"/targets/1/tpgs/0/attributes/use_srq", "1\n2", "has a line break in it"},
        {"/storage_objects/0/plugin", nullptr, "storage_objects[0] has no 'plugin'"},
        {"/storage_objects/0/name", "../x", "cannot name a back end"},
        {"/storage_objects/0/dev", nullptr, "storage_objects[0] has no 'dev'"},
        {"/storage_objects/0/size", "big", "size is no number"},
        {"/fabric_modules/0", {{"name", "srpt"}, {"rdma_cm_port", 70000}}, "rdma_cm_port is no number"},
    };

    for (const Case& c : cases) {
        json j = example();
        if (c.value.is_null()) {
            const json::json_pointer pointer(c.pointer);
            j[pointer.parent_pointer()].erase(pointer.back());
        } else {
            j[json::json_pointer(c.pointer)] = c.value;
        }
        const srpt::Result<srpt::SavedConfig> saved = srpt::parse_saved(j.dump(), "f.json");
        ASSERT_FALSE(saved) << c.pointer;
        EXPECT_NE(saved.error().message.find(c.says), std::string::npos) << saved.error().message;
        EXPECT_EQ(saved.error().code, srpt::Errc::usage);
    }
    json twice = example();
    twice["storage_objects"].push_back(twice["storage_objects"][0]);
    EXPECT_NE(srpt::parse_saved(twice.dump(), "f").error().message.find("is a second fileio/vol1"),
              std::string::npos);
    twice = example();
    twice["targets"].push_back(twice["targets"][1]);
    EXPECT_FALSE(srpt::parse_saved(twice.dump(), "f"));
    twice = example();
    twice["targets"][1]["tpgs"].push_back(twice["targets"][1]["tpgs"][0]);
    EXPECT_FALSE(srpt::parse_saved(twice.dump(), "f"));
    twice = example();
    json& acls = twice["targets"][1]["tpgs"][0]["node_acls"];
    acls.push_back(acls[0]);
    acls[1]["node_wwn"] = "7EDD:7700:0075:1100:0011:7500:0077:D708";
    EXPECT_NE(srpt::parse_saved(twice.dump(), "f").error().message.find("a second time"), std::string::npos);
}

TEST(ConfigBad, FilesOfTheWrongKind) {
    Saved m;

    EXPECT_EQ(m.run({"config", "apply", "/absent"}).code, 4);
    EXPECT_EQ(m.run({"config", "apply", kEtc}).code, 2);
    EXPECT_EQ(m.run({"config", "apply"}).code, 2);
    EXPECT_EQ(m.run({"config", "diff", "/absent"}).code, 4);
    EXPECT_EQ(m.run({"config", "restore", "/absent"}).code, 4);
    m.fs.put("/e", "");
    EXPECT_NE(m.run({"config", "diff", "/e"}).err.find("the file is empty"), std::string::npos);
    m.system.devices.erase("/srv/vol1");
    const Answer gone = m.run({"config", "restore"});
    EXPECT_EQ(gone.code, 4);
    EXPECT_NE(gone.err.find("truncate -s 33554432 /srv/vol1"), std::string::npos) << gone.err;
    m.add_file("/srv/vol1", 33554432);
    m.system.devices["/dev/sdc1"].in_use = true;
    EXPECT_EQ(m.run({"config", "restore"}).code, 5);
    m.system.devices["/dev/sdc1"].in_use = false;
    m.system.devices["/dev/sdc1"].kind = srpt::Backing::Kind::file;
    EXPECT_EQ(m.run({"config", "restore"}).code, 2);
}

TEST(ConfigBad, LockModuleAndPermission) {
    Saved m;

    m.system.refuse_lock = true;
    EXPECT_EQ(m.run({"config", "restore"}).code, 3);
    Saved bare;
    bare.fs.reset();
    bare.fs.put(kFile, example().dump());
    bare.system.refuse_module = "ib_srpt";
    EXPECT_EQ(bare.run({"config", "restore"}).code, 6);
    EXPECT_EQ(bare.run({"config", "save"}).code, 6);
}

TEST(ConfigStock, RefusesWildcards) {
    Saved m;
    json j = example();

    m.link.loaded = false;
    m.fs.load_srpt(false);
    j["targets"][1]["tpgs"][0]["node_acls"][0]["node_wwn"] = "*:0011:7500:0077:d708";
    m.put(j);
    EXPECT_EQ(m.run({"config", "restore"}).code, 7);
    // Attributes that only ours has are told, not fatal.
    j = example();
    j["targets"][1]["tpgs"][0]["attributes"]["max_sessions"] = 3;
    m.put(j);
    EXPECT_NE(m.ok({"config", "restore"}).err.find("max_sessions"), std::string::npos);
}

} // namespace
