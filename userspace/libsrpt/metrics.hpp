// SPDX-License-Identifier: GPL-2.0
// OpenMetrics text, and what of the target goes into it. Node exporter's
// textfile collector and a Prometheus scrape both read it.
#pragma once

#include "model.hpp"
#include "netlink.hpp"
#include "ports.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace srpt {

// One text, family after family: all samples of a family must stand together.
class MetricsText {
  public:
    using Labels = std::vector<std::pair<std::string_view, std::string>>;

    // `type`: gauge, counter, histogram, info. The unit, if any, ends the name.
    void family(std::string_view name, std::string_view type, std::string_view help,
                std::string_view unit = {});
    // `suffix` as the type of the family wants it: _total, _bucket, _info.
    void sample(std::string_view suffix, const Labels& labels, uint64_t value);
    // Ends it; nothing may follow.
    std::string finish();

  private:
    std::string family_;
    std::string text_;
};

struct MetricsInput {
    bool loaded = false; // some ib_srpt
    bool ours = false;   // the one that has the rest to tell
    Tree tree;
    std::vector<RdmaPort> ports;
    ModuleInfo module;
    std::vector<PortInfo> served; // as the module knows them
    std::vector<SessionInfo> sessions;
    std::vector<ChannelInfo> channels;
    std::vector<RejectInfo> rejects;
};

std::string format_metrics(const MetricsInput& input);

} // namespace srpt
