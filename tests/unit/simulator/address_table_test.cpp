// The address table against std::map over random operations.
#include "address_table.hpp"

#include <gtest/gtest.h>

#include <map>

#include "squall/core/rng.hpp"

namespace squall::simulator {
namespace {

TEST(AddressTable, finds_what_was_assigned_and_nothing_else) {
    AddressTable table;
    const Address address = Address::loopback(1);
    EXPECT_EQ(table.find(address), AddressTable::kNobody);
    table.assign(address, 7);
    EXPECT_EQ(table.find(address), 7u);
    EXPECT_EQ(table.find(Address::loopback(2)), AddressTable::kNobody);
    table.assign(address, 8);
    EXPECT_EQ(table.find(address), 8u);
    EXPECT_EQ(table.size(), 1u);
    table.erase(address);
    table.erase(address);
    EXPECT_EQ(table.find(address), AddressTable::kNobody);
    EXPECT_EQ(table.size(), 0u);
}

TEST(AddressTable, agrees_with_a_map_over_random_operations) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Rng rng(seed);
        AddressTable table;
        std::map<Address, std::uint32_t> model;
        for (std::uint32_t step = 0; step < 3000; ++step) {
            const auto host = static_cast<std::uint8_t>(rng.below(2));
            const Address address = Address::ipv4(10, 0, 0, host, static_cast<std::uint16_t>(rng.below(200)));
            if (rng.below(2) == 0) {
                table.assign(address, step);
                model[address] = step;
            } else {
                table.erase(address);
                model.erase(address);
            }
            ASSERT_EQ(table.size(), model.size());
        }
        for (std::uint8_t host = 0; host < 2; ++host)
            for (std::uint16_t port = 0; port < 200; ++port) {
                const Address address = Address::ipv4(10, 0, 0, host, port);
                const auto found = model.find(address);
                ASSERT_EQ(table.find(address), found == model.end() ? AddressTable::kNobody : found->second);
            }
    }
}

}  // namespace
}  // namespace squall::simulator
