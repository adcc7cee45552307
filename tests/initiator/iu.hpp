// SPDX-License-Identifier: GPL-2.0
// Building and reading SRP information units, valid ones and others. Every
// builder returns plain bytes, so that a test can bend any field afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

extern "C" {
#include "wire.h"
}

namespace srp {

using Bytes = std::vector<uint8_t>;
using Id = std::array<uint8_t, 16>;

Id make_id(uint64_t ext, uint64_t guid);

// Offsets in an SRP_CMD, r16a 6.8
enum CmdOffset : size_t {
  kCmdSolNot = 1,
  kCmdFmt = 5,
  kCmdOutCount = 6,
  kCmdInCount = 7,
  kCmdTag = 8,
  kCmdLun = 20,
  kCmdAttr = 29,
  kCmdAddCdb = 31,
  kCmdCdb = 32,
  kCmdDesc = 48,
};

struct LoginRequest {
  Id i_port{};
  Id t_port{};
  uint64_t tag = 0x1122334455667788;
  uint8_t opcode = PROTO_LOGIN_REQ;
  uint32_t it_iu_len = 8260;
  uint16_t buf_fmt = PROTO_BUF_DIRECT | PROTO_BUF_INDIRECT;
  uint8_t flags = PROTO_IMMED_REQUESTED;
  uint16_t imm_offset = PROTO_IMM_DATA_OFFSET;
  size_t length = PROTO_LOGIN_REQ_RDMA_LEN;  // bytes of it that are sent
  // Bytes to lay over it, at an offset of the RDMA CM's layout
  std::pair<size_t, Bytes> patch{};

  Bytes build() const;     // RDMA CM layout
  Bytes build_ib() const;  // IB CM layout; what length cuts off is zero
};

struct LoginResponse {
  uint8_t opcode = 0;
  int32_t req_lim_delta = 0;
  uint64_t tag = 0;
  uint32_t max_it_iu_len = 0;
  uint32_t max_ti_iu_len = 0;
  uint16_t buf_fmt = 0;
  uint8_t flags = 0;

  static LoginResponse parse(std::span<const uint8_t> iu);
};

struct Desc {
  uint64_t va;
  uint32_t key;
  uint32_t len;
};

enum class Dir { kNone, kIn, kOut };

using Cdb = std::array<uint8_t, 16>;
Cdb cdb_test_unit_ready();
Cdb cdb_inquiry(uint16_t alloc);
Cdb cdb_read_capacity16(uint32_t alloc);
Cdb cdb_report_luns(uint32_t alloc);
Cdb cdb_read10(uint32_t lba, uint16_t blocks);
Cdb cdb_write10(uint32_t lba, uint16_t blocks);

// The fixed part with everything set but the buffers.
Bytes cmd(uint64_t tag, unsigned lun, const Cdb& cdb);
// ... with one direct descriptor
Bytes cmd_direct(uint64_t tag, unsigned lun, const Cdb& cdb, Dir dir, const Desc& d);
// ... with a table of which @in_iu entries are in the IU; @table is where the
// whole of it lies in the initiator's memory.
Bytes cmd_indirect(uint64_t tag, unsigned lun, const Cdb& cdb, Dir dir, std::span<const Desc> descs,
                   size_t in_iu, Desc table = {});
// ... with immediate data at @offset
Bytes cmd_immediate(uint64_t tag, unsigned lun, const Cdb& cdb, std::span<const uint8_t> data,
                    size_t offset = PROTO_IMM_DATA_OFFSET);

Bytes tsk_mgmt(uint64_t tag, unsigned lun, uint8_t func, uint64_t task_tag = 0);
Bytes short_iu(uint8_t opcode, uint64_t tag);

// A descriptor table as it lies in memory
Bytes table_bytes(std::span<const Desc> descs);

struct Response {
  uint64_t tag = 0;
  int32_t delta = 0;
  bool solicited = false;
  uint8_t flags = 0;
  uint8_t status = 0;
  uint32_t out_resid = 0;
  uint32_t in_resid = 0;
  Bytes sense;
  Bytes data;  // response data

  // Empty if the lengths in it contradict the length of the IU.
  static std::optional<Response> parse(std::span<const uint8_t> iu);
  uint8_t key() const { return sense.size() > 2 ? sense[2] & 0xf : 0; }
  uint16_t asc() const {
    return sense.size() > 13 ? static_cast<uint16_t>(sense[12] << 8 | sense[13]) : 0;
  }
  int rsp_code() const { return data.size() == 4 ? data[3] : -1; }
};

// Bytes that depend on the seed in every place.
void fill(std::span<uint8_t> out, uint64_t seed);

}  // namespace srp
