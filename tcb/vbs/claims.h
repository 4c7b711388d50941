// SPDX-License-Identifier: Apache-2.0
//
// What the report of a VBS enclave says (spec/vbs-and-tpm.md section 1.1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"

namespace thimble::vbs {

using Id32 = FixedBytes<struct VbsId32Tag, 32>;
using Id16 = FixedBytes<struct VbsId16Tag, 16>;

// An image in the enclave, the enclave's own among them.
struct Module {
  Id32 unique_id, author_id;
  Id16 family_id, image_id;
  uint32_t svn = 0;
  std::string name;  // UTF-8
  bool operator==(const Module&) const = default;
};

struct Claims {
  FixedBytes<struct VbsEnclaveDataTag, 64> enclave_data;
  Id32 owner_id, unique_id, author_id;
  Id16 family_id, image_id;
  uint32_t enclave_svn = 0, secure_kernel_svn = 0, platform_svn = 0;
  uint32_t flags = 0, signing_level = 0, enclave_type = 0;
  std::vector<Module> modules;
  std::string signer;       // the common name of the signer's certificate, once a trusted one answers for it
  Digest256 signer_sha256;  // of that certificate

  // FULL_DEBUG, DYNAMIC_DEBUG_ENABLED, DYNAMIC_DEBUG_ACTIVE; any other bit is unknown, and no better.
  bool debug() const { return flags != 0; }
  bool operator==(const Claims&) const = default;
};

}  // namespace thimble::vbs
