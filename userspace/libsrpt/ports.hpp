// SPDX-License-Identifier: GPL-2.0
// The RDMA ports of this machine, from /sys/class/infiniband.
#pragma once

#include "error.hpp"
#include "filesystem.hpp"
#include "ident.hpp"

#include <optional>
#include <string>
#include <vector>

namespace srpt {

struct RdmaPort {
    std::string device;     // mlx5_0
    unsigned number = 1;    // from 1
    std::string state;      // Active, Down, Init, Armed
    std::string physical;   // LinkUp, Polling, ...
    std::string link_layer; // InfiniBand or Ethernet
    std::string rate;       // "40 Gb/sec (4X QDR)"
    std::string gid;        // GID 0, with colons as sysfs prints it
    std::string lid;        // "0x1", InfiniBand only
    std::string netdev;     // of GID 0 on Ethernet, "" if none

    bool active() const { return state == "Active"; }
    bool ethernet() const { return link_layer == "Ethernet"; }
    // "mlx5_0/1"
    std::string name() const;
    // The 128-bit GID, nothing if it is all zero or unreadable.
    std::optional<Ident> gid_ident() const;
    // Last half of the GID: "001175000077dd7e".
    std::string guid() const;
    // Name of a target on this port: "0x" and 32 digits.
    std::string target_name() const;
};

// No RDMA device is an empty list, not an error.
std::vector<RdmaPort> read_ports(const FileSystem& fs, const std::string& root = "/sys/class/infiniband");

// "mlx5_0/1", "mlx5_0:1" or "mlx5_0" when it has one port.
Result<const RdmaPort*> find_port(const std::vector<RdmaPort>& ports, std::string_view name);

} // namespace srpt
