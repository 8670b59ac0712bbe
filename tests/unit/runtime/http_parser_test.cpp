// The parser of HTTP messages with every message in pieces of every size, as a network may deliver it.
#include <gtest/gtest.h>

#include "runtime/http/message_parser.hpp"

using namespace squall;
using runtime::MessageParser;

namespace {

// The body, or what was wrong.
std::string body_of(std::string_view message, std::size_t piece) {
    MessageParser parser(MessageParser::Kind::request, 2048);
    std::string body;
    std::size_t begin = 0;
    for (std::size_t end = 0; end < message.size() && !parser.complete();) {
        end = std::min(message.size(), end + piece);
        for (bool moved = true; moved && begin < end && !parser.complete();) {
            const bool had_head = parser.head_complete();
            const auto taken = parser.feed(as_bytes(message.substr(begin, end - begin)));
            if (!taken) return taken.error().message;
            begin += *taken;
            moved = *taken != 0;
            if (had_head || !parser.head_complete()) continue;
            parser.set_body(1000, [&](Bytes bytes) {
                body += as_text(bytes);
                return true;
            });
        }
    }
    return parser.complete() ? body : "incomplete";
}

TEST(HttpParser, EveryWayToCutAMessageGivesTheSame) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
    const std::pair<std::string, std::string> cases[] = {
        {head + "Content-Length: 5\r\n\r\nhello", "hello"},
        {head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
        {head + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n", ""},
        {head + "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"}};
    for (const auto& [message, body] : cases)
        for (std::size_t piece = 1; piece <= message.size(); ++piece)
            EXPECT_EQ(body_of(message, piece), body) << piece;
}

}  // namespace
