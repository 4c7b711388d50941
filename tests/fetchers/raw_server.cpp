// SPDX-License-Identifier: Apache-2.0
#include "tests/fetchers/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace thimble::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(20);  // nothing in a test may take longer

void Require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

}  // namespace

// A P-256 key and a self-signed certificate for IP address 127.0.0.1.
struct RawServer::Tls {
  Tls() {
    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    Require(key != nullptr && certificate != nullptr, "no key");
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    const std::string common_name = "raw server";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* san = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, san, -1);
    X509_EXTENSION_free(san);
    Require(X509_sign(certificate, key, EVP_sha256()) != 0, "not signed");

    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    pem.assign(data, static_cast<size_t>(size));
    BIO_free(bio);

    context = SSL_CTX_new(TLS_server_method());
    Require(SSL_CTX_use_certificate(context, certificate) == 1, "certificate");
    Require(SSL_CTX_use_PrivateKey(context, key) == 1, "private key");
  }
  ~Tls() {
    SSL_CTX_free(context);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  SSL_CTX* context = nullptr;
  std::string pem;
};

// One connection, plain or TLS; closes the socket.
class RawServer::Connection {
 public:
  Connection(int socket, SSL_CTX* context) : socket_(socket) {
    if (context == nullptr) return;
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket);
    good_ = SSL_accept(ssl_) == 1;
  }
  ~Connection() {
    if (ssl_ != nullptr) {
      if (good_) SSL_shutdown(ssl_);
      SSL_free(ssl_);
    }
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool good() const { return good_; }
  long Read(char* out, size_t size) {
    return ssl_ != nullptr ? SSL_read(ssl_, out, static_cast<int>(size)) : ::recv(socket_, out, size, 0);
  }
  bool Write(const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      const long n = ssl_ != nullptr
                         ? SSL_write(ssl_, bytes.data() + sent, static_cast<int>(bytes.size() - sent))
                         : ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += static_cast<size_t>(n);
    }
    return true;
  }
  // True when the client has closed or sent something.
  bool Stirs() const {
    pollfd poll_fd{socket_, POLLIN, 0};
    return ::poll(&poll_fd, 1, 10) > 0;
  }

 private:
  int socket_;
  SSL* ssl_ = nullptr;
  bool good_ = true;
};

RawServer::RawServer(Handler handler, Transport transport) : handler_(std::move(handler)) {
  if (transport == Transport::kTls) tls_ = std::make_unique<Tls>();
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  Require(::bind(listener_, generic, length) == 0 && ::listen(listener_, 64) == 0, "cannot listen");
  ::getsockname(listener_, generic, &length);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

RawServer::~RawServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& worker : workers_) worker.join();
  ::close(listener_);
}

std::string RawServer::Url(const std::string& path) const {
  return std::string(tls_ ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_) + path;
}

const std::string& RawServer::certificate_pem() const { return tls_->pem; }

void RawServer::Accept() {
  while (!stopping_) {
    pollfd poll_fd{listener_, POLLIN, 0};
    if (::poll(&poll_fd, 1, 20) <= 0) continue;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const timeval patience{kPatience.count(), 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    ++connections_;
    workers_.emplace_back([this, socket] { Serve(socket); });
  }
}

void RawServer::Serve(int socket) {
  Connection connection(socket, tls_ ? tls_->context : nullptr);
  const auto end = Clock::now() + kPatience;
  while (connection.good() && !stopping_ && Clock::now() < end) {
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
      while (!connection.Stirs()) {
        if (stopping_ || Clock::now() >= end) return;
      }
      char buffer[4096];
      const long n = connection.Read(buffer, sizeof(buffer));
      if (n <= 0) return;
      head.append(buffer, static_cast<size_t>(n));
    }
    ++requests_;
    const RawAnswer answer = handler_(head);
    const auto begin = Clock::now() + answer.wait_before;
    while (Clock::now() < begin && !stopping_) {
      if (connection.Stirs()) return;  // the client has given up
    }
    do {
      if (!connection.Write(answer.bytes)) return;
    } while (answer.endless && !stopping_ && Clock::now() < end);
    if (!answer.keep_open) return;
  }
}

std::string HttpOk(const std::string& body, const std::string& headers) {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace thimble::test
