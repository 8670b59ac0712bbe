// Compression of whole messages as a stage behind any codec, used only where it shrinks them; and a codec
// that is another one with this stage behind it. By zstd. Knows no format and no connection.
//
// What leaves: a varint with the number of bytes before compression and then a zstd frame without its four
// bytes of magic; or a 0 and then the bytes as they were.
//
// Do not compress secrets together with what a stranger may choose: the size then tells the secret (CRIME).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/wire/codec.hpp"

namespace squall::wire {

struct CompressionOptions {
    // Of zstd: 1 (fast) to 19.
    int level = 1;
    // Shorter messages are not tried.
    std::size_t least_bytes = 64;
};

struct CompressionStatistics {
    std::uint64_t messages = 0;
    std::uint64_t shrunk = 0;     // of those, sent compressed
    std::uint64_t bytes_in = 0;   // before
    std::uint64_t bytes_out = 0;  // after, the mark included
};

// Has memory of its own (about 1.4 MB once it compressed or decompressed), so that nothing is allocated for a
// message: one for each thread.
class Compression {
  public:
    explicit Compression(const CompressionOptions& options = {});
    ~Compression();
    Compression(const Compression&) = delete;
    Compression& operator=(const Compression&) = delete;

    // Replaces what `out` holds; never more than one byte longer than `in`.
    void compress(Bytes in, std::vector<std::byte>& out);
    // Whatever the bytes claim, at most `max_bytes` come out, and no more memory than that is taken. Errors:
    // too_large, malformed.
    Result<> decompress(Bytes in, std::size_t max_bytes, std::vector<std::byte>& out);
    [[nodiscard]] const CompressionStatistics& statistics() const { return statistics_; }

  private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
    CompressionOptions options_;
    CompressionStatistics statistics_;
    std::vector<std::byte> scratch_;
};

// `inner` with compression behind it, as a codec of its own: "json-zstd". Not for several threads at once.
class CompressedCodec final : public Codec {
  public:
    // `inner` must outlive it. `id` is one of the user's.
    CompressedCodec(const Codec& inner, CodecId id, const CompressionOptions& options = {});
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] CodecId id() const override { return id_; }
    Result<> encode(const CodecType& type, const void* object, std::vector<std::byte>& out) const override;
    Result<> decode(const CodecType& type, Bytes bytes, void* object) const override;
    using Codec::decode;
    using Codec::encode;
    [[nodiscard]] const CompressionStatistics& statistics() const { return compression_.statistics(); }

  private:
    const Codec& inner_;
    CodecId id_;
    std::string name_;
    mutable Compression compression_;
    mutable std::vector<std::byte> plain_;
};

}  // namespace squall::wire
