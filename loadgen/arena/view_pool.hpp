// Views that are not in use keep their memory here, so that a steady state allocates nothing. Knows nothing
// of snapshots.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "arena/entity.hpp"

namespace squall::arena {

class ViewPool {
  public:
    // An empty view with room for a usual crowd.
    [[nodiscard]] View take() {
        View view;
        if (!spare_.empty()) {
            view = std::move(spare_.back());
            spare_.pop_back();
            view.clear();
        }
        view.reserve(kUsualEntities);
        return view;
    }
    [[nodiscard]] View copy_of(std::span<const EntityState> state) {
        View view = take();
        view.assign(state.begin(), state.end());
        return view;
    }
    void give_back(View&& view) {
        if (view.capacity() > 0) spare_.push_back(std::move(view));
    }
    [[nodiscard]] std::size_t spare_count() const { return spare_.size(); }

  private:
    // Thirty others on average leave it rarely too small, and then it grows once.
    static constexpr std::size_t kUsualEntities = 48;
    std::vector<View> spare_;
};

}  // namespace squall::arena
