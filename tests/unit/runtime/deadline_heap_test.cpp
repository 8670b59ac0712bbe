// The heap of deadlines against a plain sorted list, and its order among equals.
#include "runtime/deadline_heap.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "squall/core/rng.hpp"

namespace squall::runtime {
namespace {

TimePoint at(std::int64_t nanoseconds) {
    return TimePoint(Duration(nanoseconds));
}

std::vector<std::uint32_t> drain(DeadlineHeap& heap) {
    std::vector<std::uint32_t> owners;
    while (!heap.empty()) {
        owners.push_back(heap.earliest_owner());
        heap.remove(owners.back());
    }
    return owners;
}

TEST(DeadlineHeap, IsEmptyAtFirst) {
    DeadlineHeap heap;
    EXPECT_TRUE(heap.empty());
    EXPECT_EQ(heap.earliest(), kNever);
    heap.remove(7);
    heap.set(3, kNever);
    EXPECT_TRUE(heap.empty());
}

TEST(DeadlineHeap, EqualDeadlinesComeInTheOrderInWhichTheyWereSet) {
    DeadlineHeap heap;
    for (const std::uint32_t owner : {5u, 1u, 4u, 2u, 3u, 9u, 0u}) heap.set(owner, at(10));
    heap.set(2, at(5));
    heap.set(2, at(10));  // anew: behind the others
    heap.set(4, at(10));  // the same again changes nothing
    EXPECT_EQ(drain(heap), (std::vector<std::uint32_t>{5, 1, 4, 3, 9, 0, 2}));
}

TEST(DeadlineHeap, AgreesWithASortedList) {
    Rng rng(11);
    DeadlineHeap heap;
    std::map<std::uint32_t, TimePoint> expected;
    for (int step = 0; step < 20'000; ++step) {
        const auto owner = static_cast<std::uint32_t>(rng.below(200));
        if (rng.below(4) == 0) {
            heap.remove(owner);
            expected.erase(owner);
        } else {
            const TimePoint deadline = at(rng.between(0, 1000));
            heap.set(owner, deadline);
            expected[owner] = deadline;
        }
        ASSERT_EQ(heap.size(), expected.size());
        TimePoint earliest = kNever;
        for (const auto& [_, deadline] : expected) earliest = std::min(earliest, deadline);
        ASSERT_EQ(heap.earliest(), earliest);
        if (!expected.empty()) {
            ASSERT_EQ(expected.at(heap.earliest_owner()), earliest);
        }
    }
}

}  // namespace
}  // namespace squall::runtime
