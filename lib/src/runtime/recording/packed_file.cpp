#include "squall/runtime/packed_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "runtime/descriptor.hpp"
#include "runtime/system_error.hpp"
#include "squall/recorder/unpacker.hpp"

namespace squall {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

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

    std::string path;
    runtime::Descriptor file;
    std::vector<std::byte> piece = std::vector<std::byte>(kPieceBytes);
    Bytes left;                  // of the piece
    std::uint64_t position = 0;  // in the file, of the piece's end
    std::unique_ptr<recorder::Unpacker> unpacker;
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
    state->unpacker = recorder::Unpacker::make(state->left);
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
    return state_->unpacker->packing();
}

}  // namespace squall
