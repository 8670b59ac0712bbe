// Reads a recording from its bytes, in pieces of any size. Its memory is bounded, however large the file. A
// file that was cut anywhere gives all that is whole; one that is no recording, or a damaged one, gives an
// error that says where and what would be right. Knows no file and no compression.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "squall/recorder/facts.hpp"
#include "squall/recorder/record.hpp"
#include "squall/recorder/recording_encoder.hpp"

namespace squall::recorder {

// Why a recording cannot be read further.
enum class ProblemKind : std::uint8_t {
    empty,      // no bytes at all
    foreign,    // not a recording of Squall
    corrupted,  // bytes that the format does not allow
    cut,        // it ends in the middle of a block: what was before is whole
};
[[nodiscard]] std::string_view to_string(ProblemKind kind);

struct Problem {
    ProblemKind kind{};
    std::uint64_t offset = 0;  // of the block that is concerned
    std::string message;       // what is wrong, and what would be right
};

struct ReaderCounts {
    std::uint64_t bytes = 0;           // of whole blocks
    std::uint64_t blocks = 0;          // all of them
    std::uint64_t skipped_blocks = 0;  // of types that a recording has no use for
    std::uint64_t datagrams = 0;
    std::uint64_t messages = 0;
    std::uint64_t controls = 0;
    std::uint64_t dropped = 0;  // by the recorder, as its statistics say
};

class RecordingReader {
  public:
    // No block of a recording is larger.
    static constexpr std::size_t kMaxBlockBytes = std::size_t{2} * 1024 * 1024;

    // Takes the next bytes of the file. Call next() until it gives nothing, before.
    void feed(Bytes piece);
    // There are no more bytes.
    void finish();
    // The next record; nothing if more bytes are needed, at the end, and after a problem. Its bytes are valid
    // until the next call of next() or feed().
    [[nodiscard]] std::optional<Record> next();

    // What is wrong. With `cut`, the records before it are a whole recording that ended there.
    [[nodiscard]] const std::optional<Problem>& problem() const { return problem_; }
    // True when all bytes were read and nothing is wrong.
    [[nodiscard]] bool is_at_end() const { return finished_ && !problem_ && begin_ == buffer_.size(); }

    // Known from the first record on. Of several files in one, those of the latest.
    [[nodiscard]] const Facts& facts() const { return facts_; }
    [[nodiscard]] ClockAnchor clock() const { return clock_; }
    // Wall time, in ns since 1970, of a moment of the recording.
    [[nodiscard]] std::int64_t realtime_ns(TimePoint at) const {
        return clock_.realtime_ns + (at - clock_.at).count();
    }
    [[nodiscard]] const ReaderCounts& counts() const { return counts_; }
    // Where the last record's block begins.
    [[nodiscard]] std::uint64_t record_offset() const { return record_offset_; }
    [[nodiscard]] std::size_t buffered() const { return buffer_.size() - begin_; }

  private:
    struct Interface {
        std::uint32_t kind = 0;  // kWireInterface, ...; or kOther
        std::uint64_t ticks_per_second = 1'000'000;
        std::uint64_t dropped = 0;
    };
    struct Block {
        std::uint32_t type = 0;
        Bytes body;
    };
    // The next block, if all of it is there.
    std::optional<Block> next_block();
    bool check_first_bytes(Bytes bytes);
    std::optional<std::uint32_t> block_size(Bytes bytes);
    void read_section(Bytes body);
    void read_interface(Bytes body);
    void read_statistics(Bytes body);
    std::optional<Record> read_packet(Bytes body);
    std::optional<Record> read_datagram(Bytes packet, std::size_t original, Bytes options, TimePoint at);
    std::optional<Record> read_message(Bytes packet, TimePoint at);
    std::optional<Record> read_control(Bytes packet, TimePoint at);
    bool take_facts(std::string_view json);
    std::nullopt_t complain(ProblemKind kind, std::string message);

    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::uint64_t offset_ = 0;  // in the file, of begin_
    std::uint64_t record_offset_ = 0;
    std::size_t last_size_ = 0;  // of the block that the last record lies in
    bool finished_ = false;
    bool big_endian_ = false;
    bool in_section_ = false;
    bool has_clock_ = false;
    std::vector<Interface> interfaces_;
    Facts facts_;
    ClockAnchor clock_;
    ReaderCounts counts_;
    std::optional<Problem> problem_;
};

}  // namespace squall::recorder
