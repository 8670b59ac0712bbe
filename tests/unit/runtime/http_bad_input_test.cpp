// What a hostile or broken peer may send to the server and to the client, and what comes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "squall/runtime/http_client.hpp"
#include "squall/runtime/http_server.hpp"
#include "unit/runtime/http_peer.hpp"

using namespace squall;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

using namespace std::chrono_literals;

class HttpBadRequest : public testing::Test {
  protected:
    std::unique_ptr<HttpServer> start(HttpServerOptions options = {}) {
        options.workers = 2;
        auto server = HttpServer::start(
            options,
            {{.path = "/", .handler = [](const HttpRequest&) { return HttpResponse::text(200, "ok"); }},
             {.method = HttpMethod::post,
              .path = "/body",
              .handler = [](const HttpRequest& request) { return HttpResponse::from_bytes(request.body); },
              .max_body_bytes = 100}});
        EXPECT_TRUE(server) << server.error().message;
        return std::move(*server);
    }
    std::string say(const std::string& text) {
        test::RawConnection connection(server_->local_address());
        connection.send(text);
        connection.finish();
        return connection.receive_all();
    }
    std::unique_ptr<HttpServer> server_ = start();
};

TEST_F(HttpBadRequest, IsAnsweredByWhatIsWrong) {
    const std::string host = "Host: x\r\n";
    EXPECT_THAT(say("GET / HTTP/1.1\r\n" + host + "\r\n"), StartsWith("HTTP/1.1 200 OK"));
    EXPECT_THAT(say("GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
    EXPECT_THAT(say("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say("GET / HTTP/2.0\r\n" + host + "\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say("GET / HTTP/1.1\r\n" + host + "broken\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say("GET /none HTTP/1.1\r\n" + host + "\r\n"), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(say("DELETE / HTTP/1.1\r\n" + host + "\r\n"), StartsWith("HTTP/1.1 501"));
    const auto wrong_method = say("PUT /body HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n");
    EXPECT_THAT(wrong_method, StartsWith("HTTP/1.1 405"));
    EXPECT_THAT(wrong_method, HasSubstr("Allow: POST"));
}

TEST_F(HttpBadRequest, LengthsThatContradictEachOtherAreRefused) {
    const std::string head = "POST /body HTTP/1.1\r\nHost: x\r\n";
    EXPECT_THAT(say(head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say(head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say(head + "Content-Length: -2\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say(head + "Content-Length: 99999999999999999999\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say(head + "Transfer-Encoding: gzip\r\n\r\n"), StartsWith("HTTP/1.1 501"));
    EXPECT_THAT(say(head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 501"));
    EXPECT_THAT(say(head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(say(head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpBadRequest, BodiesAreBounded) {
    const std::string head = "POST /body HTTP/1.1\r\nHost: x\r\n";
    EXPECT_THAT(say(head + "Content-Length: 100\r\n\r\n" + std::string(100, 'x')),
                StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(say(head + "Content-Length: 101\r\n\r\n" + std::string(101, 'x')),
                StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(say(head + "Content-Length: 18446744073709551615\r\n\r\n"), StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(
        say(head + "Transfer-Encoding: chunked\r\n\r\n64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n"),
        StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(
        say(head + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') + "\r\n0\r\n\r\n"),
        StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(say(head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
                StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(say(head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(10'000, 'e')),
                StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpBadRequest, HeadersAreBounded) {
    EXPECT_THAT(say("GET /" + std::string(20'000, 'x')), StartsWith("HTTP/1.1 431"));
    EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'x')),
                StartsWith("HTTP/1.1 431"));
    std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 2000; ++i) many += "A: aaaaaaaa\r\n";
    EXPECT_THAT(say(many), StartsWith("HTTP/1.1 431"));
    // The same a field at a time, so that none is large when it is read.
    test::RawConnection slow(server_->local_address());
    slow.send("GET / HTTP/1.1\r\nHost: x\r\n");
    bool open = true;
    for (int i = 0; i < 100'000 && open; ++i) open = slow.send("A: aaaaaaaa\r\n");
    slow.finish();
    EXPECT_FALSE(open && slow.receive_all().find("431") == std::string::npos);
}

TEST_F(HttpBadRequest, AnEndlessLineCostsNoMemoryAndNoWorker) {
    test::RawConnection endless(server_->local_address());
    const std::string piece(65536, 'a');
    std::size_t sent = 0;
    while (sent < 64U * 1024 * 1024 && endless.send(piece)) sent += piece.size();
    EXPECT_LT(sent, 32U * 1024 * 1024) << "the server kept on reading";
    EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpBadRequest, SeveralRequestsGoOverOneConnection) {
    const auto both =
        say("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const auto first = both.find("HTTP/1.1 200 OK");
    EXPECT_EQ(first, 0U);
    EXPECT_NE(both.find("HTTP/1.1 200 OK", 1), std::string::npos);
    EXPECT_THAT(both, HasSubstr("Connection: keep-alive"));
    server_ = start({.max_requests_per_connection = 1});
    const auto one = say("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(one.find("HTTP/1.1 200 OK", 1), std::string::npos);
}

TEST_F(HttpBadRequest, AnIdleConnectionMakesRoomForOneThatWaits) {
    server_ = start({.keep_alive_timeout = 1h});
    // As many as there are workers, each with an answer and nothing more to ask.
    test::RawConnection idle[2] = {test::RawConnection(server_->local_address()),
                                   test::RawConnection(server_->local_address())};
    for (auto& each : idle) {
        each.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_THAT(each.receive(), StartsWith("HTTP/1.1 200"));
    }
    EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpBadRequest, WhoDawdlesIsToldSo) {
    server_ = start({.request_timeout = 20ms});
    test::RawConnection dawdler(server_->local_address());
    dawdler.send("GET / HTTP/1.1\r\nHo");
    EXPECT_THAT(dawdler.receive_all(), StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpBadRequest, OneAddressMayHaveSoManyConnections) {
    server_ = start({.max_connections_per_address = 1, .keep_alive_timeout = 1h});
    test::RawConnection first(server_->local_address());
    first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(first.receive(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(say("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "");
    EXPECT_EQ(server_->statistics().refused_connections, 1U);
}

TEST_F(HttpBadRequest, OptionsAndRoutesAreChecked) {
    const auto message = [](const HttpServerOptions& options, std::vector<HttpRoute> routes) {
        const auto server = HttpServer::start(options, std::move(routes));
        return server ? std::string("it started") : server.error().message;
    };
    const auto handler = [](const HttpRequest&) { return HttpResponse{}; };
    EXPECT_THAT(message({.workers = 0}, {}), HasSubstr("workers is 0; it must be 1 to 256"));
    EXPECT_THAT(message({.max_header_bytes = 10}, {}), HasSubstr("max_header_bytes is 10"));
    EXPECT_THAT(message({.request_timeout = 0s}, {}), HasSubstr("more than zero"));
    EXPECT_THAT(message({.bind = Address()}, {}), HasSubstr("bind is no address"));
    EXPECT_THAT(message({}, {{.path = "x", .handler = handler}}), HasSubstr("begins with '/'"));
    EXPECT_THAT(message({}, {{.path = "/x"}}), HasSubstr("GET /x: it has no handler"));
    EXPECT_THAT(message({}, {{.path = "/x", .handler = handler}, {.path = "/x", .handler = handler}}),
                HasSubstr("it is there twice"));
}

// --- answers ---

Result<HttpClientResult> ask(const test::ScriptedServer& server, HttpClientOptions options = {}) {
    return (*HttpClient::make(options))->get(*Url::parse(server.url("/x?key=secret")));
}
std::string failure(const std::string& answer, HttpClientOptions options = {}) {
    const test::ScriptedServer server(answer);
    const auto result = ask(server, options);
    if (result) return "it was taken";
    EXPECT_THAT(result.error().message, StartsWith("GET http://127.0.0.1:"));
    EXPECT_THAT(result.error().message, testing::Not(HasSubstr("secret")));
    return result.error().message;
}

TEST(HttpBadAnswer, OldAndOddFormsAreRead) {
    const test::ScriptedServer until_end("HTTP/1.0 200 OK\r\nX: y\r\n\r\nall that comes");
    EXPECT_EQ(ask(until_end)->text(), "all that comes");
    const test::ScriptedServer interim("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_EQ(ask(interim)->status_code, 204);
    const test::ScriptedServer chunks(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: "
        "t\r\n\r\n");
    EXPECT_EQ(ask(chunks)->text(), "abcde");
    EXPECT_FALSE(ask(chunks)->headers.find("X-Trailer"));
}

TEST(HttpBadAnswer, BrokenOnesAreErrors) {
    EXPECT_THAT(failure(""), HasSubstr("without a word"));
    EXPECT_THAT(failure("HTTP/1.1 200 OK\r\nX: "), HasSubstr("in the middle"));
    EXPECT_THAT(failure("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
                HasSubstr("HTTP body: the peer closed"));
    EXPECT_THAT(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"),
                HasSubstr("HTTP body: the peer closed"));
    EXPECT_THAT(failure("SSH-2.0-OpenSSH\r\n"), HasSubstr("HTTP header"));
    EXPECT_THAT(failure("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x')), HasSubstr("32768 bytes"));
    EXPECT_THAT(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: br\r\n\r\n"), HasSubstr("Transfer-Encoding"));
    std::string interim;
    for (int i = 0; i < 20; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
    EXPECT_THAT(failure(interim), HasSubstr("interim"));
}

TEST(HttpBadAnswer, WaitingEnds) {
    // Listens, and never says a word.
    const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
    auto address = test::loopback_of(0);
    socklen_t length = sizeof address;
    ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::listen(silent, 8), 0);
    ::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &length);
    const auto port = std::to_string(ntohs(address.sin_port));
    const auto idle =
        (*HttpClient::make({.idle_timeout = 20ms}))->get(*Url::parse("http://127.0.0.1:" + port));
    ASSERT_FALSE(idle);
    EXPECT_EQ(idle.error().code, ErrorCode::expired);
    EXPECT_THAT(idle.error().message, HasSubstr("nothing moved for 0.02 s"));
    const auto total =
        (*HttpClient::make({.total_timeout = 20ms}))->get(*Url::parse("http://127.0.0.1:" + port));
    ASSERT_FALSE(total);
    EXPECT_THAT(total.error().message, HasSubstr("total_timeout"));
    const auto tls =
        (*HttpClient::make({.connect_timeout = 20ms}))->get(*Url::parse("https://127.0.0.1:" + port));
    ASSERT_FALSE(tls);
    EXPECT_THAT(tls.error().message, HasSubstr("TLS handshake: connect_timeout"));
    ::close(silent);
}

TEST(HttpBadAnswer, OptionsAreChecked) {
    EXPECT_FALSE(HttpClient::make({.connect_timeout = 0s}));
    EXPECT_FALSE(HttpClient::make({.max_header_bytes = 1}));
    EXPECT_FALSE(HttpClient::make({.total_timeout = -1s}));
}

}  // namespace
