// JSON behind the common interface. Reading is driven by the parser's events, so that no tree of the document
// is built: what is open is a stack, what is unknown is passed over.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/codec/codec_frame.hpp"
#include "wire/codec/json_writer.hpp"
#include "wire/codec/scalars.hpp"

namespace squall::wire {
namespace {

using Json = nlohmann::json;

// Takes the parser's events; each says false to stop it.
class JsonReader {
  public:
    explicit JsonReader(const Value& root) : root_(root) {}

    // --- events ---
    bool null() {
        if (passes_over()) return true;
        auto slot = next_slot();
        if (!slot) return false;
        if (slot->kind() != Kind::optional || is_nested_optional(slot->type()))
            return refuse(fmt::format("null; it must be {}", to_string(slot->kind())));
        slot->reset();
        return settle();
    }
    bool boolean(bool value) {
        return scalar([&](Value slot) { return slot.set_bool(value); });
    }
    bool number_integer(Json::number_integer_t value) { return integer(value); }
    bool number_unsigned(Json::number_unsigned_t value) { return integer(value); }
    bool number_float(Json::number_float_t value, const std::string&) {
        return scalar([&](Value slot) {
            return slot.kind() == Kind::floating ? set_number(slot, value) : set_whole_number(slot, value);
        });
    }
    bool string(std::string& text) {
        return scalar([&](Value slot) { return set_from_text(slot, text); });
    }
    bool binary(Json::binary_t&) { return refuse("JSON has no bytes"); }
    bool start_object(std::size_t) {
        if (passes_over_container()) return !error_;
        auto slot = contents_of_slot();
        if (!slot) return false;
        switch (slot->kind()) {
            case Kind::structure: seen_.insert(seen_.end(), slot->size(), false); break;
            case Kind::map: slot->clear(); break;
            case Kind::variant: break;
            default: return refuse(fmt::format("an object; it must be {}", to_string(slot->kind())));
        }
        open(*slot);
        return true;
    }
    bool key(std::string& name) {
        if (skipped_depth_ != 0) return true;
        Frame& frame = frames_.back();
        switch (frame.value.kind()) {
            case Kind::structure: return field_key(frame, name);
            case Kind::map: return map_key(frame, name);
            default: return alternative_key(frame, name);
        }
    }
    bool end_object() {
        if (leaves_skipped()) return true;
        const Frame& frame = frames_.back();
        if (frame.value.kind() == Kind::structure) {
            const auto first = seen_.end() - static_cast<std::ptrdiff_t>(frame.value.size());
            misses_fields_ |= std::find(first, seen_.end(), false) != seen_.end();
            seen_.erase(first, seen_.end());
        }
        if (frame.value.kind() == Kind::variant && frame.count != 1)
            return refuse("an empty object; it must have one member, the alternative");
        return close();
    }
    bool start_array(std::size_t) {
        if (passes_over_container()) return !error_;
        auto slot = contents_of_slot();
        if (!slot) return false;
        if (slot->kind() == Kind::list) {
            (void)slot->resize(0);
        } else if (slot->kind() == Kind::optional) {
            slot->reset();
        } else if (slot->kind() != Kind::array) {
            return refuse(fmt::format("an array; it must be {}", to_string(slot->kind())));
        }
        open(*slot);
        return true;
    }
    bool end_array() {
        if (leaves_skipped()) return true;
        const Frame& frame = frames_.back();
        if (frame.value.kind() == Kind::array && frame.count != frame.value.size())
            return refuse(fmt::format("{} elements; there must be {}", frame.count, frame.value.size()));
        return close();
    }
    bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
        if (!error_)
            error_ = Error{ErrorCode::malformed, fmt::format("byte {} is not JSON any more", position)};
        return false;
    }

    // --- results ---
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    [[nodiscard]] bool misses_fields() const { return misses_fields_; }

  private:
    // A container that is open. Of a struct: `field` is the one whose value comes next.
    struct Frame {
        Value value;
        std::size_t count = 0;
        std::size_t field = 0;
        std::string name{};              // of the alternative
        std::optional<Value> pending{};  // where the value of the last key goes
    };

    bool refuse(std::string_view what, ErrorCode code = ErrorCode::malformed) {
        if (!error_) error_ = Error{code, fmt::format("{}: {}", path(), what)};
        return false;
    }
    bool refuse(const Error& error) { return refuse(error.message, error.code); }

    [[nodiscard]] std::string path() const {
        std::string text(root_.type().name.empty() ? "value" : root_.type().name);
        for (const Frame& frame : frames_) {
            switch (frame.value.kind()) {
                case Kind::structure:
                    if (frame.pending) text += fmt::format(".{}", frame.value.name_of(frame.field));
                    break;
                case Kind::map: text += frame.pending ? "{value}" : ""; break;
                case Kind::variant:
                    if (frame.pending) text += fmt::format("<{}>", frame.name);
                    break;
                default:
                    if (frame.count != 0) text += fmt::format("[{}]", frame.count - 1);
                    break;
            }
        }
        return text;
    }

    // A scalar that belongs to an unknown field.
    bool passes_over() {
        if (skipped_depth_ != 0) return true;
        return std::exchange(skips_next_, false);
    }
    bool passes_over_container() {
        if (skipped_depth_ == 0 && !std::exchange(skips_next_, false)) return false;
        if (++skipped_depth_ > kMaxCodecDepth) {
            refuse(fmt::format("an unknown field is nested more than {} deep", kMaxCodecDepth));
        }
        return true;
    }
    bool leaves_skipped() {
        if (skipped_depth_ == 0) return false;
        --skipped_depth_;
        return true;
    }

    void open(const Value& value) { frames_.push_back({.value = value}); }
    bool close() {
        frames_.pop_back();
        return settle();
    }
    // A value is complete.
    bool settle() {
        if (!frames_.empty()) frames_.back().pending.reset();
        return true;
    }

    // Where the next value goes.
    std::optional<Value> next_slot() {
        if (frames_.empty()) return root_;
        Frame& frame = frames_.back();
        if (frame.pending) return frame.pending;
        ++frame.count;
        switch (frame.value.kind()) {
            case Kind::list:
                if (auto grown = frame.value.resize(frame.count); !grown) {
                    refuse(grown.error());
                    return std::nullopt;
                }
                return frame.value.at(frame.count - 1);
            case Kind::array:
                if (frame.count > frame.value.size()) {
                    refuse(fmt::format("more elements than {}", frame.value.size()));
                    return std::nullopt;
                }
                return frame.value.at(frame.count - 1);
            default:
                if (frame.count > 1) {
                    refuse("more than one content of an optional");
                    return std::nullopt;
                }
                return frame.value.emplace();
        }
    }
    // The same, and a fresh content if it is an optional.
    std::optional<Value> contents_of_slot() {
        auto slot = next_slot();
        while (slot && slot->kind() == Kind::optional && !is_nested_optional(slot->type()))
            slot = slot->emplace();
        return slot;
    }

    template <class Set>
    bool scalar(Set&& set) {
        if (passes_over()) return true;
        const auto slot = contents_of_slot();
        if (!slot) return false;
        if (auto done = set(*slot); !done) return refuse(done.error());
        return settle();
    }
    bool integer(WideInteger value) {
        return scalar([&](Value slot) {
            return slot.kind() == Kind::floating ? set_number(slot, static_cast<double>(value))
                                                 : slot.set_integer(value);
        });
    }
    static Result<> set_from_text(Value slot, std::string_view text) {
        switch (slot.kind()) {
            case Kind::signed_integer:
            case Kind::unsigned_integer: {
                const auto value = integer_of(text);
                if (value) return slot.set_integer(*value);
                return fail(ErrorCode::invalid_argument, "a text; it must be an integer or a text of digits");
            }
            case Kind::enumeration: return slot.set_enumerator(text);
            case Kind::floating: return set_named_number(slot, text);
            case Kind::bytes: {
                const auto bytes = from_hex(text);
                if (bytes) return slot.set_bytes(*bytes);
                return fail(ErrorCode::invalid_argument, "bytes must be hexadecimal digits, two each");
            }
            default: return slot.set_text(text);
        }
    }
    static Result<> set_named_number(Value slot, std::string_view text) {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        if (text == "NaN") return slot.set_floating(std::numeric_limits<double>::quiet_NaN());
        if (text == "Infinity") return slot.set_floating(kInfinity);
        if (text == "-Infinity") return slot.set_floating(-kInfinity);
        return fail(ErrorCode::invalid_argument,
                    R"(a text; it must be a number, or one of "NaN", "Infinity" and "-Infinity")");
    }

    bool field_key(Frame& frame, std::string_view name) {
        const auto index = field_of(frame.value.type(), name, frame.count);
        if (!index) {
            skips_next_ = true;
            return true;
        }
        frame.field = *index;
        frame.count = *index + 1;
        frame.pending = frame.value.at(*index);
        auto seen = seen_[seen_.size() - frame.value.size() + *index];
        if (seen) return refuse("the field is there twice");
        seen = true;
        return true;
    }
    bool map_key(Frame& frame, std::string_view name) {
        auto value = frame.value.insert([&](Value key) -> Result<> {
            if (key.kind() == Kind::text) return key.set_text(name);
            if (key.kind() == Kind::enumeration && !integer_of(name)) return key.set_enumerator(name);
            const auto number = integer_of(name);
            if (!number) return fail(ErrorCode::invalid_argument, "a key must be an integer");
            return key.set_integer(*number);
        });
        if (!value) {
            error_ = Error{value.error().code, fmt::format("{}{{key}}: {}", path(), value.error().message)};
            return false;
        }
        frame.pending = *value;
        return true;
    }
    bool alternative_key(Frame& frame, std::string_view name) {
        const auto index = alternative_of(frame.value.type(), name);
        if (!index) return refuse(fmt::format("'{}' is none of its alternatives", name.substr(0, 64)));
        if (++frame.count > 1) return refuse("more than one alternative");
        frame.name = name;
        frame.pending = *frame.value.emplace_alternative(*index);
        return true;
    }

    Value root_;
    std::vector<Frame> frames_;
    std::vector<bool> seen_;  // the fields of all open structs
    unsigned skipped_depth_ = 0;
    bool skips_next_ = false;
    bool misses_fields_ = false;
    std::optional<Error> error_;
};

class JsonCodec final : public Codec {
  public:
    [[nodiscard]] std::string_view name() const override { return "json"; }
    [[nodiscard]] CodecId id() const override { return CodecId::json; }
    [[nodiscard]] FieldIdentity field_identity() const override { return FieldIdentity::name; }

    Result<> encode(const CodecType& type, const void* object, std::vector<std::byte>& out) const override {
        return encode_checked(name(), type, object, out, [](const ConstValue& value, auto& bytes) {
            return write_json(value, Path{.name = value.type().name}, bytes);
        });
    }
    Result<> decode(const CodecType& type, Bytes bytes, void* object) const override {
        return decode_checked(name(), type, bytes, object,
                              [](Bytes text, const Value& value, bool& validate_whole) -> Result<> {
                                  JsonReader reader(value);
                                  const std::string_view view = as_text(text);
                                  Json::sax_parse(view.begin(), view.end(), &reader);
                                  if (reader.error()) return std::unexpected(*reader.error());
                                  validate_whole = reader.misses_fields() || has_joint_rules(value);
                                  return {};
                              });
    }
};

}  // namespace

const Codec& json_codec() {
    static const JsonCodec kCodec;
    return kCodec;
}

}  // namespace squall::wire
