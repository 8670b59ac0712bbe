// Whose the messages in fragments are: the first fragment tells, the further ones ask. Remembers the newest
// of a few messages; what a peer makes it forget is counted as nobody's.
#pragma once

#include <array>
#include <cstdint>

#include "squall/core/ids.hpp"

namespace squall::connection {

class FragmentTags {
  public:
    // `id` as on the wire.
    void remember(ChannelId channel, std::uint16_t id, std::uint16_t tag) {
        place_of(channel, id) = {id, tag, channel.value, true};
    }
    [[nodiscard]] std::uint16_t find(ChannelId channel, std::uint16_t id) const {
        const Entry& entry = entries_[index_of(channel, id)];
        return entry.is_used && entry.id == id && entry.channel == channel.value ? entry.tag
                                                                                 : std::uint16_t{0};
    }

  private:
    struct Entry {
        std::uint16_t id = 0;
        std::uint16_t tag = 0;
        std::uint8_t channel = 0;
        bool is_used = false;
    };
    static std::size_t index_of(ChannelId channel, std::uint16_t id) {
        return (id + std::size_t{16} * channel.value) % kEntries;
    }
    Entry& place_of(ChannelId channel, std::uint16_t id) { return entries_[index_of(channel, id)]; }

    static constexpr std::size_t kEntries = 64;
    std::array<Entry, kEntries> entries_{};
};

}  // namespace squall::connection
