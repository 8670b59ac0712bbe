// The floor: bare UDP sockets, with sendto/recvfrom or with sendmmsg/recvmmsg. The server knows its clients
// by a number in the message. The clients are the same in both cases: one socket each.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

#include "bench/cost/contest.hpp"
#include "bench/cost/paced_clients.hpp"
#include "squall/runtime/asio_host.hpp"

namespace squall::bench {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kBufferBytes = 1500;

class RawServer {
  public:
    RawServer(const ContestOptions& options, Contest& contest, bool batched)
        : batched_(batched),
          clients_(options.clients),
          meter_(contest, contest.server, [this] { return wire_; }) {
        fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        enlarge_buffers(fd_);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
            ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
            contest.fail("the raw server cannot bind");
        for (std::size_t i = 0; i < kBatch; ++i) {
            vectors_[i] = {buffers_[i].data(), kBufferBytes};
            in_[i].msg_hdr = {&peers_[i], sizeof peers_[i], &vectors_[i], 1, nullptr, 0, 0};
        }
        contest.server_port.store(ntohs(address.sin_port));
    }
    ~RawServer() { ::close(fd_); }

    void run(const ContestOptions& options, Contest& contest) {
        TickLoop loop(options, fd_);
        while (meter_.phase() != Phase::finished) {
            batched_ ? receive_batches() : receive_singly();
            std::uint64_t tick = 0;
            if (loop.tick_is_due(read_clock(), tick)) batched_ ? send_batches(tick) : send_singly(tick);
            loop.wait();
        }
        contest.server.kernel_drops = kernel_drops(fd_);
    }

  private:
    struct Client {
        sockaddr_in address{};
        bool is_known = false;
    };

    void take(MutableBytes datagram, const sockaddr_in& from) {
        std::uint32_t number = 0;
        if (datagram.size() == kMessageBytes) std::memcpy(&number, datagram.data() + 1, sizeof number);
        if (number >= clients_.size()) return;
        Client& client = clients_[number];
        client.address = from;
        if (client.is_known) {
            meter_.count_received(datagram);
        } else {
            client.is_known = true;  // the first is the hello: answer it
            (void)::sendto(fd_, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&from),
                           sizeof from);
        }
    }
    void receive_singly() {
        for (int i = 0; i < kMaxTakenAtOnce; ++i) {
            sockaddr_in from{};
            socklen_t length = sizeof from;
            const ssize_t size = ::recvfrom(fd_, buffers_[0].data(), kBufferBytes, 0,
                                            reinterpret_cast<sockaddr*>(&from), &length);
            if (size < 0) return;
            take({buffers_[0].data(), static_cast<std::size_t>(size)}, from);
        }
    }
    void receive_batches() {
        int count = 0;
        int taken = 0;
        do {
            count = ::recvmmsg(fd_, in_.data(), kBatch, 0, nullptr);
            for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
                take({buffers_[i].data(), in_[i].msg_len}, peers_[i]);
                in_[i].msg_hdr.msg_namelen = sizeof peers_[i];
            }
            taken += count;
        } while (count == static_cast<int>(kBatch) && taken < kMaxTakenAtOnce);
    }
    // Half of the clients at each tick: 30 messages a second for each.
    template <class Send>
    void for_each_due(std::uint64_t tick, Send send) {
        for (std::uint32_t i = tick % 2; meter_.may_send() && i < clients_.size(); i += 2)
            if (clients_[i].is_known) send(i);
    }
    void note_sent(std::size_t messages) {
        wire_.datagrams += messages;
        wire_.bytes += messages * kMessageBytes;
        for (std::size_t i = 0; i < messages; ++i) meter_.count_sent();
    }
    void send_singly(std::uint64_t tick) {
        for_each_due(tick, [&](std::uint32_t i) {
            meter_.write_message(message_[0], i);
            if (::sendto(fd_, message_[0].data(), kMessageBytes, 0,
                         reinterpret_cast<sockaddr*>(&clients_[i].address), sizeof clients_[i].address) > 0)
                note_sent(1);
        });
    }
    void send_batches(std::uint64_t tick) {
        std::size_t count = 0;
        const auto flush = [&] {
            const int sent = count > 0 ? ::sendmmsg(fd_, out_.data(), static_cast<unsigned>(count), 0) : 0;
            if (sent > 0) note_sent(static_cast<std::size_t>(sent));
            count = 0;
        };
        for_each_due(tick, [&](std::uint32_t i) {
            meter_.write_message(message_[count], i);
            out_vectors_[count] = {message_[count].data(), kMessageBytes};
            out_[count].msg_hdr = {
                &clients_[i].address, sizeof clients_[i].address, &out_vectors_[count], 1, nullptr, 0, 0};
            if (++count == kBatch) flush();
        });
        flush();
    }

    const bool batched_;
    std::vector<Client> clients_;
    WireCount wire_;
    Meter meter_;
    int fd_ = -1;
    std::array<std::array<std::byte, kBufferBytes>, kBatch> buffers_{};
    std::array<std::array<std::byte, kMessageBytes>, kBatch> message_{};
    std::array<sockaddr_in, kBatch> peers_{};
    std::array<iovec, kBatch> vectors_{};
    std::array<mmsghdr, kBatch> in_{};
    std::array<iovec, kBatch> out_vectors_{};
    std::array<mmsghdr, kBatch> out_{};
};

// The same server as a node on an asio host: what the pump adds, without any transport.
class RawNode final : public Node {
  public:
    RawNode(Meter& meter, std::uint32_t clients, TimePoint now)
        : meter_(meter), clients_(clients), next_tick_(now) {}

    void receive(TimePoint, const Address& from, MutableBytes datagram) override {
        std::uint32_t number = 0;
        if (datagram.size() == kMessageBytes) std::memcpy(&number, datagram.data() + 1, sizeof number);
        if (number >= clients_.size()) return;
        if (clients_[number].is_valid())
            meter_.count_received(datagram);
        else
            hellos_.push_back(number);
        clients_[number] = from;
    }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes buffer) override {
        const bool is_hello = !hellos_.empty();
        std::uint32_t number = 0;
        if (is_hello) {
            number = hellos_.back();
            hellos_.pop_back();
        } else {
            while (cursor_ < clients_.size() && !clients_[cursor_].is_valid()) cursor_ += 2;
            if (cursor_ >= clients_.size()) return std::nullopt;
            number = cursor_;
            cursor_ += 2;
        }
        meter_.write_message(buffer.first(kMessageBytes), number);
        if (!is_hello) meter_.count_sent();
        return Transmit{clients_[number], kMessageBytes};
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return next_tick_; }
    void handle_timeout(TimePoint now) override {
        if (now < next_tick_) return;
        next_tick_ = std::max(next_tick_ + kTick, now);
        if (meter_.may_send()) cursor_ = static_cast<std::uint32_t>(tick_++ % 2);
    }

  private:
    Meter& meter_;
    std::vector<Address> clients_;
    std::vector<std::uint32_t> hellos_;
    std::uint32_t cursor_ = UINT32_MAX;
    TimePoint next_tick_;
    std::uint64_t tick_ = 0;
};

void run_node_server(const ContestOptions& options, Contest& contest) {
    auto host = AsioHost::make({.gather = options.event_driven ? Duration{0} : kPollInterval});
    if (!host) return contest.fail(host.error().message);
    NodeId id{};
    Meter meter(contest, contest.server, [&] {
        const SocketStatistics s = (*host)->statistics(id);
        return WireCount{s.datagrams_sent, s.bytes_sent, s.send_calls + s.receive_calls};
    });
    RawNode node(meter, options.clients, (*host)->now());
    const auto attached = (*host)->attach(
        node, {.receive_buffer_bytes = kSocketBufferBytes, .send_buffer_bytes = kSocketBufferBytes});
    if (!attached) return contest.fail(attached.error().message);
    id = *attached;
    contest.server_port.store((*host)->local_address(id).port());
    while (meter.phase() != Phase::finished)
        (*host)->run_until((*host)->now() + std::chrono::milliseconds(20));
    contest.server.kernel_drops = (*host)->statistics(id).kernel_drops;
}

// Says hello until the server answers, then sends 30 messages a second.
class RawClient final : public Node {
  public:
    RawClient(Meter& meter, Address server, std::uint32_t number, SendTimes times)
        : meter_(meter), server_(server), number_(number), times_(times) {}
    [[nodiscard]] bool is_ready() const { return is_known_; }

    void receive(TimePoint now, const Address&, MutableBytes datagram) override {
        if (is_known_) return meter_.count_received(datagram);
        is_known_ = true;
        times_.start(now);
    }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes buffer) override {
        if (!wants_to_send_) return std::nullopt;
        wants_to_send_ = false;
        meter_.write_message(buffer.first(kMessageBytes), number_);
        if (is_known_) meter_.count_sent();
        return Transmit{server_, kMessageBytes};
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return is_known_ ? times_.next() : hello_at_; }
    void handle_timeout(TimePoint now) override {
        if (now < poll_timeout()) return;
        wants_to_send_ = !is_known_ || meter_.may_send();
        if (is_known_)
            times_.advance(now);
        else
            hello_at_ = now + std::chrono::milliseconds(200);
    }

  private:
    Meter& meter_;
    const Address server_;
    const std::uint32_t number_;
    SendTimes times_;
    TimePoint hello_at_{};
    bool is_known_ = false;
    bool wants_to_send_ = false;
};

void run_raw_clients(const ContestOptions& options, Contest& contest) {
    run_paced_clients(options, contest,
                      [&](Meter& meter, const Address& server, std::uint32_t number, SendTimes times) {
                          return std::make_unique<RawClient>(meter, server, number, times);
                      });
}

}  // namespace

Arm raw_arm(bool batched) {
    return {batched ? "raw sendmmsg/recvmmsg" : "raw sendto/recvfrom",
            [batched](const ContestOptions& options, Contest& contest) {
                const auto server = std::make_unique<RawServer>(options, contest, batched);
                server->run(options, contest);
            },
            run_raw_clients};
}

Arm host_arm() {
    return {"raw on AsioHost", run_node_server, run_raw_clients};
}

}  // namespace squall::bench
