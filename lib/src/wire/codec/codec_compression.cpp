#include "squall/wire/codec_compression.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace squall::wire {
namespace {

// What every frame begins with, so that it need not be sent.
constexpr std::array<std::byte, 4> kMagic = {std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f},
                                             std::byte{0xfd}};

}  // namespace

// Made when first used: most ends only ever do one of both.
struct Compression::Contexts {
    struct Free {
        void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
        void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    };
    std::unique_ptr<ZSTD_CCtx, Free> writing;
    std::unique_ptr<ZSTD_DCtx, Free> reading;

    ZSTD_CCtx* for_writing(int level) {
        if (writing) return writing.get();
        writing.reset(ZSTD_createCCtx());
        if (!writing) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(writing.get(), ZSTD_c_compressionLevel, std::clamp(level, 1, 19));
        // The number of bytes is said before the frame, and the transport already checks what arrives.
        ZSTD_CCtx_setParameter(writing.get(), ZSTD_c_contentSizeFlag, 0);
        ZSTD_CCtx_setParameter(writing.get(), ZSTD_c_checksumFlag, 0);
        return writing.get();
    }
    ZSTD_DCtx* for_reading() {
        if (!reading) reading.reset(ZSTD_createDCtx());
        if (!reading) throw std::bad_alloc();
        return reading.get();
    }
};

Compression::Compression(const CompressionOptions& options)
    : contexts_(std::make_unique<Contexts>()), options_(options) {}
Compression::~Compression() = default;

void Compression::compress(Bytes in, std::vector<std::byte>& out) {
    ++statistics_.messages;
    statistics_.bytes_in += in.size();
    out.clear();
    if (in.size() >= options_.least_bytes) {
        // Only what is shorter is wanted, so there need not be room for more.
        scratch_.resize(in.size() + kMagic.size());
        const std::size_t size = ZSTD_compress2(contexts_->for_writing(options_.level), scratch_.data(),
                                                scratch_.size(), in.data(), in.size());
        if (!ZSTD_isError(size) && size >= kMagic.size() &&
            size - kMagic.size() + varint_size(in.size()) < in.size() + 1) {
            out.resize(varint_size(in.size()) + size - kMagic.size());
            ByteWriter writer(out);
            writer.write_varint(in.size());
            writer.write_bytes(Bytes(scratch_).subspan(kMagic.size(), size - kMagic.size()));
            ++statistics_.shrunk;
            statistics_.bytes_out += out.size();
            return;
        }
    }
    out.push_back(std::byte{0});
    out.insert(out.end(), in.begin(), in.end());
    statistics_.bytes_out += out.size();
}

Result<> Compression::decompress(Bytes in, std::size_t max_bytes, std::vector<std::byte>& out) {
    out.clear();
    ByteReader reader(in);
    const std::uint64_t claimed = reader.read_varint();
    if (!reader.ok()) return fail(ErrorCode::malformed, "compressed: the mark before the bytes is broken");
    const Bytes rest = in.subspan(reader.position());
    const std::uint64_t size = claimed == 0 ? rest.size() : claimed;
    if (size > max_bytes)
        return fail(ErrorCode::too_large,
                    fmt::format("compressed: {} bytes would come out; {} is the limit", size, max_bytes));
    if (claimed == 0) {
        out.assign(rest.begin(), rest.end());
        return {};
    }
    scratch_.resize(kMagic.size() + rest.size());
    std::ranges::copy(kMagic, scratch_.begin());
    std::ranges::copy(rest, scratch_.begin() + kMagic.size());
    out.resize(static_cast<std::size_t>(size));
    const std::size_t written = ZSTD_decompressDCtx(contexts_->for_reading(), out.data(), out.size(),
                                                    scratch_.data(), scratch_.size());
    if (!ZSTD_isError(written) && written == size) return {};
    out.clear();
    return fail(ErrorCode::malformed,
                ZSTD_isError(written)
                    ? fmt::format("compressed: {}", ZSTD_getErrorName(written))
                    : fmt::format("compressed: {} bytes came out; {} were announced", written, size));
}

CompressedCodec::CompressedCodec(const Codec& inner, CodecId id, const CompressionOptions& options)
    : inner_(inner), id_(id), name_(fmt::format("{}-zstd", inner.name())), compression_(options) {}

Result<> CompressedCodec::encode(const CodecType& type, const void* object,
                                 std::vector<std::byte>& out) const {
    out.clear();
    if (auto written = inner_.encode(type, object, plain_); !written) return written;
    compression_.compress(plain_, out);
    return {};
}

Result<> CompressedCodec::decode(const CodecType& type, Bytes bytes, void* object) const {
    if (auto plain = compression_.decompress(bytes, kMaxEncodedBytes, plain_); !plain) return plain;
    return inner_.decode(type, plain_, object);
}

}  // namespace squall::wire
