// SPDX-License-Identifier: GPL-2.0
// The connection manager's messages (IBA volume 1, chapter 12) as an initiator
// sends and receives them by itself, through umad, on a port where the kernel's
// own connection manager does not run. Nothing is done that a test did not ask
// for: no retransmission, no confirmation, no state.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "channel.hpp"

namespace srp {

enum class CmAttr : uint16_t {
  kReq = 0x10,
  kMra = 0x11,
  kRej = 0x12,
  kRep = 0x13,
  kRtu = 0x14,
  kDreq = 0x15,
  kDrep = 0x16,
  kSidrReq = 0x17,
  kLap = 0x19,
};

inline constexpr uint16_t kRejTimeout = 4;
inline constexpr uint16_t kRejInvalidServiceId = 8;
inline constexpr uint16_t kRejConsumer = 28;

// A management datagram; field offsets are those of the message, behind its
// header of 24 bytes.
struct CmMad {
  std::array<uint8_t, 256> raw{};

  static CmMad make(CmAttr attr, uint64_t tid);
  uint8_t* at(size_t offset) { return &raw[24 + offset]; }
  const uint8_t* at(size_t offset) const { return &raw[24 + offset]; }
  CmAttr attr() const { return static_cast<CmAttr>(proto_get_be16(&raw[16])); }
  uint32_t local_id() const { return proto_get_be32(at(0)); }
  uint32_t remote_id() const { return proto_get_be32(at(4)); }
  uint16_t reject_reason() const { return proto_get_be16(at(10)); }
  uint32_t srp_reason() const { return at(84)[0] == PROTO_LOGIN_REJ ? proto_get_be32(at(88)) : 0; }
};

struct CmPeer {
  std::string ca;  // adapter to send from
  uint16_t lid;    // of the target's port
  std::string gid;
  uint64_t service;
};

class CmPort {
 public:
  explicit CmPort(const CmPeer& peer);
  CmPort(const CmPort&) = delete;
  CmPort& operator=(const CmPort&) = delete;
  ~CmPort();

  // A request with that comm ID, in which everything is as it should be
  CmMad request(uint32_t id, const LoginRequest& login) const;
  void send(const CmMad& mad);
  // What comes next for that comm ID; of another attribute is passed over, if
  // one is given. Empty: nothing in time.
  std::optional<CmMad> receive(uint32_t id, std::optional<CmAttr> attr = {},
                               milliseconds patience = kPatience);

 private:
  CmPeer peer_;
  int fd_;
  int agent_;
  uint16_t lid_;
  uint64_t guid_;
  std::array<uint8_t, 16> gid_{}, peer_gid_{};
  std::vector<CmMad> kept_;  // of other comm IDs
};

}  // namespace srp
