// Who is where: a square world that wraps around, cut into cells, so that the neighbours of a place are found
// without looking at everybody. Rebuilt whole each tick, into memory that is kept. Knows places and ids only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arena/direction.hpp"

namespace squall::arena {

struct GridEntry {
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    std::uint16_t id = 0;
};

class Grid {
  public:
    // Cells at least so wide, in the unit of the coordinates; side and cell at least 1.
    Grid(std::uint32_t side, std::uint32_t cell);

    // Coordinates below the side. Within a cell entries keep their order.
    void rebuild(std::span<const GridEntry> entries);

    // Calls visit(entry, squared distance) for each entry within the radius (the border included), in the
    // order of cells.
    template <class Visit>
    void visit_within(std::uint32_t x, std::uint32_t y, std::uint32_t radius, Visit visit) const {
        const std::int64_t limit = std::int64_t{radius} * radius;
        visit_cells(x, y, radius, [&](std::span<const GridEntry> entries) {
            for (const GridEntry& entry : entries) {
                const std::int64_t dx = ring_distance(x, entry.x, side_);
                const std::int64_t dy = ring_distance(y, entry.y, side_);
                const std::int64_t square = dx * dx + dy * dy;
                if (square <= limit) visit(entry, square);
            }
        });
    }

  private:
    // The cells that the radius touches, as runs that are contiguous in memory; each cell once.
    template <class Run>
    void visit_cells(std::uint32_t x, std::uint32_t y, std::uint32_t radius, Run run) const {
        const std::uint32_t reach = radius / cell_ + 1;
        const bool all = 2 * reach + 1 >= cells_;
        const std::uint32_t count = all ? cells_ : 2 * reach + 1;
        const std::uint32_t first_column = all ? 0 : (column(x) + cells_ - reach) % cells_;
        std::uint32_t row = all ? 0 : (column(y) + cells_ - reach) % cells_;
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint32_t before_wrap = first_column + count <= cells_ ? count : cells_ - first_column;
            run(cells(row, first_column, before_wrap));
            if (before_wrap < count) run(cells(row, 0, count - before_wrap));
            if (++row == cells_) row = 0;
        }
    }
    [[nodiscard]] std::uint32_t column(std::uint32_t place) const {
        const std::uint32_t at = place / cell_;
        return at < cells_ ? at : cells_ - 1;
    }
    [[nodiscard]] std::span<const GridEntry> cells(std::uint32_t row, std::uint32_t first,
                                                   std::uint32_t count) const {
        const std::size_t at = std::size_t{row} * cells_ + first;
        return {sorted_.data() + start_[at], start_[at + count] - start_[at]};
    }

    std::uint32_t side_;
    std::uint32_t cells_;  // in a row
    std::uint32_t cell_;   // width of each; the last is up to twice as wide
    std::vector<std::uint32_t> start_;
    std::vector<GridEntry> sorted_;
};

}  // namespace squall::arena
