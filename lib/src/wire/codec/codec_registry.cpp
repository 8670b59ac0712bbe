#include "squall/wire/codec_registry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::wire {
namespace {

unsigned number_of(CodecId id) {
    return static_cast<unsigned>(id);
}

bool is_codec_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxCodecNameBytes && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

// "1 (bits), 2 (json)".
std::string list_of(std::span<const CodecName> names) {
    std::string text;
    for (const CodecName& each : names)
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", number_of(each.id), each.name);
    return text.empty() ? "none" : text;
}

std::string shown(const CodecRegistry& ours, CodecId id) {
    const Codec* const codec = ours.find(id);
    return fmt::format("{} ({})", number_of(id), codec != nullptr ? codec->name() : "not registered here");
}

const CodecName* find_in(std::span<const CodecName> names, CodecId id) {
    const auto found = std::ranges::find(names, id, &CodecName::id);
    return found == names.end() ? nullptr : &*found;
}

}  // namespace

CodecRegistry CodecRegistry::standard() {
    CodecRegistry registry;
    for (const Codec* codec : {&bits_codec(), &json_codec(), &message_pack_codec(),
                               &message_pack_named_codec(), &protobuf_codec()})
        (void)registry.add(*codec);
    return registry;
}

Result<> CodecRegistry::add(const Codec& codec) {
    if (!is_codec_name(codec.name()))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("codec {}: its name must be 1 to {} lower-case letters, digits and '-'",
                                number_of(codec.id()), kMaxCodecNameBytes));
    if (codec.id() == CodecId::none)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("codec '{}': its id is 0, which is none; a user's is 128 to 255", codec.name()));
    if (const Codec* other = find(codec.id()))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("codec '{}': its id {} is that of '{}'", codec.name(), number_of(codec.id()),
                                other->name()));
    if (const Codec* other = find(codec.name()))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("codec {}: its name '{}' is that of codec {}", number_of(codec.id()),
                                codec.name(), number_of(other->id())));
    if (codecs_.size() == kMaxCodecs)
        return fail(ErrorCode::queue_full, fmt::format("there are {} codecs already, the most", kMaxCodecs));
    codecs_.insert(
        std::ranges::upper_bound(codecs_, codec.id(), {}, [](const Codec* each) { return each->id(); }),
        &codec);
    return {};
}

const Codec* CodecRegistry::find(CodecId id) const {
    const auto found = std::ranges::find(codecs_, id, [](const Codec* each) { return each->id(); });
    return found == codecs_.end() ? nullptr : *found;
}
const Codec* CodecRegistry::find(std::string_view name) const {
    const auto found = std::ranges::find(codecs_, name, [](const Codec* each) { return each->name(); });
    return found == codecs_.end() ? nullptr : *found;
}

std::vector<std::byte> write_codec_offer(const CodecRegistry& registry) {
    std::vector<std::byte> bytes{static_cast<std::byte>(registry.all().size())};
    for (const Codec* codec : registry.all()) {
        bytes.push_back(static_cast<std::byte>(codec->id()));
        bytes.push_back(static_cast<std::byte>(codec->name().size()));
        const Bytes name = as_bytes(codec->name());
        bytes.insert(bytes.end(), name.begin(), name.end());
    }
    return bytes;
}

Result<std::vector<CodecName>> read_codec_offer(Bytes bytes) {
    ByteReader reader(bytes);
    const std::size_t count = reader.read<std::uint8_t>();
    if (count > kMaxCodecs)
        return fail(ErrorCode::too_large,
                    fmt::format("an offer of {} codecs; {} is the limit", count, kMaxCodecs));
    std::vector<CodecName> names;
    for (std::size_t i = 0; i < count && reader.ok(); ++i) {
        const auto id = static_cast<CodecId>(reader.read<std::uint8_t>());
        const std::size_t size = reader.read<std::uint8_t>();
        const std::string name(as_text(reader.read_bytes(size)));
        if (!reader.ok()) break;
        if (id == CodecId::none || !is_codec_name(name))
            return fail(ErrorCode::malformed,
                        fmt::format("codec {} of an offer has no proper id or name", i + 1));
        if (find_in(names, id) != nullptr)
            return fail(ErrorCode::malformed, fmt::format("an offer names codec {} twice", number_of(id)));
        names.push_back({id, name});
    }
    if (!reader.at_end())
        return fail(ErrorCode::malformed, "an offer of codecs has too few or too many bytes");
    return names;
}

Result<> check_codec_offer(const CodecRegistry& ours, std::span<const CodecId> needed,
                           std::span<const CodecName> theirs) {
    for (const CodecId id : needed) {
        const Codec* const codec = ours.find(id);
        const CodecName* const other = find_in(theirs, id);
        if (codec == nullptr)
            return fail(ErrorCode::unsupported,
                        fmt::format("codec {} is needed; register it", shown(ours, id)));
        if (other == nullptr)
            return fail(ErrorCode::unsupported,
                        fmt::format("the peer has no codec {}; it has {}", shown(ours, id), list_of(theirs)));
        if (other->name != codec->name())
            return fail(ErrorCode::unsupported, fmt::format("codec {} is '{}' here and '{}' at the peer",
                                                            number_of(id), codec->name(), other->name));
    }
    return {};
}

Result<CodecId> choose_codec(const CodecRegistry& ours, std::span<const CodecId> wanted,
                             std::span<const CodecName> theirs) {
    std::string wishes;
    for (const CodecId id : wanted) {
        const CodecId one[] = {id};
        if (check_codec_offer(ours, one, theirs)) return id;
        wishes += fmt::format("{}{}", wishes.empty() ? "" : ", ", shown(ours, id));
    }
    return fail(ErrorCode::unsupported, fmt::format("no codec in common: wanted here {}; the peer has {}",
                                                    wishes.empty() ? "none" : wishes, list_of(theirs)));
}

}  // namespace squall::wire
