// What a transaction consists of, as each kind of remote makes it: at the side that proposes it, and at the
// side that is asked. Knows no wire and no order; those are transaction.hpp's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/remotes/message.hpp"

namespace squall::remotes {

class Remote;

namespace detail {

// What a proposing side knows of a transaction in the end.
enum class Verdict : std::uint8_t { accepted, refused, unknown };

// One step at the proposing side.
class ProposedStep {
  public:
    explicit ProposedStep(Remote& its_remote) : remote(its_remote) {}
    virtual ~ProposedStep() = default;
    ProposedStep(const ProposedStep&) = delete;
    ProposedStep& operator=(const ProposedStep&) = delete;

    // Appends the step's bytes for this peer, through the outbound chains. If it succeeds, settle() follows.
    virtual Result<> write(TimePoint now, ConnectionId peer, std::vector<std::byte>& out) = 0;
    // It takes effect at this side.
    virtual void apply(TimePoint /*now*/) {}
    // This peer accepted the transaction, or refused it, or may have done either. True if it is owed a newer
    // value now, and no transaction is under way that brings it one.
    virtual bool settle(TimePoint /*now*/, ConnectionId /*peer*/, Verdict /*verdict*/) { return false; }
    // The peer's answer to a call, or why there is none.
    virtual void answer(TimePoint /*now*/, ConnectionId /*peer*/, const Result<Bytes>& /*reply*/) {}
    [[nodiscard]] virtual bool wants_answer() const { return false; }
    // Of remotes with many values: which one. A transaction has one step for it.
    [[nodiscard]] virtual std::optional<std::uint64_t> item() const { return std::nullopt; }

    Remote& remote;
    std::uint64_t serial = 0;  // of the transaction among all that changes values at this side
};

// One step at the side that is asked, decoded and let through by the inbound chains.
class AdmittedStep {
  public:
    AdmittedStep() = default;
    virtual ~AdmittedStep() = default;
    AdmittedStep(const AdmittedStep&) = delete;
    AdmittedStep& operator=(const AdmittedStep&) = delete;

    // First, of all steps: puts values in their places. Nobody is told.
    virtual void set() {}
    // Then, of all steps: runs handlers, which see all values. An error undoes everything. A call's answer is
    // appended to `reply`.
    virtual Result<> run(std::vector<std::byte>& /*reply*/) { return {}; }
    // At last, when nothing can fail any more.
    virtual void finish() {}
    [[nodiscard]] virtual bool has_answer() const { return false; }

    // --- of a call whose handler answers later: it is asked before anything is set, and run() is not called.
    // `done` is called once, perhaps at once, and not after withdraw().
    using Answered = std::function<void(Result<std::vector<std::byte>>)>;
    [[nodiscard]] virtual bool answers_later() const { return false; }
    virtual void ask(Answered /*done*/) {}
    virtual void withdraw() {}
    // What was admitted may still happen, after others were waited for.
    [[nodiscard]] virtual bool is_still_allowed() const { return true; }
};

struct Admission {
    Outcome outcome = Outcome::unknown_remote;
    std::unique_ptr<AdmittedStep> step;  // there if the outcome is `passed`
};

// What changed since a transaction began to be applied: to be undone together, or told together.
struct UndoLog {
    std::vector<Remote*> changed;
    std::vector<std::function<void()>> actions;  // of handlers, to be called last first
};

}  // namespace detail
}  // namespace squall::remotes
