// Link configurations in use, each kept once however many links have it: thousands of links read one hot
// copy.
#pragma once

#include <cstdint>
#include <map>

#include "squall/simulator/link_config.hpp"

namespace squall::simulator {

class LinkConfigs {
  public:
    // An equal configuration that stays where it is until it was released as often as it was acquired.
    [[nodiscard]] const LinkConfig& acquire(const LinkConfig& config);
    void release(const LinkConfig& config);
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        LinkConfig config;
        std::uint64_t uses = 0;
    };
    std::multimap<std::uint64_t, Entry> entries_;  // by fingerprint
};

}  // namespace squall::simulator
