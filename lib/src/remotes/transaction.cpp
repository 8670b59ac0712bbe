// Transactions, and the side that proposes them; transaction_asked.cpp has the other.
#include "squall/remotes/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "remotes/transaction_format.hpp"

namespace squall::remotes {

Transaction& Transaction::add(Result<std::unique_ptr<detail::ProposedStep>> step) {
    if (error_) return *this;
    if (!step) {
        error_ = Error{step.error().code,
                       fmt::format("step {} of the transaction: {}", steps_.size(), step.error().message)};
    } else if (steps_.size() == remote_->max_steps()) {
        error_ = Error{ErrorCode::too_large, fmt::format("a transaction of {} has at most {} steps",
                                                         remote_->info().name, remote_->max_steps())};
    } else {
        steps_.push_back(std::move(*step));
    }
    return *this;
}

Result<RemoteTransactions> Remotes::transactions(std::string name, const TransactionOptions& options) {
    if (auto checked = check_name(name); !checked) return std::unexpected(checked.error());
    auto remote = std::make_unique<detail::TransactionRemote>(
        *this, RemoteInfo{std::move(name), RemoteKind::transaction, ChannelMode::reliable_ordered, 0},
        options);
    RemoteTransactions handle(*remote);
    adopt(std::move(remote));
    return handle;
}

detail::Admission Remotes::admit(TimePoint now, ConnectionId peer, Remote& remote, Bytes body) {
    ++remote.statistics_.in.messages;
    auto admission = remote.admit(now, peer, body);
    if (admission.outcome != Outcome::passed)
        ++remote.statistics_.in.stopped[static_cast<std::size_t>(admission.outcome)];
    return admission;
}

namespace detail {
namespace {

// Who has not answered so long after the deadline will not.
constexpr Duration kGrace = std::chrono::seconds(10);

}  // namespace

std::int64_t TransactionRemote::milliseconds_since(TimePoint now, TimePoint then) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - then).count();
}

void TransactionRemote::post(TimePoint now, ConnectionId peer, Bytes frame) {
    if (owner_.send(now, *this, peer, frame) == Remotes::Sent::unsent) {
        ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::unsent)];
        return;
    }
    ++statistics_.out.messages;
    statistics_.out.bytes += frame.size();
}

// --- the proposing side

Result<> TransactionRemote::check(const Steps& steps) const {
    if (steps.empty())
        return fail(ErrorCode::invalid_argument, info_.name + ": a transaction without a step");
    if (owner_.undo_log() != nullptr)
        return fail(ErrorCode::invalid_argument,
                    info_.name + ": a handler that runs in a transaction cannot commit another one");
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Remote& remote = steps[i]->remote;
        if (owner_.by_number(std::uint64_t{remote.info().index} + 1) != &remote)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("step {} of the transaction: '{}' is of another registry", i,
                                    remote.info().name));
        for (std::size_t j = 0; j < i && steps[i]->item(); ++j)
            if (&steps[j]->remote == &remote && steps[j]->item() == steps[i]->item())
                return fail(ErrorCode::invalid_argument,
                            fmt::format("step {} of the transaction: '{}' has a step for {} already", i,
                                        remote.info().name, *steps[i]->item()));
    }
    return {};
}

// Sends it to one peer; on success that peer is open.
Result<std::uint64_t> TransactionRemote::propose(TimePoint now, ConnectionId peer, Steps& steps,
                                                 const CommitOptions& options) {
    const auto known = peers_.find(peer);
    if (known == peers_.end()) return fail(ErrorCode::not_connected, info_.name + ": this peer is not ready");
    if (known->second.open >= options_.max_open)
        return fail(ErrorCode::queue_full, fmt::format("{}: {} transactions are open with this peer",
                                                       info_.name, options_.max_open));
    const std::uint64_t id = ++last_id_;
    const bool is_keyed = options.key != 0;
    std::vector<std::byte> frame =
        start_frame(info_.index, is_keyed ? TransactionOp::keyed_proposal : TransactionOp::proposal, id);
    append_varint(frame, static_cast<std::uint64_t>(milliseconds_since(now, known->second.ready_at)));
    const Duration deadline = std::clamp(options.deadline, Duration{0}, kLongestDeadline);
    append_varint(frame, static_cast<std::uint64_t>(
                             std::chrono::duration_cast<std::chrono::milliseconds>(deadline).count()));
    for (unsigned shift = 0; is_keyed && shift < 64; shift += 8)
        frame.push_back(static_cast<std::byte>((options.key >> shift) & 0xff));
    append_varint(frame, steps.size());
    std::vector<std::byte> body;
    std::optional<Error> error;
    std::size_t written = 0;
    for (; written < steps.size() && !error; ++written) {
        body.clear();
        if (auto done = steps[written]->write(now, peer, body); !done) {
            error = Error{done.error().code,
                          fmt::format("step {} of the transaction: {}", written, done.error().message)};
            break;
        }
        append_varint(frame, std::uint64_t{steps[written]->remote.info().index} + 1);
        append_sized(frame, body);
    }
    if (!error && frame.size() > options_.max_bytes)
        error = Error{ErrorCode::too_large, fmt::format("{}: a transaction of {} bytes; at most {}",
                                                        info_.name, frame.size(), options_.max_bytes)};
    // A chain may have ended the connection.
    if (!error && (!peers_.contains(peer) || owner_.send(now, *this, peer, frame) != Remotes::Sent::sent))
        error = Error{ErrorCode::queue_full, info_.name + ": the connection takes no more for now"};
    if (error) {
        for (std::size_t i = 0; i < written; ++i) (void)steps[i]->settle(now, peer, Verdict::refused);
        return std::unexpected(*error);
    }
    ++statistics_.out.messages;
    statistics_.out.bytes += frame.size();
    ++peers_.at(peer).open;
    const TimePoint give_up_at = now + deadline + kGrace;
    deadlines_.emplace(give_up_at, id);
    owner_.keep_time(*this);
    open_[id] = {peer, 0, 0, give_up_at};
    return id;
}

Result<> TransactionRemote::commit(TimePoint now, ConnectionId peer, Steps& steps,
                                   const CommitOptions& options, CommitDone done) {
    owner_.seal();
    if (auto good = check(steps); !good) return good;
    const std::uint64_t serial = owner_.next_serial();
    for (const auto& step : steps) step->serial = serial;
    const auto id = propose(now, peer, steps, options);
    if (!id) return std::unexpected(id.error());
    const std::uint64_t number = ++last_proposal_;
    open_.at(*id).proposal = number;
    Proposal& proposal = proposals_[number];
    proposal.steps = std::exchange(steps, {});
    proposal.missing = 1;
    proposal.results.emplace_back(peer, Committed{});
    proposal.done = std::move(done);
    return {};
}

std::vector<ConnectionId> TransactionRemote::listed(const Recipients& to) const {
    std::vector<ConnectionId> out;
    if (to.kind() == Recipients::Kind::listed) {
        out.assign(to.listed().begin(), to.listed().end());
    } else if (to.kind() == Recipients::Kind::player) {
        out.push_back(owner_.connection_of(to.client()).value_or(ConnectionId{}));
    } else {
        for (const ConnectionId peer : owner_.peers())
            if (to.kind() == Recipients::Kind::everyone || peer != to.excepted()) out.push_back(peer);
    }
    return out;
}

Result<> TransactionRemote::publish(TimePoint now, std::vector<ConnectionId> peers, Steps& steps,
                                    const CommitOptions& options, PublishDone done) {
    owner_.seal();
    if (auto good = check(steps); !good) return good;
    if (!owner_.is_server())
        return fail(ErrorCode::unauthorised, info_.name + ": only a server publishes; commit to it instead");
    for (std::size_t i = 0; i < steps.size(); ++i)
        if (steps[i]->wants_answer())
            return fail(ErrorCode::invalid_argument,
                        fmt::format("step {} of the transaction: a call needs one peer: commit it", i));
    const std::uint64_t serial = owner_.next_serial();
    for (const auto& step : steps) step->serial = serial;
    const std::uint64_t number = ++last_proposal_;
    Proposal proposal;
    proposal.is_published = true;
    proposal.all_done = std::move(done);
    for (const ConnectionId peer : peers) {
        const auto id = propose(now, peer, steps, options);
        proposal.results.emplace_back(peer, Committed{});
        if (id) {
            open_.at(*id).proposal = number;
            open_.at(*id).place = proposal.results.size() - 1;
            ++proposal.missing;
        } else {
            proposal.results.back().second = std::unexpected(FailedStep{{}, info_.name, id.error()});
        }
    }
    proposal.steps = std::exchange(steps, {});
    Proposal& kept = proposals_[number] = std::move(proposal);
    owner_.begin_undo_log();
    apply(now, kept.steps);
    const auto changed = owner_.confirm_all(now);  // watchers may do anything
    spread(now, changed, std::move(peers));
    const auto place = proposals_.find(number);
    if (place == proposals_.end() || place->second.missing > 0) return {};
    const auto node = proposals_.extract(place);
    if (node.mapped().all_done)
        (void)owner_.guarded(now, {}, *this, {}, [&] { node.mapped().all_done(now, node.mapped().results); });
    return {};
}

void TransactionRemote::apply(TimePoint now, const Steps& steps) {
    for (const auto& step : steps) step->apply(now);
}

void TransactionRemote::spread(TimePoint now, const std::vector<Remote*>& changed,
                               std::vector<ConnectionId> but) {
    if (!owner_.is_server() || changed.size() < 2 || changed.size() > options_.max_steps) return;
    std::ranges::sort(but);
    std::map<std::vector<std::uint32_t>, std::vector<ConnectionId>> groups;  // by what they get
    const std::vector<ConnectionId> peers(owner_.peers().begin(), owner_.peers().end());
    for (const ConnectionId peer : peers) {
        if (std::ranges::binary_search(but, peer)) continue;
        std::vector<std::uint32_t> owed;
        for (const Remote* const remote : changed)
            if (remote->sends_to(peer)) owed.push_back(remote->info().index);
        if (owed.size() >= 2) groups[std::move(owed)].push_back(peer);
    }
    for (const auto& [owed, group] : groups) tell_together(now, owed, group);
}

// The present values of these remotes, to peers that are owed them in any case.
void TransactionRemote::tell_together(TimePoint now, const std::vector<std::uint32_t>& indices,
                                      std::span<const ConnectionId> peers) {
    Proposal proposal;
    proposal.is_published = true;
    for (const std::uint32_t index : indices)
        if (auto step = owner_.by_number(std::uint64_t{index} + 1)->propose_present())
            proposal.steps.push_back(std::move(step));
    const std::uint64_t number = ++last_proposal_;
    for (const ConnectionId peer : peers) {
        const auto id = propose(now, peer, proposal.steps, {.deadline = kLongestDeadline});
        if (!id) continue;
        open_.at(*id).proposal = number;
        open_.at(*id).place = proposal.results.size();
        proposal.results.emplace_back(peer, Committed{});
        ++proposal.missing;
    }
    if (proposal.missing > 0) proposals_.emplace(number, std::move(proposal));
}

// One peer's outcome.
void TransactionRemote::end(TimePoint now, std::uint64_t id, Verdict verdict, const Committed& result,
                            const std::vector<Bytes>& answers) {
    const Open open = open_.extract(id).mapped();
    deadlines_.erase({open.give_up_at, id});
    if (const auto peer = peers_.find(open.peer); peer != peers_.end()) --peer->second.open;
    Proposal& proposal = proposals_.at(open.proposal);
    proposal.results[open.place].second = result;
    const bool takes_effect = verdict == Verdict::accepted && !proposal.is_published;
    if (takes_effect) {
        owner_.begin_undo_log();
        apply(now, proposal.steps);
    }
    std::vector<std::uint32_t> owed;
    for (const auto& step : proposal.steps)
        if (step->settle(now, open.peer, verdict)) owed.push_back(step->remote.info().index);
    if (takes_effect) spread(now, owner_.confirm_all(now), {open.peer});
    if (owed.size() >= 2) tell_together(now, owed, {&open.peer, 1});
    Proposal& asked = proposals_.at(open.proposal);
    if (--asked.missing > 0) return;
    const auto node = proposals_.extract(open.proposal);
    Proposal& ended = node.mapped();
    if (ended.is_published) {
        if (ended.all_done)
            (void)owner_.guarded(now, open.peer, *this, {}, [&] { ended.all_done(now, ended.results); });
        return;
    }
    std::size_t answered = 0;
    for (const auto& step : ended.steps) {
        if (!step->wants_answer()) continue;
        if (verdict == Verdict::accepted) {
            step->answer(now, open.peer, answers[answered++]);
        } else {
            step->answer(now, open.peer, std::unexpected(result.error().error));
        }
    }
    if (ended.done) (void)owner_.guarded(now, open.peer, *this, {}, [&] { ended.done(now, result); });
}

Outcome TransactionRemote::on_outcome(TimePoint now, ConnectionId peer, std::uint8_t op, ByteReader& reader) {
    const std::uint64_t id = reader.read_varint();
    if (!reader.ok()) return Outcome::malformed;
    const auto place = open_.find(id);
    if (place == open_.end()) return Outcome::passed;  // given up meanwhile
    if (place->second.peer != peer) return Outcome::unauthorised;
    const Steps& steps = proposals_.at(place->second.proposal).steps;
    const auto unreadable = [&] {
        end(now, id, Verdict::unknown,
            std::unexpected(FailedStep{
                {}, info_.name, {ErrorCode::malformed, info_.name + ": the outcome cannot be read"}}),
            {});
        return Outcome::malformed;
    };
    if (op == static_cast<std::uint8_t>(TransactionOp::accepted)) {
        std::vector<Bytes> answers;
        for (const auto& step : steps)
            if (step->wants_answer()) answers.push_back(read_sized(reader));
        if (!reader.at_end()) return unreadable();
        end(now, id, Verdict::accepted, {}, answers);
        return Outcome::passed;
    }
    const std::uint64_t step = reader.read_varint();  // from 1; 0: none in particular
    FailedStep failed;
    if (!reader.ok() || step > steps.size() || !read_call_error(reader, failed.error)) return unreadable();
    failed.remote = info_.name;
    if (step > 0) {
        failed.step = static_cast<std::size_t>(step) - 1;
        failed.remote = steps[*failed.step]->remote.info().name;
    }
    end(now, id, Verdict::refused, std::unexpected(failed), {});
    return Outcome::passed;
}

void TransactionRemote::handle_timeout(TimePoint now) {
    while (!pending_due_.empty() && pending_due_.begin()->first <= now)
        conclude(now, pending_due_.begin()->second);
    while (!deadlines_.empty() && deadlines_.begin()->first <= now)
        end(now, deadlines_.begin()->second, Verdict::unknown,
            std::unexpected(FailedStep{
                {},
                info_.name,
                {ErrorCode::expired, info_.name + ": no answer; it may have happened there or not"}}),
            {});
}

void TransactionRemote::on_ready(TimePoint now, ConnectionId peer) {
    peers_[peer].ready_at = now;
    post(now, peer, start_frame(info_.index, TransactionOp::clock, 0));
}

void TransactionRemote::on_gone(TimePoint now, ConnectionId peer) {
    std::vector<std::uint64_t> ended;
    for (const auto& [id, open] : open_)
        if (open.peer == peer) ended.push_back(id);
    peers_.erase(peer);
    std::vector<std::uint64_t> waiting;
    for (const auto& [number, pending] : pending_)
        if (pending.peer == peer) waiting.push_back(number);
    for (const std::uint64_t number : waiting) {
        auto node = pending_.extract(number);
        pending_due_.erase({node.mapped().due, number});
        take_back(now, node.mapped());
    }
    for (const std::uint64_t id : ended) {
        if (!open_.contains(id)) continue;
        end(now, id, Verdict::unknown,
            std::unexpected(FailedStep{
                {},
                info_.name,
                {ErrorCode::not_connected,
                 info_.name + ": the peer left before it answered; it may have happened there or not"}}),
            {});
    }
}

}  // namespace detail
}  // namespace squall::remotes
