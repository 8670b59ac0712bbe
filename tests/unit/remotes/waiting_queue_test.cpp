// Messages that wait: in order, within their bytes and their age.
#include "squall/remotes/waiting_queue.hpp"

#include <gtest/gtest.h>

namespace squall::remotes {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint kNow{10s};

std::vector<std::size_t> released(WaitingQueue& queue, TimePoint now, const WaitingLimits& limits) {
    std::vector<std::size_t> sizes;
    queue.release(now, limits,
                  [&](const WaitingQueue::Entry& entry) { sizes.push_back(entry.bytes.size()); });
    return sizes;
}

TEST(WaitingQueue, DropsTheOldestBeyondItsBytes) {
    const WaitingLimits limits{.max_bytes = 100, .max_age = 5s};
    WaitingQueue queue;
    const std::vector<std::byte> bytes(101);
    for (const std::size_t size : {40U, 41U, 19U})
        EXPECT_TRUE(queue.add(kNow, {}, Bytes(bytes).first(size), limits));
    EXPECT_EQ(queue.dropped(), 0U) << "that is just as much as fits";
    EXPECT_TRUE(queue.add(kNow, {}, Bytes(bytes).first(1), limits));
    EXPECT_EQ(queue.dropped(), 1U);
    EXPECT_FALSE(queue.add(kNow, {}, bytes, limits)) << "alone too large, and pushes nobody out";
    EXPECT_EQ(queue.dropped(), 2U);
    EXPECT_EQ(released(queue, kNow, limits), (std::vector<std::size_t>{41, 19, 1}));
    EXPECT_TRUE(queue.empty());
    // What was released leaves its room.
    EXPECT_TRUE(queue.add(kNow, {}, Bytes(bytes).first(100), limits));
    EXPECT_EQ(queue.dropped(), 2U);
}

TEST(WaitingQueue, DropsWhatIsTooOld) {
    const WaitingLimits limits{.max_bytes = 100, .max_age = 5s};
    WaitingQueue queue;
    const std::vector<std::byte> bytes(9);
    EXPECT_TRUE(queue.add(kNow, {}, Bytes(bytes).first(1), limits));
    EXPECT_TRUE(queue.add(kNow + 3s, {}, Bytes(bytes).first(2), limits));
    EXPECT_EQ(released(queue, kNow + 6s, limits), std::vector<std::size_t>{2});
    EXPECT_EQ(queue.dropped(), 1U);
}

}  // namespace
}  // namespace squall::remotes
