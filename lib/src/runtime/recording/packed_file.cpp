#include "squall/runtime/packed_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "runtime/descriptor.hpp"
#include "runtime/system_error.hpp"

namespace squall {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

// Turns packed bytes into plain ones, piece by piece.
class Unpacker {
  public:
    virtual ~Unpacker() = default;
    // Takes from the front of `in` and writes to the front of `out`; both then begin behind that. Errors: a
    // sentence.
    virtual Result<> unpack(Bytes& in, MutableBytes& out) = 0;
    // At the end of the packed bytes: nothing is missing.
    [[nodiscard]] virtual bool is_complete() const = 0;
};

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
        is_complete_ = result == 0;
        return {};
    }
    [[nodiscard]] bool is_complete() const override { return is_complete_; }

  private:
    struct Free {
        void operator()(ZSTD_DStream* stream) const { (void)ZSTD_freeDStream(stream); }
    };
    std::unique_ptr<ZSTD_DStream, Free> stream_{ZSTD_createDStream()};
    bool is_complete_ = false;
};

}  // namespace

struct PackedFile::State {
    // True if there is more.
    Result<bool> fetch() {
        for (;;) {
            const ssize_t size = ::read(file.get(), piece.data(), piece.size());
            if (size < 0 && errno == EINTR) continue;
            if (size < 0)
                return std::unexpected(runtime::system_error(errno, fmt::format("reading '{}'", path)));
            left = Bytes(piece).first(static_cast<std::size_t>(size));
            position += static_cast<std::uint64_t>(size);
            return size > 0;
        }
    }
    void choose() {
        const auto byte = [&](std::size_t i) {
            return i < left.size() ? std::to_integer<unsigned>(left[i]) : 256;
        };
        if (byte(0) == 0x1f && byte(1) == 0x8b) {
            packing = "gzip";
            unpacker = std::make_unique<GzipUnpacker>();
        } else if (byte(0) == 0x28 && byte(1) == 0xb5 && byte(2) == 0x2f && byte(3) == 0xfd) {
            packing = "zstd";
            unpacker = std::make_unique<ZstdUnpacker>();
        } else {
            unpacker = std::make_unique<PlainUnpacker>();
        }
    }

    std::string path;
    runtime::Descriptor file;
    std::vector<std::byte> piece = std::vector<std::byte>(kPieceBytes);
    Bytes left;                  // of the piece
    std::uint64_t position = 0;  // in the file, of the piece's end
    std::unique_ptr<Unpacker> unpacker;
    std::string_view packing = "plain";
    bool is_at_end = false;
};

PackedFile::PackedFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackedFile::~PackedFile() = default;
PackedFile::PackedFile(PackedFile&&) noexcept = default;
PackedFile& PackedFile::operator=(PackedFile&&) noexcept = default;

Result<PackedFile> PackedFile::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected(runtime::system_error(errno, fmt::format("cannot open '{}'", path)));
    auto state = std::make_unique<State>();
    state->path = path;
    state->file = runtime::Descriptor(fd);
    const auto more = state->fetch();
    if (!more) return std::unexpected(more.error());
    state->is_at_end = !*more;
    state->choose();
    return PackedFile(std::move(state));
}

Result<std::size_t> PackedFile::read(MutableBytes out) {
    MutableBytes rest = out;
    for (;;) {
        // What the unpacker holds back comes out without more input, too.
        const std::size_t before = rest.size();
        if (auto unpacked = state_->unpacker->unpack(state_->left, rest); !unpacked) {
            if (rest.size() < out.size()) break;
            return fail(unpacked.error().code,
                        fmt::format("'{}': damaged before byte {} of the file: {}", state_->path,
                                    state_->position - state_->left.size(), unpacked.error().message));
        }
        if (rest.size() < out.size() && (rest.empty() || rest.size() == before)) break;
        if (!state_->left.empty() || rest.size() < before) continue;
        if (state_->is_at_end) break;
        const auto more = state_->fetch();
        if (!more) return std::unexpected(more.error());
        state_->is_at_end = !*more;
    }
    return out.size() - rest.size();
}

bool PackedFile::is_cut() const {
    return state_->is_at_end && !state_->unpacker->is_complete();
}

std::string_view PackedFile::packing() const {
    return state_->packing;
}

}  // namespace squall
