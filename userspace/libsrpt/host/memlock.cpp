// SPDX-License-Identifier: GPL-2.0
#include "host/memlock.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace srpt::host {

const std::string_view kMemlockText = R"(# configuration for rdma tuning
*       soft    memlock         unlimited
*       hard    memlock         unlimited
# rdma tuning end
)";

namespace {

constexpr const char* kMainFile = "/etc/security/limits.conf";
constexpr const char* kDirectory = "/etc/security/limits.d";

bool unlimited(std::string_view value) {
    return value == "unlimited" || value == "infinity" || value == "-1";
}

void read_file(const Files& files, const std::string& path, MemlockState& state) {
    const Result<std::string> text = files.read(path);
    unsigned number = 0;

    if (!text) {
        return;
    }
    for (const std::string& whole : split_lines(*text)) {
        number++;
        const std::vector<std::string> words =
            split_words(std::string_view(whole).substr(0, whole.find('#')));
        if (words.size() != 4 || words[2] != "memlock") {
            continue;
        }
        state.lines.push_back({path, number, words[0], words[1], words[3]});
    }
}

// "Max locked memory         8388608              8388608              bytes"
void read_now(const Files& files, MemlockState& state) {
    for (const std::string& line : split_lines(files.read("/proc/self/limits").value_or(std::string{}))) {
        const std::vector<std::string> words = split_words(line);
        if (words.size() >= 5 && line.starts_with("Max locked memory")) {
            state.now_soft = words[3];
            state.now_hard = words[4];
        }
    }
}

} // namespace

MemlockState read_memlock(const Files& files) {
    MemlockState state;

    read_file(files, kMainFile, state);
    for (const std::string& name : files.list(kDirectory)) {
        if (name.ends_with(".conf")) {
            read_file(files, fmt::format("{}/{}", kDirectory, name), state);
        }
    }
    // The last line for everybody counts.
    for (const MemlockLine& line : state.lines) {
        if (line.domain != "*") {
            continue;
        }
        if (line.type == "soft" || line.type == "-") {
            state.soft = line.value;
        }
        if (line.type == "hard" || line.type == "-") {
            state.hard = line.value;
        }
    }
    state.soft_unlimited = unlimited(state.soft);
    state.hard_unlimited = unlimited(state.hard);
    state.installed = files.exists(std::string(kMemlockFile));
    read_now(files, state);
    return state;
}

Result<Edit> edit_memlock(const Files& files) {
    Result<Edit> edit = begin_edit(files, std::string(kMemlockFile));

    if (edit) {
        edit->after = kMemlockText;
    }
    return edit;
}

} // namespace srpt::host
