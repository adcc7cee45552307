// SPDX-License-Identifier: GPL-2.0
// Pieces of plans that several verbs share.
#pragma once

#include "config.hpp"

namespace srpt::detail {

// The kernel's limits: of a LUN's number, and of the field that keeps a
// back end's path.
inline constexpr unsigned kMaxLun = 65535;
inline constexpr size_t kMaxDevicePath = 511;

// The only portal group of a target: SRP has one.
Result<const Tpg*> only_tpg(const Target& target);

// Maps `lun` under the same number to an ACL; `taken` if it has that number.
void map_lun(Plan& plan, System& system, const std::string& acl_path, const std::string& lun_path,
             unsigned index, bool read_only);

// Takes one mapped LUN, or an ACL with all of them, away.
void unmap_lun(Plan& plan, const Tree& tree, const Tpg& tpg, const MappedLun& mapped);
void remove_acl(Plan& plan, const Tree& tree, const Tpg& tpg, const Acl& acl);

// Takes a LUN, or an empty portal group, away.
void remove_lun(Plan& plan, const Lun& lun);
void remove_tpg(Plan& plan, const Tpg& tpg);

// Parses the name of an initiator, with advice when it is none.
Result<Ident> parse_acl_name(const std::string& text, bool stock);

// What to tell about a name that targetcli cannot show.
void note_name(const Ident& ident, std::vector<std::string>& notes);

} // namespace srpt::detail
