// SPDX-License-Identifier: GPL-2.0
// What every case starts from and ends with: an initiator nobody used before,
// and afterwards a second session that is still served, with verified data.
#pragma once

#include <gtest/gtest.h>

#include "channel.hpp"

namespace srp {

inline constexpr uint32_t kBlock = 512;
inline constexpr unsigned kDisk = 0;   // LUN of a disk
inline constexpr unsigned kSlow = 1;   // LUN of one that can be made to stand still
inline constexpr unsigned kNoLun = 7;  // nothing is there

using ChannelPtr = std::unique_ptr<Channel>;

// Where the target is, from the environment
struct Lab {
  Endpoint target;
  uint64_t service_guid = 0;
  uint64_t guid = 0;          // any extension with this GUID has an ACL
  unsigned max_channels = 0;  // attribute of the target port
  bool srq = false;           // the target receives through a shared queue

  static const Lab& get();
  // Ask the scenario to do something: stall, resume, disable, enable.
  static void hook(const std::string& what);
};

class Conformance : public ::testing::Test {
 protected:
  void TearDown() override;

  // A login by an initiator that is new, unless it is given.
  static LoginRequest request();
  static LoginRequest request(uint64_t extension);
  static Channel::Result login(const LoginRequest& req);
  // Log in, and see to it that the LUNs are ready. Null after a failure.
  static ChannelPtr open(const LoginRequest& req = request());

  static Channel& witness();
  static void expect_served(Channel& ch);

  // Transfers with one direct descriptor, checked
  static void write_blocks(Channel& ch, uint32_t lba, std::span<const uint8_t> data);
  static Bytes read_blocks(Channel& ch, uint32_t lba, size_t len);

  void stall();
  void resume();

 private:
  static ChannelPtr witness_;
  bool stalled_ = false;
};

Bytes pattern(size_t len, uint64_t seed);
::testing::AssertionResult good(const std::optional<Response>& r);
// CHECK CONDITION with this sense key and additional sense code
::testing::AssertionResult check(const std::optional<Response>& r, uint8_t key, uint16_t asc);
// Times that the kernel log has all of these texts in one line
int log_lines(const std::string& a, const std::string& b);

}  // namespace srp
