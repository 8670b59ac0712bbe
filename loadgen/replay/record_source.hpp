// The records of a recording, from its file (as it is, or compressed by gzip or zstd), and of the files that
// continue it. Knows neither what they say
// nor who reads them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/recorder/recording_reader.hpp"
#include "squall/runtime/packed_file.hpp"

namespace squall::loadgen {

class RecordSource {
  public:
    // Reads up to the first record, so that the facts are known. Errors: io (the file, and what the system
    // says), malformed (no recording, with what and where).
    [[nodiscard]] static Result<std::unique_ptr<RecordSource>> open(const std::string& path);

    // The next record, valid until the next call; nothing at the end. Errors: io, malformed.
    [[nodiscard]] Result<std::optional<recorder::Record>> next();

    [[nodiscard]] const recorder::RecordingReader& reader() const { return *reader_; }
    [[nodiscard]] const recorder::Facts& facts() const { return reader_->facts(); }
    // After the end: it was cut there, by a kill or a full disk. What it says.
    [[nodiscard]] const std::optional<std::string>& cut() const { return cut_; }
    // Read so far, of all files.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_before_ + reader_->counts().bytes; }
    [[nodiscard]] std::uint32_t files() const { return files_; }

  private:
    RecordSource() = default;
    Result<> open_file(const std::string& path);
    Result<std::optional<recorder::Record>> read();

    std::string path_;
    std::optional<PackedFile> file_;
    std::unique_ptr<recorder::RecordingReader> reader_;
    std::vector<std::byte> piece_;
    std::optional<recorder::Record> first_;  // read while opening
    std::optional<std::string> cut_;
    bool is_continued_ = false;
    std::uint32_t files_ = 0;
    std::uint64_t bytes_before_ = 0;
};

}  // namespace squall::loadgen
