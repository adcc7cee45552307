// SPDX-License-Identifier: GPL-2.0
// The C headers under test, and small helpers to write IUs byte by byte.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
#include "credit.h"
#include "dm.h"
#include "ident.h"
#include "iu.h"
#include "login.h"
#include "rsp.h"
#include "state.h"
}

namespace proto_test {

/// A received IU. Its heap block ends with its last byte, so that ASan sees
/// any read past the length that was received.
class Iu {
 public:
  explicit Iu(std::size_t len, u8 fill = 0) : len_(len), bytes_(std::make_unique<u8[]>(len)) {
    std::memset(bytes_.get(), fill, len);
  }

  Iu& Put8(std::size_t off, u8 v) {
    bytes_[off] = v;
    return *this;
  }
  Iu& Put16(std::size_t off, u16 v) {
    proto_put_be16(bytes_.get() + off, v);
    return *this;
  }
  Iu& Put32(std::size_t off, u32 v) {
    proto_put_be32(bytes_.get() + off, v);
    return *this;
  }
  Iu& Put64(std::size_t off, u64 v) {
    proto_put_be64(bytes_.get() + off, v);
    return *this;
  }
  Iu& PutDesc(std::size_t off, u64 va, u32 key, u32 len) {
    return Put64(off, va).Put32(off + 8, key).Put32(off + 12, len);
  }

  [[nodiscard]] Iu Cut(std::size_t len) const {
    Iu cut(len);
    std::memcpy(cut.bytes_.get(), bytes_.get(), len < len_ ? len : len_);
    return cut;
  }

  [[nodiscard]] const u8* data() const { return bytes_.get(); }
  [[nodiscard]] u8* data() { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const { return len_; }

 private:
  std::size_t len_;
  std::unique_ptr<u8[]> bytes_;
};

/// A descriptor table as it lies in memory.
inline std::vector<u8> Table(std::initializer_list<proto_desc> descs) {
  std::vector<u8> t(descs.size() * PROTO_DESC_LEN);
  std::size_t off = 0;
  for (const proto_desc& d : descs) {
    proto_put_be64(t.data() + off, d.va);
    proto_put_be32(t.data() + off + 8, d.key);
    proto_put_be32(t.data() + off + 12, d.len);
    off += PROTO_DESC_LEN;
  }
  return t;
}

/// Hex digits of bytes, for comparisons that print well.
inline std::string Hex(const void* p, std::size_t n) {
  static constexpr char kDigit[] = "0123456789abcdef";
  const auto* b = static_cast<const u8*>(p);
  std::string s;
  for (std::size_t i = 0; i < n; i++) {
    s += kDigit[b[i] >> 4];
    s += kDigit[b[i] & 0xf];
  }
  return s;
}

}  // namespace proto_test
