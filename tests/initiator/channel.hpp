// SPDX-License-Identifier: GPL-2.0
// One SRP channel of an initiator in user space: RDMA CM login, information
// units out and in, credits, memory for the target's RDMA. Nothing in here
// keeps a test from doing what the standard forbids.
#pragma once

#include <rdma/rdma_cma.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "iu.hpp"

namespace srp {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
// How long an answer may take: SRP_PATIENCE (ms), or 20 s.
milliseconds patience();
inline const milliseconds kPatience = patience();

// RDMA CM: a host and a port. IB CM: the GIDs of the target and of the port to
// come from, and a service ID in hexadecimal digits.
struct Endpoint {
  std::string host;
  std::string port;
  std::string source;

  bool ib() const { return !source.empty(); }
};

// A login that did not lead to a channel
struct Refusal {
  std::string what;  // for the reader
  int event = -1;    // RDMA CM event, -1: none came
  int status = 0;    // CM reject reason with RDMA_CM_EVENT_REJECTED
  Bytes data;        // private data of the reject

  bool has_reject() const {
    return data.size() >= PROTO_LOGIN_REJ_LEN && data[0] == PROTO_LOGIN_REJ;
  }
  uint32_t reason() const { return has_reject() ? proto_get_be32(&data[4]) : 0; }
  uint64_t tag() const { return has_reject() ? proto_get_be64(&data[8]) : 0; }
};

// How far a login goes on purpose
enum class Stop {
  kNever,        // to the end
  kAfterSend,    // the request is on its way: leave
  kBeforeReady,  // the accept is here: leave without answering it
};

// A login without a queue of its own, as far as the answer to the request. Left
// alone it stays there: no confirmation, no data. Light: a storm is made of it.
class HalfLogin {
 public:
  HalfLogin(const Endpoint& to, const LoginRequest& req);
  HalfLogin(const HalfLogin&) = delete;
  HalfLogin& operator=(const HalfLogin&) = delete;
  ~HalfLogin();

  int event() const { return answer_.event; }
  const Refusal& answer() const { return answer_; }

 private:
  rdma_event_channel* events_;
  rdma_cm_id* id_ = nullptr;
  Refusal answer_;
};

// Memory the target may reach
class Region {
 public:
  Region(ibv_pd* pd, size_t size, int access);
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region();

  std::span<uint8_t> bytes() { return bytes_; }
  uint32_t rkey() const { return mr_->rkey; }
  uint32_t lkey() const { return mr_->lkey; }
  Desc desc(size_t offset, size_t len) const {
    return {reinterpret_cast<uintptr_t>(bytes_.data()) + offset, rkey(),
            static_cast<uint32_t>(len)};
  }
  Desc desc() const { return desc(0, bytes_.size()); }

 private:
  Bytes bytes_;
  ibv_mr* mr_;
};

class Channel {
 public:
  using Result = tl::expected<std::unique_ptr<Channel>, Refusal>;
  // With a @stop, the result is always a refusal.
  static Result login(const Endpoint& to, const LoginRequest& req, Stop stop = Stop::kNever);
  // Only ask, for what is going to be refused
  static Refusal knock(const Endpoint& to, const LoginRequest& req);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  const LoginResponse& response() const { return login_rsp_; }
  std::unique_ptr<Region> region(size_t size, int access = IBV_ACCESS_LOCAL_WRITE |
                                                           IBV_ACCESS_REMOTE_READ |
                                                           IBV_ACCESS_REMOTE_WRITE);
  uint64_t next_tag() { return next_tag_++; }

  // Send an IU as it is. False: the channel is closed.
  bool send(std::span<const uint8_t> iu);
  // Wait for the response to @tag; requests for credit are answered meanwhile.
  std::optional<Response> wait(uint64_t tag, milliseconds patience = kPatience);
  // Send and wait; the tag is read from the IU.
  std::optional<Response> execute(std::span<const uint8_t> iu, milliseconds patience = kPatience);
  // Take in what comes until @done holds. False: time is over, or closed.
  template <typename F>
  bool until(F done, milliseconds patience = kPatience) {
    const auto end = Clock::now() + patience;
    while (!done())
      if (closed_ || !pump(end)) return done();
    return true;
  }
  // Wait until the other side has closed the channel.
  bool wait_closed(milliseconds patience = kPatience);
  // Nothing arrives in the time, and the channel stays up.
  bool quiet(milliseconds time);
  void disconnect();
  // As if the machine went down: the queue is gone, nobody is told.
  void vanish();

  bool closed() const { return closed_; }
  int credits() const { return credits_; }
  unsigned cred_reqs() const { return cred_reqs_; }
  void answer_cred_reqs(bool on) { answer_cred_reqs_ = on; }
  // Reason of the SRP_T_LOGOUT that came, if one did.
  std::optional<uint32_t> t_logout() const { return t_logout_; }
  size_t pending_responses() const { return responses_.size(); }
  const std::string& trouble() const { return trouble_; }

 private:
  Channel() = default;
  void build_queue();
  bool pump(Clock::time_point end);
  bool drain_cq();
  bool drain_cm();
  void take(const ibv_wc& wc);
  void receive(std::span<const uint8_t> iu);
  bool post_receive(size_t slot);
  void close(const std::string& why);

  rdma_event_channel* events_ = nullptr;
  rdma_cm_id* id_ = nullptr;
  ibv_comp_channel* comp_ = nullptr;
  ibv_cq* cq_ = nullptr;
  std::unique_ptr<Region> rx_;
  std::unique_ptr<Region> tx_;
  std::deque<size_t> tx_free_;
  LoginResponse login_rsp_;
  uint64_t next_tag_ = 0x1000;
  bool closed_ = false;
  int credits_ = 0;
  unsigned cred_reqs_ = 0;
  bool answer_cred_reqs_ = true;
  std::optional<uint32_t> t_logout_;
  std::multimap<uint64_t, Response> responses_;
  std::string trouble_;
};

}  // namespace srp
