// TCP on the host's pump: connecting, refusal, big transfers with partial sends, back-pressure, closing from
// both ends.
#include "squall/runtime/tcp_socket.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "squall/core/rng.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;

const Address kLoopback6 = Address::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);

class TcpTest : public testing::Test {
  protected:
    TcpTest() : host_(std::move(*AsioHost::make())) {}

    bool run_until(const std::function<bool()>& condition) {
        const TimePoint give_up = host_->now() + 10s;
        while (!condition() && host_->now() < give_up) host_->run_until(host_->now() + 10ms);
        return condition();
    }
    // A listener that keeps one accepted socket and collects what it receives.
    Address listen(const Address& bind, TcpOptions options = {}) {
        auto listener = TcpListener::listen(
            *host_, bind, [this](std::unique_ptr<TcpSocket> socket) { take(std::move(socket)); }, options);
        EXPECT_TRUE(listener) << listener.error().message;
        listener_ = std::move(*listener);
        return listener_->local_address();
    }
    void take(std::unique_ptr<TcpSocket> socket) {
        accepted_ = std::move(socket);
        if (on_finished_)
            return accepted_->set_callbacks(
                {.on_received = [this](Bytes bytes) { received_ += as_text(bytes); },
                 .on_finished = on_finished_});
        accepted_->set_callbacks(
            {.on_received = [this](Bytes bytes) { received_ += as_text(bytes); },
             .on_closed = [this](const Error* error) { server_end_ = error ? error->message : "closed"; }});
    }
    std::unique_ptr<TcpSocket> connect(const Address& to, TcpCallbacks callbacks = {},
                                       TcpOptions options = {}) {
        auto socket = TcpSocket::connect(*host_, to, std::move(callbacks), options);
        EXPECT_TRUE(socket) << socket.error().message;
        return std::move(*socket);
    }

    std::unique_ptr<AsioHost> host_;
    std::unique_ptr<TcpListener> listener_;
    std::unique_ptr<TcpSocket> accepted_;
    std::string received_;
    std::string server_end_;
    std::function<void()> on_finished_;  // set: the accepted socket answers a half-closed peer
};

class TcpFamilies : public TcpTest, public testing::WithParamInterface<Address> {};
INSTANTIATE_TEST_SUITE_P(Both, TcpFamilies, testing::Values(Address::loopback(0), kLoopback6),
                         [](const auto& i) {
                             return std::string(i.param.family() == Address::Family::ipv4 ? "IPv4" : "IPv6");
                         });

TEST_P(TcpFamilies, CarriesMegabytesBothWaysThroughPartialSends) {
    const Address address = listen(GetParam(), {.max_queued_bytes = 32 << 20});
    Rng rng(7);
    std::string sent(20 << 20, '\0');
    for (char& c : sent) c = static_cast<char>(rng.next());
    std::string echoed;
    bool drained = false;
    const auto client = connect(address,
                                {.on_received = [&](Bytes bytes) { echoed += as_text(bytes); },
                                 .on_drained = [&] { drained = true; }},
                                {.max_queued_bytes = 32 << 20});
    ASSERT_TRUE(client->send(as_bytes(sent))) << "may be queued before the connection stands";
    EXPECT_EQ(client->queued_bytes(), sent.size());
    ASSERT_TRUE(run_until([&] { return received_.size() == sent.size(); }));
    EXPECT_TRUE(received_ == sent);
    EXPECT_TRUE(drained);
    EXPECT_EQ(client->queued_bytes(), 0u);
    EXPECT_EQ(client->local_address(), accepted_->remote_address());
    EXPECT_EQ(accepted_->local_address(), address);
    ASSERT_TRUE(accepted_->send(as_bytes(received_)));
    ASSERT_TRUE(run_until([&] { return echoed.size() == sent.size(); }));
    EXPECT_TRUE(echoed == sent);
}

TEST_P(TcpFamilies, ARefusedConnectionIsAnError) {
    const Address address = listen(GetParam());
    listener_.reset();
    std::string end;
    ErrorCode code{};
    bool connected = false;
    const auto client = connect(address, {.on_connected = [&] { connected = true; },
                                          .on_closed =
                                              [&](const Error* error) {
                                                  ASSERT_NE(error, nullptr);
                                                  end = error->message;
                                                  code = error->code;
                                              }});
    ASSERT_TRUE(run_until([&] { return !end.empty(); }));
    EXPECT_FALSE(connected);
    EXPECT_EQ(code, ErrorCode::io);
    EXPECT_NE(end.find(to_string(address)), std::string::npos) << end;
    EXPECT_NE(end.find("refused"), std::string::npos) << end;
    EXPECT_EQ(client->send(as_bytes("x")).error().code, ErrorCode::not_connected);
}

TEST_F(TcpTest, FinishSendsTheRestAndEndsBothSides) {
    const Address address = listen(Address::loopback(0));
    std::string end;
    const auto client =
        connect(address, {.on_closed = [&](const Error* error) { end = error ? error->message : "closed"; }});
    const std::string text(1 << 20, 'x');
    ASSERT_TRUE(client->send(as_bytes(text)));
    client->finish();
    EXPECT_FALSE(client->send(as_bytes("late")));
    ASSERT_TRUE(run_until([&] { return !end.empty() && !server_end_.empty(); }));
    EXPECT_EQ(received_.size(), text.size());
    EXPECT_EQ(end, "closed");
    EXPECT_EQ(server_end_, "closed");
    EXPECT_FALSE(client->is_connected());
}

TEST_F(TcpTest, AHalfClosedPeerCanStillBeAnswered) {
    on_finished_ = [this] {
        ASSERT_TRUE(accepted_->send(as_bytes("answer to " + received_)));
        accepted_->finish();
    };
    const Address address = listen(Address::loopback(0));
    std::string answer;
    std::string end;
    const auto client =
        connect(address, {.on_connected = [] {},
                          .on_received = [&](Bytes bytes) { answer += as_text(bytes); },
                          .on_closed = [&](const Error* e) { end = e ? e->message : "closed"; }});
    ASSERT_TRUE(client->send(as_bytes("question")));
    client->finish();
    ASSERT_TRUE(run_until([&] { return !end.empty(); }));
    EXPECT_EQ(answer, "answer to question");
    EXPECT_EQ(end, "closed");
}

TEST_F(TcpTest, ThePeersDeathIsAnErrorOrAnEnd) {
    const Address address = listen(Address::loopback(0));
    auto client = connect(address);
    ASSERT_TRUE(client->send(as_bytes("hello")));
    ASSERT_TRUE(run_until([&] { return received_ == "hello"; }));
    client.reset();
    EXPECT_TRUE(run_until([&] { return !server_end_.empty(); }));
}

TEST_F(TcpTest, APausedReceiverSlowsTheSenderDown) {
    const Address address = listen(Address::loopback(0));
    const auto client = connect(address, {}, {.max_queued_bytes = 1 << 20});
    ASSERT_TRUE(run_until([&] { return accepted_ && client->is_connected(); }));
    accepted_->pause_receiving();
    // Until the kernel's buffers and the queue are full. One read may be under way already.
    const std::string piece(64 << 10, 'p');
    std::size_t sent = 0;
    Result<> result;
    while ((result = client->send(as_bytes(piece)))) {
        sent += piece.size();
        host_->run_until(host_->now());
        ASSERT_LT(sent, std::size_t{1} << 30);
    }
    EXPECT_EQ(result.error().code, ErrorCode::queue_full);
    EXPECT_NE(result.error().message.find("max_queued_bytes"), std::string::npos);
    EXPECT_LE(received_.size(), 16u << 10);
    accepted_->resume_receiving();
    ASSERT_TRUE(run_until([&] { return received_.size() == sent; }));
}

TEST_F(TcpTest, SocketsMayBeDestroyedInTheirOwnCallbacks) {
    const Address address = listen(Address::loopback(0));
    std::unique_ptr<TcpSocket> client;
    client = connect(address, {.on_connected = [&] { client.reset(); }});
    ASSERT_TRUE(run_until([&] { return client == nullptr; }));
    ASSERT_TRUE(run_until([&] { return !server_end_.empty(); }));

    client = connect(address);
    ASSERT_TRUE(run_until([&] { return accepted_ && accepted_->is_connected(); }));
    accepted_->set_callbacks({.on_received = [&](Bytes) { accepted_.reset(); }});
    ASSERT_TRUE(client->send(as_bytes("bye")));
    ASSERT_TRUE(run_until([&] { return accepted_ == nullptr; }));
}

TEST_F(TcpTest, RunsUntilTheLastSocketIsGone) {
    const Address address = listen(Address::loopback(0));
    std::unique_ptr<TcpSocket> client;
    client = connect(address, {.on_connected = [&] { client.reset(); }});
    int turns = 0;
    while (client && ++turns < 1000) host_->run_until(host_->now() + 10ms);
    accepted_.reset();
    listener_.reset();
    host_->run_until(kNever);  // returns: nothing is left
    SUCCEED();
}

TEST_F(TcpTest, BadAddressesAreNamed) {
    const Address address = listen(Address::loopback(0));
    const auto taken = TcpListener::listen(*host_, address, [](std::unique_ptr<TcpSocket>) {});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::address_in_use);
    EXPECT_NE(taken.error().message.find(to_string(address)), std::string::npos);
    EXPECT_EQ(TcpSocket::connect(*host_, Address::loopback(0), {}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(TcpSocket::connect(*host_, Address{}, {}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(TcpListener::listen(*host_, Address{}, [](std::unique_ptr<TcpSocket>) {}).error().code,
              ErrorCode::invalid_argument);
}

TEST_F(TcpTest, NoAnswerIsAnErrorAfterTheTimeout) {
    // A listener whose queue is full does not answer: the kernel drops further SYNs.
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::listen(fd, 0), 0);
    ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
    std::vector<std::unique_ptr<TcpSocket>> clients;
    std::string end;
    for (int i = 0; i < 4; ++i)
        clients.push_back(
            connect(Address::loopback(ntohs(address.sin_port)),
                    {.on_closed = [&](const Error* error) { end = error ? error->message : "closed"; }},
                    {.connect_timeout = 50ms}));
    ASSERT_TRUE(run_until([&] { return !end.empty(); }));
    EXPECT_NE(end.find("no answer from TCP 127.0.0.1:"), std::string::npos) << end;
    EXPECT_NE(end.find("50ms"), std::string::npos) << end;
    ::close(fd);
}

}  // namespace
}  // namespace squall
