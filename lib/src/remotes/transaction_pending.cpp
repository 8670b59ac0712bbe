// Transactions that wait, at the side that is asked, for handlers that answer later. Nothing of them has
// happened yet; each ends once: when all have answered, one refuses, the deadline is over, or the peer has
// left.
#include <fmt/format.h>

#include <ranges>

#include "remotes/transaction_format.hpp"

namespace squall::remotes::detail {

Outcome TransactionRemote::wait_for_answers(TimePoint now, ConnectionId peer, const TransactionHead& head,
                                            Admitted steps, Duration patience) {
    const auto is_of_peer = [&](const auto& entry) { return entry.second.peer == peer; };
    if (static_cast<std::size_t>(std::ranges::count_if(pending_, is_of_peer)) >= options_.max_open)
        return refuse(now, peer, head, Outcome::passed, {},
                      {ErrorCode::queue_full, fmt::format("{}: {} transactions wait for answers already",
                                                          info_.name, options_.max_open)});
    const std::uint64_t number = ++last_pending_;
    Pending& pending = pending_[number];
    pending.peer = peer;
    pending.head = head;
    pending.steps = std::move(steps);
    pending.answers.resize(pending.steps.size());
    for (const auto& step : pending.steps) pending.missing += step->answers_later() ? 1 : 0;
    set_due(number, pending, now + patience);
    const std::uint64_t outer = std::exchange(asking_, number);
    for (std::size_t i = 0; i < pending.steps.size() && pending.missing > 0; ++i)
        if (pending.steps[i]->answers_later())
            pending.steps[i]->ask([this, number, i](Result<std::vector<std::byte>> answer) {
                on_answered(number, i, std::move(answer));
            });
    asking_ = outer;
    return Outcome::passed;
}

// The rest follows with the next handle_timeout(): who answers may be in the middle of something.
void TransactionRemote::on_answered(std::uint64_t number, std::size_t step,
                                    Result<std::vector<std::byte>> answer) {
    const auto place = pending_.find(number);
    if (place == pending_.end()) return;
    Pending& pending = place->second;
    // The first that refuses decides.
    pending.missing = answer ? pending.missing - 1 : 0;
    pending.answers[step] = std::move(answer);
    if (pending.missing == 0) set_due(number, pending, TimePoint{});
}

void TransactionRemote::set_due(std::uint64_t number, Pending& pending, TimePoint due) {
    pending_due_.erase({pending.due, number});
    pending.due = due;
    pending_due_.emplace(due, number);
    owner_.keep_time(*this);
}

std::optional<FailedStep> TransactionRemote::failure_of(const Pending& pending) const {
    std::optional<FailedStep> unanswered;
    for (std::size_t i = 0; i < pending.steps.size(); ++i) {
        const auto& answer = pending.answers[i];
        if (answer && !*answer) return FailedStep{i, {}, answer->error()};
        if (!answer && !unanswered && pending.steps[i]->answers_later())
            unanswered =
                FailedStep{i, {}, {ErrorCode::expired, info_.name + ": not answered by the deadline"}};
    }
    if (unanswered) return unanswered;
    for (std::size_t i = 0; i < pending.steps.size(); ++i)
        if (!pending.steps[i]->is_still_allowed())
            return FailedStep{
                i,
                {},
                {ErrorCode::unauthorised, info_.name + ": not allowed any more when all had answered"}};
    return std::nullopt;
}

void TransactionRemote::conclude(TimePoint now, std::uint64_t number) {
    auto node = pending_.extract(number);
    Pending& pending = node.mapped();
    pending_due_.erase({pending.due, number});
    if (const auto failed = failure_of(pending)) {
        take_back(now, pending);
        (void)refuse(now, pending.peer, pending.head, Outcome::passed, failed->step, failed->error);
    } else if (!do_all(now, pending.peer, pending.head, pending.steps, pending.answers)) {
        take_back(now, pending);
    }
}

void TransactionRemote::take_back(TimePoint now, Pending& pending) {
    for (const auto& step : pending.steps) step->withdraw();
    for (const auto& action : std::ranges::reverse_view(pending.undo))
        (void)owner_.guarded(now, {}, *this, {}, action);
}

}  // namespace squall::remotes::detail
