// The answering side of a function: requests through the chains to the handler, which runs at most once a
// call and a key; answers through the chains to who asked, kept for a while in case they are asked for again.
// The asking side, and transactions, are remote_function.hpp's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "squall/remotes/registry.hpp"
#include "squall/remotes/served_calls.hpp"

namespace squall::remotes::detail {

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
class AnsweringRemote : public Remote {
  public:
    using Open = OpenCall;
    using Answer = std::function<Result<Reply>(const Origin&, const Request&)>;
    using LateAnswer = std::function<void(const Origin&, const Request&, Open)>;

    AnsweringRemote(Remotes& owner, RemoteInfo info, const FunctionOptions& options)
        : Remote(owner, std::move(info), *options.codec, options.other_codecs),
          options_(options),
          served_(options_),
          keyed_(options_) {}

    void answer(Answer handler) {
        answer_ = std::move(handler);
        late_answer_ = nullptr;
    }
    void answer_later(LateAnswer handler) {
        late_answer_ = std::move(handler);
        answer_ = nullptr;
    }

  protected:
    [[nodiscard]] bool has_chain(Direction direction) const {
        return !(direction == Direction::inbound ? inbound_ : outbound_).empty() ||
               !owner_.chain(direction).empty();
    }
    static void mark_reply(Message& message) {
        message.mark_reply();
        message.mark_other_part(wire::codec_type<Request>());
    }
    [[nodiscard]] Error stopped_answer(Outcome outcome) const {
        return {ErrorCode::unauthorised, info_.name + ": the answer was stopped before it was sent: " +
                                             std::string(to_string(outcome))};
    }
    [[nodiscard]] Error refused_answer(Outcome outcome) const {
        if (outcome == Outcome::malformed)
            return {ErrorCode::malformed, info_.name + ": the answer's bytes are no valid object"};
        return {ErrorCode::unauthorised,
                info_.name + ": the answer was refused: " + std::string(to_string(outcome))};
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

    bool respond_served(TimePoint now, const Open& call, const Result<Reply>& result) {
        const ServedCalls::Call* const served = served_.find(call);
        if (served == nullptr ? keyed_.of(call) == nullptr : served->is_answered) return false;
        answer_all(now, call, made_answer(call.peer, result));
        return true;
    }
    Outcome on_cancel(const Open& open) {
        if (ServedCalls::Call* const call = served_.find(open)) call->is_cancelled = true;
        return Outcome::passed;
    }
    void forget_answers(TimePoint now, ConnectionId peer) {
        served_.forget(peer);
        keyed_.on_gone(now, peer);
    }
    // Requests that come again pass the chains too: what limits messages limits these, and only then the
    // answer is sent again. One that is refused draws nothing, and ends nothing: the next may pass.
    Outcome serve(TimePoint now, const Open& open, std::uint64_t key, Bytes payload) {
        served_.drop_old(now, open.peer);
        const bool is_known = served_.find(open) != nullptr || served_.is_forgotten(open);
        Request request{};
        Message message(now, Direction::inbound, open.peer, info_, owner_.codec_for(open.peer, *this),
                        wire::codec_type<Request>(), &request, payload);
        message.mark_other_part(wire::codec_type<Reply>());
        if (is_known || (key != 0 && find_keyed(now, open, key) != nullptr)) message.mark_repeat();
        const Outcome outcome =
            run_chains(owner_.chain(Direction::inbound), inbound_, message, [&](Message& passed) {
                if (is_known) return answer_again(now, open);
                if (const auto* const same = key != 0 ? find_keyed(now, open, key) : nullptr)
                    return join_same_key(now, open, key, *same);
                if (!passed.decode()) return Outcome::malformed;
                return run_handler(now, open, key, request, payload);
            });
        if (outcome == Outcome::passed || is_known) return outcome;
        // Refused calls are answered, so that the caller need not wait; failed ones tell no details.
        ServedCalls::Call& call = served_.open(now, open);
        if (is_offence(outcome)) call.judged = outcome;
        const ErrorCode code = outcome == Outcome::malformed ? ErrorCode::malformed : ErrorCode::unauthorised;
        return answer_with_error(now, open, code, "refused: " + std::string(to_string(outcome)), outcome);
    }
    Outcome run_handler(TimePoint now, const Open& open, std::uint64_t key, const Request& request,
                        Bytes payload) {
        if (served_.open_of(open.peer) >= options_.max_open_calls ||
            (key != 0 && !begin_keyed(now, open, key))) {
            (void)served_.open(now, open);
            return answer_with_error(now, open, ErrorCode::queue_full, "too many calls are open");
        }
        (void)served_.open(now, open);
        const Origin origin{now, open.peer};
        tell_subscribers(origin, wire::codec_type<Request>(), &request, payload);
        if (late_answer_)
            return owner_.guarded(now, open.peer, *this, payload,
                                  [&] { late_answer_(origin, request, open); });
        if (!answer_) return answer_with_error(now, open, ErrorCode::unsupported, "nobody answers here");
        std::optional<Result<Reply>> result;
        const Outcome ran =
            owner_.guarded(now, open.peer, *this, payload, [&] { result.emplace(answer_(origin, request)); });
        if (result) (void)respond_served(now, open, *result);
        return ran;
    }
    // What became of it is said again: also to the chain's count of offences, if it was one.
    Outcome answer_again(TimePoint now, const Open& open) {
        const ServedCalls::Call* const call = served_.find(open);
        if (call == nullptr) {
            // It may have run: at most once is the promise.
            post_error(now, open, {ErrorCode::expired, info_.name + ": the call came too late"});
            return Outcome::passed;
        }
        const Outcome judged = call->judged;
        if (call->is_answered && !call->is_cancelled) send_answer(now, open, call->answer);
        return judged;  // or its answer is under way
    }

    // --- keys
    [[nodiscard]] KeyedCalls::Record* find_keyed(TimePoint now, const Open& open, std::uint64_t key) {
        const auto player = owner_.client_of(open.peer);
        return player ? keyed_.find(now, *player, key) : nullptr;
    }
    [[nodiscard]] bool begin_keyed(TimePoint now, const Open& open, std::uint64_t key) {
        const auto player = owner_.client_of(open.peer);
        return player && keyed_.begin(now, *player, key, open) != nullptr;
    }
    Outcome join_same_key(TimePoint now, const Open& open, std::uint64_t key,
                          const KeyedCalls::Record& same) {
        const bool is_full = served_.open_of(open.peer) >= options_.max_open_calls;
        (void)served_.open(now, open);
        if (same.is_answered) {
            answer_one(now, open, same.answer);
        } else if (is_full) {
            return answer_with_error(now, open, ErrorCode::queue_full, "too many calls are open");
        } else {
            keyed_.wait(*owner_.client_of(open.peer), key, open);
        }
        return Outcome::passed;
    }

    // --- answers
    Outcome answer_with_error(TimePoint now, const Open& open, ErrorCode code, const std::string& text,
                              Outcome outcome = Outcome::passed) {
        if (const auto* const call = served_.find(open); call != nullptr && !call->is_answered)
            answer_all(now, open, made_answer(open.peer, fail(code, info_.name + ": " + text)));
        return outcome;
    }
    [[nodiscard]] CallAnswer made_answer(ConnectionId peer, const Result<Reply>& result) {
        CallAnswer answer;
        answer.payload = served_.buffers().take();
        answer.codec = &owner_.codec_for(peer, *this);
        answer.op = CallOp::reply;
        ++statistics_.encodings;
        if (!result) {
            answer.op = CallOp::error;
            write_call_error(answer.payload, result.error());
        } else if (const auto encoded = answer.codec->encode(*result, answer.payload); !encoded) {
            answer.op = CallOp::error;
            answer.payload.clear();
            write_call_error(answer.payload,
                             {encoded.error().code, info_.name + ": the answer is not valid"});
        }
        return answer;
    }
    // The call's, and those of the calls with the same key that wait for it.
    void answer_all(TimePoint now, const Open& open, CallAnswer answer) {
        if (keyed_.of(open) == nullptr) return answer_one(now, open, std::move(answer));
        const std::vector<Open> others = keyed_.answer(now, open, answer);
        for (const Open& other : others) answer_one(now, other, answer);
        answer_one(now, open, std::move(answer));
    }
    void answer_one(TimePoint now, const Open& open, CallAnswer answer) {
        ServedCalls::Call* const call = served_.find(open);
        if (call == nullptr || call->is_answered) return;  // its peer has left
        call->answer = std::move(answer);
        call->is_answered = true;
        if (!call->is_cancelled) send_answer(now, open, call->answer);
        served_.keep(now, open);
    }
    void send_answer(TimePoint now, const Open& open, const CallAnswer& answer) {
        if (!answer.is_kept)
            return post_error(now, open,
                              {ErrorCode::expired, info_.name + ": was answered; the answer is not kept"});
        const wire::Codec& codec = owner_.codec_for(open.peer, *this);
        const bool is_other_codec = answer.op == CallOp::reply && answer.codec != &codec;
        if (!is_other_codec && !has_chain(Direction::outbound))
            return post_answer(now, open, answer.op, answer.payload);
        // What the chain does may forget the answer.
        std::vector<std::byte> bytes = answer.payload;
        if (is_other_codec) {
            Reply reply{};
            if (!answer.codec->decode(answer.payload, reply) || !codec.encode(reply, bytes))
                return post_error(now, open,
                                  {ErrorCode::unsupported, info_.name + ": the answer is not valid"});
        }
        const auto post_it = [&](CallOp op) {
            return [this, now, op, &open](Bytes passed) { post_answer(now, open, op, passed); };
        };
        const Outcome outcome = answer.op == CallOp::reply
                                    ? pass_reply_out(now, open.peer, bytes, false, post_it(CallOp::reply))
                                    : pass_error_out(now, open.peer, bytes, post_it(CallOp::error));
        if (outcome != Outcome::passed) post_error(now, open, stopped_answer(outcome));
    }
    // Through the outbound chains; `bytes` are then as these leave them, and go to `to_wire`.
    template <class ToWire>
    Outcome pass_reply_out(TimePoint now, ConnectionId peer, std::vector<std::byte>& bytes, bool is_step,
                           ToWire to_wire) {
        Reply reply{};
        const wire::Codec& codec = owner_.codec_for(peer, *this);
        Message message(now, Direction::outbound, peer, info_, codec, wire::codec_type<Reply>(), &reply,
                        bytes);
        message.mark_encoded();
        if (is_step) message.mark_step();
        return pass_out(message, to_wire, bytes,
                        [&](std::vector<std::byte>& anew) { return codec.encode(reply, anew).has_value(); });
    }
    template <class ToWire>
    Outcome pass_error_out(TimePoint now, ConnectionId peer, std::vector<std::byte>& bytes, ToWire to_wire) {
        Error error;
        ByteReader reader(bytes);
        (void)read_call_error(reader, error);
        Message message(now, Direction::outbound, peer, info_, owner_.codec_for(peer, *this),
                        wire::codec_type<Error>(), &error, bytes);
        return pass_out(message, to_wire, bytes, [&](std::vector<std::byte>& anew) {
            write_call_error(anew, error);
            return true;
        });
    }
    template <class ToWire, class Encode>
    Outcome pass_out(Message& message, ToWire to_wire, std::vector<std::byte>& bytes, Encode encode) {
        mark_reply(message);
        const Outcome outcome =
            run_chains(outbound_, owner_.chain(Direction::outbound), message, [&](Message& passed) {
                if (!passed.is_edited()) {
                    to_wire(bytes);
                    return Outcome::passed;
                }
                std::vector<std::byte> anew;
                if (!encode(anew)) return Outcome::invalid;
                bytes = std::move(anew);
                to_wire(bytes);
                return Outcome::passed;
            });
        if (outcome != Outcome::passed) ++statistics_.out.stopped[static_cast<std::size_t>(outcome)];
        return outcome;
    }
    void post_answer(TimePoint now, const Open& open, CallOp op, Bytes payload) {
        owner_.frame.clear();
        write_call_head(owner_.frame, info_.index, {op, open.id, 0});
        owner_.frame.insert(owner_.frame.end(), payload.begin(), payload.end());
        (void)post(now, open.peer, owner_.frame);
    }
    // Says no more than that there is no answer; past the chains, which may have wanted just that.
    void post_error(TimePoint now, const Open& open, const Error& error) {
        std::vector<std::byte> payload;
        write_call_error(payload, error);
        post_answer(now, open, CallOp::error, payload);
    }

    Answer answer_;
    LateAnswer late_answer_;

  private:
    FunctionOptions options_;
    ServedCalls served_;
    KeyedCalls keyed_;
};

}  // namespace squall::remotes::detail
