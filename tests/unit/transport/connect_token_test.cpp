// Minting and reading connect tokens: what is accepted, what is refused and in which words.
#include "squall/transport/connect_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transport/secure/private_token.hpp"
#include "unit/transport/secure_net.hpp"

namespace squall::secure::testing {
namespace {

using ::testing::HasSubstr;

ConnectTokenRequest good_request() {
    ConnectTokenRequest request;
    request.protocol_id = kProtocol;
    request.client_id = ClientId{9};
    request.now = kWall;
    request.public_addresses = {Address::ipv4(192, 0, 2, 1, 4000), *Address::parse("[2001:db8::1]:4001")};
    request.user_data[3] = std::byte{0x77};
    return request;
}

Result<ConnectTokenBytes> mint(const ConnectTokenRequest& request) {
    SeededEntropy entropy(Rng(3));
    return mint_connect_token(request, test_key(), entropy);
}

TEST(ConnectToken, ReadsBackAsItWasMinted) {
    auto request = good_request();
    request.suite = Suite::hmac_signed;
    request.lifetime_seconds = 30;
    request.timeout_seconds = 7;
    const auto bytes = mint(request);
    ASSERT_TRUE(bytes);
    const auto token = ConnectToken::parse(*bytes);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->protocol_id, kProtocol);
    EXPECT_EQ(token->suite, Suite::hmac_signed);
    EXPECT_EQ(token->created, kWall);
    EXPECT_EQ(token->expires.value, kWall.value + 30);
    EXPECT_EQ(token->timeout_seconds, 7);
    EXPECT_EQ(token->server_addresses, request.public_addresses);
    EXPECT_NE(token->client_to_server_key, token->server_to_client_key);

    auto sealed = token->sealed_private;
    ASSERT_TRUE(
        open_private_token(sealed, {token->suite, kProtocol, token->expires, token->nonce}, test_key()));
    const auto secret = read_private_token(sealed);
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->client_id, ClientId{9});
    EXPECT_EQ(secret->timeout_seconds, 7);
    EXPECT_EQ(secret->user_data, request.user_data);
    EXPECT_EQ(secret->client_to_server_key, token->client_to_server_key);
    EXPECT_EQ(secret->server_to_client_key, token->server_to_client_key);
}

TEST(ConnectToken, PrivatePartNamesTheInternalAddresses) {
    auto request = good_request();
    request.internal_addresses = {Address::ipv4(10, 0, 0, 5, 4000), Address::ipv4(10, 0, 0, 6, 4000)};
    const auto token = ConnectToken::parse(*mint(request));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->server_addresses, request.public_addresses);
    auto sealed = token->sealed_private;
    ASSERT_TRUE(
        open_private_token(sealed, {token->suite, kProtocol, token->expires, token->nonce}, test_key()));
    const auto secret = read_private_token(sealed);
    ASSERT_TRUE(secret);
    EXPECT_TRUE(std::ranges::equal(secret->server_addresses.view(), request.internal_addresses));
}

TEST(ConnectToken, ThirtyTwoAddressesFit) {
    auto request = good_request();
    request.public_addresses.assign(kMaxServerAddresses, *Address::parse("[2001:db8::ffff]:65535"));
    const auto bytes = mint(request);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(ConnectToken::parse(*bytes)->server_addresses, request.public_addresses);
}

TEST(ConnectToken, MintingRefusesWhatNoServerCouldUse) {
    const auto message = [](const ConnectTokenRequest& request) {
        const auto bytes = mint(request);
        EXPECT_FALSE(bytes);
        EXPECT_EQ(bytes.error().code, ErrorCode::invalid_argument);
        return bytes.error().message;
    };
    auto request = good_request();
    request.public_addresses.clear();
    EXPECT_THAT(message(request),
                HasSubstr("public_addresses has 0 addresses; a connect token takes 1 to 32"));
    request = good_request();
    request.public_addresses.resize(33, request.public_addresses[0]);
    EXPECT_THAT(message(request), HasSubstr("33 addresses"));
    request = good_request();
    request.public_addresses[1] = Address::ipv4(1, 2, 3, 4, 0);
    EXPECT_THAT(message(request), HasSubstr("public_addresses[1] is 1.2.3.4:0"));
    request = good_request();
    request.public_addresses[0] = Address{};
    EXPECT_THAT(message(request), HasSubstr("public_addresses[0] is none"));
    request = good_request();
    request.internal_addresses = {request.public_addresses[0]};
    EXPECT_THAT(message(request), HasSubstr("they pair up"));
    request = good_request();
    request.lifetime_seconds = 0;
    EXPECT_THAT(message(request), HasSubstr("lifetime_seconds is 0"));
    request = good_request();
    request.timeout_seconds = 0;
    EXPECT_THAT(message(request), HasSubstr("timeout_seconds is 0"));
    request = good_request();
    request.suite = static_cast<Suite>(7);
    EXPECT_THAT(message(request), HasSubstr("suite is not one of"));
}

TEST(ConnectToken, ParsingSaysWhatIsWrong) {
    const auto good = *mint(good_request());
    const auto error = [&](Bytes bytes) {
        const auto token = ConnectToken::parse(bytes);
        EXPECT_FALSE(token);
        return token ? Error{} : token.error();
    };
    EXPECT_EQ(error(Bytes(good).first(2047)).code, ErrorCode::malformed);
    EXPECT_THAT(error(Bytes(good).first(2047)).message, HasSubstr("2047 bytes; it is 2048"));
    EXPECT_EQ(error({}).code, ErrorCode::malformed);
    auto bytes = good;
    bytes[11] = std::byte{'3'};  // NETCODE 1.03
    EXPECT_EQ(error(bytes).code, ErrorCode::unsupported);
    bytes = good;
    bytes[21 + 7] = std::byte{0xff};  // created in the far future
    EXPECT_EQ(error(bytes).code, ErrorCode::invalid_argument);
    constexpr std::size_t list = 13 + 8 * 3 + 24 + 1024 + 4;
    for (const unsigned count : {0u, 33u, 255u}) {
        bytes = good;
        bytes[list] = static_cast<std::byte>(count);
        EXPECT_EQ(error(bytes).code, ErrorCode::malformed) << count;
    }
    for (const unsigned type : {0u, 3u, 255u}) {
        bytes = good;
        bytes[list + 4] = static_cast<std::byte>(type);
        EXPECT_EQ(error(bytes).code, ErrorCode::malformed) << type;
    }
}

TEST(ConnectToken, NoTwoTokensShareKeysOrNonce) {
    SeededEntropy entropy(Rng(3));
    const auto a = ConnectToken::parse(*mint_connect_token(good_request(), test_key(), entropy));
    const auto b = ConnectToken::parse(*mint_connect_token(good_request(), test_key(), entropy));
    EXPECT_NE(a->nonce, b->nonce);
    EXPECT_NE(a->client_to_server_key, b->client_to_server_key);
    EXPECT_NE(a->server_to_client_key, b->server_to_client_key);
}

// The private part is bound to suite, protocol, expiry, nonce and key: nothing of it can be exchanged.
TEST(ConnectToken, PrivatePartOpensOnlyAsItWasBound) {
    const auto token = *ConnectToken::parse(*mint(good_request()));
    const auto opens = [&](Suite suite, std::uint64_t protocol, UnixSeconds expires,
                           std::array<std::byte, 24> nonce, const Key& key) {
        auto sealed = token.sealed_private;
        return open_private_token(sealed, {suite, protocol, expires, nonce}, key);
    };
    EXPECT_TRUE(opens(token.suite, kProtocol, token.expires, token.nonce, test_key()));
    for (const auto suite : {Suite::aes256_gcm, Suite::hmac_signed, Suite::none})
        EXPECT_FALSE(opens(suite, kProtocol, token.expires, token.nonce, test_key()));
    EXPECT_FALSE(opens(token.suite, kProtocol + 1, token.expires, token.nonce, test_key()));
    EXPECT_FALSE(opens(token.suite, kProtocol, {token.expires.value + 1}, token.nonce, test_key()));
    auto nonce = token.nonce;
    nonce[23] ^= std::byte{1};
    EXPECT_FALSE(opens(token.suite, kProtocol, token.expires, nonce, test_key()));
    auto key = test_key();
    key[31] ^= std::byte{0x80};
    EXPECT_FALSE(opens(token.suite, kProtocol, token.expires, token.nonce, key));
}

TEST(ConnectToken, PrivatePartRefusesImpossibleAddressLists) {
    const auto token = *ConnectToken::parse(*mint(good_request()));
    auto plain = token.sealed_private;
    ASSERT_TRUE(open_private_token(plain, {token.suite, kProtocol, token.expires, token.nonce}, test_key()));
    ASSERT_TRUE(read_private_token(plain));
    for (const unsigned count : {0u, 33u, 200u}) {
        auto bytes = plain;
        bytes[12] = static_cast<std::byte>(count);
        EXPECT_FALSE(read_private_token(bytes)) << count;
    }
    for (const unsigned type : {0u, 3u}) {
        auto bytes = plain;
        bytes[16] = static_cast<std::byte>(type);
        EXPECT_FALSE(read_private_token(bytes)) << type;
    }
}

}  // namespace
}  // namespace squall::secure::testing
