#include "transport/secure/hmac_sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

// OpenSSL 3 calls these functions deprecated in favour of EVP; the header says what that would cost.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace squall::secure {
namespace {

constexpr std::size_t kBlockBytes = 64;

std::array<std::uint32_t, 8> midstate(const std::array<std::byte, kBlockBytes>& block) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, block.data(), block.size());
    std::array<std::uint32_t, 8> state;
    std::copy_n(context.h, state.size(), state.begin());
    OPENSSL_cleanse(&context, sizeof context);
    return state;
}

// A context that has already taken one block.
SHA256_CTX resume(const std::array<std::uint32_t, 8>& state) {
    SHA256_CTX context;
    SHA256_Init(&context);
    std::ranges::copy(state, context.h);
    context.Nl = kBlockBytes * 8;
    return context;
}

}  // namespace

HmacSha256::HmacSha256(Bytes key) {
    Digest hashed;
    if (key.size() > kBlockBytes) {
        SHA256_CTX context;
        SHA256_Init(&context);
        SHA256_Update(&context, key.data(), key.size());
        SHA256_Final(reinterpret_cast<unsigned char*>(hashed.data()), &context);
        key = hashed;
    }
    std::array<std::byte, kBlockBytes> block{};
    std::ranges::copy(key, block.begin());
    for (auto& byte : block) byte ^= std::byte{0x36};
    inner_ = midstate(block);
    for (auto& byte : block) byte ^= std::byte{0x36 ^ 0x5c};
    outer_ = midstate(block);
    OPENSSL_cleanse(block.data(), block.size());
}

HmacSha256::~HmacSha256() {
    OPENSSL_cleanse(inner_.data(), sizeof inner_);
    OPENSSL_cleanse(outer_.data(), sizeof outer_);
}

HmacSha256::Digest HmacSha256::compute(std::initializer_list<Bytes> parts) const {
    Digest digest;
    auto* const out = reinterpret_cast<unsigned char*>(digest.data());
    SHA256_CTX context = resume(inner_);
    for (const auto part : parts) SHA256_Update(&context, part.data(), part.size());
    SHA256_Final(out, &context);
    context = resume(outer_);
    SHA256_Update(&context, digest.data(), digest.size());
    SHA256_Final(out, &context);
    return digest;
}

}  // namespace squall::secure
