// Functions: a call with an argument, an answer or an error. Either side may answer. A call has a deadline,
// may be repeated with back-off over an unreliable channel, and may be cancelled; its handler runs at most
// once however often the call arrives, because the answering side remembers its answers for a while.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "squall/remotes/registry.hpp"
#include "squall/remotes/spare_parts.hpp"

namespace squall::remotes {

struct CallOptions {
    Duration timeout = std::chrono::seconds(5);  // from the call to the error `expired`, retries included
    unsigned retries = 0;
    Duration first_retry =
        std::chrono::milliseconds(250);  // after the call; each later one takes twice as long
    // Two calls with one key (not 0) to one peer are one: the second gets the first one's answer, if it is
    // kept.
    std::uint64_t idempotency_key = 0;
};

enum class CallId : std::uint64_t {};  // 0: none

namespace detail {

enum class CallOp : std::uint8_t { request = 0, reply = 1, error = 2, cancel = 3, keyed_request = 4 };
inline constexpr std::size_t kMaxErrorText = 500;

// The parts of a function that do not depend on its types.
struct CallHead {
    CallOp op{};
    std::uint64_t id = 0;
    std::uint64_t key = 0;
};
[[nodiscard]] bool read_call_head(ByteReader& reader, CallHead& head);
void write_call_head(std::vector<std::byte>& out, std::uint32_t index, const CallHead& head);
void write_call_error(std::vector<std::byte>& out, const Error& error);
[[nodiscard]] bool read_call_error(ByteReader& reader, Error& error);

template <wire::Described Request, wire::Described Reply>
class FunctionRemote final : public Remote {
  public:
    using Answer = std::function<Result<Reply>(const Origin&, const Request&)>;
    using Done = std::function<void(TimePoint, const Result<Reply>&)>;
    // Names a call that waits for its answer.
    struct Open {
        ConnectionId peer{};
        std::uint64_t id = 0;
        auto operator<=>(const Open&) const = default;
    };
    // Of several calls at once: one result a callee, in the order of asking.
    using Results = std::vector<std::pair<ConnectionId, Result<Reply>>>;
    using AllDone = std::function<void(TimePoint, const Results&)>;
    using LateAnswer = std::function<void(const Origin&, const Request&, Open)>;

    FunctionRemote(Remotes& owner, RemoteInfo info, const FunctionOptions& options)
        : Remote(owner, std::move(info), *options.codec, options.other_codecs), options_(options) {}

    void answer(Answer handler) {
        answer_ = std::move(handler);
        late_answer_ = nullptr;
    }
    void answer_later(LateAnswer handler) {
        late_answer_ = std::move(handler);
        answer_ = nullptr;
    }
    // The answer of an open call; false if there is none such (answered, cancelled, or its peer has left).
    bool respond(TimePoint now, const Open& call, const Result<Reply>& result) {
        if (const auto awaited = awaited_.extract(call); !awaited.empty()) {
            awaited.mapped()(encoded_answer(call.peer, result));
            return true;
        }
        Served* const served = find_served(call);
        if (served == nullptr || served->is_answered) return false;
        finish(now, call, *served, result);
        return true;
    }

    CallId call(TimePoint now, ConnectionId peer, const Request& request, Done done,
                const CallOptions& options) {
        owner_.seal();
        const std::uint64_t id = ++last_call_;
        Call call;
        call.frame = buffers_.take();
        call.peer = peer;
        call.done = std::move(done);
        call.made_at = now;
        call.give_up_at = now + options.timeout;
        call.retry_at = options.retries > 0 ? now + options.first_retry : kNever;
        call.retry_step = options.first_retry;
        call.retries_left = options.retries;
        const auto encoded = owner_.codec_for(peer, *this).encode(request, owner_.scratch);
        ++statistics_.encodings;
        if (!encoded) {
            call.failure = encoded.error();
        } else {
            const bool keyed = options.idempotency_key != 0;
            write_call_head(call.frame, info_.index,
                            {keyed ? CallOp::keyed_request : CallOp::request, id, options.idempotency_key});
            const std::size_t head = call.frame.size();
            call.frame.insert(call.frame.end(), owner_.scratch.begin(), owner_.scratch.end());
            call.failure = send_call(now, call, head, request);
        }
        // An error is told like an answer, but never inside call().
        if (call.failure) call.give_up_at = now;
        schedule(id, call);
        call_nodes_.insert(calls_, {id, std::move(call)});
        return CallId{id};
    }
    void call_all(TimePoint now, std::span<const ConnectionId> peers, const Request& request, AllDone done,
                  const CallOptions& options) {
        const std::uint64_t number = ++last_gathering_;
        Gathering& gathering = gatherings_[number];
        gathering.missing = peers.size();
        gathering.done = std::move(done);
        for (const ConnectionId peer : peers)
            gathering.results.emplace_back(peer, fail(ErrorCode::expired, info_.name + ": no answer yet"));
        if (peers.empty()) return finish_gathering(now, number);
        for (std::size_t i = 0; i < peers.size(); ++i) {
            call(
                now, peers[i], request,
                [this, number, i](TimePoint at, const Result<Reply>& result) {
                    Gathering& asked = gatherings_.at(number);
                    asked.results[i].second = result;
                    if (--asked.missing == 0) finish_gathering(at, number);
                },
                options);
        }
    }
    // The callback is not called any more; the other side is told.
    bool cancel(TimePoint now, CallId id) {
        const auto place = calls_.find(static_cast<std::uint64_t>(id));
        if (place == calls_.end()) return false;
        owner_.frame.clear();
        write_call_head(owner_.frame, info_.index, {CallOp::cancel, place->first, 0});
        (void)owner_.send(now, *this, place->second.peer, owner_.frame);
        forget(place);
        return true;
    }
    [[nodiscard]] std::size_t open_calls() const { return calls_.size(); }
    // A call() as a step of a transaction.
    [[nodiscard]] Result<std::unique_ptr<ProposedStep>> propose(const Request& request, Done done) {
        auto step = std::make_unique<ProposedCall>(*this, request, std::move(done));
        ++statistics_.encodings;
        if (auto encoded = codec_->encode(request, step->payload); !encoded)
            return std::unexpected(encoded.error());
        return step;
    }

  private:
    struct ProposedCall final : ProposedStep {
        ProposedCall(FunctionRemote& its_function, const Request& its_request, Done its_done)
            : ProposedStep(its_function),
              function(its_function),
              request(its_request),
              done(std::move(its_done)) {}
        Result<> write(TimePoint now, ConnectionId peer, std::vector<std::byte>& out) override {
            return function.owner_.append_step(now, function, peer, request, payload, out);
        }
        void answer(TimePoint now, ConnectionId peer, const Result<Bytes>& bytes) override {
            if (!done) return;
            Result<Reply> reply{};
            if (!bytes) {
                reply = std::unexpected(bytes.error());
            } else if (!function.owner_.codec_for(peer, function).decode(*bytes, *reply)) {
                reply = fail(ErrorCode::malformed,
                             function.info_.name + ": the answer's bytes are no valid object");
            }
            (void)function.owner_.guarded(now, peer, function, {}, [&] { done(now, reply); });
        }
        [[nodiscard]] bool wants_answer() const override { return true; }
        FunctionRemote& function;
        Request request;
        Done done;
        std::vector<std::byte> payload;
    };
    struct AdmittedCall final : AdmittedStep {
        AdmittedCall(FunctionRemote& its_function, const Origin& its_origin)
            : function(its_function), origin(its_origin) {}
        Result<> run(std::vector<std::byte>& reply) override {
            const std::string& name = function.info_.name;
            if (!function.answer_)
                return fail(ErrorCode::unsupported, name + ": nobody answers at once here");
            std::optional<Result<Reply>> result;
            (void)function.owner_.guarded(origin.now, origin.peer, function, {},
                                          [&] { result.emplace(function.answer_(origin, request)); });
            if (!result) return fail(ErrorCode::unsupported, name + ": a handler failed");
            if (!*result) return std::unexpected(result->error());
            auto bytes = function.encoded_answer(origin.peer, *result);
            if (!bytes) return std::unexpected(bytes.error());
            reply = std::move(*bytes);
            return {};
        }
        [[nodiscard]] bool answers_later() const override {
            return !function.answer_ && function.late_answer_;
        }
        void ask(Answered done) override {
            open = {origin.peer, kAwaited | ++function.last_awaited_};
            function.awaited_[open] = std::move(done);
            const Outcome ran = function.owner_.guarded(
                origin.now, origin.peer, function, {}, [&] { function.late_answer_(origin, request, open); });
            if (ran == Outcome::passed) return;
            if (const auto awaited = function.awaited_.extract(open); !awaited.empty())
                awaited.mapped()(fail(ErrorCode::unsupported, function.info_.name + ": a handler failed"));
        }
        void withdraw() override { function.awaited_.erase(open); }
        void finish() override {
            function.tell_subscribers(origin, wire::codec_type<Request>(), &request, {});
        }
        [[nodiscard]] bool has_answer() const override { return true; }
        FunctionRemote& function;
        Origin origin;
        Request request{};
        Open open;  // once it was asked
    };
    // Calls of transactions have numbers of their own, above those of others.
    static constexpr std::uint64_t kAwaited = std::uint64_t{1} << 63;
    [[nodiscard]] Result<std::vector<std::byte>> encoded_answer(ConnectionId peer,
                                                                const Result<Reply>& result) {
        if (!result) return std::unexpected(result.error());
        std::vector<std::byte> bytes;
        ++statistics_.encodings;
        if (!owner_.codec_for(peer, *this).encode(*result, bytes))
            return fail(ErrorCode::unsupported, info_.name + ": the answer is not valid");
        return bytes;
    }
    Admission admit(TimePoint now, ConnectionId peer, Bytes body) override {
        auto step = std::make_unique<AdmittedCall>(*this, Origin{now, peer});
        Message message(now, Direction::inbound, peer, info_, owner_.codec_for(peer, *this),
                        wire::codec_type<Request>(), &step->request, body);
        const Outcome outcome = run_chains(
            owner_.chain(Direction::inbound), inbound_, message,
            [](Message& passed) { return passed.decode() ? Outcome::passed : Outcome::malformed; });
        return {outcome, std::move(step)};
    }
    struct Call {
        ConnectionId peer{};
        Done done;
        TimePoint made_at{};
        TimePoint give_up_at{};
        TimePoint retry_at = kNever;
        TimePoint deadline{};  // as it stands in deadlines_
        Duration retry_step{};
        unsigned retries_left = 0;
        std::vector<std::byte> frame;
        std::optional<Error> failure;
    };
    using Calls = std::map<std::uint64_t, Call>;
    struct Gathering {
        Results results;
        std::size_t missing = 0;
        AllDone done;
    };
    void finish_gathering(TimePoint now, std::uint64_t number) {
        const auto node = gatherings_.extract(number);
        node.mapped().done(now, node.mapped().results);
    }
    struct Served {
        TimePoint since{};
        std::uint64_t key = 0;
        bool is_answered = false;
        bool is_cancelled = false;
        CallOp op{};                           // the answer, once there is one: its kind,
        std::vector<std::byte> payload;        // ... its object or error,
        std::vector<std::byte> frame;          // ... and as it is sent
        std::vector<std::uint64_t> other_ids;  // calls with the same key that came meanwhile
    };
    // The calls of one peer: those that wait for an answer, and those whose answer is kept.
    struct PeerCalls {
        std::map<std::uint64_t, Served> calls;
        std::map<std::uint64_t, std::uint64_t> by_key;
        RingBuffer<std::uint64_t> answered;  // oldest first
        std::uint64_t forgotten = 0;         // the highest call of those whose answer is not kept any more
        std::size_t open = 0;
    };

    std::optional<Error> send_call(TimePoint now, Call& call, std::size_t head, const Request& request) {
        Request copy = request;
        const wire::Codec& codec = owner_.codec_for(call.peer, *this);
        Message message(now, Direction::outbound, call.peer, info_, codec, wire::codec_type<Request>(), &copy,
                        Bytes(call.frame).subspan(head));
        std::optional<Error> failure;
        const Outcome outcome =
            run_chains(outbound_, owner_.chain(Direction::outbound), message, [&](Message& passed) {
                if (passed.is_edited()) {
                    if (!codec.encode(copy, owner_.scratch)) return Outcome::invalid;
                    call.frame.resize(head);
                    call.frame.insert(call.frame.end(), owner_.scratch.begin(), owner_.scratch.end());
                }
                if (!post(now, call.peer, call.frame))
                    failure = Error{ErrorCode::not_connected,
                                    info_.name + ": the call could not be sent to this peer"};
                return Outcome::passed;
            });
        if (outcome != Outcome::passed) {
            ++statistics_.out.stopped[static_cast<std::size_t>(outcome)];
            failure = Error{ErrorCode::unauthorised,
                            info_.name + ": stopped before it was sent: " + std::string(to_string(outcome))};
        }
        return failure;
    }
    bool post(TimePoint now, ConnectionId peer, Bytes frame) {
        if (owner_.send(now, *this, peer, frame) == Remotes::Sent::unsent) {
            ++statistics_.out.stopped[static_cast<std::size_t>(Outcome::unsent)];
            return false;
        }
        ++statistics_.out.messages;
        statistics_.out.bytes += frame.size();
        return true;
    }

    // --- the asking side
    void schedule(std::uint64_t id, Call& call) {
        call.deadline = std::min(call.give_up_at, call.retry_at);
        deadline_nodes_.insert(deadlines_, {call.deadline, id});
        owner_.keep_time(*this);
    }
    void unschedule(std::uint64_t id, const Call& call) {
        if (const auto place = deadlines_.find({call.deadline, id}); place != deadlines_.end())
            deadline_nodes_.erase(deadlines_, place);
    }
    void forget(typename Calls::iterator place) {
        unschedule(place->first, place->second);
        buffers_.give_back(std::move(place->second.frame));
        place->second = {};
        call_nodes_.erase(calls_, place);
    }
    void end_call(TimePoint now, typename Calls::iterator place, const Result<Reply>& result) {
        const Done done = std::move(place->second.done);
        const ConnectionId peer = place->second.peer;
        owner_.trace_call(now, place->second.made_at, peer, info_, result ? nullptr : &result.error());
        forget(place);
        if (done) (void)owner_.guarded(now, peer, *this, {}, [&] { done(now, result); });
    }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return deadlines_.empty() ? kNever : deadlines_.begin()->first;
    }
    void handle_timeout(TimePoint now) override {
        while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
            const auto place = calls_.find(deadlines_.begin()->second);
            Call& call = place->second;
            if (call.give_up_at <= now) {
                end_call(now, place,
                         std::unexpected(call.failure.value_or(Error{
                             ErrorCode::expired, info_.name + ": no answer before the call's timeout"})));
                continue;
            }
            unschedule(place->first, call);
            (void)post(now, call.peer, call.frame);
            call.retry_step *= 2;
            call.retry_at = --call.retries_left > 0 ? now + call.retry_step : kNever;
            schedule(place->first, call);
        }
    }
    // What was called before the peer was ready is repeated in the codec that was agreed upon.
    void on_ready(TimePoint /*now*/, ConnectionId peer) override {
        const wire::Codec& codec = owner_.codec_for(peer, *this);
        if (&codec == codec_) return;
        const std::size_t head = varint_size(std::uint64_t{info_.index} + 1);
        for (auto& [id, call] : calls_) {
            if (call.peer != peer || call.frame.size() < head) continue;
            std::vector<std::byte> anew(call.frame.begin(),
                                        call.frame.begin() + static_cast<std::ptrdiff_t>(head));
            if (recode(Bytes(call.frame).subspan(head), codec, anew)) call.frame = std::move(anew);
        }
    }
    bool recode(Bytes body, const wire::Codec& to, std::vector<std::byte>& out) override {
        ByteReader reader(body);
        CallHead head;
        if (!read_call_head(reader, head)) return false;
        if (head.op != CallOp::request && head.op != CallOp::keyed_request)
            return Remote::recode(body, to, out);
        const auto behind = static_cast<std::ptrdiff_t>(reader.position());
        Request request{};
        std::vector<std::byte> anew;
        if (!codec_->decode(reader.read_bytes(reader.remaining()), request) || !to.encode(request, anew))
            return false;
        out.insert(out.end(), body.begin(), body.begin() + behind);
        out.insert(out.end(), anew.begin(), anew.end());
        return true;
    }
    void on_gone(TimePoint now, ConnectionId peer) override {
        std::vector<std::uint64_t> ended;
        for (const auto& [id, call] : calls_)
            if (call.peer == peer) ended.push_back(id);
        for (const std::uint64_t id : ended)
            if (const auto place = calls_.find(id); place != calls_.end())
                end_call(now, place,
                         fail(ErrorCode::not_connected, info_.name + ": the peer left before it answered"));
        served_.erase(peer);
        std::erase_if(awaited_, [&](const auto& entry) { return entry.first.peer == peer; });
    }
    Outcome on_answer(TimePoint now, ConnectionId peer, const CallHead& head, ByteReader& reader) {
        const auto place = calls_.find(head.id);
        // Late, doubled, or not this peer's to answer.
        if (place == calls_.end()) return Outcome::passed;
        if (place->second.peer != peer) return Outcome::unauthorised;
        if (head.op == CallOp::error) {
            Error error;
            if (!read_call_error(reader, error)) return Outcome::malformed;
            end_call(now, place, std::unexpected(error));
            return Outcome::passed;
        }
        Reply reply{};
        if (!owner_.codec_for(peer, *this).decode(reader.read_bytes(reader.remaining()), reply)) {
            end_call(now, place,
                     fail(ErrorCode::malformed, info_.name + ": the answer's bytes are no valid object"));
            return Outcome::malformed;
        }
        end_call(now, place, Result<Reply>(std::move(reply)));
        return Outcome::passed;
    }

    // --- the answering side
    Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) override {
        ByteReader reader(body);
        CallHead head;
        if (!read_call_head(reader, head)) return Outcome::malformed;
        if (head.op == CallOp::reply || head.op == CallOp::error) return on_answer(now, peer, head, reader);
        const Open open{peer, head.id};
        if (head.op == CallOp::cancel) {
            if (Served* const served = find_served(open)) served->is_cancelled = true;
            return Outcome::passed;
        }
        drop_old_answers(now, served_[peer]);
        if (const Served* const served = find_served(open)) {
            if (served->is_answered && !served->is_cancelled) (void)post(now, peer, served->frame);
            return Outcome::passed;  // or its answer is under way
        }
        if (open.id <= served_[peer].forgotten) {
            // It may have run: at most once is the promise.
            std::vector<std::byte> frame;
            write_call_head(frame, info_.index, {CallOp::error, open.id, 0});
            write_call_error(frame, {ErrorCode::expired, info_.name + ": the call came too late"});
            (void)post(now, peer, frame);
            return Outcome::passed;
        }
        if (head.key != 0 && join_same_key(now, open, head.key)) return Outcome::passed;
        return serve(now, open, head.key, reader.read_bytes(reader.remaining()));
    }
    Served* find_served(const Open& open) {
        const auto peer = served_.find(open.peer);
        if (peer == served_.end()) return nullptr;
        const auto place = peer->second.calls.find(open.id);
        return place == peer->second.calls.end() ? nullptr : &place->second;
    }
    Served& open_call(TimePoint now, const Open& open, std::uint64_t key) {
        PeerCalls& peer = served_[open.peer];
        if (const auto known = peer.calls.find(open.id); known != peer.calls.end()) return known->second;
        Served& served = served_nodes_.insert(peer.calls, {open.id, Served{}})->second;
        served.since = now;
        served.key = key;
        ++peer.open;
        if (key != 0) peer.by_key[key] = open.id;
        return served;
    }
    Outcome serve(TimePoint now, const Open& open, std::uint64_t key, Bytes payload) {
        Request request{};
        Message message(now, Direction::inbound, open.peer, info_, owner_.codec_for(open.peer, *this),
                        wire::codec_type<Request>(), &request, payload);
        const Outcome outcome =
            run_chains(owner_.chain(Direction::inbound), inbound_, message, [&](Message& passed) {
                if (!passed.decode()) return Outcome::malformed;
                (void)open_call(now, open, key);
                if (served_[open.peer].open > options_.max_open_calls)
                    return finish_with_error(now, open, ErrorCode::queue_full, "too many calls are open");
                const Origin origin{now, open.peer};
                tell_subscribers(origin, wire::codec_type<Request>(), &request, payload);
                if (late_answer_)
                    return owner_.guarded(now, open.peer, *this, payload,
                                          [&] { late_answer_(origin, request, open); });
                if (!answer_)
                    return finish_with_error(now, open, ErrorCode::unsupported, "nobody answers here");
                std::optional<Result<Reply>> result;
                const Outcome ran = owner_.guarded(now, open.peer, *this, payload,
                                                   [&] { result.emplace(answer_(origin, request)); });
                if (result) (void)respond(now, open, *result);
                return ran;
            });
        if (outcome != Outcome::passed) {
            // Refused calls are answered, so that the caller need not wait; failed ones tell no details.
            (void)open_call(now, open, 0);
            (void)finish_with_error(
                now, open, outcome == Outcome::malformed ? ErrorCode::malformed : ErrorCode::unauthorised,
                "refused: " + std::string(to_string(outcome)));
        }
        return outcome;
    }
    Outcome finish_with_error(TimePoint now, const Open& open, ErrorCode code, const std::string& text) {
        (void)respond(now, open, fail(code, info_.name + ": " + text));
        return Outcome::passed;
    }
    void finish(TimePoint now, const Open& open, Served& served, const Result<Reply>& result) {
        std::vector<std::byte> payload = buffers_.take();
        Error error;
        bool is_error = !result.has_value();
        if (is_error) {
            error = result.error();
        } else if (const auto encoded = owner_.codec_for(open.peer, *this).encode(*result, payload);
                   !encoded) {
            is_error = true;
            error = {encoded.error().code, info_.name + ": the answer is not valid"};
        }
        ++statistics_.encodings;
        if (is_error) {
            payload.clear();
            write_call_error(payload, error);
        }
        served.payload = std::move(payload);
        served.op = is_error ? CallOp::error : CallOp::reply;
        settle(now, open, served);
        for (const std::uint64_t other : std::exchange(served.other_ids, {})) {
            Served& same = open_call(now, Open{open.peer, other}, 0);
            same.payload = served.payload;
            same.op = served.op;
            settle(now, Open{open.peer, other}, same);
        }
    }
    // The call has its answer: it is sent, and kept for repetitions.
    void settle(TimePoint now, const Open& open, Served& served) {
        PeerCalls& peer = served_[open.peer];
        served.is_answered = true;
        served.since = now;
        --peer.open;
        peer.answered.push_back(open.id);
        served.frame = buffers_.take();
        write_call_head(served.frame, info_.index, {served.op, open.id, 0});
        served.frame.insert(served.frame.end(), served.payload.begin(), served.payload.end());
        if (!served.is_cancelled) (void)post(now, open.peer, served.frame);
    }
    bool join_same_key(TimePoint now, const Open& open, std::uint64_t key) {
        PeerCalls& peer = served_[open.peer];
        const auto named = peer.by_key.find(key);
        if (named == peer.by_key.end()) return false;
        Served& first = peer.calls.at(named->second);
        if (first.is_cancelled) return false;
        if (first.is_answered) {
            Served& same = open_call(now, open, 0);
            same.payload = first.payload;
            same.op = first.op;
            settle(now, open, same);
        } else if (first.other_ids.size() < options_.max_open_calls &&
                   std::ranges::find(first.other_ids, open.id) == first.other_ids.end()) {
            first.other_ids.push_back(open.id);
        }
        return true;
    }
    void drop_old_answers(TimePoint now, PeerCalls& peer) {
        while (!peer.answered.empty()) {
            const auto place = peer.calls.find(peer.answered.front());
            if (peer.answered.size() <= options_.max_kept_answers &&
                now - place->second.since <= options_.keep_answers)
                return;
            const auto named = peer.by_key.find(place->second.key);
            if (named != peer.by_key.end() && named->second == place->first) peer.by_key.erase(named);
            peer.forgotten = std::max(peer.forgotten, place->first);
            buffers_.give_back(std::move(place->second.payload));
            buffers_.give_back(std::move(place->second.frame));
            place->second = {};
            served_nodes_.erase(peer.calls, place);
            peer.answered.pop_front();
        }
    }

    std::string contract_text() const override {
        return "request " + wire::schema_text<Request>() + "\nreply " + wire::schema_text<Reply>();
    }

    FunctionOptions options_;
    Answer answer_;
    LateAnswer late_answer_;
    std::uint64_t last_call_ = 0;
    Calls calls_;
    std::set<std::pair<TimePoint, std::uint64_t>> deadlines_;
    std::map<ConnectionId, PeerCalls> served_;
    std::map<Open, AdmittedStep::Answered> awaited_;  // of transactions that wait
    std::uint64_t last_awaited_ = 0;
    std::map<std::uint64_t, Gathering> gatherings_;
    std::uint64_t last_gathering_ = 0;
    SpareBuffers buffers_;
    SpareNodes<Calls> call_nodes_;
    SpareNodes<std::set<std::pair<TimePoint, std::uint64_t>>> deadline_nodes_;
    SpareNodes<std::map<std::uint64_t, Served>> served_nodes_;
};

}  // namespace detail

// A handle, to copy freely; valid as long as its registry.
template <class Request, class Reply>
class RemoteFunction {
  public:
    using Remote = detail::FunctionRemote<Request, Reply>;
    using OpenCall = typename Remote::Open;
    using Results = typename Remote::Results;

    explicit RemoteFunction(Remote& remote) : remote_(&remote) {}

    // The handler that answers at once. An error that it returns reaches the caller with code and text.
    void answer(typename Remote::Answer handler) const { remote_->answer(std::move(handler)); }
    // The handler that answers later, by respond().
    void answer_later(typename Remote::LateAnswer handler) const {
        remote_->answer_later(std::move(handler));
    }
    bool respond(TimePoint now, const OpenCall& call, const Result<Reply>& result) const {
        return remote_->respond(now, call, result);
    }

    // `done` is called once, later: with the answer, the callee's error, or expired, not_connected,
    // unauthorised (stopped by the chain), malformed.
    CallId call(TimePoint now, ConnectionId peer, const Request& request, typename Remote::Done done,
                const CallOptions& options = {}) const {
        return remote_->call(now, peer, request, std::move(done), options);
    }
    // Calls several at once; `done` gets all results as soon as the last is there, or the timeout is over:
    // who is silent ends in `expired`.
    void call_all(TimePoint now, std::span<const ConnectionId> peers, const Request& request,
                  typename Remote::AllDone done, const CallOptions& options = {}) const {
        remote_->call_all(now, peers, request, std::move(done), options);
    }
    // False if it is not open any more. Its `done` is not called.
    bool cancel(TimePoint now, CallId id) const { return remote_->cancel(now, id); }
    [[nodiscard]] std::size_t open_calls() const { return remote_->open_calls(); }
    void use(Direction direction, Middleware middleware) const {
        remote_->use(direction, std::move(middleware));
    }
    [[nodiscard]] const RemoteStatistics& statistics() const { return remote_->statistics(); }

  private:
    friend class Transaction;
    Remote* remote_;
};

template <wire::Described Request, wire::Described Reply>
Result<RemoteFunction<Request, Reply>> Remotes::function(std::string name, const FunctionOptions& options) {
    if (auto checked = check_name(name); !checked) return std::unexpected(checked.error());
    if (auto good = check_codecs(name, options.codec, options.other_codecs); !good)
        return std::unexpected(good.error());
    auto remote = std::make_unique<detail::FunctionRemote<Request, Reply>>(
        *this, RemoteInfo{std::move(name), RemoteKind::function, options.mode, 0, options.compress}, options);
    RemoteFunction<Request, Reply> handle(*remote);
    adopt(std::move(remote));
    return handle;
}

}  // namespace squall::remotes
