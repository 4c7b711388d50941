// SPDX-License-Identifier: Apache-2.0
//
// What the two floors share: owning handles of OpenSSL's objects, and ending a benchmark that would measure nothing.
#pragma once

#include <openssl/ecdsa.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace thimble::bench {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Sig = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using Cert = std::unique_ptr<X509, Deleter<X509_free>>;
using List = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;

[[noreturn]] inline void Fail(const char* what) {
  std::fprintf(stderr, "bench: %s\n", what);
  std::abort();
}

}  // namespace thimble::bench
