// pump_cost: what it costs to learn of and take in one datagram on each of thousands of sockets: the asio
// host's pump (one epoll descriptor of its own, level-triggered, recvmmsg) against asio's way (a wait per
// socket on its reactor, then a read). Only the receiving is timed; timers are armed for each node as virtual
// clients have them.
#include <fmt/format.h>
#include <time.h>
#include <asio.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "bench/support/machine.hpp"
#include "bench/support/markdown_table.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/udp_socket.hpp"

namespace {

using namespace squall;
using namespace squall::bench;

constexpr std::size_t kDatagramBytes = 64;

double processor_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Counts, and asks for a new deadline at each datagram, 50 ms on.
class CountingNode final : public Node {
  public:
    explicit CountingNode(std::uint64_t& received) : received_(received) {}
    void receive(TimePoint now, const Address&, MutableBytes) override {
        ++received_;
        deadline_ = now + std::chrono::seconds(50);
    }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
    [[nodiscard]] TimePoint poll_timeout() const override { return deadline_; }
    void handle_timeout(TimePoint) override {}

  private:
    std::uint64_t& received_;
    TimePoint deadline_ = kNever;
};

class Pump {
  public:
    virtual ~Pump() = default;
    virtual std::vector<Address> open(std::size_t sockets) = 0;
    virtual void run_until(std::uint64_t received) = 0;
};

class HostPump final : public Pump {
  public:
    std::vector<Address> open(std::size_t sockets) override {
        std::vector<Address> addresses;
        for (std::size_t i = 0; i < sockets; ++i) {
            nodes_.push_back(std::make_unique<CountingNode>(received_));
            addresses.push_back(host_->local_address(host_->attach(*nodes_.back(), {}).value()));
        }
        host_->run_until(host_->now());
        return addresses;
    }
    void run_until(std::uint64_t received) override {
        while (received_ < received) host_->run_until(host_->now());
    }

  private:
    std::unique_ptr<AsioHost> host_ = AsioHost::make().value();
    std::vector<std::unique_ptr<CountingNode>> nodes_;
    std::uint64_t received_ = 0;
};

// One asio socket and one asio timer each.
class AsioPump final : public Pump {
  public:
    std::vector<Address> open(std::size_t sockets) override {
        std::vector<Address> addresses;
        for (std::size_t i = 0; i < sockets; ++i) {
            sockets_.push_back(std::make_unique<One>(io_));
            addresses.push_back(Address::loopback(sockets_.back()->socket.local_endpoint().port()));
            sockets_.back()->timer.expires_after(std::chrono::seconds(50));
            sockets_.back()->timer.async_wait([](const asio::error_code&) {});
            receive(*sockets_.back());
        }
        return addresses;
    }
    void run_until(std::uint64_t received) override {
        while (received_ < received) io_.run_one();
    }

  private:
    struct One {
        explicit One(asio::io_context& io) : socket(io, {asio::ip::address_v4::loopback(), 0}), timer(io) {}
        asio::ip::udp::socket socket;
        asio::steady_timer timer;
        asio::ip::udp::endpoint from;
        std::array<std::byte, kMaxDatagramBytes> buffer{};
    };
    void receive(One& one) {
        one.socket.async_receive_from(asio::buffer(one.buffer), one.from,
                                      [this, &one](const asio::error_code& error, std::size_t) {
                                          if (error) return;
                                          ++received_;
                                          one.timer.expires_after(std::chrono::seconds(50));
                                          one.timer.async_wait([](const asio::error_code&) {});
                                          receive(one);
                                      });
    }
    asio::io_context io_{1};
    std::vector<std::unique_ptr<One>> sockets_;
    std::uint64_t received_ = 0;
};

double measure(Pump& pump, std::size_t sockets, int rounds) {
    UdpSocket sender = UdpSocket::open({}).value();
    const std::vector<Address> addresses = pump.open(sockets);
    const std::array<std::byte, kDatagramBytes> datagram{};
    std::uint64_t sent = 0;
    double best = 1e18;
    for (int round = 0; round < rounds; ++round) {
        for (const Address& address : addresses) sent += sender.send_to(datagram, address) ? 1 : 0;
        const double before = processor_ns();
        pump.run_until(sent);
        best = std::min(best, (processor_ns() - before) / static_cast<double>(sockets));
    }
    return best;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::size_t> counts{100, 2000, 15'000};
    int rounds = 20;
    CLI::App app("Cost of one datagram on each of many sockets: the asio host's pump against asio's own way");
    app.add_option("--sockets", counts, "numbers of sockets");
    app.add_option("--rounds", rounds, "the best of so many")->check(CLI::Range(1, 10'000));
    CLI11_PARSE(app, argc, argv);
    MarkdownTable table({"sockets", "AsioHost ns/datagram", "asio per socket ns/datagram"});
    for (const std::size_t count : counts) {
        if (const auto limit = require_descriptors(count + 100); !limit) {
            fmt::print(stderr, "pump_cost: {}\n", limit.error().message);
            continue;
        }
        double host = 0;
        double asio_way = 0;
        {
            HostPump pump;
            host = measure(pump, count, rounds);
        }
        {
            AsioPump pump;
            asio_way = measure(pump, count, rounds);
        }
        table.add({fmt::format("{}", count), fmt::format("{:.0f}", host), fmt::format("{:.0f}", asio_way)});
    }
    fmt::print("one {}-byte datagram and one changed deadline a socket, best of {}; {}\n\n{}", kDatagramBytes,
               rounds, machine_text(), table.to_string());
}
