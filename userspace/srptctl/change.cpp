// SPDX-License-Identifier: GPL-2.0
#include "change.hpp"

#include "page.hpp"
#include "verbs.hpp"

#include <nlohmann/json.hpp>

namespace srptctl {

std::string who_notices(const Context& ctx, const std::vector<std::string>& targets) {
    size_t sessions = 0;

    for (const std::string& target : targets) {
        sessions += sessions_on(ctx, target).size();
    }
    if (sessions == 0) {
        return {};
    }
    return fmt::format("{} session{} on {} may be using it. ", sessions, sessions == 1 ? "" : "s",
                       targets.size() == 1 ? srpt::targetcli_name(targets.front())
                                           : fmt::format("{} targets", targets.size()));
}

srpt::Status carry_out(const Context& ctx, std::string_view command, srpt::Result<srpt::ObjectResult> result,
                       const std::string& question) {
    if (!result) {
        return srpt::fail(std::move(result.error()));
    }
    if (!question.empty()) {
        if (srpt::Status status = ctx.confirm(question); !status) {
            return status;
        }
    }
    bool ran = false;
    if (srpt::Status status = ctx.run(command, result->plan, result->notes, ran); !status || !ran) {
        return status;
    }
    ctx.output.answer(
        command,
        [&] {
            return nlohmann::ordered_json{{"done", result->done}};
        },
        [&](Page& page) {
            for (const std::string& text : result->done) {
                page.line("{}", text);
            }
        },
        result->notes);
    return {};
}

} // namespace srptctl
