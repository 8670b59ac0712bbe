// Remembers each connect token that was shown, by its tag, until it expires: which address showed it, and
// whether a connection was made with it. A token serves one address and one connection. Knows no connection.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/time.hpp"
#include "transport/secure/format.hpp"
#include "transport/secure/index_table.hpp"

namespace squall::secure {

using TokenTag = std::array<std::byte, kTagBytes>;

class TokenHistory {
  public:
    // At most `capacity` unexpired tokens; none is ever forgotten before it expires.
    TokenHistory(std::size_t capacity, std::uint64_t salt) : capacity_(capacity), index_(salt) {}

    enum class Verdict : std::uint8_t { accepted, reused, full };
    // Finds or adds the token. `now` does not go back.
    Verdict show(const TokenTag& tag, const Address& from, UnixSeconds now, UnixSeconds expires);
    // The token made a connection; from now on show() says reused.
    void spend(const TokenTag& tag);
    [[nodiscard]] std::size_t size() const { return index_.size(); }

  private:
    struct Entry {
        TokenTag tag{};
        Address from;
        UnixSeconds expires{};
        bool is_spent = false;
    };
    [[nodiscard]] std::uint64_t hash_of(const TokenTag& tag) const;
    [[nodiscard]] std::optional<std::uint32_t> find(const TokenTag& tag) const;
    void forget_expired(UnixSeconds now);

    std::size_t capacity_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> by_expiry_;  // a heap, the next to expire on top
    IndexTable index_;
};

}  // namespace squall::secure
