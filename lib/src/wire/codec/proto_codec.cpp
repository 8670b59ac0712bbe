// Protocol Buffers behind the common interface, and reading them into objects.
#include <fmt/format.h>

#include <bit>
#include <vector>

#include "wire/codec/codec_frame.hpp"
#include "wire/codec/path.hpp"
#include "wire/codec/proto_reader.hpp"
#include "wire/codec/proto_writer.hpp"
#include "wire/codec/scalars.hpp"

namespace squall::wire {
namespace {

constexpr std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// Reads one object. The depth of recursion is that of the type.
class ObjectReader {
  public:
    Result<> read_content(const Value& value, Bytes bytes, const Path& path) {
        switch (value.kind()) {
            case Kind::structure: return read_structure(value, bytes, path);
            case Kind::variant: return read_variant(value, bytes, path);
            default: return read_message_of_one(value, bytes, path);
        }
    }
    [[nodiscard]] bool misses_fields() const { return misses_fields_; }

  private:
    // How many of a field came: occurrences, or elements of a list or array.
    using Counts = std::vector<std::size_t>;

    static std::unexpected<Error> broken(const Path& path) {
        return path.fail(ErrorCode::malformed, "the bytes end too early, or are not protobuf");
    }
    static Result<> wrong_wire(const Path& path, ProtoWire got, ProtoWire wanted) {
        return path.fail(ErrorCode::malformed, fmt::format("got wire type {}; it must be {}",
                                                           static_cast<int>(got), static_cast<int>(wanted)));
    }

    // What is not there is empty.
    static void empty(Value value) {
        if (value.kind() == Kind::list) (void)value.resize(0);
        if (value.kind() == Kind::map) value.clear();
        if (value.kind() == Kind::optional) value.reset();
    }
    static bool may_be_empty(const TypeDescription& type) {
        return type.kind == Kind::list || type.kind == Kind::map || type.kind == Kind::optional;
    }
    // What was there is complete.
    Result<> finish_field(const TypeDescription& type, std::size_t count, const Path& path) {
        const bool is_array = type.kind == Kind::array;
        if (count == 0) {
            misses_fields_ |= !may_be_empty(type) && !(is_array && type.array_size == 0);
            return {};
        }
        if (is_array && count != type.array_size)
            return path.fail(ErrorCode::malformed,
                             fmt::format("{} elements; there must be {}", count, type.array_size));
        return {};
    }

    Result<> read_structure(const Value& value, Bytes bytes, const Path& path) {
        const auto& fields = value.type().fields;
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (may_be_empty(*fields[i].type)) empty(value.at(i));
        Counts counts(fields.size());
        ProtoReader reader(bytes);
        while (const auto field = reader.next()) {
            const std::size_t index = field->number - 1;
            if (index >= value.size()) continue;
            if (auto done =
                    read_field(value.at(index), *field, counts[index], path.field(value.name_of(index)));
                !done)
                return done;
        }
        if (!reader.ok()) return broken(path);
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (auto done = finish_field(*fields[i].type, counts[i], path.field(fields[i].name)); !done)
                return done;
        return {};
    }

    Result<> read_variant(Value value, Bytes bytes, const Path& path) {
        ProtoReader reader(bytes);
        bool is_set = false;
        while (const auto field = reader.next()) {
            const std::size_t index = field->number - 1;
            if (index >= value.type().alternatives.size()) continue;
            auto content = value.emplace_alternative(index);
            if (!content) return path.fail(content.error().code, content.error().message);
            const std::string name = alternative_name(value.type(), index);
            if (auto done = read_single(*content, *field, path.alternative(name)); !done) return done;
            is_set = true;
        }
        if (!reader.ok()) return broken(path);
        if (!is_set) return path.fail(ErrorCode::malformed, "none of its alternatives is there");
        return {};
    }

    // A container in a message of its own: its field 1.
    Result<> read_message_of_one(const Value& value, Bytes bytes, const Path& path) {
        empty(value);
        std::size_t count = 0;
        ProtoReader reader(bytes);
        while (const auto field = reader.next()) {
            if (field->number != 1) continue;
            if (auto done = read_field(value, *field, count, path); !done) return done;
        }
        if (!reader.ok()) return broken(path);
        return finish_field(value.type(), count, path);
    }

    Result<> read_field(Value value, const ProtoField& field, std::size_t& count, const Path& path) {
        switch (value.kind()) {
            case Kind::optional:
                ++count;
                return read_single(value.has_content() ? value.at(0) : value.emplace(), field, path);
            case Kind::list:
            case Kind::array: return read_elements(value, field, count, path);
            case Kind::map: ++count; return read_entry(value, field, path);
            default: ++count; return read_single(value, field, path);
        }
    }

    // A place for one more element.
    static Result<Value> next_element(Value value, std::size_t& count, const Path& path) {
        ++count;
        if (value.kind() == Kind::array && count > value.size())
            return path.fail(ErrorCode::malformed,
                             fmt::format("{} elements; there must be {}", count, value.size()));
        if (value.kind() == Kind::list)
            if (auto grown = path.place(value.resize(count)); !grown) return std::unexpected(grown.error());
        return value.at(count - 1);
    }

    Result<> read_elements(const Value& value, const ProtoField& field, std::size_t& count,
                           const Path& path) {
        const TypeDescription& element = *value.type().element;
        if (!is_packable(element) || field.wire != ProtoWire::sized) {
            auto slot = next_element(value, count, path);
            if (!slot) return std::unexpected(slot.error());
            return read_single(*slot, field, path.element(count - 1));
        }
        ProtoReader reader(field.bytes);
        while (!reader.at_end()) {
            const ProtoWire wire = wire_of(element);
            const auto number = wire == ProtoWire::varint ? reader.varint()
                                                          : reader.fixed(wire == ProtoWire::fixed32 ? 4 : 8);
            if (!number) return broken(path);
            auto slot = next_element(value, count, path);
            if (!slot) return std::unexpected(slot.error());
            const Path at_element = path.element(count - 1);
            if (auto done = at_element.place(set_number_of(*slot, *number)); !done) return done;
        }
        return {};
    }

    Result<> read_entry(Value value, const ProtoField& entry, const Path& path) {
        if (entry.wire != ProtoWire::sized) return wrong_wire(path, entry.wire, ProtoWire::sized);
        std::optional<ProtoField> key_field;
        std::optional<ProtoField> content_field;
        ProtoReader reader(entry.bytes);
        while (const auto field = reader.next()) {
            if (field->number == 1) key_field = field;
            if (field->number == 2) content_field = field;
        }
        if (!reader.ok()) return broken(path);
        const Path at_key = path.key();
        Result<> key_read;
        // A key that is not there is 0 or empty, as a fresh one is.
        auto content = value.insert([&](Value key) {
            if (key_field) key_read = read_key(key, *key_field, at_key);
            return key_read;
        });
        if (!key_read) return key_read;
        if (!content) return at_key.fail(content.error().code, content.error().message);
        if (!content_field) {
            misses_fields_ = true;
            return {};
        }
        return read_single(*content, *content_field, path.value());
    }
    static Result<> read_key(Value key, const ProtoField& field, const Path& path) {
        if (key.kind() != Kind::enumeration) return read_scalar(key, field, path);
        if (field.wire != ProtoWire::varint) return wrong_wire(path, field.wire, ProtoWire::varint);
        return path.place(key.set_integer(unzigzag(field.value)));
    }

    Result<> read_single(const Value& value, const ProtoField& field, const Path& path) {
        const bool is_message =
            value.kind() == Kind::structure || value.kind() == Kind::variant || needs_message(value.type());
        if (!is_message) return read_scalar(value, field, path);
        if (field.wire != ProtoWire::sized) return wrong_wire(path, field.wire, ProtoWire::sized);
        return read_content(value, field.bytes, path);
    }

    static Result<> read_scalar(Value value, const ProtoField& field, const Path& path) {
        const ProtoWire wanted = wire_of(value.type());
        if (field.wire != wanted) return wrong_wire(path, field.wire, wanted);
        if (value.kind() == Kind::bytes) return path.place(value.set_bytes(field.bytes));
        if (value.kind() != Kind::text) return path.place(set_number_of(value, field.value));
        if (!is_utf8(as_text(field.bytes))) return path.fail(ErrorCode::malformed, "the text is not UTF-8");
        return path.place(value.set_text(as_text(field.bytes)));
    }

    static Result<> set_number_of(Value value, std::uint64_t bits) {
        switch (value.kind()) {
            case Kind::boolean: return value.set_bool(bits != 0);
            case Kind::unsigned_integer: return value.set_integer(bits);
            case Kind::signed_integer: return value.set_integer(unzigzag(bits));
            case Kind::enumeration:
                return value.set_integer(is_proto_enum(value.type()) ? static_cast<std::int64_t>(bits)
                                                                     : unzigzag(bits));
            default: break;
        }
        if (value.type().size == 4)
            return value.set_floating(double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))});
        return value.set_floating(std::bit_cast<double>(bits));
    }

    bool misses_fields_ = false;
};

class ProtobufCodec final : public Codec {
  public:
    [[nodiscard]] std::string_view name() const override { return "protobuf"; }
    [[nodiscard]] CodecId id() const override { return CodecId::protobuf; }
    [[nodiscard]] FieldIdentity field_identity() const override { return FieldIdentity::place; }

    Result<> encode(const CodecType& type, const void* object, std::vector<std::byte>& out) const override {
        return encode_checked(name(), type, object, out, [](const ConstValue& value, auto& bytes) {
            return write_proto(value, Path{.name = value.type().name}, bytes);
        });
    }
    Result<> decode(const CodecType& type, Bytes bytes, void* object) const override {
        return decode_checked(
            name(), type, bytes, object, [](Bytes message, const Value& value, bool& validate_whole) {
                ObjectReader reader;
                auto done = reader.read_content(value, message, Path{.name = value.type().name});
                validate_whole = reader.misses_fields() || has_joint_rules(value);
                return done;
            });
    }
};

}  // namespace

const Codec& protobuf_codec() {
    static const ProtobufCodec kCodec;
    return kCodec;
}

}  // namespace squall::wire
