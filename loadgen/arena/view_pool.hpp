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
    // An empty view, with memory if one was given back.
    [[nodiscard]] View take() {
        if (spare_.empty()) return {};
        View view = std::move(spare_.back());
        spare_.pop_back();
        view.clear();
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
    std::vector<View> spare_;
};

}  // namespace squall::arena
