#include "squall/recorder/recording_parts.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace squall::recorder {
namespace {

// "folder/run", ".pcapng.gz": the number of a part stands between.
struct SplitPath {
    std::string_view stem;
    std::string_view suffix;
};

SplitPath split(std::string_view path) {
    const std::size_t name = path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1;
    std::size_t end = path.size();
    for (const std::string_view packing : std::array<std::string_view, 3>{".gz", ".zst", ".lz4"})
        if (path.ends_with(packing) && path.size() - packing.size() > name)
            end = path.size() - packing.size();
    const std::size_t dot = path.substr(0, end).rfind('.');
    // A name that only begins with a dot has no suffix.
    const std::size_t cut = dot == std::string_view::npos || dot <= name ? end : dot;
    return {path.substr(0, cut), path.substr(cut)};
}

}  // namespace

std::string path_of_part(std::string_view first, std::uint32_t part) {
    if (part <= 1) return std::string(first);
    const auto [stem, suffix] = split(first);
    return fmt::format("{}.{}{}", stem, part, suffix);
}

std::string path_of_next_part(std::string_view path, std::uint32_t part) {
    auto [stem, suffix] = split(path);
    const std::string number = fmt::format(".{}", part);
    if (part > 1 && stem.ends_with(number)) stem.remove_suffix(number.size());
    return fmt::format("{}.{}{}", stem, part + 1, suffix);
}

std::uint32_t part_of(const Facts& facts, std::uint32_t otherwise) {
    const std::string_view told = find_fact(facts, "session.part");
    std::uint32_t part = 0;
    const auto [end, error] = std::from_chars(told.data(), told.data() + told.size(), part);
    return error == std::errc{} && end == told.data() + told.size() && part > 0 ? part : otherwise;
}

}  // namespace squall::recorder
