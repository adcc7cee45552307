// SPDX-License-Identifier: GPL-2.0
// Messages as the module would send them, and as nobody should.
#include "netlink_decode.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <memory>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "rdma/ib_srpt_netlink.h"

namespace {

// A generic-netlink message under construction.
class Message {
  public:
    explicit Message(uint8_t command = IB_SRPT_CMD_SESSION_GET) : msg_(nlmsg_alloc()) {
        genlmsg_put(msg_, 0, 0, 0x20, 0, 0, command, IB_SRPT_FAMILY_VERSION);
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    ~Message() { nlmsg_free(msg_); }

    nl_msg* get() { return msg_; }
    nlmsghdr* header() { return nlmsg_hdr(msg_); }
    const nlattr* attrs() { return genlmsg_attrdata(genl(), 0); }
    int length() { return genlmsg_attrlen(genl(), 0); }

    void text(int type, const char* value) { nla_put_string(msg_, type, value); }
    void u32(int type, uint32_t value) { nla_put_u32(msg_, type, value); }
    void u64(int type, uint64_t value) { nla_put_u64(msg_, type, value); }
    void flag(int type) { nla_put_flag(msg_, type); }

  private:
    const genlmsghdr* genl() { return static_cast<const genlmsghdr*>(nlmsg_data(header())); }

    nl_msg* msg_;
};

void put_stats(Message& m, int type) {
    std::array<uint64_t, srpt::kLatencyBuckets> histogram{};
    nlattr* nest = nla_nest_start(m.get(), type);

    histogram[3] = 17;
    m.u64(IB_SRPT_A_STATS_READ_CMDS, 5);
    m.u64(IB_SRPT_A_STATS_WRITE_BYTES, 1ULL << 40);
    nla_put(m.get(), IB_SRPT_A_STATS_READ_LATENCY, sizeof(histogram), histogram.data());
    nla_put(m.get(), IB_SRPT_A_STATS_WRITE_LATENCY, 8, histogram.data()); // too short: as if missing
    nla_nest_end(m.get(), nest);
}

TEST(Decode, Target) {
    Message m(IB_SRPT_CMD_TARGET_GET);

    m.text(IB_SRPT_A_TARGET_WWN, "0xfe80");
    m.u32(IB_SRPT_A_TARGET_TPG_TAG, 3);
    nla_put_u8(m.get(), IB_SRPT_A_TARGET_ENABLED, 1);
    m.u32(IB_SRPT_A_TARGET_SESSIONS, 2);
    m.u64(IB_SRPT_A_TARGET_MAX_INITIATOR_BYTES, 1ULL << 33);
    m.u32(IB_SRPT_A_TARGET_MAX_IO_SIZE, 1U << 20);
    const srpt::TargetInfo info = srpt::decode_target(m.attrs(), m.length());
    EXPECT_EQ(info.wwn, "0xfe80");
    EXPECT_EQ(info.tpg_tag, 3U);
    EXPECT_TRUE(info.enabled);
    EXPECT_EQ(info.sessions, 2U);
    EXPECT_EQ(info.max_initiator_bytes, 1ULL << 33);
    EXPECT_EQ(info.max_io_size, 1U << 20);
    EXPECT_EQ(info.max_channels, 0U);
}

TEST(Decode, Module) {
    Message m(IB_SRPT_CMD_MODULE_GET);

    m.text(IB_SRPT_A_MODULE_VERSION, "1.2");
    m.u64(IB_SRPT_A_MODULE_SERVICE_GUID, 0x001175000077dd7eULL);
    nla_put_u16(m.get(), IB_SRPT_A_MODULE_RDMA_CM_PORT, 5555);
    m.u32(IB_SRPT_A_MODULE_SESSIONS, 3);
    m.u64(IB_SRPT_A_MODULE_REJECTS, 9);
    const srpt::ModuleInfo info = srpt::decode_module(m.attrs(), m.length());
    EXPECT_EQ(info.version, "1.2");
    EXPECT_EQ(info.service_guid, 0x001175000077dd7eULL);
    EXPECT_EQ(info.rdma_cm_port, 5555U);
    EXPECT_EQ(info.sessions, 3U);
    EXPECT_EQ(info.rejects, 9U);
}

TEST(Decode, Session) {
    Message m;

    m.u32(IB_SRPT_A_SESSION_ID, 7);
    m.text(IB_SRPT_A_SESSION_INITIATOR, "0x7edd");
    m.text(IB_SRPT_A_SESSION_SOURCE_IP, "10.0.0.1");
    m.text(IB_SRPT_A_SESSION_WWN, "0xfe80");
    m.flag(IB_SRPT_A_SESSION_CLOSING);
    put_stats(m, IB_SRPT_A_SESSION_STATS);
    const srpt::SessionInfo s = srpt::decode_session(m.attrs(), m.length());
    EXPECT_EQ(s.id, 7U);
    EXPECT_EQ(s.source.address(), "10.0.0.1");
    EXPECT_TRUE(s.closing);
    EXPECT_FALSE(s.dynamic_acl);
    EXPECT_EQ(s.stats.read_cmds, 5U);
    EXPECT_EQ(s.stats.write_bytes, 1ULL << 40);
    EXPECT_EQ(s.stats.read_latency[3], 17U);
    EXPECT_EQ(s.stats.write_latency[3], 0U);
}

TEST(Decode, Events) {
    Message login(IB_SRPT_CMD_LOGIN_NTF);
    login.u32(IB_SRPT_A_CHANNEL_SESSION_ID, 4);
    login.u32(IB_SRPT_A_CHANNEL_STATE, IB_SRPT_CHANNEL_STATE_LIVE);
    login.u32(IB_SRPT_A_CHANNEL_CM_KIND, IB_SRPT_CM_KIND_RDMA);
    const auto in = srpt::decode_event(login.header());
    ASSERT_TRUE(in);
    const auto& channel = std::get<srpt::LoginEvent>(*in).channel;
    EXPECT_EQ(channel.session_id, 4U);
    EXPECT_EQ(channel.state, "live");
    EXPECT_EQ(channel.cm, "rdma");
    EXPECT_EQ(channel.cause, "none");

    Message logout(IB_SRPT_CMD_LOGOUT_NTF);
    logout.u32(IB_SRPT_A_CHANNEL_CAUSE, IB_SRPT_CLOSE_CAUSE_ADMIN);
    logout.text(IB_SRPT_A_CHANNEL_CAUSE_TEXT, "closed by the administrator");
    put_stats(logout, IB_SRPT_A_CHANNEL_STATS);
    const auto out = srpt::decode_event(logout.header());
    ASSERT_TRUE(out);
    EXPECT_EQ(std::get<srpt::LogoutEvent>(*out).channel.cause, "admin");
    EXPECT_EQ(std::get<srpt::LogoutEvent>(*out).channel.stats.read_cmds, 5U);

    Message reject(IB_SRPT_CMD_REJECT_NTF);
    reject.text(IB_SRPT_A_REJECT_INITIATOR, "0x1");
    reject.u32(IB_SRPT_A_REJECT_REASON, 0x00010006);
    reject.u64(IB_SRPT_A_REJECT_COUNT, 12);
    const auto no = srpt::decode_event(reject.header());
    ASSERT_TRUE(no);
    EXPECT_EQ(std::get<srpt::RejectEvent>(*no).reject.count, 12U);

    Message port(IB_SRPT_CMD_PORT_NTF);
    port.text(IB_SRPT_A_PORT_DEVICE, "qib0");
    port.u32(IB_SRPT_A_PORT_STATE, IB_SRPT_PORT_STATE_ACTIVE);
    port.u32(IB_SRPT_A_PORT_LINK_LAYER, IB_SRPT_LINK_LAYER_ETHERNET);
    port.text(IB_SRPT_A_PORT_TARGET, "0xa");
    port.text(IB_SRPT_A_PORT_TARGET, "0xb");
    port.u64(IB_SRPT_A_PORT_POOL_BYTES, 8192);
    port.u64(IB_SRPT_A_PORT_POOL_KEPT_BYTES, 4096);
    const auto up = srpt::decode_event(port.header());
    ASSERT_TRUE(up);
    const auto& info = std::get<srpt::PortEvent>(*up).port;
    EXPECT_EQ(info.state, "active");
    EXPECT_EQ(info.link_layer, "ethernet");
    EXPECT_EQ(info.targets, (std::vector<std::string>{"0xa", "0xb"}));
    EXPECT_EQ(info.pool_bytes, 8192U);
    EXPECT_EQ(info.pool_kept_bytes, 4096U);

    EXPECT_FALSE(srpt::decode_event(Message(IB_SRPT_CMD_SESSION_GET).header()));
}

TEST(Decode, NothingAndNonsense) {
    const srpt::SessionInfo none = srpt::decode_session(nullptr, 0);
    EXPECT_EQ(none.id, 0U);
    EXPECT_EQ(none.source.address(), "");

    Message m;
    m.u32(200, 1);                                            // unknown
    nla_put(m.get(), IB_SRPT_A_SESSION_ID, 3, "abc");         // no integer has 3 bytes
    nla_put(m.get(), IB_SRPT_A_SESSION_INITIATOR, 4, "abcd"); // no end
    nla_put_u64(m.get(), IB_SRPT_A_SESSION_TPG_TAG, 5);       // wider than the spec
    nla_put_u8(m.get(), IB_SRPT_A_SESSION_CHANNELS, 2);       // narrower
    const srpt::SessionInfo s = srpt::decode_session(m.attrs(), m.length());
    EXPECT_EQ(s.id, 0U);
    EXPECT_EQ(s.source.initiator, "abcd");
    EXPECT_EQ(s.tpg_tag, 5U);
    EXPECT_EQ(s.channels, 2U);
}

// Cut anywhere, a message may lose attributes but never runs past its end.
TEST(Decode, CutAnywhere) {
    Message m;
    m.u32(IB_SRPT_A_SESSION_ID, 7);
    m.text(IB_SRPT_A_SESSION_INITIATOR, "0x7edd770000751100001175000077d708");
    put_stats(m, IB_SRPT_A_SESSION_STATS);
    for (int length = 0; length <= m.length(); length++) {
        // Exactly as long as it may be read, for the sanitizer.
        const std::unique_ptr<char[]> copy(new char[static_cast<size_t>(length) + 1]);
        std::memcpy(copy.get(), m.attrs(), static_cast<size_t>(length));
        const auto* attrs = static_cast<const nlattr*>(static_cast<const void*>(copy.get()));
        const srpt::SessionInfo s = srpt::decode_session(attrs, length);
        EXPECT_TRUE(s.id == 0 || s.id == 7);
    }
}

TEST(Decode, Names) {
    EXPECT_EQ(srpt::port_state_name(IB_SRPT_PORT_STATE_ACTIVE_DEFER), "active-defer");
    EXPECT_EQ(srpt::port_state_name(99), "unknown");
    EXPECT_EQ(srpt::close_cause_name(IB_SRPT_CLOSE_CAUSE_DEVICE_REMOVED), "device-removed");
    EXPECT_EQ(srpt::close_cause_name(99), "unknown");
}

TEST(Decode, Extack) {
    Message m;

    nla_put_string(m.get(), NLMSGERR_ATTR_MSG, "no such session");
    EXPECT_EQ(srpt::decode_extack(m.attrs(), m.length()), "no such session");
    EXPECT_EQ(srpt::decode_extack(nullptr, 0), "");
}

// Where no module of ours is loaded, the real link says so.
TEST(Link, AbsentFamily) {
    const auto link = srpt::make_kernel_link();

    if (link->present()) {
        EXPECT_TRUE(link->module());
        return;
    }
    EXPECT_EQ(link->sessions().error().code, srpt::Errc::unsupported);
    EXPECT_EQ(link->channels(1).error().code, srpt::Errc::unsupported);
    EXPECT_EQ(link->rejects().error().code, srpt::Errc::unsupported);
    EXPECT_EQ(link->ports().error().code, srpt::Errc::unsupported);
    EXPECT_EQ(link->module().error().code, srpt::Errc::unsupported);
    EXPECT_EQ(link->close_session(1).error().code, srpt::Errc::unsupported);
    EXPECT_EQ(link->forget_reject("0x1").error().code, srpt::Errc::unsupported);
    EXPECT_EQ(link->subscribe().error().code, srpt::Errc::unsupported);
}

} // namespace
