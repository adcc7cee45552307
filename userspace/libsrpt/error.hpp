// SPDX-License-Identifier: GPL-2.0
// How everything in this library fails: a value that says what was tried, on
// which path, what the kernel answered and what the administrator does next.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace srpt {

// What kind of failure it is; srptctl's exit code follows from it.
enum class Errc {
    failed,      // the kernel or the system refused
    usage,       // the command line makes no sense
    permission,  // not root, or no CAP_NET_ADMIN
    not_found,   // the object named does not exist
    exists,      // it exists already, or is in use
    no_module,   // ib_srpt, target_core_mod or configfs is not there
    unsupported, // the loaded module (the stock one) cannot do this
    timeout,     // what was waited for did not happen
    declined,    // a confirmation was needed and not given
};

struct Error {
    Errc code = Errc::failed;
    int err = 0;                       // errno of the call that failed, or 0
    std::string message;               // what was tried, and that it failed
    std::string path;                  // configfs path or file concerned
    std::vector<std::string> kernel;   // extack text or kernel-log lines
    std::string hint;                  // what to do next
    std::vector<std::string> leftover; // what a rollback could not undo
    bool rolled_back = false;          // earlier steps were undone

    Error& with_hint(std::string text) {
        hint = std::move(text);
        return *this;
    }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// Errc that fits an errno when nothing more specific is known.
Errc errc_of_errno(int err);
// "Permission denied (EACCES)".
std::string errno_text(int err);
// A failed system call on a path.
Error errno_error(int err, std::string message, std::string path);
// A failure that no system call reported.
Error make_error(Errc code, std::string message, std::string hint = {});

inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> fail(Errc code, std::string message, std::string hint = {}) {
    return fail(make_error(code, std::move(message), std::move(hint)));
}

} // namespace srpt
