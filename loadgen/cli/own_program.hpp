// The path of this program, for the processes that it starts of itself.
#pragma once

#include <string>

namespace squall::loadgen {

[[nodiscard]] std::string own_program();

}  // namespace squall::loadgen
