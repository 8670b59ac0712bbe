// Any bytes as an HTTP request or response, in pieces: refused, or a head and a body within the limits; and
// any text as a URL, which comes out as it went in.
#include <cstdint>
#include <cstdlib>

#include "runtime/http/message_parser.hpp"
#include "squall/runtime/http_url.hpp"

using namespace squall;
using runtime::MessageParser;

namespace {

constexpr std::size_t kMaxHeader = 2048;
constexpr std::uint64_t kMaxBody = 4096;

void check(bool holds) {
    if (!holds) std::abort();
}

// As server and client read: what is not taken is handed over again with more behind it.
void read_message(MessageParser::Kind kind, std::size_t piece, Bytes bytes) {
    MessageParser parser(kind, kMaxHeader);
    std::uint64_t body = 0;
    std::size_t begin = 0;
    for (std::size_t end = 0; end < bytes.size() && !parser.complete();) {
        end = std::min(bytes.size(), end + piece);
        for (bool moved = true; moved && begin < end && !parser.complete();) {
            const bool had_head = parser.head_complete();
            const auto taken = parser.feed(bytes.subspan(begin, end - begin));
            if (!taken) return check(!taken.error().message.empty());
            check(*taken <= end - begin);
            begin += *taken;
            moved = *taken != 0;
            if (had_head || !parser.head_complete()) continue;
            parser.set_body(kMaxBody, [&](Bytes part) {
                body += part.size();
                return true;
            });
            moved = true;
            const auto length = parser.head().content_length;
            if (length && *length > kMaxBody) return;
        }
        check(end - begin <= kMaxHeader + piece + runtime::kMaxChunkLineBytes);
    }
    check(body == parser.body_bytes() && body <= kMaxBody);
    const auto& head = parser.head();
    std::size_t header = 0;
    for (const auto& item : head.headers.items) header += item.name.size() + item.value.size();
    check(header <= kMaxHeader);
    if (!parser.complete()) (void)parser.end();
}

void read_url(std::string_view text) {
    const auto url = Url::parse(text);
    if (!url) return check(!url.error().message.empty());
    const auto again = Url::parse(to_string(*url));
    check(again && *again == *url);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
    const auto kind = (data[0] & 1) != 0 ? MessageParser::Kind::request : MessageParser::Kind::response;
    const std::size_t piece = (data[0] & 2) != 0 ? 1 + data[0] / 16 : 4096;
    if ((data[0] & 12) == 12)
        read_url(as_text(bytes));
    else
        read_message(kind, piece, bytes);
    return 0;
}
