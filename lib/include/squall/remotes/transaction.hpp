// Transactions: several sets, events and calls that happen together or not at all.
//
//     auto trades = *remotes.transactions("trades");                          // both sides
//     Transaction trade = trades.begin();
//     trade.set(gold, Gold{30}).fire(bought, Item{"sword"}).call(give, Request{}, [](...) { ... });
//     trade.commit(now, server, {.deadline = 2s}, [](TimePoint, const Committed& result) {
//         if (!result) log(result.error().remote, result.error().error.message);   // which step, and why
//     });
//
// All steps travel in one reliable message. The side that is asked (1) decodes each step, in order, and puts
// it through the inbound chains as if it had come alone, but nothing happens yet; (2) puts all values in
// place; (3) runs the handlers of calls and events, in order, which see all values; and (4) tells watchers
// and subscribers. What fails in 1 to 3 (a chain that stops a step, a function that returns an error, a
// handler that throws) ends it there: all properties are again what they were, bit for bit, also those that
// handlers set; what handlers fired, called and answered is not sent; what they said by undo() is undone,
// last first; nobody else saw anything. A chain is told of a step's admission and not of the end: a rate
// limit counts steps that came, whatever became of them.
//
// A function may answer later (answer_later): its handler is asked after 1, before anything is set, and the
// rest happens when all such answers have come. Without them by the deadline, or if the peer leaves, the
// transaction is refused (`expired`), and what those handlers said by undo() is undone. Others may do things
// meanwhile; what a step may do is looked at again.
//
// commit() asks one peer: values change here when the peer has accepted, and then all at once; a set() that
// came after the commit stands. publish() is a server's word to any number of peers: values change here at
// once, and each peer takes all of it or nothing. Until a peer has answered it gets the properties' values in
// no other way. Several properties that a transaction changed at a server reach the server's other peers
// together as well, and so do those that a peer is owed after all, because it refused what was published, or
// others overtook it. Who joins later gets them one by one, as ever.
//
// The outcome is told exactly once. A peer that gets the message later than the deadline after the commit
// refuses it (`expired`; it judges by the quickest message that it had from this side). If the connection
// ends first
// (`not_connected`), or the peer does not answer at all, it may have happened there or not; who commits again
// with the same key after a reconnect gets the first outcome if it was accepted, and it is not done again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "squall/remotes/registry.hpp"
#include "squall/remotes/remote_contract.hpp"
#include "squall/remotes/remote_event.hpp"
#include "squall/remotes/remote_function.hpp"
#include "squall/remotes/remote_property.hpp"
#include "squall/remotes/remote_table.hpp"
#include "squall/remotes/transaction_step.hpp"

namespace squall::remotes {

struct CommitOptions {
    Duration deadline = std::chrono::seconds(5);
    // Two transactions of one player with one key (not 0) are one.
    std::uint64_t key = 0;
};

// Why a transaction did not happen.
struct FailedStep {
    std::optional<std::size_t> step;  // from 0; nothing: no step in particular
    std::string remote;               // of the step; else of the transactions
    Error error;
};
using Committed = std::expected<void, FailedStep>;
using CommitDone = std::function<void(TimePoint, const Committed&)>;
using PublishDone = std::function<void(TimePoint, const std::vector<std::pair<ConnectionId, Committed>>&)>;

// What the inbound chain of transactions sees of one; its steps go through the chains of their own remotes.
struct TransactionHead {
    std::uint64_t id = 0;
    std::uint64_t key = 0;
    std::uint64_t steps = 0;
};

namespace detail {

class TransactionRemote final : public Remote {
  public:
    using Steps = std::vector<std::unique_ptr<ProposedStep>>;
    TransactionRemote(Remotes& owner, RemoteInfo info, const TransactionOptions& options)
        : Remote(owner, std::move(info), wire::bits_codec()), options_(options) {}

    // `steps` is empty if it succeeds, and untouched if it does not.
    Result<> commit(TimePoint now, ConnectionId peer, Steps& steps, const CommitOptions& options,
                    CommitDone done);
    Result<> publish(TimePoint now, std::vector<ConnectionId> peers, Steps& steps,
                     const CommitOptions& options, PublishDone done);
    [[nodiscard]] std::vector<ConnectionId> listed(const Recipients& to) const;
    bool on_undo(std::function<void()> action);
    [[nodiscard]] std::size_t open() const { return open_.size(); }
    [[nodiscard]] std::size_t max_steps() const { return options_.max_steps; }

  private:
    // What was committed or published, until all have answered.
    struct Proposal {
        Steps steps;
        bool is_published = false;
        std::size_t missing = 0;
        std::vector<std::pair<ConnectionId, Committed>> results;
        CommitDone done;
        PublishDone all_done;
    };
    using Proposals = std::map<std::uint64_t, Proposal>;
    // One peer that has not answered yet.
    struct Open {
        ConnectionId peer{};
        std::uint64_t proposal = 0;
        std::size_t place = 0;  // in its results
        TimePoint give_up_at{};
    };
    struct Kept {
        std::uint64_t key = 0;
        TimePoint since{};
        std::optional<std::vector<std::byte>> answers;  // nothing: too many to keep
    };
    struct KeptOfPlayer {
        std::deque<Kept> kept;  // oldest first
        std::size_t bytes = 0;
    };
    struct PeerState {
        TimePoint ready_at{};
        std::uint64_t last_id = 0;               // that came from it
        std::optional<std::int64_t> quickest{};  // least milliseconds from its clock to ours
        std::size_t open = 0;
    };
    struct Asked;  // a transaction as it came
    using Admitted = std::vector<std::unique_ptr<AdmittedStep>>;
    using Answers = std::vector<std::optional<Result<std::vector<std::byte>>>>;  // by step
    // One that was admitted, and waits for handlers that answer later.
    struct Pending {
        ConnectionId peer{};
        TransactionHead head;
        Admitted steps;
        Answers answers;
        std::size_t missing = 0;
        TimePoint due{};
        std::vector<std::function<void()>> undo;  // of those handlers
    };

    // --- the proposing side
    Result<> check(const Steps& steps) const;
    Result<std::uint64_t> propose(TimePoint now, ConnectionId peer, Steps& steps,
                                  const CommitOptions& options);
    Outcome on_outcome(TimePoint now, ConnectionId peer, std::uint8_t op, ByteReader& reader);
    void end(TimePoint now, std::uint64_t id, Verdict verdict, const Committed& result,
             const std::vector<Bytes>& answers);
    void apply(TimePoint now, const Steps& steps);
    // What a transaction changed at this server goes to the other peers as one, too.
    void spread(TimePoint now, const std::vector<Remote*>& changed, std::vector<ConnectionId> but);
    void tell_together(TimePoint now, const std::vector<std::uint32_t>& indices,
                       std::span<const ConnectionId> peers);
    // --- the side that is asked
    Outcome on_proposal(TimePoint now, ConnectionId peer, std::uint8_t op, ByteReader& reader);
    [[nodiscard]] bool read_proposal(ByteReader& reader, bool is_keyed, Asked& asked) const;
    Outcome carry_out(TimePoint now, ConnectionId peer, const Asked& asked, Duration patience);
    bool do_all(TimePoint now, ConnectionId peer, const TransactionHead& head, const Admitted& steps,
                const Answers& answers);
    Outcome refuse(TimePoint now, ConnectionId peer, const TransactionHead& head, Outcome outcome,
                   std::optional<std::size_t> step, const Error& error);
    Outcome wait_for_answers(TimePoint now, ConnectionId peer, const TransactionHead& head, Admitted steps,
                             Duration patience);
    void on_answered(std::uint64_t number, std::size_t step, Result<std::vector<std::byte>> answer);
    void set_due(std::uint64_t number, Pending& pending, TimePoint due);
    void conclude(TimePoint now, std::uint64_t number);
    void take_back(TimePoint now, Pending& pending);
    [[nodiscard]] std::optional<FailedStep> failure_of(const Pending& pending) const;
    bool answer_from_kept(TimePoint now, ConnectionId peer, const TransactionHead& head);
    void keep(TimePoint now, ConnectionId peer, std::uint64_t key, std::vector<std::byte> answers);
    KeptOfPlayer& kept_of(TimePoint now, ClientId player);
    void note_clock(TimePoint now, PeerState& peer, std::uint64_t stamp);
    [[nodiscard]] static std::int64_t milliseconds_since(TimePoint now, TimePoint then);
    void post(TimePoint now, ConnectionId peer, Bytes frame);

    Outcome on_message(TimePoint now, ConnectionId peer, Bytes body) override;
    void on_ready(TimePoint now, ConnectionId peer) override;
    void on_gone(TimePoint now, ConnectionId peer) override;
    [[nodiscard]] TimePoint poll_timeout() const override {
        return std::min(deadlines_.empty() ? kNever : deadlines_.begin()->first,
                        pending_due_.empty() ? kNever : pending_due_.begin()->first);
    }
    void handle_timeout(TimePoint now) override;
    std::string contract_text() const override { return "transactions"; }

    TransactionOptions options_;
    std::map<ConnectionId, PeerState> peers_;
    std::uint64_t last_id_ = 0;
    std::uint64_t last_proposal_ = 0;
    Proposals proposals_;
    std::map<std::uint64_t, Open> open_;
    std::set<std::pair<TimePoint, std::uint64_t>> deadlines_;
    std::map<ClientId, KeptOfPlayer> kept_;
    std::map<std::uint64_t, Pending> pending_;
    std::set<std::pair<TimePoint, std::uint64_t>> pending_due_;
    std::uint64_t last_pending_ = 0;
    std::uint64_t asking_ = 0;  // the pending one whose handlers are being asked
};

}  // namespace detail

// Steps that are being put together; nothing happens before commit() or publish(), and nothing at all
// without.
class Transaction {
  public:
    explicit Transaction(detail::TransactionRemote& remote) : remote_(&remote) {}

    // Each returns the transaction itself; what is wrong with a step is told by commit() or publish().
    template <class T>
    Transaction& set(const RemoteProperty<T>& property, const T& value) {
        return add(property.remote_->propose(value));
    }
    template <class T>
    Transaction& fire(const RemoteEvent<T>& event, const T& value) {
        return add(event.remote_->propose(value));
    }
    // `done` is called once, before the transaction's own: with the answer if it was accepted.
    template <class Request, class Reply>
    Transaction& call(const RemoteFunction<Request, Reply>& function, const Request& request,
                      typename RemoteFunction<Request, Reply>::Remote::Done done = {}) {
        return add(function.remote_->propose(request, std::move(done)));
    }
    // A contract's message: whole, and without an id.
    template <class Object>
    Transaction& send(const RemoteContract<Object>& contract, const Object& data) {
        return add(contract.remote_->propose(data));
    }
    // Of tables, at the server: an object begins or changes, or ends. One step an object.
    template <class T>
    Transaction& set(const RemoteTable<T>& table, ObjectId object, const T& value) {
        return add(table.remote_->propose(object, &value));
    }
    template <class T>
    Transaction& forget(const RemoteTable<T>& table, ObjectId object) {
        return add(table.remote_->propose(object, nullptr));
    }
    [[nodiscard]] std::size_t size() const { return steps_.size(); }

    // Asks one peer. Errors, of which `done` is not told: invalid_argument (no step, or a step's value; its
    // place is named), unauthorised (a step's, or its outbound chain's), not_connected, too_large (names the
    // limit), queue_full (max_open). Without an error the transaction is empty again, and `done` is called
    // once.
    Result<> commit(TimePoint now, ConnectionId peer, const CommitOptions& options, CommitDone done) {
        if (error_) return std::unexpected(*error_);
        return remote_->commit(now, peer, steps_, options, std::move(done));
    }
    // Tells several, at a server: everyone, a list, a group. Calls cannot be published. `done` gets each
    // recipient's outcome when the last has answered.
    Result<> publish(TimePoint now, const Recipients& to, const CommitOptions& options = {},
                     PublishDone done = {}) {
        if (error_) return std::unexpected(*error_);
        return remote_->publish(now, remote_->listed(to), steps_, options, std::move(done));
    }

  private:
    Transaction& add(Result<std::unique_ptr<detail::ProposedStep>> step);

    detail::TransactionRemote* remote_;
    detail::TransactionRemote::Steps steps_;
    std::optional<Error> error_;  // of the first step that has one
};

// A handle, to copy freely; valid as long as its registry.
class RemoteTransactions {
  public:
    explicit RemoteTransactions(detail::TransactionRemote& remote) : remote_(&remote) {}
    [[nodiscard]] Transaction begin() const { return Transaction(*remote_); }
    // For handlers that run in a transaction and change what is no property: `action` is called if the
    // transaction is rolled back. False if none is being applied: then there is nothing to undo.
    bool undo(std::function<void()> action) const { return remote_->on_undo(std::move(action)); }
    // Peers that have not answered yet, over all transactions.
    [[nodiscard]] std::size_t open() const { return remote_->open(); }
    void use(Direction direction, Middleware middleware) const {
        remote_->use(direction, std::move(middleware));
    }
    [[nodiscard]] const RemoteStatistics& statistics() const { return remote_->statistics(); }

  private:
    detail::TransactionRemote* remote_;
};

}  // namespace squall::remotes
