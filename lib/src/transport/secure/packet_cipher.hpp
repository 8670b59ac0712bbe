// Packet protection of one connection: seals with one direction's key and opens with the other's, in place,
// without allocating. One kind per suite. Knows no packet layout and keeps no sequence number: the caller
// never repeats one per key.
#pragma once

#include <cstdint>
#include <memory>

#include "squall/core/bytes.hpp"
#include "squall/transport/suite.hpp"

namespace squall::secure {

class PacketCipher {
  public:
    virtual ~PacketCipher() = default;
    PacketCipher(const PacketCipher&) = delete;
    PacketCipher& operator=(const PacketCipher&) = delete;

    // Bytes that seal() writes behind the text.
    [[nodiscard]] virtual std::size_t tag_bytes() const = 0;
    // Protects the text, of which the last tag_bytes() are room for the tag.
    virtual void seal(std::uint64_t sequence, Bytes associated_data, MutableBytes text_and_tag) const = 0;
    // False, with the text undefined, if anything at all differs from what was sealed.
    [[nodiscard]] virtual bool open(std::uint64_t sequence, Bytes associated_data,
                                    MutableBytes text_and_tag) const = 0;
    // Fetches the key of one direction into the cache.
    enum class Use : std::uint8_t { seal, open };
    virtual void prefetch(Use use) const = 0;

  protected:
    PacketCipher() = default;
};

// The suite must be available on this machine.
[[nodiscard]] std::unique_ptr<PacketCipher> make_packet_cipher(Suite suite, const Key& send_key,
                                                               const Key& receive_key);

}  // namespace squall::secure
