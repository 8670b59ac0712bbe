#include "gui/data/packet_index.hpp"

#include <algorithm>
#include <utility>

namespace squall::gui {

void PacketIndex::add(const recorder::WireRecord& record, std::uint64_t offset) {
    if (entries_.size() >= kEntriesMax) {
        ++left_out_;
        return;
    }
    PacketEntry entry;
    entry.at = record.at.time_since_epoch().count();
    entry.offset = offset;
    entry.sequence = record.sequence;
    entry.bytes = record.wire_bytes;
    entry.slot = record.connection.slot;
    entry.generation = record.connection.generation;
    entry.prefix = record.packet.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(record.packet[0]);
    entry.is_inbound = record.direction == recorder::Direction::inbound;
    entry.is_refused = record.is_refused;
    entry.is_opened = record.is_opened;
    entries_.push_back(entry);
}

void PacketIndex::add(const recorder::MessageRecord& record, std::uint64_t offset) {
    if (entries_.size() >= kEntriesMax) {
        ++left_out_;
        return;
    }
    PacketEntry entry;
    entry.at = record.at.time_since_epoch().count();
    entry.offset = offset;
    entry.sequence = record.message;
    entry.bytes = record.wire_bytes != 0 ? record.wire_bytes : record.message_bytes;
    entry.slot = record.connection.slot;
    entry.generation = record.connection.generation;
    entry.remote = record.remote;
    entry.is_message = true;
    entry.is_inbound = record.direction == recorder::Direction::inbound;
    entry.is_opened = true;
    entries_.push_back(entry);
}

void PacketIndex::append(std::vector<PacketEntry>&& entries, std::uint64_t left_out) {
    const std::size_t room = kEntriesMax - std::min(kEntriesMax, entries_.size());
    const std::size_t taken = std::min(room, entries.size());
    entries_.insert(entries_.end(), entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(taken));
    left_out_ += left_out + entries.size() - taken;
}

std::vector<PacketEntry> PacketIndex::take() {
    return std::exchange(entries_, {});
}

}  // namespace squall::gui
