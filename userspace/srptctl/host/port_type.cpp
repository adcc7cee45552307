// SPDX-License-Identifier: GPL-2.0
#include "host/port_type.hpp"

#include "host/host.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srptctl::host {

using srpt::Errc;
using srpt::fail;
using srpt::host::PortType;
using srpt::host::PortTypeDevice;
using srpt::host::PortTypePort;

namespace {

struct SetRequest {
    std::string device;
    unsigned port = 1;
    std::string type;
    unsigned timeout = 30;
    bool firmware = false;
    bool no_initramfs = false;
};

std::string rdma_names(const PortTypeDevice& device) {
    return device.rdma.empty() ? "-" : fmt::format("{}", fmt::join(device.rdma, ","));
}

srpt::Status port_type_show(const Context& ctx, bool firmware) {
    const Site site(ctx, std::nullopt);
    Report report{"host port-type show", Json::object(), {}, {}};

    report.data["devices"] = Json::array();
    report.text = fmt::format("{:<13} {:<10} {:<14} {:>4}  {:<10} {}\n", "DEVICE", "DRIVER", "RDMA", "PORT",
                              "NOW", "SAVED");
    for (const PortTypeDevice& device : srpt::host::read_port_types(site.files())) {
        std::vector<srpt::host::FirmwareType> saved;
        Json j = {
            {"pci", device.pci}, {"driver", device.driver}, {"rdma", device.rdma}, {"ports", Json::array()}};
        if (firmware) {
            srpt::Result<std::vector<srpt::host::FirmwareType>> types =
                srpt::host::query_firmware(site.programs(), device);
            if (!types) {
                return fail(std::move(types.error()));
            }
            saved = std::move(*types);
        }
        for (const PortTypePort& port : device.ports) {
            std::string kept = port.saved;
            for (const srpt::host::FirmwareType& type : saved) {
                if (type.port == port.number) {
                    kept = type.value;
                }
            }
            j["ports"].push_back(
                {{"port", port.number}, {"now", or_null(port.now)}, {"saved", or_null(kept)}});
            report.text += fmt::format("{:<13} {:<10} {:<14} {:>4}  {:<10} {}\n", device.pci, device.driver,
                                       rdma_names(device), port.number, port.now.empty() ? "-" : port.now,
                                       kept.empty() ? "-" : kept);
        }
        report.data["devices"].push_back(std::move(j));
    }
    if (report.data["devices"].empty()) {
        report.text = "no adapter here is driven by mlx4_core or mlx5_core\n";
    }
    answer(ctx, report);
    return {};
}

void rebuild_initramfs(const Site& site, const SetRequest& request, Report& report) {
    const std::vector<std::string> argv = srpt::host::initramfs_command(site.programs());

    if (request.no_initramfs) {
        return;
    }
    if (argv.empty()) {
        report.notes.emplace_back(
            "there is neither update-initramfs nor dracut: if mlx4_core is loaded from an "
            "initramfs, rebuild that by hand");
        return;
    }
    site.follow_up(argv, report);
}

srpt::Status set_in_firmware(const Site& site, const PortTypeDevice& device, PortType type,
                             const SetRequest& request, Report& report) {
    const std::string line = command_line(srpt::host::firmware_command(device, request.port, type));

    report.data["how"] = "firmware";
    report.data["command"] = line;
    if (site.ctx().options.dry_run) {
        report.text += fmt::format("{}\n", line);
        answer(site.ctx(), report);
        return {};
    }
    if (srpt::Status status = srpt::host::set_firmware(site.programs(), device, request.port, type);
        !status) {
        return status;
    }
    report.text += fmt::format("port {} of {} will be {} after the next reset of the adapter\n", request.port,
                               device.pci, srpt::host::port_type_name(type));
    report.notes.push_back(fmt::format("reboot, or at once: mstfwreset -y -d {} reset", device.pci));
    answer(site.ctx(), report);
    return {};
}

srpt::Status set_in_driver(const Site& site, const PortTypeDevice& device, PortType type,
                           const SetRequest& request, Report& report) {
    const Context& ctx = site.ctx();
    srpt::host::SwitchOptions options;
    srpt::Result<srpt::host::Edit> edit =
        srpt::host::edit_mlx4_conf(site.files(), device, request.port, type);

    if (!edit) {
        return fail(std::move(edit.error()));
    }
    report.data["how"] = "driver";
    // What the driver will not do is not to be remembered.
    if (!ctx.options.dry_run) {
        options.timeout = std::chrono::seconds(request.timeout);
        ctx.env.system.mark_kernel_log();
        options.kernel_log = [&ctx] { return ctx.env.system.kernel_log(); };
        srpt::Result<srpt::host::SwitchResult> result =
            srpt::host::switch_mlx4(site.files(), site.programs(), device, request.port, type, options);
        if (!result) {
            return fail(std::move(result.error()));
        }
        report.data["attempts"] = result->attempts;
        report.data["now"] = result->now;
        report.text += fmt::format("port {} of {} is {} ({})\n", request.port, device.pci, result->now,
                                   result->attempts == 0   ? "as before"
                                   : result->attempts == 1 ? "one request"
                                                           : fmt::format("{} requests", result->attempts));
        if (!result->refusals.empty()) {
            report.notes.emplace_back(srpt::host::kNotSupportedText);
        }
    } else {
        report.text += fmt::format("echo {} >/sys/bus/pci/devices/{}/mlx4_port{}\n",
                                   srpt::host::port_type_name(type), device.pci, request.port);
    }
    if (srpt::Status status = site.edit({*edit}, report); !status) {
        return status;
    }
    if (edit->changes()) {
        rebuild_initramfs(site, request, report);
    }
    answer(ctx, report);
    return {};
}

srpt::Status port_type_set(const Context& ctx, const SetRequest& request) {
    const Site site(ctx, std::nullopt);
    const std::vector<PortTypeDevice> devices = srpt::host::read_port_types(site.files());
    const std::optional<PortType> type = srpt::host::parse_port_type(request.type);
    Report report{"host port-type set", Json::object(), {}, {}};

    if (!type) {
        return fail(Errc::usage, fmt::format("'{}' is no type of a port", request.type),
                    "one of ib, eth, auto");
    }
    srpt::Result<const PortTypeDevice*> device = srpt::host::find_port_type_device(devices, request.device);
    if (!device) {
        return fail(std::move(device.error()));
    }
    report.data["pci"] = (*device)->pci;
    report.data["port"] = request.port;
    report.data["type"] = srpt::host::port_type_name(*type);
    if ((*device)->mlx4() && !request.firmware) {
        return set_in_driver(site, **device, *type, request, report);
    }
    return set_in_firmware(site, **device, *type, request, report);
}

// What /etc/rdma/mlx4.conf says, as the unit does it at boot. The last port
// first: while it is switching the first is refused, not the other way round.
srpt::Status port_type_apply(const Context& ctx) {
    const Site site(ctx, std::nullopt);
    Report report{"host port-type apply", Json::object(), {}, {}};
    std::optional<srpt::Error> failed;

    report.data["ports"] = Json::array();
    for (const PortTypeDevice& device : srpt::host::read_port_types(site.files())) {
        std::vector<PortTypePort> ports = device.ports;
        std::reverse(ports.begin(), ports.end());
        for (const PortTypePort& port : ports) {
            const std::optional<PortType> type = srpt::host::parse_port_type(port.saved);
            if (!type) {
                continue;
            }
            if (ctx.options.dry_run) {
                report.text += fmt::format("port {} of {}: {}, to be {}\n", port.number, device.pci, port.now,
                                           port.saved);
                continue;
            }
            srpt::Result<srpt::host::SwitchResult> result =
                srpt::host::switch_mlx4(site.files(), site.programs(), device, port.number, *type, {});
            if (!result) {
                failed = std::move(result.error());
                report.text += fmt::format("port {} of {}: {}\n", port.number, device.pci, failed->message);
                continue;
            }
            report.data["ports"].push_back(
                {{"pci", device.pci}, {"port", port.number}, {"now", result->now}});
            report.text += fmt::format("port {} of {} is {}\n", port.number, device.pci, result->now);
        }
    }
    answer(ctx, report);
    if (failed) {
        return fail(std::move(*failed));
    }
    return {};
}

} // namespace

void add_port_type(Registry& registry) {
    constexpr std::string_view topic = "host port-type";

    registry.topic("host", "port-type", "InfiniBand or Ethernet, of ConnectX adapters");
    registry.verb(topic, "show", "adapters, their ports, and what these are", [](CLI::App& app) -> Runner {
        auto firmware = std::make_shared<bool>(false);
        app.add_flag("--firmware", *firmware, "ask the adapters too, by mstconfig");
        return [firmware](const Context& ctx) { return port_type_show(ctx, *firmware); };
    });
    registry.verb(topic, "set", "switch a port, now and for good", [](CLI::App& app) -> Runner {
        auto request = std::make_shared<SetRequest>();
        app.add_option("DEVICE", request->device, "PCI address or RDMA device")->required();
        app.add_option("PORT", request->port, "number of the port")->required()->check(CLI::Range(1U, 2U));
        app.add_option("TYPE", request->type, "ib, eth or auto")->required();
        app.add_option("--timeout", request->timeout, "SECONDS to repeat the request (mlx4)")
            ->capture_default_str();
        app.add_flag("--firmware", request->firmware, "by mstconfig on mlx4, too; mlx5 knows no other way");
        app.add_flag("--no-initramfs", request->no_initramfs, "do not rebuild the initramfs");
        return [request](const Context& ctx) { return port_type_set(ctx, *request); };
    });
    registry.verb(topic, "apply", "give mlx4 ports the types in /etc/rdma/mlx4.conf",
                  [](CLI::App& /*app*/) -> Runner { return port_type_apply; });
}

} // namespace srptctl::host
