#include "trace/base64.hpp"

#include <algorithm>
#include <cstdint>

namespace squall::trace {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64_encode(Bytes bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t take = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = (group << 8) | (k < take ? static_cast<std::uint32_t>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            out.push_back(k <= take ? kAlphabet[(group >> (18 - 6 * k)) & 63] : '=');
    }
    return out;
}

std::optional<std::vector<std::byte>> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::vector<std::byte> out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const bool last = i + 4 == text.size();
        std::size_t padding = 0;
        if (last && text[i + 3] == '=') padding = text[i + 2] == '=' ? 2 : 1;
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            std::size_t digit = 0;
            if (k < 4 - padding) {
                digit = kAlphabet.find(text[i + k]);
                if (digit == std::string_view::npos) return std::nullopt;
            }
            group = (group << 6) | static_cast<std::uint32_t>(digit);
        }
        const std::uint32_t unused = padding == 0 ? 0 : (1U << (8 * padding)) - 1;
        if ((group & unused) != 0) return std::nullopt;
        for (std::size_t k = 0; k < 3 - padding; ++k)
            out.push_back(static_cast<std::byte>((group >> (16 - 8 * k)) & 0xff));
    }
    return out;
}

}  // namespace squall::trace
