// The grammar of Protocol Buffers: one field after the other out of untrusted bytes. Knows no table.
#pragma once

#include <cstdint>
#include <optional>

#include "squall/core/bytes.hpp"
#include "wire/codec/proto_shape.hpp"

namespace squall::wire {

struct ProtoField {
    std::uint32_t number = 0;
    ProtoWire wire = ProtoWire::varint;
    std::uint64_t value = 0;  // of varint and fixed
    Bytes bytes{};            // of sized
};

class ProtoReader {
  public:
    explicit ProtoReader(Bytes bytes) : bytes_(bytes) {}

    [[nodiscard]] bool at_end() const { return position_ == bytes_.size(); }
    // The next field that is no group; groups, which nobody writes any more, are passed over. Nothing: the
    // end, if ok(), or broken bytes.
    [[nodiscard]] std::optional<ProtoField> next();
    [[nodiscard]] bool ok() const { return ok_; }

    // Single numbers, as they stand in packed lists.
    [[nodiscard]] std::optional<std::uint64_t> varint();
    [[nodiscard]] std::optional<std::uint64_t> fixed(std::size_t size);

  private:
    [[nodiscard]] std::optional<ProtoField> any();
    [[nodiscard]] std::optional<ProtoField> broken() {
        ok_ = false;
        return std::nullopt;
    }

    Bytes bytes_;
    std::size_t position_ = 0;
    bool ok_ = true;
};

}  // namespace squall::wire
