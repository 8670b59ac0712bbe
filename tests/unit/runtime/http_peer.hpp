// The other ends that HTTP is tested against: a raw connection that says whatever it is told, a server that
// answers every connection with fixed bytes, and certificates made on the spot.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>

#include "squall/core/address.hpp"

namespace squall::test {

inline sockaddr_in loopback_of(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

class RawConnection {
  public:
    explicit RawConnection(const Address& to) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        auto address = loopback_of(to.port());
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    ~RawConnection() { ::close(socket_); }
    RawConnection(const RawConnection&) = delete;
    RawConnection& operator=(const RawConnection&) = delete;

    // False: the peer is gone.
    bool send(std::string_view text) {
        while (!text.empty()) {
            const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void finish() { ::shutdown(socket_, SHUT_WR); }
    // All until the peer ends.
    std::string receive_all() {
        std::string text;
        for (std::string piece = receive(); !piece.empty(); piece = receive()) text += piece;
        return text;
    }
    // What comes next; empty at the end.
    std::string receive() {
        char buffer[4096];
        const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
        return {buffer, count > 0 ? static_cast<std::size_t>(count) : 0};
    }

  private:
    int socket_;
};

// Takes connections one after the other, reads a request's head, says its text and closes.
class ScriptedServer {
  public:
    explicit ScriptedServer(std::string text)
        : text_(std::move(text)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        auto address = loopback_of(0);
        socklen_t length = sizeof address;
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), length), 0);
        EXPECT_EQ(::listen(socket_, 8), 0);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~ScriptedServer() {
        ::shutdown(socket_, SHUT_RDWR);
        thread_.join();
        ::close(socket_);
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(std::string_view path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
    }
    // What the last request said, after its connection is over.
    [[nodiscard]] const std::string& last_request() const { return request_; }

  private:
    void serve() {
        for (int peer = ::accept(socket_, nullptr, nullptr); peer >= 0;
             peer = ::accept(socket_, nullptr, nullptr)) {
            request_.clear();
            char buffer[4096];
            while (request_.find("\r\n\r\n") == std::string::npos) {
                const auto count = ::recv(peer, buffer, sizeof buffer, 0);
                if (count <= 0) break;
                request_.append(buffer, static_cast<std::size_t>(count));
            }
            for (std::string_view left = text_; !left.empty();) {
                const auto sent = ::send(peer, left.data(), left.size(), MSG_NOSIGNAL);
                if (sent <= 0) break;
                left.remove_prefix(static_cast<std::size_t>(sent));
            }
            ::shutdown(peer, SHUT_WR);
            while (::recv(peer, buffer, sizeof buffer, 0) > 0) {
            }
            ::close(peer);
        }
    }

    std::string text_;
    std::string request_;
    int socket_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

// A certificate that signs itself, and its key, as PEM files, for as long as this lives.
class CertificateFiles {
  public:
    CertificateFiles(const std::string& name, const char* subject_names);
    CertificateFiles(const CertificateFiles&) = delete;
    CertificateFiles& operator=(const CertificateFiles&) = delete;
    ~CertificateFiles() {
        std::remove(certificate.c_str());
        std::remove(private_key.c_str());
    }

    const std::string certificate;
    const std::string private_key;

  private:
    static std::string path_of(const std::string& name) {
        return testing::TempDir() + "squall_" + std::to_string(::getpid()) + "_" + name;
    }
};

inline CertificateFiles::CertificateFiles(const std::string& name, const char* subject_names)
    : certificate(path_of(name) + ".crt"), private_key(path_of(name) + ".key") {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* signed_key = X509_new();
    X509_set_version(signed_key, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(signed_key), 1);
    X509_gmtime_adj(X509_getm_notBefore(signed_key), -3600);
    X509_gmtime_adj(X509_getm_notAfter(signed_key), 24 * 3600);
    X509_set_pubkey(signed_key, key);
    X509_NAME* subject = X509_get_subject_name(signed_key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("squall test"), -1, -1, 0);
    X509_set_issuer_name(signed_key, subject);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, signed_key, signed_key, nullptr, nullptr, 0);
    for (const auto& [id, value] : {std::pair{NID_subject_alt_name, subject_names},
                                    std::pair{NID_basic_constraints, "critical,CA:TRUE"}}) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
        X509_add_ext(signed_key, extension, -1);
        X509_EXTENSION_free(extension);
    }
    X509_sign(signed_key, key, EVP_sha256());

    std::FILE* file = std::fopen(certificate.c_str(), "w");
    PEM_write_X509(file, signed_key);
    std::fclose(file);
    file = std::fopen(private_key.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(signed_key);
    EVP_PKEY_free(key);
}

}  // namespace squall::test
