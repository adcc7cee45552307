// SPDX-License-Identifier: GPL-2.0
#include "fixture.hpp"

#include <sys/klog.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace srp {

namespace {

constexpr uint8_t kCheckCondition = 2;
constexpr uint8_t kUnitAttention = 6;
constexpr int kLogReadAll = 3;
constexpr int kLogSize = 10;
constexpr uint32_t kWitnessLba = 60000;

std::string env(const char* name) {
  const char* value = std::getenv(name);
  if (!value) {
    std::fprintf(stderr, "initiator: %s is not set; tests/lab/scenarios/conformance.sh does\n",
                 name);
    std::exit(2);
  }
  return value;
}

Lab read_lab() {
  Lab lab;
  const char* source = std::getenv("SRP_SOURCE");
  lab.target = {env("SRP_HOST"), env("SRP_PORT"), source ? source : ""};
  lab.service_guid = std::stoull(env("SRP_SERVICE_GUID"), nullptr, 16);
  lab.guid = std::stoull(env("SRP_INITIATOR_GUID"), nullptr, 16);
  lab.max_channels = static_cast<unsigned>(std::stoul(env("SRP_MAX_CHANNELS")));
  lab.srq = env("SRP_SRQ") == "1";
  return lab;
}

}  // namespace

const Lab& Lab::get() {
  static const Lab lab = read_lab();
  return lab;
}

void Lab::hook(const std::string& what) {
  const std::string command = env("SRP_HOOK") + " " + what;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

ChannelPtr Conformance::witness_;

LoginRequest Conformance::request(uint64_t extension) {
  LoginRequest req;
  req.i_port = make_id(extension, Lab::get().guid);
  req.t_port = make_id(Lab::get().service_guid, Lab::get().service_guid);
  return req;
}

LoginRequest Conformance::request() {
  static uint64_t extension = Clock::now().time_since_epoch().count();
  return request(++extension);
}

Channel::Result Conformance::login(const LoginRequest& req) {
  return Channel::login(Lab::get().target, req);
}

ChannelPtr Conformance::open(const LoginRequest& req) {
  auto ch = login(req);
  if (!ch) {
    ADD_FAILURE() << "login failed: " << ch.error().what << ", CM status " << ch.error().status
                  << ", reason 0x" << std::hex << ch.error().reason();
    return nullptr;
  }
  for (const unsigned lun : {kDisk, kSlow}) {
    std::optional<Response> r;
    int tries = 5;
    // Pending unit attentions are told first, one each time.
    do r = (*ch)->execute(cmd((*ch)->next_tag(), lun, cdb_test_unit_ready()));
    while (r && r->status == kCheckCondition && r->key() == kUnitAttention && --tries);
    EXPECT_TRUE(good(r)) << "LUN " << lun << " is not ready";
  }
  return std::move(*ch);
}

Channel& Conformance::witness() {
  if (!witness_ || witness_->closed()) {
    witness_ = open(request(0xb0b));
    if (!witness_) std::abort();
  }
  return *witness_;
}

void Conformance::write_blocks(Channel& ch, uint32_t lba, std::span<const uint8_t> data) {
  auto mem = ch.region(data.size());
  std::copy(data.begin(), data.end(), mem->bytes().begin());
  const auto blocks = static_cast<uint16_t>(data.size() / kBlock);
  EXPECT_TRUE(good(ch.execute(
      cmd_direct(ch.next_tag(), kDisk, cdb_write10(lba, blocks), Dir::kOut, mem->desc()))));
}

Bytes Conformance::read_blocks(Channel& ch, uint32_t lba, size_t len) {
  auto mem = ch.region(len);
  fill(mem->bytes(), ~uint64_t{lba});
  const auto blocks = static_cast<uint16_t>(len / kBlock);
  EXPECT_TRUE(good(ch.execute(
      cmd_direct(ch.next_tag(), kDisk, cdb_read10(lba, blocks), Dir::kIn, mem->desc()))));
  return {mem->bytes().begin(), mem->bytes().end()};
}

void Conformance::expect_served(Channel& ch) {
  static uint64_t seed = 1;
  const Bytes data = pattern(8 * kBlock, ++seed);
  write_blocks(ch, kWitnessLba, data);
  EXPECT_EQ(read_blocks(ch, kWitnessLba, data.size()), data);
  EXPECT_FALSE(ch.closed()) << ch.trouble();
}

void Conformance::stall() {
  Lab::hook("stall");
  stalled_ = true;
}

void Conformance::resume() {
  if (stalled_) Lab::hook("resume");
  stalled_ = false;
}

void Conformance::TearDown() {
  resume();
  SCOPED_TRACE("the second session");
  expect_served(witness());
  // Whoever reads the kernel log can tell which case a line is of.
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::ofstream("/dev/kmsg") << "initiator: end of " << info->test_suite_name() << "."
                             << info->name() << std::endl;
}

Bytes pattern(size_t len, uint64_t seed) {
  Bytes data(len);
  fill(data, seed);
  return data;
}

static std::string text(const Response& r) {
  std::ostringstream out;
  out << std::hex << "status 0x" << int{r.status} << " flags 0x" << int{r.flags} << " sense "
      << int{r.key()} << "/" << r.asc() << std::dec << " residuals out " << r.out_resid << " in "
      << r.in_resid;
  return out.str();
}

::testing::AssertionResult good(const std::optional<Response>& r) {
  if (!r) return ::testing::AssertionFailure() << "no response";
  if (r->status) return ::testing::AssertionFailure() << text(*r);
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult check(const std::optional<Response>& r, uint8_t key, uint16_t asc) {
  if (!r) return ::testing::AssertionFailure() << "no response";
  if (r->status != kCheckCondition || !(r->flags & PROTO_RSP_SNSVALID) || r->key() != key ||
      r->asc() != asc)
    return ::testing::AssertionFailure() << text(*r);
  return ::testing::AssertionSuccess();
}

int log_lines(const std::string& a, const std::string& b) {
  std::string log(static_cast<size_t>(klogctl(kLogSize, nullptr, 0)), '\0');
  log.resize(static_cast<size_t>(klogctl(kLogReadAll, log.data(), static_cast<int>(log.size()))));
  std::istringstream in(log);
  int n = 0;
  for (std::string line; std::getline(in, line);)
    n += line.find(a) != std::string::npos && line.find(b) != std::string::npos;
  return n;
}

}  // namespace srp
