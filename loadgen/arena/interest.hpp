// Who a player sees: the nearest within the view radius, up to a limit, by rising id. Knows the grid and ids;
// neither sessions nor bits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arena/grid.hpp"

namespace squall::arena {

class Interest {
  public:
    // Ids are below `player_limit`; a query gives at most `max_in_view`.
    Interest(std::uint32_t player_limit, std::uint32_t max_in_view);

    // The ids within the radius of a place. Valid until the next query.
    [[nodiscard]] std::span<const std::uint16_t> query(const Grid& grid, std::uint32_t x, std::uint32_t y,
                                                       std::uint32_t radius);

  private:
    struct Candidate {
        std::int64_t square = 0;
        std::uint16_t id = 0;
    };
    void keep_nearest();
    void sort_ids();

    std::uint32_t max_in_view_;
    std::vector<Candidate> candidates_;
    std::vector<std::uint64_t> marked_;  // a bit an id; all clear between queries
    std::vector<std::uint16_t> ids_;
};

}  // namespace squall::arena
