// SPDX-License-Identifier: GPL-2.0
#include "host/port_type.hpp"

#include "filesystem.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srpt::host {

const std::string_view kNotSupportedLine = "is not supported on this HCA";
const std::string_view kNotSupportedText =
    "The kernel's line 'Requested port type for port N is not supported on this HCA' is normal while the "
    "other "
    "port of the adapter is still being switched: the driver cannot say when it has done that, and refuses a "
    "different type for this port until then. So the request is repeated. If it stays, the adapter cannot do "
    "that type on that port, or not this mixture of types on its two ports.";

namespace {

constexpr const char* kPciDevices = "/sys/bus/pci/devices";
constexpr unsigned kPortsMax = 2;

std::string port_file(const PortTypeDevice& device, unsigned port) {
    return fmt::format("{}/{}/mlx4_port{}", kPciDevices, device.pci, port);
}

bool has_switched(std::string_view now, PortType type) {
    if (type == PortType::autodetect) {
        return now.starts_with("auto");
    }
    return now == port_type_name(type);
}

// "0000:05:00.0 eth ib": device, then a type for each port.
std::vector<std::string> conf_words(const std::string& line) {
    return split_words(std::string_view(line).substr(0, line.find('#')));
}

std::string with_domain(std::string_view pci) {
    const auto colons = std::count(pci.begin(), pci.end(), ':');

    return colons == 1 ? fmt::format("0000:{}", lower(pci)) : lower(pci);
}

void read_mlx4_ports(const Files& files, PortTypeDevice& device) {
    const Result<std::string> conf = files.read(std::string(kMlx4Conf));

    for (unsigned number = 1; number <= kPortsMax; number++) {
        PortTypePort port;
        if (!files.exists(port_file(device, number))) {
            continue;
        }
        port.number = number;
        port.now = files.word(port_file(device, number));
        for (const std::string& line : split_lines(conf.value_or(std::string{}))) {
            const std::vector<std::string> words = conf_words(line);
            if (words.size() > number && with_domain(words[0]) == device.pci) {
                port.saved = words[number];
            }
        }
        device.ports.push_back(std::move(port));
    }
}

// An mlx5 has one function for each port; what it is shows in its RDMA device.
void read_mlx5_ports(const Files& files, PortTypeDevice& device) {
    PortTypePort port;

    for (const std::string& rdma : device.rdma) {
        const std::string layer =
            files.word(fmt::format("/sys/class/infiniband/{}/ports/1/link_layer", rdma));
        port.now = layer == "InfiniBand" ? "ib" : layer == "Ethernet" ? "eth" : "";
    }
    device.ports.push_back(std::move(port));
}

std::string firmware_value(PortType type) {
    switch (type) {
    case PortType::ib:
        return "1";
    case PortType::eth:
        return "2";
    case PortType::autodetect:
        break;
    }
    return "3";
}

Error mstconfig_error(const Outcome& outcome, const PortTypeDevice& device) {
    Error error = make_error(Errc::failed, fmt::format("mstconfig could not do it for {}", device.pci));

    error.kernel = split_lines(trim(outcome.output + "\n" + outcome.errors));
    if (device.mlx4()) {
        error.hint = "mstconfig does not know every old adapter: repeat the command without --firmware";
    }
    return error;
}

Status need_mstconfig(const Programs& programs) {
    if (programs.has("mstconfig")) {
        return {};
    }
    return fail(Errc::not_found, "mstconfig is not installed, and the type is kept in the adapter",
                "apt-get install mstflint (dnf install mstflint), then repeat the command");
}

} // namespace

std::optional<PortType> parse_port_type(std::string_view text) {
    for (const PortType type : {PortType::ib, PortType::eth, PortType::autodetect}) {
        if (lower(text) == port_type_name(type)) {
            return type;
        }
    }
    return std::nullopt;
}

std::string_view port_type_name(PortType type) {
    switch (type) {
    case PortType::ib:
        return "ib";
    case PortType::eth:
        return "eth";
    case PortType::autodetect:
        break;
    }
    return "auto";
}

std::vector<PortTypeDevice> read_port_types(const Files& files) {
    std::vector<PortTypeDevice> devices;

    for (const std::string& pci : files.list(kPciDevices)) {
        const std::string dir = fmt::format("{}/{}", kPciDevices, pci);
        PortTypeDevice device;
        device.driver = files.link_name(dir + "/driver");
        if (device.driver != "mlx4_core" && device.driver != "mlx5_core") {
            continue;
        }
        device.pci = pci;
        device.rdma = files.list(dir + "/infiniband");
        if (device.mlx4()) {
            read_mlx4_ports(files, device);
        } else {
            read_mlx5_ports(files, device);
        }
        devices.push_back(std::move(device));
    }
    return devices;
}

Result<const PortTypeDevice*> find_port_type_device(const std::vector<PortTypeDevice>& devices,
                                                    std::string_view name) {
    std::vector<std::string> names;

    for (const PortTypeDevice& device : devices) {
        if (device.pci == with_domain(name) ||
            std::find(device.rdma.begin(), device.rdma.end(), name) != device.rdma.end()) {
            return &device;
        }
        names.push_back(device.rdma.empty()
                            ? device.pci
                            : fmt::format("{} ({})", device.pci, fmt::join(device.rdma, ", ")));
    }
    return fail(Errc::not_found, fmt::format("{} is no adapter whose port type can be set", name),
                names.empty() ? "no adapter here is driven by mlx4_core or mlx5_core"
                              : fmt::format("adapters here: {}", fmt::join(names, "; ")));
}

Result<SwitchResult> switch_mlx4(Files& files, Programs& programs, const PortTypeDevice& device,
                                 unsigned port, PortType type, const SwitchOptions& options) {
    const std::string path = port_file(device, port);
    const Programs::Clock::time_point end = programs.now() + options.timeout;
    SwitchResult result;

    if (!files.exists(path)) {
        return fail(Errc::not_found, fmt::format("{} has no port {}", device.pci, port),
                    fmt::format("it has {} port(s)", device.ports.size()));
    }
    for (;;) {
        result.now = files.word(path);
        if (has_switched(result.now, type)) {
            return result;
        }
        result.attempts++;
        // The driver compares with the newline that a shell's echo would send.
        const Status status = files.store(path, fmt::format("{}\n", port_type_name(type)));
        if (options.kernel_log) {
            for (std::string& line : options.kernel_log()) {
                if (line.find(kNotSupportedLine) != std::string::npos) {
                    result.refusals.push_back(std::move(line));
                }
            }
        }
        result.now = files.word(path);
        if (has_switched(result.now, type)) {
            return result;
        }
        if (!status && status.error().code == Errc::permission) {
            return fail(status.error());
        }
        if (programs.now() >= end) {
            Error error = status ? make_error(Errc::timeout, "") : status.error();
            error.code = Errc::timeout;
            error.path = path;
            error.message =
                fmt::format("port {} of {} is '{}' and not '{}' after {} requests in {} s", port, device.pci,
                            result.now, port_type_name(type), result.attempts,
                            std::chrono::duration_cast<std::chrono::seconds>(options.timeout).count());
            error.kernel = std::move(result.refusals);
            error.hint = kNotSupportedText;
            return fail(std::move(error));
        }
        programs.sleep(options.interval);
    }
}

Result<Edit> edit_mlx4_conf(const Files& files, const PortTypeDevice& device, unsigned port, PortType type) {
    Result<Edit> edit = begin_edit(files, std::string(kMlx4Conf));
    const std::string name(port_type_name(type));

    if (!edit) {
        return edit;
    }
    if (!edit->existed) {
        edit->after = "# Types of the ports of mlx4 adapters: PCI address, then ib, eth or auto for\n"
                      "# each port. After a change by hand rebuild the initramfs.\n";
    }
    std::vector<std::string> lines = split_lines(edit->after);
    for (std::string& line : lines) {
        std::vector<std::string> words = conf_words(line);
        if (words.empty() || with_domain(words[0]) != device.pci) {
            continue;
        }
        const size_t hash = line.find('#');
        const std::string comment = hash == std::string::npos ? "" : " " + line.substr(hash);
        if (words.size() > port && words[port] == name) {
            return edit;
        }
        // A port before it that the line does not mention keeps what it is.
        for (size_t n = words.size(); n <= port; n++) {
            words.emplace_back(n <= device.ports.size() && device.ports[n - 1].now == "eth" ? "eth" : "ib");
        }
        words[port] = name;
        line = fmt::format("{}{}", fmt::join(words, " "), comment);
        edit->after = join_lines(lines);
        return edit;
    }
    std::string line = device.pci;
    for (const PortTypePort& p : device.ports) {
        line += " ";
        line += p.number == port ? name : p.now.starts_with("auto") ? "auto" : p.now;
    }
    lines.push_back(std::move(line));
    edit->after = join_lines(lines);
    return edit;
}

Result<std::vector<FirmwareType>> query_firmware(Programs& programs, const PortTypeDevice& device) {
    std::vector<FirmwareType> types;

    if (Status status = need_mstconfig(programs); !status) {
        return fail(std::move(status.error()));
    }
    Result<Outcome> outcome = programs.run({"mstconfig", "-d", device.pci, "query"});
    if (!outcome) {
        return fail(std::move(outcome.error()));
    }
    if (outcome->status != 0) {
        return fail(mstconfig_error(*outcome, device));
    }
    // "         LINK_TYPE_P1                                IB(1)"
    for (const std::string& line : split_lines(outcome->output)) {
        std::vector<std::string> words = split_words(line);
        if (!words.empty() && words[0] == "*") { // marks what differs from the default
            words.erase(words.begin());
        }
        constexpr std::string_view key = "LINK_TYPE_P";
        if (words.size() < 2 || !words[0].starts_with(key)) {
            continue;
        }
        FirmwareType type;
        const std::string_view digits = std::string_view(words[0]).substr(key.size());
        if (std::from_chars(digits.data(), digits.data() + digits.size(), type.port).ec == std::errc{}) {
            type.value = words.back();
            types.push_back(std::move(type));
        }
    }
    return types;
}

std::vector<std::string> firmware_command(const PortTypeDevice& device, unsigned port, PortType type) {
    return {"mstconfig", "-y",  "-d",
            device.pci,  "set", fmt::format("LINK_TYPE_P{}={}", port, firmware_value(type))};
}

Status set_firmware(Programs& programs, const PortTypeDevice& device, unsigned port, PortType type) {
    if (Status status = need_mstconfig(programs); !status) {
        return status;
    }
    Result<Outcome> outcome = programs.run(firmware_command(device, port, type));
    if (!outcome) {
        return fail(std::move(outcome.error()));
    }
    if (outcome->status != 0) {
        return fail(mstconfig_error(*outcome, device));
    }
    return {};
}

std::vector<std::string> initramfs_command(const Programs& programs) {
    if (programs.has("update-initramfs")) {
        return {"update-initramfs", "-u"};
    }
    if (programs.has("dracut")) {
        return {"dracut", "--force"};
    }
    return {};
}

} // namespace srpt::host
