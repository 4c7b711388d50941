// SPDX-License-Identifier: Apache-2.0
//
// VCEKs in the layout of trustee's offline store (spec/amd-sev-snp.md a):
//   DIR/vcek/{hwid}/bl04_tee00_snp24_ucode219[_fmc01]_vcek.der, or DIR/vcek/{hwid}/vcek.der
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/collateral_key.h"

namespace thimble {

struct StoredVcek {
  std::string path;
  VcekKey key;  // what the certificate says that it is for; not authenticated
  Bytes der;
};
struct KdsStore {
  std::vector<StoredVcek> vceks;
  std::vector<std::pair<std::string, Error>> refused;  // by path
};

// Every VCEK of the directory. One that is not for the chip and TCB that its path names is refused, and so is what is no
// certificate. request.invalid: there is no such directory.
Result<KdsStore> ReadKdsStore(const std::string& directory);

}  // namespace thimble
