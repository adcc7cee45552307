// SPDX-License-Identifier: GPL-2.0
#include "iu.hpp"

#include <algorithm>

namespace srp {

namespace {

void put_desc(uint8_t* p, const Desc& d) {
  proto_put_be64(p, d.va);
  proto_put_be32(p + 8, d.key);
  proto_put_be32(p + 12, d.len);
}

void put_format(Bytes& iu, Dir dir, uint8_t fmt, uint8_t count) {
  iu[kCmdFmt] = static_cast<uint8_t>(dir == Dir::kOut ? fmt << 4 : fmt);
  iu[dir == Dir::kOut ? kCmdOutCount : kCmdInCount] = count;
}

}  // namespace

Id make_id(uint64_t ext, uint64_t guid) {
  Id id;
  proto_put_be64(id.data(), ext);
  proto_put_be64(id.data() + 8, guid);
  return id;
}

Bytes LoginRequest::build() const {
  Bytes p(PROTO_LOGIN_REQ_RDMA_LEN);
  proto_put_be64(&p[0], tag);
  proto_put_be16(&p[8], buf_fmt);
  p[10] = flags;
  p[11] = opcode;
  proto_put_be32(&p[12], it_iu_len);
  std::copy(i_port.begin(), i_port.end(), p.begin() + 16);
  std::copy(t_port.begin(), t_port.end(), p.begin() + 32);
  proto_put_be16(&p[48], imm_offset);
  std::copy(patch.second.begin(), patch.second.end(), p.begin() + static_cast<long>(patch.first));
  p.resize(length);
  return p;
}

Bytes LoginRequest::build_ib() const {
  struct Move {
    size_t from, to, len;
  };
  // Opcode, tag, IU length, formats, flags, offset, the two port identifiers
  static constexpr Move kMoves[] = {{11, 0, 1},  {0, 8, 8},   {12, 16, 4},  {8, 24, 2},
                                    {10, 26, 1}, {48, 28, 2}, {16, 32, 16}, {32, 48, 16}};
  Bytes from = build();
  from.resize(PROTO_LOGIN_REQ_RDMA_LEN);
  Bytes p(PROTO_LOGIN_REQ_LEN);
  for (const Move& m : kMoves)
    std::copy_n(from.begin() + static_cast<long>(m.from), m.len,
                p.begin() + static_cast<long>(m.to));
  return p;
}

LoginResponse LoginResponse::parse(std::span<const uint8_t> iu) {
  LoginResponse r;
  if (iu.size() < PROTO_LOGIN_RSP_LEN) return r;
  r.opcode = iu[0];
  r.req_lim_delta = static_cast<int32_t>(proto_get_be32(&iu[4]));
  r.tag = proto_get_be64(&iu[8]);
  r.max_it_iu_len = proto_get_be32(&iu[16]);
  r.max_ti_iu_len = proto_get_be32(&iu[20]);
  r.buf_fmt = proto_get_be16(&iu[24]);
  r.flags = iu[26];
  return r;
}

Cdb cdb_test_unit_ready() { return {}; }

Cdb cdb_inquiry(uint16_t alloc) {
  Cdb c{0x12};
  proto_put_be16(&c[3], alloc);
  return c;
}

Cdb cdb_read_capacity16(uint32_t alloc) {
  Cdb c{0x9e, 0x10};
  proto_put_be32(&c[10], alloc);
  return c;
}

Cdb cdb_report_luns(uint32_t alloc) {
  Cdb c{0xa0};
  proto_put_be32(&c[6], alloc);
  return c;
}

Cdb cdb_read10(uint32_t lba, uint16_t blocks) {
  Cdb c{0x28};
  proto_put_be32(&c[2], lba);
  proto_put_be16(&c[7], blocks);
  return c;
}

Cdb cdb_write10(uint32_t lba, uint16_t blocks) {
  Cdb c = cdb_read10(lba, blocks);
  c[0] = 0x2a;
  return c;
}

Bytes cmd(uint64_t tag, unsigned lun, const Cdb& cdb) {
  Bytes p(PROTO_CMD_LEN);
  p[0] = PROTO_CMD;
  proto_put_be64(&p[kCmdTag], tag);
  p[kCmdLun + 1] = static_cast<uint8_t>(lun);
  std::copy(cdb.begin(), cdb.end(), p.begin() + kCmdCdb);
  return p;
}

Bytes cmd_direct(uint64_t tag, unsigned lun, const Cdb& cdb, Dir dir, const Desc& d) {
  Bytes p = cmd(tag, lun, cdb);
  put_format(p, dir, PROTO_FMT_DIRECT, 1);
  p.resize(kCmdDesc + PROTO_DESC_LEN);
  put_desc(&p[kCmdDesc], d);
  return p;
}

Bytes cmd_indirect(uint64_t tag, unsigned lun, const Cdb& cdb, Dir dir, std::span<const Desc> descs,
                   size_t in_iu, Desc table) {
  Bytes p = cmd(tag, lun, cdb);
  uint64_t total = 0;
  for (const Desc& d : descs) total += d.len;
  table.len = static_cast<uint32_t>(descs.size() * PROTO_DESC_LEN);
  put_format(p, dir, PROTO_FMT_INDIRECT, static_cast<uint8_t>(in_iu));
  p.resize(kCmdDesc + PROTO_INDIRECT_LEN);
  put_desc(&p[kCmdDesc], table);
  proto_put_be32(&p[kCmdDesc + 16], static_cast<uint32_t>(total));
  const Bytes list = table_bytes(descs.first(in_iu));
  p.insert(p.end(), list.begin(), list.end());
  return p;
}

Bytes cmd_immediate(uint64_t tag, unsigned lun, const Cdb& cdb, std::span<const uint8_t> data,
                    size_t offset) {
  Bytes p = cmd(tag, lun, cdb);
  put_format(p, Dir::kOut, PROTO_FMT_IMM, 0);
  p.resize(offset);
  proto_put_be32(&p[kCmdDesc], static_cast<uint32_t>(data.size()));
  p.insert(p.end(), data.begin(), data.end());
  return p;
}

Bytes tsk_mgmt(uint64_t tag, unsigned lun, uint8_t func, uint64_t task_tag) {
  Bytes p(PROTO_TSK_MGMT_LEN);
  p[0] = PROTO_TSK_MGMT;
  proto_put_be64(&p[8], tag);
  p[21] = static_cast<uint8_t>(lun);
  p[30] = func;
  proto_put_be64(&p[32], task_tag);
  return p;
}

Bytes short_iu(uint8_t opcode, uint64_t tag) {
  Bytes p(PROTO_SHORT_IU_LEN);
  p[0] = opcode;
  proto_put_be64(&p[8], tag);
  return p;
}

Bytes table_bytes(std::span<const Desc> descs) {
  Bytes p(descs.size() * PROTO_DESC_LEN);
  for (size_t i = 0; i < descs.size(); i++) put_desc(&p[i * PROTO_DESC_LEN], descs[i]);
  return p;
}

std::optional<Response> Response::parse(std::span<const uint8_t> iu) {
  if (iu.size() < PROTO_RSP_LEN || iu[0] != PROTO_RSP) return std::nullopt;
  Response r;
  r.solicited = iu[1] & PROTO_SOLNT;
  r.delta = static_cast<int32_t>(proto_get_be32(&iu[4]));
  r.tag = proto_get_be64(&iu[8]);
  r.flags = iu[18];
  r.status = iu[19];
  r.out_resid = proto_get_be32(&iu[20]);
  r.in_resid = proto_get_be32(&iu[24]);
  const uint64_t sense_len = proto_get_be32(&iu[28]);
  const uint64_t data_len = proto_get_be32(&iu[32]);
  if (PROTO_RSP_LEN + sense_len + data_len > iu.size()) return std::nullopt;
  // Response data lies first, sense data behind it.
  const auto data = iu.subspan(PROTO_RSP_LEN, data_len);
  const auto sense = iu.subspan(PROTO_RSP_LEN + data_len, sense_len);
  r.data.assign(data.begin(), data.end());
  r.sense.assign(sense.begin(), sense.end());
  return r;
}

void fill(std::span<uint8_t> out, uint64_t seed) {
  uint64_t x = seed * 0x9e3779b97f4a7c15 + 1;
  for (uint8_t& b : out) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    b = static_cast<uint8_t>(x >> 32);
  }
}

}  // namespace srp
