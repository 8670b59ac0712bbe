// RingBuffer: order over many wraps, no allocation after warm-up, elements released when they leave.
#include "squall/core/ring_buffer.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "squall/core/rng.hpp"

namespace squall {
namespace {

TEST(RingBuffer, BehavesAsADequeOverRandomOperations) {
    Rng rng(1);
    RingBuffer<int> ring;
    std::deque<int> model;
    for (int i = 0; i < 20'000; ++i) {
        const auto dice = rng.below(5);
        if (dice < 3 || model.empty()) {
            ring.push_back(i);
            model.push_back(i);
        } else if (dice == 3) {
            ring.pop_front();
            model.pop_front();
        } else {
            ring.pop_back();
            model.pop_back();
        }
        if (model.size() > 40) {
            ring.clear();
            model.clear();
        }
        ASSERT_EQ(ring.size(), model.size());
        ASSERT_EQ(ring.empty(), model.empty());
        for (std::size_t k = 0; k < model.size(); ++k) ASSERT_EQ(ring[k], model[k]);
        if (!model.empty()) {
            ASSERT_EQ(ring.front(), model.front());
            ASSERT_EQ(ring.back(), model.back());
        }
    }
}

TEST(RingBuffer, KeepsItsMemoryOnceItIsLargeEnough) {
    RingBuffer<int> ring;
    for (int i = 0; i < 100; ++i) ring.push_back(i);
    const auto capacity = ring.capacity();
    EXPECT_EQ(capacity, 128U);
    for (int i = 0; i < 10'000; ++i) {
        ring.pop_front();
        ring.push_back(i);
    }
    EXPECT_EQ(ring.capacity(), capacity);
    ring.clear();
    EXPECT_EQ(ring.capacity(), capacity);
    ring.shrink();
    EXPECT_EQ(ring.capacity(), 0U);
    ring.push_back(1);
    EXPECT_EQ(ring.front(), 1);
}

TEST(RingBuffer, ShrinksToWhatItHoldsInOrder) {
    RingBuffer<int> ring;
    for (int i = 0; i < 100; ++i) ring.push_back(i);
    while (ring.size() > 5) ring.pop_front();
    ring.shrink();
    EXPECT_EQ(ring.capacity(), 8U);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(ring[i], 95 + static_cast<int>(i));
    ring.push_back(100);
    ring.clear();
    ring.shrink();
    EXPECT_EQ(ring.capacity(), 0U);
    ring.push_back(7);
    EXPECT_EQ(ring.front(), 7);
}

TEST(RingBuffer, EndsAnElementWhenItLeaves) {
    RingBuffer<std::unique_ptr<int>> ring;
    auto owned = std::make_unique<int>(7);
    const int* address = owned.get();
    ring.push_back(std::move(owned));
    EXPECT_EQ(ring.front().get(), address);
    ring.pop_front();
    ring.push_back(nullptr);
    EXPECT_EQ(ring.front(), nullptr);
}

TEST(RingBuffer, LeavesAUsableEmptyQueueWhenMovedFrom) {
    RingBuffer<int> first;
    first.push_back(1);
    first.push_back(2);
    RingBuffer<int> second(std::move(first));
    EXPECT_EQ(second.size(), 2U);
    first.push_back(3);  // NOLINT(bugprone-use-after-move): that is what is tested
    EXPECT_EQ(first.size(), 1U);
    EXPECT_EQ(first.front(), 3);
    first = std::move(second);
    EXPECT_EQ(first.back(), 2);
    EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
    second.push_back(4);
    EXPECT_EQ(second.back(), 4);
}

}  // namespace
}  // namespace squall
