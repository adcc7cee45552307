// SPDX-License-Identifier: GPL-2.0
#include "error.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace srpt {

Errc errc_of_errno(int err) {
    switch (err) {
    case EPERM:
    case EACCES:
    case EROFS:
        return Errc::permission;
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return Errc::not_found;
    case EEXIST:
    case EBUSY:
    case ENOTEMPTY:
    case ETXTBSY:
        return Errc::exists;
    case EOPNOTSUPP:
    case ENOSYS:
        return Errc::unsupported;
    case ETIMEDOUT:
        return Errc::timeout;
    default:
        return Errc::failed;
    }
}

std::string errno_text(int err) {
    const char* name = strerrorname_np(err);
    const char* text = strerrordesc_np(err);

    if (text == nullptr) {
        return fmt::format("error {}", err);
    }
    return fmt::format("{} ({})", text, name != nullptr ? name : "?");
}

Error errno_error(int err, std::string message, std::string path) {
    Error error;

    error.code = errc_of_errno(err);
    error.err = err;
    error.message = std::move(message);
    error.path = std::move(path);
    return error;
}

Error make_error(Errc code, std::string message, std::string hint) {
    Error error;

    error.code = code;
    error.message = std::move(message);
    error.hint = std::move(hint);
    return error;
}

} // namespace srpt
