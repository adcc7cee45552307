// SPDX-License-Identifier: GPL-2.0
// All the names that one RDMA port goes by. A target and its initiators know
// each other by GUIDs, GIDs and addresses, put together differently by each
// tool; which of them an ACL needs depends on who makes the connection.
#pragma once

#include "ident.hpp"
#include "model.hpp"
#include "ports.hpp"

#include <optional>
#include <string>
#include <vector>

namespace srpt {

using Id128 = std::array<uint8_t, 16>;

// An ACL that fits, and how well.
struct AclMatch {
    std::string target; // configfs name
    std::string acl;    // configfs name
    int rank = 0;
};

// What a target sees when somebody logs in in one of the usual ways.
struct LoginForm {
    std::string by;      // "srp_daemon -n"
    std::string address; // IP by which it comes, "" by IB CM
    Initiator who;
    bool has_port_id = true;    // else only the address is known
    std::vector<AclMatch> acls; // on each target the best one

    // The name that an ACL for just this form has.
    std::string acl_name() const;
};

struct Identity {
    std::string what;             // as it was asked for, or the port's name
    std::optional<RdmaPort> port; // it is one of this machine
    std::string guid;             // 16 digits, "" if only an IP is known
    std::string gid;              // "0x" and 32 digits, "" if unknown
    bool gid_assumed = false;     // default subnet prefix before a GUID
    std::vector<std::string> ips;
    std::string target_guid; // of the target that forms with -n are for; "" if unknown

    // As a target, local ports only.
    std::string target_name;                // 0x and the GID
    std::string targetcli_name;             // ib. and the GID
    std::string service_name;               // SRP.T10:GUID
    std::vector<std::string> login_strings; // for add_target

    std::vector<LoginForm> logins; // as an initiator
};

struct IdentityInput {
    std::vector<RdmaPort> ports;
    Tree tree;
    std::string target_guid; // 16 digits or ""
};

// IP addresses in the GID table of a port: RoCE makes them of the interface's.
std::vector<std::string> port_ips(const FileSystem& fs, const RdmaPort& port);

// `what`: a port, GUID, GID or IP.
Result<Identity> identify(const FileSystem& fs, const IdentityInput& input, const std::string& what);
Identity identify_port(const FileSystem& fs, const IdentityInput& input, const RdmaPort& port);

} // namespace srpt
