#include "squall/remotes/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>

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

enum class TransactionOp : std::uint8_t {
    clock = 0,
    proposal = 1,
    keyed_proposal = 2,
    accepted = 3,
    refused = 4
};

// Who has not answered so long after the deadline will not.
constexpr Duration kGrace = std::chrono::seconds(10);
constexpr Duration kLongestDeadline = std::chrono::hours(1);
// Milliseconds of a connection; no number that is subtracted from it can overflow.
constexpr std::uint64_t kMaxStamp = std::uint64_t{1} << 53;

ErrorCode code_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::malformed: return ErrorCode::malformed;
        case Outcome::unknown_remote: return ErrorCode::unknown_id;
        case Outcome::invalid: return ErrorCode::invalid_argument;
        case Outcome::rate_limited:
        case Outcome::over_budget: return ErrorCode::queue_full;
        case Outcome::failed: return ErrorCode::unsupported;
        default: return ErrorCode::unauthorised;
    }
}

std::vector<std::byte> start_frame(std::uint32_t index, TransactionOp op, std::uint64_t id) {
    std::vector<std::byte> frame;
    append_varint(frame, std::uint64_t{index} + 1);
    frame.push_back(static_cast<std::byte>(op));
    append_varint(frame, id);
    return frame;
}

void append_sized(std::vector<std::byte>& out, Bytes bytes) {
    append_varint(out, bytes.size());
    out.insert(out.end(), bytes.begin(), bytes.end());
}

Bytes read_sized(ByteReader& reader) {
    return reader.read_bytes(static_cast<std::size_t>(reader.read_varint()));
}

}  // namespace

struct TransactionRemote::Asked {
    struct Step {
        Remote* remote = nullptr;
        Bytes body;
    };
    TransactionHead head;
    std::uint64_t stamp = 0;
    std::uint64_t deadline = 0;  // milliseconds
    std::vector<Step> steps;
};

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

// --- the side that is asked

Outcome TransactionRemote::on_message(TimePoint now, ConnectionId peer, Bytes body) {
    ByteReader reader(body);
    const auto op = reader.read<std::uint8_t>();
    if (!reader.ok() || op > static_cast<std::uint8_t>(TransactionOp::refused)) return Outcome::malformed;
    switch (static_cast<TransactionOp>(op)) {
        case TransactionOp::clock: {
            const std::uint64_t stamp = reader.read_varint();
            if (!reader.at_end() || stamp > kMaxStamp) return Outcome::malformed;
            if (const auto known = peers_.find(peer); known != peers_.end())
                note_clock(now, known->second, stamp);
            return Outcome::passed;
        }
        case TransactionOp::accepted:
        case TransactionOp::refused: return on_outcome(now, peer, op, reader);
        default: return on_proposal(now, peer, op, reader);
    }
}

void TransactionRemote::note_clock(TimePoint now, PeerState& peer, std::uint64_t stamp) {
    const std::int64_t taken = milliseconds_since(now, peer.ready_at) - static_cast<std::int64_t>(stamp);
    peer.quickest = std::min(peer.quickest.value_or(taken), taken);
}

bool TransactionRemote::read_proposal(ByteReader& reader, bool is_keyed, Asked& asked) const {
    asked.head.id = reader.read_varint();
    asked.stamp = reader.read_varint();
    asked.deadline = reader.read_varint();
    if (is_keyed) asked.head.key = reader.read<std::uint64_t>();
    asked.head.steps = reader.read_varint();
    if (!reader.ok() || asked.head.id == 0 || (is_keyed && asked.head.key == 0) || asked.head.steps == 0 ||
        asked.head.steps > options_.max_steps || asked.stamp > kMaxStamp)
        return false;
    for (std::uint64_t i = 0; i < asked.head.steps; ++i) {
        Remote* const remote = owner_.by_number(reader.read_varint());
        asked.steps.push_back({remote, read_sized(reader)});
        if (!reader.ok()) return false;
    }
    return reader.at_end();
}

Outcome TransactionRemote::on_proposal(TimePoint now, ConnectionId peer, std::uint8_t op,
                                       ByteReader& reader) {
    const auto known = peers_.find(peer);
    if (known == peers_.end()) return Outcome::malformed;
    PeerState& state = known->second;
    Asked asked;
    if (reader.remaining() > options_.max_bytes ||
        !read_proposal(reader, op == static_cast<std::uint8_t>(TransactionOp::keyed_proposal), asked) ||
        asked.head.id <= state.last_id)
        return Outcome::malformed;
    state.last_id = asked.head.id;
    note_clock(now, state, asked.stamp);
    static const Next::Chain kNone;
    TransactionHead head = asked.head;
    Message message(now, Direction::inbound, peer, info_, *codec_, wire::codec_type<TransactionHead>(), &head,
                    {});
    message.mark_decoded();
    const Outcome allowed = run_chains(kNone, inbound_, message, [](Message&) { return Outcome::passed; });
    if (allowed != Outcome::passed)
        return refuse(now, peer, asked, allowed, {},
                      {code_of(allowed), "refused: " + std::string(to_string(allowed))});
    if (asked.head.key != 0 && answer_from_kept(now, peer, asked)) return Outcome::passed;
    const std::int64_t age =
        milliseconds_since(now, state.ready_at) - static_cast<std::int64_t>(asked.stamp) - *state.quickest;
    if (static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)) > asked.deadline)
        return refuse(now, peer, asked, Outcome::passed, {},
                      {ErrorCode::expired, fmt::format("{}: came {} ms after its deadline", info_.name,
                                                       age - static_cast<std::int64_t>(asked.deadline))});
    return carry_out(now, peer, asked);
}

Outcome TransactionRemote::carry_out(TimePoint now, ConnectionId peer, const Asked& asked) {
    std::vector<std::unique_ptr<AdmittedStep>> steps;
    for (std::size_t i = 0; i < asked.steps.size(); ++i) {
        const auto [remote, body] = asked.steps[i];
        Admission admission;
        if (remote != nullptr) admission = owner_.admit(now, peer, *remote, body);
        if (admission.outcome != Outcome::passed)
            return refuse(
                now, peer, asked, admission.outcome, i,
                {code_of(admission.outcome), "refused: " + std::string(to_string(admission.outcome))});
        steps.push_back(std::move(admission.step));
    }
    owner_.begin_undo_log();
    for (const auto& step : steps) step->set();
    std::vector<std::byte> answers;
    std::vector<std::byte> answer;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        answer.clear();
        if (const auto done = steps[i]->run(answer); !done) {
            owner_.undo_all(now, *this);
            return refuse(now, peer, asked, Outcome::passed, i, done.error());
        }
        if (steps[i]->has_answer()) append_sized(answers, answer);
    }
    if (answers.size() > options_.max_bytes) {
        owner_.undo_all(now, *this);
        return refuse(now, peer, asked, Outcome::passed, {},
                      {ErrorCode::too_large, fmt::format("{}: answers of {} bytes; at most {}", info_.name,
                                                         answers.size(), options_.max_bytes)});
    }
    std::vector<std::byte> frame = start_frame(info_.index, TransactionOp::accepted, asked.head.id);
    frame.insert(frame.end(), answers.begin(), answers.end());
    if (asked.head.key != 0) keep(now, peer, asked.head.key, std::move(answers));
    post(now, peer, frame);  // with what handlers sent
    const auto changed = owner_.confirm_all(now);
    for (const auto& step : steps) step->finish();
    spread(now, changed, {});  // the peer owns what it set, and is sent what else changed
    return Outcome::passed;
}

Outcome TransactionRemote::refuse(TimePoint now, ConnectionId peer, const Asked& asked, Outcome outcome,
                                  std::optional<std::size_t> step, const Error& error) {
    std::vector<std::byte> frame = start_frame(info_.index, TransactionOp::refused, asked.head.id);
    append_varint(frame, step ? *step + 1 : 0);
    write_call_error(frame, error);
    post(now, peer, frame);
    return outcome;
}

bool TransactionRemote::on_undo(std::function<void()> action) {
    UndoLog* const log = owner_.undo_log();
    if (log == nullptr) return false;
    log->actions.push_back(std::move(action));
    return true;
}

// --- transactions with keys

TransactionRemote::KeptOfPlayer& TransactionRemote::kept_of(TimePoint now, ClientId player) {
    const auto is_old = [&](const KeptOfPlayer& of) {
        return of.kept.empty() || now - of.kept.back().since > options_.keep;
    };
    if (!kept_.contains(player) && kept_.size() >= options_.max_kept_players) {
        std::erase_if(kept_, [&](const auto& entry) { return is_old(entry.second); });
        if (kept_.size() >= options_.max_kept_players)
            kept_.erase(std::ranges::min_element(
                kept_, {}, [](const auto& entry) { return entry.second.kept.back().since; }));
    }
    KeptOfPlayer& of = kept_[player];
    while (!of.kept.empty() && now - of.kept.front().since > options_.keep) {
        of.bytes -= of.kept.front().answers ? of.kept.front().answers->size() : 0;
        of.kept.pop_front();
    }
    return of;
}

bool TransactionRemote::answer_from_kept(TimePoint now, ConnectionId peer, const Asked& asked) {
    const auto player = owner_.client_of(peer);
    if (!player || !kept_.contains(*player)) return false;
    const auto& kept = kept_of(now, *player).kept;
    const auto place = std::ranges::find(kept, asked.head.key, &Kept::key);
    if (place == kept.end()) return false;
    if (!place->answers) {
        (void)refuse(now, peer, asked, Outcome::passed, {},
                     {ErrorCode::expired, info_.name + ": was accepted before; its answers are not kept"});
        return true;
    }
    std::vector<std::byte> frame = start_frame(info_.index, TransactionOp::accepted, asked.head.id);
    frame.insert(frame.end(), place->answers->begin(), place->answers->end());
    post(now, peer, frame);
    return true;
}

void TransactionRemote::keep(TimePoint now, ConnectionId peer, std::uint64_t key,
                             std::vector<std::byte> answers) {
    const auto player = owner_.client_of(peer);
    if (!player || options_.max_kept == 0) return;
    KeptOfPlayer& of = kept_of(now, *player);
    const bool fits = answers.size() <= options_.max_kept_bytes;
    of.bytes += fits ? answers.size() : 0;
    of.kept.push_back({key, now, fits ? std::optional(std::move(answers)) : std::nullopt});
    while (of.kept.size() > options_.max_kept || of.bytes > options_.max_kept_bytes) {
        of.bytes -= of.kept.front().answers ? of.kept.front().answers->size() : 0;
        of.kept.pop_front();
    }
}

}  // namespace detail
}  // namespace squall::remotes
