#include "transport/secure/private_token.hpp"

#include <sodium.h>

#include <cassert>

namespace squall::secure {
namespace {

using AssociatedData = std::array<std::byte, kVersionBytes + 8 + 8>;

AssociatedData associated_data_of(const TokenBinding& binding) {
    AssociatedData data;
    ByteWriter writer(data);
    writer.write_bytes(version_info(binding.suite));
    writer.write(binding.protocol_id);
    writer.write(binding.expires.value);
    return data;
}

unsigned char* raw(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

}  // namespace

void write_private_token(const PrivateToken& token, PrivateTokenBytes out) {
    ByteWriter writer(out);
    writer.write(token.client_id.value);
    writer.write(token.timeout_seconds);
    write_addresses(writer, token.server_addresses.view());
    writer.write_bytes(token.client_to_server_key);
    writer.write_bytes(token.server_to_client_key);
    writer.write_bytes(token.user_data);
    writer.write_zeros(writer.remaining());
    static_assert(8 + 4 + 4 + kMaxServerAddresses * 19 + 2 * kKeyBytes + kUserDataBytes + kTagBytes <=
                  kPrivateTokenBytes);
    assert(writer.ok());
}

std::optional<PrivateToken> read_private_token(std::span<const std::byte, kPrivateTokenBytes> bytes) {
    ByteReader reader(bytes.first<kPrivateTokenBytes - kTagBytes>());
    PrivateToken token;
    token.client_id.value = reader.read<std::uint64_t>();
    token.timeout_seconds = reader.read<std::int32_t>();
    const auto addresses = read_addresses(reader);
    if (!addresses) return std::nullopt;
    token.server_addresses = *addresses;
    const auto copy = [&](MutableBytes out) {
        const auto source = reader.read_bytes(out.size());
        if (source.size() == out.size()) std::memcpy(out.data(), source.data(), out.size());
    };
    copy(token.client_to_server_key);
    copy(token.server_to_client_key);
    copy(token.user_data);
    if (!reader.ok()) return std::nullopt;
    return token;
}

void seal_private_token(PrivateTokenBytes bytes, const TokenBinding& binding, const Key& private_key) {
    const auto data = associated_data_of(binding);
    auto* const text = raw(bytes.data());
    constexpr auto text_bytes = kPrivateTokenBytes - kTagBytes;
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(text, text + text_bytes, nullptr, text, text_bytes,
                                                        raw(data.data()), data.size(), nullptr,
                                                        raw(binding.nonce.data()), raw(private_key.data()));
}

bool open_private_token(PrivateTokenBytes bytes, const TokenBinding& binding, const Key& private_key) {
    const auto data = associated_data_of(binding);
    auto* const text = raw(bytes.data());
    constexpr auto text_bytes = kPrivateTokenBytes - kTagBytes;
    return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
               text, nullptr, text, text_bytes, text + text_bytes, raw(data.data()), data.size(),
               raw(binding.nonce.data()), raw(private_key.data())) == 0;
}

}  // namespace squall::secure
