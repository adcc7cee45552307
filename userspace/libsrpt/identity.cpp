// SPDX-License-Identifier: GPL-2.0
#include "identity.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace srpt {

namespace {

constexpr std::string_view kDefaultPrefix = "fe80000000000000";

// 32 digits, checked by their maker.
Id128 bytes_of(const std::string& digits) {
    const std::optional<Ident> ident = Ident::parse("0x" + digits);

    return ident ? ident->bytes() : Id128{};
}

std::string reversed(const std::string& guid) {
    std::string out;

    for (size_t i = guid.size(); i >= 2; i -= 2) {
        out += guid.substr(i - 2, 2);
    }
    return out;
}

bool is_v4_mapped(const Id128& id) {
    return std::all_of(id.begin(), id.begin() + 10, [](uint8_t b) { return b == 0; }) && id[10] == 0xff &&
           id[11] == 0xff;
}

std::string v4_text(const Id128& id) {
    return fmt::format("{}.{}.{}.{}", id[12], id[13], id[14], id[15]);
}

std::vector<AclMatch> matches(const Tree& tree, const Initiator& who) {
    std::vector<AclMatch> found;

    for (const Target& target : tree.targets) {
        AclMatch best;
        for (const Tpg& tpg : target.tpgs) {
            for (const Acl& acl : tpg.acls) {
                const int rank = acl.ident ? match_rank(*acl.ident, who) : 0;
                if (rank > best.rank) {
                    best = {target.name, acl.name, rank};
                }
            }
        }
        if (best.rank > 0) {
            found.push_back(std::move(best));
        }
    }
    return found;
}

void add_form(Identity& identity, const Tree& tree, std::string by, const std::string& extension,
              const std::string& ip) {
    LoginForm form;

    form.by = std::move(by);
    form.has_port_id = !identity.guid.empty();
    if (form.has_port_id) {
        form.who.i_port_id = bytes_of(extension + identity.guid);
    }
    if (ip.empty() && !identity.gid.empty()) {
        form.who.sgid = bytes_of(identity.gid.substr(2));
    }
    if (const std::optional<Ident> address = Ident::parse(ip)) {
        form.address = ip;
        form.who.ip = address->bytes();
        form.who.sgid = address->bytes(); // RoCE's GID is the address
    }
    form.acls = matches(tree, form.who);
    identity.logins.push_back(std::move(form));
}

void add_forms(Identity& identity, const Tree& tree) {
    const std::string none(16, '0');
    const std::string& target = identity.target_guid;
    // IB CM needs an InfiniBand port; only of ours the link layer is known.
    const bool infiniband = !identity.port || !identity.port->ethernet();

    if (!identity.guid.empty() && infiniband) {
        add_form(identity, tree, "ibsrpdm -c, srp_daemon", none, {});
        if (!target.empty()) {
            add_form(identity, tree, "srp_daemon -n", target, {});
            add_form(identity, tree, "srp_daemon -n, older", reversed(target), {});
        }
    }
    for (const std::string& ip : identity.ips) {
        add_form(identity, tree, "RDMA CM", none, ip);
    }
    if (identity.ips.empty() && !infiniband) {
        add_form(identity, tree, "RDMA CM", none, {});
    }
}

void add_target_forms(Identity& identity, const Tree& tree) {
    const std::string& t = identity.target_guid;

    identity.target_name = identity.gid;
    if (!identity.gid.empty()) {
        identity.targetcli_name = "ib." + identity.gid.substr(2);
    }
    if (t.empty()) {
        return;
    }
    identity.service_name = "SRP.T10:" + t;
    if (!identity.port->ethernet() && !identity.gid.empty()) {
        identity.login_strings.push_back(fmt::format(
            "id_ext={0},ioc_guid={0},dgid={1},pkey=ffff,service_id={0}", t, identity.gid.substr(2)));
    }
    const unsigned cm_port = tree.rdma_cm_port.value_or(0);
    for (const std::string& ip : identity.ips) {
        if (cm_port != 0) {
            identity.login_strings.push_back(
                fmt::format("id_ext={0},ioc_guid={0},dest={1}:{2}", t, ip, cm_port));
        }
    }
}

} // namespace

std::string LoginForm::acl_name() const {
    if (!address.empty()) {
        return address;
    }
    std::string text = "0x";

    for (const uint8_t byte : who.i_port_id) {
        text += fmt::format("{:02x}", byte);
    }
    return text;
}

std::vector<std::string> port_ips(const FileSystem& fs, const RdmaPort& port) {
    const std::string dir = fmt::format("/sys/class/infiniband/{}/ports/{}/gids", port.device, port.number);
    const Result<std::vector<std::string>> indexes = fs.list(dir);
    std::vector<std::string> ips;

    if (!port.ethernet() || !indexes) {
        return ips;
    }
    for (const std::string& index : *indexes) {
        const std::string text = fs.read_or(fmt::format("{}/{}", dir, index));
        const std::optional<Ident> gid = Ident::parse(text);
        std::string ip;
        if (!gid) {
            continue;
        }
        const Id128& id = gid->bytes();
        if (is_v4_mapped(id)) {
            ip = v4_text(id);
        } else if ((id[0] & 0xe0U) == 0x20U || (id[0] & 0xfeU) == 0xfcU) { // global or unique local
            ip = text;
        }
        // RoCE v1 and v2 have an entry each.
        if (!ip.empty() && std::find(ips.begin(), ips.end(), ip) == ips.end()) {
            ips.push_back(std::move(ip));
        }
    }
    return ips;
}

Identity identify_port(const FileSystem& fs, const IdentityInput& input, const RdmaPort& port) {
    Identity identity;

    identity.what = port.name();
    identity.port = port;
    identity.guid = port.guid();
    identity.gid = port.target_name();
    identity.ips = port_ips(fs, port);
    identity.target_guid = input.target_guid;
    add_target_forms(identity, input.tree);
    add_forms(identity, input.tree);
    return identity;
}

Result<Identity> identify(const FileSystem& fs, const IdentityInput& input, const std::string& what) {
    Identity identity;
    const std::optional<Ident> ident = Ident::parse(what);

    if (!ident) {
        Result<const RdmaPort*> port = find_port(input.ports, what);
        if (port) {
            return identify_port(fs, input, **port);
        }
        return fail(std::move(port.error().with_hint(
            port.error().hint + "; or give a GUID (16 hex digits), a GID (32), or an IP address")));
    }
    const std::string hex = ident->hex().substr(2);
    // A GUID or GID of ours is our port.
    for (const RdmaPort& port : input.ports) {
        const bool by_guid = !ident->has_hex_form() && !port.guid().empty() && port.guid() == hex.substr(16);
        if (by_guid || port.target_name() == ident->hex()) {
            return identify_port(fs, input, port);
        }
    }
    identity.what = what;
    identity.target_guid = input.target_guid;
    switch (ident->kind()) {
    case Ident::Kind::ipv4:
        identity.ips.push_back(v4_text(ident->bytes()));
        break;
    case Ident::Kind::guid:
    case Ident::Kind::wild_ext:
        identity.guid = hex.substr(16);
        identity.gid = fmt::format("0x{}{}", kDefaultPrefix, identity.guid);
        identity.gid_assumed = true;
        break;
    case Ident::Kind::id128: {
        const bool compressed = what.find("::") != std::string::npos && !hex.starts_with("fe80");
        const bool address = (ident->bytes()[0] & 0xe0U) == 0x20U || (ident->bytes()[0] & 0xfeU) == 0xfcU;
        if (compressed || address) {
            identity.ips.push_back(what);
        }
        identity.guid = hex.substr(16);
        identity.gid = ident->hex();
        break;
    }
    }
    add_forms(identity, input.tree);
    return identity;
}

} // namespace srpt
