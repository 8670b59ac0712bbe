// Address: text forms both ways, refusals that help, order and hash.
#include "squall/core/address.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace squall {
namespace {

std::string round_trip(std::string_view text) {
    const auto parsed = Address::parse(text);
    return parsed ? to_string(*parsed) : "error: " + parsed.error().message;
}

TEST(Address, ParsesAndPrintsIpv4) {
    const auto parsed = Address::parse("192.0.2.1:40000");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(*parsed, Address::ipv4(192, 0, 2, 1, 40000));
    EXPECT_EQ(parsed->family(), Address::Family::ipv4);
    EXPECT_EQ(to_string(*parsed), "192.0.2.1:40000");
    EXPECT_EQ(round_trip("127.0.0.1"), "127.0.0.1:0");
    EXPECT_EQ(round_trip("0.0.0.0:65535"), "0.0.0.0:65535");
}

TEST(Address, ParsesAndPrintsIpv6AsRfc5952Says) {
    EXPECT_EQ(round_trip("[2001:db8::1]:40000"), "[2001:db8::1]:40000");
    EXPECT_EQ(round_trip("[2001:0DB8:0000:0000:0000:0000:0000:0001]:1"),
              "[2001:db8::1]:1");                                                   // 4.1, 4.2.1, 4.3
    EXPECT_EQ(round_trip("[2001:db8:0:1:1:1:1:1]:1"), "[2001:db8:0:1:1:1:1:1]:1");  // 4.2.2
    EXPECT_EQ(round_trip("[2001:db8:0:0:1:0:0:1]:1"), "[2001:db8::1:0:0:1]:1");     // 4.2.3
    EXPECT_EQ(round_trip("::1"), "[::1]:0");
    EXPECT_EQ(round_trip("[::]"), "[::]:0");
    EXPECT_EQ(round_trip("[::ffff:192.0.2.1]:5"), "[::ffff:192.0.2.1]:5");
}

TEST(Address, RefusesWhatIsNoAddress) {
    for (const std::string_view text : {"",
                                        ":",
                                        "40000",
                                        "localhost:80",
                                        "256.0.0.1:1",
                                        "1.2.3:1",
                                        "1.2.3.4.5:1",
                                        "1.2.3.4:",
                                        "1.2.3.4:65536",
                                        "1.2.3.4:-1",
                                        "1.2.3.4:+1",
                                        "1.2.3.4:8o",
                                        "1.2.3.4: 80",
                                        " 1.2.3.4:80",
                                        "[1.2.3.4]:80",
                                        "[::1",
                                        "[::1]x",
                                        "[::1]:",
                                        "[::1]:70000",
                                        "::1::",
                                        "[::1%lo]:80",
                                        "2001:db8::1:2:3:4:5:6:7",
                                        "01.2.3.4:5"}) {
        const auto parsed = Address::parse(text);
        ASSERT_FALSE(parsed.has_value()) << text << " was read as " << to_string(*parsed);
        EXPECT_EQ(parsed.error().code, ErrorCode::malformed) << text;
        EXPECT_NE(parsed.error().message.find("'" + std::string(text) + "'"), std::string::npos)
            << parsed.error().message;
    }
    EXPECT_FALSE(Address::parse(std::string_view("::1\0:2", 6)).has_value());
}

TEST(Address, SaysWhatWouldBeRight) {
    EXPECT_EQ(Address::parse("localhost:80").error().message,
              "'localhost:80' is not an address: expected IPv4 as 127.0.0.1:40000 or IPv6 as [::1]:40000");
    EXPECT_EQ(Address::parse("1.2.3.4:99999").error().message,
              "port '99999' in address '1.2.3.4:99999' is not a number from 0 to 65535");
}

TEST(Address, IsNothingUntilItIsSet) {
    EXPECT_FALSE(Address{}.is_valid());
    EXPECT_FALSE(Address{}.is_any());
    EXPECT_EQ(to_string(Address{}), "none");
    EXPECT_TRUE(Address::ipv4(0, 0, 0, 0, 9).is_any());
    EXPECT_TRUE(Address::ipv6({}, 9).is_any());
    EXPECT_FALSE(Address::loopback(9).is_any());
    EXPECT_EQ(Address::loopback(1).with_port(2), Address::loopback(2));
}

TEST(Address, TellsFamiliesPortsAndBytesApart) {
    const std::vector<Address> all = {Address{},
                                      Address::ipv4(0, 0, 0, 0, 0),
                                      Address::ipv6({}, 0),
                                      Address::ipv4(0, 0, 0, 0, 1),
                                      Address::ipv4(0, 0, 0, 1, 0),
                                      Address::ipv6({1}, 0)};
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t k = 0; k < all.size(); ++k) {
            EXPECT_EQ(all[i] == all[k], i == k);
            EXPECT_EQ(hash_of(all[i]) == hash_of(all[k]), i == k);
        }
}

TEST(Address, HashesTheSameEverywhere) {
    EXPECT_EQ(hash_of(Address::loopback(40000)), 0x85cf8f62654c8aedU);
    EXPECT_EQ(hash_of(*Address::parse("[2001:db8::1]:40000")), 0xa0902de298e6b021U);
}

}  // namespace
}  // namespace squall
