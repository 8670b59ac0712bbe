#include "wire/codec/proto_writer.hpp"

#include <bit>

#include "wire/codec/proto_shape.hpp"
#include "wire/codec/scalars.hpp"

namespace squall::wire {
namespace {

constexpr std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

class ProtoWriter {
  public:
    explicit ProtoWriter(std::vector<std::byte>& out) : out_(out) {}

    // What is inside a message.
    Result<> write_content(const ConstValue& value, const Path& path) {
        switch (value.kind()) {
            case Kind::structure:
                for (std::size_t i = 0; i < value.size(); ++i)
                    if (auto done = write_field(i + 1, value.at(i), path.field(value.name_of(i))); !done)
                        return done;
                return {};
            case Kind::variant: {
                const std::size_t index = value.alternative_index();
                const std::string name = alternative_name(value.type(), index);
                return write_single(index + 1, value.alternative(), path.alternative(name));
            }
            default: return write_field(1, value, path);
        }
    }

  private:
    void put_varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
        out_.push_back(static_cast<std::byte>(value));
    }
    void put_fixed(std::uint64_t value, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i)
            out_.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xff));
    }
    void put_tag(std::size_t number, ProtoWire wire) {
        put_varint(number << 3 | static_cast<std::uint64_t>(wire));
    }
    // Writes what `write` does, with its length before it.
    template <class Write>
    Result<> put_sized(Write&& write) {
        const std::size_t start = out_.size();
        out_.push_back({});  // enough for a length below 128
        if (Result<> done = write(); !done) return done;
        std::uint64_t length = out_.size() - start - 1;
        out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(start), varint_size(length) - 1, std::byte{});
        for (std::size_t i = start;; ++i, length >>= 7) {
            out_[i] = static_cast<std::byte>((length & 0x7f) | (length >= 0x80 ? 0x80 : 0));
            if (length < 0x80) return {};
        }
    }

    // A number, without its tag.
    void put_number(const ConstValue& value) {
        switch (value.kind()) {
            case Kind::boolean: return put_varint(value.as_bool() ? 1 : 0);
            case Kind::unsigned_integer: return put_varint(value.as_unsigned());
            case Kind::signed_integer: return put_varint(zigzag(value.as_signed()));
            case Kind::enumeration: {
                const auto number = static_cast<std::int64_t>(value.as_integer());
                return put_varint(is_proto_enum(value.type()) ? static_cast<std::uint64_t>(number)
                                                              : zigzag(number));
            }
            default: break;
        }
        if (value.type().size == 4)
            return put_fixed(std::bit_cast<std::uint32_t>(static_cast<float>(value.as_floating())), 4);
        put_fixed(std::bit_cast<std::uint64_t>(value.as_floating()), 8);
    }

    // One value that is no container, or a container in a message of its own.
    Result<> write_single(std::size_t number, const ConstValue& value, const Path& path) {
        put_tag(number, wire_of(value.type()));
        if (wire_of(value.type()) != ProtoWire::sized) {
            put_number(value);
            return {};
        }
        if (value.kind() == Kind::text) {
            if (!is_utf8(value.as_text()))
                return path.fail(
                    ErrorCode::invalid_argument,
                    "the text is not UTF-8; protobuf carries nothing else (bytes may be anything)");
            put_bytes(as_bytes(value.as_text()));
            return {};
        }
        if (value.kind() == Kind::bytes) {
            put_bytes(value.as_bytes());
            return {};
        }
        return put_sized([&] { return write_content(value, path); });
    }
    void put_bytes(Bytes bytes) {
        put_varint(bytes.size());
        out_.insert(out_.end(), bytes.begin(), bytes.end());
    }

    Result<> write_field(std::size_t number, const ConstValue& value, const Path& path) {
        switch (value.kind()) {
            case Kind::optional:
                return value.has_content() ? write_single(number, value.at(0), path) : Result<>{};
            case Kind::list:
            case Kind::array: return write_elements(number, value, path);
            case Kind::map: return write_map(number, value, path);
            default: return write_single(number, value, path);
        }
    }
    Result<> write_elements(std::size_t number, const ConstValue& value, const Path& path) {
        if (value.size() == 0) return {};
        if (is_packable(*value.type().element)) {
            put_tag(number, ProtoWire::sized);
            return put_sized([&]() -> Result<> {
                for (std::size_t i = 0; i < value.size(); ++i) put_number(value.at(i));
                return {};
            });
        }
        for (std::size_t i = 0; i < value.size(); ++i)
            if (auto done = write_single(number, value.at(i), path.element(i)); !done) return done;
        return {};
    }
    Result<> write_map(std::size_t number, const ConstValue& value, const Path& path) {
        Result<> result;
        value.each_entry([&](const ConstValue& key, const ConstValue& content) {
            put_tag(number, ProtoWire::sized);
            result = put_sized([&]() -> Result<> {
                // protobuf has no enumerations as keys.
                if (key.kind() == Kind::enumeration) {
                    put_tag(1, ProtoWire::varint);
                    put_varint(zigzag(static_cast<std::int64_t>(key.as_integer())));
                } else if (auto done = write_single(1, key, path.key()); !done) {
                    return done;
                }
                return write_single(2, content, path.value());
            });
            return result.has_value();
        });
        return result;
    }

    std::vector<std::byte>& out_;
};

}  // namespace

Result<> write_proto(const ConstValue& value, const Path& path, std::vector<std::byte>& out) {
    return ProtoWriter(out).write_content(value, path);
}

}  // namespace squall::wire
