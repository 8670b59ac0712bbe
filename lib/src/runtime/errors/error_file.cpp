// Reports as lines of a file: opened once, written by a thread of its own, renamed when it is full.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "runtime/errors/report_worker.hpp"
#include "runtime/system_error.hpp"
#include "squall/runtime/error_reporter.hpp"

namespace squall {
namespace {

struct Closes {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closes>;

}  // namespace

struct ErrorFile::State {
    State(ErrorFileOptions its_options, File its_file)
        : options(std::move(its_options)),
          file(std::move(its_file)),
          worker(
              options.max_queued, [this](const remotes::ErrorReport& report) { write(report); },
              [this]() -> std::optional<Duration> {
                  if (file != nullptr) (void)std::fflush(file.get());
                  return std::nullopt;
              }) {}

    void write(const remotes::ErrorReport& report) {
        const std::string line = to_json(report) + "\n";
        if (file != nullptr &&
            std::ftell(file.get()) + static_cast<long>(line.size()) > static_cast<long>(options.max_bytes))
            start_anew();
        if (file == nullptr || std::fwrite(line.data(), 1, line.size(), file.get()) != line.size()) ++dropped;
    }
    void start_anew() {
        file.reset();
        (void)std::rename(options.path.c_str(), (options.path + ".1").c_str());
        file.reset(std::fopen(options.path.c_str(), "ae"));
    }

    ErrorFileOptions options;
    File file;
    std::atomic<std::uint64_t> dropped{0};
    runtime::ReportWorker worker;  // ends first
};

Result<std::unique_ptr<ErrorFile>> ErrorFile::open(const ErrorFileOptions& options) {
    File file(std::fopen(options.path.c_str(), "ae"));
    if (file == nullptr)
        return std::unexpected(runtime::system_error(errno, fmt::format("open '{}'", options.path)));
    (void)std::fseek(file.get(), 0, SEEK_END);
    return std::unique_ptr<ErrorFile>(new ErrorFile(std::make_unique<State>(options, std::move(file))));
}

ErrorFile::ErrorFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
ErrorFile::~ErrorFile() = default;

void ErrorFile::report(const remotes::ErrorReport& report) {
    if (!state_->worker.add(report)) ++state_->dropped;
}
void ErrorFile::flush() {
    state_->worker.flush();
}
std::uint64_t ErrorFile::dropped() const {
    return state_->dropped;
}

}  // namespace squall
