// A UDP or TCP address: IPv4 or IPv6 with a port. A value; knows no socket and resolves no name.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "squall/core/result.hpp"

namespace squall {

class Address {
  public:
    enum class Family : std::uint8_t {
        none = 0,
        ipv4 = 1,
        ipv6 = 2
    };  // the numbers are netcode's address types

    constexpr Address() = default;
    [[nodiscard]] static constexpr Address ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c,
                                                std::uint8_t d, std::uint16_t port) {
        Address address;
        address.family_ = Family::ipv4;
        address.bytes_ = {a, b, c, d};
        address.port_ = port;
        return address;
    }
    // Sixteen bytes in network order.
    [[nodiscard]] static constexpr Address ipv6(const std::array<std::uint8_t, 16>& bytes,
                                                std::uint16_t port) {
        Address address;
        address.family_ = Family::ipv6;
        address.bytes_ = bytes;
        address.port_ = port;
        return address;
    }
    [[nodiscard]] static constexpr Address loopback(std::uint16_t port) { return ipv4(127, 0, 0, 1, port); }

    // "127.0.0.1:40000", "[2001:db8::1]:40000"; without a port ("127.0.0.1", "::1", "[::1]") the port is 0.
    // Names are not resolved; the error says what would be right.
    [[nodiscard]] static Result<Address> parse(std::string_view text);

    [[nodiscard]] constexpr Family family() const { return family_; }
    [[nodiscard]] constexpr bool is_valid() const { return family_ != Family::none; }
    [[nodiscard]] constexpr std::uint16_t port() const { return port_; }
    // 4 significant bytes for IPv4 (the rest is zero), 16 for IPv6; network order.
    [[nodiscard]] constexpr const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    [[nodiscard]] constexpr Address with_port(std::uint16_t port) const {
        Address copy = *this;
        copy.port_ = port;
        return copy;
    }
    // True for 0.0.0.0 and [::].
    [[nodiscard]] constexpr bool is_any() const {
        return is_valid() && bytes_ == std::array<std::uint8_t, 16>{};
    }

    friend constexpr auto operator<=>(const Address&, const Address&) = default;
    // As words: every datagram's address is compared, and a call of memcmp for 16 bytes takes longer.
    friend constexpr bool operator==(const Address& a, const Address& b) {
        using Words = std::array<std::uint64_t, 2>;
        const auto x = std::bit_cast<Words>(a.bytes_);
        const auto y = std::bit_cast<Words>(b.bytes_);
        return x[0] == y[0] && x[1] == y[1] && a.port_ == b.port_ && a.family_ == b.family_;
    }

  private:
    std::array<std::uint8_t, 16> bytes_{};
    std::uint16_t port_ = 0;
    Family family_ = Family::none;
};

// "127.0.0.1:40000", "[2001:db8::1]:40000" (RFC 5952), "none". With the port even if it is 0.
[[nodiscard]] std::string to_string(const Address& address);

// A hash that is the same in every process and on every compiler.
[[nodiscard]] std::uint64_t hash_of(const Address& address);

}  // namespace squall

template <>
struct std::hash<squall::Address> {
    std::size_t operator()(const squall::Address& address) const noexcept { return squall::hash_of(address); }
};
