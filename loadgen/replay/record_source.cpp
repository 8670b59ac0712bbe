#include "replay/record_source.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "squall/recorder/recording_parts.hpp"

namespace squall::loadgen {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

}  // namespace

Result<std::unique_ptr<RecordSource>> RecordSource::open(const std::string& path) {
    std::unique_ptr<RecordSource> out(new RecordSource);
    out->piece_.resize(kPieceBytes);
    if (auto opened = out->open_file(path); !opened) return std::unexpected(opened.error());
    auto first = out->read();
    if (!first) return std::unexpected(first.error());
    // Less than a recording's first block says nothing about any session.
    if (out->cut_ && out->facts().empty())
        return fail(ErrorCode::malformed, *out->cut_ + ", and that is nothing");
    out->first_ = *first;
    return out;
}

Result<> RecordSource::open_file(const std::string& path) {
    struct stat about{};
    if (stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode))
        return fail(ErrorCode::io, fmt::format("{}: this is a folder; name a recording", path));
    auto file = PackedFile::open(path);
    if (!file) return std::unexpected(file.error());
    file_.emplace(std::move(*file));
    path_ = path;
    if (reader_) bytes_before_ += reader_->counts().bytes;
    reader_ = std::make_unique<recorder::RecordingReader>();
    is_continued_ = false;
    ++files_;
    return {};
}

Result<std::optional<recorder::Record>> RecordSource::next() {
    if (first_) return std::exchange(first_, std::nullopt);
    return read();
}

Result<std::optional<recorder::Record>> RecordSource::read() {
    for (;;) {
        if (auto record = reader_->next()) {
            if (const auto* control = std::get_if<recorder::ControlRecord>(&*record);
                control != nullptr && control->type == recorder::RecordType::end) {
                const auto end = recorder::decode(*control);
                is_continued_ = end && std::get<recorder::RecordingEnd>(*end).kind ==
                                           recorder::RecordingEnd::Kind::continued;
            }
            return record;
        }
        if (const auto& problem = reader_->problem()) {
            const std::string text =
                fmt::format("{}: {} at byte {}: {}", path_, recorder::to_string(problem->kind),
                            problem->offset, problem->message);
            if (problem->kind != recorder::ProblemKind::cut) return fail(ErrorCode::malformed, text);
            cut_ = text;
            return std::optional<recorder::Record>{};
        }
        if (reader_->is_at_end()) {
            if (!is_continued_) return std::optional<recorder::Record>{};
            const std::uint32_t part = recorder::part_of(reader_->facts(), files_);
            const std::string next = recorder::path_of_next_part(path_, part);
            if (::access(next.c_str(), F_OK) != 0) {
                cut_ = fmt::format("{}: it goes on in {}, which is not there", path_, next);
                return std::optional<recorder::Record>{};
            }
            if (auto opened = open_file(next); !opened) return std::unexpected(opened.error());
            continue;
        }
        const auto count = file_->read(piece_);
        if (!count) return std::unexpected(count.error());
        if (*count > 0) {
            reader_->feed(Bytes(piece_).first(*count));
        } else {
            reader_->finish();
        }
    }
}

}  // namespace squall::loadgen
