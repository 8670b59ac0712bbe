// A match in its steady state allocates nothing inside the game's nodes: not per tick, not per snapshot, not
// per message.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "unit/arena/virtual_match.hpp"

namespace {

std::uint64_t allocations = 0;

void* allocate(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new[](std::size_t size) {
    return allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace squall::arena {
namespace {

using std::chrono::seconds;

TEST(Allocation, AMatchInItsSteadyStateAllocatesNothingInTheServerOrInTheClients) {
    MatchConfig config;
    config.max_clients = 100;
    VirtualMatch match(config);
    std::uint64_t inside = 0;
    match.watch_ = [&](bool enters) { inside += enters ? 0 - allocations : allocations; };
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
