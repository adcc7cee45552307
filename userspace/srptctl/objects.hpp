// SPDX-License-Identifier: GPL-2.0
// The registration of each object, in object_NAME.cpp. One line each, in
// alphabetical order.
#pragma once

namespace srptctl {

class Registry;

void add_acl(Registry& registry);
void add_export(Registry& registry);
void add_host(Registry& registry);
void add_id(Registry& registry);
void add_metrics(Registry& registry);
void add_monitor(Registry& registry);
void add_session(Registry& registry);
void add_status(Registry& registry);

} // namespace srptctl
