// Sizes and places of the parts of records that encoder and reader share. lib/RECORDING.md has the drawings.
#pragma once

#include <cstddef>
#include <cstdint>

namespace squall::recorder {

// Places in the list of interfaces of each section.
inline constexpr std::uint32_t kWireInterface = 0;
inline constexpr std::uint32_t kMessageInterface = 1;
inline constexpr std::uint32_t kControlInterface = 2;

// Before the payload of a message record.
inline constexpr std::size_t kMessageHeadBytes = 40;
// Type and version, before the body of a control record.
inline constexpr std::size_t kControlHeadBytes = 2;
// The custom option of a datagram.
inline constexpr std::size_t kWireOptionBytes = 12;
enum WireFlag : std::uint8_t {
    kWireOpened = 1,
    kWireRefused = 2,
    kWirePayloadCut = 4,
};

}  // namespace squall::recorder
