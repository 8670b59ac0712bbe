#include "runtime/recording/recording_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "runtime/system_error.hpp"
#include "squall/recorder/recording_parts.hpp"

namespace squall::runtime {
namespace {

// Nothing if all of it was written; else the error number.
std::optional<int> write_all(int file, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return std::nullopt;
}

// The name of a new file is on the disk, too. A file system that cannot do that does it some time.
void sync_folder(const std::string& name) {
    const std::filesystem::path folder = std::filesystem::path(name).parent_path();
    const Descriptor open(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (open.is_open()) (void)::fsync(open.get());
}

}  // namespace

RecordingWriter::RecordingWriter(const RecordingSettings& settings, recorder::RecordingEncoder encoder)
    : path_(settings.path),
      rotate_bytes_(settings.rotate_bytes),
      rotate_after_(settings.rotate_after),
      keep_files_(settings.keep_files),
      is_durable_(settings.durable),
      encoder_(std::move(encoder)) {}

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::open(TimePoint now,
                                                               const RecordingSettings& settings,
                                                               recorder::ClockAnchor clock) {
    auto encoder = recorder::RecordingEncoder::make(settings.facts, clock, settings.encoding);
    if (!encoder) return std::unexpected(encoder.error());
    std::unique_ptr<RecordingWriter> out(new RecordingWriter(settings, std::move(*encoder)));
    if (auto opened = out->open_next(now); !opened) return std::unexpected(opened.error());
    out->last_at_ = now;
    out->flush();
    if (out->failure_) return std::unexpected(*out->failure_);
    return out;
}

Result<> RecordingWriter::open_next(TimePoint at) {
    const std::string name = recorder::path_of_part(path_, files_ + 1);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return std::unexpected(system_error(errno, fmt::format("recording: cannot create '{}'", name)));
    file_ = Descriptor(fd);
    ++files_;
    names_.push_back(name);
    file_bytes_ = 0;
    file_began_ = at;
    if (is_durable_) sync_folder(name);
    encoder_.begin_file(at);
    while (keep_files_ > 0 && names_.size() > keep_files_) {
        (void)::unlink(names_.front().c_str());
        names_.pop_front();
    }
    return {};
}

bool RecordingWriter::is_full(TimePoint at) const {
    return (rotate_bytes_ > 0 && encoder_.file_bytes() >= rotate_bytes_) ||
           (rotate_after_ > Duration{0} && at - file_began_ >= rotate_after_);
}

void RecordingWriter::save(const std::string& path) {
    ++saved_;
    save_failure_.reset();
    if (failure_) {
        save_failure_ = failure_;
        return;
    }
    // The present file is whole before it is linked, and not written on.
    encoder_.end_file(last_at_, recorder::RecordingEnd::Kind::continued);
    flush();
    sync();
    if (auto linked = link_kept(path); !linked) save_failure_ = linked.error();
    if (failure_) return;
    if (auto opened = open_next(last_at_); !opened) fail_with(opened.error());
}

// The first without a number, the others with those that their facts say: so a reader finds the next.
Result<> RecordingWriter::link_kept(const std::string& path) const {
    const auto first = files_ - static_cast<std::uint32_t>(names_.size()) + 1;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const std::string name =
            i == 0 ? path : recorder::path_of_part(path, first + static_cast<std::uint32_t>(i));
        if (::link(names_[i].c_str(), name.c_str()) != 0)
            return std::unexpected(
                system_error(errno, fmt::format("recording: cannot save '{}' as '{}'", names_[i], name)));
        if (is_durable_) sync_folder(name);
    }
    return {};
}

void RecordingWriter::begin_next(TimePoint at) {
    encoder_.end_file(at, recorder::RecordingEnd::Kind::continued);
    flush();
    sync();
    if (failure_) return;
    if (auto opened = open_next(at); !opened) fail_with(opened.error());
}

void RecordingWriter::flush() {
    const Bytes bytes = encoder_.pending();
    if (!failure_ && !bytes.empty()) {
        if (const auto error = write_all(file_.get(), bytes)) {
            // What was written of it may end in the middle of a block.
            (void)::ftruncate(file_.get(), static_cast<off_t>(file_bytes_));
            fail_with(system_error(*error, fmt::format("recording: cannot write '{}' beyond {} bytes; it is "
                                                       "readable up to there",
                                                       names_.back(), file_bytes_)));
        } else {
            file_bytes_ += bytes.size();
            all_bytes_ += bytes.size();
        }
    }
    encoder_.clear_pending();
}

void RecordingWriter::sync() {
    if (!is_durable_ || failure_ || !file_.is_open() || durable_bytes_ == all_bytes_) return;
    if (::fdatasync(file_.get()) != 0)
        return fail_with(
            system_error(errno, fmt::format("recording: '{}' does not reach the disk", names_.back())));
    durable_bytes_ = all_bytes_;
}

void RecordingWriter::finish(TimePoint now) {
    if (!file_.is_open()) return;
    if (!failure_) encoder_.end_file(std::max(now, last_at_), recorder::RecordingEnd::Kind::finished);
    flush();
    sync();
    file_.reset();
}

void RecordingWriter::fail_with(Error error) {
    if (!failure_) failure_ = std::move(error);
}

RecordingStatus RecordingWriter::status() const {
    RecordingStatus out;
    out.records = encoder_.totals();
    out.bytes = all_bytes_;
    out.durable_bytes = durable_bytes_;
    out.files = files_;
    out.file = names_.back();
    out.first_file = names_.front();
    out.saved = saved_;
    out.save_failure = save_failure_;
    out.failure = failure_;
    return out;
}

}  // namespace squall::runtime
