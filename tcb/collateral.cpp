// SPDX-License-Identifier: Apache-2.0
#include "tcb/collateral.h"

#include "tcb/amd/collateral.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral_parts.h"
#include "tcb/intel/collateral.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr Seconds kFutureTolerance{300};

// TCB infos and identities do not say under which selector they are published: any number answers "standard"
// and "early", and only its own answers a number.
bool SelectorAnswered(const Selector& wanted, const Selector& own) {
  return wanted.kind != Selector::Kind::kNumber || wanted.number == own.number;
}

bool Answers(const CollateralKey& wanted, const CollateralKey& own) {
  if (const auto* w = std::get_if<TcbInfoKey>(&wanted)) {
    const auto* o = std::get_if<TcbInfoKey>(&own);
    return o != nullptr && w->tee == o->tee && w->fmspc == o->fmspc &&
           SelectorAnswered(w->selector, o->selector);
  }
  if (const auto* w = std::get_if<EnclaveIdentityKey>(&wanted)) {
    const auto* o = std::get_if<EnclaveIdentityKey>(&own);
    return o != nullptr && w->id == o->id && SelectorAnswered(w->selector, o->selector);
  }
  if (const auto* w = std::get_if<AmdCrlKey>(&wanted)) {
    // One ARK signs the CRLs of both kinds, and they do not say which they are.
    const auto* o = std::get_if<AmdCrlKey>(&own);
    return o != nullptr && w->product == o->product;
  }
  if (const auto* w = std::get_if<PckCertsKey>(&wanted)) {
    const auto* o = std::get_if<PckCertsKey>(&own);
    return o != nullptr && w->platform.pce_id() == o->platform.pce_id();
  }
  return wanted == own;
}

Result<ItemParts> AuthenticateParts(ItemKind kind, const CollateralBytes& bytes,
                                    const TrustAnchors& anchors) {
  CertificatePool pool(anchors);
  switch (kind) {
    case ItemKind::kRootCaCrl:
      return intel::AuthenticateRootCaCrl(bytes, anchors, pool);
    case ItemKind::kPckCrl:
      return intel::AuthenticatePckCrl(bytes, anchors, pool);
    case ItemKind::kTcbInfo:
      return intel::AuthenticateTcbInfo(bytes, anchors, pool);
    case ItemKind::kEnclaveIdentity:
      return intel::AuthenticateEnclaveIdentity(bytes, anchors, pool);
    case ItemKind::kEvaluationNumbers:
      return intel::AuthenticateEvaluationNumbers(bytes, anchors, pool);
    case ItemKind::kPckCerts:
      return intel::AuthenticatePckCerts(bytes, anchors, pool);
    case ItemKind::kAmdChain:
      return amd::AuthenticateChain(bytes, anchors);
    case ItemKind::kAmdCrl:
      return amd::AuthenticateCrl(bytes, anchors);
    case ItemKind::kVcek:
      return amd::AuthenticateVcek(bytes, anchors);
  }
  return Error{ErrorKind::kInternal, Check::kCollateralMalformed, "unknown kind of collateral"};
}

}  // namespace

ItemPtr MakeItem(ItemParts parts) {
  std::shared_ptr<CollateralItem> item(new CollateralItem());
  item->name_ = KeyName(parts.key);
  item->key_ = std::move(parts.key);
  item->sha256_ = Sha256(parts.body);
  item->body_ = std::move(parts.body);
  for (const auto& certificate : parts.signers) {
    item->chain_window_ = Intersect(item->chain_window_, certificate->validity());
  }
  item->signers_ = std::move(parts.signers);
  item->window_ = parts.window;
  item->order_number_ = parts.order_number;
  item->anchor_name_ = parts.anchor->name;
  item->anchor_spki_ = parts.anchor->spki_sha256;
  item->crl_ = std::move(parts.crl);
  item->tcb_info_ = std::move(parts.tcb_info);
  item->identity_ = std::move(parts.identity);
  item->numbers_ = std::move(parts.numbers);
  item->pck_set_ = std::move(parts.pck_set);
  item->vcek_ = std::move(parts.vcek);
  return item;
}

uint64_t SaturatedNumber(ByteView magnitude) {
  if (magnitude.size() > 8) return UINT64_MAX;
  uint64_t value = 0;
  for (const uint8_t byte : magnitude) value = value << 8 | byte;
  return value;
}

std::string CollateralItem::issuer_chain() const {
  std::string pem;
  for (const auto& certificate : signers_) pem += EncodePem(certificate->der(), "CERTIFICATE");
  return pem;
}

ItemPtr CollateralItem::WithSource(std::string source) const {
  std::shared_ptr<CollateralItem> copy(new CollateralItem(*this));
  copy->source_ = std::move(source);
  return copy;
}

Result<ItemPtr> AuthenticateAny(ItemKind kind, const CollateralBytes& bytes, const TrustAnchors& anchors) {
  if (kind == ItemKind::kPckCerts) {
    return Error{ErrorKind::kRejected, Check::kCollateralMismatch,
                 "PCK certificates do not say under which QE id their platform is known"};
  }
  TRY_ASSIGN(auto parts, AuthenticateParts(kind, bytes, anchors));
  return MakeItem(std::move(parts));
}

Result<ItemPtr> AuthenticateItem(const CollateralKey& key, const CollateralBytes& bytes,
                                 const TrustAnchors& anchors) {
  TRY_ASSIGN(auto parts, AuthenticateParts(KindOf(key), bytes, anchors));
  if (!Answers(key, parts.key)) {
    return Error{ErrorKind::kRejected, Check::kCollateralMismatch,
                 StrCat("asked for ", KeyName(key), ", got ", KeyName(parts.key))};
  }
  parts.key = key;
  return MakeItem(std::move(parts));
}

Status CheckNotFromFuture(const CollateralItem& item, Instant now) {
  if (item.issued() <= now + kFutureTolerance) return {};
  return Error{
      ErrorKind::kRejected, Check::kCollateralFromFuture,
      StrCat(item.name(), ": issued ", FormatRfc3339(item.issued()), ", now is ", FormatRfc3339(now))};
}

bool NotOlder(const CollateralItem& a, const CollateralItem& b) {
  return std::pair(a.order_number(), a.issued()) >= std::pair(b.order_number(), b.issued());
}

}  // namespace thimble
