// SPDX-License-Identifier: GPL-2.0
// What the objects look like in JSON. Fields are never renamed within a schema
// version, unknown values are null, not missing.
#pragma once

#include "model.hpp"
#include "netlink.hpp"
#include "ports.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace srptctl {

using Json = nlohmann::ordered_json;

template <class T>
Json value_or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(const std::string& text);
Json to_json(const srpt::Stats& s);
void add_source(Json& j, const srpt::Source& source);
Json to_json(const srpt::SessionInfo& s);
Json to_json(const srpt::ChannelInfo& c);
Json to_json(const srpt::RejectInfo& r);
Json to_json(const srpt::PortInfo& p);
Json to_json(const srpt::RdmaPort& p);
Json to_json(const srpt::Backstore& b);
Json to_json(const srpt::MappedLun& m);
Json to_json(const srpt::Acl& acl);
Json to_json(const srpt::Tpg& tpg, const srpt::Tree& tree);

} // namespace srptctl
