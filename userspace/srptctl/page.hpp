// SPDX-License-Identifier: GPL-2.0
// Text for people, coloured only where the output wants it.
#pragma once

#include <fmt/color.h>
#include <fmt/format.h>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace srptctl {

class Page {
  public:
    Page(std::ostream& out, bool colour) : out_(out), colour_(colour) {}

    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        out_ << fmt::format(format, std::forward<Args>(args)...) << '\n';
    }
    std::string good(std::string_view text) const { return paint(text, fmt::fg(fmt::terminal_color::green)); }
    std::string bad(std::string_view text) const { return paint(text, fmt::fg(fmt::terminal_color::red)); }
    std::string warn(std::string_view text) const {
        return paint(text, fmt::fg(fmt::terminal_color::yellow));
    }
    std::string head(std::string_view text) const { return paint(text, fmt::emphasis::bold); }

  private:
    std::string paint(std::string_view text, fmt::text_style style) const {
        return colour_ ? fmt::format(style, "{}", text) : std::string(text);
    }

    std::ostream& out_;
    bool colour_;
};

} // namespace srptctl
