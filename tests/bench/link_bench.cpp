// What a simulated packet costs: the model alone, a link that holds bytes, and the whole virtual network with
// idle nodes.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/simulator/link.hpp"
#include "squall/simulator/link_model.hpp"
#include "squall/simulator/sim_host.hpp"

namespace {

using namespace squall;
using namespace squall::simulator;
using namespace std::chrono_literals;

// Everything that a link can do, at once.
LinkConfig full_model() {
    return {.delay = 45ms,
            .jitter = 5ms,
            .jitter_shape = JitterShape::normal,
            .burst_loss = {.enter = percent(1), .leave = percent(10), .loss_in_bad = percent(70)},
            .duplicate = per_million(1000),
            .reorder = per_million(1000),
            .reorder_by = 5ms,
            .corrupt = per_million(100),
            .rate = megabits_per_second(10),
            .queue_limit = 100ms};
}

void model_verdicts(benchmark::State& state) {
    const LinkConfig config = full_model();
    LinkModel model(config, Rng(1));
    TimePoint now = kVirtualStart;
    for (auto _ : state) {
        now += 1ms;
        benchmark::DoNotOptimize(model.verdict(now, 200));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(model_verdicts);

void link_packets(benchmark::State& state) {
    const auto link = Link::make(full_model(), Rng(1)).value();
    const std::array<std::byte, 200> bytes{};
    const Address address = Address::loopback(1);
    TimePoint now = kVirtualStart;
    for (auto _ : state) {
        now += 1ms;
        benchmark::DoNotOptimize(link->enqueue(now, address, address, bytes));
        while (const auto packet = link->dequeue(now)) benchmark::DoNotOptimize(packet->bytes.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(link_packets);

// Sends a datagram to the server every 50 ms, from a phase of its own.
class Client final : public Node {
  public:
    Client(Address server, TimePoint first) : server_(server), next_(first) {}
    void receive(TimePoint, const Address&, MutableBytes) override {}
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes) override {
        if (now < next_) return std::nullopt;
        next_ += 50ms;
        return Transmit{server_, 89};
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return next_; }
    void handle_timeout(TimePoint) override {}

  private:
    Address server_;
    TimePoint next_;
};

// Answers each datagram with one of the same size.
class Server final : public Node {
  public:
    void receive(TimePoint, const Address& from, MutableBytes datagram) override {
        answer_ = Transmit{from, datagram.size()};
    }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override {
        return std::exchange(answer_, std::nullopt);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return kNever; }
    void handle_timeout(TimePoint) override {}

  private:
    std::optional<Transmit> answer_;
};

// Clients that send 20 times a second through the full model and get an answer each time. 89 bytes: a 64-byte
// message, encrypted. Items are packets offered to access links at their senders; "x_real_time" is virtual
// over real time.
void network_packets(benchmark::State& state) {
    SimHost host{Rng(1)};
    Server server;
    const NodeId server_id = host.attach(server, {.bind = Address::loopback(40000)}).value();
    std::vector<std::unique_ptr<Client>> clients;
    Rng rng(2);
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        clients.push_back(std::make_unique<Client>(Address::loopback(40000),
                                                   host.now() + Duration{rng.between(0, 50'000'000)}));
        const Access access{
            .up = full_model(), .down = full_model(), .stream = static_cast<std::uint64_t>(i)};
        (void)host.attach(*clients.back(), {}, access).value();
    }
    host.run_until(host.now() + 300ms);
    const std::uint64_t before = host.network_statistics().up.offered();
    const TimePoint start = host.now();
    for (auto _ : state) host.run_until(host.now() + 20ms);
    const auto packets = host.network_statistics().up.offered() - before;
    state.SetItemsProcessed(static_cast<std::int64_t>(packets));
    state.counters["x_real_time"] =
        benchmark::Counter(to_seconds(host.now() - start), benchmark::Counter::kIsRate);
    host.detach(server_id);
}
BENCHMARK(network_packets)->Arg(100)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
