// SPDX-License-Identifier: Apache-2.0
#include "tcb/keys_to_verify.h"

#include <algorithm>

namespace thimble {

std::vector<CollateralKey> KeysToVerify(IntelTee tee, const std::optional<intel::Fmspc>& fmspc,
                                        const std::optional<intel::PckCa>& ca, const Selector& selector) {
  std::vector<CollateralKey> keys = {RootCaCrlKey{}};
  for (const intel::PckCa one : {intel::PckCa::kProcessor, intel::PckCa::kPlatform}) {
    if (!ca || *ca == one) keys.push_back(PckCrlKey{one});
  }
  if (fmspc) keys.push_back(TcbInfoKey{tee, *fmspc, selector});
  keys.push_back(EnclaveIdentityKey{tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe, selector});
  return keys;
}

void AddKeys(const std::vector<CollateralKey>& more, std::vector<CollateralKey>& keys) {
  for (const CollateralKey& key : more) {
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  }
}

}  // namespace thimble
