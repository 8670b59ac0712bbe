// When changed values leave: with the drain that follows, in the order of their priority, as far as each
// connection's budget goes. And what waits for a transaction to be decided.
#include <algorithm>
#include <tuple>
#include <utility>

#include "squall/remotes/registry.hpp"

namespace squall::remotes {
namespace {

// While a budget is short. An acknowledgement, which may raise it, drains as well.
constexpr Duration kBudgetRetry = std::chrono::milliseconds(5);
// What a message costs in a packet besides itself, about.
constexpr std::size_t kFrameBytes = 5;
// What is left of the budget for what is critical: a datagram, which so never waits for one before it.
constexpr std::size_t kReserveBytes = 1200;

}  // namespace

void Remotes::flush(TimePoint now) {
    flush_values(now, true);
}

void Remotes::flush_values(TimePoint now, bool all) {
    if (is_flushing_ || undo_log_) return;
    wants_flush_ = false;
    flush_again_ = kNever;
    is_flushing_ = true;
    due_.clear();
    if (all) {
        for (const auto& remote : remotes_) remote->collect_due(now, true, due_);
    } else {
        for (Remote* const remote : dirty_) remote->collect_due(now, false, due_);
    }
    for (Remote* const remote : std::exchange(dirty_, {})) remote->is_dirty_ = false;
    std::ranges::sort(due_, {}, [](const Due& due) {
        return std::tuple(due.peer, !due.is_critical, ~due.score, due.remote->info_.index, due.item);
    });
    ConnectionId peer{};
    std::size_t budget = 0;
    for (const Due& due : due_) {
        if (due.peer != std::exchange(peer, due.peer)) budget = endpoint_.send_budget(now, due.peer);
        if (budget <= kReserveBytes && !due.is_critical) {
            // Still owed. By this it is collected again; not before then, unless something else is owed.
            const bool wanted = std::exchange(wants_flush_, false);
            want_flush(*due.remote);
            wants_flush_ = wanted;
            flush_again_ = now + kBudgetRetry;
            continue;
        }
        const std::size_t used = due.remote->send_due(now, due);
        if (used > 0) budget -= std::min(budget, used + kFrameBytes);
    }
    is_flushing_ = false;
}

void Remotes::begin_undo_log() {
    undo_log_ = std::make_unique<detail::UndoLog>();
}

void Remotes::undo_all(TimePoint now, const Remote& of) {
    const std::unique_ptr<detail::UndoLog> log = std::exchange(undo_log_, nullptr);
    held_.clear();
    for (Remote* const remote : log->changed) remote->undo();
    // They may do anything, values are back already.
    for (std::size_t i = log->actions.size(); i > 0; --i) (void)guarded(now, {}, of, {}, log->actions[i - 1]);
}

std::vector<Remote*> Remotes::confirm_all(TimePoint now) {
    const std::unique_ptr<detail::UndoLog> log = std::exchange(undo_log_, nullptr);
    for (Held& held : std::exchange(held_, {})) {
        if (held.peer.is_valid()) {
            (void)send_as(now, *held.remote, held.mode, held.peer, held.bytes);
        } else {
            (void)send_to_player(now, *held.remote, held.player, held.bytes);
        }
    }
    for (Remote* const remote : log->changed) remote->confirm();
    return std::move(log->changed);
}

}  // namespace squall::remotes
