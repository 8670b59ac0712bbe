// The ring of bytes: pieces come out as they went in, in order, and only when published.
#include "squall/core/byte_ring.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "squall/core/rng.hpp"

namespace squall {
namespace {

TEST(ByteRing, GivesPiecesInOrderWhileItWrapsRound) {
    ByteRing ring(4096);
    Rng rng(5);
    std::vector<std::vector<std::byte>> waiting;
    for (int i = 0; i < 20'000; ++i) {
        std::vector<std::byte> piece(static_cast<std::size_t>(rng.below(400)));
        for (auto& byte : piece) byte = static_cast<std::byte>(rng.below(256));
        if (std::byte* to = ring.reserve(piece.size())) {
            if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
            ring.publish();
            waiting.push_back(piece);
        }
        if (rng.chance(percent(30))) {
            std::size_t next = 0;
            ring.read([&](Bytes got) {
                ASSERT_TRUE(std::equal(got.begin(), got.end(), waiting[next].begin(), waiting[next].end()));
                ++next;
            });
            ASSERT_EQ(next, waiting.size());
            waiting.clear();
        }
    }
}

TEST(ByteRing, WhatIsNotPublishedIsNotSeenAndMayChange) {
    ByteRing ring(4096);
    std::byte* const to = ring.reserve(4);
    ASSERT_NE(to, nullptr);
    to[0] = std::byte{1};
    EXPECT_EQ(ring.read([](Bytes) {}), 0U);
    to[0] = std::byte{2};
    ring.publish();
    EXPECT_EQ(ring.read([](Bytes piece) { EXPECT_EQ(piece[0], std::byte{2}); }), 1U);
}

TEST(ByteRing, SaysWhenThereIsNoRoom) {
    ByteRing ring(4096);
    EXPECT_EQ(ring.reserve(3000), nullptr) << "more than half of it";
    int fit = 0;
    while (ring.reserve(100) != nullptr) ++fit;
    EXPECT_EQ(fit, 4096 / 112);
    ring.publish();
    EXPECT_EQ(ring.read([](Bytes) {}, 1), 1U);
    EXPECT_NE(ring.reserve(100), nullptr);
}

TEST(ByteRing, AReaderThatKeepsUpLeavesMostOfTheMemoryAlone) {
    ByteRing ring(std::size_t{1} << 20);
    const std::byte* const front = ring.reserve(1000);
    ring.publish();
    std::ptrdiff_t farthest = 0;
    std::size_t got = 0;
    const auto put = [&](int pieces) {
        for (int i = 0; i < pieces; ++i) {
            const std::byte* const to = ring.reserve(1000);
            ASSERT_NE(to, nullptr);
            farthest = std::max(farthest, to - front);
            ring.publish();
        }
    };
    for (int round = 0; round < 100; ++round) {
        put(30);
        got += ring.read([](Bytes) {});
    }
    EXPECT_EQ(got, 3001U);
    EXPECT_LT(farthest, std::ptrdiff_t{200} * 1024);
    // Whoever falls behind has all of it, wherever the writer was when it began.
    for (int before = 100; before < 160; before += 3) {
        put(before);
        EXPECT_EQ(ring.read([](Bytes) {}), static_cast<std::size_t>(before));
        std::size_t fit = 0;
        while (ring.reserve(1000) != nullptr) ++fit;
        EXPECT_GE(fit, 1039U) << "of 1040, as one may not fit before the end";
        ring.publish();
        EXPECT_EQ(ring.read([](Bytes piece) { EXPECT_EQ(piece.size(), 1000U); }), fit);
    }
}

TEST(ByteRing, AWriterAndAReaderOnTwoThreads) {
    ByteRing ring(std::size_t{512} * 1024);
    constexpr std::uint64_t kPieces = 300'000;
    std::uint64_t wrong = 0;
    std::uint64_t seen = 0;
    std::atomic<bool> is_done{false};
    std::thread reader([&] {
        std::uint64_t last = 0;
        const auto take = [&](Bytes piece) {
            std::uint64_t number = 0;
            std::memcpy(&number, piece.data(), sizeof(number));
            if (number <= last || piece.size() != 8 + number % 100) ++wrong;
            last = number;
            ++seen;
        };
        while (!is_done.load()) ring.read(take);
        ring.read(take);
    });
    std::uint64_t written = 0;
    for (std::uint64_t i = 1; i <= kPieces; ++i) {
        std::byte* const to = ring.reserve(8 + i % 100);
        if (to == nullptr) continue;
        std::memcpy(to, &i, sizeof(i));
        ++written;
        if (i % 3 == 0 || i == kPieces) ring.publish();
    }
    ring.publish();
    is_done = true;
    reader.join();
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(seen, written);
}

}  // namespace
}  // namespace squall
