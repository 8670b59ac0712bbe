// Suites: names, availability, HMAC-SHA256 against RFC 4231 and OpenSSL's EVP_MAC, and packet ciphers on
// their own.
#include "squall/transport/suite.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <string>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/rng.hpp"
#include "transport/secure/format.hpp"
#include "transport/secure/hmac_sha256.hpp"
#include "transport/secure/packet_cipher.hpp"

namespace squall::secure {
namespace {

constexpr std::array kSuites{Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed, Suite::none};

std::vector<std::byte> hex(const std::string& text) {
    return from_hex(text).value();
}

std::string hmac(Bytes key, Bytes data) {
    return to_hex(HmacSha256(key).compute({data}));
}

TEST(Suite, NamesReadBack) {
    for (const auto suite : kSuites) EXPECT_EQ(suite_from_string(to_string(suite)), suite);
    EXPECT_EQ(to_string(Suite::aes256_gcm), "aes256-gcm");
    EXPECT_EQ(to_string(Suite::hmac_signed), "signed");
    EXPECT_EQ(suite_from_string("AES256-GCM"), std::nullopt);
    EXPECT_EQ(suite_from_string(""), std::nullopt);
}

TEST(Suite, NoneMustBeNamed) {
    EXPECT_FALSE(SuiteSet::standard().contains(Suite::none));
    EXPECT_TRUE(SuiteSet::standard().contains(Suite::netcode));
    EXPECT_TRUE(SuiteSet::standard().with(Suite::none).contains(Suite::none));
    EXPECT_TRUE(SuiteSet{}.empty());
}

TEST(Suite, AllButAesRunAnywhere) {
    EXPECT_TRUE(is_available(Suite::netcode));
    EXPECT_TRUE(is_available(Suite::hmac_signed));
    EXPECT_TRUE(is_available(Suite::none));
    EXPECT_FALSE(is_available(static_cast<Suite>(9)));
}

TEST(Suite, VersionsAreThirteenBytesAndDistinct) {
    EXPECT_EQ(as_text(version_info(Suite::netcode)), std::string("NETCODE 1.02\0", 13));
    EXPECT_EQ(as_text(version_info(Suite::aes256_gcm)), std::string("SQUALL 1.0 A\0", 13));
    EXPECT_EQ(as_text(version_info(Suite::hmac_signed)), std::string("SQUALL 1.0 S\0", 13));
    EXPECT_EQ(as_text(version_info(Suite::none)), std::string("SQUALL 1.0 N\0", 13));
    for (const auto suite : kSuites) EXPECT_EQ(suite_of_version(version_info(suite)), suite);
    EXPECT_EQ(suite_of_version(as_bytes("NETCODE 1.01")), std::nullopt);
    EXPECT_EQ(suite_of_version({}), std::nullopt);
}

// RFC 4231, section 4: all seven cases; the fifth is truncated to 128 bits there, as our packets are.
TEST(HmacSha256, Rfc4231) {
    const std::vector<std::byte> long_key(131, std::byte{0xaa});
    EXPECT_EQ(hmac(std::vector<std::byte>(20, std::byte{0x0b}), as_bytes("Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hmac(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hmac(std::vector<std::byte>(20, std::byte{0xaa}), std::vector<std::byte>(50, std::byte{0xdd})),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    EXPECT_EQ(hmac(hex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
                   std::vector<std::byte>(50, std::byte{0xcd})),
              "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    EXPECT_EQ(
        hmac(std::vector<std::byte>(20, std::byte{0x0c}), as_bytes("Test With Truncation")).substr(0, 32),
        "a3b6167473100ee06e0c796c2955552b");
    EXPECT_EQ(hmac(long_key, as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(hmac(long_key,
                   as_bytes("This is a test using a larger than block-size key and a larger than block-size "
                            "data. The key needs to be hashed before being used by the HMAC algorithm.")),
              "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(HmacSha256, AgreesWithOpenSslOverRandomKeysAndParts) {
    auto* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
    Rng rng(1);
    for (int i = 0; i < 500; ++i) {
        std::vector<std::byte> key(32);
        std::vector<std::byte> data(rng.below(300));
        for (auto& byte : key) byte = static_cast<std::byte>(rng.next());
        for (auto& byte : data) byte = static_cast<std::byte>(rng.next());
        const auto cut = static_cast<std::size_t>(rng.below(data.size() + 1));
        const auto ours = HmacSha256(key).compute({Bytes(data).first(cut), Bytes(data).subspan(cut)});
        auto* const context = EVP_MAC_CTX_new(mac);
        std::array<unsigned char, 32> theirs{};
        std::size_t size = 0;
        ASSERT_EQ(EVP_MAC_init(context, reinterpret_cast<unsigned char*>(key.data()), key.size(), parameters),
                  1);
        EVP_MAC_update(context, reinterpret_cast<unsigned char*>(data.data()), data.size());
        EVP_MAC_final(context, theirs.data(), &size, theirs.size());
        EVP_MAC_CTX_free(context);
        ASSERT_EQ(to_hex(ours), to_hex(std::as_bytes(std::span(theirs))));
    }
    EVP_MAC_free(mac);
}

class PacketCipherTest : public ::testing::TestWithParam<Suite> {};

TEST_P(PacketCipherTest, OpensWhatTheOtherEndSealed) {
    Key a{};
    Key b{};
    a[0] = std::byte{1};
    b[0] = std::byte{2};
    const auto here = make_packet_cipher(GetParam(), a, b);
    const auto there = make_packet_cipher(GetParam(), b, a);
    for (const std::size_t size : {0u, 1u, 15u, 16u, 31u, 128u, 1200u}) {
        std::vector<std::byte> text(size + here->tag_bytes());
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<std::byte>(i);
        const auto plain = text;
        here->seal(77, as_bytes("header"), text);
        const bool is_readable = GetParam() == Suite::hmac_signed || GetParam() == Suite::none;
        if (size > 1) {
            EXPECT_EQ(std::equal(plain.begin(), plain.begin() + static_cast<long>(size), text.begin()),
                      is_readable);
        }
        auto own = text;
        ASSERT_TRUE(there->open(77, as_bytes("header"), text));
        EXPECT_TRUE(std::equal(plain.begin(), plain.begin() + static_cast<long>(size), text.begin()));
        if (GetParam() != Suite::none) {
            EXPECT_FALSE(here->open(77, as_bytes("header"), own)) << "reflected";
        }
    }
}

class ProtectingCipherTest : public ::testing::TestWithParam<Suite> {};

TEST_P(ProtectingCipherTest, EverySingleBitCounts) {
    const Key key{};
    const auto cipher = make_packet_cipher(GetParam(), key, key);
    std::vector<std::byte> sealed(24 + kTagBytes, std::byte{0x33});
    std::vector<std::byte> header(22, std::byte{0x44});
    cipher->seal(5, header, sealed);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        auto copy = sealed;
        copy[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        EXPECT_FALSE(cipher->open(5, header, copy)) << "text bit " << bit;
    }
    for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
        auto copy = sealed;
        auto other = header;
        other[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        EXPECT_FALSE(cipher->open(5, other, copy)) << "header bit " << bit;
    }
    for (unsigned bit = 0; bit < 64; ++bit) {
        auto copy = sealed;
        EXPECT_FALSE(cipher->open(5 ^ (std::uint64_t{1} << bit), header, copy)) << "number bit " << bit;
    }
    EXPECT_TRUE(cipher->open(5, header, sealed));
}

INSTANTIATE_TEST_SUITE_P(Suites, PacketCipherTest, ::testing::ValuesIn(kSuites));
INSTANTIATE_TEST_SUITE_P(Suites, ProtectingCipherTest,
                         ::testing::Values(Suite::netcode, Suite::aes256_gcm, Suite::hmac_signed));

}  // namespace
}  // namespace squall::secure
