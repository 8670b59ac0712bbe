// One request over one connection: resolve, connect, TLS, send, read the answer, follow redirections.
#include "squall/runtime/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "runtime/http/byte_stream.hpp"
#include "runtime/http/message_parser.hpp"
#include "runtime/http/message_writer.hpp"
#include "squall/runtime/resolve.hpp"

namespace squall {

using runtime::ByteStream;
using runtime::MessageParser;
using runtime::OutgoingBody;
using runtime::Patience;

struct HttpClient::State {
    HttpClientOptions options;
    runtime::TlsContext tls;
};

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;

// What is asked, whatever the way there.
struct Exchange {
    HttpMethod method;
    const HttpRequestContent* content;  // null: none
    HttpHeaders headers;
    const HttpBodySink* sink;
    bool follows = false;  // redirections
};

// Whether an answer leads elsewhere.
bool is_redirection(int status_code, const HttpHeaders& headers) {
    constexpr std::array kCodes = {301, 302, 303, 307, 308};
    return std::ranges::find(kCodes, status_code) != kCodes.end() && headers.find("Location").has_value();
}

// A URL in an error text: without its query, which may hold a secret.
std::string shown(const Url& url) {
    Url copy = url;
    copy.query.clear();
    return to_string(copy);
}

std::unexpected<Error> with_url(const Exchange& exchange, const Url& url, const Error& error) {
    return fail(error.code, fmt::format("{} {}: {}", to_string(exchange.method), shown(url), error.message));
}

Result<> check_range(std::string_view name, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
    if (value >= low && value <= high) return {};
    return fail(ErrorCode::invalid_argument,
                fmt::format("HttpClientOptions::{} is {}; it must be {} to {}", name, value, low, high));
}

// One exchange with one server.
class ClientExchange {
  public:
    ClientExchange(const HttpClientOptions& options, const runtime::TlsContext& tls, const Url& url,
                   const Exchange& exchange, runtime::Timer timer)
        : options_(options), tls_(tls), url_(url), exchange_(exchange), timer_(std::move(timer)) {}

    Result<HttpClientResult> run() {
        auto head = request_head();
        if (!head) return std::unexpected(head.error());
        auto stream = connect();
        if (!stream) return std::unexpected(stream.error());
        timer_.start(options_.total_timeout);
        patience_ = {.idle = options_.idle_timeout,
                     .timer = timer_.descriptor(),
                     .limit = "total_timeout, the time for the whole exchange,"};
        auto sent = send(*stream, *head);
        // A server may answer before it has read all, and close: its answer says why.
        if (!sent && sent.error().code != ErrorCode::io) return std::unexpected(sent.error());
        auto result = receive(*stream);
        if (!result && !sent) return std::unexpected(sent.error());
        return result;
    }

  private:
    Result<std::string> request_head() {
        const OutgoingBody body = outgoing();
        if (exchange_.headers.find("Host"))
            return fail(ErrorCode::invalid_argument, "header 'Host' is set by the library; leave it out");
        auto head =
            runtime::head_text(fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", to_string(exchange_.method),
                                           url_.target(), url_.authority()),
                               exchange_.headers, exchange_.content != nullptr ? exchange_.content->type : "",
                               exchange_.content != nullptr ? &body : nullptr);
        if (head) *head += "Connection: close\r\n\r\n";
        return head;
    }

    [[nodiscard]] OutgoingBody outgoing() const {
        if (exchange_.content == nullptr) return {};
        const HttpRequestContent& content = *exchange_.content;
        return {.bytes = content.bytes,
                .source = content.source ? &content.source : nullptr,
                .length = content.length};
    }

    // The first address of the host that takes us, with TLS if the URL wants it.
    Result<ByteStream> connect() {
        const auto addresses = resolve(url_.host, url_.port);
        if (!addresses) return std::unexpected(addresses.error());
        Error last{ErrorCode::io, "the host has no address"};
        for (const Address& address : *addresses) {
            timer_.start(options_.connect_timeout);
            const Patience patience{.timer = timer_.descriptor(),
                                    .limit = "connect_timeout, the time for connecting,"};
            auto stream = ByteStream::connect(address, patience);
            if (stream && url_.scheme == Url::Scheme::https) {
                auto done = stream->start_tls_as_client(tls_, url_.host, patience);
                if (!done) stream = std::unexpected(done.error());
            }
            if (stream) return stream;
            last = stream.error();
            // Another address of the same host would not make a bad certificate better.
            if (last.code == ErrorCode::unauthorised) break;
        }
        return std::unexpected(last);
    }

    Result<> send(ByteStream& stream, const std::string& head) {
        if (auto sent = stream.write_all(as_bytes(head), patience_); !sent) return sent;
        if (exchange_.content == nullptr) return {};
        std::uint64_t count = 0;
        return runtime::write_body(
            outgoing(), [&](Bytes bytes) { return stream.write_all(bytes, patience_); }, count);
    }

    Result<HttpClientResult> receive(ByteStream& stream) {
        for (int interim = 0; interim < 8; ++interim) {
            MessageParser parser(MessageParser::Kind::response, options_.max_header_bytes);
            auto result = receive_message(stream, parser);
            if (!result) return result;
            // 1xx announces the answer that follows.
            if (result->status_code >= 200) return result;
        }
        return fail(ErrorCode::malformed, "the server sends only interim answers (1xx)");
    }

    Result<HttpClientResult> receive_message(ByteStream& stream, MessageParser& parser) {
        HttpClientResult result;
        while (!parser.complete() && !parser.stopped()) {
            const bool had_head = parser.head_complete();
            auto taken = parser.feed(Bytes(buffer_).first(filled_));
            if (!taken) return std::unexpected(taken.error());
            std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(*taken),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
            filled_ -= *taken;
            if (!had_head && parser.head_complete()) {
                if (auto taken_up = take_up(parser, result); !taken_up)
                    return std::unexpected(taken_up.error());
                continue;
            }
            if (*taken != 0 && filled_ != 0) continue;
            if (parser.complete() || parser.stopped()) break;
            if (filled_ == buffer_.size()) buffer_.resize(buffer_.size() + kReadBytes);
            const auto count = stream.read_some(MutableBytes(buffer_).subspan(filled_), patience_);
            if (!count) return std::unexpected(count.error());
            filled_ += *count;
            if (*count != 0) continue;
            if (auto ended = parser.end(); !ended) return std::unexpected(ended.error());
        }
        result.body_bytes = parser.body_bytes();
        result.stopped = parser.stopped();
        return result;
    }

    // The head is there: the body may come.
    Result<> take_up(MessageParser& parser, HttpClientResult& result) {
        const auto& head = parser.head();
        result.status_code = head.status_code;
        result.reason = head.reason;
        result.headers = head.headers;
        if (head.content_length && *head.content_length > options_.max_body_bytes)
            return fail(ErrorCode::too_large,
                        fmt::format("the answer's body has {} bytes; max_body_bytes is {}",
                                    *head.content_length, options_.max_body_bytes));
        const bool passed_over = exchange_.follows && is_redirection(head.status_code, head.headers);
        if (*exchange_.sink && !passed_over) {
            parser.set_body(options_.max_body_bytes, *exchange_.sink);
        } else {
            parser.set_body(options_.max_body_bytes, [&result](Bytes bytes) {
                result.body.insert(result.body.end(), bytes.begin(), bytes.end());
                return true;
            });
        }
        return {};
    }

    const HttpClientOptions& options_;
    const runtime::TlsContext& tls_;
    const Url& url_;
    const Exchange& exchange_;
    runtime::Timer timer_;
    Patience patience_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(kReadBytes);
    std::size_t filled_ = 0;
};

// Where a redirection leads; nothing if it is not one that is followed.
std::optional<Url> redirected(const Url& from, const HttpClientResult& result) {
    if (!is_redirection(result.status_code, result.headers)) return std::nullopt;
    const auto location = result.headers.find("Location");
    const bool same_host = location->starts_with('/') && !location->starts_with("//");
    const auto to =
        Url::parse(same_host ? fmt::format("{}://{}{}", from.scheme == Url::Scheme::https ? "https" : "http",
                                           from.authority(), *location)
                             : std::string(*location));
    if (!to || (from.scheme == Url::Scheme::https && to->scheme == Url::Scheme::http)) return std::nullopt;
    return *to;
}

void drop_credentials(HttpHeaders& headers) {
    HttpHeaders kept;
    for (const auto& item : headers.items) {
        HttpHeaders one{{item}};
        if (!one.find("Authorization") && !one.find("Cookie")) kept.items.push_back(item);
    }
    headers = std::move(kept);
}

Result<HttpClientResult> perform_once(const HttpClientOptions& options, const runtime::TlsContext& tls,
                                      const Url& url, const Exchange& exchange) {
    auto timer = runtime::Timer::make();
    if (!timer) return std::unexpected(timer.error());
    auto result = ClientExchange(options, tls, url, exchange, std::move(*timer)).run();
    if (!result) return with_url(exchange, url, result.error());
    return result;
}

Result<HttpClientResult> perform(const HttpClientOptions& options, const runtime::TlsContext& tls, Url url,
                                 Exchange exchange) {
    exchange.follows = exchange.method == HttpMethod::get && options.max_redirects > 0;
    for (unsigned followed = 0;; ++followed) {
        auto result = perform_once(options, tls, url, exchange);
        if (!result || !exchange.follows) return result;
        const auto next = redirected(url, *result);
        if (!next) return result;
        if (followed == options.max_redirects)
            return fail(ErrorCode::too_large, fmt::format("GET {}: more than {} redirections (max_redirects)",
                                                          shown(url), options.max_redirects));
        if (next->host != url.host || next->port != url.port) drop_credentials(exchange.headers);
        url = *next;
    }
}

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::make(const HttpClientOptions& options) {
    if (auto ok = check_range("max_header_bytes", options.max_header_bytes, 1024, 1024 * 1024); !ok)
        return std::unexpected(ok.error());
    if (options.connect_timeout <= Duration::zero() || options.idle_timeout <= Duration::zero())
        return fail(ErrorCode::invalid_argument,
                    "HttpClientOptions::connect_timeout and idle_timeout must be more than zero");
    if (options.total_timeout < Duration::zero())
        return fail(ErrorCode::invalid_argument,
                    "HttpClientOptions::total_timeout must not be negative; zero is no limit");
    auto tls =
        runtime::TlsContext::for_client(options.authorities_file, options.accept_any_certificate_insecurely);
    if (!tls) return std::unexpected(tls.error());
    return std::unique_ptr<HttpClient>(
        new HttpClient(std::make_unique<State>(State{options, std::move(*tls)})));
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;

Result<HttpClientResult> HttpClient::get(const Url& url, const HttpHeaders& headers,
                                         const HttpBodySink& sink) {
    return perform(state_->options, state_->tls, url, {HttpMethod::get, nullptr, headers, &sink});
}
Result<HttpClientResult> HttpClient::post(const Url& url, const HttpRequestContent& content,
                                          const HttpHeaders& headers, const HttpBodySink& sink) {
    return perform(state_->options, state_->tls, url, {HttpMethod::post, &content, headers, &sink});
}
Result<HttpClientResult> HttpClient::put(const Url& url, const HttpRequestContent& content,
                                         const HttpHeaders& headers, const HttpBodySink& sink) {
    return perform(state_->options, state_->tls, url, {HttpMethod::put, &content, headers, &sink});
}

}  // namespace squall
