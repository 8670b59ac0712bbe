// The backend's side: limit, read, authenticate, mint, answer.
#include "squall/runtime/token_service.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "runtime/http/connection_queue.hpp"
#include "runtime/token_rate_limit.hpp"
#include "runtime/token_text.hpp"

namespace squall {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxCredentials = 64;
constexpr std::size_t kMaxReasonBytes = 200;
constexpr std::string_view kExpected =
    "the body must be one JSON object whose members are text, numbers or booleans";

std::optional<TokenCredentials> read_credentials(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return TokenCredentials{};
    const Json object = Json::parse(text, nullptr, false);
    if (!object.is_object() || object.size() > kMaxCredentials) return std::nullopt;
    TokenCredentials credentials;
    for (const auto& [name, value] : object.items()) {
        if (!value.is_string() && !value.is_number() && !value.is_boolean()) return std::nullopt;
        credentials[name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    return credentials;
}

std::string json_text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

HttpResponse refusal(int status_code, std::string_view reason) {
    return HttpResponse::json(status_code, json_text({{"error", reason.substr(0, kMaxReasonBytes)}}));
}

Result<> check(const TokenServiceOptions& options, const Authenticate& authenticate) {
    if (!authenticate)
        return fail(ErrorCode::invalid_argument, "a token service needs a function that authenticates");
    if (!options.path.starts_with('/'))
        return fail(ErrorCode::invalid_argument, "TokenServiceOptions::path must begin with '/'");
    if (!options.wall_clock)
        return fail(ErrorCode::invalid_argument, "TokenServiceOptions::wall_clock must be set");
    if (options.requests_per_minute != 0 && options.requests_at_once == 0)
        return fail(
            ErrorCode::invalid_argument,
            "TokenServiceOptions::requests_at_once must be 1 or more, or nobody could ever ask; for no "
            "limit set requests_per_minute to 0");
    return {};
}

}  // namespace

struct TokenService::State {
    TokenServiceOptions options;
    Key private_key;
    Authenticate authenticate;
    EntropySource& entropy;
    std::mutex mutex;  // of what follows, of the entropy and of on_answer
    runtime::TokenRateLimit limit;

    [[nodiscard]] Result<ConnectTokenBytes> mint(UnixSeconds now, const TokenGrant& grant) {
        return mint_connect_token({.protocol_id = options.protocol_id,
                                   .suite = options.suite,
                                   .client_id = grant.client_id,
                                   .now = now,
                                   .lifetime_seconds = options.lifetime_seconds,
                                   .timeout_seconds = options.timeout_seconds,
                                   .public_addresses = options.public_addresses,
                                   .internal_addresses = options.internal_addresses,
                                   .user_data = grant.user_data},
                                  private_key, entropy);
    }
    [[nodiscard]] HttpResponse answer(const HttpRequest& request, TokenLogEntry& entry);
    [[nodiscard]] std::expected<TokenGrant, TokenRefusal> judge(const TokenApplicant& applicant) const;
    [[nodiscard]] HttpResponse grant(UnixSeconds now, const TokenGrant& grant, TokenLogEntry& entry);
};

std::expected<TokenGrant, TokenRefusal> TokenService::State::judge(const TokenApplicant& applicant) const {
    try {
        return authenticate(applicant);
    } catch (...) {
        // What it threw may quote the credentials: it goes nowhere.
        return std::unexpected(TokenRefusal{500, "the game's check of credentials failed"});
    }
}

HttpResponse TokenService::State::grant(UnixSeconds now, const TokenGrant& grant, TokenLogEntry& entry) {
    std::unique_lock lock(mutex);
    auto token = mint(now, grant);
    lock.unlock();
    if (!token) {
        entry.reason = "no token could be minted: " + token.error().message;
        return refusal(500, "no token could be minted");
    }
    entry.client_id = grant.client_id;
    // Client ids have 64 bits, of which JSON's numbers hold 53: it goes as text.
    auto response = HttpResponse::json(200, json_text({{"token", runtime::token_to_text(*token)},
                                                       {"client_id", std::to_string(grant.client_id.value)},
                                                       {"expires", now.value + options.lifetime_seconds}}));
    OPENSSL_cleanse(token->data(), token->size());
    return response;
}

HttpResponse TokenService::State::answer(const HttpRequest& request, TokenLogEntry& entry) {
    const UnixSeconds now = options.wall_clock();
    {
        const std::lock_guard lock(mutex);
        if (!limit.allow(now, runtime::network_of(request.from))) {
            entry.reason = "too many requests from this address";
            auto response = refusal(429, entry.reason);
            response.headers.add("Retry-After", std::to_string(60 / options.requests_per_minute + 1));
            return response;
        }
    }
    const auto credentials = read_credentials(request.text());
    if (!credentials) {
        entry.reason = kExpected;
        return refusal(400, kExpected);
    }
    const auto judged =
        judge({.credentials = *credentials, .headers = request.headers, .from = request.from});
    if (judged) return grant(now, *judged, entry);
    const TokenRefusal& refused = judged.error();
    entry.reason = refused.reason.substr(0, kMaxReasonBytes);
    const bool is_refusal = refused.status_code >= 400 && refused.status_code <= 500;
    return refusal(is_refusal ? refused.status_code : 403, refused.reason);
}

Result<std::unique_ptr<TokenService>> TokenService::make(const TokenServiceOptions& options,
                                                         const Key& private_key, Authenticate authenticate,
                                                         EntropySource& entropy) {
    if (auto checked = check(options, authenticate); !checked) return std::unexpected(checked.error());
    std::unique_ptr<State> state(new State{
        .options = options,
        .private_key = private_key,
        .authenticate = std::move(authenticate),
        .entropy = entropy,
        .mutex = {},
        .limit = {options.requests_at_once, options.requests_per_minute, options.max_remembered_addresses}});
    if (auto token = state->mint(options.wall_clock(), {}); !token) return std::unexpected(token.error());
    return std::unique_ptr<TokenService>(new TokenService(std::move(state)));
}

TokenService::TokenService(std::unique_ptr<State> state) : state_(std::move(state)) {}
TokenService::~TokenService() {
    OPENSSL_cleanse(state_->private_key.data(), state_->private_key.size());
}

HttpRoute TokenService::route() {
    return {.method = HttpMethod::post,
            .path = state_->options.path,
            .handler = [this](const HttpRequest& request) { return answer(request); },
            .max_body_bytes = state_->options.max_body_bytes};
}

HttpResponse TokenService::answer(const HttpRequest& request) {
    TokenLogEntry entry{.from = request.from};
    HttpResponse response = state_->answer(request, entry);
    response.headers.add("Cache-Control", "no-store");
    entry.status_code = response.status_code;
    if (state_->options.on_answer) {
        const std::lock_guard lock(state_->mutex);
        state_->options.on_answer(entry);
    }
    return response;
}

}  // namespace squall
