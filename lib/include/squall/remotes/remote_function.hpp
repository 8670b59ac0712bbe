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
#include <type_traits>
#include <utility>
#include <vector>

#include "squall/remotes/answering_remote.hpp"
#include "squall/remotes/registry.hpp"
#include "squall/remotes/spare_parts.hpp"

namespace squall::remotes {

struct CallOptions {
    Duration timeout = std::chrono::seconds(5);  // from the call to the error `expired`, retries included
    unsigned retries = 0;
    Duration first_retry =
        std::chrono::milliseconds(250);  // after the call; each later one takes twice as long
    // Two calls with one key (not 0) of one player are one: the second gets the first one's answer, while it
    // is kept (FunctionOptions), also on another connection of the player.
    std::uint64_t idempotency_key = 0;
};

enum class CallId : std::uint64_t {};  // 0: none

namespace detail {

template <wire::Described Request, wire::Described Reply>
class FunctionRemote final : public AnsweringRemote<Request, Reply> {
    using Side = AnsweringRemote<Request, Reply>;

  public:
    using typename Side::Answer;
    using typename Side::LateAnswer;
    using Done = std::function<void(TimePoint, const Result<Reply>&)>;
    using Open = OpenCall;
    // Of several calls at once: one result a callee, in the order of asking.
    using Results = std::vector<std::pair<ConnectionId, Result<Reply>>>;
    using AllDone = std::function<void(TimePoint, const Results&)>;
    using OneDone = std::function<void(TimePoint, ConnectionId, const Result<Reply>&)>;

    using Side::Side;

    // The answer of an open call; false if there is none such (answered, cancelled, or its peer has left and
    // it had no key).
    bool respond(TimePoint now, const Open& call, const Result<Reply>& result) {
        if (const auto awaited = awaited_.extract(call); !awaited.empty()) {
            awaited.mapped()(encoded_answer(now, call.peer, result));
            return true;
        }
        return respond_served(now, call, result);
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
                  const CallOptions& options, OneDone each) {
        const std::uint64_t number = ++last_gathering_;
        Gathering& gathering = gatherings_[number];
        gathering.missing = peers.size();
        gathering.done = std::move(done);
        gathering.each = std::move(each);
        for (const ConnectionId peer : peers)
            gathering.results.emplace_back(peer, fail(ErrorCode::expired, info_.name + ": no answer yet"));
        if (peers.empty()) return finish_gathering(now, number);
        for (std::size_t i = 0; i < peers.size(); ++i) {
            call(
                now, peers[i], request,
                [this, number, i](TimePoint at, const Result<Reply>& result) {
                    Gathering& asked = gatherings_.at(number);
                    auto& [callee, its_result] = asked.results[i];
                    its_result = result;
                    if (asked.each)
                        (void)owner_.guarded(at, callee, *this, {},
                                             [&] { asked.each(at, callee, its_result); });
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
    using Side::answer_;
    using Side::codec_;
    using Side::forget_answers;
    using Side::has_chain;
    using Side::inbound_;
    using Side::info_;
    using Side::late_answer_;
    using Side::mark_reply;
    using Side::on_cancel;
    using Side::outbound_;
    using Side::owner_;
    using Side::pass_reply_out;
    using Side::post;
    using Side::refused_answer;
    using Side::respond_served;
    using Side::serve;
    using Side::statistics_;
    using Side::stopped_answer;
    using Side::tell_subscribers;

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
            const Result<Reply> reply = bytes ? function.decoded_answer(now, peer, *bytes)
                                              : Result<Reply>(std::unexpected(bytes.error()));
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
            auto bytes = function.encoded_answer(origin.now, origin.peer, *result);
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
    [[nodiscard]] Result<std::vector<std::byte>> encoded_answer(TimePoint now, ConnectionId peer,
                                                                const Result<Reply>& result) {
        if (!result) return std::unexpected(result.error());
        std::vector<std::byte> bytes;
        ++statistics_.encodings;
        if (!owner_.codec_for(peer, *this).encode(*result, bytes))
            return fail(ErrorCode::unsupported, info_.name + ": the answer is not valid");
        if (!has_chain(Direction::outbound)) return bytes;
        const Outcome outcome = pass_reply_out(now, peer, bytes, true, [](Bytes) {});
        if (outcome != Outcome::passed) return std::unexpected(stopped_answer(outcome));
        return bytes;
    }
    // What came as the answer of a transaction's call.
    [[nodiscard]] Result<Reply> decoded_answer(TimePoint now, ConnectionId peer, Bytes bytes) {
        Reply reply{};
        Message message(now, Direction::inbound, peer, info_, owner_.codec_for(peer, *this),
                        wire::codec_type<Reply>(), &reply, bytes);
        mark_reply(message);
        message.mark_step();
        const Outcome outcome = run_chains(
            owner_.chain(Direction::inbound), inbound_, message,
            [](Message& passed) { return passed.decode() ? Outcome::passed : Outcome::malformed; });
        owner_.settle(now, peer, *this, outcome);
        if (outcome != Outcome::passed) return std::unexpected(refused_answer(outcome));
        return reply;
    }
    Admission admit(TimePoint now, ConnectionId peer, Bytes body) override {
        auto step = std::make_unique<AdmittedCall>(*this, Origin{now, peer});
        Message message(now, Direction::inbound, peer, info_, owner_.codec_for(peer, *this),
                        wire::codec_type<Request>(), &step->request, body);
        message.mark_step();
        message.mark_other_part(wire::codec_type<Reply>());
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
        OneDone each;
    };
    void finish_gathering(TimePoint now, std::uint64_t number) {
        const auto node = gatherings_.extract(number);
        if (node.mapped().done) node.mapped().done(now, node.mapped().results);
    }

    std::optional<Error> send_call(TimePoint now, Call& call, std::size_t head, const Request& request) {
        Request copy = request;
        const wire::Codec& codec = owner_.codec_for(call.peer, *this);
        Message message(now, Direction::outbound, call.peer, info_, codec, wire::codec_type<Request>(), &copy,
                        Bytes(call.frame).subspan(head));
        message.mark_other_part(wire::codec_type<Reply>());
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
        forget_answers(now, peer);
        std::erase_if(awaited_, [&](const auto& entry) { return entry.first.peer == peer; });
    }
    // An answer goes through the inbound chains; one that these refuse ends its call as well.
    Outcome on_answer(TimePoint now, ConnectionId peer, const CallHead& head, Bytes payload) {
        const auto place = calls_.find(head.id);
        const bool is_awaited = place != calls_.end();  // else it is late, or doubled
        if (is_awaited && place->second.peer != peer) return Outcome::unauthorised;
        Outcome outcome = Outcome::malformed;
        if (head.op == CallOp::error) {
            Error error;
            ByteReader reader(payload);
            if (!read_call_error(reader, error)) return Outcome::malformed;
            outcome = pass_reply_in(now, peer, error, payload, is_awaited, [&](Message&) {
                return settle_call(now, head.id, [&] { return Result<Reply>(std::unexpected(error)); });
            });
        } else {
            Reply reply{};
            outcome = pass_reply_in(now, peer, reply, payload, is_awaited, [&](Message& passed) {
                if (!is_awaited) return Outcome::passed;
                if (!passed.decode()) return Outcome::malformed;
                tell_subscribers({now, peer}, wire::codec_type<Reply>(), &reply, payload, true);
                return settle_call(now, head.id, [&] { return Result<Reply>(std::move(reply)); });
            });
        }
        if (outcome != Outcome::passed)
            (void)settle_call(now, head.id,
                              [&] { return Result<Reply>(std::unexpected(refused_answer(outcome))); });
        return outcome;
    }
    template <class Object, class End>
    Outcome pass_reply_in(TimePoint now, ConnectionId peer, Object& object, Bytes payload, bool is_awaited,
                          End end) {
        Message message(now, Direction::inbound, peer, info_, owner_.codec_for(peer, *this),
                        wire::codec_type<Object>(), &object, payload);
        mark_reply(message);
        if (std::is_same_v<Object, Error>) message.mark_decoded();
        if (!is_awaited) message.mark_repeat();
        return run_chains(owner_.chain(Direction::inbound), inbound_, message, end);
    }
    // Ends the call, if it is still open: the chain may have cancelled it.
    template <class MakeResult>
    Outcome settle_call(TimePoint now, std::uint64_t id, MakeResult make_result) {
        if (const auto place = calls_.find(id); place != calls_.end()) end_call(now, place, make_result());
        return Outcome::passed;
    }

    // --- the answering side
    Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) override {
        ByteReader reader(body);
        CallHead head;
        if (!read_call_head(reader, head)) return Outcome::malformed;
        const Bytes payload = reader.read_bytes(reader.remaining());
        if (head.op == CallOp::reply || head.op == CallOp::error) return on_answer(now, peer, head, payload);
        const Open open{peer, head.id};
        if (head.op == CallOp::cancel) return on_cancel(open);
        return serve(now, open, head.key, payload);
    }
    std::string contract_text() const override {
        return "request " + wire::schema_text<Request>() + "\nreply " + wire::schema_text<Reply>();
    }

    std::uint64_t last_call_ = 0;
    Calls calls_;
    std::set<std::pair<TimePoint, std::uint64_t>> deadlines_;
    std::map<Open, AdmittedStep::Answered> awaited_;  // of transactions that wait
    std::uint64_t last_awaited_ = 0;
    std::map<std::uint64_t, Gathering> gatherings_;
    std::uint64_t last_gathering_ = 0;
    SpareBuffers buffers_;
    SpareNodes<Calls> call_nodes_;
    SpareNodes<std::set<std::pair<TimePoint, std::uint64_t>>> deadline_nodes_;
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
    // who is silent ends in `expired`. `each` gets every member's result when it is there, so that nobody
    // waits for who is silent; the last one before `done`. Either may be empty.
    void call_all(TimePoint now, std::span<const ConnectionId> peers, const Request& request,
                  typename Remote::AllDone done, const CallOptions& options = {},
                  typename Remote::OneDone each = {}) const {
        remote_->call_all(now, peers, request, std::move(done), options, std::move(each));
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
        *this, detail::info_of(std::move(name), RemoteKind::function, options), options);
    RemoteFunction<Request, Reply> handle(*remote);
    adopt(std::move(remote));
    return handle;
}

}  // namespace squall::remotes
