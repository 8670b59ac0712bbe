// What a registry keeps for remotes that compress. Knows no peer.
#pragma once

#include <vector>

#include "squall/remotes/registry.hpp"
#include "squall/wire/codec_compression.hpp"

namespace squall::remotes {

// One for all remotes: it has 1.4 MB of its own. A message that goes to many is compressed once, because the
// last one is remembered.
struct Remotes::Compressing {
    explicit Compressing(const wire::CompressionOptions& options) : stage(options) {}

    wire::Compression stage;
    const Remote* last = nullptr;
    std::vector<std::byte> before;  // the last message that was sent,
    std::vector<std::byte> after;   // ... and what of it left
    std::vector<std::byte> packed;
    std::vector<std::byte> arrived;
};

}  // namespace squall::remotes
