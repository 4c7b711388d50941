// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"

namespace thimble::test {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

class Socket {
 public:
  explicit Socket(uint16_t port) : number_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(number_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Socket() { close(number_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int number() const { return number_; }
  bool connected() const { return connected_; }

 private:
  int number_;
  bool connected_ = false;
};

std::string Sha256Of(const SSL* session) {
  X509* const certificate = SSL_get0_peer_certificate(session);
  uint8_t* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  if (length <= 0) return "";
  const std::string digest = Sha256(ByteView(der, static_cast<size_t>(length))).hex();
  OPENSSL_free(der);
  return digest;
}

std::string Saved(SSL* connection) {
  const std::unique_ptr<SSL_SESSION, Free> session(SSL_get1_session(connection));
  const int size = i2d_SSL_SESSION(session.get(), nullptr);
  std::vector<uint8_t> der(static_cast<size_t>(std::max(size, 0)));
  uint8_t* at = der.data();
  i2d_SSL_SESSION(session.get(), &at);
  return {der.begin(), der.end()};
}

void Resume(SSL* connection, const std::string& saved) {
  const std::vector<uint8_t> der(saved.begin(), saved.end());
  const uint8_t* at = der.data();
  const std::unique_ptr<SSL_SESSION, Free> session(
      d2i_SSL_SESSION(nullptr, &at, static_cast<long>(der.size())));
  SSL_set_session(connection, session.get());
}

}  // namespace

TlsAnswer AskOverTls(uint16_t port, const std::string& target, const TlsOptions& options,
                     const std::string& headers) {
  TlsAnswer answer;
  const std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_load_verify_file(context.get(), options.ca.c_str());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (options.max_version != 0) {
    SSL_CTX_set_min_proto_version(context.get(), options.max_version);
    SSL_CTX_set_max_proto_version(context.get(), options.max_version);
    SSL_CTX_set_security_level(context.get(), 0);  // so that old versions are offered at all
  }
  if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context.get(), options.ciphers.c_str());
  if (!options.certificate.empty()) {
    SSL_CTX_use_certificate_chain_file(context.get(), options.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(), SSL_FILETYPE_PEM);
  }
  const Socket socket(port);
  const std::unique_ptr<SSL, Free> session(SSL_new(context.get()));
  SSL_set_fd(session.get(), socket.number());
  SSL_set1_host(session.get(), "localhost");
  if (!options.session.empty()) Resume(session.get(), options.session);
  if (socket.connected() && !options.before.empty())
    (void)send(socket.number(), options.before.data(), options.before.size(), MSG_NOSIGNAL);
  if (!socket.connected() || SSL_connect(session.get()) != 1) return answer;
  answer.connected = true;
  answer.version = SSL_get_version(session.get());
  answer.server_sha256 = Sha256Of(session.get());
  answer.resumed = SSL_session_reused(session.get()) == 1;
  const std::string request =
      "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n";
  SSL_write(session.get(), request.data(), static_cast<int>(request.size()));
  std::array<char, 4096> chunk;
  for (int n; (n = SSL_read(session.get(), chunk.data(), static_cast<int>(chunk.size()))) > 0;)
    answer.text.append(chunk.data(), static_cast<size_t>(n));
  answer.session = Saved(session.get());
  if (answer.text.starts_with("HTTP/1.1 ")) answer.status = std::stoi(answer.text.substr(9, 3));
  return answer;
}

}  // namespace thimble::test
