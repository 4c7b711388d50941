// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/signature_memo.h"

namespace thimble {

template <class Signed>
bool SignatureMemo::Ask(const Signed& signed_one, const Certificate& issuer) {
  std::array<uint8_t, 64> key;
  const auto issuer_at = std::ranges::copy(signed_one.sha256().bytes(), key.begin()).out;
  std::ranges::copy(issuer.spki_sha256().bytes(), issuer_at);
  if (links_.Find(AsText(key))) return true;
  if (!signed_one.SignedBy(issuer)) return false;
  links_.Add(AsText(key), {});
  return true;
}

bool SignatureMemo::SignedBy(const Certificate& signed_one, const Certificate& issuer) {
  return Ask(signed_one, issuer);
}
bool SignatureMemo::SignedBy(const Crl& signed_one, const Certificate& issuer) {
  return Ask(signed_one, issuer);
}

}  // namespace thimble
