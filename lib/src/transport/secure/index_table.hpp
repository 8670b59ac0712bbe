// A hash index from something hashed elsewhere to a number (a slot, a place in a vector): open addressing,
// linear probing, eight bytes a bucket, no tombstones. It keeps no keys: the caller compares. Never iterated.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "squall/core/hash.hpp"

namespace squall::secure {

class IndexTable {
  public:
    // The salt keeps others from choosing keys that collide in the table.
    explicit IndexTable(std::uint64_t salt) : salt_(salt) {}

    // The first number stored under this hash for which is_match(number) holds.
    template <class Match>
    [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t hash, const Match& is_match) const {
        if (buckets_.empty()) return std::nullopt;
        const auto mixed = mix(hash);
        for (std::size_t i = mixed & mask(); buckets_[i].number != kEmpty; i = (i + 1) & mask())
            if (buckets_[i].hash == mixed && is_match(buckets_[i].number)) return buckets_[i].number;
        return std::nullopt;
    }
    void insert(std::uint64_t hash, std::uint32_t number) {
        if ((count_ + 1) * 4 > buckets_.size() * 3) grow();
        place({mix(hash), number});
        ++count_;
    }
    // The pair is in the table.
    void erase(std::uint64_t hash, std::uint32_t number) {
        if (buckets_.empty()) return;
        const auto mixed = mix(hash);
        std::size_t hole = mixed & mask();
        while (buckets_[hole].number != number || buckets_[hole].hash != mixed) {
            if (buckets_[hole].number == kEmpty) return;
            hole = (hole + 1) & mask();
        }
        --count_;
        // Whatever stands behind the hole and would rather stand in it or before it moves up.
        for (std::size_t i = (hole + 1) & mask(); buckets_[i].number != kEmpty; i = (i + 1) & mask()) {
            const auto home = buckets_[i].hash & mask();
            if (((i - home) & mask()) < ((i - hole) & mask())) continue;
            buckets_[hole] = buckets_[i];
            hole = i;
        }
        buckets_[hole] = {};
    }
    [[nodiscard]] std::size_t size() const { return count_; }

  private:
    static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};
    struct Bucket {
        std::uint32_t hash = 0;
        std::uint32_t number = kEmpty;
    };
    [[nodiscard]] std::uint32_t mix(std::uint64_t hash) const {
        return static_cast<std::uint32_t>(mix64(hash ^ salt_));
    }
    [[nodiscard]] std::size_t mask() const { return buckets_.size() - 1; }
    void place(Bucket bucket) {
        std::size_t i = bucket.hash & mask();
        while (buckets_[i].number != kEmpty) i = (i + 1) & mask();
        buckets_[i] = bucket;
    }
    void grow() {
        std::vector<Bucket> old(buckets_.empty() ? 16 : buckets_.size() * 2);
        old.swap(buckets_);
        for (const auto& bucket : old)
            if (bucket.number != kEmpty) place(bucket);
    }

    std::uint64_t salt_;
    std::vector<Bucket> buckets_;
    std::size_t count_ = 0;
};

}  // namespace squall::secure
