// The plain UDP socket on loopback: single datagrams and batches, segmentation, drops, sizes, errors.
#include "squall/runtime/udp_socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

namespace squall {
namespace {

const Address kLoopback6 = Address::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);

UdpSocket open(const UdpOptions& options = {}) {
    auto socket = UdpSocket::open(options);
    EXPECT_TRUE(socket) << socket.error().message;
    return std::move(*socket);
}

void wait_readable(const UdpSocket& socket) {
    pollfd entry{socket.native_handle(), POLLIN, 0};
    ASSERT_EQ(::poll(&entry, 1, 5000), 1);
}

void commit(TransmitBatch& batch, const Address& to, std::string_view text) {
    const MutableBytes place = batch.next();
    std::memcpy(place.data(), text.data(), text.size());
    batch.commit({to, text.size()}, place);
}

std::vector<std::string> receive_all(UdpSocket& socket, ReceiveBatch& batch, std::size_t count) {
    std::vector<std::string> texts;
    while (texts.size() < count) {
        wait_readable(socket);
        if (testing::Test::HasFatalFailure() || socket.receive(batch) == 0) break;
        for (std::size_t i = 0; i < batch.size(); ++i) texts.emplace_back(as_text(batch[i].bytes));
    }
    return texts;
}

class UdpFamilies : public testing::TestWithParam<Address> {};
INSTANTIATE_TEST_SUITE_P(Both, UdpFamilies, testing::Values(Address::loopback(0), kLoopback6),
                         [](const auto& i) {
                             return std::string(i.param.family() == Address::Family::ipv4 ? "IPv4" : "IPv6");
                         });

TEST_P(UdpFamilies, SendsAndReceivesOneDatagram) {
    UdpSocket a = open({.bind = GetParam()});
    UdpSocket b = open({.bind = GetParam()});
    std::array<std::byte, 100> buffer;
    EXPECT_FALSE(b.receive_from(buffer));
    EXPECT_TRUE(a.send_to(as_bytes("hello"), b.local_address()));
    wait_readable(b);
    const auto received = b.receive_from(buffer);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->from, a.local_address());
    EXPECT_EQ(as_text(Bytes(buffer).first(received->size)), "hello");
    EXPECT_EQ(a.statistics().bytes_sent, 5u);
    EXPECT_EQ(b.statistics().bytes_received, 5u);
}

TEST_P(UdpFamilies, ABatchIsOneSystemCall) {
    UdpSocket a = open({.bind = GetParam()});
    UdpSocket b = open({.bind = GetParam()});
    TransmitBatch out(10);
    for (int i = 0; i < 10; ++i) commit(out, b.local_address(), "datagram " + std::to_string(i));
    EXPECT_TRUE(out.full());
    a.send(out);
    EXPECT_TRUE(out.empty());
    EXPECT_EQ(a.statistics().send_calls, 1u);
    EXPECT_EQ(a.statistics().datagrams_sent, 10u);
    ReceiveBatch in(4);
    const auto texts = receive_all(b, in, 10);
    ASSERT_EQ(texts.size(), 10u);
    EXPECT_EQ(texts[9], "datagram 9");
    EXPECT_LE(b.statistics().receive_calls, 4u);
}

TEST(UdpSocket, RunsOfEqualSizeLeaveAndArriveAsOne) {
    for (const bool coalesced : {false, true}) {
        UdpSocket a = open({.segmented_send = true});
        UdpSocket b = open({.coalesced_receive = coalesced});
        UdpSocket c = open();
        TransmitBatch out;
        const std::string full(1000, 'f');
        // Three and a shorter last one to b; one to c; two to b, of which the larger one cannot be the last.
        for (int i = 0; i < 3; ++i) commit(out, b.local_address(), full);
        commit(out, b.local_address(), "short");
        commit(out, c.local_address(), full);
        commit(out, b.local_address(), "tiny");
        commit(out, b.local_address(), full);
        a.send(out);
        EXPECT_EQ(a.statistics().datagrams_sent, 7u);
        EXPECT_EQ(a.statistics().bytes_sent, 5 * 1000u + 9u);
        ReceiveBatch in(16, coalesced);
        EXPECT_EQ(receive_all(b, in, 6), (std::vector<std::string>{full, full, full, "short", "tiny", full}));
        EXPECT_EQ(b.statistics().datagrams_received, 6u);
        ReceiveBatch plain;
        EXPECT_EQ(receive_all(c, plain, 1), std::vector{full});
    }
}

TEST(UdpSocket, CountsWhatTheKernelDrops) {
    UdpSocket a = open();
    UdpSocket b = open({.receive_buffer_bytes = 4096});
    // As on a system that does not tell the count when asked: it comes with the datagrams.
    const int on = 1;
    ASSERT_EQ(::setsockopt(b.native_handle(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on), 0);
    for (int i = 0; i < 500; ++i) a.send_to(as_bytes(std::string(1000, 'x')), b.local_address());
    const std::uint64_t drops = b.statistics().kernel_drops;
    EXPECT_GT(drops, 0u);
    ReceiveBatch in;
    std::size_t received = 0;
    while (b.receive(in) > 0) received += in.size();
    EXPECT_EQ(received + drops, 500u);
    // The control message that comes with the next datagram tells the same number; it is not counted twice.
    a.send_to(as_bytes("one more"), b.local_address());
    EXPECT_EQ(receive_all(b, in, 1).size(), 1u);
    EXPECT_EQ(b.statistics().kernel_drops, drops);
}

TEST(UdpSocket, DropsAndCountsWhatIsTooLargeForANode) {
    UdpSocket a = open();
    UdpSocket b = open();
    for (const std::size_t size :
         {kMaxDatagramBytes, kMaxDatagramBytes + 1, std::size_t{1536}, std::size_t{9000}})
        EXPECT_TRUE(a.send_to(as_bytes(std::string(size, 'x')), b.local_address()));
    EXPECT_TRUE(a.send_to({}, b.local_address())) << "an empty datagram is one too";
    ReceiveBatch in;
    const auto texts = receive_all(b, in, 2);
    ASSERT_EQ(texts.size(), 2u);
    EXPECT_EQ(texts[0].size(), kMaxDatagramBytes);
    EXPECT_TRUE(texts[1].empty());
    EXPECT_EQ(b.statistics().oversized_drops, 3u);
    EXPECT_EQ(b.statistics().datagrams_received, 5u);
}

TEST(UdpSocket, ReceiveFromTellsTheTrueSize) {
    UdpSocket a = open();
    UdpSocket b = open();
    a.send_to(as_bytes(std::string(300, 'x')), b.local_address());
    wait_readable(b);
    std::array<std::byte, 100> buffer;
    EXPECT_EQ(b.receive_from(buffer)->size, 300u);
}

TEST(UdpSocket, RefusedSendsAreCountedAndTheRestGoesOut) {
    UdpSocket a = open();
    UdpSocket b = open();
    TransmitBatch out;
    commit(out, kLoopback6.with_port(9), "wrong family");
    commit(out, Address::ipv4(255, 255, 255, 255, 9), "broadcast");
    commit(out, b.local_address(), "good");
    commit(out, Address{}, "nowhere");
    commit(out, b.local_address(), "good too");
    a.send(out);
    EXPECT_EQ(a.statistics().send_drops, 3u);
    ReceiveBatch in;
    EXPECT_EQ(receive_all(b, in, 2), (std::vector<std::string>{"good", "good too"}));
    EXPECT_FALSE(a.send_to(as_bytes("x"), Address{}));
}

TEST(UdpSocket, BuffersAreGrantedOrTheAdviceNamesTheSysctl) {
    const UdpOptions options{.receive_buffer_bytes = 1 << 20, .send_buffer_bytes = 1 << 20};
    UdpSocket socket = open(options);
    const SocketBuffers granted = socket.buffers();
    EXPECT_GT(granted.receive, 0u);
    const auto advice =
        buffer_advice("the server", {options.receive_buffer_bytes, options.send_buffer_bytes}, granted);
    EXPECT_EQ(advice.has_value(),
              granted.receive < options.receive_buffer_bytes || granted.send < options.send_buffer_bytes);
}

TEST(UdpSocket, SharesAPortOnlyWhenAllAsk) {
    UdpSocket first = open({.reuse_port = true});
    EXPECT_TRUE(UdpSocket::open({.bind = first.local_address(), .reuse_port = true}));
    const auto alone = UdpSocket::open({.bind = first.local_address()});
    ASSERT_FALSE(alone);
    EXPECT_EQ(alone.error().code, ErrorCode::address_in_use);
    EXPECT_NE(alone.error().message.find("the port is in use"), std::string::npos) << alone.error().message;
}

TEST(UdpSocket, MovesWithItsStatistics) {
    UdpSocket a = open();
    UdpSocket b = open();
    a.send_to(as_bytes("x"), b.local_address());
    UdpSocket moved = std::move(a);
    EXPECT_EQ(moved.statistics().datagrams_sent, 1u);
    EXPECT_TRUE(moved.send_to(as_bytes("y"), b.local_address()));
    moved = open();
    EXPECT_EQ(moved.statistics().datagrams_sent, 0u);
}

}  // namespace
}  // namespace squall
