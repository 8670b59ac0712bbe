// A process full of clients on one asio host, one socket each, whose sends are spread evenly over the
// interval.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "bench/cost/contest.hpp"
#include "squall/runtime/asio_host.hpp"

namespace squall::bench {

// When one client sends: 30 times a second, from a phase of its own.
class SendTimes {
  public:
    SendTimes(std::uint32_t number, std::uint32_t clients) : offset_(kInterval * number / clients) {}
    void start(TimePoint now) { next_ = now + offset_; }
    [[nodiscard]] TimePoint next() const { return next_; }
    void advance(TimePoint now) { next_ = std::max(next_ + kInterval, now - 2 * kInterval); }

  private:
    static constexpr Duration kInterval{1'000'000'000 / kMessagesPerSecond};
    Duration offset_;
    TimePoint next_ = kNever;
};

// Client: a Node with is_ready(). make(meter, server address, number, times) makes one. They are attached a
// few at a time, so that connecting does not overflow the server's buffer.
template <class Make>
void run_paced_clients(const ContestOptions& options, Contest& contest, Make make) {
    auto host = AsioHost::make({.gather = std::chrono::microseconds(500)});
    if (!host) return contest.fail(host.error().message);
    using Client = typename decltype(make(std::declval<Meter&>(), Address{}, 0U,
                                          std::declval<SendTimes>()))::element_type;
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<NodeId> ids;
    Meter meter(contest, contest.clients, [&] {
        WireCount sum;
        for (const NodeId id : ids) {
            const SocketStatistics statistics = (*host)->statistics(id);
            sum.datagrams += statistics.datagrams_sent;
            sum.bytes += statistics.bytes_sent;
            sum.system_calls += statistics.send_calls + statistics.receive_calls;
        }
        return sum;
    });
    const Address server = Address::loopback(static_cast<std::uint16_t>(contest.server_port.load()));
    constexpr std::size_t kAtOnce = 50;
    while (meter.phase() != Phase::finished) {
        const auto ready = static_cast<std::size_t>(std::count_if(
            clients.begin(), clients.end(), [](const auto& client) { return client->is_ready(); }));
        contest.clients_are_ready.store(ready == options.clients);
        for (std::size_t i = 0;
             clients.size() < options.clients && clients.size() < ready + kAtOnce && i < kAtOnce; ++i) {
            const auto number = static_cast<std::uint32_t>(clients.size());
            auto client = make(meter, server, number, SendTimes(number, options.clients));
            if (contest.failed.load()) return;
            clients.push_back(std::move(client));
            const auto id = (*host)->attach(*clients.back(), {});
            if (!id) return contest.fail(id.error().message);
            ids.push_back(*id);
        }
        (*host)->run_until((*host)->now() +
                           (ready == options.clients ? 20 : 1) * std::chrono::milliseconds(1));
    }
    for (const NodeId id : ids) contest.clients.kernel_drops += (*host)->statistics(id).kernel_drops;
}

}  // namespace squall::bench
