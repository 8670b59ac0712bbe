// The token service: who gets a token, who is refused and how, how often one may ask, and that no secret ever
// leaves by another way than in the answer.
#include "squall/runtime/token_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "runtime/token_rate_limit.hpp"
#include "runtime/token_text.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "unit/runtime/http_peer.hpp"

using namespace squall;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr UnixSeconds kNow{1'700'000'000};

// Knows ada, whose password is "lovelace"; throws for "throw".
std::expected<TokenGrant, TokenRefusal> judge(const TokenApplicant& applicant) {
    const auto find = [&](const std::string& name) {
        const auto found = applicant.credentials.find(name);
        return found == applicant.credentials.end() ? std::string() : found->second;
    };
    if (find("player") == "throw") throw std::runtime_error("bad password " + find("password"));
    if (find("player") != "ada" || find("password") != "lovelace")
        return std::unexpected(TokenRefusal{401, "unknown player or wrong password"});
    TokenGrant grant{.client_id = ClientId{0xfedc'ba98'7654'3210}};
    grant.user_data[0] = std::byte{7};
    return grant;
}

class TokenServiceTest : public testing::Test {
  protected:
    TokenServiceTest() { entropy_.fill(key_); }

    TokenServiceOptions options() {
        return {.protocol_id = 99,
                .public_addresses = {Address::loopback(40000)},
                .wall_clock = [this] { return now_; },
                .on_answer = [this](const TokenLogEntry& entry) { log_.push_back(entry); }};
    }
    std::unique_ptr<TokenService> make(const TokenServiceOptions& options) {
        auto service = TokenService::make(options, key_, judge, entropy_);
        EXPECT_TRUE(service) << service.error().message;
        return std::move(*service);
    }
    static HttpRequest request(std::string_view body, const Address& from = Address::loopback(1)) {
        return {.method = HttpMethod::post,
                .path = "/token",
                .body = {as_bytes(body).begin(), as_bytes(body).end()},
                .from = from};
    }

    UnixSeconds now_ = kNow;
    SystemEntropy entropy_;
    Key key_{};
    std::vector<TokenLogEntry> log_;
};

constexpr std::string_view kAda = R"({"player": "ada", "password": "lovelace"})";

TEST_F(TokenServiceTest, APlayerFetchesATokenThatTheServersCanRead) {
    const auto service = make(options());
    const auto server = HttpServer::start({}, {service->route()});
    ASSERT_TRUE(server);
    const auto url = *Url::parse("http://" + to_string((*server)->local_address()) + "/token");
    const auto token = fetch_token(url, {{"player", "ada"}, {"password", "lovelace"}});
    ASSERT_TRUE(token) << token.error().message;
    const auto parsed = ConnectToken::parse(*token);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->protocol_id, 99U);
    EXPECT_EQ(parsed->created, kNow);
    EXPECT_EQ(parsed->expires.value, kNow.value + 45);
    EXPECT_EQ(parsed->server_addresses, std::vector{Address::loopback(40000)});
    const auto again = fetch_token(url, {{"player", "ada"}, {"password", "lovelace"}});
    ASSERT_TRUE(again);
    EXPECT_NE(*again, *token);
    ASSERT_EQ(log_.size(), 2U);
    EXPECT_EQ(log_[0].client_id.value, 0xfedc'ba98'7654'3210U);
    EXPECT_EQ(log_[0].status_code, 200);
}

TEST_F(TokenServiceTest, WorksOverHttpsWithACertificateCheck) {
    const test::CertificateFiles files("token", "DNS:localhost");
    const auto service = make(options());
    const auto server =
        HttpServer::start({.tls = TlsFiles{files.certificate, files.private_key}}, {service->route()});
    ASSERT_TRUE(server);
    const auto url =
        *Url::parse("https://localhost:" + std::to_string((*server)->local_address().port()) + "/token");
    const TokenCredentials ada{{"player", "ada"}, {"password", "lovelace"}};
    const auto token = fetch_token(url, ada, {.http = {.authorities_file = files.certificate}});
    EXPECT_TRUE(token) << token.error().message;
    const auto untrusted = fetch_token(url, ada);
    ASSERT_FALSE(untrusted);
    EXPECT_EQ(untrusted.error().code, ErrorCode::unauthorised);
}

TEST_F(TokenServiceTest, RefusalsReachThePlayerWithTheirReason) {
    const auto service = make(options());
    const auto server = HttpServer::start({}, {service->route()});
    const auto url = *Url::parse("http://" + to_string((*server)->local_address()) + "/token?x=1");
    const auto refused = fetch_token(url, {{"player", "eve"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unauthorised);
    EXPECT_THAT(refused.error().message, HasSubstr("(status 401): unknown player or wrong password"));
    auto elsewhere = url;
    elsewhere.path = "/other";
    EXPECT_THAT(fetch_token(elsewhere, {}).error().message, HasSubstr("status 404"));
}

TEST_F(TokenServiceTest, BadBodiesAreRefusedBeforeTheGameIsAsked) {
    const auto service = make(options());
    for (const std::string_view body : {"nonsense", "[1, 2]", "7", "{\"a\": {\"b\": 1}}", "{\"a\": [1]}",
                                        "{\"a\": null}", "{\"a\": \"\xff\"}", "{\"a\": 1"}) {
        const auto response = service->answer(request(body));
        EXPECT_EQ(response.status_code, 400) << body;
        EXPECT_THAT(std::string(as_text(response.body)), HasSubstr("one JSON object")) << body;
        now_.value += 60;
    }
    std::string many = "{\"a\": 1";
    for (int i = 0; i < 64; ++i) many += ", \"b" + std::to_string(i) + "\": 1";
    EXPECT_EQ(service->answer(request(many + "}")).status_code, 400);
    EXPECT_EQ(service->answer(request(std::string(10'000, '['))).status_code, 400);
    EXPECT_EQ(service->answer(request(" ")).status_code, 401)
        << "no credentials in the body is for the game to judge";
}

TEST_F(TokenServiceTest, AnAddressMayAskSoOften) {
    auto limited = options();
    limited.requests_at_once = 3;
    limited.requests_per_minute = 6;
    const auto service = make(limited);
    const auto ask = [&](const Address& from) { return service->answer(request(kAda, from)).status_code; };
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(Address::loopback(static_cast<std::uint16_t>(i + 1))), 200);
    EXPECT_EQ(ask(Address::loopback(9)), 429);
    EXPECT_EQ(ask(Address::ipv4(127, 0, 0, 2, 1)), 200) << "another address has its own";
    now_.value += 9;
    EXPECT_EQ(ask(Address::loopback(9)), 429);
    now_.value += 1;
    EXPECT_EQ(ask(Address::loopback(9)), 200);
    EXPECT_EQ(ask(Address::loopback(9)), 429);
    now_.value -= 1000;
    EXPECT_EQ(ask(Address::loopback(9)), 429) << "a clock that goes back gives nothing";
    const auto response = service->answer(request(kAda));
    EXPECT_EQ(response.headers.find("Retry-After"), "11");
    EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
}

TEST(TokenRateLimit, RemembersSoManyAddressesAndForgetsTheLongestSilent) {
    runtime::TokenRateLimit limit(1, 1, 2);
    const auto address = [](std::uint8_t last) { return Address::ipv4(10, 0, 0, last, 0); };
    EXPECT_TRUE(limit.allow(kNow, address(1)));
    EXPECT_TRUE(limit.allow(kNow, address(2)));
    EXPECT_FALSE(limit.allow(kNow, address(1)));
    EXPECT_TRUE(limit.allow(kNow, address(3)));  // forgets 2
    EXPECT_EQ(limit.remembered(), 2U);
    EXPECT_FALSE(limit.allow(kNow, address(1)));
    EXPECT_TRUE(limit.allow(kNow, address(2)));
    runtime::TokenRateLimit none(0, 0, 1);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(none.allow(kNow, address(1)));
}

TEST_F(TokenServiceTest, OptionsAreCheckedAtOnce) {
    const auto message = [&](const TokenServiceOptions& bad) {
        const auto service = TokenService::make(bad, key_, judge, entropy_);
        return service ? std::string("it was made") : service.error().message;
    };
    auto bad = options();
    bad.public_addresses.clear();
    EXPECT_THAT(message(bad), HasSubstr("address"));
    bad = options();
    bad.path = "token";
    EXPECT_THAT(message(bad), HasSubstr("begin with '/'"));
    bad = options();
    bad.requests_at_once = 0;
    EXPECT_THAT(message(bad), HasSubstr("requests_at_once"));
    bad = options();
    bad.lifetime_seconds = 0;
    EXPECT_THAT(message(bad), HasSubstr("lifetime"));
    EXPECT_FALSE(TokenService::make(options(), key_, nullptr, entropy_));
}

TEST_F(TokenServiceTest, PlainHttpIsForThisMachineOnly) {
    const auto refused = fetch_token(*Url::parse("http://203.0.113.1/token"), {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("use https"));
    EXPECT_THAT(fetch_token(*Url::parse("http://localhost.example.org/"), {}).error().message,
                HasSubstr("use https"));
}

TEST_F(TokenServiceTest, AnAnswerThatIsNoTokenIsRefusedAndNotRepeated) {
    const auto service = make(options());
    const auto good = service->answer(request(kAda));
    const std::string text(as_text(good.body));
    const auto at = text.find("\"token\":\"") + 9;
    const auto token = text.substr(at, text.find('"', at) - at);
    const auto fetch = [&](const std::string& body) {
        const test::ScriptedServer server(
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        const auto fetched = fetch_token(*Url::parse(server.url("/token")), {});
        return fetched ? std::string("it was taken") : fetched.error().message;
    };
    EXPECT_EQ(fetch(text), "it was taken");
    EXPECT_THAT(fetch("hello"), HasSubstr("not a JSON object"));
    EXPECT_THAT(fetch("{}"), HasSubstr("no text 'token'"));
    EXPECT_THAT(fetch("{\"token\": 7}"), HasSubstr("no text 'token'"));
    for (const auto& bad : {token.substr(4), token + "AAAA", " " + token.substr(1),
                            token.substr(0, 2731) + "A", "ATNFVENPREUgMS4wMgA=" + token.substr(20)}) {
        const auto message = fetch("{\"token\": \"" + bad + "\"}");
        EXPECT_THAT(message, HasSubstr("holds no token"));
        EXPECT_THAT(message, Not(HasSubstr(bad.substr(100, 24))));
    }
}

// --- no secret in any output ---

std::string base64(Bytes bytes) {
    std::string text(bytes.size() * 2 + 8, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

// Whether 12 bytes in a row of the secret are in the text: raw, in hex (either case) or in base64 (any
// offset).
bool holds(const std::string& text, Bytes secret) {
    std::string upper = text;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (std::size_t i = 0; i + 12 <= secret.size(); ++i) {
        const auto piece = secret.subspan(i, 12);
        std::string hex = to_hex(piece);
        for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        if (text.find(as_text(piece)) != std::string::npos || upper.find(hex) != std::string::npos ||
            text.find(base64(piece)) != std::string::npos)
            return true;
    }
    return false;
}

TEST_F(TokenServiceTest, TheSearchForSecretsFindsThem) {
    const Bytes key = key_;
    EXPECT_TRUE(holds("x" + std::string(as_text(key)), key));
    EXPECT_TRUE(holds("key=" + to_hex(key), key));
    EXPECT_TRUE(holds("key=" + base64(key), key));
    EXPECT_TRUE(holds("key=" + base64(key.subspan(1)), key));
    EXPECT_FALSE(holds("nothing", key));
}

TEST_F(TokenServiceTest, NeitherTokenNorKeyNorPasswordIsEverInALogOrAnError) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    std::string output;
    std::mutex mutex;
    const auto note = [&](std::string_view text) {
        const std::lock_guard lock(mutex);
        output += text;
        output += '\n';
    };
    auto logging = options();
    logging.requests_at_once = 30;
    logging.on_answer = [&](const TokenLogEntry& entry) {
        note(to_string(entry.from) + " " + std::to_string(entry.status_code) + " " +
             std::to_string(entry.client_id.value) + " " + entry.reason);
    };
    const auto service = make(logging);
    auto server =
        HttpServer::start({.max_header_bytes = 4096,
                           .on_access =
                               [&](const HttpAccess& access) {
                                   note(to_string(access.from) + " " + access.method + " " + access.path +
                                        " " + std::to_string(access.status_code) + " " + access.note);
                               }},
                          {service->route()});
    ASSERT_TRUE(server);
    const auto base = "http://" + to_string((*server)->local_address());
    std::vector<ConnectTokenBytes> tokens;
    const auto fetch = [&](std::string_view path, const TokenCredentials& credentials,
                           const TokenFetchOptions& how = {}) {
        const auto token = fetch_token(*Url::parse(base + std::string(path)), credentials, how);
        if (token)
            tokens.push_back(*token);
        else
            note(token.error().message);
    };
    const TokenCredentials ada{{"player", "ada"}, {"password", "lovelace"}};
    const std::string key_text = to_hex(key_);
    fetch("/token", ada);
    fetch("/token?key=" + key_text, ada);
    fetch("/other?key=" + key_text, ada);
    fetch("/token", {{"player", "eve"}, {"password", "lovelace"}});
    fetch("/token", {{"player", "throw"}, {"password", "lovelace"}});
    fetch("/token", {{"player", std::string(20'000, 'x')}, {"password", "lovelace"}});
    fetch("/token", ada, {.http = {.max_body_bytes = 100}});
    fetch("/token", ada, {.http = {.max_header_bytes = 1}});
    ASSERT_FALSE(tokens.empty());
    // Tokens sent back where none belong: as a body, a header, a request line, a broken request.
    for (const std::string& token : {std::string(as_text(tokens[0])), runtime::token_to_text(tokens[0])}) {
        for (const std::string& said :
             {"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(token.size()) +
                  "\r\n\r\n" + token,
              "POST /token HTTP/1.1\r\nHost: x\r\nAuthorization: " + token +
                  "\r\nContent-Length: 2\r\n\r\n{}",
              "GET /token?" + token + " HTTP/1.1\r\nHost: x\r\n\r\n", token, token + "\r\n\r\n",
              "POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + token}) {
            test::RawConnection connection((*server)->local_address());
            connection.send(said);
            connection.finish();
            note(connection.receive_all());
        }
    }
    // A service that answers with tokens that are none.
    const auto bad_answer = "{\"token\": \"" + runtime::token_to_text(tokens[0]).substr(8) + "\"}";
    const test::ScriptedServer liar(
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bad_answer.size()) + "\r\n\r\n" + bad_answer);
    note(fetch_token(*Url::parse(liar.url()), ada).error().message);
    const test::ScriptedServer breaker("HTTP/1.1 200 OK\r\n" + bad_answer + "\r\n\r\n");
    note(fetch_token(*Url::parse(breaker.url()), ada).error().message);
    for (int i = 0; i < 40; ++i) fetch("/token", ada);
    (*server)->stop();

    output += testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
    EXPECT_THAT(output, HasSubstr(" 200 "));
    EXPECT_THAT(output, HasSubstr(" 401 "));
    EXPECT_THAT(output, HasSubstr(" 429 "));
    EXPECT_THAT(output, Not(HasSubstr("lovelace")));
    EXPECT_FALSE(holds(output, key_));
    for (const auto& token : tokens) EXPECT_FALSE(holds(output, token));
}

}  // namespace
