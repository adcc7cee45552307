// SPDX-License-Identifier: GPL-2.0
// The registration of each object, in object_NAME.cpp. One line each, in
// alphabetical order.
#pragma once

namespace srptctl {

class Registry;

// All of them, in the order of --help.
void add_all(Registry& registry);

void add_acl(Registry& registry);
void add_backstore(Registry& registry);
void add_completion(Registry& registry);
void add_config(Registry& registry);
void add_doctor(Registry& registry);
void add_export(Registry& registry);
void add_host(Registry& registry);
void add_id(Registry& registry);
void add_lun(Registry& registry);
void add_metrics(Registry& registry);
void add_monitor(Registry& registry);
void add_port(Registry& registry);
void add_session(Registry& registry);
void add_stats(Registry& registry);
void add_status(Registry& registry);
void add_target(Registry& registry);
void add_top(Registry& registry);

} // namespace srptctl
