// SPDX-License-Identifier: GPL-2.0
#include "ident.hpp"

#include <algorithm>

// The header is shared with the kernel and does not know C++.
extern "C" {
#include "proto/ident.h"
}

namespace srpt {

namespace {

proto_ident to_c(Ident::Kind kind, const std::array<uint8_t, 16>& id) {
    proto_ident out{};

    switch (kind) {
    case Ident::Kind::id128:
        out.kind = PROTO_IDENT_ID128;
        break;
    case Ident::Kind::guid:
        out.kind = PROTO_IDENT_GUID;
        break;
    case Ident::Kind::wild_ext:
        out.kind = PROTO_IDENT_WILD_EXT;
        break;
    case Ident::Kind::ipv4:
        out.kind = PROTO_IDENT_IPV4;
        break;
    }
    std::copy(id.begin(), id.end(), out.id);
    return out;
}

} // namespace

std::optional<Ident> Ident::parse(std::string_view text) {
    proto_ident in{};
    Ident out;

    if (proto_ident_parse(text.data(), text.size(), &in) != 0) {
        return std::nullopt;
    }
    switch (in.kind) {
    case PROTO_IDENT_ID128:
        out.kind_ = Kind::id128;
        break;
    case PROTO_IDENT_GUID:
        out.kind_ = Kind::guid;
        break;
    case PROTO_IDENT_WILD_EXT:
        out.kind_ = Kind::wild_ext;
        break;
    case PROTO_IDENT_IPV4:
        out.kind_ = Kind::ipv4;
        break;
    case PROTO_IDENT_NONE:
    default:
        return std::nullopt;
    }
    std::copy(std::begin(in.id), std::end(in.id), out.id_.begin());
    return out;
}

std::string Ident::text() const {
    const proto_ident c = to_c(kind_, id_);
    std::array<char, PROTO_IDENT_STRLEN> buffer{};

    proto_ident_format(&c, buffer.data(), buffer.size());
    return buffer.data();
}

std::string Ident::hex() const {
    std::array<char, PROTO_IDENT_STRLEN> buffer{};

    proto_id128_format(id_.data(), buffer.data(), buffer.size());
    return buffer.data();
}

std::string Ident::acl_name(bool stock) const {
    if (kind_ == Kind::ipv4 && !stock) {
        return hex();
    }
    return text();
}

bool operator==(const Ident& a, const Ident& b) {
    // An IPv4 address and its v4-mapped 128-bit form admit the same host.
    if (a.has_hex_form() && b.has_hex_form()) {
        return a.id_ == b.id_;
    }
    return a.kind_ == b.kind_ && a.id_ == b.id_;
}

int match_rank(const Ident& acl, const Initiator& who) {
    const proto_ident name = to_c(acl.kind(), acl.bytes());
    proto_initiator c{};

    std::copy(who.i_port_id.begin(), who.i_port_id.end(), c.i_port_id);
    if (who.sgid) {
        c.has_sgid = true;
        std::copy(who.sgid->begin(), who.sgid->end(), c.sgid);
    }
    if (who.ip) {
        c.has_ip = true;
        std::copy(who.ip->begin(), who.ip->end(), c.ip);
    }
    return proto_ident_match(&name, &c);
}

bool same_name(std::string_view a, std::string_view b) {
    if (a == b) {
        return true;
    }
    const std::optional<Ident> x = Ident::parse(a);
    const std::optional<Ident> y = Ident::parse(b);

    return x && y && *x == *y;
}

std::string_view ident_kind_name(Ident::Kind kind) {
    switch (kind) {
    case Ident::Kind::id128:
        return "initiator port ID, GID or IPv6 address";
    case Ident::Kind::guid:
        return "port GUID";
    case Ident::Kind::wild_ext:
        return "GUID with any extension";
    case Ident::Kind::ipv4:
        return "IPv4 address";
    }
    return "name";
}

} // namespace srpt
