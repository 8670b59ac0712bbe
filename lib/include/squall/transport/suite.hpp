// How packets are protected. The suite is written into the connect token and into every packet's associated
// data by its version-info string, so no suite can be turned into another and no standard netcode peer can
// mistake one for its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace squall {

enum class Suite : std::uint8_t {
    netcode,      // ChaCha20-Poly1305 as netcode 1.02 has it; "NETCODE 1.02"
    aes256_gcm,   // AES-256-GCM; needs AES instructions; "SQUALL 1.0 A"
    hmac_signed,  // payload readable, HMAC-SHA256 truncated to 16 bytes; "SQUALL 1.0 S"
    none,         // no protection after the token: for tests and trusted networks only; "SQUALL 1.0 N"
};
inline constexpr std::size_t kSuiteCount = 4;

// "netcode", "aes256-gcm", "signed", "none".
[[nodiscard]] std::string_view to_string(Suite suite);
[[nodiscard]] std::optional<Suite> suite_from_string(std::string_view name);
// True if this machine can run the suite (aes256_gcm needs AES-NI).
[[nodiscard]] bool is_available(Suite suite);

// A small set of suites: those that a server accepts.
class SuiteSet {
  public:
    constexpr SuiteSet() = default;
    // Everything but `none`, which must be named.
    [[nodiscard]] static constexpr SuiteSet standard() {
        return SuiteSet{}.with(Suite::netcode).with(Suite::aes256_gcm).with(Suite::hmac_signed);
    }
    [[nodiscard]] constexpr SuiteSet with(Suite suite) const {
        SuiteSet copy = *this;
        copy.bits_ |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(suite));
        return copy;
    }
    [[nodiscard]] constexpr bool contains(Suite suite) const {
        return (bits_ & (1U << static_cast<unsigned>(suite))) != 0;
    }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

  private:
    std::uint8_t bits_ = 0;
};

inline constexpr std::size_t kKeyBytes = 32;
using Key = std::array<std::byte, kKeyBytes>;

}  // namespace squall
