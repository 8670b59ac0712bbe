// The calls that came to a function: those that wait for an answer, and those whose answer is kept in case
// they come again; and, by player, the calls that have a key. Bounded by number, bytes and age. Knows no
// types, and sends nothing.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/core/time.hpp"
#include "squall/remotes/message.hpp"
#include "squall/remotes/remote_options.hpp"
#include "squall/remotes/spare_parts.hpp"

namespace squall::remotes::detail {

enum class CallOp : std::uint8_t { request = 0, reply = 1, error = 2, cancel = 3, keyed_request = 4 };

// Names a call that waits for its answer.
struct OpenCall {
    ConnectionId peer{};
    std::uint64_t id = 0;
    auto operator<=>(const OpenCall&) const = default;
};

// As bytes: an object, or an error.
struct CallAnswer {
    CallOp op{};
    const wire::Codec* codec = nullptr;  // of the object
    std::vector<std::byte> payload;
    bool is_kept = true;  // false: it was too large
};

class ServedCalls {
  public:
    struct Call {
        TimePoint since{};
        bool is_answered = false;
        bool is_cancelled = false;
        Outcome judged = Outcome::passed;  // by the chain, when it came first
        CallAnswer answer;
    };
    explicit ServedCalls(const FunctionOptions& options) : options_(options) {}

    // Nullptr if it is not known (any more). Valid until the call is forgotten.
    [[nodiscard]] Call* find(const OpenCall& open);
    // A call that came when later ones were forgotten already: it may be one of them.
    [[nodiscard]] bool is_forgotten(const OpenCall& open) const;
    [[nodiscard]] std::size_t open_of(ConnectionId peer) const;
    // The call, which waits from now on, unless it is known.
    Call& open(TimePoint now, const OpenCall& open);
    // It has its answer, and was sent it: that is kept within the limits.
    void keep(TimePoint now, const OpenCall& open);
    void drop_old(TimePoint now, ConnectionId peer);
    void forget(ConnectionId peer) { peers_.erase(peer); }
    [[nodiscard]] std::size_t kept_bytes(ConnectionId peer) const;
    // Buffers for answers, which return when these are forgotten.
    [[nodiscard]] SpareBuffers& buffers() { return buffers_; }

  private:
    struct Peer {
        std::map<std::uint64_t, Call> calls;
        RingBuffer<std::uint64_t> answered;  // oldest first
        std::uint64_t forgotten = 0;         // the highest call of those whose answer is not kept any more
        std::size_t bytes = 0;               // of answers
        std::size_t open = 0;
    };
    void drop_beyond(TimePoint now, Peer& peer);

    const FunctionOptions& options_;
    std::map<ConnectionId, Peer> peers_;
    SpareNodes<std::map<std::uint64_t, Call>> nodes_;
    SpareBuffers buffers_;
};

// By player, so that who comes back finds what it began on a connection that ended.
class KeyedCalls {
  public:
    struct Record {
        OpenCall first{};   // whose handler runs, or ran
        TimePoint since{};  // of the answer, or of the end of its connection
        bool is_answered = false;
        bool is_left = false;    // its connection has ended
        bool is_listed = false;  // may be dropped
        CallAnswer answer;
        std::vector<OpenCall> others;  // calls with the same key that wait with it
    };
    explicit KeyedCalls(const FunctionOptions& options) : options_(options) {}

    // Nullptr if there is none (any more).
    [[nodiscard]] Record* find(TimePoint now, ClientId player, std::uint64_t key);
    // Null if there is no room: too many are open.
    [[nodiscard]] Record* begin(TimePoint now, ClientId player, std::uint64_t key, const OpenCall& first);
    // The open call's; also when its connection has ended. Nullptr: it has no key.
    [[nodiscard]] Record* of(const OpenCall& first);
    // Another call with the key of one that is open: it gets the same answer.
    void wait(ClientId player, std::uint64_t key, const OpenCall& other);
    // Gives the calls that waited with it.
    [[nodiscard]] std::vector<OpenCall> answer(TimePoint now, const OpenCall& first,
                                               const CallAnswer& answer);
    // What it began goes on; what waited for others' answers does not.
    void on_gone(TimePoint now, ConnectionId peer);
    [[nodiscard]] std::size_t players() const { return players_.size(); }

  private:
    struct Player {
        std::map<std::uint64_t, Record> records;
        RingBuffer<std::uint64_t> listed;  // oldest first: answered, or begun on a connection that ended
        std::size_t bytes = 0;
        TimePoint last{};
    };
    using Players = std::map<ClientId, Player>;
    static bool is_free(const Player& player);
    void list(TimePoint now, Player& player, std::uint64_t key, Record& record);
    void drop_beyond(TimePoint now, Player& player);
    [[nodiscard]] bool make_room(TimePoint now);

    const FunctionOptions& options_;
    using Places = std::map<OpenCall, std::pair<ClientId, std::uint64_t>>;
    Players players_;
    Places open_;     // by the first call
    Places waiting_;  // by the others
};

}  // namespace squall::remotes::detail
