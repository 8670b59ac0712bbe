// What all codecs that interpret the table do around their format: limits, validation, the codec's name
// before an error.
#pragma once

#include <fmt/format.h>

#include <string>

#include "squall/wire/codec.hpp"

namespace squall::wire {

[[nodiscard]] inline Result<> named(std::string_view codec, Result<> result) {
    if (!result) result.error().message = fmt::format("{}: {}", codec, result.error().message);
    return result;
}

[[nodiscard]] inline Result<> check_encoded_size(std::size_t size) {
    if (size <= kMaxEncodedBytes) return {};
    return fail(ErrorCode::too_large,
                fmt::format("{} encoded bytes; {} is the limit", size, kMaxEncodedBytes));
}

// Whether some part of the type has a rule that no single setter can check (a rotation's length).
[[nodiscard]] bool has_joint_rules(ConstValue value);

// encode() and decode() of a codec, given what writes and what reads a whole object.
template <class Write>
[[nodiscard]] Result<> encode_checked(std::string_view codec, const CodecType& type, const void* object,
                                      std::vector<std::byte>& out, Write&& write) {
    out.clear();
    const ConstValue value(*type.description, object);
    Result<> result = validate(value);
    if (result) result = write(value, out);
    if (result) result = check_encoded_size(out.size());
    if (!result) out.clear();
    return named(codec, std::move(result));
}

// `read` says whether a field was missing.
template <class Read>
[[nodiscard]] Result<> decode_checked(std::string_view codec, const CodecType& type, Bytes bytes,
                                      void* object, Read&& read) {
    const Value value(*type.description, object);
    Result<> result = check_encoded_size(bytes.size());
    bool validate_whole = false;
    if (result) result = read(bytes, value, validate_whole);
    if (result && validate_whole) result = validate(value);
    return named(codec, std::move(result));
}

}  // namespace squall::wire
