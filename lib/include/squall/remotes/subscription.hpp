// Subscriptions by pattern: "Player(HP|MaxHP)Changed". A pattern is matched against a name once, when the two
// first meet; a message of a remote that nobody subscribed to costs nothing for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "squall/core/result.hpp"
#include "squall/remotes/remote.hpp"

namespace squall::remotes {

// A regular expression in RE2's syntax (no back-references, no look-around), matched in time linear in the
// name, whatever the pattern. The whole name must fit.
class NamePattern {
  public:
    static constexpr std::size_t kMaxBytes = 1000;
    // Error: invalid_argument, with what is wrong in the pattern and where.
    [[nodiscard]] static Result<NamePattern> make(std::string_view text);
    NamePattern(NamePattern&&) noexcept;
    NamePattern& operator=(NamePattern&&) noexcept;
    ~NamePattern();
    [[nodiscard]] bool matches(std::string_view name) const;

  private:
    struct Compiled;
    explicit NamePattern(std::unique_ptr<Compiled> compiled);
    std::unique_ptr<Compiled> compiled_;
};

// Names one subscription; 0: none.
enum class SubscriptionId : std::uint64_t {};

struct Subscription {
    SubscriptionId id{};
    NamePattern pattern;
    Subscriber call;
    bool is_ended = false;
};

}  // namespace squall::remotes
