// SPDX-License-Identifier: GPL-2.0
// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace srptctl {

std::string format_bytes(uint64_t bytes); // "77.8 GiB"
std::string format_age(uint64_t millis);  // "8s", "3m12s", "2h05m", "4d03h"
std::string format_count(uint64_t count); // "1234", "56.7k"

} // namespace srptctl
