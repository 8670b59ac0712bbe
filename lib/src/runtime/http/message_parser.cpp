#include "runtime/http/message_parser.hpp"

#include <fmt/format.h>

#include <algorithm>

// Boost 1.74 asserts that a last chunk has five bytes when it comes in pieces; the first of a body has three,
// so that a peer could end a program that has asserts (found by the fuzzer). What it does then is right.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <utility>

namespace squall::runtime {

namespace http = boost::beast::http;
using ParseError = boost::beast::error_code;
using Text = boost::beast::string_view;

// What the two sides share: the collected head, the sink, and the limits.
class MessageParser::Grammar {
  public:
    explicit Grammar(std::size_t max_header_bytes) : max_header_bytes_(max_header_bytes) {}
    virtual ~Grammar() = default;

    virtual std::size_t put(Bytes bytes, ParseError& error) = 0;
    virtual void put_end(ParseError& error) = 0;
    [[nodiscard]] virtual bool has_begun() const = 0;
    [[nodiscard]] virtual bool head_complete() const = 0;
    [[nodiscard]] virtual bool complete() const = 0;
    virtual void limit_body(std::uint64_t max_bytes) = 0;

    void take_field(Text name, Text value, ParseError& error) {
        header_bytes_ += name.size() + value.size() + 4;
        if (header_bytes_ > max_header_bytes_) {
            error = http::error::header_limit;
            return;
        }
        if (head_done_) return;  // trailers are counted and dropped
        head_.headers.add(std::string(name), std::string(value));
    }
    // A body whose length is coded in a way that we do not know must not be taken for none.
    [[nodiscard]] bool has_unknown_coding() const {
        const auto coding = head_.headers.find("Transfer-Encoding");
        return coding &&
               !(head_.chunked && boost::beast::iequals(Text(coding->data(), coding->size()), "chunked"));
    }
    std::size_t take_body(Text piece, ParseError& error) {
        body_bytes_ += piece.size();
        if (!sink_ || sink_(Bytes(reinterpret_cast<const std::byte*>(piece.data()), piece.size())))
            return piece.size();
        stopped_ = true;
        error = make_error_code(boost::system::errc::operation_canceled);
        return 0;
    }
    [[nodiscard]] Error error_of(const ParseError& error) const {
        if (error == http::error::header_limit)
            return {ErrorCode::too_large,
                    fmt::format("HTTP header: more than the {} bytes that are taken", max_header_bytes_)};
        if (error == http::error::body_limit)
            return {ErrorCode::too_large,
                    fmt::format("HTTP body: more than the {} bytes that are taken", max_body_bytes_)};
        return {ErrorCode::malformed,
                fmt::format("HTTP {}: {}", head_done_ ? "body" : "header", error.message())};
    }

    std::size_t max_header_bytes_;
    std::size_t header_bytes_ = 0;
    std::uint64_t max_body_bytes_ = 0;
    std::uint64_t body_bytes_ = 0;
    HttpBodySink sink_;
    MessageHead head_;
    bool head_done_ = false;
    bool stopped_ = false;
};

namespace {

template <bool IsRequest>
class BeastGrammar final : public MessageParser::Grammar, private http::basic_parser<IsRequest> {
    using Parser = http::basic_parser<IsRequest>;

  public:
    explicit BeastGrammar(std::size_t max_header_bytes) : Grammar(max_header_bytes) {
        this->header_limit(static_cast<std::uint32_t>(max_header_bytes));
        // Who reads the head decides; boost::none would refuse every length (Boost 1.74).
        this->body_limit(std::numeric_limits<std::uint64_t>::max());
    }

    std::size_t put(Bytes bytes, ParseError& error) override {
        return Parser::put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    }
    void put_end(ParseError& error) override { Parser::put_eof(error); }
    [[nodiscard]] bool has_begun() const override { return this->got_some(); }
    [[nodiscard]] bool head_complete() const override { return this->is_header_done(); }
    [[nodiscard]] bool complete() const override { return this->is_done(); }
    void limit_body(std::uint64_t max_bytes) override {
        max_body_bytes_ = max_bytes;
        this->body_limit(max_bytes);
    }

  private:
    void on_request_impl(http::verb, Text method, Text target, int version, ParseError& error) override {
        head_.method = std::string(method);
        head_.target = std::string(target);
        take_line(method.size() + target.size(), version, error);
    }
    void on_response_impl(int code, Text reason, int version, ParseError& error) override {
        head_.status_code = code;
        head_.reason = std::string(reason);
        take_line(reason.size(), version, error);
    }
    void take_line(std::size_t bytes, int version, ParseError& error) {
        head_.version = version;
        header_bytes_ = bytes + 12;
        if (header_bytes_ > max_header_bytes_) error = http::error::header_limit;
    }
    void on_field_impl(http::field, Text name, Text value, ParseError& error) override {
        take_field(name, value, error);
    }
    void on_header_impl(ParseError&) override {
        head_.keep_alive = this->keep_alive();
        head_.chunked = this->chunked();
        if (const auto length = this->content_length()) head_.content_length = *length;
        head_done_ = true;
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ParseError&) override {}
    std::size_t on_body_impl(Text body, ParseError& error) override { return take_body(body, error); }
    void on_chunk_header_impl(std::uint64_t, Text, ParseError&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text body, ParseError& error) override {
        return take_body(body, error);
    }
    void on_finish_impl(ParseError&) override {}
};

std::unique_ptr<MessageParser::Grammar> make_grammar(MessageParser::Kind kind, std::size_t max_header_bytes) {
    if (kind == MessageParser::Kind::request) return std::make_unique<BeastGrammar<true>>(max_header_bytes);
    return std::make_unique<BeastGrammar<false>>(max_header_bytes);
}

}  // namespace

MessageParser::MessageParser(Kind kind, std::size_t max_header_bytes)
    : grammar_(make_grammar(kind, max_header_bytes)) {}
MessageParser::~MessageParser() = default;

void MessageParser::set_body(std::uint64_t max_bytes, HttpBodySink sink) {
    grammar_->limit_body(max_bytes);
    grammar_->sink_ = std::move(sink);
}

Result<std::size_t> MessageParser::feed(Bytes bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !complete() && !stopped()) {
        const bool had_head = head_complete();
        ParseError error;
        taken += grammar_->put(bytes.subspan(taken), error);
        if (stopped()) break;
        if (error == http::error::need_more) {
            const std::size_t waiting = bytes.size() - taken;
            if (head_complete() && waiting > kMaxChunkLineBytes)
                return fail(ErrorCode::too_large,
                            fmt::format("HTTP body: the line before a chunk has more than {} bytes",
                                        kMaxChunkLineBytes));
            break;
        }
        if (error) return std::unexpected(grammar_->error_of(error));
        if (!had_head && head_complete()) {
            if (grammar_->has_unknown_coding())
                return fail(
                    ErrorCode::unsupported,
                    fmt::format(
                        "HTTP header: Transfer-Encoding is not 'chunked', the only one that is known"));
            break;
        }
    }
    return taken;
}

Result<> MessageParser::end() {
    if (!has_begun())
        return fail(ErrorCode::malformed, "HTTP: the peer closed the connection without a word");
    if (complete()) return {};
    ParseError error;
    grammar_->put_end(error);
    if (error)
        return fail(ErrorCode::malformed,
                    fmt::format("HTTP {}: the peer closed the connection in the middle of it",
                                grammar_->head_done_ ? "body" : "header"));
    return {};
}

bool MessageParser::has_begun() const {
    return grammar_->has_begun();
}
bool MessageParser::head_complete() const {
    return grammar_->head_complete();
}
bool MessageParser::complete() const {
    return grammar_->complete();
}
bool MessageParser::stopped() const {
    return grammar_->stopped_;
}
const MessageHead& MessageParser::head() const {
    return grammar_->head_;
}
std::uint64_t MessageParser::body_bytes() const {
    return grammar_->body_bytes_;
}

}  // namespace squall::runtime
