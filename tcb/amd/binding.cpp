// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/binding.h"

#include <utility>

#include "tcb/amd/product.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

Error OtherProduct(Product product, std::string_view source, std::string_view name) {
  return Rejected(Check::kSnpProduct, StrCat("report ", ProductName(product), ", ", source, " ", name));
}

}  // namespace

SigningKey KindOf(const SnpClaims& claims) {
  return claims.signing_key == 1 ? SigningKey::kVlek : SigningKey::kVcek;
}

Status CheckSigningKey(const SnpClaims& claims, const Certificate& leaf, const Endorsement& endorsement) {
  const SigningKey kind = KindOf(claims);
  if (IsOfKind(leaf, endorsement, kind)) return {};
  return Rejected(Check::kSnpSigningKey,
                  StrCat("the report is signed with a ", SigningKeyName(kind), ", the leaf is \"",
                         leaf.subject_cn(), "\" with ", endorsement.hwid.empty() ? "no" : "a", " hwID and ",
                         endorsement.csp_id ? "a" : "no", " cspID"));
}

Status CheckLeafProduct(Product product, const Endorsement& endorsement) {
  if (endorsement.product != product) return OtherProduct(product, "leaf", endorsement.product_name);
  const auto& struct_version = TraitsOf(product).struct_version;
  if (!struct_version || endorsement.struct_version == *struct_version) return {};
  return OtherProduct(product, "leaf's structVersion", StrCat(endorsement.struct_version));
}

Status CheckProduct(Product product, const Issuers& issuers, const Endorsement& endorsement,
                    std::optional<Product> named) {
  if (issuers.product != product) return OtherProduct(product, "root", issuers.anchor->name);
  TRY(CheckLeafProduct(product, endorsement));
  if (named && named != product) return OtherProduct(product, "caller", ProductName(*named));
  return {};
}

Status CheckChipIdShown(const SnpClaims& claims) {
  if (KindOf(claims) == SigningKey::kVlek || !claims.chip_id.zero()) return {};
  return Rejected(Check::kSnpChipIdMasked, "CHIP_ID is all zero: the host masks which chip this is");
}

Status CheckChipIdShape(const ChipId& chip_id, Product product) {
  const size_t size = TraitsOf(product).hwid_size;
  if (AllZero(chip_id.view().subspan(size))) return {};
  return Rejected(Check::kSnpChipId, StrCat("CHIP_ID ", chip_id.hex(), " of a ", ProductName(product),
                                            " is not zero after ", size, " bytes"));
}

Status CheckChipId(const ChipId& chip_id, Product product, const Endorsement& endorsement) {
  TRY(CheckChipIdShape(chip_id, product));
  const ByteView hwid = chip_id.view().first(TraitsOf(product).hwid_size);
  if (Equal(endorsement.hwid, hwid)) return {};
  return Rejected(Check::kSnpChipId,
                  StrCat("CHIP_ID ", HexLower(hwid), ", leaf's hwID ", HexLower(endorsement.hwid)));
}

Status CheckTcb(const SnpClaims& claims, Product product, const Endorsement& endorsement) {
  const auto difference = TcbDifference(endorsement, TcbVersion::Decode(product, claims.raw_reported_tcb));
  if (!difference) return {};
  return Rejected(Check::kSnpTcbBinding, StrCat("REPORTED_TCB: ", *difference));
}

Status CheckTcbOrder(const SnpClaims& claims, Product product) {
  const TcbVersion reported = TcbVersion::Decode(product, claims.raw_reported_tcb);
  const TcbVersion committed = TcbVersion::Decode(product, claims.raw_committed_tcb);
  const TcbVersion current = TcbVersion::Decode(product, claims.raw_current_tcb);
  for (const TcbComponent component : kTcbComponents) {
    const auto low = reported.At(component), middle = committed.At(component), high = current.At(component);
    if (low <= middle && middle <= high) continue;
    return Rejected(Check::kSnpTcbOrder,
                    StrCat(ComponentName(component), ": REPORTED_TCB ", *low, ", COMMITTED_TCB ", *middle,
                           ", CURRENT_TCB ", *high, ", which may not fall"));
  }
  return {};
}

Status CheckSignature(const Report& report, const Certificate& leaf) {
  const EcPublicKey* key = leaf.ec_key();
  if (key != nullptr && key->VerifyRaw(report.signed_bytes, report.signature)) return {};
  return Rejected(Check::kSnpSignature, StrCat("the report's signature does not hold under \"",
                                               leaf.subject_cn(), "\", SHA-256 ", leaf.sha256().hex()));
}

}  // namespace thimble::amd
