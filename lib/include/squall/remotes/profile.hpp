// What each remote costs: messages, bytes, and how long its middleware and handlers take, as histograms.
// Reads no clock: whoever makes it gives a stopwatch (stopwatch(host) of runtime; in virtual time, where work
// takes no time, any that stands still).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "squall/remotes/message.hpp"
#include "squall/trace/histogram.hpp"

namespace squall::remotes {

// What one remote did in one direction.
struct ProfileEntry {
    std::string remote;
    RemoteKind kind{};
    Direction direction{};
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;    // of objects
    std::uint64_t stopped = 0;  // of those, by what follows in the chain
    // Nanoseconds: of the middleware between whole() and end(), and of what follows end(): the handler, or
    // the way to the wire. Without an end() in the chain all time is in `chain`.
    trace::Histogram chain;
    trace::Histogram handler;
};

class Profile {
  public:
    // A reading that never goes back.
    using Stopwatch = std::function<Duration()>;
    explicit Profile(Stopwatch stopwatch) : stopwatch_(std::move(stopwatch)) {}
    Profile(const Profile&) = delete;
    Profile& operator=(const Profile&) = delete;

    // First in a chain: the registry's inbound, a remote's outbound. The profile must outlive the registry.
    [[nodiscard]] Middleware whole();
    // Last in a chain: a remote's inbound, the registry's outbound.
    [[nodiscard]] Middleware end();

    // By place of the remote's name, inbound before outbound. A remote's first message allocates its entry,
    // further ones nothing.
    [[nodiscard]] std::vector<const ProfileEntry*> entries() const;
    // Nullptr if no message of it has come by.
    [[nodiscard]] const ProfileEntry* find(std::string_view remote, Direction direction) const;
    // A table, the costliest first.
    [[nodiscard]] std::string to_text() const;
    void clear() { entries_.clear(); }

  private:
    ProfileEntry& entry_of(const Message& message);
    Stopwatch stopwatch_;
    std::vector<std::unique_ptr<ProfileEntry>> entries_;  // two a remote, by index and direction
    Duration in_handler_{};                               // of the message that whole() runs
};

}  // namespace squall::remotes
