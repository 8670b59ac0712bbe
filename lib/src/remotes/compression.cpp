// The stage behind a remote's encoding: compression of whole messages, where the remote asks for it and where
// it makes them smaller. STANDARD.md section 7.6.
#include <algorithm>

#include "remotes/compressing.hpp"

namespace squall::remotes {

Bytes Remotes::staged(Remote& remote, Bytes message) {
    if (!remote.info_.is_compressed) return message;
    if (!compressing_) compressing_ = std::make_unique<Compressing>(config_.compression);
    Compressing& c = *compressing_;
    if (c.last != &remote || !std::ranges::equal(c.before, message)) {
        const std::size_t head = varint_size(std::uint64_t{remote.info_.index} + 1);
        const wire::CompressionStatistics was = c.stage.statistics();
        c.stage.compress(message.subspan(head), c.packed);
        const wire::CompressionStatistics& is = c.stage.statistics();
        remote.statistics_.compression.messages += is.messages - was.messages;
        remote.statistics_.compression.shrunk += is.shrunk - was.shrunk;
        remote.statistics_.compression.bytes_in += is.bytes_in - was.bytes_in;
        remote.statistics_.compression.bytes_out += is.bytes_out - was.bytes_out;
        c.last = &remote;
        c.before.assign(message.begin(), message.end());
        c.after.assign(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(head));
        c.after.insert(c.after.end(), c.packed.begin(), c.packed.end());
    }
    if (c.after.size() < message.size()) remote.statistics_.bytes_saved += message.size() - c.after.size();
    return c.after;
}

Outcome Remotes::hand_to(TimePoint now, ConnectionId peer, Remote& remote, Bytes body) {
    if (!remote.info_.is_compressed) {
        remote.statistics_.in.bytes += body.size();
        return remote.on_message(now, peer, body);
    }
    if (!compressing_) compressing_ = std::make_unique<Compressing>(config_.compression);
    Compressing& c = *compressing_;
    if (!c.stage.decompress(body, config_.max_decompressed_bytes, c.arrived)) {
        remote.statistics_.in.bytes += body.size();
        return Outcome::malformed;
    }
    remote.statistics_.in.bytes += c.arrived.size();
    return remote.on_message(now, peer, c.arrived);
}

}  // namespace squall::remotes
