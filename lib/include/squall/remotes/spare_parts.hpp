// Nodes of maps and sets, and buffers, that are used again: what comes and goes all the time then allocates
// nothing. Bounded: beyond a few, memory is given back. Knows no remote.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace squall::remotes::detail {

inline constexpr std::size_t kMaxSpareParts = 256;

template <class Container>
class SpareNodes {
  public:
    // Puts `value` there, which is not there yet; gives its place.
    typename Container::iterator insert(Container& container, typename Container::value_type&& value) {
        if (spare_.empty()) return container.insert(std::move(value)).first;
        typename Container::node_type node = std::move(spare_.back());
        spare_.pop_back();
        if constexpr (requires { node.mapped(); }) {
            node.key() = value.first;
            node.mapped() = std::move(value.second);
        } else {
            node.value() = std::move(value);
        }
        return container.insert(std::move(node)).position;
    }
    void erase(Container& container, typename Container::iterator place) {
        if (spare_.size() < kMaxSpareParts) {
            spare_.push_back(container.extract(place));
        } else {
            container.erase(place);
        }
    }

  private:
    std::vector<typename Container::node_type> spare_;
};

class SpareBuffers {
  public:
    // Empty, perhaps with room.
    std::vector<std::byte> take() {
        if (spare_.empty()) return {};
        std::vector<std::byte> buffer = std::move(spare_.back());
        spare_.pop_back();
        buffer.clear();
        return buffer;
    }
    void give_back(std::vector<std::byte>&& buffer) {
        if (buffer.capacity() > 0 && buffer.capacity() <= kMaxSpareBytes && spare_.size() < kMaxSpareParts)
            spare_.push_back(std::move(buffer));
    }

  private:
    static constexpr std::size_t kMaxSpareBytes = 1024;
    std::vector<std::vector<std::byte>> spare_;
};

}  // namespace squall::remotes::detail
