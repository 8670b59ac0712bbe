#include "runtime/token_rate_limit.hpp"

#include <algorithm>

namespace squall::runtime {

TokenRateLimit::TokenRateLimit(std::uint32_t at_once, std::uint32_t per_minute, std::size_t max_addresses)
    : full_(std::uint64_t{at_once} * 60),
      per_second_(per_minute),
      max_addresses_(std::max<std::size_t>(max_addresses, 1)) {}

TokenRateLimit::Bucket& TokenRateLimit::bucket_of(UnixSeconds now, const Address& network) {
    const auto found = buckets_.find(network);
    if (found != buckets_.end()) {
        uses_.splice(uses_.end(), uses_, found->second.use);
        return found->second;
    }
    if (buckets_.size() >= max_addresses_) {
        buckets_.erase(uses_.front());
        uses_.pop_front();
    }
    uses_.push_back(network);
    return buckets_
        .emplace(network, Bucket{.sixtieths = full_, .filled_at = now, .use = std::prev(uses_.end())})
        .first->second;
}

bool TokenRateLimit::allow(UnixSeconds now, const Address& network) {
    if (per_second_ == 0) return true;
    Bucket& bucket = bucket_of(now, network);
    if (now > bucket.filled_at) {
        const std::uint64_t seconds = std::min(now.value - bucket.filled_at.value, full_);
        bucket.sixtieths = std::min(full_, bucket.sixtieths + seconds * per_second_);
        bucket.filled_at = now;
    }
    if (bucket.sixtieths < 60) return false;
    bucket.sixtieths -= 60;
    return true;
}

}  // namespace squall::runtime
