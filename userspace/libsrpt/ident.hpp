// SPDX-License-Identifier: GPL-2.0
// Names of initiators and ports in any notation. The meaning is the module's
// own: the same source file parses them in the kernel and here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace srpt {

class Ident {
  public:
    enum class Kind { id128, guid, wild_ext, ipv4 };

    // Nothing if `text` is no name of an initiator in any notation.
    static std::optional<Ident> parse(std::string_view text);

    Kind kind() const { return kind_; }
    const std::array<uint8_t, 16>& bytes() const { return id_; }

    // Canonical text: "0x%032x", "xxxx:xxxx:xxxx:xxxx", "*:xxxx:...", "a.b.c.d".
    std::string text() const;
    // "0x" and 32 hex digits of the 128-bit value, whatever the kind.
    std::string hex() const;
    // 32 hex digits behind "ib.", the form in which targetcli shows names.
    std::string targetcli() const { return "ib." + hex().substr(2); }
    // Can a 32-digit name carry the same meaning? targetcli reads no other.
    bool has_hex_form() const { return kind_ == Kind::id128 || kind_ == Kind::ipv4; }
    // The name that a node ACL's directory should have. The stock module
    // compares strings, ours values; `stock` says which will read it.
    std::string acl_name(bool stock) const;

    friend bool operator==(const Ident& a, const Ident& b);

  private:
    Kind kind_ = Kind::id128;
    std::array<uint8_t, 16> id_{};
};

// Who is at the other end of a login, as an ACL sees it.
struct Initiator {
    std::array<uint8_t, 16> i_port_id{};
    std::optional<std::array<uint8_t, 16>> sgid;
    std::optional<std::array<uint8_t, 16>> ip; // v4-mapped or IPv6
};

// How well an ACL of that name fits, by the module's own rules: 0 not at all;
// of several that fit the highest admits.
int match_rank(const Ident& acl, const Initiator& who);

// Do two names, in whatever notation, mean the same?
bool same_name(std::string_view a, std::string_view b);

// What each kind is called in messages.
std::string_view ident_kind_name(Ident::Kind kind);

} // namespace srpt
