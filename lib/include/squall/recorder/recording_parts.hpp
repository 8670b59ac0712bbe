// What the files of one recording are called: run.pcapng, run.2.pcapng, run.3.pcapng, and so on where they
// were compressed since (run.2.pcapng.gz). Knows names only, and opens nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "squall/recorder/facts.hpp"

namespace squall::recorder {

// The path of a part (from 1) of the recording that begins at `first`.
[[nodiscard]] std::string path_of_part(std::string_view first, std::uint32_t part);

// The path of the part after the one at `path`, which is number `part`: a recording can be read from any of
// its files on.
[[nodiscard]] std::string path_of_next_part(std::string_view path, std::uint32_t part);

// Which part a file says that it is; `otherwise` where it says nothing.
[[nodiscard]] std::uint32_t part_of(const Facts& facts, std::uint32_t otherwise);

}  // namespace squall::recorder
