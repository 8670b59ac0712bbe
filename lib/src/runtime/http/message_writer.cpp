#include "runtime/http/message_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace squall::runtime {
namespace {

constexpr std::size_t kPieceBytes = 16 * 1024;
// Headers that the body and the connection decide.
constexpr std::array<std::string_view, 5> kOwnHeaders = {"Content-Length", "Transfer-Encoding", "Connection",
                                                         "Content-Type", "Keep-Alive"};

Result<> write_chunks(const HttpBodySource& source, const Send& send, std::uint64_t& sent_bytes) {
    std::vector<std::byte> piece(kPieceBytes);
    for (;;) {
        const auto count = source(piece);
        if (!count) return std::unexpected(count.error());
        const std::size_t size = std::min(*count, piece.size());
        std::string frame = fmt::format("{:x}\r\n", size);
        frame += as_text(Bytes(piece).first(size));
        frame += "\r\n";
        if (auto sent = send(as_bytes(frame)); !sent) return sent;
        sent_bytes += size;
        if (size == 0) return {};
    }
}

Result<> write_announced(const HttpBodySource& source, std::uint64_t length, const Send& send,
                         std::uint64_t& sent_bytes) {
    std::vector<std::byte> piece(kPieceBytes);
    while (sent_bytes < length) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), length - sent_bytes));
        const auto count = source(MutableBytes(piece).first(wanted));
        if (!count) return std::unexpected(count.error());
        if (*count == 0 || *count > wanted)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("the body's source ended after {} bytes, but {} were announced",
                                    sent_bytes, length));
        if (auto sent = send(Bytes(piece).first(*count)); !sent) return sent;
        sent_bytes += *count;
    }
    return {};
}

}  // namespace

Result<std::string> head_text(std::string first_line, const HttpHeaders& headers,
                              const std::string& content_type, const OutgoingBody* body) {
    HttpHeaders all = headers;
    for (const auto name : kOwnHeaders)
        if (headers.find(name))
            return fail(ErrorCode::invalid_argument,
                        fmt::format("header '{}' is set by the library; leave it out", name));
    if (body != nullptr) {
        all.add("Content-Type", content_type);
        if (body->source == nullptr)
            all.add("Content-Length", std::to_string(body->bytes.size()));
        else if (body->length)
            all.add("Content-Length", std::to_string(*body->length));
        else
            all.add("Transfer-Encoding", "chunked");
    }
    if (auto checked = all.check(); !checked) return std::unexpected(checked.error());
    for (const auto& item : all.items) first_line += fmt::format("{}: {}\r\n", item.name, item.value);
    return first_line;
}

Result<> write_body(const OutgoingBody& body, const Send& send, std::uint64_t& sent_bytes) {
    if (body.source != nullptr)
        return body.length ? write_announced(*body.source, *body.length, send, sent_bytes)
                           : write_chunks(*body.source, send, sent_bytes);
    auto sent = send(body.bytes);
    if (sent) sent_bytes += body.bytes.size();
    return sent;
}

}  // namespace squall::runtime
