// A file that a report goes into: opened before the run, so that an unwritable one is found at once, and
// tolerant of a disk that fills up later: the first failure is remembered, the rest of the run goes on.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "squall/core/result.hpp"

namespace squall::loadgen {

class OutputFile {
  public:
    // Makes missing folders and empties the file. Errors: io, with the path and the reason.
    [[nodiscard]] static Result<OutputFile> open(const std::string& path);

    void write(std::string_view text);
    // Brings what was written to the system; the first failure, if any.
    [[nodiscard]] std::optional<std::string> finish();
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    // finish() has told of what could not be written.
    struct Closer {
        void operator()(std::FILE* file) const { (void)std::fclose(file); }
    };
    explicit OutputFile(std::string path) : path_(std::move(path)) {}
    void remember(int number);

    std::string path_;
    std::unique_ptr<std::FILE, Closer> file_;
    std::optional<std::string> failure_;
};

}  // namespace squall::loadgen
