// SPDX-License-Identifier: GPL-2.0
// Latency out of histograms whose counter i stands for [2^i, 2^(i+1))
// microseconds; counter 0 includes everything faster.
#pragma once

#include "netlink.hpp"

#include <array>
#include <optional>
#include <string>

namespace srpt {

using Histogram = std::array<uint64_t, kLatencyBuckets>;

// The time below which `part` (0 to 1) of the commands stayed; nothing if there
// were none. Within a counter commands are taken to lie evenly.
std::optional<double> percentile_us(const Histogram& histogram, double part);

// What was counted between two looks at a histogram. If it was reset between
// them, what it has now.
Histogram since(const Histogram& before, const Histogram& now);
Histogram sum(const Histogram& a, const Histogram& b);

// "87us", "1.2ms", "3.4s": at most six characters.
std::string format_us(double us);

} // namespace srpt
