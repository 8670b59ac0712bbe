// Whether two versions of one struct can talk, by a codec that passes over fields it does not know and leaves
// those alone that are missing: by the schemas' texts, before anything is sent. Knows no codec's bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace squall::wire {

// What a field is to a codec, when the other end's struct is another version.
enum class FieldIdentity : std::uint8_t {
    whole_schema,  // none of its own: both ends need the same schema (bits)
    name,          // fields may come, go and change places; another name is another field (JSON)
    place,         // fields may be renamed, and may come and go at the end (Protobuf, MessagePack arrays)
};

// The first thing that keeps the two from talking, as a sentence's end; nothing if they can. What is in both
// must be of one kind: integers of any width but one signedness, floats, doubles, arrays of one size;
// enumerators of one name must have one value; a variant's alternatives may come and go at the end. Ranges
// and limits may differ: each end holds its own against what comes.
[[nodiscard]] std::optional<std::string> schema_conflict(std::string_view ours, std::string_view theirs,
                                                         FieldIdentity identity);

}  // namespace squall::wire
