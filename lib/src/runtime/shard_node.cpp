#include "runtime/shard_node.hpp"

#include <optional>

#include "squall/core/bytes.hpp"

namespace squall::runtime {
namespace {

constexpr std::size_t kMaxClaims = 65'536;
constexpr Duration kClaimLifetime = std::chrono::minutes(1);
// The shard stands in the top byte of a connection id.
constexpr unsigned kShardShift = 56;

// Packets that carry their connection id in clear, behind a prefix byte (sequence bytes in the high four
// bits, type in the low four) and the sequence number: payloads with an id, path responses and probes
// (lib/STANDARD.md).
std::optional<std::uint64_t> connection_id_of(Bytes datagram) {
    ByteReader reader(datagram);
    const auto prefix = reader.read<std::uint8_t>();
    const unsigned type = prefix & 0x0fU;
    const unsigned sequence_bytes = prefix >> 4U;
    if ((type != 10 && type != 12 && type != 13) || sequence_bytes < 1 || sequence_bytes > 8)
        return std::nullopt;
    reader.skip(sequence_bytes);
    const auto id = reader.read<std::uint64_t>();
    return reader.ok() ? std::optional(id) : std::nullopt;
}

}  // namespace

ShardNode::ShardNode(std::uint8_t index, std::span<const std::unique_ptr<ShardMailbox>> mailboxes,
                     std::unique_ptr<Node> inner)
    : index_(index), mailboxes_(mailboxes), inner_(std::move(inner)) {}

void ShardNode::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    if (is_taking_over_) ++taken_over_;
    const std::uint8_t owner = is_taking_over_ ? index_ : owner_of(now, from, datagram);
    if (owner == index_) return inner_->receive(now, from, datagram);
    ++handed_over_;
    (void)mailboxes_[owner]->post_datagram(from, datagram);  // a full mailbox counts its losses
}

// The shard that a datagram is for: the one its connection id names, or the one that has claimed its sender,
// or this one. A forged id or sender only moves the work of refusing it.
std::uint8_t ShardNode::owner_of(TimePoint now, const Address& from, Bytes datagram) {
    if (const auto id = connection_id_of(datagram)) {
        const auto owner = static_cast<std::uint8_t>(*id >> kShardShift);
        return owner < mailboxes_.size() ? owner : index_;
    }
    if (claims_.empty()) return index_;
    const auto claim = claims_.find(from);
    if (claim == claims_.end()) return index_;
    claim->second.used = now;
    return claim->second.owner;
}

void ShardNode::note_claim(TimePoint now, const Address& peer, std::uint8_t owner) {
    // Claims come with migrations, which are rare: sweeping all of them each time there is no room costs
    // nothing that matters.
    if (claims_.size() >= kMaxClaims)
        std::erase_if(claims_, [&](const auto& c) { return now - c.second.used > kClaimLifetime; });
    if (owner == index_) {
        claims_.erase(peer);
    } else if (claims_.size() < kMaxClaims || claims_.contains(peer)) {
        claims_[peer] = {owner, now};
    }
}

}  // namespace squall::runtime
