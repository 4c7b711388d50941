// SPDX-License-Identifier: Apache-2.0
//
// TLS for the listening side. A context is immutable: a renewed certificate is a new context, which new connections
// take, and the old one lives as long as connections that began under it. tls.cpp is the one file with OpenSSL's TLS.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/http/socket_transport.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble::http {

struct TlsFiles {
  std::string certificate;  // PEM: the server's certificate, then its intermediates
  std::string key;          // PEM
  std::string client_ca;    // PEM; empty: no client certificates are asked for
};

// Thread-safe.
class TlsContext {
 public:
  // TLS 1.2 and later, session tickets. Errors (kMalformed, request.invalid) name the file and what is wrong: unreadable,
  // not PEM, a key that is not the certificate's, an expired certificate.
  static Result<std::shared_ptr<const TlsContext>> Load(const TlsFiles& files);
  ~TlsContext();

  // Whom the certificate is for: host names and addresses, in lower case.
  const std::vector<std::string>& names() const;
  Instant certificate_end() const;  // of the server's certificate

  // TLS over a connected socket, which it owns from here on.
  std::unique_ptr<Transport> Accept(std::unique_ptr<SocketTransport> socket) const;

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::http
