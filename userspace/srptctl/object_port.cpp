// SPDX-License-Identifier: GPL-2.0
#include "change.hpp"
#include "json_forms.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"

#include <charconv>
#include <memory>

namespace srptctl {

using srpt::Errc;
using srpt::fail;

namespace {

// What the module knows of a port; nothing if it cannot be asked.
std::optional<srpt::PortInfo> served(const std::vector<srpt::PortInfo>& infos, const srpt::RdmaPort& port) {
    for (const srpt::PortInfo& info : infos) {
        if (info.device == port.device && info.num == port.number) {
            return info;
        }
    }
    return std::nullopt;
}

Json port_json(const srpt::RdmaPort& port, const std::optional<srpt::PortInfo>& info) {
    Json j = to_json(port);

    j["ib_cm"] = info ? Json(info->ib_cm) : Json(nullptr);
    j["dm_agent"] = info ? Json(info->dm_agent) : Json(nullptr);
    j["channels"] = info ? Json(info->channels) : Json(nullptr);
    j["targets"] = info ? Json(info->targets) : Json(nullptr);
    return j;
}

std::vector<srpt::PortInfo> ask(const Context& ctx, std::vector<std::string>& notes) {
    if (ctx.module() != Module::ours) {
        notes.emplace_back(ctx.module() == Module::stock
                               ? "the kernel's own ib_srpt does not tell which ports it serves"
                               : "ib_srpt is not loaded: modprobe ib_srpt");
        return {};
    }
    srpt::Result<std::vector<srpt::PortInfo>> infos = ctx.env.link.ports();
    if (!infos) {
        notes.push_back(infos.error().message);
        return {};
    }
    return std::move(*infos);
}

srpt::Status port_list(const Context& ctx) {
    std::vector<std::string> notes;
    const std::vector<srpt::RdmaPort> ports = srpt::read_ports(ctx.env.fs);
    const std::vector<srpt::PortInfo> infos = ask(ctx, notes);

    if (ports.empty()) {
        notes.emplace_back("no RDMA device is present: see 'rdma link'");
    }
    ctx.output.answer(
        "port list",
        [&] {
            Json list = Json::array();
            for (const srpt::RdmaPort& port : ports) {
                list.push_back(port_json(port, served(infos, port)));
            }
            return Json{{"ports", std::move(list)}};
        },
        [&](Page& page) {
            for (const srpt::RdmaPort& port : ports) {
                const std::optional<srpt::PortInfo> info = served(infos, port);
                const std::string state = fmt::format("{:<6}", port.state);
                page.line("{:<12} {}  {:<10}  {}{}", port.name(),
                          port.active() ? page.good(state) : page.warn(state), port.link_layer,
                          port.gid_ident() ? srpt::targetcli_name(port.target_name()) : "no GID yet",
                          info ? fmt::format("  {} channels", info->channels) : "");
            }
        },
        notes);
    return {};
}

srpt::Status port_show(const Context& ctx, const std::string& name) {
    std::vector<std::string> notes;
    const std::vector<srpt::RdmaPort> ports = srpt::read_ports(ctx.env.fs);
    const srpt::Result<const srpt::RdmaPort*> found = srpt::find_port(ports, name);
    if (!found) {
        return fail(found.error());
    }
    const srpt::RdmaPort& port = **found;
    const std::optional<srpt::PortInfo> info = served(ask(ctx, notes), port);
    ctx.output.answer(
        "port show",
        [&] {
            return Json{{"port", port_json(port, info)}};
        },
        [&](Page& page) {
            page.line("{}", page.head(port.name()));
            page.line("  state          {}, {}",
                      port.active() ? page.good(port.state) : page.warn(port.state), port.physical);
            page.line("  link layer     {}{}", port.link_layer,
                      port.netdev.empty() ? "" : fmt::format(" ({})", port.netdev));
            page.line("  rate           {}", port.rate);
            page.line("  GID            {}", port.gid);
            if (!port.ethernet()) {
                page.line("  LID            {}", port.lid);
            }
            if (port.gid_ident()) {
                page.line("  target name    {}", srpt::targetcli_name(port.target_name()));
            }
            if (info) {
                page.line("  IB CM          {}", info->ib_cm ? "logins are taken" : "no");
                page.line("  discovery      {}", info->dm_agent ? "a device-management agent answers" : "no");
                page.line("  channels       {}", info->channels);
                for (const std::string& target : info->targets) {
                    page.line("  serves         {}", srpt::targetcli_name(target));
                }
            }
        },
        notes);
    return {};
}

srpt::Status port_listen(const Context& ctx, const std::string& text) {
    unsigned number = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), number);
    const srpt::Result<srpt::Tree> tree = ctx.tree();

    if (err != std::errc{} || end != text.data() + text.size() || number > 65535) {
        return fail(Errc::usage, fmt::format("'{}' is no port number", text),
                    "0 to 65535; initiators look at 5555, 0 takes no logins by RDMA CM");
    }
    if (!tree) {
        return fail(tree.error());
    }
    srpt::ObjectResult result;
    const unsigned now = tree->rdma_cm_port.value_or(0);
    if (now != number) {
        result.plan.write(tree->fabric_dir() + "/discovery_auth/rdma_cm_port", fmt::format("{}", number),
                          fmt::format("{}", now));
    }
    result.done.push_back(number == 0 ? std::string("logins by RDMA CM are no longer taken")
                                      : fmt::format("logins by RDMA CM are taken on port {}", number));
    return carry_out(ctx, "port listen", std::move(result));
}

Runner attach_port_list(CLI::App& /*app*/) {
    return port_list;
}

Runner attach_port_show(CLI::App& app) {
    auto name = std::make_shared<std::string>();

    app.add_option("PORT", *name, "RDMA port, for example mlx5_0/1")->required();
    return [name](const Context& ctx) { return port_show(ctx, *name); };
}

Runner attach_port_listen(CLI::App& app) {
    auto number = std::make_shared<std::string>();

    app.add_option("NUMBER", *number, "port of RDMA CM; initiators look at 5555; 0: none")->required();
    return [number](const Context& ctx) { return port_listen(ctx, *number); };
}

} // namespace

void add_port(Registry& registry) {
    registry.object("port", "RDMA ports of this machine");
    registry.verb("port", "list", "all ports, with the name a target on each has", attach_port_list);
    registry.verb("port", "show", "one port in full", attach_port_show);
    registry.verb("port", "listen", "where logins by RDMA CM (RoCE, iWARP) are taken", attach_port_listen);
}

} // namespace srptctl
