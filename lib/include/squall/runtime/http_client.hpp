// HTTP/1.1 requests over TCP and TLS: GET, POST and PUT, each on a connection of its own. Blocks the calling
// thread until the answer is there or a time is up: for tokens, reports and control, never in a pump. Knows
// nothing of cookies, caches, proxies or compression.
#pragma once

#include <memory>
#include <string>

#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/runtime/http_message.hpp"
#include "squall/runtime/http_url.hpp"

namespace squall {

struct HttpClientOptions {
    // To have a connection, the TLS handshake included, for each address of the host.
    Duration connect_timeout = std::chrono::seconds(5);
    // Silence of the peer that is waited for, while sending and while receiving.
    Duration idle_timeout = std::chrono::seconds(10);
    // For the whole exchange after connecting; zero: no such limit (a long download).
    Duration total_timeout = std::chrono::seconds(60);
    // 1 KiB to 1 MiB.
    std::size_t max_header_bytes = 32 * 1024;
    // Of the answer; also for a body that goes to a sink.
    std::uint64_t max_body_bytes = 64 * 1024 * 1024;
    // How often a GET follows a redirection. 0: never, the caller sees the 3xx. From https to http it is
    // never followed; Authorization and Cookie stay behind when host or port change.
    unsigned max_redirects = 0;
    // A PEM file with the authorities that are trusted, in place of the system's.
    std::string authorities_file{};
    // Takes any certificate, of anybody: whoever is between can read and change everything. For experiments.
    bool accept_any_certificate_insecurely = false;
};

// A client may be used by several threads at once; each request has its own connection.
class HttpClient {
  public:
    // Errors: invalid_argument (an option outside its range), io (the authorities cannot be read; says which
    // file and why).
    [[nodiscard]] static Result<std::unique_ptr<HttpClient>> make(const HttpClientOptions& options = {});
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Any status code is a result. Errors name the URL without its query: unknown_id (no such host), io
    // (refused, reset), expired (a time was up; says which), unauthorised (the certificate; says why),
    // malformed (no proper answer), too_large (a limit; says which), invalid_argument (what was to be sent).
    // With a sink the body goes there as it arrives, whatever the status code, and is not kept (that of a
    // redirection that is followed goes nowhere).
    [[nodiscard]] Result<HttpClientResult> get(const Url& url, const HttpHeaders& headers = {},
                                               const HttpBodySink& sink = {});
    [[nodiscard]] Result<HttpClientResult> post(const Url& url, const HttpRequestContent& content,
                                                const HttpHeaders& headers = {},
                                                const HttpBodySink& sink = {});
    [[nodiscard]] Result<HttpClientResult> put(const Url& url, const HttpRequestContent& content,
                                               const HttpHeaders& headers = {},
                                               const HttpBodySink& sink = {});

  private:
    struct State;
    explicit HttpClient(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
