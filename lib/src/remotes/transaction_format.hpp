// What both sides of a transaction write and read; STANDARD.md section 7.9.
#pragma once

#include "squall/remotes/transaction.hpp"

namespace squall::remotes::detail {

enum class TransactionOp : std::uint8_t {
    clock = 0,
    proposal = 1,
    keyed_proposal = 2,
    accepted = 3,
    refused = 4
};

inline constexpr Duration kLongestDeadline = std::chrono::hours(1);

inline std::vector<std::byte> start_frame(std::uint32_t index, TransactionOp op, std::uint64_t id) {
    std::vector<std::byte> frame;
    append_varint(frame, std::uint64_t{index} + 1);
    frame.push_back(static_cast<std::byte>(op));
    append_varint(frame, id);
    return frame;
}

inline void append_sized(std::vector<std::byte>& out, Bytes bytes) {
    append_varint(out, bytes.size());
    out.insert(out.end(), bytes.begin(), bytes.end());
}

inline Bytes read_sized(ByteReader& reader) {
    return reader.read_bytes(static_cast<std::size_t>(reader.read_varint()));
}

}  // namespace squall::remotes::detail
