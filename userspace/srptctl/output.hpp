// SPDX-License-Identifier: GPL-2.0
// One interface, one class per format. Data goes to the first stream, messages
// to the second; an Output never decides what is shown, only how.
#pragma once

#include "views.hpp"

#include <functional>
#include <iosfwd>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace srptctl {

class Page;

// Where an answer has both its forms in the file of its verb: `json` is an
// object whose fields follow schema_version and command, `text` writes it for
// people. The output calls for the one it wants.
using JsonForm = std::function<nlohmann::ordered_json()>;
using TextForm = std::function<void(Page&)>;

class Output {
  public:
    Output() = default;
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    virtual ~Output() = default;

    virtual void status(const StatusView& view) = 0;
    virtual void dry_run(std::string_view command, const srpt::Plan& plan,
                         const std::vector<std::string>& notes) = 0;
    virtual void exported(const srpt::ExportResult& result) = 0;
    virtual void unexported(const srpt::UnexportResult& result) = 0;
    virtual void acl_created(const srpt::AclResult& result) = 0;
    virtual void acl_deleted(const srpt::AclResult& result) = 0;
    virtual void acl_allowed(const AllowView& view) = 0;
    virtual void acls(const std::vector<AclRow>& rows) = 0;
    virtual void pending(const std::vector<PendingRow>& rows) = 0;
    virtual void sessions(const std::vector<SessionRow>& rows, bool channels) = 0;
    virtual void closed(const std::vector<srpt::SessionInfo>& sessions, bool dry_run) = 0;
    virtual void event(const srpt::Event& event) = 0;
    virtual void answer(std::string_view command, const JsonForm& json, const TextForm& text,
                        const std::vector<std::string>& notes) = 0;
    virtual void error(const srpt::Error& error) = 0;
};

// Where colour is wanted.
struct Style {
    bool data = false;
    bool messages = false;
};

std::unique_ptr<Output> make_text_output(std::ostream& data, std::ostream& messages, Style style);
std::unique_ptr<Output> make_json_output(std::ostream& data, std::ostream& messages);

// Raised when a field changes its meaning or goes; new fields do not count.
inline constexpr int kSchemaVersion = 1;

} // namespace srptctl
