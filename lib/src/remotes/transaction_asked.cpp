// The side that a transaction asks: admits its steps, waits for handlers that answer later, and then does all
// of it or nothing.
#include <fmt/format.h>

#include <algorithm>

#include "remotes/transaction_format.hpp"

namespace squall::remotes::detail {
namespace {

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
        return refuse(now, peer, asked.head, allowed, {},
                      {code_of(allowed), "refused: " + std::string(to_string(allowed))});
    if (asked.head.key != 0 && answer_from_kept(now, peer, asked.head)) return Outcome::passed;
    const auto is_same = [&](const auto& entry) {
        return entry.second.peer == peer && entry.second.head.key == asked.head.key;
    };
    if (asked.head.key != 0 && std::ranges::any_of(pending_, is_same))
        return refuse(now, peer, asked.head, Outcome::passed, {},
                      {ErrorCode::queue_full, info_.name + ": one with this key is under way"});
    const std::int64_t age =
        milliseconds_since(now, state.ready_at) - static_cast<std::int64_t>(asked.stamp) - *state.quickest;
    if (static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)) > asked.deadline)
        return refuse(now, peer, asked.head, Outcome::passed, {},
                      {ErrorCode::expired, fmt::format("{}: came {} ms after its deadline", info_.name,
                                                       age - static_cast<std::int64_t>(asked.deadline))});
    const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(kLongestDeadline).count();
    const std::int64_t left = static_cast<std::int64_t>(std::min<std::uint64_t>(
                                  asked.deadline, static_cast<std::uint64_t>(longest))) -
                              std::max<std::int64_t>(age, 0);
    return carry_out(now, peer, asked, std::chrono::milliseconds(left));
}

Outcome TransactionRemote::carry_out(TimePoint now, ConnectionId peer, const Asked& asked,
                                     Duration patience) {
    Admitted steps;
    for (std::size_t i = 0; i < asked.steps.size(); ++i) {
        const auto [remote, body] = asked.steps[i];
        Admission admission;
        if (remote != nullptr) admission = owner_.admit(now, peer, *remote, body);
        if (admission.outcome != Outcome::passed)
            return refuse(
                now, peer, asked.head, admission.outcome, i,
                {code_of(admission.outcome), "refused: " + std::string(to_string(admission.outcome))});
        steps.push_back(std::move(admission.step));
    }
    if (std::ranges::any_of(steps, [](const auto& step) { return step->answers_later(); }))
        return wait_for_answers(now, peer, asked.head, std::move(steps), patience);
    (void)do_all(now, peer, asked.head, steps, Answers(steps.size()));
    return Outcome::passed;
}

// False if it was refused, and nothing has happened.
bool TransactionRemote::do_all(TimePoint now, ConnectionId peer, const TransactionHead& head,
                               const Admitted& steps, const Answers& answers) {
    owner_.begin_undo_log();
    for (const auto& step : steps) step->set();
    std::vector<std::byte> replies;
    std::vector<std::byte> reply;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        reply.clear();
        if (answers[i]) {
            append_sized(replies, **answers[i]);
            continue;
        }
        if (const auto done = steps[i]->run(reply); !done) {
            owner_.undo_all(now, *this);
            (void)refuse(now, peer, head, Outcome::passed, i, done.error());
            return false;
        }
        if (steps[i]->has_answer()) append_sized(replies, reply);
    }
    if (replies.size() > options_.max_bytes) {
        owner_.undo_all(now, *this);
        (void)refuse(now, peer, head, Outcome::passed, {},
                     {ErrorCode::too_large, fmt::format("{}: answers of {} bytes; at most {}", info_.name,
                                                        replies.size(), options_.max_bytes)});
        return false;
    }
    std::vector<std::byte> frame = start_frame(info_.index, TransactionOp::accepted, head.id);
    frame.insert(frame.end(), replies.begin(), replies.end());
    if (head.key != 0) keep(now, peer, head.key, std::move(replies));
    post(now, peer, frame);  // with what handlers sent
    const auto changed = owner_.confirm_all(now);
    for (const auto& step : steps) step->finish();
    spread(now, changed, {});  // the peer owns what it set, and is sent what else changed
    return true;
}

Outcome TransactionRemote::refuse(TimePoint now, ConnectionId peer, const TransactionHead& head,
                                  Outcome outcome, std::optional<std::size_t> step, const Error& error) {
    std::vector<std::byte> frame = start_frame(info_.index, TransactionOp::refused, head.id);
    append_varint(frame, step ? *step + 1 : 0);
    write_call_error(frame, error);
    post(now, peer, frame);
    return outcome;
}

bool TransactionRemote::on_undo(std::function<void()> action) {
    UndoLog* const log = owner_.undo_log();
    const auto asking = pending_.find(asking_);
    if (log == nullptr && asking == pending_.end()) return false;
    (log != nullptr ? log->actions : asking->second.undo).push_back(std::move(action));
    return true;
}

}  // namespace squall::remotes::detail
