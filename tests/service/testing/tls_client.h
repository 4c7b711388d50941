// SPDX-License-Identifier: Apache-2.0
//
// One request over TLS, by hand: what the server shows, and what it answers.
#pragma once

#include <cstdint>
#include <string>

namespace thimble::test {

struct TlsOptions {
  std::string ca;  // PEM file that the server's certificate must lead to, for the name "localhost"
  std::string certificate, key;  // PEM files of the client; empty: none
  int max_version = 0;           // 0: any; TLS1_2_VERSION, ...
  std::string before = {};       // sent in front of the handshake
  std::string ciphers;           // of TLS 1.2, as OpenSSL names them; empty: its own choice
  std::string session = {};      // to resume: TlsAnswer::session of before
};

struct TlsAnswer {
  bool connected = false;     // the handshake succeeded
  std::string version;        // "TLSv1.3"
  std::string server_sha256;  // of its certificate, hex
  int status = 0;
  std::string text;      // all that came
  bool resumed = false;  // a session of before
  std::string session;   // its ticket and secrets
};

TlsAnswer AskOverTls(uint16_t port, const std::string& target, const TlsOptions& options,
                     const std::string& headers = "");

}  // namespace thimble::test
