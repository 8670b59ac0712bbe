// A difference between a recording and its re-run, told to people: where and when, in whose packet and which
// message, and which byte.
#pragma once

#include <functional>
#include <string>

#include "replay/rerun.hpp"

namespace squall::loadgen {

// `remote_name`: of a remote's number; empty where it has none. `began`: what times are told from.
[[nodiscard]] std::string describe(const Difference& difference, TimePoint began,
                                   const std::function<std::string(std::uint16_t)>& remote_name);

}  // namespace squall::loadgen
