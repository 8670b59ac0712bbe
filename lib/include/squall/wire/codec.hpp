// The one interface of all codecs: an object to bytes and back, by the description of its type. Remotes hold
// a Codec and do not know which; a user's own is a class that derives from it. Knows no format.
//
//     std::vector<std::byte> bytes;
//     auto written = json_codec().encode(player, bytes);   // Result<>
//     auto read = json_codec().decode(bytes, other);       // Result<>
//
// Rules that hold for every codec of Squall:
// - Both ways everything is checked: ranges, lengths, enumerators, text. An error names the codec and the
//   field: "json: Player.ammo: 31; it must be 0 to 30".
// - Bytes behind the end of an object are an error. So is a field that is there twice (but in protobuf, whose
// rule is
//   that the last one counts).
// - Fields that the type does not have are passed over. Fields that are missing stay as they are in the
// object
//   that is decoded into: a fresh one has its defaults. (Bits have neither: there both ends need one schema.)
//   What may differ between two versions of a struct is a table in the wire's README.
// - After a failed decode the object is valid, and its contents are unspecified.
// - Codecs have no state and may be used by several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/wire/bit_codec.hpp"
#include "squall/wire/schema_evolution.hpp"
#include "squall/wire/schema_text.hpp"
#include "squall/wire/value.hpp"

namespace squall::wire {

// Names a codec between peers. 1 to 127 are Squall's, 128 to 255 are free for users.
enum class CodecId : std::uint8_t {
    none = 0,
    bits = 1,
    json = 2,
    message_pack = 3,
    message_pack_named = 4,
    protobuf = 5,
};
[[nodiscard]] constexpr CodecId user_codec_id(std::uint8_t number) {
    return static_cast<CodecId>(number);
}

// The largest encoded object, for every codec; a remote may want less.
inline constexpr std::size_t kMaxEncodedBytes = 1024 * 1024;
// How deep what is passed over may be nested.
inline constexpr unsigned kMaxCodecDepth = 64;

// All that a codec can know of a type: its table, and its bit codec as compiled.
struct CodecType {
    const TypeDescription* description = nullptr;
    void (*write_bits)(BitWriter& writer, const void* object) = nullptr;
    void (*read_bits)(BitReader& reader, void* object) = nullptr;
    std::size_t (*measure_bits)(const void* object) = nullptr;
    std::uint64_t (*schema_hash)() = nullptr;
};

template <Described T>
[[nodiscard]] const CodecType& codec_type() {
    static const CodecType kType{
        .description = &describe<T>(),
        .write_bits = [](BitWriter& writer,
                         const void* object) { write(writer, *static_cast<const T*>(object)); },
        .read_bits = [](BitReader& reader, void* object) { read(reader, *static_cast<T*>(object)); },
        .measure_bits = [](const void* object) { return measure(*static_cast<const T*>(object)); },
        .schema_hash = [] { return schema_hash<T>(); }};
    return kType;
}

class Codec {
  public:
    virtual ~Codec() = default;
    // A word of lower-case letters, digits and '-', 1 to 32 of them.
    [[nodiscard]] virtual std::string_view name() const = 0;
    [[nodiscard]] virtual CodecId id() const = 0;
    // Replaces what `out` holds; its memory is used again. Errors: invalid_argument (a value that is not
    // valid), too_large. `out` is empty then.
    virtual Result<> encode(const CodecType& type, const void* object, std::vector<std::byte>& out) const = 0;
    // Errors: malformed, too_large, invalid_argument (a value that is not valid).
    virtual Result<> decode(const CodecType& type, Bytes bytes, void* object) const = 0;

    // What lets two ends with different versions of a struct understand each other; what a codec of a user's
    // own does not say, it does not do.
    [[nodiscard]] virtual FieldIdentity field_identity() const { return FieldIdentity::whole_schema; }

    template <Described T>
    Result<> encode(const T& object, std::vector<std::byte>& out) const {
        return encode(codec_type<T>(), &object, out);
    }
    template <Described T>
    Result<> decode(Bytes bytes, T& object) const {
        return decode(codec_type<T>(), bytes, &object);
    }
};

// Section 6 of STANDARD.md: the smallest and fastest. Both ends need the same schema (schema_hash).
[[nodiscard]] const Codec& bits_codec();

// JSON (RFC 8259). A struct is an object, a map is an object with its keys as text, a list or array is an
// array.
// - An integer is a number; beyond 2^53 - 1, where many parsers lose digits, it is a text of digits. Read
// either.
// - A floating point number is written in the fewest digits that give it back; what JSON cannot say is a
// text:
//   "NaN", "Infinity", "-Infinity".
// - An enumerator is its name; without one, its number. Read either.
// - Bytes are a text of hexadecimal digits. Text must be UTF-8.
// - An empty optional is null. An optional of an optional is [] or [content].
// - A variant is an object with one member, named after the alternative's struct, or by its number where
//   alternatives are not structs of different names.
[[nodiscard]] const Codec& json_codec();

// MessagePack, as msgpack-cxx packs it: a struct is an array of its fields (MSGPACK_DEFINE), or, if named, a
// map (MSGPACK_DEFINE_MAP); each reads both. Fields behind those that are known are passed over; fewer are
// missing.
// - An enumerator is its number, an empty optional is nil, bytes are bin.
// - A floating point number that is whole is an integer, as msgpack-cxx has it since 4.1; not -0.0, which
// would
//   lose its sign.
// - A variant is [number of the alternative, content]. An optional of an optional is [] or [content].
[[nodiscard]] const Codec& message_pack_codec();
[[nodiscard]] const Codec& message_pack_named_codec();

// Protocol Buffers, wire-compatible with what proto_text() prints: proto2, fields numbered from 1 in their
// order, signed integers as sint, lists packed. What protobuf cannot say directly (a list in a list, a
// variant) is a message of its own.
[[nodiscard]] const Codec& protobuf_codec();
// The .proto file for a type. Error: unsupported, if the type's root is not a struct.
[[nodiscard]] Result<std::string> proto_text(const TypeDescription& type, std::string_view package);
template <Described T>
[[nodiscard]] Result<std::string> proto_text(std::string_view package) {
    return proto_text(describe<T>(), package);
}

}  // namespace squall::wire
