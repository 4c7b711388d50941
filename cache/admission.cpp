// SPDX-License-Identifier: Apache-2.0
#include "cache/admission.h"

#include <algorithm>
#include <unordered_set>

#include "cache/cached_item.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"
#include "tcb/intel/pck_set.h"

namespace thimble {
namespace {

// The certificates that authenticate an item have to be valid when it was issued; whether they are now is the
// verifier's question.
Status CheckIssuedUnderValidChain(const CollateralKey& key, const CollateralItem& item) {
  const Validity& chain = item.chain_window();
  if (chain.Contains(item.issued())) return {};
  const bool intel = VendorOf(key) == Vendor::kIntel;
  const Check late = intel ? Check::kSigningChainExpired : Check::kSnpExpired;
  const Check early = intel ? Check::kSigningChainNotYetValid : Check::kSnpNotYetValid;
  return Error{
      ErrorKind::kRejected, item.issued() > chain.not_after ? late : early,
      StrCat(item.name(), ": issued ", FormatRfc3339(item.issued()), ", its issuer chain is valid from ",
             FormatRfc3339(chain.not_before), " to ", FormatRfc3339(chain.not_after))};
}

std::string OrderText(const CollateralItem& item) {
  return StrCat("number ", item.order_number(), " of ", FormatRfc3339(item.issued()));
}

}  // namespace

Result<ItemPtr> Admit(const CollateralKey& key, const CollateralBytes& bytes, const TrustAnchors& anchors,
                      Instant now) {
  TRY_ASSIGN(ItemPtr item, AuthenticateItem(key, bytes, anchors));
  TRY(CheckAdmissible(key, *item, now));
  return item;
}

Status CheckAdmissible(const CollateralKey& key, const CollateralItem& item, Instant now) {
  TRY(CheckNotFromFuture(item, now));
  return CheckIssuedUnderValidChain(key, item);
}

Succession SuccessionOf(const CollateralItem& next, const CollateralItem& held) {
  if (SameVersion(next, held)) return Succession::kSame;
  // PCK certificates of another platform are no version of those that are held. That they may take their place is for
  // whoever binds QE ids to say.
  const intel::PckSet* const coming = next.pck_set();
  const intel::PckSet* const kept = held.pck_set();
  if (coming != nullptr && kept != nullptr) {
    if (coming->ppid != kept->ppid) return Succession::kNewer;
    // A PCCS and Azure give one certificate of a platform at a time, for the TCB that was asked for: it is no version of all
    // of them, and takes the place of nothing but another one.
    const bool comes_alone = coming->certificates.size() == 1, kept_alone = kept->certificates.size() == 1;
    if (comes_alone && !kept_alone) return Succession::kOlder;
    if (kept_alone) return Succession::kNewer;
  }
  return NotOlder(next, held) ? Succession::kNewer : Succession::kOlder;
}

Error RollbackError(const CollateralItem& next, const CollateralItem& held) {
  return {ErrorKind::kRejected, Check::kCollateralRollback,
          StrCat(next.name(), ": ", OrderText(next), ", the cached one is ", OrderText(held))};
}

size_t DroppedSerials(const CollateralItem& next, const CollateralItem& held) {
  if (next.crl() == nullptr || held.crl() == nullptr) return 0;
  const auto& now_revoked = next.crl()->revoked();
  const std::unordered_set<std::string_view> kept(now_revoked.begin(), now_revoked.end());
  return static_cast<size_t>(std::ranges::count_if(
      held.crl()->revoked(), [&kept](std::string_view serial) { return !kept.contains(serial); }));
}

bool SameIssuerKey(const CollateralItem& a, const CollateralItem& b) {
  if (a.signers().empty() || b.signers().empty()) return true;
  return a.signers().front()->spki_sha256() == b.signers().front()->spki_sha256();
}

}  // namespace thimble
