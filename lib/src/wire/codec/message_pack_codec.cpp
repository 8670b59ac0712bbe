// MessagePack behind the common interface, and reading it into objects.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "wire/codec/codec_frame.hpp"
#include "wire/codec/message_pack_reader.hpp"
#include "wire/codec/message_pack_writer.hpp"
#include "wire/codec/path.hpp"
#include "wire/codec/scalars.hpp"

namespace squall::wire {
namespace {

using Packed = PackedItem::Kind;

// Reads one object. The depth of recursion is that of the type.
class ObjectReader {
  public:
    explicit ObjectReader(Bytes bytes) : reader_(bytes) {}

    Result<> read_whole(const Value& value, const Path& path) {
        if (auto done = read(value, path); !done) return done;
        if (reader_.at_end()) return {};
        return path.fail(ErrorCode::malformed,
                         fmt::format("it ends at byte {}, and more follows", reader_.position()));
    }
    [[nodiscard]] bool misses_fields() const { return misses_fields_; }

  private:
    Result<> read(const Value& value, const Path& path) {
        switch (value.kind()) {
            case Kind::optional: return read_optional(value, path);
            case Kind::list:
            case Kind::array: return read_elements(value, path);
            case Kind::map: return read_map(value, path);
            case Kind::variant: return read_variant(value, path);
            case Kind::structure: return read_structure(value, path);
            default: return read_scalar(value, path);
        }
    }

    std::unexpected<Error> broken(const Path& path) const {
        return path.fail(ErrorCode::malformed,
                         fmt::format("the bytes end too early, or are not MessagePack, after byte {}",
                                     reader_.position()));
    }
    Result<> wrong(const Path& path, const PackedItem& item, const Value& value) const {
        return path.fail(ErrorCode::malformed,
                         fmt::format("got {}; it must be {}", to_string(item.kind), to_string(value.kind())));
    }

    Result<> read_scalar(Value value, const Path& path) {
        const auto item = reader_.next();
        if (!item) return broken(path);
        const bool wants_floating = value.kind() == Kind::floating;
        switch (item->kind) {
            case Packed::boolean:
                if (value.kind() != Kind::boolean) break;
                return path.place(value.set_bool(item->truth));
            case Packed::integer:
                if (value.kind() == Kind::boolean || value.kind() == Kind::text ||
                    value.kind() == Kind::bytes)
                    break;
                return path.place(wants_floating ? set_number(value, static_cast<double>(item->integer))
                                                 : value.set_integer(item->integer));
            case Packed::floating:
                if (!wants_floating) break;
                return path.place(set_number(value, item->floating));
            case Packed::text:
                if (value.kind() != Kind::text) break;
                return path.place(value.set_text(as_text(item->bytes)));
            case Packed::bytes:
                if (value.kind() != Kind::bytes) break;
                return path.place(value.set_bytes(item->bytes));
            default: break;
        }
        return wrong(path, *item, value);
    }

    Result<> read_optional(Value value, const Path& path) {
        if (is_nested_optional(value.type())) {
            const auto item = reader_.next();
            if (!item) return broken(path);
            if (item->kind != Packed::array || item->count > 1) return wrong(path, *item, value);
            value.reset();
            return item->count == 0 ? Result<>{} : read(value.emplace(), path.element(0));
        }
        if (!reader_.next_is_nil()) return read(value.emplace(), path);
        (void)reader_.next();
        value.reset();
        return {};
    }

    Result<> read_elements(Value value, const Path& path) {
        const auto item = reader_.next();
        if (!item) return broken(path);
        if (item->kind != Packed::array) return wrong(path, *item, value);
        if (value.kind() == Kind::list) (void)value.resize(0);  // no element keeps what it had
        if (auto sized = path.place(value.resize(item->count)); !sized) return sized;
        for (std::size_t i = 0; i < item->count; ++i)
            if (auto done = read(value.at(i), path.element(i)); !done) return done;
        return {};
    }

    Result<> read_map(Value value, const Path& path) {
        const auto item = reader_.next();
        if (!item) return broken(path);
        if (item->kind != Packed::map) return wrong(path, *item, value);
        value.clear();
        for (std::size_t i = 0; i < item->count; ++i) {
            Result<> key_read;
            const Path at_key = path.key();
            auto content = value.insert([&](Value key) {
                key_read = read(key, at_key);
                return key_read;
            });
            if (!key_read) return key_read;
            if (!content) return at_key.fail(content.error().code, content.error().message);
            if (auto done = read(*content, path.value()); !done) return done;
        }
        return {};
    }

    Result<> read_variant(Value value, const Path& path) {
        const auto item = reader_.next();
        if (!item) return broken(path);
        if (item->kind != Packed::array || item->count != 2) return wrong(path, *item, value);
        const auto number = reader_.next();
        if (!number) return broken(path);
        const std::size_t count = value.type().alternatives.size();
        if (number->kind != Packed::integer || number->integer < 0 || number->integer >= WideInteger{count})
            return path.fail(ErrorCode::malformed,
                             fmt::format("no number of an alternative; there are {}", count));
        const auto index = static_cast<std::size_t>(number->integer);
        auto content = value.emplace_alternative(index);
        if (!content) return path.fail(content.error().code, content.error().message);
        const std::string name = alternative_name(value.type(), index);
        return read(*content, path.alternative(name));
    }

    Result<> read_structure(const Value& value, const Path& path) {
        const auto item = reader_.next();
        if (!item) return broken(path);
        if (item->kind == Packed::map) return read_named_fields(value, item->count, path);
        if (item->kind != Packed::array) return wrong(path, *item, value);
        for (std::size_t i = 0; i < item->count; ++i) {
            if (i >= value.size()) {
                if (!reader_.skip()) return broken(path);
                continue;
            }
            if (auto done = read(value.at(i), path.field(value.name_of(i))); !done) return done;
        }
        misses_fields_ |= item->count < value.size();
        return {};
    }

    Result<> read_named_fields(const Value& value, std::size_t count, const Path& path) {
        std::vector<bool> seen(value.size());
        std::size_t expected = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const auto name = reader_.next();
            if (!name) return broken(path);
            if (name->kind != Packed::text)
                return path.fail(ErrorCode::malformed,
                                 fmt::format("got {}; a field's name must be a text", to_string(name->kind)));
            const auto index = field_of(value.type(), as_text(name->bytes), expected);
            if (!index) {
                if (!reader_.skip()) return broken(path);
                continue;
            }
            expected = *index + 1;
            const Path at_field = path.field(value.name_of(*index));
            if (seen[*index]) return at_field.fail(ErrorCode::malformed, "the field is there twice");
            seen[*index] = true;
            if (auto done = read(value.at(*index), at_field); !done) return done;
        }
        misses_fields_ |= std::ranges::find(seen, false) != seen.end();
        return {};
    }

    MessagePackReader reader_;
    bool misses_fields_ = false;
};

class MessagePackCodec final : public Codec {
  public:
    MessagePackCodec(std::string_view name, CodecId id, bool names) : name_(name), id_(id), names_(names) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] CodecId id() const override { return id_; }
    [[nodiscard]] FieldIdentity field_identity() const override {
        return id_ == CodecId::message_pack_named ? FieldIdentity::name : FieldIdentity::place;
    }

    Result<> encode(const CodecType& type, const void* object, std::vector<std::byte>& out) const override {
        return encode_checked(name_, type, object, out,
                              [&](const ConstValue& value, auto& bytes) -> Result<> {
                                  write_message_pack(value, names_, bytes);
                                  return {};
                              });
    }
    Result<> decode(const CodecType& type, Bytes bytes, void* object) const override {
        return decode_checked(name_, type, bytes, object,
                              [](Bytes packed, const Value& value, bool& validate_whole) {
                                  ObjectReader reader(packed);
                                  auto done = reader.read_whole(value, Path{.name = value.type().name});
                                  validate_whole = reader.misses_fields() || has_joint_rules(value);
                                  return done;
                              });
    }

  private:
    std::string_view name_;
    CodecId id_;
    bool names_;
};

}  // namespace

const Codec& message_pack_codec() {
    static const MessagePackCodec kCodec("message-pack", CodecId::message_pack, false);
    return kCodec;
}
const Codec& message_pack_named_codec() {
    static const MessagePackCodec kCodec("message-pack-named", CodecId::message_pack_named, true);
    return kCodec;
}

}  // namespace squall::wire
