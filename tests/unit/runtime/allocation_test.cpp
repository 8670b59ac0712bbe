// The pump allocates nothing per datagram and nothing per timer once it is warm: this program counts every
// operator new.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "squall/runtime/asio_host.hpp"
#include "support/counting_new.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;

// Sends a datagram at each deadline, and answers what it receives if it is an echo; keeps no more than
// counters.
class CountingNode final : public Node {
  public:
    Address peer;
    Duration interval{};
    bool is_echo = false;
    std::uint64_t received = 0;

    void receive(TimePoint, const Address& from, MutableBytes) override {
        ++received;
        if (!is_echo) return;
        peer = from;
        ++to_send_;
    }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes buffer) override {
        if (to_send_ == 0) return std::nullopt;
        --to_send_;
        std::fill_n(buffer.begin(), 64, std::byte{1});
        return Transmit{peer, 64};
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return deadline_; }
    void handle_timeout(TimePoint now) override {
        if (is_echo) return;
        to_send_ += 3;
        deadline_ = now + interval;
    }

  private:
    TimePoint deadline_ = kNever;
    std::uint64_t to_send_ = 0;
};

void expect_no_allocations(const AsioHostOptions& options) {
    if (!test::counts_allocations()) GTEST_SKIP() << "ThreadSanitizer does not let us count";
    auto host = std::move(*AsioHost::make(options));
    CountingNode server;
    server.is_echo = true;
    const auto server_id = host->attach(server, {});
    ASSERT_TRUE(server_id);
    std::vector<std::unique_ptr<CountingNode>> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(std::make_unique<CountingNode>());
        clients.back()->peer = host->local_address(*server_id);
        clients.back()->interval = 1ms + i * 10us;
        ASSERT_TRUE(host->attach(*clients.back(), {}));
    }
    const auto run_for = [&](std::uint64_t datagrams) {
        const std::uint64_t target = server.received + datagrams;
        const TimePoint give_up = host->now() + 20s;
        while (server.received < target && host->now() < give_up) host->run_until(host->now() + 5ms);
        return server.received >= target;
    };
    ASSERT_TRUE(run_for(2'000));
    const std::uint64_t before = test::allocation_count();
    ASSERT_TRUE(run_for(10'000));
    EXPECT_EQ(test::allocation_count() - before, 0u);
    EXPECT_GT(clients[0]->received, 0u);
}

TEST(Allocation, NonePerDatagramOrTimer) {
    expect_no_allocations({});
}
TEST(Allocation, NoneWhenGathering) {
    expect_no_allocations({.gather = 1ms});
}
TEST(Allocation, NoneWithSegmentation) {
    expect_no_allocations({.segmented_send = true, .coalesced_receive = true});
}

TEST(Allocation, IsCounted) {
    if (!test::counts_allocations()) GTEST_SKIP() << "ThreadSanitizer does not let us count";
    const std::uint64_t before = test::allocation_count();
    const auto memory = std::make_unique<std::vector<int>>(10);
    EXPECT_GE(test::allocation_count() - before, 2u) << memory->size();
}

}  // namespace
}  // namespace squall
