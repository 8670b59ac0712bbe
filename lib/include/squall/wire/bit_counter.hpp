// Measures what a BitWriter would write, without a buffer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "squall/core/bytes.hpp"
#include "squall/wire/output_stream.hpp"

namespace squall::wire {

class BitCounter : public OutputStream<BitCounter> {
  public:
    [[nodiscard]] std::size_t bit_count() const { return bits_; }
    [[nodiscard]] std::size_t byte_count() const { return (bits_ + 7) / 8; }
    [[nodiscard]] bool ok() const { return fault_ == StreamFault::none; }
    [[nodiscard]] StreamFault fault() const { return fault_; }

    void put(std::uint64_t /*value*/, unsigned count) { bits_ += count; }
    void put_bytes(Bytes bytes) { bits_ += bytes.size() * 8; }

  private:
    std::size_t bits_ = 0;
};

}  // namespace squall::wire
