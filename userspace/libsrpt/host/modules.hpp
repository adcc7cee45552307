// SPDX-License-Identifier: GPL-2.0
// Which RDMA protocols are loaded with the hardware. Two forms of the
// configuration exist and may exist side by side: the classic
// /etc/rdma/rdma.conf (SRPT_LOAD=yes) and rdma-core's /etc/rdma/modules/*.conf
// (one module a line, a file for each kind of hardware). Both are read, and an
// edit keeps both in step.
#pragma once

#include "host/machine.hpp"

#include <optional>

namespace srpt::host {

struct Protocol {
    std::string_view name;   // IPoIB, SRP, SRPT, ISER, RDS
    std::string_view key;    // SRPT_LOAD
    std::string_view module; // ib_srpt
    std::string_view text;   // what it is
};

const std::vector<Protocol>& protocols();
// In any case; the module's name will do as well.
Result<const Protocol*> find_protocol(std::string_view name);

// A line that says yes or no about a protocol.
struct ModulePlace {
    std::string file;
    unsigned line = 0; // from 1
    bool enabled = false;
};

enum class InKernel { unknown, no, module, builtin };

struct ProtocolState {
    const Protocol* protocol = nullptr;
    std::vector<ModulePlace> places;
    bool enabled = false; // by any of them
    bool loaded = false;
    InKernel in_kernel = InKernel::unknown;
    std::string kernel_file; // ib_srpt.ko as modules.dep names it
};

struct ModulesState {
    bool classic = false; // /etc/rdma/rdma.conf is there
    bool modular = false; // /etc/rdma/modules is there
    std::string release;  // kernel that was looked into, "" if none
    std::string loader;   // path of what loads them with the hardware, "" if nothing does
    std::vector<ProtocolState> protocols;
};

ModulesState read_modules(const Files& files);

// The edits that switch a protocol on or off, on top of those that are
// pending; nothing is added if it is so already.
Result<std::vector<Edit>> edit_protocol(const Files& files, const ModulesState& state,
                                        const Protocol& protocol, bool enable,
                                        std::vector<Edit> pending = {});

// The units and the udev rule that load what is enabled, and switch port types,
// when RDMA hardware appears. Nothing if a package brings them already.
struct LoaderFiles {
    std::string unit;
    std::string port_unit;
    std::string rule;
};
Result<std::vector<Edit>> edit_loader(const Files& files, const LoaderFiles& content, bool install);
inline constexpr std::string_view kLoaderUnit = "srpt-modules.service";
inline constexpr std::string_view kPortTypeUnit = "srpt-port-type.service";
inline constexpr std::string_view kLoaderRule = "91-srpt.rules";

struct LoadResult {
    const Protocol* protocol = nullptr;
    bool was_loaded = false;
    bool loaded = false;
    std::string error;
};
// Loads the modules of what is enabled, and only those not loaded yet. A
// module that cannot be loaded does not keep the others from it.
Result<std::vector<LoadResult>> load_enabled(const Files& files, Programs& programs,
                                             const ModulesState& state);

} // namespace srpt::host
