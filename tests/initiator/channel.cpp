// SPDX-License-Identifier: GPL-2.0
#include "channel.hpp"

#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <infiniband/ib.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace srp {

namespace {

constexpr size_t kRxSlots = 256;
constexpr size_t kRxSize = 1024;
constexpr size_t kTxSlots = 192;
constexpr size_t kTxSize = 9216;
constexpr int kResolveMs = 5000;
constexpr uint64_t kTxFlag = uint64_t{1} << 32;

// What a test machine lacks is no result of a test.
[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "initiator: %s: %s\n", what, std::strerror(errno));
  std::abort();
}

int ms_left(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::max<long long>(left, 0));
}

rdma_cm_event* next_event(rdma_event_channel* ch, Clock::time_point end) {
  pollfd fd{ch->fd, POLLIN, 0};
  while (poll(&fd, 1, ms_left(end)) < 0 && errno == EINTR) {
  }
  rdma_cm_event* ev = nullptr;
  return fd.revents && !rdma_get_cm_event(ch, &ev) ? ev : nullptr;
}

// Wait for one certain event of the way to the connection.
tl::expected<void, Refusal> expect_event(rdma_event_channel* ch, rdma_cm_event_type type) {
  rdma_cm_event* ev = next_event(ch, Clock::now() + kPatience);
  if (!ev) return tl::unexpected(Refusal{"no RDMA CM event came"});
  const auto got = ev->event;
  Refusal r{rdma_event_str(got), got, ev->status, {}};
  rdma_ack_cm_event(ev);
  if (got != type) return tl::unexpected(r);
  return {};
}

}  // namespace

milliseconds patience() {
  const char* value = std::getenv("SRP_PATIENCE");
  return milliseconds{value ? std::strtol(value, nullptr, 10) : 20000};
}

Region::Region(ibv_pd* pd, size_t size, int access) : bytes_(size) {
  mr_ = ibv_reg_mr(pd, bytes_.data(), size, access);
  if (!mr_) die("ibv_reg_mr");
}

Region::~Region() {
  if (ibv_dereg_mr(mr_)) die("ibv_dereg_mr");
}

std::unique_ptr<Region> Channel::region(size_t size, int access) {
  return std::make_unique<Region>(id_->pd, size, access);
}

void Channel::build_queue() {
  comp_ = ibv_create_comp_channel(id_->verbs);
  if (!comp_) die("ibv_create_comp_channel");
  fcntl(comp_->fd, F_SETFL, fcntl(comp_->fd, F_GETFL) | O_NONBLOCK);
  cq_ = ibv_create_cq(id_->verbs, kRxSlots + kTxSlots, nullptr, comp_, 0);
  if (!cq_) die("ibv_create_cq");
  ibv_qp_init_attr attr{};
  attr.send_cq = cq_;
  attr.recv_cq = cq_;
  attr.qp_type = IBV_QPT_RC;
  attr.sq_sig_all = 1;
  attr.cap.max_send_wr = kTxSlots;
  attr.cap.max_recv_wr = kRxSlots;
  attr.cap.max_send_sge = 1;
  attr.cap.max_recv_sge = 1;
  if (rdma_create_qp(id_, nullptr, &attr)) die("rdma_create_qp");
  rx_ = region(kRxSlots * kRxSize, IBV_ACCESS_LOCAL_WRITE);
  tx_ = region(kTxSlots * kTxSize, IBV_ACCESS_LOCAL_WRITE);
  for (size_t i = 0; i < kTxSlots; i++) tx_free_.push_back(i);
  for (size_t i = 0; i < kRxSlots; i++)
    if (!post_receive(i)) die("ibv_post_recv");
}

namespace {

sockaddr_ib ib_address(const std::string& gid, uint64_t service) {
  sockaddr_ib a{};
  a.sib_family = AF_IB;
  a.sib_pkey = 0xffff;
  if (inet_pton(AF_INET6, gid.c_str(), &a.sib_addr) != 1) die(gid.c_str());
  a.sib_sid = htobe64(service);
  a.sib_sid_mask = ~uint64_t{0};
  return a;
}

// Address and route
tl::expected<void, Refusal> find_way(rdma_event_channel* events, rdma_cm_id* id,
                                     const Endpoint& to) {
  int ret;
  if (to.ib()) {
    auto dst = ib_address(to.host, std::strtoull(to.port.c_str(), nullptr, 16));
    auto src = ib_address(to.source, 0);
    src.sib_sid_mask = 0;  // any service: the kernel gives it one of the port space
    ret = rdma_resolve_addr(id, reinterpret_cast<sockaddr*>(&src),
                            reinterpret_cast<sockaddr*>(&dst), kResolveMs);
  } else {
    addrinfo* ai = nullptr;
    if (getaddrinfo(to.host.c_str(), to.port.c_str(), nullptr, &ai)) die("getaddrinfo");
    ret = rdma_resolve_addr(id, nullptr, ai->ai_addr, kResolveMs);
    freeaddrinfo(ai);
  }
  if (ret) die("rdma_resolve_addr");
  if (auto ok = expect_event(events, RDMA_CM_EVENT_ADDR_RESOLVED); !ok) return ok;
  if (rdma_resolve_route(id, kResolveMs)) die("rdma_resolve_route");
  return expect_event(events, RDMA_CM_EVENT_ROUTE_RESOLVED);
}

rdma_cm_id* new_id(rdma_event_channel* events, const Endpoint& to) {
  rdma_cm_id* id = nullptr;
  if (rdma_create_id(events, &id, nullptr, to.ib() ? RDMA_PS_IB : RDMA_PS_TCP))
    die("rdma_create_id");
  return id;
}

rdma_conn_param parameters(const Bytes& priv) {
  rdma_conn_param param{};
  param.private_data = priv.data();
  param.private_data_len = static_cast<uint8_t>(priv.size());
  param.responder_resources = 4;
  param.initiator_depth = 4;
  param.retry_count = 7;
  param.rnr_retry_count = 7;
  return param;
}

// What an event says of a login, and its end
Refusal answer_of(rdma_cm_event* ev) {
  Refusal r{rdma_event_str(ev->event), ev->event, ev->status, {}};
  const auto* data = static_cast<const uint8_t*>(ev->param.conn.private_data);
  if (data) r.data.assign(data, data + ev->param.conn.private_data_len);
  rdma_ack_cm_event(ev);
  return r;
}

}  // namespace

HalfLogin::HalfLogin(const Endpoint& to, const LoginRequest& req)
    : events_(rdma_create_event_channel()) {
  if (!events_) die("rdma_create_event_channel");
  id_ = new_id(events_, to);
  if (auto ok = find_way(events_, id_, to); !ok) {
    answer_ = ok.error();
    return;
  }
  const Bytes priv = to.ib() ? req.build_ib() : req.build();
  rdma_conn_param param = parameters(priv);
  // A number that no queue pair has: without one the last step is left to us.
  // Each its own, or the target's CM takes a second one for a stale connection.
  static std::atomic<uint32_t> next_number = 0;
  param.qp_num = 0x700000 + (next_number++ & 0xfffff);
  if (rdma_connect(id_, &param)) die("rdma_connect");
  rdma_cm_event* ev = next_event(events_, Clock::now() + kPatience);
  answer_ = ev ? answer_of(ev) : Refusal{"no answer to the login"};
}

HalfLogin::~HalfLogin() {
  if (id_) rdma_destroy_id(id_);
  rdma_destroy_event_channel(events_);
}

Refusal Channel::knock(const Endpoint& to, const LoginRequest& req) {
  return HalfLogin(to, req).answer();
}

Channel::Result Channel::login(const Endpoint& to, const LoginRequest& req, Stop stop) {
  std::unique_ptr<Channel> ch(new Channel);
  ch->events_ = rdma_create_event_channel();
  if (!ch->events_) die("rdma_create_event_channel");
  ch->id_ = new_id(ch->events_, to);
  if (auto ok = find_way(ch->events_, ch->id_, to); !ok) return tl::unexpected(ok.error());
  ch->build_queue();

  const Bytes priv = to.ib() ? req.build_ib() : req.build();
  rdma_conn_param param = parameters(priv);
  // Without a queue pair the library leaves the last step to us.
  ibv_qp* qp = ch->id_->qp;
  if (stop == Stop::kBeforeReady) {
    param.qp_num = qp->qp_num;
    ch->id_->qp = nullptr;
  }
  const int connected = rdma_connect(ch->id_, &param);
  rdma_cm_event* ev = nullptr;
  if (!connected && stop != Stop::kAfterSend)
    ev = next_event(ch->events_, Clock::now() + kPatience);
  ch->id_->qp = qp;
  if (connected) die("rdma_connect");
  if (stop == Stop::kAfterSend) return tl::unexpected(Refusal{"left after the request"});
  if (!ev) return tl::unexpected(Refusal{"no answer to the login"});

  Refusal r = answer_of(ev);
  if (r.event == RDMA_CM_EVENT_CONNECT_RESPONSE) r.what = "left before the connection was ready";
  if (r.event != RDMA_CM_EVENT_ESTABLISHED) return tl::unexpected(r);
  ch->login_rsp_ = LoginResponse::parse(r.data);
  ch->credits_ = ch->login_rsp_.req_lim_delta;
  fcntl(ch->events_->fd, F_SETFL, fcntl(ch->events_->fd, F_GETFL) | O_NONBLOCK);
  return ch;
}

Channel::~Channel() {
  if (id_ && id_->qp) {
    rdma_disconnect(id_);
    rdma_destroy_qp(id_);
  }
  rx_.reset();
  tx_.reset();
  if (cq_ && ibv_destroy_cq(cq_)) die("ibv_destroy_cq");
  if (comp_) ibv_destroy_comp_channel(comp_);
  if (id_) rdma_destroy_id(id_);
  if (events_) rdma_destroy_event_channel(events_);
}

bool Channel::post_receive(size_t slot) {
  ibv_sge sge{reinterpret_cast<uintptr_t>(&rx_->bytes()[slot * kRxSize]), kRxSize, rx_->lkey()};
  ibv_recv_wr wr{};
  wr.wr_id = slot;
  wr.sg_list = &sge;
  wr.num_sge = 1;
  ibv_recv_wr* bad;
  return !ibv_post_recv(id_->qp, &wr, &bad);
}

bool Channel::send(std::span<const uint8_t> iu) {
  if (iu.size() > kTxSize) die("IU longer than the send buffers");
  if (!until([this] { return !tx_free_.empty(); }) || closed_) return false;
  const size_t slot = tx_free_.front();
  tx_free_.pop_front();
  uint8_t* buf = &tx_->bytes()[slot * kTxSize];
  std::copy(iu.begin(), iu.end(), buf);
  ibv_sge sge{reinterpret_cast<uintptr_t>(buf), static_cast<uint32_t>(iu.size()), tx_->lkey()};
  ibv_send_wr wr{};
  wr.wr_id = kTxFlag | slot;
  wr.sg_list = &sge;
  wr.num_sge = iu.empty() ? 0 : 1;
  wr.opcode = IBV_WR_SEND;
  ibv_send_wr* bad;
  if (ibv_post_send(id_->qp, &wr, &bad)) {
    close("posting a send failed");
    return false;
  }
  if (!iu.empty() && (iu[0] == PROTO_CMD || iu[0] == PROTO_TSK_MGMT)) credits_--;
  return true;
}

void Channel::close(const std::string& why) {
  if (closed_) return;
  closed_ = true;
  trouble_ = why;
}

void Channel::receive(std::span<const uint8_t> iu) {
  if (iu.size() < PROTO_SHORT_IU_LEN) {
    trouble_ = "the target sent an IU shorter than its header";
    return;
  }
  const auto delta = static_cast<int32_t>(proto_get_be32(&iu[4]));
  switch (iu[0]) {
    case PROTO_RSP:
      if (auto r = Response::parse(iu)) {
        credits_ += delta;
        responses_.emplace(r->tag, *r);
      } else {
        trouble_ = "the target sent a malformed response";
      }
      break;
    case PROTO_CRED_REQ: {
      credits_ += delta;
      cred_reqs_++;
      if (answer_cred_reqs_) send(short_iu(PROTO_CRED_RSP, proto_get_be64(&iu[8])));
      break;
    }
    case PROTO_T_LOGOUT:
      t_logout_ = static_cast<uint32_t>(delta);
      break;
    default:
      trouble_ = "the target sent opcode " + std::to_string(iu[0]);
  }
}

void Channel::take(const ibv_wc& wc) {
  if (wc.wr_id & kTxFlag) {
    tx_free_.push_back(wc.wr_id & ~kTxFlag);
    if (wc.status != IBV_WC_SUCCESS) close(std::string("send: ") + ibv_wc_status_str(wc.status));
    return;
  }
  if (wc.status != IBV_WC_SUCCESS) {
    close(std::string("receive: ") + ibv_wc_status_str(wc.status));
    return;
  }
  const size_t slot = wc.wr_id;
  const auto raw = rx_->bytes().subspan(slot * kRxSize, wc.byte_len);
  const Bytes iu(raw.begin(), raw.end());
  if (!post_receive(slot)) close("posting a receive failed");
  receive(iu);
}

bool Channel::drain_cq() {
  std::array<ibv_wc, 16> wc;
  const int n = ibv_poll_cq(cq_, static_cast<int>(wc.size()), wc.data());
  if (n < 0) die("ibv_poll_cq");
  for (int i = 0; i < n; i++) take(wc[static_cast<size_t>(i)]);
  return n > 0;
}

bool Channel::drain_cm() {
  rdma_cm_event* ev = nullptr;
  if (rdma_get_cm_event(events_, &ev)) return false;
  const auto type = ev->event;
  rdma_ack_cm_event(ev);
  if (type == RDMA_CM_EVENT_DISCONNECTED || type == RDMA_CM_EVENT_DEVICE_REMOVAL) {
    // What came before the disconnection is told before it.
    while (drain_cq()) {
    }
    close("disconnected by the target");
    rdma_disconnect(id_);
  }
  return true;
}

// Handle what has come, or wait for something. False: the time is over.
bool Channel::pump(Clock::time_point end) {
  if (drain_cq() || drain_cm()) return true;
  if (ibv_req_notify_cq(cq_, 0)) die("ibv_req_notify_cq");
  if (drain_cq()) return true;
  if (ms_left(end) == 0) return false;
  std::array<pollfd, 2> fds{{{comp_->fd, POLLIN, 0}, {events_->fd, POLLIN, 0}}};
  poll(fds.data(), fds.size(), ms_left(end));
  ibv_cq* cq;
  void* context;
  if (fds[0].revents && !ibv_get_cq_event(comp_, &cq, &context)) ibv_ack_cq_events(cq, 1);
  return true;
}

std::optional<Response> Channel::wait(uint64_t tag, milliseconds patience) {
  until([&] { return responses_.contains(tag); }, patience);
  const auto it = responses_.find(tag);
  if (it == responses_.end()) return std::nullopt;
  Response r = std::move(it->second);
  responses_.erase(it);
  return r;
}

std::optional<Response> Channel::execute(std::span<const uint8_t> iu, milliseconds patience) {
  if (!send(iu)) return std::nullopt;
  return wait(proto_get_be64(&iu[8]), patience);
}

bool Channel::wait_closed(milliseconds patience) {
  const auto end = Clock::now() + patience;
  while (!closed_)
    if (!pump(end)) break;
  return closed_;
}

bool Channel::quiet(milliseconds time) {
  const size_t before = responses_.size();
  const auto end = Clock::now() + time;
  while (!closed_ && pump(end)) {
  }
  return !closed_ && responses_.size() == before;
}

void Channel::disconnect() {
  rdma_disconnect(id_);
  closed_ = true;
}

void Channel::vanish() {
  rdma_destroy_qp(id_);
  closed_ = true;
}

}  // namespace srp
