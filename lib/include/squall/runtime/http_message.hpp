// What HTTP carries: headers, contents, requests and responses as plain values. Knows no socket. Nothing here
// is trusted when it is sent: names and values that would break a message are refused by client and server.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"

namespace squall {

enum class HttpMethod { get, post, put };
// "GET", "POST", "PUT".
[[nodiscard]] std::string_view to_string(HttpMethod method);

struct HttpHeader {
    std::string name;
    std::string value;
    friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

// Headers in the order in which they were given. Names are compared without regard to case.
struct HttpHeaders {
    std::vector<HttpHeader> items{};

    void add(std::string name, std::string value);
    // Replaces all of that name by one.
    void set(std::string name, std::string value);
    // The first of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    // Error: invalid_argument, if a name is no token or a value has a control character (a line break would
    // smuggle in a header).
    [[nodiscard]] Result<> check() const;
    friend bool operator==(const HttpHeaders&, const HttpHeaders&) = default;
};

// Fills the buffer from its beginning and says how many bytes it wrote; 0: the end. An error ends the
// transfer.
using HttpBodySource = std::function<Result<std::size_t>(MutableBytes)>;
// Takes the next bytes of a body, valid during the call; false: no more are wanted.
using HttpBodySink = std::function<bool(Bytes)>;

// What a request carries. The bytes arrive as they are.
struct HttpRequestContent {
    std::string type = "application/octet-stream";
    std::vector<std::byte> bytes{};
    // If set, the body is read from here, a piece at a time, in place of `bytes`: with a length it is
    // announced (and a source that yields another number of bytes is an error), without one it is sent in
    // chunks.
    HttpBodySource source{};
    std::optional<std::uint64_t> length{};

    [[nodiscard]] static HttpRequestContent from_bytes(Bytes bytes,
                                                       std::string type = "application/octet-stream");
    [[nodiscard]] static HttpRequestContent text(std::string_view text,
                                                 std::string type = "text/plain; charset=utf-8");
    [[nodiscard]] static HttpRequestContent json(std::string_view text);
};

// What came back for a request.
struct HttpClientResult {
    int status_code = 0;
    std::string reason{};
    HttpHeaders headers{};
    // Empty if a sink took the bytes.
    std::vector<std::byte> body{};
    // Bytes of the body, wherever they went.
    std::uint64_t body_bytes = 0;
    // The sink wanted no more; the rest of the body was not read.
    bool stopped = false;

    // 200 to 299.
    [[nodiscard]] bool is_success() const { return status_code >= 200 && status_code < 300; }
    [[nodiscard]] std::string_view text() const { return as_text(body); }
};

// A request as a server's handler sees it.
struct HttpRequest {
    HttpMethod method = HttpMethod::get;
    std::string path{};   // as it was sent, still percent-encoded
    std::string query{};  // what follows the '?'
    HttpHeaders headers{};
    // Empty if the route has a sink of its own for it.
    std::vector<std::byte> body{};
    std::uint64_t body_bytes = 0;
    // The peer of the TCP connection; behind a proxy that is the proxy.
    Address from{};
    bool encrypted = false;

    [[nodiscard]] std::string_view text() const { return as_text(body); }
};

// What a handler answers.
struct HttpResponse {
    int status_code = 200;
    std::string type = "application/octet-stream";
    HttpHeaders headers{};
    std::vector<std::byte> body{};
    // If set, the body is read from here; see HttpRequestContent.
    HttpBodySource source{};
    std::optional<std::uint64_t> length{};

    [[nodiscard]] static HttpResponse from_bytes(Bytes bytes, std::string type = "application/octet-stream");
    [[nodiscard]] static HttpResponse text(int status_code, std::string_view text);
    [[nodiscard]] static HttpResponse json(int status_code, std::string_view text);
};

// "OK" for 200, "Not Found" for 404; "Unknown" for a code without a name.
[[nodiscard]] std::string_view http_reason(int status_code);

}  // namespace squall
