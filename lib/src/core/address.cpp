// Text to addresses and back. The only file outside runtime that includes a header of the socket API, for
// inet_pton and inet_ntop.
#include "squall/core/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "squall/core/hash.hpp"

namespace squall {
namespace {

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > 65535)
        return fail(ErrorCode::malformed,
                    fmt::format("port '{}' in address '{}' is not a number from 0 to 65535", text, whole));
    return static_cast<std::uint16_t>(value);
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
    const auto bad = [&] {
        return fail(
            ErrorCode::malformed,
            fmt::format("'{}' is not an address: expected IPv4 as 127.0.0.1:40000 or IPv6 as [::1]:40000",
                        text));
    };
    std::string host;
    std::uint16_t port = 0;
    const bool bracketed = text.starts_with('[');
    if (bracketed) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return bad();
        host = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        if (!rest.empty()) {
            if (rest[0] != ':') return bad();
            auto parsed = parse_port(rest.substr(1), text);
            if (!parsed) return std::unexpected(parsed.error());
            port = *parsed;
        }
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        const auto colon = text.find(':');
        host = text.substr(0, colon);
        auto parsed = parse_port(text.substr(colon + 1), text);
        if (!parsed) return std::unexpected(parsed.error());
        port = *parsed;
    } else {
        host = text;
    }
    if (host.find('\0') != std::string::npos) return bad();
    std::array<std::uint8_t, 16> bytes{};
    if (!bracketed && inet_pton(AF_INET, host.c_str(), bytes.data()) == 1)
        return ipv4(bytes[0], bytes[1], bytes[2], bytes[3], port);
    if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return ipv6(bytes, port);
    return bad();
}

std::string to_string(const Address& address) {
    const auto& b = address.bytes();
    switch (address.family()) {
        case Address::Family::none: return "none";
        case Address::Family::ipv4:
            return fmt::format("{}.{}.{}.{}:{}", b[0], b[1], b[2], b[3], address.port());
        case Address::Family::ipv6: {
            char text[INET6_ADDRSTRLEN] = {};
            inet_ntop(AF_INET6, b.data(), text, sizeof text);
            return fmt::format("[{}]:{}", text, address.port());
        }
    }
    return "none";
}

std::uint64_t hash_of(const Address& address) {
    const auto& b = address.bytes();
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        high |= std::uint64_t{b[i]} << (8 * i);
        low |= std::uint64_t{b[8 + i]} << (8 * i);
    }
    const std::uint64_t tail =
        (std::uint64_t{address.port()} << 8) | static_cast<std::uint64_t>(address.family());
    return mix64(high ^ mix64(low ^ mix64(tail + 0x9e3779b97f4a7c15ULL)));
}

}  // namespace squall
