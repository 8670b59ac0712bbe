// netcode 1.02 against vectors that the reference implementation wrote: our writers produce the same bytes,
// and our readers open them. Then a whole handshake with a standard peer, played by the vectors' keys.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "squall/core/entropy.hpp"
#include "squall/transport/connect_token.hpp"
#include "transport/secure/challenge_token.hpp"
#include "transport/secure/connection_request.hpp"
#include "transport/secure/packet.hpp"
#include "transport/secure/private_token.hpp"

namespace squall::secure {
namespace {

using Json = nlohmann::json;
using ByteVector = std::vector<std::byte>;

const Json& vectors() {
    static const Json json = [] {
        std::ifstream file(SQUALL_NETCODE_VECTORS);
        return Json::parse(file);
    }();
    return json;
}

std::string text(const char* name) {
    return vectors()[name].get<std::string>();
}
ByteVector bytes_of(const Json& hex) {
    return from_hex(hex.get<std::string>()).value();
}
std::uint64_t number_of(const Json& hex) {
    return std::stoull(hex.get<std::string>(), nullptr, 0);
}
template <std::size_t N>
std::array<std::byte, N> array_of(const Json& hex) {
    const auto bytes = bytes_of(hex);
    EXPECT_EQ(bytes.size(), N);
    std::array<std::byte, N> array{};
    std::copy_n(bytes.begin(), N, array.begin());
    return array;
}

// Gives the vectors' random numbers, in the order in which minting asks for them.
class VectorEntropy final : public EntropySource {
  public:
    VectorEntropy() {
        for (const auto* const name : {"connect_token_nonce", "client_to_server_key", "server_to_client_key"})
            for (const auto byte : bytes_of(vectors()[name])) bytes_.push_back(byte);
    }
    void fill(MutableBytes out) override {
        for (auto& byte : out) byte = bytes_.at(next_++);
    }

  private:
    ByteVector bytes_;
    std::size_t next_ = 0;
};

std::vector<Address> addresses() {
    std::vector<Address> list;
    for (const auto& text : vectors()["server_addresses"])
        list.push_back(Address::parse(text.get<std::string>()).value());
    return list;
}

ConnectTokenRequest request() {
    ConnectTokenRequest request;
    request.protocol_id = number_of(vectors()["protocol_id"]);
    request.client_id = ClientId{number_of(vectors()["client_id"])};
    request.now = UnixSeconds{vectors()["create_timestamp"]};
    request.lifetime_seconds = vectors()["expire_timestamp"].get<std::uint32_t>() -
                               vectors()["create_timestamp"].get<std::uint32_t>();
    request.timeout_seconds = vectors()["timeout_seconds"];
    request.public_addresses = addresses();
    request.user_data = array_of<kUserDataBytes>(vectors()["user_data"]);
    return request;
}

Key key(const char* name) {
    return array_of<kKeyBytes>(vectors()[name]);
}
PacketBinding binding() {
    return {Suite::netcode, number_of(vectors()["protocol_id"])};
}

const Json& packet(const std::string& type) {
    for (const auto& entry : vectors()["packets"]) {
        if (entry["type"] == type) return entry;
    }
    ADD_FAILURE() << "no vector of type " << type;
    return vectors();
}

PacketType type_of(const Json& entry) {
    static const std::map<std::string, PacketType> types = {
        {"challenge", PacketType::challenge}, {"response", PacketType::response},
        {"denied", PacketType::denied},       {"disconnect", PacketType::disconnect},
        {"payload", PacketType::payload},     {"keep_alive", PacketType::keep_alive}};
    return types.at(entry["type"]);
}

// The body before sealing, as the vector describes it.
ByteVector body_of(const Json& entry) {
    ByteVector body(kMaxPayloadBytes);
    ByteWriter writer(body);
    switch (type_of(entry)) {
        case PacketType::challenge:
        case PacketType::response:
            writer.write(vectors()["challenge_token_sequence"].get<std::uint64_t>());
            writer.write_bytes(bytes_of(vectors()["challenge_token_encrypted"]));
            break;
        case PacketType::keep_alive:
            writer.write(entry["client_index"].get<std::uint32_t>());
            writer.write(entry["max_clients"].get<std::uint32_t>());
            break;
        case PacketType::payload: {
            const auto note = entry["payload_note"].get<std::string>();  // "byte j = (7*j + N) mod 256"
            const auto offset = std::stoul(note.substr(note.find("+ ") + 2));
            for (std::size_t j = 0; j < entry["payload_bytes"].get<std::size_t>(); ++j)
                writer.write(static_cast<std::uint8_t>((7 * j + offset) % 256));
            break;
        }
        default: break;
    }
    body.resize(writer.size());
    return body;
}

std::unique_ptr<PacketCipher> cipher_of(const Json& entry, bool for_writing) {
    const bool upwards = entry["direction"] == "client_to_server";
    const auto used = key(upwards ? "client_to_server_key" : "server_to_client_key");
    return for_writing ? make_packet_cipher(Suite::netcode, used, {})
                       : make_packet_cipher(Suite::netcode, {}, used);
}

TEST(NetcodeVectors, MintingWritesTheConnectTokenToTheByte) {
    VectorEntropy entropy;
    const auto token = mint_connect_token(request(), key("private_key"), entropy);
    ASSERT_TRUE(token);
    EXPECT_EQ(to_hex(*token), text("connect_token"));
}

TEST(NetcodeVectors, ConnectTokenReads) {
    const auto token = ConnectToken::parse(bytes_of(vectors()["connect_token"]));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->suite, Suite::netcode);
    EXPECT_EQ(token->protocol_id, number_of(vectors()["protocol_id"]));
    EXPECT_EQ(token->created.value, vectors()["create_timestamp"].get<decltype(token->created.value)>());
    EXPECT_EQ(token->expires.value, vectors()["expire_timestamp"].get<decltype(token->expires.value)>());
    EXPECT_EQ(to_hex(token->nonce), text("connect_token_nonce"));
    EXPECT_EQ(to_hex(token->sealed_private), text("connect_token_private_encrypted"));
    EXPECT_EQ(token->timeout_seconds, vectors()["timeout_seconds"].get<decltype(token->timeout_seconds)>());
    EXPECT_EQ(token->server_addresses, addresses());
    EXPECT_EQ(token->client_to_server_key, key("client_to_server_key"));
    EXPECT_EQ(token->server_to_client_key, key("server_to_client_key"));
}

TEST(NetcodeVectors, PrivateTokenOpensAndReads) {
    auto bytes = array_of<kPrivateTokenBytes>(vectors()["connect_token_private_encrypted"]);
    const auto nonce = array_of<kNonceBytes>(vectors()["connect_token_nonce"]);
    const UnixSeconds expires{vectors()["expire_timestamp"]};
    ASSERT_TRUE(open_private_token(bytes, {Suite::netcode, request().protocol_id, expires, nonce},
                                   key("private_key")));
    const auto plain = bytes_of(vectors()["connect_token_private_plain"]);
    EXPECT_EQ(to_hex(Bytes(bytes).first(kPrivateTokenBytes - kTagBytes)),
              to_hex(Bytes(plain).first(kPrivateTokenBytes - kTagBytes)));
    const auto token = read_private_token(bytes);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->client_id, request().client_id);
    EXPECT_EQ(token->timeout_seconds, request().timeout_seconds);
    EXPECT_TRUE(std::ranges::equal(token->server_addresses.view(), addresses()));
    EXPECT_EQ(token->client_to_server_key, key("client_to_server_key"));
    EXPECT_EQ(token->server_to_client_key, key("server_to_client_key"));
    EXPECT_EQ(token->user_data, request().user_data);

    std::array<std::byte, kPrivateTokenBytes> written;
    write_private_token(*token, written);
    EXPECT_EQ(to_hex(written), to_hex(plain));
}

TEST(NetcodeVectors, ChallengeTokenBothWays) {
    const auto challenge_key = key("challenge_key");
    const auto cipher = make_packet_cipher(Suite::netcode, challenge_key, challenge_key);
    const auto sequence = vectors()["challenge_token_sequence"].get<std::uint64_t>();
    std::array<std::byte, kChallengeTokenBytes> bytes;
    write_challenge_token({request().client_id, request().user_data}, bytes);
    EXPECT_EQ(to_hex(bytes), text("challenge_token_plain"));
    seal_challenge_token(bytes, sequence, *cipher);
    EXPECT_EQ(to_hex(bytes), text("challenge_token_encrypted"));
    ASSERT_TRUE(open_challenge_token(bytes, sequence, *cipher));
    EXPECT_EQ(read_challenge_token(bytes).client_id, request().client_id);
    EXPECT_EQ(read_challenge_token(bytes).user_data, request().user_data);
}

TEST(NetcodeVectors, RequestBothWays) {
    const auto expected = bytes_of(packet("request")["bytes"]);
    const auto token = ConnectToken::parse(bytes_of(vectors()["connect_token"]));
    std::array<std::byte, kRequestBytes> written;
    write_connection_request(*token, written);
    EXPECT_EQ(to_hex(written), to_hex(expected));

    ServerConfig config;
    config.transport.protocol_id = request().protocol_id;
    config.private_key = key("private_key");
    config.addresses = {addresses()[1]};
    const RequestVerifier verifier(config, request().now);
    auto datagram = expected;
    const auto read = verifier.verify(datagram, request().now);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->token.client_id, request().client_id);
    datagram = expected;
    const auto late = verifier.verify(datagram, UnixSeconds{vectors()["expire_timestamp"]});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), RefusalCause::token_expired);
}

TEST(NetcodeVectors, EveryEncryptedPacketIsWrittenToTheByte) {
    int count = 0;
    for (const auto& entry : vectors()["packets"]) {
        if (entry["type"] == "request") continue;
        PacketHeader header;
        header.type = type_of(entry);
        header.sequence = number_of(entry["sequence"]);
        const auto body = body_of(entry);
        ByteVector buffer(kMaxPacketBytes);
        std::ranges::copy(body,
                          buffer.begin() + static_cast<long>(header_bytes(header.type, header.sequence)));
        buffer.resize(binding().seal(*cipher_of(entry, true), header, buffer, body.size()));
        EXPECT_EQ(to_hex(buffer), entry["bytes"].get<std::string>())
            << entry["type"] << " " << entry["sequence"];
        ++count;
    }
    EXPECT_EQ(count, 21);
}

TEST(NetcodeVectors, EveryEncryptedPacketOpens) {
    for (const auto& entry : vectors()["packets"]) {
        if (entry["type"] == "request") continue;
        auto datagram = bytes_of(entry["bytes"]);
        const auto header = read_header(datagram);
        ASSERT_TRUE(header);
        EXPECT_EQ(header->type, type_of(entry));
        EXPECT_EQ(header->sequence, number_of(entry["sequence"]));
        const auto body = binding().open(*cipher_of(entry, false), *header, datagram);
        ASSERT_TRUE(body) << entry["type"];
        EXPECT_EQ(to_hex(*body), to_hex(body_of(entry)));
    }
}

TEST(NetcodeVectors, NoPacketOpensWithOneBitChanged) {
    for (const auto& entry : vectors()["packets"]) {
        if (entry["type"] == "request") continue;
        const auto original = bytes_of(entry["bytes"]);
        const auto cipher = cipher_of(entry, false);
        for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
            auto datagram = original;
            datagram[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
            const auto header = read_header(datagram);
            if (!header) continue;
            EXPECT_FALSE(binding().open(*cipher, *header, datagram)) << entry["type"] << " bit " << bit;
        }
    }
}

}  // namespace
}  // namespace squall::secure
