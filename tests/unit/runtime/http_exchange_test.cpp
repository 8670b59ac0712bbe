// Client and server against each other: methods, bodies byte by byte, streams, TLS, redirections, stopping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>

#include "squall/core/rng.hpp"
#include "squall/runtime/http_client.hpp"
#include "squall/runtime/http_server.hpp"
#include "unit/runtime/http_peer.hpp"

using namespace squall;
using testing::HasSubstr;
using testing::Not;

namespace {

using namespace std::chrono_literals;

std::vector<std::byte> random_bytes(std::size_t size, std::uint64_t seed) {
    std::vector<std::byte> bytes(size);
    Rng rng(seed);
    for (auto& byte : bytes) byte = static_cast<std::byte>(rng.next() & 0xff);
    return bytes;
}

HttpRoute echo(HttpMethod method) {
    return {.method = method, .path = "/echo", .handler = [](const HttpRequest& request) {
                auto response = HttpResponse::from_bytes(request.body);
                response.headers.add("X-Type",
                                     std::string(request.headers.find("content-type").value_or("-")));
                response.headers.add("X-Coding",
                                     std::string(request.headers.find("transfer-encoding").value_or("-")));
                return response;
            }};
}

struct Served {
    explicit Served(std::vector<HttpRoute> routes, HttpServerOptions options = {}) {
        auto started = HttpServer::start(options, std::move(routes));
        EXPECT_TRUE(started) << started.error().message;
        server = std::move(*started);
        secure = options.tls.has_value();
    }
    [[nodiscard]] Url url(std::string_view path, std::string_view host = "127.0.0.1") const {
        return *Url::parse(fmt_url(path, host));
    }
    [[nodiscard]] std::string fmt_url(std::string_view path, std::string_view host) const {
        return std::string(secure ? "https://" : "http://") + std::string(host) + ":" +
               std::to_string(server->local_address().port()) + std::string(path);
    }
    std::unique_ptr<HttpServer> server;
    bool secure = false;
};

std::unique_ptr<HttpClient> make_client(const HttpClientOptions& options = {}) {
    auto client = HttpClient::make(options);
    EXPECT_TRUE(client) << client.error().message;
    return std::move(*client);
}

// A source that yields the bytes in pieces of odd sizes.
HttpBodySource source_of(const std::vector<std::byte>& bytes) {
    return [&bytes, at = std::size_t{0}](MutableBytes out) mutable -> Result<std::size_t> {
        const auto size = std::min({out.size(), bytes.size() - at, std::size_t{4999}});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
        at += size;
        return size;
    };
}

TEST(HttpExchange, GetGivesStatusHeadersAndBody) {
    Served served({{.path = "/hello", .handler = [](const HttpRequest& request) {
                        EXPECT_EQ(request.query, "name=ada");
                        EXPECT_EQ(request.headers.find("x-asked"), "yes");
                        EXPECT_FALSE(request.encrypted);
                        auto response = HttpResponse::text(202, "hello ada");
                        response.headers.add("X-Answer", "42");
                        return response;
                    }}});
    const auto result = make_client()->get(served.url("/hello?name=ada"), {{{"X-Asked", "yes"}}});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->status_code, 202);
    EXPECT_EQ(result->reason, "Accepted");
    EXPECT_TRUE(result->is_success());
    EXPECT_EQ(result->headers.find("x-answer"), "42");
    EXPECT_EQ(result->text(), "hello ada");
    EXPECT_EQ(result->body_bytes, 9U);
}

TEST(HttpExchange, PostAndPutArriveByteExact) {
    Served served({echo(HttpMethod::post), echo(HttpMethod::put)});
    const auto client = make_client();
    for (const std::size_t size : {0UL, 1UL, 2UL, 1023UL, 8192UL, 300'000UL}) {
        const auto body = random_bytes(size, size);
        const auto content = HttpRequestContent::from_bytes(body, "application/x-test");
        for (const auto& result :
             {client->post(served.url("/echo"), content), client->put(served.url("/echo"), content)}) {
            ASSERT_TRUE(result) << result.error().message;
            EXPECT_EQ(result->status_code, 200);
            EXPECT_EQ(result->body, body);
            EXPECT_EQ(result->headers.find("X-Type"), "application/x-test");
        }
    }
}

TEST(HttpExchange, UploadsAsStreamInChunksOrWithALength) {
    Served served({echo(HttpMethod::post)});
    const auto body = random_bytes(200'000, 1);
    const auto client = make_client();
    const auto chunked = client->post(served.url("/echo"), {.source = source_of(body)});
    ASSERT_TRUE(chunked) << chunked.error().message;
    EXPECT_EQ(chunked->body, body);
    EXPECT_EQ(chunked->headers.find("X-Coding"), "chunked");
    const auto announced =
        client->post(served.url("/echo"), {.source = source_of(body), .length = body.size()});
    ASSERT_TRUE(announced) << announced.error().message;
    EXPECT_EQ(announced->body, body);
    EXPECT_EQ(announced->headers.find("X-Coding"), "-");
}

TEST(HttpExchange, ASourceThatEndsEarlyOrFailsIsAnError) {
    Served served({echo(HttpMethod::post)});
    const auto body = random_bytes(1000, 1);
    const auto client = make_client();
    const auto early = client->post(served.url("/echo"), {.source = source_of(body), .length = 1001});
    ASSERT_FALSE(early);
    EXPECT_THAT(early.error().message, HasSubstr("ended after 1000 bytes, but 1001 were announced"));
    const auto failed = client->post(served.url("/echo"), {.source = [](MutableBytes) -> Result<std::size_t> {
                                         return fail(ErrorCode::expired, "the disk is gone");
                                     }});
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().message, HasSubstr("the disk is gone"));
}

TEST(HttpExchange, ALargeAnswerIsStreamedAndTheSinkMayStop) {
    static constexpr std::uint64_t kSize = 50'000'000;
    Served served({{.path = "/large", .handler = [](const HttpRequest&) {
                        HttpResponse response;
                        response.length = kSize;
                        response.source = [](MutableBytes out) -> Result<std::size_t> { return out.size(); };
                        return response;
                    }}});
    const auto client = make_client();
    std::uint64_t seen = 0;
    std::size_t largest = 0;
    const auto all = client->get(served.url("/large"), {}, [&](Bytes bytes) {
        seen += bytes.size();
        largest = std::max(largest, bytes.size());
        return true;
    });
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(seen, kSize);
    EXPECT_EQ(all->body_bytes, kSize);
    EXPECT_TRUE(all->body.empty());
    EXPECT_LE(largest, 64U * 1024);
    seen = 0;
    const auto some = client->get(served.url("/large"), {}, [&](Bytes bytes) {
        seen += bytes.size();
        return seen < 1'000'000;
    });
    ASSERT_TRUE(some) << some.error().message;
    EXPECT_TRUE(some->stopped);
    EXPECT_LT(seen, 1'100'000U);
}

TEST(HttpExchange, AnAnswerOfUnknownLengthComesInChunks) {
    const auto body = random_bytes(100'000, 3);
    Served served({{.path = "/chunks", .handler = [&](const HttpRequest&) {
                        HttpResponse response;
                        response.source = source_of(body);
                        return response;
                    }}});
    const auto result = make_client()->get(served.url("/chunks"));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->headers.find("Transfer-Encoding"), "chunked");
    EXPECT_EQ(result->body, body);
}

TEST(HttpExchange, AnUploadCanGoToASinkOfTheServer) {
    const auto body = random_bytes(3'000'000, 4);
    std::vector<std::byte> stored;
    Served served({{.method = HttpMethod::put,
                    .path = "/files/*",
                    .handler =
                        [](const HttpRequest& request) {
                            EXPECT_TRUE(request.body.empty());
                            return HttpResponse::text(201, std::to_string(request.body_bytes));
                        },
                    .max_body_bytes = 3'000'000,
                    .body_sink = [&](const HttpRequest& request) -> HttpBodySink {
                        EXPECT_EQ(request.path, "/files/a.bin");
                        return [&](Bytes bytes) {
                            stored.insert(stored.end(), bytes.begin(), bytes.end());
                            return true;
                        };
                    }}});
    const auto client = make_client();
    const auto result = client->put(served.url("/files/a.bin"), {.source = source_of(body)});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->status_code, 201);
    EXPECT_EQ(result->text(), "3000000");
    EXPECT_EQ(stored, body);
}

TEST(HttpExchange, TheAnswersBodyIsBounded) {
    Served served(
        {{.path = "/known",
          .handler =
              [](const HttpRequest&) { return HttpResponse::from_bytes(std::vector<std::byte>(1001)); }},
         {.path = "/chunks", .handler = [](const HttpRequest&) {
              HttpResponse response;
              response.source = [](MutableBytes out) -> Result<std::size_t> { return out.size(); };
              return response;
          }}});
    const auto client = make_client({.max_body_bytes = 1000});
    for (const auto* path : {"/known", "/chunks"}) {
        const auto result = client->get(served.url(path));
        ASSERT_FALSE(result) << path;
        EXPECT_EQ(result.error().code, ErrorCode::too_large);
        EXPECT_THAT(result.error().message, HasSubstr("1000"));
    }
}

TEST(HttpExchange, RedirectionsAreFollowedOnlyOnRequest) {
    std::string seen_authorization = "none";
    Served target({{.path = "/there", .handler = [&](const HttpRequest& request) {
                        seen_authorization = request.headers.find("Authorization").value_or("dropped");
                        return HttpResponse::text(200, "arrived");
                    }}});
    Served served({{.path = "/away",
                    .handler =
                        [&](const HttpRequest&) {
                            auto response = HttpResponse::text(302, "gone");
                            response.headers.add("Location", target.fmt_url("/there", "127.0.0.1"));
                            return response;
                        }},
                   {.path = "/here",
                    .handler =
                        [](const HttpRequest&) {
                            auto response = HttpResponse::text(307, "gone");
                            response.headers.add("Location", "/away");
                            return response;
                        }},
                   {.path = "/loop", .handler = [](const HttpRequest&) {
                        auto response = HttpResponse::text(301, "round and round");
                        response.headers.add("Location", "/loop");
                        return response;
                    }}});
    EXPECT_EQ(make_client()->get(served.url("/here"))->status_code, 307);
    const auto client = make_client({.max_redirects = 2});
    std::string body;
    const auto result = client->get(served.url("/here"), {{{"Authorization", "secret"}}}, [&](Bytes bytes) {
        body += as_text(bytes);
        return true;
    });
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->status_code, 200);
    EXPECT_EQ(body, "arrived");
    EXPECT_EQ(seen_authorization, "dropped");
    const auto loop = client->get(served.url("/loop"));
    ASSERT_FALSE(loop);
    EXPECT_THAT(loop.error().message, HasSubstr("more than 2 redirections"));
}

TEST(HttpExchange, AHandlerThatThrowsGives500AndSaysNothing) {
    std::string note;
    Served served(
        {{.path = "/throws",
          .handler = [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); }}},
        {.on_access = [&](const HttpAccess& access) { note = access.note; }});
    const auto result = make_client()->get(served.url("/throws"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status_code, 500);
    EXPECT_THAT(std::string(result->text()), Not(HasSubstr("secret")));
    served.server->stop();
    EXPECT_EQ(note, "the handler threw an exception");
}

TEST(HttpExchange, ALineBreakInAHeaderIsRefusedOnBothSides) {
    Served served({{.path = "/splits", .handler = [](const HttpRequest&) {
                        auto response = HttpResponse::text(200, "ok");
                        response.headers.add("X-A", "b\r\nSet-Cookie: c");
                        return response;
                    }}});
    const auto client = make_client();
    EXPECT_EQ(client->get(served.url("/splits"))->status_code, 500);
    const auto refused = client->get(served.url("/splits"), {{{"X-A", "b\r\nX-B: c"}}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr("'X-A': its value has a control character"));
    EXPECT_FALSE(client->get(served.url("/splits"), {{{"X A", "b"}}}));
    EXPECT_FALSE(client->get(served.url("/splits"), {{{"Content-Length", "5"}}}));
}

TEST(HttpExchange, ManyClientsAtOnce) {
    Served served({echo(HttpMethod::post)}, {.workers = 3});
    const auto client = make_client();
    std::vector<std::future<bool>> answers;
    for (std::size_t i = 0; i < 24; ++i)
        answers.push_back(std::async(std::launch::async, [&, i] {
            const auto body = random_bytes(1000 + i, i);
            const auto result = client->post(served.url("/echo"), HttpRequestContent::from_bytes(body));
            return result && result->body == body;
        }));
    for (auto& answer : answers) EXPECT_TRUE(answer.get());
    served.server->stop();
    EXPECT_EQ(served.server->statistics().requests, 24U);
}

TEST(HttpExchange, StoppingLetsARequestEnd) {
    std::promise<void> inside;
    std::promise<void> go_on;
    Served served({{.path = "/slow", .handler = [&](const HttpRequest&) {
                        inside.set_value();
                        go_on.get_future().wait();
                        return HttpResponse::text(200, "done");
                    }}});
    auto answer = std::async(std::launch::async, [&] { return make_client()->get(served.url("/slow")); });
    inside.get_future().wait();
    auto stopped = std::async(std::launch::async, [&] { served.server->stop(); });
    go_on.set_value();
    const auto result = answer.get();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->text(), "done");
    stopped.get();
    const auto late = make_client()->get(served.url("/slow"));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::io);
    EXPECT_THAT(late.error().message, HasSubstr("cannot connect to 127.0.0.1"));
}

TEST(HttpExchange, StoppingCutsOffWhoDawdles) {
    Served served({echo(HttpMethod::post)}, {.request_timeout = 1h, .stop_grace = 1ms});
    test::RawConnection dawdler(served.server->local_address());
    ASSERT_TRUE(
        dawdler.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
    EXPECT_EQ(dawdler.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
    served.server->stop();
    EXPECT_EQ(dawdler.receive_all().find("200 OK"), std::string::npos);
}

TEST(HttpExchange, TwoServersDoNotShareAPort) {
    Served first({echo(HttpMethod::post)});
    const auto second = HttpServer::start({.bind = first.server->local_address()}, {echo(HttpMethod::post)});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
}

// --- https ---

class Https : public testing::Test {
  protected:
    static const test::CertificateFiles& certificate() {
        static const test::CertificateFiles files("https", "DNS:localhost,IP:127.0.0.1");
        return files;
    }
    static HttpServerOptions options() {
        return {.tls = TlsFiles{certificate().certificate, certificate().private_key}};
    }
    Served served_{{echo(HttpMethod::post),
                    {.path = "/secret",
                     .handler =
                         [](const HttpRequest& request) {
                             EXPECT_TRUE(request.encrypted);
                             return HttpResponse::text(200, "safe");
                         }}},
                   options()};
};

TEST_F(Https, WorksByNameAndByAddressWithAnAuthoritiesFile) {
    const auto client = make_client({.authorities_file = certificate().certificate});
    for (const auto* host : {"localhost", "127.0.0.1"}) {
        const auto result = client->get(served_.url("/secret", host));
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(result->text(), "safe");
    }
    const auto body = random_bytes(500'000, 5);
    const auto echoed = client->post(served_.url("/echo"), {.source = source_of(body)});
    ASSERT_TRUE(echoed) << echoed.error().message;
    EXPECT_EQ(echoed->body, body);
}

TEST_F(Https, ACertificateThatNobodySignedIsRefused) {
    const auto result = make_client()->get(served_.url("/secret", "localhost"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::unauthorised);
    EXPECT_THAT(result.error().message,
                HasSubstr("the certificate is not accepted: self-signed certificate"));
    served_.server->stop();
    EXPECT_EQ(served_.server->statistics().failed_handshakes, 1U);
}

TEST_F(Https, ACertificateForAnotherHostIsRefused) {
    const test::CertificateFiles other("other", "DNS:example.org,IP:192.0.2.1");
    Served served({echo(HttpMethod::post)}, {.tls = TlsFiles{other.certificate, other.private_key}});
    const auto client = make_client({.authorities_file = other.certificate});
    const auto by_name = client->get(served.url("/", "localhost"));
    ASSERT_FALSE(by_name);
    EXPECT_EQ(by_name.error().code, ErrorCode::unauthorised);
    EXPECT_THAT(by_name.error().message, HasSubstr("hostname mismatch"));
    const auto by_address = client->get(served.url("/", "127.0.0.1"));
    ASSERT_FALSE(by_address);
    EXPECT_THAT(by_address.error().message, HasSubstr("IP address mismatch"));
}

TEST_F(Https, AnyCertificateIsTakenOnlyIfThatIsSaid) {
    const auto client = make_client({.accept_any_certificate_insecurely = true});
    EXPECT_TRUE(client->get(served_.url("/secret")));
}

TEST_F(Https, PlainAndEncryptedDoNotMix) {
    auto url = served_.url("/secret");
    url.scheme = Url::Scheme::http;
    EXPECT_FALSE(make_client()->get(url));
    Served plain({echo(HttpMethod::post)});
    url = plain.url("/echo");
    url.scheme = Url::Scheme::https;
    const auto result = make_client()->get(url);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("TLS"));
}

TEST_F(Https, BadFilesAreNamed) {
    const auto missing = HttpServer::start({.tls = TlsFiles{"nowhere.crt", "nowhere.key"}}, {});
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("certificate file 'nowhere.crt'"));
    EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
    EXPECT_EQ(missing.error().code, ErrorCode::io);
    const test::CertificateFiles other("unfit", "DNS:localhost");
    const auto unfit = HttpServer::start({.tls = TlsFiles{certificate().certificate, other.private_key}}, {});
    ASSERT_FALSE(unfit);
    EXPECT_EQ(unfit.error().code, ErrorCode::malformed);
    const auto no_authorities = HttpClient::make({.authorities_file = "nowhere.pem"});
    ASSERT_FALSE(no_authorities);
    EXPECT_THAT(no_authorities.error().message, HasSubstr("'nowhere.pem'"));
}

}  // namespace
