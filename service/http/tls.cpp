// SPDX-License-Identifier: Apache-2.0
#include "service/http/tls.h"

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "service/http/ticket_keys.h"
#include "tcb/base/ascii.h"
#include "tcb/base/crypto.h"
#include "tcb/base/openssl_ptr.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::http {
namespace {

using std::chrono::milliseconds;

Error Problem(const std::string& file, std::string_view what) {
  const unsigned long code = ERR_peek_last_error();
  std::array<char, 256> reason{};
  if (code != 0) ERR_error_string_n(code, reason.data(), reason.size());
  ERR_clear_error();
  return {ErrorKind::kMalformed, Check::kRequest,
          StrCat(file, ": ", what, reason[0] != '\0' ? ": " : "", std::string_view(reason.data()))};
}

// Of 4 or 16 bytes; what is neither is no address, and no name.
std::string AddressText(ByteView bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bytes.size() == 4) ::inet_ntop(AF_INET, bytes.data(), text.data(), text.size());
  if (bytes.size() == 16) ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

class TlsTransport : public Transport {
 public:
  TlsTransport(SSL* session, std::unique_ptr<SocketTransport> socket)
      : session_(session), socket_(std::move(socket)) {
    BIO* const below = BIO_new(Below());
    BIO_set_data(below, this);
    BIO_set_init(below, 1);
    SSL_set_bio(session_.get(), below, below);
  }

  void MayRead(bool ended) override { socket_->MayRead(ended); }

  // What the handshake writes goes out at once, but for what it ends with, the ticket: that leaves with the first answer.
  Io Begin() override {
    holds_ = true;
    const Io io = Outcome([this] { return SSL_accept(session_.get()); });
    holds_ = false;
    if (io == Io::kWantRead && Flush() == Io::kWantWrite) return Io::kWantWrite;
    if (io == Io::kClosed) (void)Flush();  // an alert
    if (io != Io::kClosed || error_ == 0) return io;
    const int reason = ERR_GET_REASON(error_);
    plain_http_ = ERR_GET_LIB(error_) == ERR_LIB_SSL &&
                  (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST);
    return io;
  }

  Failure failure() const override {
    if (error_ == 0) return {};
    if (plain_http_) return {.why = "plain HTTP came to a port that speaks HTTPS", .plain_http = true};
    const char* const reason = ERR_reason_error_string(error_);
    return {.why = reason != nullptr ? reason : "unknown"};
  }

  Io Peek(std::span<char> into, size_t& count) override { return socket_->Peek(into, count); }
  void Skip(size_t count) override { socket_->Skip(count); }
  bool encrypted() const override { return true; }

  Io Read(std::span<char> into, size_t& count) override {
    const Io io = Outcome([&] { return SSL_read_ex(session_.get(), into.data(), into.size(), &count); });
    return io == Io::kWantRead && Flush() == Io::kWantWrite ? Io::kWantWrite : io;
  }

  // One record where it fits: two would be two packets.
  Io Write(std::string_view first, std::string_view second, size_t& count) override {
    if (plain_http_) return socket_->Write(first, second, count);
    thread_local std::string joined;
    std::string_view data = first.empty() ? second : first;
    if (!first.empty() && !second.empty() && first.size() + second.size() <= kOneRecord)
      data = joined.assign(first).append(second);
    return Outcome([&] { return SSL_write_ex(session_.get(), data.data(), data.size(), &count); });
  }

  void EndWriting() override {
    if (!plain_http_) SSL_shutdown(session_.get());
    ERR_clear_error();
    socket_->EndWriting();
  }

  // Below TLS: nobody reads it.
  Io Discard(size_t& count) override { return socket_->Discard(count); }

  // Without a closing alert: it would stand unread at a peer that counts bytes, and make its end look like a break.
  bool TakenByPeer(milliseconds patience) override { return socket_->TakenByPeer(patience); }

  int descriptor() const override { return socket_->descriptor(); }

  std::optional<Digest256> PeerCertificate() const override {
    const X509* const certificate = SSL_get0_peer_certificate(session_.get());
    if (certificate == nullptr) return std::nullopt;
    uint8_t* der = nullptr;
    const int length = i2d_X509(certificate, &der);
    if (length <= 0) return std::nullopt;
    const Digest256 digest = Sha256(ByteView(der, static_cast<size_t>(length)));
    OPENSSL_free(der);
    return digest;
  }

 private:
  static constexpr size_t kOneRecord = 16 * 1024;

  // OpenSSL's way to the socket, which asks the system no more often than the socket does.
  static BIO_METHOD* Below() {
    static const OpensslPtr<BIO_METHOD, BIO_meth_free> method = [] {
      OpensslPtr<BIO_METHOD, BIO_meth_free> made(
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "thimble"));
      BIO_meth_set_read_ex(made.get(), ReadBelow);
      BIO_meth_set_write_ex(made.get(), WriteBelow);
      BIO_meth_set_ctrl(made.get(), ControlBelow);
      return made;
    }();
    return method.get();
  }
  static TlsTransport& Of(BIO* below) { return *static_cast<TlsTransport*>(BIO_get_data(below)); }
  static int ReadBelow(BIO* below, char* into, size_t size, size_t* count) {
    BIO_clear_retry_flags(below);
    const Io io = Of(below).socket_->Read({into, size}, *count);
    if (io == Io::kWantRead) BIO_set_retry_read(below);
    Of(below).ended_ = io == Io::kClosed;
    return io == Io::kDone ? 1 : 0;
  }
  static int WriteBelow(BIO* below, const char* data, size_t size, size_t* count) {
    BIO_clear_retry_flags(below);
    const Io io = Of(below).Send({data, size}, *count);
    if (io == Io::kWantWrite) BIO_set_retry_write(below);
    return io == Io::kDone ? 1 : 0;
  }
  static long ControlBelow(BIO* below, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_EOF) return Of(below).ended_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  // Behind what is held.
  Io Send(std::string_view data, size_t& count) {
    if (holds_) {
      held_ += data;
      count = data.size();
      return Io::kDone;
    }
    size_t sent = 0;
    const Io io = socket_->Write(held_, data, sent);
    if (io != Io::kDone) return io;
    const size_t of_held = std::min(sent, held_.size());
    held_ = held_.substr(of_held);
    count = sent - of_held;
    return count == 0 && !data.empty() ? Io::kWantWrite : Io::kDone;
  }
  Io Flush() {
    Io io = Io::kDone;
    for (size_t none = 0; io == Io::kDone && !held_.empty();) io = Send({}, none);
    return io;
  }

  template <class Operation>
  Io Outcome(const Operation& operation) {
    ERR_clear_error();
    const int result = operation();
    if (result == 1) return Io::kDone;
    const int reason = SSL_get_error(session_.get(), result);
    if (reason == SSL_ERROR_WANT_READ) return Io::kWantRead;
    if (reason == SSL_ERROR_WANT_WRITE) return Io::kWantWrite;
    error_ = ERR_peek_error();
    ERR_clear_error();
    return Io::kClosed;
  }

  OpensslPtr<SSL, SSL_free> session_;
  std::unique_ptr<SocketTransport> socket_;
  bool ended_ = false;       // by the peer, or with its connection
  bool holds_ = false;       // what is written
  std::string held_;         // to be written before anything else
  unsigned long error_ = 0;  // of the operation that ended it
  bool plain_http_ = false;
};

// Seals a new ticket (`sealing`), or opens one; SSL_CTX_set_tlsext_ticket_key_cb(3) says how. What an older key has sealed
// is sealed anew.
int UseTicketKey(SSL* session, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                 EVP_MAC_CTX* mac, int sealing) {
  auto& keys = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
  const auto now = std::chrono::steady_clock::now();
  TicketKeys::Name wanted;
  std::copy_n(name, wanted.size(), wanted.begin());
  const auto found =
      sealing != 0 ? std::optional(TicketKeys::Found{keys.Newest(now), true}) : keys.Find(wanted, now);
  if (!found) return 0;  // a full handshake
  const auto& [key, newest] = *found;
  if (sealing != 0) {
    std::copy(key.name.begin(), key.name.end(), name);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
  }
  std::string digest = "SHA256";
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  const bool ready =
      EVP_MAC_init(mac, key.mac.data(), key.mac.size(), parameters.data()) == 1 &&
      EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, sealing) == 1;
  if (!ready) return -1;
  return newest ? 1 : 2;
}

// RFC 5280 section 4.2.1.6.
std::vector<std::string> NamesOf(const X509* certificate) {
  std::vector<std::string> out;
  const OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      const ASN1_STRING* const text = name->d.dNSName;
      const auto length = static_cast<size_t>(ASN1_STRING_length(text));
      out.push_back(LowerCase(AsText(ByteView(ASN1_STRING_get0_data(text), length))));
    } else if (name->type == GEN_IPADD) {
      const ASN1_STRING* const address = name->d.iPAddress;
      out.push_back(
          AddressText({ASN1_STRING_get0_data(address), static_cast<size_t>(ASN1_STRING_length(address))}));
    }
  }
  return out;
}

// Sessions are held by the clients, as tickets: one for each handshake, which is sent beside the first answer.
void UseTickets(SSL_CTX* context, TicketKeys& keys) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_timeout(context, static_cast<long>(TicketKeys::kTicketLife.count()));
  SSL_CTX_set_app_data(context, &keys);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, UseTicketKey);
}

Status CheckDates(const TlsFiles& files, const SSL_CTX* context) {
  const X509* const certificate = SSL_CTX_get0_certificate(context);
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    return Problem(files.certificate, "the certificate has expired");
  return {};
}

}  // namespace

struct TlsContext::Impl {
  TicketKeys
      ticket_keys;  // outlives the context, and ends with it: so do tickets that tell of a client's certificate
  OpensslPtr<SSL_CTX, SSL_CTX_free> context;
  std::vector<std::string> names;
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

const std::vector<std::string>& TlsContext::names() const { return impl_->names; }

Result<std::shared_ptr<const TlsContext>> TlsContext::Load(const TlsFiles& files) {
  auto impl = std::make_unique<Impl>();
  impl->context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = impl->context.get();
  if (context == nullptr) return Problem(files.certificate, "no TLS context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Of TLS 1.2 the suites with forward secrecy and authenticated encryption; those of 1.3 are all such.
  if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
    return Problem(files.certificate, "no cipher suites");
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // a record in one read, not its header first
  SSL_CTX_set_options(
      context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  UseTickets(context, impl->ticket_keys);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return Problem(files.certificate, "no certificate chain in PEM");
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Problem(files.key, "not the private key, in PEM, of the certificate");
  }
  if (SSL_CTX_check_private_key(context) != 1) return Problem(files.key, "not the key of the certificate");
  TRY(CheckDates(files, context));
  impl->names = NamesOf(SSL_CTX_get0_certificate(context));
  if (!files.client_ca.empty()) {
    if (SSL_CTX_load_verify_file(context, files.client_ca.c_str()) != 1)
      return Problem(files.client_ca, "no CA certificate in PEM");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);  // asked for, and verified if sent; not required
    // A ticket of a client that has shown a certificate holds in this place alone; without a name none would.
    constexpr std::string_view kPlace = "thimble";
    SSL_CTX_set_session_id_context(context, AsBytes(kPlace).data(), static_cast<unsigned>(kPlace.size()));
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

Instant TlsContext::certificate_end() const {
  const X509* const certificate = SSL_CTX_get0_certificate(impl_->context.get());
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return Instant{};
  return Instant(Seconds(::timegm(&end)));
}

std::unique_ptr<Transport> TlsContext::Accept(std::unique_ptr<SocketTransport> socket) const {
  return std::make_unique<TlsTransport>(SSL_new(impl_->context.get()), std::move(socket));
}

}  // namespace thimble::http
