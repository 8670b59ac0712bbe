// Limits and their advice, names, entropy, wall time, and the form of addresses in socket calls.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <set>

#include "runtime/socket_address.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/resolve.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/system_limits.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "unit/runtime/scripted_node.hpp"

namespace squall {
namespace {

TEST(SystemLimits, AdviceNamesSysctlAndValue) {
    EXPECT_FALSE(buffer_advice("x", {}, {}));
    EXPECT_FALSE(buffer_advice("x", {1000, 1000}, {1000, 2000}));
    const auto advice = buffer_advice("0.0.0.0:40000", {8 << 20, 1 << 20}, {212'992, 2 << 20});
    ASSERT_TRUE(advice);
    EXPECT_EQ(
        *advice,
        "the receive buffer of 0.0.0.0:40000 is 208 KiB where 8192 KiB were asked for: raise the limit with "
        "'sudo sysctl -w net.core.rmem_max=8388608'");
    const auto both = buffer_advice("it", {100'000, 200'000}, {1, 1});
    ASSERT_TRUE(both);
    EXPECT_NE(both->find("net.core.rmem_max=100000"), std::string::npos);
    EXPECT_NE(both->find("net.core.wmem_max=200000"), std::string::npos);
}

TEST(SystemLimits, DescriptorsRunOutWithAnErrorThatSaysSo) {
    const DescriptorLimit limit = descriptor_limit();
    ASSERT_GT(limit.soft, 0u);
    EXPECT_TRUE(require_descriptors(1));
    auto host = std::move(*AsioHost::make());
    // UBSan looks at classes that are new to it through a pipe. Later there is no descriptor for one, so it
    // sees what formats errors now.
    ASSERT_FALSE(fmt::format("{} open files", limit.soft).empty());
    const rlimit few{20, limit.hard};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    std::vector<std::unique_ptr<test::ScriptedNode>> nodes;
    Result<NodeId> last;
    while (nodes.size() < 100) {
        nodes.push_back(std::make_unique<test::ScriptedNode>());
        last = host->attach(*nodes.back(), {});
        if (!last) break;
    }
    const auto more = require_descriptors(30);
    const rlimit before{limit.soft, limit.hard};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_FALSE(last);
    EXPECT_NE(last.error().message.find("may have 20 open files"), std::string::npos) << last.error().message;
    EXPECT_TRUE(more);
    EXPECT_EQ(host->attached_count(), nodes.size() - 1);
    nodes.pop_back();
    EXPECT_TRUE(host->attach(*(nodes.emplace_back(std::make_unique<test::ScriptedNode>())), {}))
        << "and it goes on after";
    host.reset();
}

TEST(SystemLimits, TimerSlackAndPorts) {
    EXPECT_TRUE(pin_timer_slack());
    const auto range = ephemeral_port_range();
    ASSERT_TRUE(range);
    EXPECT_GT(range->size(), 0u);
    EXPECT_TRUE(AsioHost::make({.precise_timers = true}));
}

TEST(Resolve, AddressesAsTextAreNotLookedUp) {
    EXPECT_EQ(*resolve("127.0.0.1", 40000), std::vector{Address::loopback(40000)});
    EXPECT_EQ(*resolve("127.0.0.1:40000"), std::vector{Address::loopback(40000)});
    EXPECT_EQ(to_string(resolve("[::1]:7")->front()), "[::1]:7");
    EXPECT_EQ(to_string(resolve("::1", 7, ResolveFamily::ipv6)->front()), "[::1]:7");
}

TEST(Resolve, LocalhostHasALoopbackAddress) {
    const auto addresses = resolve("localhost", 5, ResolveFamily::ipv4);
    ASSERT_TRUE(addresses) << addresses.error().message;
    EXPECT_NE(std::ranges::find(*addresses, Address::loopback(5)), addresses->end());
    EXPECT_EQ(std::set(addresses->begin(), addresses->end()).size(), addresses->size()) << "none twice";
}

// Some systems have no table of hosts, or none for IPv6.
TEST(Resolve, LocalhostIsThisMachineInEveryFamilyAndCase) {
    for (const auto family : {ResolveFamily::any, ResolveFamily::ipv4, ResolveFamily::ipv6})
        for (const char* name : {"localhost", "LocalHost"}) EXPECT_TRUE(resolve(name, 5, family)) << name;
}

TEST(Resolve, WhatCannotBeANameIsAnError) {
    EXPECT_EQ(resolve("", 1).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(resolve(std::string(300, 'a'), 1).error().code, ErrorCode::invalid_argument);
    for (const char* text :
         {"localhost", "localhost:", "localhost:x", "localhost:99999", "::1:40000", "host:1:2"})
        EXPECT_EQ(resolve(text).error().code, ErrorCode::malformed) << text;
    const auto wrong_family = resolve("127.0.0.1", 1, ResolveFamily::ipv6);
    ASSERT_FALSE(wrong_family);
    EXPECT_NE(wrong_family.error().message.find("127.0.0.1"), std::string::npos);
}

TEST(SystemEntropy, FillsEveryByteAndNeverTheSame) {
    SystemEntropy entropy;
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(entropy.u64());
    EXPECT_EQ(seen.size(), 1000u);
    std::array<std::byte, 4096> large{};
    entropy.fill(large);
    EXPECT_LT(std::ranges::count(large, std::byte{0}), 100);
    entropy.fill({});
}

TEST(WallClock, IsLaterThanThisTestWasWritten) {
    EXPECT_GT(system_wall_clock().value, 1'750'000'000u);
    const auto host = std::move(*AsioHost::make());
    const WallClockAnchor anchor = wall_clock_anchor(*host);
    EXPECT_LE(anchor.at, host->now());
}

TEST(SocketAddress, RoundTripsAndMapsIPv4IntoIPv6) {
    using runtime::read_address;
    using runtime::write_address;
    runtime::SocketAddress raw{};
    const Address v4 = Address::ipv4(10, 1, 2, 3, 4567);
    const Address v6 = *Address::parse("[2001:db8::5]:4567");
    EXPECT_EQ(write_address(v4, AF_INET, raw), sizeof(sockaddr_in));
    EXPECT_EQ(read_address(raw), v4);
    EXPECT_EQ(write_address(v6, AF_INET6, raw), sizeof(sockaddr_in6));
    EXPECT_EQ(read_address(raw), v6);
    EXPECT_EQ(write_address(v4, AF_INET6, raw), sizeof(sockaddr_in6));
    EXPECT_EQ(raw.v6.sin6_addr.s6_addr[11], 0xff);
    EXPECT_EQ(read_address(raw), v4) << "mapped on the way out, unmapped on the way in";
    EXPECT_EQ(write_address(v6, AF_INET, raw), 0u);
    EXPECT_EQ(write_address({}, AF_INET6, raw), 0u);
    raw.any.sa_family = AF_UNIX;
    EXPECT_FALSE(read_address(raw).is_valid());
}

}  // namespace
}  // namespace squall
