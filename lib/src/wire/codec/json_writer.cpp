#include "wire/codec/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "wire/codec/scalars.hpp"

namespace squall::wire {
namespace {

// Whole numbers beyond this lose digits in parsers that know only doubles.
constexpr WideInteger kExactInteger = (WideInteger{1} << 53) - 1;

class JsonWriter {
  public:
    explicit JsonWriter(std::vector<std::byte>& out) : out_(out) {}

    Result<> write(const ConstValue& value, const Path& path) {
        switch (value.kind()) {
            case Kind::boolean: put(value.as_bool() ? "true" : "false"); return {};
            case Kind::signed_integer:
            case Kind::unsigned_integer: write_integer(value.as_integer()); return {};
            case Kind::enumeration: write_enumerator(value); return {};
            case Kind::floating: write_floating(value); return {};
            case Kind::text: return write_text(value.as_text(), path);
            case Kind::bytes:
                put("\"");
                put(to_hex(value.as_bytes()));
                put("\"");
                return {};
            case Kind::optional: return write_optional(value, path);
            case Kind::list:
            case Kind::array: return write_elements(value, path);
            case Kind::map: return write_map(value, path);
            case Kind::variant: return write_variant(value, path);
            case Kind::structure: return write_structure(value, path);
        }
        return {};
    }

  private:
    void put(std::string_view text) {
        const Bytes bytes = as_bytes(text);
        out_.insert(out_.end(), bytes.begin(), bytes.end());
    }
    template <class... A>
    void format(fmt::format_string<A...> text, A&&... arguments) {
        std::array<char, 64> buffer;
        const auto end = fmt::format_to_n(buffer.data(), buffer.size(), text, std::forward<A>(arguments)...);
        put({buffer.data(), std::min(end.size, buffer.size())});
    }

    void write_integer(WideInteger value) {
        const bool is_exact = value <= kExactInteger && value >= -kExactInteger;
        if (!is_exact) put("\"");
        if (value < 0)
            format("{}", static_cast<std::int64_t>(value));
        else
            format("{}", static_cast<std::uint64_t>(value));
        if (!is_exact) put("\"");
    }
    void write_enumerator(const ConstValue& value) {
        const auto name = value.enumerator_name();
        if (!name) return write_integer(value.as_integer());
        put("\"");
        put(*name);
        put("\"");
    }
    void write_floating(const ConstValue& value) {
        const double number = value.as_floating();
        if (std::isnan(number)) return put("\"NaN\"");
        if (std::isinf(number)) return put(number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        // Parsers read "-0" as an integer, which has no sign.
        if (number == 0 && std::signbit(number)) return put("-0.0");
        if (value.type().size == 4)
            format("{}", static_cast<float>(number));
        else
            format("{}", number);
    }
    Result<> write_text(std::string_view text, const Path& path) {
        if (!is_utf8(text))
            return path.fail(ErrorCode::invalid_argument,
                             "the text is not UTF-8; JSON carries nothing else (bytes may be anything)");
        put("\"");
        std::size_t plain = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const auto c = static_cast<unsigned char>(text[i]);
            if (c >= 0x20 && c != '"' && c != '\\') continue;
            put(text.substr(plain, i - plain));
            plain = i + 1;
            write_escape(text[i]);
        }
        put(text.substr(plain));
        put("\"");
        return {};
    }
    void write_escape(char c) {
        switch (c) {
            case '"': return put("\\\"");
            case '\\': return put("\\\\");
            case '\n': return put("\\n");
            case '\r': return put("\\r");
            case '\t': return put("\\t");
            default: return format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        }
    }
    Result<> write_optional(const ConstValue& value, const Path& path) {
        if (is_nested_optional(value.type())) return write_elements(value, path);
        if (value.has_content()) return write(value.at(0), path);
        put("null");
        return {};
    }
    Result<> write_elements(const ConstValue& value, const Path& path) {
        put("[");
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (i != 0) put(",");
            if (auto written = write(value.at(i), path.element(i)); !written) return written;
        }
        put("]");
        return {};
    }
    Result<> write_key(const ConstValue& key, const Path& path) {
        if (key.kind() == Kind::text) return write_text(key.as_text(), path);
        const auto name = key.kind() == Kind::enumeration ? key.enumerator_name() : std::nullopt;
        put("\"");
        put(name ? std::string(*name) : digits_of(key.as_integer()));
        put("\"");
        return {};
    }
    Result<> write_map(const ConstValue& value, const Path& path) {
        put("{");
        Result<> result;
        bool first = true;
        value.each_entry([&](const ConstValue& key, const ConstValue& content) {
            if (!first) put(",");
            first = false;
            result = write_key(key, path.key());
            put(":");
            if (result) result = write(content, path.value());
            return result.has_value();
        });
        put("}");
        return result;
    }
    Result<> write_variant(const ConstValue& value, const Path& path) {
        const std::string name = alternative_name(value.type(), value.alternative_index());
        put("{\"");
        put(name);
        put("\":");
        Result<> result = write(value.alternative(), path.alternative(name));
        put("}");
        return result;
    }
    Result<> write_structure(const ConstValue& value, const Path& path) {
        put("{");
        for (std::size_t i = 0; i < value.size(); ++i) {
            put(i == 0 ? "\"" : ",\"");
            put(value.name_of(i));
            put("\":");
            if (auto written = write(value.at(i), path.field(value.name_of(i))); !written) return written;
        }
        put("}");
        return {};
    }

    std::vector<std::byte>& out_;
};

}  // namespace

Result<> write_json(const ConstValue& value, const Path& path, std::vector<std::byte>& out) {
    return JsonWriter(out).write(value, path);
}

}  // namespace squall::wire
