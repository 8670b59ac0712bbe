// Reads one HTTP/1.x message, request or response, out of bytes as they come: the head is collected, the body
// goes to a sink a piece at a time. Knows no socket. The grammar is Boost.Beast's; the limits on what a peer
// may send are counted here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/runtime/http_message.hpp"

namespace squall::runtime {

// What comes before the body.
struct MessageHead {
    std::string method;  // of a request
    std::string target;
    int status_code = 0;  // of a response
    std::string reason;
    int version = 11;  // 10 or 11
    HttpHeaders headers;
    bool keep_alive = false;
    bool chunked = false;
    std::optional<std::uint64_t> content_length;
};

// Bytes that must be handed over at once at most: a header line or the line before a chunk that is longer is
// refused.
inline constexpr std::size_t kMaxChunkLineBytes = 4096;

class MessageParser {
  public:
    enum class Kind { request, response };

    MessageParser(Kind kind, std::size_t max_header_bytes);
    ~MessageParser();

    // To be set when the head is complete, before the body is fed.
    void set_body(std::uint64_t max_bytes, HttpBodySink sink);

    // Takes as many of the bytes as make sense, and stops at the end of the head and of the message; what is
    // left is to be fed again, with more behind it if 0 were taken. Errors: malformed, too_large, unsupported
    // (a transfer coding).
    Result<std::size_t> feed(Bytes bytes);
    // The peer sends no more. Error: malformed, if the message is not complete with that.
    Result<> end();

    [[nodiscard]] bool has_begun() const;
    [[nodiscard]] bool head_complete() const;
    [[nodiscard]] bool complete() const;
    // The sink wanted no more: the message will never be complete.
    [[nodiscard]] bool stopped() const;
    [[nodiscard]] const MessageHead& head() const;
    [[nodiscard]] std::uint64_t body_bytes() const;

    class Grammar;

  private:
    std::unique_ptr<Grammar> grammar_;
};

}  // namespace squall::runtime
