// The files of a recording: opens them, writes what the encoder made, begins a new one when one is full,
// deletes what a flight recorder does not keep. Knows no thread and no clock; time is that of the records.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "runtime/descriptor.hpp"
#include "squall/runtime/recording.hpp"

namespace squall::runtime {

class RecordingWriter {
  public:
    [[nodiscard]] static Result<std::unique_ptr<RecordingWriter>> open(TimePoint now,
                                                                       const RecordingSettings& settings,
                                                                       recorder::ClockAnchor clock);

    template <class Record>
    void operator()(const Record& record) {
        if (failure_) return;
        last_at_ = record.at;
        if (is_full(record.at)) begin_next(record.at);
        encoder_.add(record);
        if (encoder_.pending().size() >= kFlushBytes) flush();
    }
    void flush();
    // On the disk with what was flushed, if the recording is to be durable.
    void sync();
    // What is kept by now, under another name as well (Recording::save()).
    void save(const std::string& path);
    // The end of the last file. At the time of the last record if `now` lies before it.
    void finish(TimePoint now);

    [[nodiscard]] TimePoint last_at() const { return last_at_; }
    [[nodiscard]] RecordingStatus status() const;

  private:
    static constexpr std::size_t kFlushBytes = std::size_t{256} * 1024;

    RecordingWriter(const RecordingSettings& settings, recorder::RecordingEncoder encoder);
    [[nodiscard]] bool is_full(TimePoint at) const;
    Result<> open_next(TimePoint at);
    void begin_next(TimePoint at);
    Result<> link_kept(const std::string& path) const;
    void fail_with(Error error);

    const std::string path_;
    const std::uint64_t rotate_bytes_;
    const Duration rotate_after_;
    const std::uint32_t keep_files_;
    const bool is_durable_;
    recorder::RecordingEncoder encoder_;
    Descriptor file_;
    std::deque<std::string> names_;  // of files that are kept, the present one last
    std::uint32_t files_ = 0;
    std::uint64_t file_bytes_ = 0;  // written to the present one
    std::uint64_t all_bytes_ = 0;
    std::uint64_t durable_bytes_ = 0;
    TimePoint file_began_{};
    TimePoint last_at_{};
    std::optional<Error> failure_;
    std::uint32_t saved_ = 0;
    std::optional<Error> save_failure_;
};

}  // namespace squall::runtime
