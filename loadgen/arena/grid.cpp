#include "arena/grid.hpp"

#include <algorithm>

namespace squall::arena {

Grid::Grid(std::uint32_t side, std::uint32_t cell)
    : side_(side),
      cells_(std::max<std::uint32_t>(1, side / cell)),
      cell_(side / cells_),
      start_(std::size_t{cells_} * cells_ + 1) {}

void Grid::rebuild(std::span<const GridEntry> entries) {
    // A counting sort: count, sum up, then place from the back so that order within a cell is kept.
    std::fill(start_.begin(), start_.end(), 0U);
    const auto cell_of = [&](const GridEntry& entry) {
        return std::size_t{column(entry.y)} * cells_ + column(entry.x);
    };
    for (const GridEntry& entry : entries) ++start_[cell_of(entry)];
    std::uint32_t sum = 0;
    for (std::uint32_t& start : start_) start = sum += start;
    sorted_.resize(entries.size());
    for (std::size_t i = entries.size(); i-- > 0;) sorted_[--start_[cell_of(entries[i])]] = entries[i];
}

}  // namespace squall::arena
