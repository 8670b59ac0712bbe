// The replay window against a model that remembers everything.
#include "transport/secure/replay_window.hpp"

#include <gtest/gtest.h>

#include <set>

#include "squall/core/rng.hpp"

namespace squall::secure {
namespace {

using Verdict = ReplayWindow::Verdict;

// Offers a number; true if it was accepted.
bool offer(ReplayWindow& window, std::uint64_t sequence) {
    if (window.check(sequence) != Verdict::fresh) return false;
    window.mark(sequence);
    return true;
}

// A million offers around a moving newest number, most of them repeats or old: each number is accepted at
// most once, and a number inside the window that was not accepted before always is.
void check_against_model(std::uint64_t start, std::uint64_t seed) {
    ReplayWindow window;
    std::set<std::uint64_t> accepted;
    Rng rng(seed);
    std::uint64_t newest = 0;
    std::uint64_t next = start;
    if (start != 0) {
        ASSERT_TRUE(offer(window, start - 1));
        accepted.insert(start - 1);
        newest = start - 1;
    }
    for (int i = 0; i < 1'000'000; ++i) {
        std::uint64_t sequence = next;
        if (rng.chance(percent(70))) {
            const auto back = rng.below(3 * ReplayWindow::kSize);
            sequence = newest >= back ? newest - back : 0;
        } else {
            const auto jump = rng.chance(percent(1)) ? rng.below(2 * ReplayWindow::kSize) : rng.below(3);
            sequence = newest > UINT64_MAX - jump ? UINT64_MAX : newest + jump;
        }
        const bool is_old = newest >= ReplayWindow::kSize && sequence <= newest - ReplayWindow::kSize;
        const bool expected = !is_old && !accepted.contains(sequence);
        ASSERT_EQ(offer(window, sequence), expected)
            << "offer " << i << " of " << sequence << ", newest " << newest;
        if (!expected) continue;
        accepted.insert(sequence);
        newest = std::max(newest, sequence);
        next = newest == UINT64_MAX ? newest : newest + 1;
        while (accepted.size() > 4 * ReplayWindow::kSize) accepted.erase(accepted.begin());
    }
}

TEST(ReplayWindow, AMillionRandomReplaysFromZero) {
    check_against_model(0, 1);
}
TEST(ReplayWindow, AMillionRandomReplaysAcross32Bits) {
    check_against_model((std::uint64_t{1} << 32) - 5000, 2);
}
TEST(ReplayWindow, AMillionRandomReplaysAtTheTopOf64Bits) {
    check_against_model(UINT64_MAX - 100'000, 3);
}

TEST(ReplayWindow, ZeroIsAcceptedOnce) {
    ReplayWindow window;
    EXPECT_TRUE(offer(window, 0));
    EXPECT_FALSE(offer(window, 0));
    EXPECT_EQ(window.check(0), Verdict::replayed);
}

TEST(ReplayWindow, TheEdgeIsExactlyOneWindowBack) {
    ReplayWindow window;
    ASSERT_TRUE(offer(window, 5000));
    EXPECT_EQ(window.check(5000 - ReplayWindow::kSize), Verdict::too_old);
    EXPECT_EQ(window.check(5000 - ReplayWindow::kSize + 1), Verdict::fresh);
}

TEST(ReplayWindow, CheckingAloneChangesNothing) {
    ReplayWindow window;
    EXPECT_EQ(window.check(UINT64_MAX), Verdict::fresh);
    EXPECT_EQ(window.check(0), Verdict::fresh);
    EXPECT_EQ(window.newest(), 0u);
    EXPECT_TRUE(offer(window, 0));
}

// The numbers that the window forgets while it moves are the ones whose places the new ones take.
TEST(ReplayWindow, MovingByEveryDistanceForgetsTheRightNumbers) {
    for (std::uint64_t distance = 1; distance <= 2 * ReplayWindow::kSize; ++distance) {
        ReplayWindow window;
        for (std::uint64_t i = 0; i < ReplayWindow::kSize; ++i) ASSERT_TRUE(offer(window, i));
        const auto newest = ReplayWindow::kSize - 1 + distance;
        ASSERT_TRUE(offer(window, newest));
        for (std::uint64_t i = ReplayWindow::kSize; i < newest; ++i)
            if (i > newest - ReplayWindow::kSize) {
                ASSERT_EQ(window.check(i), Verdict::fresh) << distance;
            }
        if (distance < ReplayWindow::kSize) {
            ASSERT_EQ(window.check(ReplayWindow::kSize - 1), Verdict::replayed) << distance;
        }
    }
}

}  // namespace
}  // namespace squall::secure
