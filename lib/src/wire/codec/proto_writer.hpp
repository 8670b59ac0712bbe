// Objects as Protocol Buffers. Every field is written, also where it has its default: both sides then agree
// whatever they take for one. Knows nothing of reading.
#pragma once

#include <vector>

#include "squall/wire/value.hpp"
#include "wire/codec/path.hpp"

namespace squall::wire {

// Appends. Error: text that is not UTF-8.
Result<> write_proto(const ConstValue& value, const Path& path, std::vector<std::byte>& out);

}  // namespace squall::wire
