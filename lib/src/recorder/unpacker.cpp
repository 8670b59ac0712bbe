#include "squall/recorder/unpacker.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace squall::recorder {
namespace {

class PlainUnpacker final : public Unpacker {
  public:
    Result<> unpack(Bytes& in, MutableBytes& out) override {
        const std::size_t size = std::min(in.size(), out.size());
        std::copy_n(in.begin(), size, out.begin());
        in = in.subspan(size);
        out = out.subspan(size);
        return {};
    }
    [[nodiscard]] bool is_complete() const override { return true; }
    [[nodiscard]] std::string_view packing() const override { return "plain"; }
};

class GzipUnpacker final : public Unpacker {
  public:
    GzipUnpacker() { (void)inflateInit2(&stream_, 15 + 16); }
    ~GzipUnpacker() override { (void)inflateEnd(&stream_); }
    GzipUnpacker(const GzipUnpacker&) = delete;
    GzipUnpacker& operator=(const GzipUnpacker&) = delete;

    Result<> unpack(Bytes& in, MutableBytes& out) override {
        if (is_complete_ && !in.empty()) {  // one member after the other is one file
            (void)inflateReset(&stream_);
            is_complete_ = false;
        }
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int result = inflate(&stream_, Z_NO_FLUSH);
        in = in.last(stream_.avail_in);
        out = out.last(stream_.avail_out);
        is_complete_ = result == Z_STREAM_END;
        if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) return {};
        return fail(ErrorCode::malformed,
                    fmt::format("gzip: {}", stream_.msg != nullptr ? stream_.msg : "damaged"));
    }
    [[nodiscard]] bool is_complete() const override { return is_complete_; }
    [[nodiscard]] std::string_view packing() const override { return "gzip"; }

  private:
    z_stream stream_{};
    bool is_complete_ = false;
};

class ZstdUnpacker final : public Unpacker {
  public:
    Result<> unpack(Bytes& in, MutableBytes& out) override {
        ZSTD_inBuffer from{in.data(), in.size(), 0};
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        const std::size_t result = ZSTD_decompressStream(stream_.get(), &to, &from);
        in = in.subspan(from.pos);
        out = out.subspan(to.pos);
        if (ZSTD_isError(result) != 0)
            return fail(ErrorCode::malformed, fmt::format("zstd: {}", ZSTD_getErrorName(result)));
        // Asked again behind the end of a frame, it says how much it wants of the next.
        if (from.pos > 0 || to.pos > 0) is_complete_ = result == 0;
        return {};
    }
    [[nodiscard]] bool is_complete() const override { return is_complete_; }
    [[nodiscard]] std::string_view packing() const override { return "zstd"; }

  private:
    struct Free {
        void operator()(ZSTD_DStream* stream) const { (void)ZSTD_freeDStream(stream); }
    };
    std::unique_ptr<ZSTD_DStream, Free> stream_{ZSTD_createDStream()};
    bool is_complete_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> Unpacker::make(Bytes beginning) {
    const auto byte = [&](std::size_t i) {
        return i < beginning.size() ? std::to_integer<unsigned>(beginning[i]) : 256;
    };
    if (byte(0) == 0x1f && byte(1) == 0x8b) return std::make_unique<GzipUnpacker>();
    if (byte(0) == 0x28 && byte(1) == 0xb5 && byte(2) == 0x2f && byte(3) == 0xfd)
        return std::make_unique<ZstdUnpacker>();
    return std::make_unique<PlainUnpacker>();
}

}  // namespace squall::recorder
