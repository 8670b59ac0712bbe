#include "report/output_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace squall::loadgen {

Result<OutputFile> OutputFile::open(const std::string& path) {
    std::error_code error;
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    OutputFile out(path);
    out.file_.reset(std::fopen(path.c_str(), "we"));
    if (!out.file_)
        return fail(ErrorCode::io,
                    fmt::format("the output '{}' cannot be written: {}", path, std::strerror(errno)));
    return out;
}

void OutputFile::remember(int number) {
    if (!failure_) failure_ = fmt::format("'{}' is incomplete: {}", path_, std::strerror(number));
}

void OutputFile::write(std::string_view text) {
    if (failure_ || text.empty()) return;
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) remember(errno);
}

std::optional<std::string> OutputFile::finish() {
    if (file_ && std::fflush(file_.get()) != 0) remember(errno);
    return failure_;
}

}  // namespace squall::loadgen
