#include "transport/secure/packet_cipher.hpp"

#include <sodium.h>

#include "squall/core/prefetch.hpp"
#include "transport/secure/format.hpp"
#include "transport/secure/hmac_sha256.hpp"

namespace squall::secure {
namespace {

unsigned char* raw(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

// Four zero bytes, then the sequence number, little-endian: IMPLEMENTERS.md, finding 2.
struct PacketNonce {
    explicit PacketNonce(std::uint64_t sequence) {
        for (std::size_t i = 0; i < 8; ++i) bytes[4 + i] = static_cast<unsigned char>(sequence >> (8 * i));
    }
    std::array<unsigned char, 12> bytes{};
};

class ChaChaCipher final : public PacketCipher {
  public:
    ChaChaCipher(const Key& send_key, const Key& receive_key)
        : send_key_(send_key), receive_key_(receive_key) {}
    ~ChaChaCipher() override {
        sodium_memzero(send_key_.data(), send_key_.size());
        sodium_memzero(receive_key_.data(), receive_key_.size());
    }
    [[nodiscard]] std::size_t tag_bytes() const override { return kTagBytes; }
    void seal(std::uint64_t sequence, Bytes associated_data, MutableBytes text_and_tag) const override {
        const auto text_bytes = text_and_tag.size() - kTagBytes;
        auto* const text = raw(text_and_tag.data());
        const PacketNonce nonce(sequence);
        crypto_aead_chacha20poly1305_ietf_encrypt_detached(
            text, text + text_bytes, nullptr, text, text_bytes, raw(associated_data.data()),
            associated_data.size(), nullptr, nonce.bytes.data(), raw(send_key_.data()));
    }
    [[nodiscard]] bool open(std::uint64_t sequence, Bytes associated_data,
                            MutableBytes text_and_tag) const override {
        const auto text_bytes = text_and_tag.size() - kTagBytes;
        auto* const text = raw(text_and_tag.data());
        const PacketNonce nonce(sequence);
        return crypto_aead_chacha20poly1305_ietf_decrypt_detached(
                   text, nullptr, text, text_bytes, text + text_bytes, raw(associated_data.data()),
                   associated_data.size(), nonce.bytes.data(), raw(receive_key_.data())) == 0;
    }
    void prefetch(Use use) const override { prefetch_object(use == Use::seal ? &send_key_ : &receive_key_); }

  private:
    Key send_key_;
    Key receive_key_;
};

class AesGcmCipher final : public PacketCipher {
  public:
    AesGcmCipher(const Key& send_key, const Key& receive_key) {
        crypto_aead_aes256gcm_beforenm(&send_, raw(send_key.data()));
        crypto_aead_aes256gcm_beforenm(&receive_, raw(receive_key.data()));
    }
    ~AesGcmCipher() override {
        sodium_memzero(&send_, sizeof send_);
        sodium_memzero(&receive_, sizeof receive_);
    }
    [[nodiscard]] std::size_t tag_bytes() const override { return kTagBytes; }
    void seal(std::uint64_t sequence, Bytes associated_data, MutableBytes text_and_tag) const override {
        const auto text_bytes = text_and_tag.size() - kTagBytes;
        auto* const text = raw(text_and_tag.data());
        const PacketNonce nonce(sequence);
        crypto_aead_aes256gcm_encrypt_detached_afternm(text, text + text_bytes, nullptr, text, text_bytes,
                                                       raw(associated_data.data()), associated_data.size(),
                                                       nullptr, nonce.bytes.data(), &send_);
    }
    [[nodiscard]] bool open(std::uint64_t sequence, Bytes associated_data,
                            MutableBytes text_and_tag) const override {
        const auto text_bytes = text_and_tag.size() - kTagBytes;
        auto* const text = raw(text_and_tag.data());
        const PacketNonce nonce(sequence);
        return crypto_aead_aes256gcm_decrypt_detached_afternm(
                   text, nullptr, text, text_bytes, text + text_bytes, raw(associated_data.data()),
                   associated_data.size(), nonce.bytes.data(), &receive_) == 0;
    }
    void prefetch(Use use) const override { prefetch_object(use == Use::seal ? &send_ : &receive_); }

  private:
    crypto_aead_aes256gcm_state send_;
    crypto_aead_aes256gcm_state receive_;
};

class HmacSigner final : public PacketCipher {
  public:
    HmacSigner(const Key& send_key, const Key& receive_key) : send_(send_key), receive_(receive_key) {}
    [[nodiscard]] std::size_t tag_bytes() const override { return kTagBytes; }
    void seal(std::uint64_t sequence, Bytes associated_data, MutableBytes text_and_tag) const override {
        const auto text_bytes = text_and_tag.size() - kTagBytes;
        const auto digest = sign(send_, sequence, associated_data, text_and_tag.first(text_bytes));
        std::memcpy(text_and_tag.data() + text_bytes, digest.data(), kTagBytes);
    }
    [[nodiscard]] bool open(std::uint64_t sequence, Bytes associated_data,
                            MutableBytes text_and_tag) const override {
        const auto text_bytes = text_and_tag.size() - kTagBytes;
        const auto digest = sign(receive_, sequence, associated_data, text_and_tag.first(text_bytes));
        return sodium_memcmp(text_and_tag.data() + text_bytes, digest.data(), kTagBytes) == 0;
    }
    void prefetch(Use use) const override { prefetch_object(use == Use::seal ? &send_ : &receive_); }

  private:
    static HmacSha256::Digest sign(const HmacSha256& key, std::uint64_t sequence, Bytes associated_data,
                                   Bytes text) {
        std::array<std::byte, 8> number;
        ByteWriter(number).write(sequence);
        return key.compute({associated_data, number, text});
    }
    HmacSha256 send_;
    HmacSha256 receive_;
};

class NoCipher final : public PacketCipher {
  public:
    [[nodiscard]] std::size_t tag_bytes() const override { return 0; }
    void seal(std::uint64_t, Bytes, MutableBytes) const override {}
    [[nodiscard]] bool open(std::uint64_t, Bytes, MutableBytes) const override { return true; }
    void prefetch(Use) const override {}
};

}  // namespace

std::unique_ptr<PacketCipher> make_packet_cipher(Suite suite, const Key& send_key, const Key& receive_key) {
    switch (suite) {
        case Suite::netcode: return std::make_unique<ChaChaCipher>(send_key, receive_key);
        case Suite::aes256_gcm: return std::make_unique<AesGcmCipher>(send_key, receive_key);
        case Suite::hmac_signed: return std::make_unique<HmacSigner>(send_key, receive_key);
        case Suite::none: break;
    }
    return std::make_unique<NoCipher>();
}

}  // namespace squall::secure
