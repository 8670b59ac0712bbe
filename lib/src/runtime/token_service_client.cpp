// The client's side: ask a token service, and take nothing but a token for an answer.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/token_text.hpp"
#include "squall/runtime/token_service.hpp"

namespace squall {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxAnswerBytes = 16 * 1024;
constexpr std::size_t kMaxReasonBytes = 200;

bool is_this_machine(const std::string& host) {
    if (host == "localhost") return true;
    const auto address = Address::parse(host);
    if (!address) return false;
    if (address->family() == Address::Family::ipv4) return address->bytes()[0] == 127;
    auto loopback = std::array<std::uint8_t, 16>{};
    loopback[15] = 1;
    return address->bytes() == loopback;
}

// A URL in an error text: without its query.
std::string shown(Url url) {
    url.query.clear();
    return to_string(url);
}

// The service's reason, without what would spoil a terminal or a log.
std::string reason_in(const HttpClientResult& result) {
    const Json answer = Json::parse(result.text(), nullptr, false);
    if (!answer.is_object() || !answer.contains("error") || !answer["error"].is_string())
        return "it gave no reason";
    auto reason = answer["error"].get<std::string>().substr(0, kMaxReasonBytes);
    std::ranges::replace_if(
        reason, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
    return reason;
}

Error refusal_in(const Url& url, const HttpClientResult& result) {
    const auto code = result.status_code == 429                                ? ErrorCode::queue_full
                      : result.status_code >= 500                              ? ErrorCode::io
                      : result.status_code == 401 || result.status_code == 403 ? ErrorCode::unauthorised
                                                                               : ErrorCode::invalid_argument;
    return {code, fmt::format("{} gives no token (status {}): {}", shown(url), result.status_code,
                              reason_in(result))};
}

// Says what is wrong with an answer, never what is in it.
Result<ConnectTokenBytes> token_in(const Url& url, const HttpClientResult& result) {
    const auto malformed = [&](std::string_view what) {
        return fail(ErrorCode::malformed,
                    fmt::format("the answer of {} holds no token: {}", shown(url), what));
    };
    const Json answer = Json::parse(result.text(), nullptr, false);
    if (!answer.is_object()) return malformed("it is not a JSON object");
    const auto member = answer.find("token");
    if (member == answer.end() || !member->is_string()) return malformed("there is no text 'token' in it");
    const auto token = runtime::token_from_text(member->get_ref<const std::string&>());
    if (!token)
        return malformed(fmt::format("'token' is not {} bytes in base64 with padding", kConnectTokenBytes));
    if (const auto parsed = ConnectToken::parse(*token); !parsed) return malformed(parsed.error().message);
    return *token;
}

}  // namespace

Result<ConnectTokenBytes> fetch_token(const Url& url, const TokenCredentials& credentials,
                                      const TokenFetchOptions& options) {
    if (url.scheme == Url::Scheme::http && !options.allow_unencrypted && !is_this_machine(url.host))
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("{}: a token holds keys and is not fetched over plain http; use https, or set "
                        "allow_unencrypted",
                        shown(url)));
    HttpClientOptions http = options.http;
    http.max_body_bytes = std::min<std::uint64_t>(http.max_body_bytes, kMaxAnswerBytes);
    const auto client = HttpClient::make(http);
    if (!client) return std::unexpected(client.error());
    Json object = Json::object();
    for (const auto& [name, value] : credentials) object[name] = value;
    const auto result = (*client)->post(
        url, HttpRequestContent::json(object.dump(-1, ' ', false, Json::error_handler_t::replace)));
    if (!result) return std::unexpected(result.error());
    if (result->status_code != 200) return std::unexpected(refusal_in(url, *result));
    return token_in(url, *result);
}

}  // namespace squall
