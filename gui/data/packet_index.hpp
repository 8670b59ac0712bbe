// Where in a recording each datagram and each message lies, and what a list shows of it. Bounded; the bytes
// themselves stay in the file.
#pragma once

#include <cstdint>
#include <vector>

#include "squall/recorder/record.hpp"

namespace squall::gui {

struct PacketEntry {
    std::int64_t at = 0;
    std::uint64_t offset = 0;    // of its block in the file
    std::uint64_t sequence = 0;  // packet number, or the message's
    std::uint32_t bytes = 0;     // on the wire
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    std::uint16_t remote = 0;  // of messages
    std::uint8_t prefix = 0;   // first byte of an opened packet
    bool is_message : 1 = false;
    bool is_inbound : 1 = false;
    bool is_refused : 1 = false;
    bool is_opened : 1 = false;
    [[nodiscard]] bool operator<(const PacketEntry& other) const { return at < other.at; }
};

class PacketIndex {
  public:
    static constexpr std::size_t kEntriesMax = 8'000'000;

    void add(const recorder::WireRecord& record, std::uint64_t offset);
    void add(const recorder::MessageRecord& record, std::uint64_t offset);
    [[nodiscard]] const std::vector<PacketEntry>& entries() const { return entries_; }
    // Records that came after the index was full.
    [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
    // Moves what another one has to the end of this.
    void append(std::vector<PacketEntry>&& entries, std::uint64_t left_out);
    [[nodiscard]] std::vector<PacketEntry> take();

  private:
    std::vector<PacketEntry> entries_;
    std::uint64_t left_out_ = 0;
};

}  // namespace squall::gui
