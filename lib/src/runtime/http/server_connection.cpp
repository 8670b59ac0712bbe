#include "runtime/http/server_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "runtime/http/message_writer.hpp"

namespace squall::runtime {
namespace {

constexpr std::size_t kReadBytes = 8 * 1024;
constexpr std::size_t kMaxDrainedBytes = 256 * 1024;

std::optional<HttpMethod> method_of(std::string_view text) {
    for (const auto method : {HttpMethod::get, HttpMethod::post, HttpMethod::put})
        if (text == to_string(method)) return method;
    return std::nullopt;
}

bool matches(const HttpRoute& route, std::string_view path) {
    if (!route.path.ends_with('*')) return path == route.path;
    return path.starts_with(std::string_view(route.path).substr(0, route.path.size() - 1));
}

// The status code for a request that could not be read.
int status_of(const Error& error, bool head_complete) {
    switch (error.code) {
        case ErrorCode::too_large: return head_complete ? 413 : 431;
        case ErrorCode::expired: return 408;
        case ErrorCode::unsupported: return 501;
        default: return 400;
    }
}

}  // namespace

ServerConnection::ServerConnection(ServerContext& context, ByteStream stream, const Address& from,
                                   Timer timer)
    : context_(context), stream_(std::move(stream)), from_(from), timer_(std::move(timer)) {}

Patience ServerConnection::reading() const {
    return {.timer = timer_.descriptor(),
            .interrupt = context_.cut_off.descriptor(),
            .limit = "request_timeout, the time for a request,"};
}

Patience ServerConnection::sending() const {
    return {.idle = context_.options.send_timeout, .interrupt = context_.cut_off.descriptor()};
}

void ServerConnection::run() {
    if (context_.tls) {
        timer_.start(context_.options.request_timeout);
        if (!stream_.start_tls_as_server(*context_.tls, reading())) {
            ++context_.failed_handshakes;
            return;
        }
    }
    while (wait_for_request() && serve() == Next::request) {
    }
    stream_.finish();
}

bool ServerConnection::wait_for_request() {
    if (context_.is_stopping) return false;
    if (filled_ != 0) return true;
    return stream_
        .wait_readable({.idle = context_.options.keep_alive_timeout,
                        .timer = served_ == 0 ? -1 : context_.crowded.descriptor(),
                        .interrupt = context_.stopping.descriptor()})
        .has_value();
}

// More bytes into the buffer. Error: also if the peer ended.
Result<> ServerConnection::fill() {
    if (filled_ == buffer_.size()) buffer_.resize(buffer_.size() + kReadBytes);
    const auto count = stream_.read_some(MutableBytes(buffer_).subspan(filled_), reading());
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return fail(ErrorCode::not_connected, "the peer closed the connection");
    filled_ += *count;
    return {};
}

Result<> ServerConnection::read_head(MessageParser& parser) {
    for (;;) {
        const auto taken = parser.feed(Bytes(buffer_).first(filled_));
        if (!taken) return std::unexpected(taken.error());
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(*taken),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
        filled_ -= *taken;
        if (parser.head_complete()) return {};
        if (*taken != 0 && filled_ != 0) continue;
        if (auto filled = fill(); !filled) return filled;
    }
}

Result<> ServerConnection::read_body(MessageParser& parser) {
    while (!parser.complete() && !parser.stopped()) {
        const auto taken = parser.feed(Bytes(buffer_).first(filled_));
        if (!taken) return std::unexpected(taken.error());
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(*taken),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
        filled_ -= *taken;
        if (parser.complete() || parser.stopped()) break;
        if (*taken != 0 && filled_ != 0) continue;
        if (auto filled = fill(); !filled) return filled;
    }
    return {};
}

// False: the request has no known method; it has been noted.
bool ServerConnection::build_request(const MessageHead& head, HttpAccess& access) {
    const std::string_view target = head.target;
    const auto question = std::min(target.find('?'), target.size());
    request_ = {};
    request_.path = target.substr(0, question);
    if (question != target.size()) request_.query = target.substr(question + 1);
    request_.headers = head.headers;
    request_.from = from_;
    request_.encrypted = stream_.is_encrypted();
    access.method = head.method;
    access.path = request_.path;
    const auto method = method_of(head.method);
    if (method) request_.method = *method;
    return method.has_value();
}

const HttpRoute* ServerConnection::find_route(int& status_code, std::string& allowed) const {
    status_code = 404;
    for (const HttpRoute& route : context_.routes) {
        if (!matches(route, request_.path)) continue;
        if (route.method == request_.method) return &route;
        status_code = 405;
        allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", to_string(route.method));
    }
    return nullptr;
}

bool ServerConnection::body_fits(const MessageHead& head, const HttpRoute& route) const {
    return !head.content_length ||
           *head.content_length <= route.max_body_bytes.value_or(context_.options.max_body_bytes);
}

ServerConnection::Next ServerConnection::serve() {
    timer_.start(context_.options.request_timeout);
    ++served_;
    HttpAccess access{.from = from_, .method = "-"};
    MessageParser parser(MessageParser::Kind::request, context_.options.max_header_bytes);
    if (auto read = read_head(parser); !read) {
        if (!parser.has_begun() && filled_ == 0) return Next::close;  // the peer went; nobody asks
        return give_up(read.error(), access);
    }
    const MessageHead& head = parser.head();
    is_http10_ = head.version == 10;
    const bool known_method = build_request(head, access);
    if (!known_method) return refuse(501, "the method must be GET, POST or PUT", access);
    if (!is_http10_ && !head.headers.find("Host")) return refuse(400, "the header Host is missing", access);
    int status_code = 0;
    std::string allowed;
    const HttpRoute* const route = find_route(status_code, allowed);
    if (route == nullptr)
        return refuse(
            status_code,
            status_code == 405 ? "this path does not take that method" : "there is nothing at this path",
            access, allowed);
    if (!body_fits(head, *route)) return refuse(413, "the body is larger than what is taken here", access);

    HttpBodySink sink;
    if (route->body_sink) sink = route->body_sink(request_);
    if (!sink) {
        sink = [this](Bytes bytes) {
            request_.body.insert(request_.body.end(), bytes.begin(), bytes.end());
            return true;
        };
    }
    parser.set_body(route->max_body_bytes.value_or(context_.options.max_body_bytes), std::move(sink));
    const auto expectation = head.headers.find("Expect");
    if (expectation && !is_http10_ && !parser.complete() && filled_ == 0)
        (void)stream_.write_all(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"), sending());
    const auto read = read_body(parser);
    request_.body_bytes = access.request_bytes = parser.body_bytes();
    if (!read) return give_up(read.error(), access);
    if (parser.stopped()) return refuse(413, "the body was not wanted to its end", access);

    const bool keep_alive = head.keep_alive && served_ < context_.options.max_requests_per_connection;
    HttpResponse response;
    try {
        response = route->handler(request_);
    } catch (...) {
        // What it threw may hold anything, a secret too: it goes nowhere.
        access.note = "the handler threw an exception";
        response = HttpResponse::text(500, "internal error\n");
    }
    return answer(std::move(response), access, keep_alive);
}

ServerConnection::Next ServerConnection::answer(HttpResponse response, HttpAccess& access, bool keep_alive) {
    keep_alive = keep_alive && !context_.is_stopping;
    // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
    const bool has_body = response.status_code != 204 && response.status_code != 304;
    OutgoingBody body{.bytes = response.body,
                      .source = response.source ? &response.source : nullptr,
                      .length = response.length};
    if (response.status_code < 200 || response.status_code > 999) {
        access.note = fmt::format("the handler gave status {}; it must be 200 to 999", response.status_code);
        return answer(HttpResponse::text(500, "internal error\n"), access, keep_alive);
    }
    if (is_http10_ && body.source != nullptr && !body.length) {
        access.note = "HTTP/1.0 cannot carry a body of unknown length";
        return answer(HttpResponse::text(505, "HTTP/1.1 is needed for this\n"), access, false);
    }
    auto head =
        head_text(fmt::format("HTTP/1.1 {} {}\r\n", response.status_code, http_reason(response.status_code)),
                  response.headers, response.type, has_body ? &body : nullptr);
    if (!head) {
        access.note = head.error().message;
        return answer(HttpResponse::text(500, "internal error\n"), access, keep_alive);
    }
    *head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    access.status_code = response.status_code;
    const Send send = [this](Bytes bytes) { return stream_.write_all(bytes, sending()); };
    Result<> sent;
    if (has_body && body.source == nullptr && body.bytes.size() <= kReadBytes) {
        *head += as_text(body.bytes);  // one packet rather than two
        sent = send(as_bytes(*head));
        if (sent) access.response_bytes = body.bytes.size();
    } else {
        sent = send(as_bytes(*head));
        try {
            if (sent && has_body) sent = write_body(body, send, access.response_bytes);
        } catch (...) {
            sent = fail(ErrorCode::io, "the source of the answer's body threw an exception");
        }
    }
    if (!sent && access.note.empty()) access.note = sent.error().message;
    report(access);
    return sent && keep_alive ? Next::request : Next::close;
}

// The peer is told in words that say nothing about anybody else.
ServerConnection::Next ServerConnection::refuse(int status_code, std::string note, HttpAccess& access,
                                                const std::string& allowed) {
    ++context_.refused_requests;
    HttpResponse response = HttpResponse::text(status_code, note + "\n");
    if (!allowed.empty()) response.headers.add("Allow", allowed);
    access.note = std::move(note);
    (void)answer(std::move(response), access, false);
    drain();
    return Next::close;
}

ServerConnection::Next ServerConnection::give_up(const Error& error, HttpAccess& access) {
    // Nobody is there to be told.
    if (error.code == ErrorCode::not_connected || error.code == ErrorCode::io) {
        access.note = error.message;
        report(access);
        return Next::close;
    }
    return refuse(status_of(error, access.method != "-"), error.message, access);
}

// What the peer still sends is read for a moment: closing over unread bytes would take the answer away from
// it.
void ServerConnection::drain() {
    stream_.finish();
    timer_.start(std::chrono::milliseconds(500));
    std::size_t drained = 0;
    buffer_.resize(kReadBytes);
    while (drained < kMaxDrainedBytes) {
        const auto count = stream_.read_some(buffer_, reading());
        if (!count || *count == 0) return;
        drained += *count;
    }
}

void ServerConnection::report(HttpAccess& access) {
    if (access.status_code != 0) ++context_.requests;
    if (context_.options.on_access) context_.options.on_access(access);
}

}  // namespace squall::runtime
