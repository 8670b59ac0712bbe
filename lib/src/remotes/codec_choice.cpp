// Which codec a remote uses with which peer, where more than one is declared: what may be declared, and what
// becomes of messages that were made before the two ends had agreed. STANDARD.md section 7.1.
#include <fmt/format.h>

#include <algorithm>

#include "remotes/compressing.hpp"

namespace squall::remotes {

Result<> Remotes::check_codecs(std::string_view name, const wire::Codec* first,
                               const std::vector<const wire::Codec*>& others) {
    std::vector<const wire::Codec*> all{first};
    all.insert(all.end(), others.begin(), others.end());
    if (all.size() > kMaxRemoteCodecs)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("remote '{}' has {} codecs; at most {}", name, all.size(), kMaxRemoteCodecs));
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] == nullptr)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("remote '{}': its codec {} is a null pointer", name, i));
        for (std::size_t j = 0; j < i; ++j)
            if (all[i]->id() == all[j]->id())
                return fail(ErrorCode::invalid_argument,
                            fmt::format("remote '{}': codec {} ({}) is there twice", name,
                                        static_cast<int>(all[i]->id()), all[i]->name()));
    }
    return {};
}

Bytes Remotes::recoded(ConnectionId peer, Bytes message, std::vector<std::byte>& out) {
    ByteReader reader(message);
    Remote* const remote = by_number(reader.read_varint());
    if (remote == nullptr) return message;
    const wire::Codec& codec = codec_for(peer, *remote);
    if (&codec == remote->codec_) return message;
    out.assign(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(reader.position()));
    Bytes body = message.subspan(reader.position());
    if (remote->info_.is_compressed) {
        // It waits as it would have left.
        Compressing& c = *compressing_;
        if (!c.stage.decompress(body, config_.max_decompressed_bytes, c.arrived)) return {};
        body = c.arrived;
    }
    if (!remote->recode(body, codec, out)) return {};
    return remote->info_.is_compressed ? staged(*remote, out) : Bytes(out);
}

}  // namespace squall::remotes
