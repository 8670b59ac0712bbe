// One copy of equal configurations, found by fingerprint and then by value.
#include "link_configs.hpp"

namespace squall::simulator {

const LinkConfig& LinkConfigs::acquire(const LinkConfig& config) {
    const std::uint64_t key = fingerprint(config);
    const auto [first, last] = entries_.equal_range(key);
    for (auto entry = first; entry != last; ++entry) {
        if (entry->second.config != config) continue;
        ++entry->second.uses;
        return entry->second.config;
    }
    return entries_.emplace(key, Entry{config, 1})->second.config;
}

void LinkConfigs::release(const LinkConfig& config) {
    const auto [first, last] = entries_.equal_range(fingerprint(config));
    for (auto entry = first; entry != last; ++entry) {
        if (&entry->second.config != &config) continue;
        if (--entry->second.uses == 0) entries_.erase(entry);
        return;
    }
}

}  // namespace squall::simulator
