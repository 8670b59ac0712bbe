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

INSTANTIATE_TEST_SUITE_P(
    All, SteadyState, ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed, Suite::none),
    [](const auto& suite) { return "suite_" + std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace squall
