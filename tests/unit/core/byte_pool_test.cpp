// BytePool: what is handed out is apart from all else, comes back, and is used again.
#include "squall/core/byte_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "squall/core/rng.hpp"
#include "support/counting_new.hpp"

namespace squall {
namespace {

TEST(BytePool, CopiesAndGivesBack) {
    BytePool pool;
    {
        const PooledBytes bytes = pool.copy_of(as_bytes("hail"));
        EXPECT_EQ(as_text(bytes.bytes()), "hail");
        EXPECT_EQ(pool.bytes_in_use(), 32U);
    }
    EXPECT_EQ(pool.bytes_in_use(), 0U);
}

TEST(BytePool, RoundsUpToPowersOfTwo) {
    BytePool pool;
    const auto in_use = [&](std::size_t size) {
        const PooledBytes bytes = pool.allocate(size);
        EXPECT_EQ(bytes.size(), size);
        EXPECT_EQ(bytes.bytes().size(), size);
        return pool.bytes_in_use();
    };
    EXPECT_EQ(in_use(0), 32U);
    EXPECT_EQ(in_use(32), 32U);
    EXPECT_EQ(in_use(33), 64U);
    EXPECT_EQ(in_use(1024), 1024U);
    EXPECT_EQ(in_use(1025), 2048U);
    EXPECT_EQ(in_use(1 << 20), 1U << 20);
    EXPECT_EQ(in_use((1 << 20) + 1), (1U << 20) + 1);  // from the heap: to the byte
    EXPECT_EQ(pool.bytes_in_use(), 0U);
}

TEST(BytePool, UsesReturnedBlocksAgain) {
    BytePool pool;
    const std::byte* first = nullptr;
    {
        PooledBytes bytes = pool.allocate(100);
        first = bytes.bytes().data();
    }
    PooledBytes again = pool.allocate(128);
    EXPECT_EQ(again.bytes().data(), first);
}

TEST(BytePool, NeverHandsOutTheSameByteTwice) {
    BytePool pool;
    Rng rng(2);
    std::vector<std::pair<PooledBytes, std::byte>> held;
    for (int i = 0; i < 3000; ++i) {
        if (held.size() > 60 || (!held.empty() && rng.chance(percent(45)))) {
            const auto index = rng.below(held.size());
            auto& [bytes, mark] = held[index];
            ASSERT_TRUE(std::ranges::all_of(bytes.bytes(), [&](std::byte b) { return b == mark; }));
            std::swap(held[index], held.back());
            held.pop_back();
            continue;
        }
        PooledBytes bytes = pool.allocate(rng.below(3000));
        const auto mark = static_cast<std::byte>(i & 0xff);
        std::ranges::fill(bytes.bytes(), mark);
        held.emplace_back(std::move(bytes), mark);
    }
    held.clear();
    EXPECT_EQ(pool.bytes_in_use(), 0U);
}

TEST(BytePool, ReleasesOnlyWhatNobodyHolds) {
    BytePool pool;
    PooledBytes held = pool.copy_of(as_bytes("held"));
    pool.release_unused();
    EXPECT_EQ(as_text(held.bytes()), "held");
    held.reset();
    const std::uint64_t before = test::allocation_count();
    (void)pool.allocate(8);
    EXPECT_EQ(test::allocation_count(), before) << "the block was kept";
    pool.release_unused();
    (void)pool.allocate(8);
    EXPECT_TRUE(test::allocation_count() > before || !test::counts_allocations()) << "it was given back";
}

TEST(PooledBytes, MovesOwnership) {
    BytePool pool;
    PooledBytes a = pool.copy_of(as_bytes("one"));
    PooledBytes b = pool.copy_of(as_bytes("three"));
    b = std::move(a);
    EXPECT_EQ(as_text(b.bytes()), "one");
    EXPECT_EQ(pool.bytes_in_use(), 32U);
    EXPECT_EQ(a.size(), 0U);  // NOLINT(bugprone-use-after-move): that is what is tested
    PooledBytes& same = b;
    b = std::move(same);
    EXPECT_EQ(as_text(b.bytes()), "one");
    b.reset();
    b.reset();
    EXPECT_EQ(pool.bytes_in_use(), 0U);
}

}  // namespace
}  // namespace squall
