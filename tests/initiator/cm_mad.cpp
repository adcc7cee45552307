// SPDX-License-Identifier: GPL-2.0
#include "cm_mad.hpp"

#include <arpa/inet.h>
#include <infiniband/umad.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace srp {

namespace {

constexpr uint8_t kClass = 7;
constexpr uint8_t kClassVersion = 2;
constexpr uint8_t kMethodSend = 3;
constexpr int kGsiQkey = static_cast<int>(0x80010000);

std::string sysfs(const std::string& ca, const std::string& what) {
  std::string text;
  std::ifstream("/sys/class/infiniband/" + ca + "/" + what) >> text;
  if (text.empty()) throw std::runtime_error("no " + what + " of " + ca);
  return text;
}

std::array<uint8_t, 16> gid_bytes(const std::string& text) {
  std::array<uint8_t, 16> gid;
  if (inet_pton(AF_INET6, text.c_str(), gid.data()) != 1) throw std::runtime_error(text);
  return gid;
}

// Fields of 24 bits with one of 8 behind them
void put24(uint8_t* p, uint32_t v) {
  p[0] = static_cast<uint8_t>(v >> 16);
  p[1] = static_cast<uint8_t>(v >> 8);
  p[2] = static_cast<uint8_t>(v);
}

}  // namespace

CmMad CmMad::make(CmAttr attr, uint64_t tid) {
  CmMad m;
  m.raw[0] = 1;
  m.raw[1] = kClass;
  m.raw[2] = kClassVersion;
  m.raw[3] = kMethodSend;
  proto_put_be64(&m.raw[8], tid);
  proto_put_be16(&m.raw[16], static_cast<uint16_t>(attr));
  return m;
}

CmPort::CmPort(const CmPeer& peer) : peer_(peer) {
  umad_init();
  fd_ = umad_open_port(peer.ca.c_str(), 1);
  if (fd_ < 0) throw std::runtime_error("umad does not open " + peer.ca);
  std::array<long, 16 / sizeof(long)> methods{1L << kMethodSend};
  agent_ = umad_register(fd_, kClass, kClassVersion, 0, methods.data());
  if (agent_ < 0) throw std::runtime_error("somebody else has the CM's class on " + peer.ca);
  lid_ = static_cast<uint16_t>(std::stoul(sysfs(peer.ca, "ports/1/lid"), nullptr, 16));
  gid_ = gid_bytes(sysfs(peer.ca, "ports/1/gids/0"));
  peer_gid_ = gid_bytes(peer.gid);
  std::string guid = sysfs(peer.ca, "node_guid");
  guid.erase(std::remove(guid.begin(), guid.end(), ':'), guid.end());
  guid_ = std::stoull(guid, nullptr, 16);
}

CmPort::~CmPort() {
  umad_unregister(fd_, agent_);
  umad_close_port(fd_);
}

CmMad CmPort::request(uint32_t id, const LoginRequest& login) const {
  CmMad m = CmMad::make(CmAttr::kReq, id);
  proto_put_be32(m.at(0), id);
  proto_put_be64(m.at(8), peer_.service);
  proto_put_be64(m.at(16), guid_);
  // A queue pair that does not exist, and is no other request's: a second one of
  // the same would be a stale connection.
  put24(m.at(32), 0x700000 | (id & 0xfffff));
  *m.at(35) = 4;            // responder resources
  *m.at(39) = 4;            // initiator depth
  *m.at(43) = 14 << 3 | 1;  // response time-out of the remote side, flow control
  put24(m.at(44), 0x123456);
  *m.at(47) = 14 << 3 | 7;  // our response time-out (67 ms), retries
  proto_put_be16(m.at(48), 0xffff);
  *m.at(50) = 4 << 4 | 7;  // MTU 2048, RNR retries
  *m.at(51) = 3 << 4;      // retries of the CM
  proto_put_be16(m.at(52), lid_);
  proto_put_be16(m.at(54), peer_.lid);
  std::copy(gid_.begin(), gid_.end(), m.at(56));
  std::copy(peer_gid_.begin(), peer_gid_.end(), m.at(72));
  *m.at(91) = 3;        // rate
  *m.at(94) = 0x08;     // the path stays in the subnet
  *m.at(95) = 14 << 3;  // local ACK time-out
  const Bytes priv = login.build_ib();
  std::copy(priv.begin(), priv.end(), m.at(140));
  return m;
}

void CmPort::send(const CmMad& mad) {
  std::vector<uint8_t> buf(umad_size() + mad.raw.size());
  umad_set_addr(buf.data(), peer_.lid, 1, 0, kGsiQkey);
  umad_set_grh(buf.data(), nullptr);
  umad_set_pkey(buf.data(), 0);
  std::copy(mad.raw.begin(), mad.raw.end(), static_cast<uint8_t*>(umad_get_mad(buf.data())));
  // The kernel lets so many be on their way, and no more.
  const auto end = Clock::now() + kPatience;
  while (umad_send(fd_, agent_, buf.data(), static_cast<int>(mad.raw.size()), 0, 0) < 0)
    if (Clock::now() > end) throw std::runtime_error("umad does not send");
}

std::optional<CmMad> CmPort::receive(uint32_t id, std::optional<CmAttr> attr,
                                     milliseconds patience) {
  const auto fits = [&](const CmMad& m) {
    return m.remote_id() == id && (!attr || m.attr() == *attr);
  };
  if (const auto it = std::find_if(kept_.begin(), kept_.end(), fits); it != kept_.end()) {
    const CmMad m = *it;
    kept_.erase(it);
    return m;
  }
  const auto end = Clock::now() + patience;
  std::vector<uint8_t> buf(umad_size() + 256);
  while (Clock::now() < end) {
    int len = 256;
    if (umad_recv(fd_, buf.data(), &len, 50) != agent_ || umad_status(buf.data())) continue;
    CmMad m;
    std::copy_n(static_cast<uint8_t*>(umad_get_mad(buf.data())), m.raw.size(), m.raw.begin());
    if (fits(m)) return m;
    if (m.remote_id() != id) kept_.push_back(m);
  }
  return std::nullopt;
}

}  // namespace srp
