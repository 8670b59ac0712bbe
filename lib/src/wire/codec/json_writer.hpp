// Objects as JSON text. Knows nothing of reading.
#pragma once

#include <vector>

#include "squall/wire/value.hpp"
#include "wire/codec/path.hpp"

namespace squall::wire {

// Appends. Error: text that is not UTF-8. Ranges are the caller's to have checked.
Result<> write_json(const ConstValue& value, const Path& path, std::vector<std::byte>& out);

}  // namespace squall::wire
