// SPDX-License-Identifier: GPL-2.0
#include "completion.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"

#include <memory>
#include <nlohmann/json.hpp>

namespace srptctl {

void add_completion(Registry& registry) {
    const CLI::App* whole = &registry.app();

    registry.verb("", "completion", "a script that completes srptctl's words in a shell",
                  [whole](CLI::App& app) -> Runner {
                      auto shell = std::make_shared<std::string>();
                      app.add_option("SHELL", *shell, "bash, zsh or fish")
                          ->required()
                          ->check(CLI::IsMember({"bash", "zsh", "fish"}));
                      return [shell, whole](const Context& ctx) -> srpt::Status {
                          const std::vector<CommandWords> table = command_table(*whole);
                          const std::string script = *shell == "bash"  ? bash_completion(table)
                                                     : *shell == "zsh" ? zsh_completion(table)
                                                                       : fish_completion(table);
                          ctx.output.answer(
                              "completion",
                              [&] {
                                  return nlohmann::ordered_json{{"shell", *shell}, {"script", script}};
                              },
                              [&](Page& page) {
                                  page.line("{}", std::string_view(script).substr(0, script.size() - 1));
                              },
                              {});
                          return {};
                      };
                  });
}

} // namespace srptctl
