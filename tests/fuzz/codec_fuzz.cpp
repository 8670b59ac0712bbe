// Any bytes through every decoder: refused with a message, or a valid object, which is written again and read
// again as the same. The first byte chooses the codec and the type; compressed and offered codecs are read
// too.
#include <cstdint>
#include <cstdlib>

#include "squall/wire/codec_compression.hpp"
#include "squall/wire/codec_registry.hpp"
#include "unit/wire/codec_objects.hpp"

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

template <class T>
void read_as(const Codec& codec, Bytes bytes) {
    T object{};
    const auto decoded = codec.decode(bytes, object);
    if (!decoded) return check(!decoded.error().message.empty());
    check(validate(object).has_value());
    std::vector<std::byte> written;
    if (!codec.encode(object, written)) {
        // MessagePack takes text that is not UTF-8, and writes it; nobody else takes any.
        return check(codec.id() != CodecId::bits);
    }
    T again{};
    check(codec.decode(written, again).has_value());
    std::vector<std::byte> rewritten;
    check(codec.encode(again, rewritten).has_value());
    check(written == rewritten);
}

void read_with(const Codec& codec, std::uint8_t type, Bytes bytes) {
    switch (type % 6) {
        case 0: return read_as<Player>(codec, bytes);
        case 1: return read_as<Everything>(codec, bytes);
        case 2: return read_as<Nested>(codec, bytes);
        case 3: return read_as<Entity>(codec, bytes);
        case 4: return read_as<Account>(codec, bytes);
        default: return read_as<VersionTwo>(codec, bytes);
    }
}

void read_compressed(Bytes bytes) {
    constexpr std::size_t kLimit = 64 * 1024;
    static Compression compression;
    std::vector<std::byte> plain;
    if (!compression.decompress(bytes, kLimit, plain)) return;
    check(plain.size() <= kLimit);
    std::vector<std::byte> packed;
    compression.compress(plain, packed);
    std::vector<std::byte> again;
    check(compression.decompress(packed, kLimit, again).has_value() && again == plain);
}

void read_offer(Bytes bytes) {
    const auto offer = read_codec_offer(bytes);
    if (!offer) return;
    const CodecRegistry registry = CodecRegistry::standard();
    const CodecId wanted[] = {CodecId::bits, CodecId::json};
    const auto chosen = choose_codec(registry, wanted, *offer);
    check(chosen || !chosen.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
    const auto type = static_cast<std::uint8_t>(data[0] / 8);
    switch (data[0] % 8) {
        case 0: read_with(bits_codec(), type, bytes); break;
        case 1: read_with(json_codec(), type, bytes); break;
        case 2: read_with(message_pack_codec(), type, bytes); break;
        case 3: read_with(message_pack_named_codec(), type, bytes); break;
        case 4: read_with(protobuf_codec(), type, bytes); break;
        case 5: read_compressed(bytes); break;
        case 6: read_offer(bytes); break;
        default: read_with(json_codec(), type, bytes); break;
    }
    return 0;
}
