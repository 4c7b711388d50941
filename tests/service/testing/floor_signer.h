// SPDX-License-Identifier: Apache-2.0
//
// Floor documents of an operator's own, and the key that signs them.
#pragma once

#include <cstdint>
#include <string>

#include "tcb/base/bytes.h"

struct evp_pkey_st;

namespace thimble::test {

// An Ed25519 key from a seed.
class FloorSigner {
 public:
  explicit FloorSigner(uint8_t seed);
  ~FloorSigner();
  FloorSigner(const FloorSigner&) = delete;
  FloorSigner& operator=(const FloorSigner&) = delete;

  std::string Pem() const;  // of the public key
  Bytes Sign(const std::string& text) const;

 private:
  evp_pkey_st* key_;
};

// The built-in document as "ours", with this number; a later one follows a digest. Another remark makes another document.
std::string FloorsText(uint32_t number, const std::string& remark = "ours");

}  // namespace thimble::test
