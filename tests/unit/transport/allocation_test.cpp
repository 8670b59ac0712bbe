// Nothing is allocated per packet once a conversation is under way: counted, with every operator new of this
// program replaced.
#include <gtest/gtest.h>

#include "support/counting_new.hpp"
#include "unit/transport/endpoint_net.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using testing::EndpointNet;
using testing::test_transport;

class SteadyState : public ::testing::TestWithParam<Suite> {};

// A network of one wire each way that itself allocates nothing.
TEST_P(SteadyState, AllocatesNothing) {
    if (!is_available(GetParam())) GTEST_SKIP() << "this machine has no AES instructions";
    TransportConfig transport = test_transport();
    transport.channels[1].redundancy = 3;
    EndpointNet net(transport);
    ClientEndpoint& client = net.add_client(GetParam());
    net.run(1s);
    ASSERT_EQ(client.state(), ClientState::connected);
    const ConnectionId at_client = client.connection();
    const ConnectionId at_server = net.stations[0].connected[0].connection;
    const Address client_address = net.stations[1].address;
    std::array<std::byte, kMaxDatagramBytes> buffer;
    std::array<std::byte, 100> message{};
    TimePoint now = net.now;
    std::uint64_t packets = 0;
    std::uint64_t lost = 0;
    const auto deliver = [&](Endpoint& from, const Address& address, Endpoint& to) {
        while (const auto transmit = from.poll_transmit(now, buffer)) {
            if (++packets % 7 == 0) {  // some are lost: repairing must not allocate either
                ++lost;
                continue;
            }
            to.receive(now, address, MutableBytes(buffer).first(transmit->size));
            while (to.poll_event()) {
            }
        }
        while (from.poll_event()) {
        }
    };
    const auto step = [&] {
        now += 16ms;
        if (net.server->poll_timeout() <= now) net.server->handle_timeout(now);
        if (client.poll_timeout() <= now) client.handle_timeout(now);
        for (std::uint8_t channel = 0; channel < 4; ++channel) {
            ASSERT_TRUE(net.server->send(now, at_server, ChannelId{channel}, message, {.notify = true}));
            ASSERT_TRUE(client.send(now, at_client, ChannelId{channel}, message, {.notify = true}));
        }
        deliver(*net.server, EndpointNet::kServerAddress, client);
        deliver(client, client_address, *net.server);
    };
    for (int i = 0; i < 2000; ++i) step();
    const std::uint64_t before = test::allocation_count();
    const std::uint64_t packets_before = packets;
    for (int i = 0; i < 2000; ++i) step();
    EXPECT_EQ(test::allocation_count() - before, 0U) << "in " << packets - packets_before << " packets";
    EXPECT_GE(packets - packets_before, 4000U);
    EXPECT_GT(lost, 500U);
}

#if !defined(__SANITIZE_ADDRESS__)
#define SQUALL_MEASURES_MEMORY 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef SQUALL_MEASURES_MEMORY
#endif
#endif
#endif

// What a connection holds, with the endpoint of its client, after it was used and is idle again.
TEST_P(SteadyState, IdleConnectionHoldsAtMost4KiBASide) {
#if !defined(SQUALL_MEASURES_MEMORY)
    GTEST_SKIP() << "a sanitizer's allocator rounds as it likes";
#endif
    if (!is_available(GetParam())) GTEST_SKIP() << "this machine has no AES instructions";
    if (!test::counts_allocations()) GTEST_SKIP() << "a sanitizer brings its own operator new";
    constexpr std::size_t kClients = 60;
    TransportConfig transport = test_transport();
    transport.channels = {{.name = "state", .mode = ChannelMode::unreliable_sequenced},
                          {.name = "chat", .mode = ChannelMode::reliable_ordered}};
    EndpointNet net(transport);
    for (std::size_t i = 0; i < kClients; ++i) net.add_client(GetParam());
    net.run(1s);
    const std::array<std::byte, 64> message{};
    std::size_t sent = 0;
    net.run(1s, 50ms, [&](TimePoint now) {
        for (std::size_t i = 0; i < kClients; ++i) {
            for (std::uint8_t channel = 0; channel < 2; ++channel) {
                const auto& accepted = net.stations[0].connected[i];
                ASSERT_TRUE(net.server->send(now, accepted.connection, ChannelId{channel}, message));
                ASSERT_TRUE(
                    net.clients[i]->send(now, net.clients[i]->connection(), ChannelId{channel}, message));
                ++sent;
            }
        }
    });
    ASSERT_GE(sent, 20 * kClients);
    net.run(4s);
    const auto share = [](std::int64_t bytes) { return bytes / static_cast<std::int64_t>(kClients); };
    net.stations.clear();
    const std::int64_t idle = test::live_bytes();
    net.clients.clear();
    const std::int64_t without_clients = test::live_bytes();
    net.server.reset();
    const std::int64_t without_server = test::live_bytes();
    EXPECT_LE(share(idle - without_clients), 4096);
    EXPECT_LE(share(without_clients - without_server), 4096);
    EXPECT_GE(share(idle - without_clients), 1000);
    EXPECT_GE(share(without_clients - without_server), 1000);
}

INSTANTIATE_TEST_SUITE_P(
    All, SteadyState, ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed, Suite::none),
    [](const auto& suite) { return "suite_" + std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace squall
