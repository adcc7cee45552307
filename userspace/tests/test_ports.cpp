// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"
#include "ports.hpp"

#include <gtest/gtest.h>

using namespace testing_srpt;

namespace {

TEST(Ports, ReadsInfiniBandAndEthernet) {
    Machine m;

    m.add_port("mlx5_1", 2, "0000:0000:0000:0000:0000:ffff:0a00:0001", "1: DOWN", "Ethernet");
    const auto ports = srpt::read_ports(m.fs);
    ASSERT_EQ(ports.size(), 2U);
    EXPECT_EQ(ports[0].name(), "mlx5_1/2");
    EXPECT_FALSE(ports[0].active());
    EXPECT_TRUE(ports[0].ethernet());
    EXPECT_EQ(ports[0].netdev, "eth0");
    EXPECT_EQ(ports[0].state, "Down");
    EXPECT_EQ(ports[1].name(), "qib0/1");
    EXPECT_TRUE(ports[1].active());
    EXPECT_EQ(ports[1].guid(), "001175000077dd7e");
    EXPECT_EQ(ports[1].target_name(), kGid);
    EXPECT_EQ(ports[1].lid, "0x1");
}

TEST(Ports, NoneIsNoError) {
    const FakeConfigfs fs;

    EXPECT_TRUE(srpt::read_ports(fs).empty());
}

TEST(Ports, ZeroOrUnreadableGidIsNone) {
    Machine m;

    m.add_port("zero", 1, "0000:0000:0000:0000:0000:0000:0000:0000", "2: INIT", "InfiniBand");
    m.fs.put("/sys/class/infiniband/bare/ports/1/state", "4: ACTIVE");
    for (const srpt::RdmaPort& port : srpt::read_ports(m.fs)) {
        if (port.device != "qib0") {
            EXPECT_FALSE(port.gid_ident()) << port.device;
            EXPECT_EQ(port.target_name(), "");
            EXPECT_EQ(port.guid(), "");
        }
    }
}

TEST(Ports, FindsByAnyName) {
    Machine m;

    m.add_port("mlx5_0", 1, "fe80::1", "4: ACTIVE", "InfiniBand");
    m.add_port("mlx5_0", 2, "fe80::2", "4: ACTIVE", "InfiniBand");
    const auto ports = srpt::read_ports(m.fs);
    EXPECT_EQ((*srpt::find_port(ports, "qib0"))->name(), "qib0/1");
    EXPECT_EQ((*srpt::find_port(ports, "mlx5_0:2"))->name(), "mlx5_0/2");
    EXPECT_EQ(srpt::find_port(ports, "mlx5_0").error().code, srpt::Errc::usage);
    EXPECT_EQ(srpt::find_port(ports, "absent").error().code, srpt::Errc::not_found);
    EXPECT_NE(srpt::find_port(ports, "absent").error().hint.find("qib0/1"), std::string::npos);
    EXPECT_NE(srpt::find_port({}, "absent").error().hint.find("no RDMA device"), std::string::npos);
}

} // namespace
