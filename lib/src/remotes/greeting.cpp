// How two registries meet: each says in a few bytes what it declares; only where that differs, both send the
// whole of it, so that both can say which remote and which field. STANDARD.md section 7.
#include <fmt/format.h>

#include <algorithm>

#include "squall/core/hash.hpp"
#include "squall/remotes/registry.hpp"
#include "squall/wire/codec_registry.hpp"
#include "squall/wire/schema_text.hpp"

namespace squall::remotes {
namespace {

enum class ControlOp : std::uint8_t { hello = 1, contract = 2 };
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxContractBytes = 60 * 1024;
constexpr std::size_t kMaxNameBytes = 100;
constexpr std::size_t kMaxCodecNameBytes = 32;

// One remote as it travels and as it is compared.
struct Entry {
    std::string name;
    RemoteKind kind{};
    ChannelMode mode{};
    std::vector<wire::CodecName> codecs;  // in order of preference, one at least
    bool is_compressed = false;
    bool may_differ = false;
    std::string text;
};
constexpr std::uint8_t kIsCompressed = 1;
constexpr std::uint8_t kHasMoreCodecs = 2;
constexpr std::uint8_t kMayDiffer = 4;
constexpr std::uint8_t kAllFlags = kIsCompressed | kHasMoreCodecs | kMayDiffer;

void append_text(std::vector<std::byte>& out, std::string_view text) {
    append_varint(out, text.size());
    const Bytes bytes = as_bytes(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

Entry entry_of(const Remote& remote, std::string text) {
    const RemoteInfo& info = remote.info();
    Entry entry{
        info.name,      info.kind, info.mode, {}, info.is_compressed, info.schema == SchemaMatch::compatible,
        std::move(text)};
    for (const wire::Codec* const codec : remote.codecs())
        entry.codecs.push_back({codec->id(), std::string(codec->name().substr(0, kMaxCodecNameBytes))});
    return entry;
}

void append_entry(std::vector<std::byte>& out, const Entry& entry) {
    const bool has_more = entry.codecs.size() > 1;
    append_text(out, entry.name);
    out.push_back(static_cast<std::byte>(entry.kind));
    out.push_back(static_cast<std::byte>(entry.mode));
    out.push_back(static_cast<std::byte>(entry.codecs[0].id));
    out.push_back(static_cast<std::byte>((entry.is_compressed ? kIsCompressed : 0) |
                                         (has_more ? kHasMoreCodecs : 0) |
                                         (entry.may_differ ? kMayDiffer : 0)));
    append_text(out, entry.codecs[0].name);
    if (has_more) append_varint(out, entry.codecs.size() - 1);
    for (std::size_t i = 1; i < entry.codecs.size(); ++i) {
        out.push_back(static_cast<std::byte>(entry.codecs[i].id));
        append_text(out, entry.codecs[i].name);
    }
    append_text(out, entry.text);
}

bool read_codec_name(ByteReader& reader, std::string& name) {
    const std::uint64_t size = reader.read_varint();
    if (!reader.ok() || size > kMaxCodecNameBytes) return false;
    name = as_text(reader.read_bytes(size));
    return reader.ok();
}

// Behind the first.
bool read_more_codecs(ByteReader& reader, std::vector<wire::CodecName>& codecs) {
    const std::uint64_t count = reader.read_varint();
    if (!reader.ok() || count == 0 || count >= kMaxRemoteCodecs) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
        wire::CodecName codec{static_cast<wire::CodecId>(reader.read<std::uint8_t>()), {}};
        if (!read_codec_name(reader, codec.name)) return false;
        codecs.push_back(std::move(codec));
    }
    return true;
}

std::optional<Entry> read_entry(ByteReader& reader) {
    Entry entry;
    const std::uint64_t name_size = reader.read_varint();
    if (name_size == 0 || name_size > kMaxNameBytes) return std::nullopt;
    entry.name = as_text(reader.read_bytes(name_size));
    const auto kind = reader.read<std::uint8_t>();
    const auto mode = reader.read<std::uint8_t>();
    entry.codecs.push_back({static_cast<wire::CodecId>(reader.read<std::uint8_t>()), {}});
    const auto flags = reader.read<std::uint8_t>();
    if (flags > kAllFlags || !read_codec_name(reader, entry.codecs[0].name)) return std::nullopt;
    entry.is_compressed = (flags & kIsCompressed) != 0;
    entry.may_differ = (flags & kMayDiffer) != 0;
    if ((flags & kHasMoreCodecs) != 0 && !read_more_codecs(reader, entry.codecs)) return std::nullopt;
    const std::uint64_t text_size = reader.read_varint();
    if (!reader.ok() || text_size > reader.remaining()) return std::nullopt;
    entry.text = as_text(reader.read_bytes(text_size));
    if (kind > static_cast<std::uint8_t>(kLastRemoteKind) ||
        mode > static_cast<std::uint8_t>(ChannelMode::reliable_ordered))
        return std::nullopt;
    entry.kind = static_cast<RemoteKind>(kind);
    entry.mode = static_cast<ChannelMode>(mode);
    return entry;
}

// The first of the server's codecs that the client has too, as its place among ours.
std::optional<std::size_t> common_codec(const Entry& ours, const Entry& theirs, bool we_serve) {
    for (const wire::CodecName& wanted : (we_serve ? ours : theirs).codecs)
        if (const auto there = std::ranges::find((we_serve ? theirs : ours).codecs, wanted);
            there != (we_serve ? theirs : ours).codecs.end())
            return static_cast<std::size_t>(std::ranges::find(ours.codecs, wanted) - ours.codecs.begin());
    return std::nullopt;
}

std::string list_of(const std::vector<wire::CodecName>& codecs) {
    std::string out;
    for (const wire::CodecName& codec : codecs)
        out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", static_cast<int>(codec.id), codec.name);
    return out;
}

// What keeps one remote's two schemas from talking by this codec; nothing if they can.
std::optional<std::string> conflict(const Entry& ours, const Entry& theirs, const wire::Codec& codec) {
    const wire::FieldIdentity identity =
        ours.may_differ && theirs.may_differ ? codec.field_identity() : wire::FieldIdentity::whole_schema;
    if (ours.kind != RemoteKind::function) return wire::schema_conflict(ours.text, theirs.text, identity);
    constexpr std::string_view kRequest = "request ";
    constexpr std::string_view kReply = "\nreply ";
    // The text of the request, and of the reply; of the whole if it is neither.
    const auto parts = [&](std::string_view text) -> std::pair<std::string_view, std::string_view> {
        const std::size_t at = text.find(kReply);
        if (!text.starts_with(kRequest) || at == std::string_view::npos) return {text, {}};
        return {text.substr(kRequest.size(), at - kRequest.size()), text.substr(at + kReply.size())};
    };
    const auto here = parts(ours.text);
    const auto there = parts(theirs.text);
    if (auto why = wire::schema_conflict(here.first, there.first, identity)) return why;
    return wire::schema_conflict(here.second, there.second, identity);
}

// Why two declarations of one remote do not fit; empty if they do. `codec` is the one that they would use.
std::string difference(const Entry& ours, const Entry& theirs, const wire::Codec* codec) {
    if (ours.kind != theirs.kind)
        return fmt::format("'{}' is a {} here and a {} there", ours.name, to_string(ours.kind),
                           to_string(theirs.kind));
    if (ours.mode != theirs.mode)
        return fmt::format("'{}' is {} here and {} there", ours.name, squall::to_string(ours.mode),
                           squall::to_string(theirs.mode));
    if (codec == nullptr)
        return fmt::format("'{}' uses codec {} here and {} there", ours.name, list_of(ours.codecs),
                           list_of(theirs.codecs));
    if (ours.is_compressed != theirs.is_compressed)
        return fmt::format("'{}' is {}compressed here and {}compressed there", ours.name,
                           ours.is_compressed ? "" : "not ", theirs.is_compressed ? "" : "not ");
    if (ours.text == theirs.text) return {};
    const auto field = conflict(ours, theirs, *codec);
    return field ? fmt::format("'{}': {}", ours.name, *field) : std::string();
}

// The first difference of two lists in order of name. codec(i): what our i-th remote and theirs would use.
template <class CodecOf>
std::string first_difference(const std::vector<Entry>& ours, const std::vector<Entry>& theirs,
                             const CodecOf& codec) {
    for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
        if (i == ours.size() || (i < theirs.size() && theirs[i].name < ours[i].name))
            return fmt::format("'{}' is declared there and not here", theirs[i].name);
        if (i == theirs.size() || ours[i].name < theirs[i].name)
            return fmt::format("'{}' is declared here and not there", ours[i].name);
        if (auto text = difference(ours[i], theirs[i], codec(i)); !text.empty()) return text;
    }
    return {};
}

}  // namespace

std::uint64_t Remotes::contract_hash() const {
    std::vector<std::byte> all;
    for (const auto& remote : remotes_) append_entry(all, entry_of(*remote, remote->contract_text()));
    return stable_hash(as_text(all));
}

void Remotes::greet(TimePoint now, Peer& peer) {
    seal();
    std::vector<std::byte> hello;
    append_varint(hello, 0);
    hello.push_back(static_cast<std::byte>(ControlOp::hello));
    hello.push_back(static_cast<std::byte>(kVersion));
    const std::uint64_t hash = contract_hash();
    for (unsigned shift = 0; shift < 64; shift += 8)
        hello.push_back(static_cast<std::byte>((hash >> shift) & 0xff));
    (void)endpoint_.send(now, peer.id, ChannelId{static_cast<std::uint8_t>(ChannelMode::reliable_ordered)},
                         hello);
}

Outcome Remotes::on_control(TimePoint now, Peer& peer, Bytes body) {
    ByteReader reader(body);
    const auto op = static_cast<ControlOp>(reader.read<std::uint8_t>());
    if (op == ControlOp::hello && !peer.is_ready && !peer.is_comparing && !peer.is_mismatched) {
        const auto version = reader.read<std::uint8_t>();
        const auto hash = reader.read<std::uint64_t>();
        if (!reader.ok() || version == 0) return Outcome::malformed;
        if (version == kVersion && hash == contract_hash()) {
            become_ready(now, peer);
            return Outcome::passed;
        }
        if (version != kVersion) {
            peer.is_mismatched = true;
            if (on_mismatch_)
                on_mismatch_(now, peer.id,
                             fmt::format("remotes of version {} here and {} there", kVersion, version));
            endpoint_.disconnect(now, peer.id, DisconnectReason::protocol_error);
            return Outcome::passed;
        }
        peer.is_comparing = true;
        send_contract(now, peer);
        return Outcome::passed;
    }
    if (op == ControlOp::contract && peer.is_comparing) return on_contract(now, peer, body.subspan(1));
    return Outcome::malformed;
}

void Remotes::send_contract(TimePoint now, Peer& peer) {
    std::vector<std::byte> out;
    append_varint(out, 0);
    out.push_back(static_cast<std::byte>(ControlOp::contract));
    for (const auto& remote : remotes_) {
        std::vector<std::byte> entry;
        append_entry(entry, entry_of(*remote, remote->contract_text()));
        // What would not fit is left out: the first difference is nearly always in what does.
        if (out.size() + entry.size() > kMaxContractBytes) break;
        out.insert(out.end(), entry.begin(), entry.end());
    }
    (void)endpoint_.send(now, peer.id, ChannelId{static_cast<std::uint8_t>(ChannelMode::reliable_ordered)},
                         out);
}

// Both sides get the other's list. If nothing but codecs differs, and each remote has one in common, they
// agree on those; structs may differ as far as both allow it and that codec can. Else the client leaves
// first, so that its list has arrived when it does.
Outcome Remotes::on_contract(TimePoint now, Peer& peer, Bytes body) {
    std::vector<Entry> theirs;
    ByteReader reader(body);
    while (reader.remaining() > 0) {
        auto entry = read_entry(reader);
        if (!entry) return Outcome::malformed;
        theirs.push_back(std::move(*entry));
    }
    peer.is_comparing = false;
    std::vector<Entry> ours;
    for (const auto& remote : remotes_) ours.push_back(entry_of(*remote, remote->contract_text()));
    const auto codec = [&](std::size_t i) -> const wire::Codec* {
        const auto place = common_codec(ours[i], theirs[i], is_server());
        return place ? remotes_[i]->codecs_[*place] : nullptr;
    };
    std::string why = first_difference(ours, theirs, codec);
    if (why.empty()) {
        bool is_chosen = false;
        std::vector<const wire::Codec*> codecs;
        for (std::size_t i = 0; i < ours.size(); ++i) {
            is_chosen = is_chosen || ours[i].codecs != theirs[i].codecs || ours[i].text != theirs[i].text ||
                        ours[i].may_differ != theirs[i].may_differ;
            codecs.push_back(codec(i));
        }
        if (is_chosen) {
            peer.codecs = std::move(codecs);
            become_ready(now, peer);
            return Outcome::passed;
        }
        why = "the declarations hash differently, and are the same as far as they could be compared";
    }
    peer.is_mismatched = true;
    if (on_mismatch_) on_mismatch_(now, peer.id, why);
    // A moment for our list to reach the client.
    expect_greeting(peer, std::min(peer.greet_until, now + std::chrono::seconds(1)));
    return Outcome::passed;
}

// What waited for the peer leaves, in the codec that was agreed upon.
void Remotes::hand_over(TimePoint now, ConnectionId peer, const WaitingQueue::Entry& waited) {
    std::vector<std::byte> anew;
    const Bytes message = recoded(peer, waited.bytes, anew);
    if (message.empty()) {
        ++dropped_while_waiting_;
        return;
    }
    const auto number = static_cast<std::uint16_t>(ByteReader(message).read_varint());
    (void)endpoint_.send(now, peer, ChannelId{static_cast<std::uint8_t>(waited.mode)}, message,
                         {.tag = number});
}

void Remotes::become_ready(TimePoint now, Peer& peer) {
    peer.is_ready = true;
    expect_greeting(peer, kNever);
    ready_.push_back(peer.id);
    const ConnectionId id = peer.id;
    const ClientId client = peer.client;
    const auto send_waited = [&](const WaitingQueue::Entry& entry) { hand_over(now, id, entry); };
    peer.waiting.release(now, config_.waiting, send_waited);
    if (!is_server()) for_server_.release(now, config_.waiting, send_waited);
    if (const auto absent = absent_.find(client); is_server() && absent != absent_.end()) {
        absent->second.release(now, config_.waiting, send_waited);
        dropped_while_waiting_ += absent->second.dropped();
        absent_.erase(absent);
    }
    for (const auto& remote : remotes_) remote->on_ready(now, id);
    if (on_join_) on_join_(now, id, client);
    Peer* const joined = find_peer(id);
    if (joined == nullptr) return;
    WaitingQueue early = std::exchange(joined->early, {});
    early.release(now, config_.waiting, [&](const WaitingQueue::Entry& entry) {
        Peer* const sender = find_peer(id);
        if (sender == nullptr || sender->is_ended) {
            ++dropped_after_end_;
            return;
        }
        dispatch(now, *sender, entry.mode, entry.message, entry.bytes);
    });
}

}  // namespace squall::remotes
