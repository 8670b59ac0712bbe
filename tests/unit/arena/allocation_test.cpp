// A match in its steady state allocates nothing inside the game's nodes: not per tick, not per snapshot, not
// per message.
#include <gtest/gtest.h>

#include "support/counting_new.hpp"
#include "unit/arena/virtual_match.hpp"

namespace squall::arena {
namespace {

using std::chrono::seconds;

TEST(Allocation, AMatchInItsSteadyStateAllocatesNothingInTheServerOrInTheClients) {
    MatchConfig config;
    config.max_clients = 100;
    VirtualMatch match(config);
    std::uint64_t inside = 0;
    match.watch_ = [&](bool enters) {
        inside += enters ? 0 - test::allocation_count() : test::allocation_count();
    };
    match.join_many(60);
    match.host_.run_until(match.host_.now() + seconds(60));
    inside = 0;
    const std::uint64_t messages_before = match.server_->statistics().messages_sent;
    match.host_.run_until(match.host_.now() + seconds(20));
    const std::uint64_t messages = match.server_->statistics().messages_sent - messages_before;
    EXPECT_GT(messages, 20'000U);
    // The transport's queues of 120 endpoints still reach a new peak now and then; nothing may grow with the
    // messages.
    EXPECT_LE(inside, messages / 400) << inside << " allocations for " << messages << " messages";
}

}  // namespace
}  // namespace squall::arena
