// SPDX-License-Identifier: GPL-2.0
// The text is read by a parser that is as strict as the standard: names and
// types, families that stand together, suffixes, escapes, buckets, the end.
#include "metrics.hpp"

#include "host_harness.hpp"

#include <cctype>
#include <regex>

using namespace testing_srpt;

namespace {

struct Sample {
    std::string name;
    std::map<std::string, std::string> labels;
    std::string value;
};

struct Family {
    std::string type;
    std::string unit;
    std::string help;
    std::vector<Sample> samples;
};

// Labels between braces; `at` is behind the opening one, then behind the
// closing one.
void parse_labels(const std::string& line, size_t& at, Sample& sample) {
    static const std::regex name_form("[a-zA-Z_][a-zA-Z0-9_]*");

    while (line.at(at) != '}') {
        const size_t equals = line.find("=\"", at);
        const std::string name = line.substr(at, equals - at);
        std::string value;
        EXPECT_TRUE(std::regex_match(name, name_form)) << line;
        at = equals + 2;
        while (line.at(at) != '"') {
            if (line[at] == '\\') {
                at++;
                const char c = line.at(at);
                EXPECT_TRUE(c == '\\' || c == '"' || c == 'n') << line;
                value += c == 'n' ? '\n' : c;
            } else {
                value += line[at];
            }
            at++;
        }
        at++;
        EXPECT_TRUE(sample.labels.emplace(name, value).second) << "label twice: " << line;
        if (line.at(at) == ',') {
            at++;
            EXPECT_NE(line.at(at), '}') << line;
        }
    }
    at++;
}

std::map<std::string, Family> parse(const std::string& text) {
    static const std::regex name_form("[a-zA-Z_:][a-zA-Z0-9_:]*");
    static const std::regex number("[0-9]+(\\.[0-9]+)?(e[+-]?[0-9]+)?");
    const std::map<std::string, std::set<std::string>> suffixes = {
        {"gauge", {""}}, {"counter", {"_total"}}, {"histogram", {"_bucket"}}, {"info", {"_info"}}};
    std::map<std::string, Family> families;
    std::set<std::string> seen;
    std::string current;
    bool ended = false;

    EXPECT_TRUE(text.ends_with("# EOF\n"));
    for (const std::string& line : srpt::host::split_lines(text)) {
        EXPECT_FALSE(ended) << "behind the end: " << line;
        EXPECT_FALSE(line.empty());
        if (line == "# EOF") {
            ended = true;
            continue;
        }
        if (line.starts_with("# ")) {
            const std::vector<std::string> words = srpt::host::split_words(line);
            const std::string& name = words.at(2);
            if (words[1] == "TYPE") {
                EXPECT_TRUE(std::regex_match(name, name_form)) << name;
                EXPECT_FALSE(families.contains(name)) << "twice: " << name;
                EXPECT_TRUE(suffixes.contains(words.at(3))) << line;
                EXPECT_FALSE(name.ends_with("_total")) << "the suffix belongs to the sample: " << name;
                families[name].type = words.at(3);
                current = name;
            } else if (words[1] == "UNIT") {
                EXPECT_EQ(name, current);
                EXPECT_TRUE(name.ends_with("_" + words.at(3))) << line;
                families[name].unit = words.at(3);
            } else {
                EXPECT_EQ(words[1], "HELP") << line;
                EXPECT_EQ(name, current);
                EXPECT_GT(words.size(), 3U);
                families[name].help = words.at(3);
            }
            EXPECT_TRUE(families[name].samples.empty()) << "metadata behind samples: " << line;
            continue;
        }
        Sample sample;
        size_t at = line.find_first_of("{ ");
        sample.name = line.substr(0, at);
        EXPECT_TRUE(sample.name.starts_with(current)) << "outside of its family: " << line;
        EXPECT_TRUE(suffixes.at(families[current].type).contains(sample.name.substr(current.size()))) << line;
        if (line[at] == '{') {
            at++;
            parse_labels(line, at, sample);
        }
        EXPECT_EQ(line.at(at), ' ') << line;
        sample.value = line.substr(at + 1);
        EXPECT_TRUE(std::regex_match(sample.value, number)) << line;
        EXPECT_TRUE(seen.insert(line.substr(0, at)).second) << "sample twice: " << line;
        families[current].samples.push_back(sample);
    }
    EXPECT_TRUE(ended);
    return families;
}

void check_histograms(const std::map<std::string, Family>& families) {
    for (const auto& [name, family] : families) {
        if (family.type != "histogram") {
            continue;
        }
        double le = -1;
        double count = -1;
        std::map<std::string, std::string> series;
        for (const Sample& sample : family.samples) {
            auto labels = sample.labels;
            const std::string bound = labels.at("le");
            labels.erase("le");
            if (labels != series) {
                series = labels;
                le = -1;
                count = -1;
            }
            const double now = bound == "+Inf" ? 1e300 : std::stod(bound);
            EXPECT_GT(now, le) << name;
            EXPECT_GE(std::stod(sample.value), count) << name << ": not cumulative";
            le = now;
            count = std::stod(sample.value);
            if (bound == "+Inf") {
                le = -1;
            }
        }
        EXPECT_TRUE(family.samples.empty() || family.samples.back().labels.at("le") == "+Inf");
    }
}

const Sample& sample_of(const std::map<std::string, Family>& families, const std::string& family,
                        const std::string& label = {}, const std::string& value = {}) {
    static const Sample none;

    for (const Sample& sample : families.at(family).samples) {
        if (label.empty() || (sample.labels.contains(label) && sample.labels.at(label) == value)) {
            return sample;
        }
    }
    ADD_FAILURE() << "no sample of " << family;
    return none;
}

struct Metrics : HostMachine, ::testing::Test {
    void busy() {
        ok({"export", "/dev/sdc1", "--acl", kInitiator});
        srpt::SessionInfo session = make_session(3, kInitiator, kInitiator);
        session.stats.read_latency[0] = 2;
        session.stats.read_latency[5] = 3;
        session.stats.read_latency[srpt::kLatencyBuckets - 1] = 1;
        link.session_list = {session, make_session(4, kOther, kOther)};
        link.channel_list = {make_channel(3, 1, kInitiator), make_channel(4, 1, kOther)};
        link.channel_list[1].state = "draining";
        srpt::RejectInfo reject = make_reject("0x0000000000000000001175000077bbbb", 100);
        reject.device = "od\"d\\name\nhere";
        link.reject_list = {reject};
        link.info.rejects = 9;
        srpt::PortInfo port;
        port.device = "qib0";
        port.pool_bytes = 1 << 20;
        port.pool_kept_bytes = 1 << 18;
        link.port_list = {port, port};
    }
};

TEST_F(Metrics, ObeysTheStandard) {
    busy();
    const auto families = parse(ok({"metrics"}).out);
    check_histograms(families);
    for (const auto& [name, family] : families) {
        EXPECT_FALSE(family.type.empty()) << name;
        EXPECT_FALSE(family.help.empty()) << name;
        EXPECT_TRUE(name.starts_with("srpt")) << name;
        EXPECT_EQ(name.ends_with("_bytes") || name.ends_with("_seconds"), !family.unit.empty()) << name;
    }
}

TEST_F(Metrics, SaysWhatThereIs) {
    busy();
    const auto f = parse(ok({"metrics"}).out);
    EXPECT_EQ(sample_of(f, "srpt_up").value, "1");
    EXPECT_EQ(sample_of(f, "srpt_rejects").value, "9");
    EXPECT_EQ(sample_of(f, "srpt_port_active", "device", "qib0").labels.at("gid"), kGid);
    EXPECT_EQ(sample_of(f, "srpt_port_channels", "device", "qib0").value, "2");
    EXPECT_EQ(sample_of(f, "srpt_pool_bytes", "state", "used").value, "786432");
    EXPECT_EQ(sample_of(f, "srpt_pool_bytes", "state", "kept").value, "262144");
    EXPECT_EQ(f.at("srpt_pool_bytes").samples.size(), 2U);
    EXPECT_EQ(sample_of(f, "srpt_target_sessions", "target", kGid).value, "2");
    EXPECT_EQ(sample_of(f, "srpt_target_luns", "target", kGid).value, "1");
    EXPECT_EQ(sample_of(f, "srpt_session_commands", "session", "3").value, "7");
    EXPECT_EQ(sample_of(f, "srpt_session_transferred_bytes", "session", "3").value, "28672");
    EXPECT_EQ(sample_of(f, "srpt_channel_live", "session", "4").value, "0");
    EXPECT_EQ(sample_of(f, "srpt_channel_credit_free", "session", "3").value, "120");
    EXPECT_EQ(sample_of(f, "srpt_session_latency_seconds", "le", "2e-06").value, "2");
    EXPECT_EQ(sample_of(f, "srpt_session_latency_seconds", "le", "6.4e-05").value, "5");
    EXPECT_EQ(sample_of(f, "srpt_session_latency_seconds", "le", "+Inf").value, "6");
    // What was escaped comes back as it was.
    EXPECT_EQ(sample_of(f, "srpt_refused_initiator_logins").labels.at("device"), "od\"d\\name\nhere");
    EXPECT_EQ(sample_of(f, "srpt_refused_initiator_logins").value, "3");
}

TEST_F(Metrics, WithoutOurModule) {
    link.loaded = false;
    fs.reset();
    fs.mount();
    const auto absent = parse(ok({"metrics"}).out);
    EXPECT_EQ(sample_of(absent, "srpt_up").value, "0");
    EXPECT_EQ(sample_of(absent, "srpt").labels.at("module"), "absent");
    EXPECT_FALSE(absent.contains("srpt_session_commands"));
    fs.put_dir("/sys/module/ib_srpt");
    EXPECT_EQ(sample_of(parse(ok({"metrics"}).out), "srpt").labels.at("module"), "in-tree");
}

TEST_F(Metrics, AFailureWritesNothing) {
    files.put("/m/srpt.prom", "old\n");
    link.error = srpt::make_error(srpt::Errc::permission, "not allowed");
    const Answer answer = run({"metrics", "--output", "/m/srpt.prom"});
    EXPECT_EQ(answer.code, 3);
    EXPECT_EQ(answer.out, "");
    EXPECT_EQ(files.text("/m/srpt.prom"), "old\n");
}

TEST_F(Metrics, TheFileIsReplacedAtOnce) {
    busy();
    EXPECT_EQ(ok({"metrics", "--output", "/var/lib/prometheus/node-exporter/srpt.prom"}).out, "");
    const std::string text = files.text("/var/lib/prometheus/node-exporter/srpt.prom");
    EXPECT_EQ(text, ok({"metrics"}).out);
    EXPECT_EQ(all().size(), 1U) << "a temporary file is left";
    const auto mode =
        std::filesystem::status(files.root() + "/var/lib/prometheus/node-exporter/srpt.prom").permissions();
    EXPECT_EQ(mode, std::filesystem::perms(0644)); // the exporter is another user
}

// The dashboard asks only for what is there.
TEST_F(Metrics, TheDashboardNamesExistingMetrics) {
    busy();
    const auto families = parse(ok({"metrics"}).out);
    std::ifstream in(SRPT_SOURCE_DIR "/data/srpt-dashboard.json");
    const nlohmann::json dashboard = nlohmann::json::parse(in);
    static const std::regex metric("srpt_[a-z_]+");
    unsigned queries = 0;

    for (const auto& panel : dashboard["panels"]) {
        for (const auto& target : panel.value("targets", nlohmann::json::array())) {
            const std::string query = target["expr"];
            for (std::sregex_iterator it(query.begin(), query.end(), metric); it != std::sregex_iterator();
                 ++it) {
                std::string name = it->str();
                for (const char* suffix : {"_total", "_bucket"}) {
                    if (name.ends_with(suffix)) {
                        name.resize(name.size() - std::string(suffix).size());
                    }
                }
                EXPECT_TRUE(families.contains(name) || families.contains(name.substr(0, name.rfind("_info"))))
                    << name;
                queries++;
            }
        }
    }
    EXPECT_GE(queries, 10U);
}

} // namespace
