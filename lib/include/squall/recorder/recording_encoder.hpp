// Makes the bytes of a recording out of records: a pcapng file that Wireshark opens (lib/RECORDING.md). Does
// no I/O: whoever writes the file takes what is pending, as often as is good for the file. Decides neither
// when a file is full nor what happens to records that are too many.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "squall/recorder/anonymiser.hpp"
#include "squall/recorder/facts.hpp"
#include "squall/recorder/pcapng.hpp"
#include "squall/recorder/record.hpp"

namespace squall::recorder {

// Ties the run's time line to the wall clock: one reading of both, taken by main() at the start.
struct ClockAnchor {
    TimePoint at{};
    std::int64_t realtime_ns = 0;  // since 1970-01-01 UTC
};

struct EncoderOptions {
    // False: of packets only the header is kept and of messages only the length.
    bool payload = true;
    // True: addresses and client ids are replaced by others, the same one by the same one throughout, and
    // user data of connect tokens by zeros. Payloads are not looked into.
    bool anonymize = false;
};

class RecordingEncoder {
  public:
    // Errors: those of to_json(), and invalid_argument (times before 1970).
    [[nodiscard]] static Result<RecordingEncoder> make(const Facts& facts, ClockAnchor clock,
                                                       EncoderOptions options = {});

    // Begins a file. One after the first tells again what a reader needs: facts, open connections, the last
    // dictionary.
    void begin_file(TimePoint at);
    void add(const WireRecord& record);
    void add(const MessageRecord& record);
    // The body is taken as it is, but for what anonymize asks for; it was made by encode().
    void add(const ControlRecord& record);
    void add(TimePoint at, const Control& control);
    void end_file(TimePoint at, RecordingEnd::Kind kind);

    // Whole blocks, ready for the file.
    [[nodiscard]] Bytes pending() const { return out_.written(); }
    void clear_pending();
    // Bytes of this file so far, pending ones included.
    [[nodiscard]] std::uint64_t file_bytes() const { return written_bytes_ + out_.size(); }
    // What was recorded in all files of the session.
    [[nodiscard]] const RecordingEnd& totals() const { return totals_; }

  private:
    static constexpr std::size_t kInterfaces = 3;

    RecordingEncoder(std::vector<std::string> facts, std::string title, std::string application,
                     ClockAnchor clock, EncoderOptions options);
    [[nodiscard]] std::string part() const;
    void section_header();
    void interfaces();
    void begin_packet(std::uint32_t interface, TimePoint at, std::size_t captured, std::size_t original);
    [[nodiscard]] Bytes keep_frame(Bytes frame, std::vector<std::byte>& changed);
    void control_block(TimePoint at, RecordType type, Bytes body);
    void statistics(TimePoint at);
    void statistics_if_due(TimePoint at);
    void note_connection(TimePoint at, const ConnectionRecord& change);
    void name_peer(const ConnectionRecord& change);
    [[nodiscard]] std::uint64_t wall_ns(TimePoint at) const;

    std::vector<std::string> facts_;
    std::string title_;
    std::string application_;
    ClockAnchor clock_;
    EncoderOptions options_;
    std::unique_ptr<Anonymiser> anonymiser_;  // if asked for
    pcapng::BlockWriter out_;
    std::vector<std::byte> scratch_;
    std::uint64_t written_bytes_ = 0;
    std::uint32_t files_ = 0;
    RecordingEnd totals_;
    std::array<std::uint64_t, kInterfaces> recorded_{};  // in this file
    std::array<std::uint64_t, kInterfaces> dropped_{};
    std::optional<TimePoint> statistics_at_;
    std::map<ConnectionId, ConnectionRecord> open_;
    std::map<std::uint16_t, std::vector<std::byte>> kept_frames_;  // by frame type
    std::map<Address, ClientId> named_;                            // without port
};

}  // namespace squall::recorder
