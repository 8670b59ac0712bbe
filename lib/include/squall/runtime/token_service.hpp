// Connect tokens over HTTP(S): the backend's side, which mints them for players that it knows, and the
// client's, which asks for one. Neither a token nor a key ever gets into a log, an error or an exception.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "squall/core/entropy.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/runtime/http_client.hpp"
#include "squall/runtime/http_server.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/transport/connect_token.hpp"

namespace squall {

// What a player sent to prove who they are: the members of the request's JSON object. Numbers and booleans
// are there as JSON writes them ("7", "true").
using TokenCredentials = std::map<std::string, std::string>;

// Who asks, for the game to judge.
struct TokenApplicant {
    const TokenCredentials& credentials;
    // The request's headers, for credentials of another kind (Authorization).
    const HttpHeaders& headers;
    Address from{};
};

struct TokenGrant {
    ClientId client_id{};
    UserData user_data{};
};

struct TokenRefusal {
    // 400 to 499.
    int status_code = 403;
    // The player reads it; at most 200 bytes are sent.
    std::string reason = "not allowed";
};

// The game's answer. Called on the HTTP server's threads, several at once. One that throws refuses with 500.
using Authenticate = std::function<std::expected<TokenGrant, TokenRefusal>(const TokenApplicant&)>;

// One answered request, as a log may show it.
struct TokenLogEntry {
    Address from{};
    int status_code = 0;
    // Of a grant.
    ClientId client_id{};
    std::string reason{};
};

struct TokenServiceOptions {
    std::string path = "/token";
    // What each token says; see ConnectTokenRequest.
    std::uint64_t protocol_id = 0;
    Suite suite = Suite::netcode;
    std::uint32_t lifetime_seconds = 45;
    std::int32_t timeout_seconds = 10;
    std::vector<Address> public_addresses{};
    std::vector<Address> internal_addresses{};
    // Requests that one address (an IPv6 /64) may make, granted or not: so many at once, and so many a minute
    // in the long run. Beyond it the answer is 429. Behind a proxy all have one address: 0 a minute, no
    // limit.
    std::uint32_t requests_at_once = 10;
    std::uint32_t requests_per_minute = 60;
    // Addresses that are remembered for that; beyond it the one that was longest silent is forgotten.
    std::size_t max_remembered_addresses = 65536;
    // Of a request's body.
    std::uint64_t max_body_bytes = 16 * 1024;
    // Tells the wall time; also what the limits are counted by.
    std::function<UnixSeconds()> wall_clock = system_wall_clock;
    // Told of every answer, on the HTTP server's threads, one at a time.
    std::function<void(const TokenLogEntry&)> on_answer{};
};

// POST {"player": "ada", "password": "..."} gives {"token": "<base64>", "client_id": "7", "expires":
// 1700000045}, or another status code and {"error": "<reason>"}. An answer is never to be cached.
class TokenService {
  public:
    // Mints one token at once, to see that the options are right. The entropy must outlive the service.
    // Errors: those of mint_connect_token(), invalid_argument.
    [[nodiscard]] static Result<std::unique_ptr<TokenService>> make(const TokenServiceOptions& options,
                                                                    const Key& private_key,
                                                                    Authenticate authenticate,
                                                                    EntropySource& entropy);
    // Wipes the key.
    ~TokenService();
    TokenService(const TokenService&) = delete;
    TokenService& operator=(const TokenService&) = delete;

    // For HttpServer::start(). The service must outlive the server.
    [[nodiscard]] HttpRoute route();
    // What the route does with a request; may be called by several threads.
    [[nodiscard]] HttpResponse answer(const HttpRequest& request);

  private:
    struct State;
    explicit TokenService(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

struct TokenFetchOptions {
    HttpClientOptions http{};
    // A token holds the keys of the connection: over plain http anybody on the way can take it. Without this,
    // http is only used to this machine itself (127.0.0.0/8, ::1, localhost).
    bool allow_unencrypted = false;
};

// Asks a token service and checks that the answer is a token. Blocks. Errors: those of HttpClient;
// unauthorised (refused, with the service's reason), queue_full (too many requests: try later), malformed (no
// token), invalid_argument (plain http).
[[nodiscard]] Result<ConnectTokenBytes> fetch_token(const Url& url, const TokenCredentials& credentials,
                                                    const TokenFetchOptions& options = {});

}  // namespace squall
