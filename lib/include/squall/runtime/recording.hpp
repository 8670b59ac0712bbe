// Writes a recording (lib/RECORDING.md) while a node runs. Records go into a ring of fixed size and from
// there, on a thread of its own, into the file: whoever records never waits for a disk. What does not fit is
// dropped, counted, and the count is recorded. An error of the file ends the recording and not the run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/recorder/recording_encoder.hpp"

namespace squall {

struct RecordingSettings {
    // The file. Further ones of the same session have a number before the suffix: run.pcapng, run.2.pcapng.
    std::string path;
    recorder::Facts facts{};
    recorder::EncoderOptions encoding{};
    std::size_t ring_bytes = std::size_t{32} * 1024 * 1024;
    // When a file is full the next one is begun: by size, by time on the run's time line (0: never).
    std::uint64_t rotate_bytes = std::uint64_t{512} * 1024 * 1024;
    Duration rotate_after{0};
    // Flight recorder: older files than the last so many are deleted. 0: all are kept.
    std::uint32_t keep_files = 0;
    // Have the system put the file on the disk once a second, when it is full, and at the end: then a power
    // cut, too, loses a second at most. RecordingStatus::durable_bytes says how far that is.
    bool durable = false;
    // False: no thread. The file is written in publish(), nothing is dropped, and the same records make the
    // same file: for virtual time.
    bool own_thread = true;
};

struct RecordingStatus {
    recorder::RecordingEnd records;   // in the files by now; `dropped` counts those that the ring refused
    std::uint64_t bytes = 0;          // in all files: what no kill of the process can take back
    std::uint64_t durable_bytes = 0;  // of those, that are on the disk as the system says; 0 if not asked for
    std::uint32_t files = 0;
    std::string file;                   // the present one, or the last
    std::string first_file;             // the oldest that is kept
    std::uint32_t saved = 0;            // how often save() has done its work, well or not
    std::optional<Error> save_failure;  // of the last one
    std::optional<Error> failure;       // nothing was written since
};

// One producer: all members but status() are of one thread.
class Recording {
  public:
    // Creates the file. `clock` ties the time line to the wall clock. Errors: what the system says of the
    // path, and those of RecordingEncoder::make().
    [[nodiscard]] static Result<std::unique_ptr<Recording>> start(TimePoint now, RecordingSettings settings,
                                                                  recorder::ClockAnchor clock);
    // As stop(), at the time of the last record.
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    // A copy goes into the ring, its bytes too. Until publish() it may be changed through what is returned,
    // but for its bytes; nullptr: there was no room.
    recorder::WireRecord* put(const recorder::WireRecord& record);
    recorder::MessageRecord* put(const recorder::MessageRecord& record);
    bool put(TimePoint at, const recorder::Control& control);
    // What put() returned, before publish(): it is not recorded after all.
    void withdraw(recorder::WireRecord& record);
    // What was put since is on its way to the file.
    void publish();

    // A flight recorder's present files under another name, from `path` on (then path.N, as they are
    // numbered), so that they stay when the recorder deletes its own: hard links, made by the writer's thread
    // a moment later; status() says when and whether. What is there already is not written over.
    void save(std::string path);

    // Writes what is left and closes the file. Then nothing more is recorded.
    void stop(TimePoint now);
    // From any thread.
    [[nodiscard]] RecordingStatus status() const;

  private:
    struct State;
    explicit Recording(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
