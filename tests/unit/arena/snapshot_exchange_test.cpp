// The whole exchange of snapshots without a transport: a server's memory and a client's, and between them a
// network by hand that loses, delays, reorders and doubles both snapshots and the news of their fate.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "arena/change_priority.hpp"
#include "arena/received_snapshots.hpp"
#include "arena/sent_snapshots.hpp"
#include "unit/arena/random_view.hpp"

namespace squall::arena {
namespace {

constexpr SnapshotFormat kFormat{20'001, 300};

struct Exchange {
    explicit Exchange(std::uint64_t seed) : rng(seed), received(kFormat, 0) {}

    // Something that arrives after so many rounds.
    struct Arrival {
        std::vector<std::byte> bytes;  // empty: news of a fate, for the server
        MessageId message{};
        bool delivered = false;
    };

    // One tick: the world changes, a snapshot leaves, and what is due arrives.
    void round(unsigned loss_percent, unsigned longest_delay, std::size_t budget) {
        ++tick;
        truth = next_view(rng, truth, kFormat, 40);
        if (truth.empty()) truth = next_view(rng, {{}}, kFormat, 40);
        send(loss_percent, longest_delay, budget);
        auto due = std::move(in_flight[tick]);
        in_flight.erase(tick);
        for (std::size_t i = due.size(); i > 1; --i) std::swap(due[i - 1], due[rng.below(i)]);
        for (auto& arrival : due) arrive(arrival, longest_delay);
    }

    void send(unsigned loss_percent, unsigned longest_delay, std::size_t budget) {
        const Baseline baseline = sent.baseline();
        SnapshotHeader header;
        header.number = WireSequence<std::uint16_t>::of(sent.next_number());
        header.tick = WireSequence<std::uint16_t>::of(tick);
        header.baseline_distance = baseline.distance;
        View view = truth;
        header.checksum = view_checksum(view);
        std::array<std::byte, kMaxSnapshotBytes> buffer;
        const auto out = MutableBytes(buffer).first(budget);
        auto encoded = encode_snapshot(out, header, baseline.view, view, kFormat);
        if (!encoded) {
            const std::uint16_t self = truth.front().id;
            if (!chooser.choose(budget, header, baseline.view, truth, self, kFormat, waiting, view)) return;
            header.checksum = view_checksum(view);
            encoded = encode_snapshot(out, header, baseline.view, view, kFormat);
            ASSERT_TRUE(encoded);
            ++limited;
        }
        const MessageId message{next_message++};
        sent.sent(message, view);
        by_tick[tick] = view;
        if (rng.below(100) < loss_percent) {
            in_flight[tick + 1 + rng.below(longest_delay)].push_back({{}, message, false});
            return;
        }
        const std::vector<std::byte> bytes(encoded->bytes.begin(), encoded->bytes.end());
        in_flight[tick + rng.below(longest_delay)].push_back({bytes, message, true});
        if (rng.below(10) == 0) in_flight[tick + rng.below(longest_delay)].push_back({bytes, message, true});
        // Declared lost though it arrives: then it must not become a baseline, whatever comes later.
        if (rng.below(50) == 0) in_flight[tick + 1].push_back({{}, message, false});
    }

    void arrive(const Arrival& arrival, unsigned longest_delay) {
        if (arrival.bytes.empty()) {
            if (arrival.delivered)
                sent.delivered(arrival.message);
            else
                sent.lost(arrival.message);
            return;
        }
        const auto kind = received.receive(arrival.bytes);
        ASSERT_TRUE(kind) << kind.error().message;
        if (*kind == SnapshotKind::newest) {
            ++newest;
            const auto view = received.view();
            ASSERT_EQ(View(view.begin(), view.end()), by_tick[received.tick()]);
        }
        in_flight[tick + 1 + rng.below(longest_delay)].push_back({{}, arrival.message, true});
    }

    Rng rng;
    ViewPool pool;
    SentSnapshots sent{pool};
    ReceivedSnapshots received;
    ChangeChooser chooser;
    Waiting waiting;
    View truth;
    std::map<std::uint64_t, View> by_tick;
    std::map<std::uint64_t, std::vector<Arrival>> in_flight;
    std::uint64_t tick = 0;
    std::uint64_t next_message = 0;
    std::uint64_t newest = 0;
    std::uint64_t limited = 0;
};

TEST(SnapshotExchange, TheClientsViewIsTheServersTruthWhateverTheNetworkDoes) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Exchange exchange(seed);
        const auto loss = static_cast<unsigned>(exchange.rng.below(60));
        const auto delay = static_cast<unsigned>(1 + exchange.rng.below(seed % 5 == 0 ? 60 : 8));
        for (int i = 0; i < 400 && !HasFatalFailure(); ++i) exchange.round(loss, delay, kMaxSnapshotBytes);
        if (HasFatalFailure()) return;
        EXPECT_GT(exchange.newest, 0U);
        EXPECT_LE(exchange.sent.size(), kMaxBaselineDistance + 1);
        EXPECT_LE(exchange.received.held_count(), 2 * kMaxBaselineDistance);
    }
}

TEST(SnapshotExchange, ASmallBudgetKeepsViewsConsistentAndCatchesUpWithTheTruth) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Exchange exchange(seed);
        for (int i = 0; i < 200 && !HasFatalFailure(); ++i)
            exchange.round(10, 4, 60 + exchange.rng.below(60));
        if (HasFatalFailure()) return;
        EXPECT_GT(exchange.limited, 0U);
        // The world stands still, the network is good: in the end the client has all of it.
        for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
            ++exchange.tick;
            exchange.send(0, 1, 60);
            auto due = std::move(exchange.in_flight[exchange.tick]);
            exchange.in_flight.erase(exchange.tick);
            for (const auto& arrival : due) exchange.arrive(arrival, 1);
        }
        const auto view = exchange.received.view();
        EXPECT_EQ(View(view.begin(), view.end()), exchange.truth);
    }
}

TEST(SnapshotExchange, OnAGoodNetworkFewBaselinesAreHeldAndNothingIsAllocatedAnew) {
    Exchange exchange(3);
    for (int i = 0; i < 300; ++i) exchange.round(0, 1, kMaxSnapshotBytes);
    EXPECT_LE(exchange.sent.size(), 4U);
    EXPECT_LE(exchange.received.held_count(), 4U);
    EXPECT_LE(exchange.pool.spare_count(), 6U);
}

}  // namespace
}  // namespace squall::arena
