// SPDX-License-Identifier: GPL-2.0
// Attributes to values. Apart from the sockets, so that tests can feed it
// messages of any shape, cut and unknown ones too.
#pragma once

#include "netlink.hpp"

struct nlattr;
struct nlmsghdr;

namespace srpt {

// Each takes the attributes of one message, as nlattr headers and a length.
// Attributes that are missing leave the default; unknown ones are skipped;
// ones of the wrong size count as missing.
ModuleInfo decode_module(const nlattr* attrs, int length);
PortInfo decode_port(const nlattr* attrs, int length);
TargetInfo decode_target(const nlattr* attrs, int length);
Stats decode_stats(const nlattr* attrs, int length);
SessionInfo decode_session(const nlattr* attrs, int length);
ChannelInfo decode_channel(const nlattr* attrs, int length);
RejectInfo decode_reject(const nlattr* attrs, int length);

// A multicast message; nothing if it is none of ours.
std::optional<Event> decode_event(nlmsghdr* header);

// The text of an extended acknowledgement: `attrs` follow the errno of an
// error message or of the end of a dump.
std::string decode_extack(const nlattr* attrs, int length);

// Names of the spec for values of its enumerations.
std::string_view port_state_name(uint32_t value);
std::string_view close_cause_name(uint32_t value);

} // namespace srpt
