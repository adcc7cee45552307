// SPDX-License-Identifier: GPL-2.0
// A fuzzer of whole sessions: login, commands, task management and the end, each
// made right and then bent at random. A session is given by its seed alone, and
// after each of them a second session, there since the start, has to be served
// with verified data.
//
//   session_fuzzer [--seed N] [--sessions COUNT]
//
// runs sessions of the seeds N, N + 1... The target is told by the environment,
// as for the conformance suite. After a failure the seed is printed, by which the
// session can be run again.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "channel.hpp"

namespace srp {
namespace {

constexpr uint32_t kBlock = 512;
constexpr uint32_t kWitnessLba = 60000;
constexpr size_t kBuffer = 256 * kBlock;

class Random {
 public:
  explicit Random(uint64_t seed) : x_(seed) {}
  uint64_t next() {
    uint64_t z = x_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  uint64_t below(uint64_t n) { return next() % n; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  // Numbers at which something may wrap, overflow or be forgotten
  uint64_t edge() {
    static constexpr uint64_t kEdges[] = {
        0,    1,     2,      15,     16,         47,         48,         63,         64,
        127,  128,   255,    256,    511,        512,        513,        4095,       4096,
        8192, 32767, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff, ~uint64_t{0}};
    return one_in(4) ? next() : kEdges[below(std::size(kEdges))];
  }

 private:
  uint64_t x_;
};

struct Target {
  Endpoint where;
  uint64_t service = 0;
  uint64_t guid = 0;
};

const char* env(const char* name, const char* otherwise = nullptr) {
  const char* value = std::getenv(name);
  if (!value) value = otherwise;
  if (!value) {
    std::fprintf(stderr, "session_fuzzer: %s is not set\n", name);
    std::exit(2);
  }
  return value;
}

LoginRequest request(const Target& target, uint64_t extension) {
  LoginRequest req;
  req.i_port = make_id(extension, target.guid);
  req.t_port = make_id(target.service, target.service);
  return req;
}

// Overwrite, cut, lengthen
void bend(Random& rnd, Bytes& iu) {
  for (uint64_t n = rnd.below(4); n > 0 && !iu.empty(); n--) {
    const size_t at = rnd.below(iu.size());
    switch (rnd.below(6)) {
      case 0:
        iu[at] ^= static_cast<uint8_t>(1 << rnd.below(8));
        break;
      case 1:
        iu[at] = static_cast<uint8_t>(rnd.edge());
        break;
      case 2:
        if (at + 4 <= iu.size()) proto_put_be32(&iu[at], static_cast<uint32_t>(rnd.edge()));
        break;
      case 3:
        if (at + 8 <= iu.size()) proto_put_be64(&iu[at], rnd.edge());
        break;
      case 4:
        if (rnd.one_in(3)) iu.resize(at);
        break;
      case 5:
        iu.resize(std::min<size_t>(iu.size() + rnd.below(512), 8260),
                  static_cast<uint8_t>(rnd.next()));
        break;
    }
  }
}

// One session of a seed
class Session {
 public:
  Session(const Target& target, uint64_t seed) : target_(target), rnd_(seed) {}

  void run() {
    // Few names, so that they meet.
    LoginRequest req = request(target_, 0xf0000000 + rnd_.below(4));
    if (rnd_.one_in(2)) req.flags |= PROTO_MULTICHAN_MULTI;
    if (rnd_.one_in(3)) req.imm_offset = static_cast<uint16_t>(52 + rnd_.below(1024));
    if (rnd_.one_in(4)) {
      Bytes junk(1 + rnd_.below(8));
      for (uint8_t& b : junk) b = static_cast<uint8_t>(rnd_.edge());
      req.patch = {rnd_.below(PROTO_LOGIN_REQ_RDMA_LEN - junk.size() + 1), junk};
    }
    static constexpr Stop kStops[] = {Stop::kAfterSend, Stop::kBeforeReady};
    auto ch =
        Channel::login(target_.where, req, rnd_.one_in(10) ? kStops[rnd_.below(2)] : Stop::kNever);
    if (!ch) return;
    imm_offset_ = req.imm_offset;
    ch_ = std::move(*ch);
    mem_ = ch_->region(kBuffer);
    table_ = ch_->region(4096);
    for (uint64_t steps = 1 + rnd_.below(40); steps > 0 && !ch_->closed(); steps--) step();
    leave();
  }

 private:
  Desc piece() {
    const size_t len = 1 + rnd_.below(8192);
    Desc d = mem_->desc(rnd_.below(kBuffer - len), len);
    if (rnd_.one_in(24)) d.key ^= static_cast<uint32_t>(rnd_.edge());
    if (rnd_.one_in(24)) d.va = rnd_.edge();
    if (rnd_.one_in(24)) d.len = static_cast<uint32_t>(rnd_.edge());
    return d;
  }
  Cdb cdb(Dir dir, uint64_t bytes) {
    const auto lba = static_cast<uint32_t>(rnd_.below(50000));
    const auto blocks = static_cast<uint16_t>(
        rnd_.one_in(4) ? rnd_.below(128) : std::min<uint64_t>(bytes / kBlock, 512));
    if (rnd_.one_in(16)) return cdb_inquiry(static_cast<uint16_t>(rnd_.edge()));
    return dir == Dir::kOut ? cdb_write10(lba, blocks) : cdb_read10(lba, blocks);
  }
  Bytes make() {
    const uint64_t tag = rnd_.one_in(8) ? rnd_.below(4) : ch_->next_tag();
    const auto lun = static_cast<unsigned>(rnd_.below(3));
    const Dir dir = rnd_.one_in(2) ? Dir::kIn : Dir::kOut;
    switch (rnd_.below(12)) {
      case 0:
        return cmd(tag, lun, cdb_test_unit_ready());
      case 1:
      case 2: {
        const Desc d = piece();
        return cmd_direct(tag, lun, cdb(dir, d.len), dir, d);
      }
      case 3:
      case 4:
      case 5: {
        std::vector<Desc> descs(1 + rnd_.below(40));
        uint64_t sum = 0;
        for (Desc& d : descs) sum += (d = piece()).len;
        const Bytes raw = table_bytes(descs);
        std::copy(raw.begin(), raw.end(), table_->bytes().begin());
        const size_t in_iu = rnd_.one_in(2) ? descs.size() : rnd_.below(descs.size() + 1);
        return cmd_indirect(tag, lun, cdb(dir, sum), dir, descs, in_iu, table_->desc());
      }
      case 6:
      case 7: {
        Bytes data(rnd_.one_in(2) ? kBlock * rnd_.below(12) : rnd_.below(6000));
        fill(data, tag);
        return cmd_immediate(tag, lun, cdb(Dir::kOut, data.size()), data,
                             std::max<size_t>(imm_offset_, 52));
      }
      case 8:
      case 9: {
        static constexpr uint8_t kFunctions[] = {PROTO_TMF_ABORT_TASK, PROTO_TMF_ABORT_TASK_SET,
                                                 PROTO_TMF_CLEAR_TASK_SET, PROTO_TMF_LUN_RESET,
                                                 PROTO_TMF_CLEAR_ACA};
        return tsk_mgmt(tag, lun, kFunctions[rnd_.below(std::size(kFunctions))],
                        0x1000 + rnd_.below(40));
      }
      case 10: {
        static constexpr uint8_t kOpcodes[] = {PROTO_AER_RSP, PROTO_AER_RSP, PROTO_CRED_RSP,
                                               PROTO_I_LOGOUT, PROTO_LOGIN_REQ};
        return short_iu(kOpcodes[rnd_.below(std::size(kOpcodes))], tag);
      }
      default: {
        Bytes junk(rnd_.below(300));
        for (uint8_t& b : junk) b = static_cast<uint8_t>(rnd_.next());
        if (!junk.empty() && !rnd_.one_in(4)) junk[0] = PROTO_CMD;
        return junk;
      }
    }
  }
  void step() {
    Bytes iu = make();
    if (rnd_.one_in(3)) bend(rnd_, iu);
    if (!ch_->send(iu)) return;
    if (rnd_.one_in(3) && iu.size() >= 16) ch_->wait(proto_get_be64(&iu[8]), milliseconds(100));
    // The memory goes while it may be in use.
    if (rnd_.one_in(40)) mem_ = ch_->region(kBuffer);
  }
  void leave() {
    switch (rnd_.below(4)) {
      case 0:
        ch_->disconnect();
        break;
      case 1:
        ch_->vanish();
        break;
      case 2:
        ch_->send(short_iu(PROTO_I_LOGOUT, 1));
        break;
      default:
        ch_->quiet(milliseconds(50));
    }
  }

  const Target& target_;
  Random rnd_;
  size_t imm_offset_ = 68;
  std::unique_ptr<Channel> ch_;
  std::unique_ptr<Region> mem_, table_;
};

// The session that must not notice
class Witness {
 public:
  explicit Witness(const Target& target) {
    auto ch = Channel::login(target.where, request(target, 0xb0b));
    if (!ch) {
      std::fprintf(stderr, "session_fuzzer: no login: %s\n", ch.error().what.c_str());
      std::exit(2);
    }
    ch_ = std::move(*ch);
    mem_ = ch_->region(8 * kBlock);
  }
  // Empty, or what is wrong
  std::string served(uint64_t seed) {
    // Resets by the others leave unit attentions behind.
    for (int i = 0; i < 8; i++) {
      const auto r = ch_->execute(cmd(ch_->next_tag(), 0, cdb_test_unit_ready()));
      if (r && !r->status) break;
    }
    Bytes data(8 * kBlock);
    fill(data, seed);
    std::copy(data.begin(), data.end(), mem_->bytes().begin());
    if (!done(cdb_write10(kWitnessLba, 8), Dir::kOut)) return "the second session cannot write";
    fill(mem_->bytes(), ~seed);
    if (!done(cdb_read10(kWitnessLba, 8), Dir::kIn)) return "the second session cannot read";
    if (!std::equal(data.begin(), data.end(), mem_->bytes().begin()))
      return "the second session reads other data than it wrote";
    return {};
  }

 private:
  bool done(const Cdb& cdb, Dir dir) {
    const auto r = ch_->execute(cmd_direct(ch_->next_tag(), 0, cdb, dir, mem_->desc()));
    return r && !r->status;
  }
  std::unique_ptr<Channel> ch_;
  std::unique_ptr<Region> mem_;
};

int fuzz(uint64_t seed, uint64_t sessions) {
  const Target target{{env("SRP_HOST"), env("SRP_PORT"), env("SRP_SOURCE", "")},
                      std::stoull(env("SRP_SERVICE_GUID"), nullptr, 16),
                      std::stoull(env("SRP_INITIATOR_GUID"), nullptr, 16)};
  Witness witness(target);
  for (uint64_t s = seed; s < seed + sessions; s++) {
    // For who reads what is left after a crash
    std::printf("session %llu\n", static_cast<unsigned long long>(s));
    std::fflush(stdout);
    Session(target, s).run();
    if (const std::string wrong = witness.served(s); !wrong.empty()) {
      std::printf("FAILED: %s; again with: session_fuzzer --seed %llu --sessions 1\n",
                  wrong.c_str(), static_cast<unsigned long long>(s));
      return 1;
    }
  }
  std::printf("%llu sessions from seed %llu, none of them noticed\n",
              static_cast<unsigned long long>(sessions), static_cast<unsigned long long>(seed));
  return 0;
}

}  // namespace
}  // namespace srp

int main(int argc, char** argv) {
  uint64_t seed = 1, sessions = 100;
  for (int i = 1; i + 1 < argc; i += 2) {
    const uint64_t value = std::strtoull(argv[i + 1], nullptr, 0);
    if (!std::strcmp(argv[i], "--seed")) seed = value;
    if (!std::strcmp(argv[i], "--sessions")) sessions = value;
  }
  return srp::fuzz(seed, sessions);
}
