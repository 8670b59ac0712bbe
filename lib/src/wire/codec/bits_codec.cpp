// The compiled bit codec of a type behind the common interface.
#include <fmt/format.h>

#include "wire/codec/codec_frame.hpp"

namespace squall::wire {
namespace {

class BitsCodec final : public Codec {
  public:
    [[nodiscard]] std::string_view name() const override { return "bits"; }
    [[nodiscard]] CodecId id() const override { return CodecId::bits; }

    Result<> encode(const CodecType& type, const void* object, std::vector<std::byte>& out) const override {
        const std::size_t size = (type.measure_bits(object) + 7) / 8;
        if (auto fits = check_encoded_size(size); !fits) {
            out.clear();
            return named(name(), fits);
        }
        out.resize(size);
        BitWriter writer(out);
        type.write_bits(writer, object);
        if (writer.ok()) {
            out.resize(writer.finish().size());
            return {};
        }
        out.clear();
        // The writer only knows that something is wrong; the table knows what.
        Result<> why = validate(ConstValue(*type.description, object));
        if (why) why = fail(ErrorCode::invalid_argument, "a value is not valid");
        return named(name(), std::move(why));
    }

    Result<> decode(const CodecType& type, Bytes bytes, void* object) const override {
        if (auto fits = check_encoded_size(bytes.size()); !fits) return named(name(), fits);
        BitReader reader(bytes);
        type.read_bits(reader, object);
        if (reader.finish()) return {};
        return fail(ErrorCode::malformed,
                    fmt::format("bits: {}: {} (of {} bytes)",
                                type.description->name.empty() ? "value" : type.description->name,
                                to_string(reader.fault()), bytes.size()));
    }
};

}  // namespace

const Codec& bits_codec() {
    static const BitsCodec kCodec;
    return kCodec;
}

}  // namespace squall::wire
