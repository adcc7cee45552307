// SPDX-License-Identifier: GPL-2.0
#include "ports.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srpt {

namespace {

// sysfs prints "4: ACTIVE" and "5: LinkUp".
std::string after_colon(const std::string& text) {
    const size_t colon = text.find(": ");

    return colon == std::string::npos ? text : text.substr(colon + 2);
}

std::string capitalised(std::string text) {
    for (size_t i = 1; i < text.size(); i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = static_cast<char>(text[i] - 'A' + 'a');
        }
    }
    return text;
}

RdmaPort read_port(const FileSystem& fs, const std::string& dir, const std::string& device, unsigned number) {
    RdmaPort port;

    port.device = device;
    port.number = number;
    port.state = capitalised(after_colon(fs.read_or(dir + "/state", "Unknown")));
    port.physical = after_colon(fs.read_or(dir + "/phys_state"));
    port.link_layer = fs.read_or(dir + "/link_layer", "InfiniBand");
    port.rate = fs.read_or(dir + "/rate");
    port.gid = fs.read_or(dir + "/gids/0");
    if (port.ethernet()) {
        port.netdev = fs.read_or(dir + "/gid_attrs/ndevs/0");
    } else {
        port.lid = fs.read_or(dir + "/lid");
    }
    return port;
}

} // namespace

std::string RdmaPort::name() const {
    return fmt::format("{}/{}", device, number);
}

std::optional<Ident> RdmaPort::gid_ident() const {
    std::optional<Ident> ident = Ident::parse(gid);

    if (ident &&
        std::all_of(ident->bytes().begin(), ident->bytes().end(), [](uint8_t b) { return b == 0; })) {
        return std::nullopt;
    }
    return ident;
}

std::string RdmaPort::guid() const {
    const std::optional<Ident> ident = gid_ident();

    return ident ? ident->hex().substr(18) : std::string{};
}

std::string RdmaPort::target_name() const {
    const std::optional<Ident> ident = gid_ident();

    return ident ? ident->hex() : std::string{};
}

std::vector<RdmaPort> read_ports(const FileSystem& fs, const std::string& root) {
    std::vector<RdmaPort> ports;
    const Result<std::vector<std::string>> devices = fs.list(root);

    if (!devices) {
        return ports;
    }
    for (const std::string& device : *devices) {
        const std::string dir = fmt::format("{}/{}/ports", root, device);
        const Result<std::vector<std::string>> numbers = fs.list(dir);
        if (!numbers) {
            continue;
        }
        for (const std::string& text : *numbers) {
            unsigned number = 0;
            const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), number);
            if (err == std::errc{} && end == text.data() + text.size()) {
                ports.push_back(read_port(fs, fmt::format("{}/{}", dir, text), device, number));
            }
        }
    }
    std::sort(ports.begin(), ports.end(), [](const RdmaPort& a, const RdmaPort& b) {
        return a.device != b.device ? a.device < b.device : a.number < b.number;
    });
    return ports;
}

Result<const RdmaPort*> find_port(const std::vector<RdmaPort>& ports, std::string_view name) {
    std::vector<std::string> names;
    std::vector<const RdmaPort*> found;

    for (const RdmaPort& port : ports) {
        names.push_back(port.name());
        if (name == port.device || name == port.name() ||
            name == fmt::format("{}:{}", port.device, port.number)) {
            found.push_back(&port);
        }
    }
    if (found.size() == 1) {
        return found.front();
    }
    if (found.empty()) {
        return fail(Errc::not_found, fmt::format("there is no RDMA port {}", name),
                    names.empty() ? "no RDMA device is present: see 'rdma link'"
                                  : fmt::format("ports here: {}", fmt::join(names, ", ")));
    }
    return fail(Errc::usage, fmt::format("{} has several ports", name),
                fmt::format("name one of: {}", fmt::join(names, ", ")));
}

} // namespace srpt
