// A DSN's text: what it is made of, and what is wrong with it, without saying its key.
#include <fmt/format.h>

#include <algorithm>

#include "squall/runtime/sentry_sink.hpp"

namespace squall {
namespace {

constexpr std::size_t kMaxKeyBytes = 200;

std::unexpected<Error> malformed(std::string_view what) {
    return fail(ErrorCode::malformed,
                fmt::format("the DSN {}; it is https://<public key>@<host>/<project>", what));
}

bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               c == '-';
    });
}

}  // namespace

Result<SentryDsn> SentryDsn::parse(std::string_view text) {
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return malformed("has no scheme");
    const std::string_view scheme = text.substr(0, scheme_end);
    if (scheme != "https" && scheme != "http")
        return fail(ErrorCode::unsupported, "the DSN's scheme is neither https nor http");
    std::string_view rest = text.substr(scheme_end + 3);
    if (rest.find_first_of("?#") != std::string_view::npos) return malformed("has a query or a fragment");
    const std::size_t at = rest.find('@');
    if (at == std::string_view::npos || at > rest.find('/')) return malformed("has no public key");
    const std::string_view keys = rest.substr(0, at);
    const std::string_view key = keys.substr(0, keys.find(':'));
    if (!is_word(key) || key.size() > kMaxKeyBytes)
        return malformed("has a public key that is empty, too long, or not of letters and digits");
    rest = rest.substr(at + 1);
    const std::size_t last = rest.rfind('/');
    if (last == std::string_view::npos) return malformed("names no project");
    const std::string_view project = rest.substr(last + 1);
    if (!is_word(project)) return malformed("names no project, or one not of letters and digits");
    // Host, port and path are checked where all URLs are.
    auto endpoint =
        Url::parse(fmt::format("{}://{}/api/{}/envelope/", scheme, rest.substr(0, last), project));
    if (!endpoint)
        return fail(endpoint.error().code,
                    fmt::format("the DSN's host or path: {}", endpoint.error().message));
    return SentryDsn{std::string(key), std::move(*endpoint)};
}

}  // namespace squall
