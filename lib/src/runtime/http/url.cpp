// Reading and writing URLs: the parts that HTTP needs of RFC 3986, strictly.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "squall/core/address.hpp"
#include "squall/runtime/http_url.hpp"

namespace squall {
namespace {

constexpr std::size_t kMaxUrlBytes = 8192;

std::uint16_t default_port(Url::Scheme scheme) {
    return scheme == Url::Scheme::https ? 443 : 80;
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}
bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f');
}

// A URL in an error text: never its query, which may hold a secret.
std::string quoted(std::string_view text) {
    return fmt::format("'{}'", text.substr(0, std::min<std::size_t>(text.find_first_of("?#"), 100)));
}
std::unexpected<Error> malformed(std::string_view text, std::string_view what) {
    return fail(ErrorCode::malformed, fmt::format("URL {}: {}", quoted(text), what));
}

Result<Url::Scheme> parse_scheme(std::string_view text, std::size_t end) {
    if (end == std::string_view::npos)
        return malformed(text, "it has no scheme; write http:// or https:// before the host");
    std::string scheme(text.substr(0, end));
    std::ranges::transform(scheme, scheme.begin(), lower);
    if (scheme == "http") return Url::Scheme::http;
    if (scheme == "https") return Url::Scheme::https;
    return fail(ErrorCode::unsupported,
                fmt::format("URL {}: the scheme is '{}', but only http and https are offered", quoted(text),
                            scheme.substr(0, 32)));
}

Result<std::uint16_t> parse_port(std::string_view text, std::string_view digits) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || port > 65535)
        return malformed(text, "the port after ':' must be 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

bool is_name(std::string_view host) {
    return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
           std::ranges::all_of(host,
                               [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

// Host and port out of "host[:port]".
Result<> parse_authority(std::string_view text, std::string_view authority, Url& url) {
    if (authority.find('@') != std::string_view::npos)
        return fail(ErrorCode::unsupported,
                    "URL: it holds a user name or password ('@' before the host); send credentials in the "
                    "body or a header, for URLs end up in logs");
    std::string_view host = authority;
    std::string_view port;
    bool has_port = false;
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return malformed(text, "the '[' of the host is not closed");
        host = authority.substr(1, close - 1);
        const auto address = Address::parse(host);
        if (!address || address->family() != Address::Family::ipv6)
            return malformed(text, "between '[' and ']' there must be an IPv6 address");
        const auto rest = authority.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') return malformed(text, "after ']' only ':port' may follow");
        has_port = !rest.empty();
        port = has_port ? rest.substr(1) : rest;
    } else {
        const auto colon = authority.find(':');
        has_port = colon != std::string_view::npos;
        host = authority.substr(0, colon);
        if (has_port) port = authority.substr(colon + 1);
        if (host.empty()) return malformed(text, "it has no host");
        if (!is_name(host))
            return malformed(text,
                             "the host must be a name of letters, digits, '-', '_' and '.', an IPv4 address, "
                             "or an IPv6 address in brackets");
    }
    url.host = host;
    std::ranges::transform(url.host, url.host.begin(), lower);
    url.port = default_port(url.scheme);
    if (!has_port) return {};
    const auto number = parse_port(text, port);
    if (!number) return std::unexpected(number.error());
    url.port = *number;
    return {};
}

// The place of the first character that may not be in a path or query.
std::optional<std::size_t> bad_character(std::string_view part) {
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (part[i] <= ' ' || part[i] > '~' ||
            std::string_view("\"<>\\^`{|}").find(part[i]) != std::string_view::npos)
            return i;
        if (part[i] == '%' &&
            (i + 2 >= part.size() || !is_hex_digit(part[i + 1]) || !is_hex_digit(part[i + 2])))
            return i;
    }
    return std::nullopt;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
    if (text.size() > kMaxUrlBytes)
        return fail(ErrorCode::too_large,
                    fmt::format("URL: it has {} bytes, at most {} are taken", text.size(), kMaxUrlBytes));
    const auto scheme_end = text.find("://");
    const auto scheme = parse_scheme(text, scheme_end);
    if (!scheme) return std::unexpected(scheme.error());
    Url url;
    url.scheme = *scheme;

    std::string_view rest = text.substr(scheme_end + 3);
    rest = rest.substr(0, rest.find('#'));
    const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
    if (auto done = parse_authority(text, rest.substr(0, authority_end), url); !done)
        return std::unexpected(done.error());
    const std::string_view target = rest.substr(authority_end);
    if (const auto at = bad_character(target))
        return malformed(text, fmt::format("character {} may not stand there as it is; write it as %XX",
                                           scheme_end + 3 + authority_end + *at + 1));
    const auto query = std::min(target.find('?'), target.size());
    if (query != 0) url.path = target.substr(0, query);
    if (query != target.size()) url.query = target.substr(query + 1);
    return url;
}

std::string Url::target() const {
    return query.empty() ? path : path + "?" + query;
}

std::string Url::authority() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    std::string text = is_ipv6 ? "[" + host + "]" : host;
    if (port != default_port(scheme)) text += fmt::format(":{}", port);
    return text;
}

std::string to_string(const Url& url) {
    return fmt::format("{}://{}{}", url.scheme == Url::Scheme::https ? "https" : "http", url.authority(),
                       url.target());
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~')
            out.push_back(c);
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace squall
