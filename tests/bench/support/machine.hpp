// What the figures were measured on, in one line.
#pragma once

#include <string>

namespace squall::bench {

// "AMD EPYC, 2 cores, Linux 6.1.0, g++ 12.2".
[[nodiscard]] std::string machine_text();

}  // namespace squall::bench
