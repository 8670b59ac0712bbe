// The order and the number of a contract's attributes: another order gives other bytes and the same meaning,
// and room for 64 attributes costs those nothing that have fewer.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/dynamic_contract.hpp"

namespace squall::wire {
namespace {

std::vector<std::byte> copy(const Result<Bytes>& bytes) {
    EXPECT_TRUE(bytes) << bytes.error().message;
    return bytes ? std::vector<std::byte>(bytes->begin(), bytes->end()) : std::vector<std::byte>();
}

std::string name_of(std::size_t i) {
    return "a" + std::to_string(i);
}

std::vector<Attribute> attributes(std::size_t count) {
    std::vector<Attribute> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back({name_of(i), i % 3 == 0   ? AttributeKind::boolean
                                   : i % 3 == 1 ? AttributeKind::integer
                                                : AttributeKind::text});
    return out;
}

DynamicObject random_object(Rng& rng, std::size_t count) {
    DynamicObject object;
    for (std::size_t i = 0; i < count; ++i) {
        if (rng.below(4) == 0) continue;
        if (i % 3 == 0)
            object.emplace(name_of(i), rng.below(2) == 0);
        else if (i % 3 == 1)
            object.emplace(name_of(i), rng.between(-1000, 1000));
        else
            object.emplace(name_of(i), std::string(rng.below(9), 'x'));
    }
    return object;
}

TEST(ContractOrder, GivesOtherBytesAndTheSameMeaning) {
    constexpr std::size_t kCount = 40;
    Rng rng(46);
    std::vector<Attribute> list = attributes(kCount);
    const auto first = *DynamicContract::make(1U, list);
    int different = 0;
    for (int i = 0; i < 200; ++i) {
        for (std::size_t k = kCount - 1; k > 0; --k) std::swap(list[k], list[rng.below(k + 1)]);
        const auto contract = *DynamicContract::make(1U, list);
        const DynamicObject old = random_object(rng, kCount);
        const DynamicObject now = random_object(rng, kCount);
        std::array<std::byte, 2048> buffer{};
        const auto full = copy(contract.encode(buffer, old));
        const auto delta = copy(contract.diff(buffer, old, now));
        DynamicObject read;
        ASSERT_TRUE(contract.decode(full, read));
        EXPECT_EQ(read, old);
        EXPECT_EQ(*contract.patch(read, delta), now);
        const auto as_first = copy(first.encode(buffer, old));
        // Texts begin at whole bytes: what is before them decides about at most 7 bits each.
        EXPECT_LE(full.size(), as_first.size() + kCount / 3);
        EXPECT_LE(as_first.size(), full.size() + kCount / 3);
        different += full != as_first ? 1 : 0;
    }
    EXPECT_GT(different, 190);
}

TEST(ContractOrder, RoomForSixtyFourAttributesCostsThoseNothingThatHaveFewer) {
    std::array<std::byte, 64> buffer{};
    for (std::size_t count = 1; count <= kMaxAttributes; ++count) {
        std::vector<Attribute> list;
        DynamicObject object;
        for (std::size_t i = 0; i < count; ++i) {
            list.push_back({name_of(i), AttributeKind::boolean});
            object.emplace(name_of(i), true);
        }
        const auto contract = *DynamicContract::make(1U, list);
        // The form, and for each attribute whether it is there and what it is.
        EXPECT_EQ(copy(contract.encode(buffer, object)).size(), (1 + 2 * count + 7) / 8) << count;
        const DynamicObject old = object;
        object.at(name_of(count - 1)) = false;
        // A change: the form, whether something is gone, and for each attribute whether it changed; a truth
        // value that changed needs no more.
        EXPECT_EQ(copy(contract.diff(buffer, old, object)).size(), (2 + count + 7) / 8) << count;
    }
}

}  // namespace
}  // namespace squall::wire
