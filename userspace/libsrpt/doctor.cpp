// SPDX-License-Identifier: GPL-2.0
#include "doctor.hpp"

#include "store.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace srpt {

namespace {

using Level = Finding::Level;

constexpr uint32_t kIsDeviceManagement = 1U << 19; // of a port's capability mask

// Also in the form of 32 digits that such an ACL has in configfs: ::ffff:a.b.c.d.
bool is_ipv4(const Ident& ident) {
    const auto& b = ident.bytes();

    return ident.kind() == Ident::Kind::ipv4 ||
           (ident.kind() == Ident::Kind::id128 && b[10] == 0xff && b[11] == 0xff &&
            std::all_of(b.begin(), b.begin() + 10, [](uint8_t byte) { return byte == 0; }));
}

class Examiner {
  public:
    explicit Examiner(const Patient& patient) : p_(patient) {}

    std::vector<Finding> run();

  private:
    void module();
    void ports();
    void listener();
    void is_dm();
    void backstores();
    void targets();
    void luns(const Target& target, const Tpg& tpg);
    void acls(const Target& target, const Tpg& tpg);
    void acl_form(const Target& target, const Tpg& tpg, const Acl& acl);
    void disabled(const Target& target, const Tpg& tpg);
    void leftovers();

    Finding& found(Level level, std::string id, std::string text, std::string path = {}) {
        return findings_.emplace_back(Finding{level, std::move(id), std::move(text), std::move(path), {}});
    }
    // " --target NAME" where it must be said.
    std::string on(const Target& target) const {
        return p_.tree.targets.size() > 1 ? " --target " + targetcli_name(target.name) : std::string{};
    }
    const RdmaPort* port_of(const Target& target) const;

    const Patient& p_;
    std::vector<Finding> findings_;
};

const RdmaPort* Examiner::port_of(const Target& target) const {
    for (const RdmaPort& port : p_.ports) {
        const std::optional<Ident> gid = port.gid_ident();
        const bool by_gid = gid && target.ident && *gid == *target.ident;
        if (by_gid || same_name(port.guid(), target.name)) {
            return &port;
        }
    }
    return nullptr;
}

void Examiner::module() {
    if (!p_.tree.configfs) {
        found(Level::error, "configfs", "configfs is not mounted", p_.tree.root).commands = {
            "mount -t configfs configfs /sys/kernel/config"};
    }
    if (!p_.loaded) {
        found(Level::error, "module-absent", "ib_srpt is not loaded").commands = {"modprobe ib_srpt"};
    } else if (p_.stock) {
        found(
            Level::warning, "module-stock",
            "the loaded ib_srpt is the kernel's own: sessions, refused logins, events and counters cannot be "
            "shown, and ACLs are compared letter by letter")
            .commands = {"apt-get install srpt-dkms", "modprobe -r ib_srpt && modprobe ib_srpt",
                         "srptctl config restore"};
    }
    if (p_.loaded && !p_.tree.fabric) {
        found(Level::error, "no-fabric", "no SRP target is configured").commands = {"srptctl export DEVICE"};
    }
}

void Examiner::ports() {
    if (p_.ports.empty()) {
        found(Level::error, "no-hca", "no RDMA device is present").commands = {"rdma link",
                                                                               "lspci -nn -d 15b3:"};
    }
    for (const RdmaPort& port : p_.ports) {
        const bool used = std::any_of(p_.tree.targets.begin(), p_.tree.targets.end(),
                                      [&](const Target& target) { return port_of(target) == &port; });
        if (port.active() && port.gid_ident()) {
            continue;
        }
        Finding& f = found(used ? Level::error : Level::hint, "port-down",
                           fmt::format("port {} is {}, {}{}", port.name(), port.state, port.physical,
                                       used ? ": no initiator reaches its target" : "; no target is on it"));
        if (port.ethernet()) {
            f.commands = {port.netdev.empty() ? "ip link" : fmt::format("ip link set {} up", port.netdev)};
        } else if (port.physical == "LinkUp") {
            f.text += "; a port in this state waits for a subnet manager";
            f.commands = {"apt-get install opensm", "systemctl start opensm"};
        } else {
            f.text += "; is the cable in, and the other side up?";
            f.commands = {fmt::format("ibstat {} {}", port.device, port.number)};
        }
    }
}

void Examiner::listener() {
    if (p_.tree.rdma_cm_port.value_or(0) != 0) {
        return;
    }
    for (const Target& target : p_.tree.targets) {
        const RdmaPort* port = port_of(target);
        if (port != nullptr && port->ethernet()) {
            found(Level::error, "no-listener",
                  fmt::format("{} is on an Ethernet port, and no RDMA CM port is set: nobody can log in",
                              targetcli_name(target.name)),
                  p_.tree.fabric_dir() + "/discovery_auth/rdma_cm_port")
                .commands = {"srptctl port listen 5555"};
            return;
        }
    }
}

void Examiner::is_dm() {
    for (const Target& target : p_.tree.targets) {
        const RdmaPort* port = port_of(target);
        const bool enabled =
            std::any_of(target.tpgs.begin(), target.tpgs.end(), [](const Tpg& tpg) { return tpg.enabled; });
        if (port == nullptr || port->ethernet() || !port->active() || !enabled) {
            continue;
        }
        const std::string path =
            fmt::format("/sys/class/infiniband/{}/ports/{}/cap_mask", port->device, port->number);
        std::string text = p_.fs.read_or(path);
        uint32_t mask = 0;
        text.erase(0, text.starts_with("0x") ? 2 : 0);
        const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), mask, 16);
        if (text.empty() || err != std::errc{} || end != text.data() + text.size()) {
            continue;
        }
        if ((mask & kIsDeviceManagement) == 0) {
            found(
                Level::warning, "not-announced",
                fmt::format("port {} does not announce device management: srp_daemon and ibsrpdm do not find "
                            "its target",
                            port->name()),
                path)
                .commands = {fmt::format("srptctl target disable {0} && srptctl target enable {0}",
                                         targetcli_name(target.name))};
        }
    }
    for (const PortInfo& info : p_.served) {
        if (info.link_layer == "infiniband" && !info.targets.empty() && !info.ib_cm) {
            found(Level::error, "no-ib-cm",
                  fmt::format("{}/{} takes no logins by the IB connection manager", info.device, info.num))
                .commands = {"modprobe ib_cm", "dmesg | grep ib_srpt"};
        }
    }
}

void Examiner::backstores() {
    for (const Backstore& store : p_.tree.backstores) {
        const std::string label = fmt::format("{}/{}", store.plugin, store.name);
        if (!store.enabled) {
            found(Level::warning, "backstore-half", fmt::format("back end {} was left half made", label),
                  store.path)
                .commands = {fmt::format("srptctl backstore delete {}", label)};
        } else if (!store.device.empty() && store.device[0] == '/' &&
                   p_.fs.kind(store.device) == FileSystem::Kind::none) {
            found(Level::error, "device-gone",
                  fmt::format("{}, which back end {} was made of, is gone", store.device, label), store.path)
                .commands = {fmt::format("srptctl unexport {}", label)};
        } else if (store.users.empty() && plugin_directory(store.plugin)) {
            found(Level::hint, "backstore-unused", fmt::format("no LUN leads to back end {}", label),
                  store.path)
                .commands = {fmt::format("srptctl lun add {}", label),
                             fmt::format("srptctl backstore delete {}", label)};
        }
    }
}

void Examiner::leftovers() {
    for (const std::string& name : p_.fs.list_or_empty(p_.tree.core_dir())) {
        const std::string dir = fmt::format("{}/{}", p_.tree.core_dir(), name);
        const size_t tail = name.rfind('_');
        if (name == "alua" || tail == std::string::npos || tail + 1 == name.size() ||
            !std::all_of(name.begin() + static_cast<std::ptrdiff_t>(tail) + 1, name.end(),
                         [](char c) { return c >= '0' && c <= '9'; }) ||
            !p_.fs.is_directory(dir)) {
            continue;
        }
        const std::vector<std::string> content = p_.fs.list_or_empty(dir);
        if (std::none_of(content.begin(), content.end(), [&](const std::string& entry) {
                return p_.fs.is_directory(fmt::format("{}/{}", dir, entry));
            })) {
            found(Level::hint, "adapter-empty", fmt::format("adapter {} holds no back end", name), dir)
                .commands = {"rmdir " + dir};
        }
    }
}

void Examiner::luns(const Target& target, const Tpg& tpg) {
    const std::string label = targetcli_name(target.name);

    for (const Lun& lun : tpg.luns) {
        const bool mapped = std::any_of(tpg.acls.begin(), tpg.acls.end(), [&](const Acl& acl) {
            return std::any_of(acl.luns.begin(), acl.luns.end(),
                               [&](const MappedLun& m) { return m.lun == lun.index; });
        });
        if (lun.backstore_path.empty()) {
            found(Level::warning, "lun-half", fmt::format("LUN {} of {} leads nowhere", lun.index, label),
                  lun.path)
                .commands = {fmt::format("srptctl lun remove {}{}", lun.index, on(target))};
        } else if (!mapped && !tpg.admits_anyone()) {
            found(Level::warning, "lun-unmapped",
                  fmt::format("LUN {} of {} is mapped to nobody", lun.index, label), lun.path)
                .commands = {
                tpg.acls.size() == 1
                    ? fmt::format("srptctl acl map {} {}{}", tpg.acls.front().name, lun.index, on(target))
                    : fmt::format("srptctl acl map ID {}{}", lun.index, on(target)),
                fmt::format("srptctl lun remove {}{}", lun.index, on(target))};
        }
    }
}

// Names that no initiator could show to the module that is loaded.
void Examiner::acl_form(const Target& target, const Tpg& tpg, const Acl& acl) {
    std::string why;
    std::string better;

    if (!acl.ident) {
        why = "it is no name of an initiator";
    } else if (p_.stock && acl.name != acl.ident->acl_name(true)) {
        why = "the kernel's own module compares names letter by letter";
        better = acl.ident->acl_name(true);
    } else if (acl.ident->kind() == Ident::Kind::wild_ext && p_.stock) {
        why = "the kernel's own module knows no wildcards";
    } else if (is_ipv4(*acl.ident) && p_.tree.rdma_cm_port.value_or(0) == 0) {
        found(Level::warning, "acl-no-match",
              fmt::format("ACL {} cannot match: an IP address is seen with RDMA CM only, and no port is set",
                          acl.name),
              acl.path)
            .commands = {"srptctl port listen 5555"};
        return;
    } else if (std::all_of(acl.ident->bytes().begin() + 8, acl.ident->bytes().end(),
                           [](uint8_t b) { return b == 0; })) {
        why = "no port has a GUID of zeros";
    } else if (acl.ident->kind() == Ident::Kind::id128 && acl.ident->bytes()[0] == 0xff) {
        why = "it is the address of a multicast group";
    }
    if (!why.empty()) {
        Finding& f = found(Level::error, "acl-no-match",
                           fmt::format("ACL {} cannot match: {}", acl.name, why), acl.path);
        f.commands.push_back(fmt::format("srptctl acl delete {}{}", acl.name, on(target)));
        if (!better.empty()) {
            f.commands.push_back(fmt::format("srptctl acl create {}{}", better, on(target)));
        }
        return;
    }
    for (const Acl& other : tpg.acls) {
        if (&other < &acl && other.ident && *other.ident == *acl.ident) {
            found(Level::warning, "acl-twice",
                  fmt::format("ACLs {} and {} mean the same initiator", other.name, acl.name), acl.path)
                .commands = {fmt::format("srptctl acl delete {}{}", acl.name, on(target))};
        }
    }
}

void Examiner::acls(const Target& target, const Tpg& tpg) {
    const std::string label = targetcli_name(target.name);

    for (const Acl& acl : tpg.acls) {
        acl_form(target, tpg, acl);
        if (acl.luns.empty()) {
            found(Level::warning, "acl-no-lun",
                  fmt::format("ACL {} of {} has no mapped LUN: its initiator logs in and sees nothing",
                              acl.name, label),
                  acl.path)
                .commands = {
                tpg.luns.size() == 1
                    ? fmt::format("srptctl acl map {} {}{}", acl.name, tpg.luns.front().index, on(target))
                    : fmt::format("srptctl acl allow {}{}", acl.name, on(target))};
        }
        for (const MappedLun& mapped : acl.luns) {
            if (!mapped.lun) {
                found(Level::warning, "mapped-half",
                      fmt::format("mapped LUN {} of {} leads nowhere", mapped.index, acl.name), mapped.path)
                    .commands = {
                    fmt::format("srptctl acl unmap {} {}{}", acl.name, mapped.index, on(target))};
            }
        }
    }
    if (tpg.acls.empty() && tpg.enabled && !tpg.admits_anyone()) {
        found(Level::warning, "no-acl", fmt::format("{} has no ACL: nobody can log in", label), tpg.path)
            .commands = {p_.rejects.empty() ? "srptctl acl create ID" : "srptctl acl allow --last"};
    }
}

void Examiner::disabled(const Target& target, const Tpg& tpg) {
    const std::string label = targetcli_name(target.name);
    Finding& f = found(Level::warning, "target-disabled",
                       fmt::format("target {} is disabled: nobody can log in", label), tpg.path);

    f.commands = {fmt::format("srptctl target enable {}", label)};
    // Enabling comes last. Where nobody has been admitted before, what made
    // the target may have been killed, and its user may want to begin again.
    if (!tpg.luns.empty() && !tpg.admits_anyone() &&
        std::none_of(tpg.acls.begin(), tpg.acls.end(), [](const Acl& acl) {
            return std::any_of(acl.luns.begin(), acl.luns.end(),
                               [](const MappedLun& mapped) { return mapped.lun.has_value(); });
        })) {
        f.text += "; no initiator was to see a LUN yet, so it may have been left half made";
        f.commands.push_back(fmt::format("srptctl unexport {}", label));
    }
}

void Examiner::targets() {
    for (const Target& target : p_.tree.targets) {
        const std::string label = targetcli_name(target.name);
        if (port_of(target) == nullptr && !p_.ports.empty()) {
            found(Level::error, "target-no-port", fmt::format("{} is no port of this machine now", label),
                  target.path)
                .commands = {"srptctl port list", fmt::format("srptctl target delete {}", label)};
        }
        if (target.tpgs.empty()) {
            found(Level::warning, "target-half",
                  fmt::format("target {} was left half made: it has no portal group", label), target.path)
                .commands = {fmt::format("srptctl target delete {}", label)};
        }
        for (const Tpg& tpg : target.tpgs) {
            if (tpg.luns.empty()) {
                found(Level::warning, "target-no-lun", fmt::format("target {} has no LUN", label), tpg.path)
                    .commands = {fmt::format("srptctl export DEVICE --target {}", label),
                                 fmt::format("srptctl target delete {}", label)};
            }
            if (!tpg.enabled) {
                disabled(target, tpg);
            }
            luns(target, tpg);
            acls(target, tpg);
        }
    }
}

std::vector<Finding> Examiner::run() {
    module();
    ports();
    listener();
    is_dm();
    backstores();
    leftovers();
    targets();
    if (!p_.rejects.empty()) {
        found(Level::hint, "refused",
              fmt::format("{} initiator{} refused of late", p_.rejects.size(),
                          p_.rejects.size() == 1 ? " was" : "s were"))
            .commands = {"srptctl acl pending"};
    }
    if (!p_.unsaved.empty()) {
        found(
            Level::hint, "unsaved",
            fmt::format("{} difference{} between what runs and what is saved: the next boot brings back what "
                        "is saved",
                        p_.unsaved.size(), p_.unsaved.size() == 1 ? "" : "s"),
            "/etc/rtslib-fb-target/saveconfig.json")
            .commands = {"srptctl config diff", "srptctl config save"};
    }
    return std::move(findings_);
}

} // namespace

std::vector<Finding> examine_target(const Patient& patient) {
    return Examiner(patient).run();
}

} // namespace srpt
