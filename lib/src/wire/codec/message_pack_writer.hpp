// Objects as MessagePack, each number in its shortest form, as msgpack-cxx packs. Knows nothing of reading.
#pragma once

#include <vector>

#include "squall/wire/value.hpp"

namespace squall::wire {

// Appends. `names`: structs are maps with their fields' names.
void write_message_pack(const ConstValue& value, bool names, std::vector<std::byte>& out);

}  // namespace squall::wire
