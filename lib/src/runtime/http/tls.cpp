#include "runtime/http/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace squall::runtime {
namespace {

// The reasons in OpenSSL's queue, the oldest first, which is then empty.
std::string taken_reasons() {
    std::string text;
    while (const unsigned long code = ERR_get_error()) {
        const char* reason = ERR_reason_error_string(code);
        if (!text.empty()) text += "; ";
        if (ERR_SYSTEM_ERROR(code))
            text += std::generic_category().message(ERR_GET_REASON(code));
        else
            text += reason != nullptr ? std::string(reason) : fmt::format("error {}", code);
    }
    return text.empty() ? "no reason was given" : text;
}

std::unexpected<Error> file_error(const char* what, const std::string& file) {
    const bool is_system = ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SYS || ERR_SYSTEM_ERROR(ERR_peek_error());
    return fail(is_system ? ErrorCode::io : ErrorCode::malformed,
                fmt::format("{} '{}' cannot be used: {}", what, file, taken_reasons()));
}

// --- a socket for OpenSSL that never raises SIGPIPE ---

int socket_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}
bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}
int write_socket(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}
int read_socket(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto received = ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0);
    if (received < 0 && would_block()) BIO_set_retry_read(bio);
    return static_cast<int>(received);
}
long control_socket(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// Made once, kept for the whole run: OpenSSL holds on to it.
BIO_METHOD* socket_method() {
    static BIO_METHOD* const kMethod = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "squall socket");
        BIO_meth_set_write(made, write_socket);
        BIO_meth_set_read(made, read_socket);
        BIO_meth_set_ctrl(made, control_socket);
        return made;
    }();
    return kMethod;
}

SSL_CTX* new_context(const SSL_METHOD* method) {
    SSL_CTX* context = SSL_CTX_new(method);
    if (context == nullptr) return nullptr;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    return context;
}

std::unexpected<Error> no_context() {
    return fail(ErrorCode::io, fmt::format("OpenSSL cannot make a TLS context: {}", taken_reasons()));
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}
void TlsSession::Free::operator()(ssl_st* session) const {
    SSL_free(session);
}

Result<TlsContext> TlsContext::for_client(const std::string& authorities_file, bool accept_any_certificate) {
    ERR_clear_error();
    TlsContext made(new_context(TLS_client_method()));
    if (made.get() == nullptr) return no_context();
    if (accept_any_certificate) {
        SSL_CTX_set_verify(made.get(), SSL_VERIFY_NONE, nullptr);
        return made;
    }
    SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
    if (authorities_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(made.get()) != 1)
            return fail(ErrorCode::io,
                        "the system's certificate authorities cannot be read (Debian: package "
                        "ca-certificates), and no authorities file is named");
    } else if (SSL_CTX_load_verify_locations(made.get(), authorities_file.c_str(), nullptr) != 1) {
        return file_error("the authorities file", authorities_file);
    }
    return made;
}

Result<TlsContext> TlsContext::for_server(const TlsFiles& files) {
    ERR_clear_error();
    TlsContext made(new_context(TLS_server_method()));
    if (made.get() == nullptr) return no_context();
    if (SSL_CTX_use_certificate_chain_file(made.get(), files.certificate.c_str()) != 1)
        return file_error("the certificate file", files.certificate);
    if (SSL_CTX_use_PrivateKey_file(made.get(), files.private_key.c_str(), SSL_FILETYPE_PEM) != 1)
        return file_error("the private key file", files.private_key);
    if (SSL_CTX_check_private_key(made.get()) != 1)
        return fail(ErrorCode::malformed,
                    fmt::format("the private key in '{}' is not that of the certificate "
                                "in '{}'",
                                files.private_key, files.certificate));
    return made;
}

Result<TlsSession> TlsSession::make(const TlsContext& context, int socket) {
    ERR_clear_error();
    TlsSession made(SSL_new(context.get()));
    BIO* bio = BIO_new(socket_method());
    if (made.session_ == nullptr || bio == nullptr) {
        BIO_free(bio);
        return fail(ErrorCode::io, fmt::format("OpenSSL cannot make a TLS session: {}", taken_reasons()));
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): BIO has no other place for a number, and nobody follows it
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    BIO_set_init(bio, 1);
    SSL_set_bio(made.session_.get(), bio, bio);
    return made;
}

Result<TlsSession> TlsSession::client(const TlsContext& context, int socket, const std::string& host) {
    auto made = make(context, socket);
    if (!made) return made;
    SSL* session = made->session_.get();
    SSL_set_connect_state(session);
    if (Address::parse(host)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str());
    } else {
        SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        SSL_set1_host(session, host.c_str());
        // What the macro SSL_set_tlsext_host_name() does, which casts in the old style.
        SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(host.c_str()));
    }
    return made;
}

Result<TlsSession> TlsSession::server(const TlsContext& context, int socket) {
    auto made = make(context, socket);
    if (made) SSL_set_accept_state(made->session_.get());
    return made;
}

TlsStep TlsSession::step_of(int result) {
    const int number = errno;
    switch (SSL_get_error(session_.get(), result)) {
        case SSL_ERROR_WANT_READ: return TlsStep::wants_read;
        case SSL_ERROR_WANT_WRITE: return TlsStep::wants_write;
        case SSL_ERROR_ZERO_RETURN: return TlsStep::closed;
        case SSL_ERROR_SYSCALL:
            failure_ = result == 0 || number == 0 ? "the peer closed the connection"
                                                  : std::generic_category().message(number);
            break;
        default: failure_ = taken_reasons(); break;
    }
    usable_ = false;
    return TlsStep::failed;
}

TlsStep TlsSession::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(session_.get());
    return result == 1 ? TlsStep::done : step_of(result);
}

TlsStep TlsSession::read(MutableBytes out, std::size_t& count) {
    ERR_clear_error();
    const int result = SSL_read_ex(session_.get(), out.data(), out.size(), &count);
    return result == 1 ? TlsStep::done : step_of(result);
}

TlsStep TlsSession::write(Bytes bytes, std::size_t& count) {
    ERR_clear_error();
    const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count);
    return result == 1 ? TlsStep::done : step_of(result);
}

void TlsSession::close() {
    ERR_clear_error();
    if (usable_ && SSL_is_init_finished(session_.get())) SSL_shutdown(session_.get());
    ERR_clear_error();
}

bool TlsSession::has_pending() const {
    return SSL_pending(session_.get()) > 0;
}

Error TlsSession::error() const {
    const long verified = SSL_get_verify_result(session_.get());
    if (verified != X509_V_OK && SSL_get_verify_mode(session_.get()) != SSL_VERIFY_NONE)
        return {ErrorCode::unauthorised,
                fmt::format("the certificate is not accepted: {}", X509_verify_cert_error_string(verified))};
    return {ErrorCode::io, fmt::format("TLS: {}", failure_)};
}

}  // namespace squall::runtime
