#include "squall/recorder/facts.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

namespace squall::recorder {
namespace {

constexpr std::size_t kMaxObjectBytes = std::size_t{60} * 1024;

// Bytes of the UTF-8 sequence at the front; 0 if it is none.
std::size_t sequence_bytes(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return 1;
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
    const auto second = static_cast<unsigned char>(text[1]);
    // Overlong forms, surrogates and what lies above U+10FFFF.
    if (lead == 0xe0 && second < 0xa0) return 0;
    if (lead == 0xed && second > 0x9f) return 0;
    if (lead == 0xf0 && second < 0x90) return 0;
    if (lead == 0xf4 && second > 0x8f) return 0;
    return size;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = sequence_bytes(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

void add_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\t': out += "\\t"; break;
            case '\r': out += "\\r"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20)
                    out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
                else
                    out += c;
        }
    }
    out += '"';
}

// Reads a flat object of strings. The first mistake sticks, with its place.
class FlatObject {
  public:
    explicit FlatObject(std::string_view text) : text_(text) {}

    Result<> read_into(Facts& facts) {
        Facts found;
        expect('{');
        if (!take('}')) {
            do {
                const std::string name = quoted();
                expect(':');
                std::string value = quoted();
                if (ok()) found[name] = std::move(value);
            } while (ok() && take(','));
            expect('}');
        }
        skip_space();
        if (ok() && at_ != text_.size()) complain("the end");
        if (wanted_)
            return fail(
                ErrorCode::malformed,
                fmt::format("facts: at byte {} of {} there should be {}; facts are a flat JSON object of "
                            "strings",
                            at_, text_.size(), *wanted_));
        for (auto& [name, value] : found) facts[name] = std::move(value);
        return {};
    }

  private:
    [[nodiscard]] bool ok() const { return !wanted_; }
    void complain(std::string what) {
        if (ok()) wanted_ = std::move(what);
    }
    void skip_space() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
    }
    bool take(char c) {
        skip_space();
        if (!ok() || at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (ok() && !take(c)) complain(fmt::format("'{}'", c));
    }
    std::string quoted() {
        std::string out;
        expect('"');
        while (ok()) {
            if (at_ >= text_.size()) {
                complain("the closing quote of a string");
                break;
            }
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                break;
            }
            if (static_cast<unsigned char>(c) < 0x20) {
                complain("no control character in a string");
            } else if (c == '\\') {
                escape(out);
            } else {
                const std::size_t size = sequence_bytes(text_.substr(at_));
                if (size == 0) complain("valid UTF-8");
                out += text_.substr(at_, size);
                at_ += size;
            }
        }
        return out;
    }
    void escape(std::string& out) {
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        if (at_ + 1 >= text_.size()) return complain("an escape sequence");
        const char letter = text_[at_ + 1];
        if (const auto place = kLetters.find(letter); place != std::string_view::npos) {
            out += kMeanings[place];
            at_ += 2;
            return;
        }
        if (letter != 'u') return complain("an escape sequence of JSON");
        at_ += 2;
        std::uint32_t code = four_digits();
        if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_).starts_with("\\u")) {
            at_ += 2;
            const std::uint32_t low = four_digits();
            if (low < 0xdc00 || low > 0xdfff) return complain("the second half of a surrogate pair");
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        if (code >= 0xd800 && code < 0xe000) return complain("a surrogate pair");
        if (ok()) append(out, code);
    }
    std::uint32_t four_digits() {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const auto place = at_ < text_.size()
                                   ? std::string_view("0123456789abcdef0123456789ABCDEF").find(text_[at_])
                                   : std::string_view::npos;
            if (place == std::string_view::npos) {
                complain("four hexadecimal digits");
                return 0;
            }
            value = value * 16 + static_cast<std::uint32_t>(place % 16);
        }
        return value;
    }
    static void append(std::string& out, std::uint32_t code) {
        const auto tail = [&](unsigned shift) {
            out += static_cast<char>(0x80U | ((code >> shift) & 0x3fU));
        };
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xc0U | (code >> 6));
            tail(0);
        } else if (code < 0x10000) {
            out += static_cast<char>(0xe0U | (code >> 12));
            tail(6), tail(0);
        } else {
            out += static_cast<char>(0xf0U | (code >> 18));
            tail(12), tail(6), tail(0);
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<std::string> wanted_;
};

Result<> check(std::string_view name, std::string_view text) {
    if (text.size() > kMaxFactBytes)
        return fail(ErrorCode::too_large, fmt::format("fact '{}' has {} bytes; at most {} fit",
                                                      name.substr(0, 100), text.size(), kMaxFactBytes));
    if (!is_utf8(text))
        return fail(ErrorCode::malformed, fmt::format("fact '{}' is not valid UTF-8", name.substr(0, 100)));
    return {};
}

}  // namespace

Result<std::vector<std::string>> to_json(const Facts& facts) {
    std::vector<std::string> out{"{"};
    for (const auto& [name, value] : facts) {
        for (const auto& text : {std::string_view(name), std::string_view(value)})
            if (auto checked = check(name, text); !checked) return std::unexpected(checked.error());
        std::string member;
        add_quoted(member, name);
        member += ':';
        add_quoted(member, value);
        if (out.back().size() > 1 && out.back().size() + member.size() + 2 > kMaxObjectBytes) {
            out.back() += '}';
            out.emplace_back("{");
        }
        if (member.size() + 2 > kMaxObjectBytes)
            return fail(ErrorCode::too_large,
                        fmt::format("fact '{}' takes {} bytes as JSON; at most {} fit", name.substr(0, 100),
                                    member.size(), kMaxObjectBytes));
        if (out.back().size() > 1) out.back() += ',';
        out.back() += member;
    }
    out.back() += '}';
    return out;
}

Result<> add_json(Facts& facts, std::string_view json) {
    return FlatObject(json).read_into(facts);
}

std::string_view find_fact(const Facts& facts, std::string_view name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace squall::recorder
