// The codecs that a program has, by id and by name, and how two programs agree: each offers what it has when
// they connect, and what is missing is refused in words. Knows no connection.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/wire/codec.hpp"

namespace squall::wire {

inline constexpr std::size_t kMaxCodecs = 64;
inline constexpr std::size_t kMaxCodecNameBytes = 32;

class CodecRegistry {
  public:
    CodecRegistry() = default;
    // With all codecs of Squall.
    [[nodiscard]] static CodecRegistry standard();

    // The codec must outlive the registry. Errors: invalid_argument (its id or its name is there already, or
    // is not allowed; says which), queue_full.
    Result<> add(const Codec& codec);
    [[nodiscard]] const Codec* find(CodecId id) const;
    [[nodiscard]] const Codec* find(std::string_view name) const;
    // Ascending by id.
    [[nodiscard]] std::span<const Codec* const> all() const { return codecs_; }

  private:
    std::vector<const Codec*> codecs_;
};

// A codec as a peer names it.
struct CodecName {
    CodecId id = CodecId::none;
    std::string name;
    friend bool operator==(const CodecName&, const CodecName&) = default;
};

// What is sent at connect: a byte for how many, and for each its id, the length of its name, its name.
[[nodiscard]] std::vector<std::byte> write_codec_offer(const CodecRegistry& registry);
// Errors: malformed, too_large.
[[nodiscard]] Result<std::vector<CodecName>> read_codec_offer(Bytes bytes);

// Has the peer every codec that is needed here, and does it mean the same by it? Error: unsupported, "the
// peer has no codec 3 (message-pack); it has 1 (bits), 2 (json)".
[[nodiscard]] Result<> check_codec_offer(const CodecRegistry& ours, std::span<const CodecId> needed,
                                         std::span<const CodecName> theirs);
// The first of those wanted here that the peer has too. Error: unsupported, which names both sides.
[[nodiscard]] Result<CodecId> choose_codec(const CodecRegistry& ours, std::span<const CodecId> wanted,
                                           std::span<const CodecName> theirs);

}  // namespace squall::wire
