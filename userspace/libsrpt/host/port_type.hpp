// SPDX-License-Identifier: GPL-2.0
// The link layer of ports of ConnectX adapters, which can be InfiniBand or
// Ethernet. mlx4 switches while it runs (sysfs) and forgets with a reboot, so
// /etc/rdma/mlx4.conf remembers; mlx5 keeps it in the adapter, where mstconfig
// sets it, and takes it with the next reset.
#pragma once

#include "host/machine.hpp"

#include <functional>
#include <optional>

namespace srpt::host {

enum class PortType { ib, eth, autodetect };

std::optional<PortType> parse_port_type(std::string_view text);
std::string_view port_type_name(PortType type);

struct PortTypePort {
    unsigned number = 1;
    std::string now;   // "ib", "eth", "auto (eth)"; of mlx5 what is active, "" if unknown
    std::string saved; // mlx4.conf; "" if it says nothing
};

struct PortTypeDevice {
    std::string pci;               // 0000:05:00.0
    std::string driver;            // mlx4_core or mlx5_core
    std::vector<std::string> rdma; // mlx4_0
    std::vector<PortTypePort> ports;

    bool mlx4() const { return driver == "mlx4_core"; }
};

inline constexpr std::string_view kMlx4Conf = "/etc/rdma/mlx4.conf";

std::vector<PortTypeDevice> read_port_types(const Files& files);
// By PCI address (with or without its domain) or RDMA device.
Result<const PortTypeDevice*> find_port_type_device(const std::vector<PortTypeDevice>& devices,
                                                    std::string_view name);

struct SwitchOptions {
    std::chrono::milliseconds timeout{30000};
    std::chrono::milliseconds interval{500};
    // What the kernel has logged since the last call.
    std::function<std::vector<std::string>()> kernel_log;
};

struct SwitchResult {
    unsigned attempts = 0;
    std::string now;
    std::vector<std::string> refusals; // kernel lines met on the way
};

// Asks the driver of an mlx4 for it until the port has switched.
Result<SwitchResult> switch_mlx4(Files& files, Programs& programs, const PortTypeDevice& device,
                                 unsigned port, PortType type, const SwitchOptions& options);
// The line of mlx4.conf, others and comments kept.
Result<Edit> edit_mlx4_conf(const Files& files, const PortTypeDevice& device, unsigned port, PortType type);

// What mstconfig has for each port, current and after the next reset.
struct FirmwareType {
    unsigned port = 1;
    std::string value; // "IB(1)"
};
Result<std::vector<FirmwareType>> query_firmware(Programs& programs, const PortTypeDevice& device);
Status set_firmware(Programs& programs, const PortTypeDevice& device, unsigned port, PortType type);
std::vector<std::string> firmware_command(const PortTypeDevice& device, unsigned port, PortType type);

// The command that puts changed files into the initramfs; empty if this system
// has none.
std::vector<std::string> initramfs_command(const Programs& programs);

// What "Requested port type for port N is not supported on this HCA" means.
extern const std::string_view kNotSupportedText;
extern const std::string_view kNotSupportedLine;

} // namespace srpt::host
