// Where an HTTP request goes: http and https URLs. A value; resolves no name and opens nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "squall/core/result.hpp"

namespace squall {

struct Url {
    enum class Scheme { http, https };

    Scheme scheme = Scheme::http;
    // Lower case: a name, an IPv4 address, or an IPv6 address without its brackets.
    std::string host;
    std::uint16_t port = 80;
    std::string path = "/";
    // What follows the '?', without it.
    std::string query{};

    // "https://example.org:8443/token?game=arena". The port is 80 or 443 if none is written; a fragment
    // ("#...") is dropped, for it is never sent. Errors (malformed, unsupported) name the place and what
    // would be right; a user name or password in a URL is refused, because URLs end up in logs.
    [[nodiscard]] static Result<Url> parse(std::string_view text);

    // What the request line carries: path and query.
    [[nodiscard]] std::string target() const;
    // Host, and port where it is not the scheme's own: what the header Host carries.
    [[nodiscard]] std::string authority() const;

    friend bool operator==(const Url&, const Url&) = default;
};

[[nodiscard]] std::string to_string(const Url& url);

// Text as a part of a path or query: all but letters, digits and "-._~" as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace squall
