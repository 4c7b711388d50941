// SPDX-License-Identifier: Apache-2.0
#include "cache/version3_tcb_infos.h"

#include "cache/admission.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"
#include "tcb/intel/tcb_info.h"

namespace thimble {
namespace {

constexpr uint32_t kVersion = 2;  // what PCS v3 numbers its TCB infos

std::string EntryOf(const TcbInfoKey& key) {
  return StrCat("v3tcb/", key.fmspc.hex(), "/", key.selector.ToString());
}

}  // namespace

Result<ItemPtr> Version3TcbInfos::Authenticate(const TcbInfoKey& key, const CollateralBytes& bytes) const {
  TRY_ASSIGN(ItemPtr item, AuthenticateItem(key, bytes, anchors_));
  const intel::TcbInfo& info = *item->tcb_info();
  if (info.version == kVersion) return item;
  return Error{ErrorKind::kRejected, Check::kCollateralMismatch,
               StrCat("TCB info of version ", info.version, ", PCS v3 has ", kVersion)};
}

Result<Store::Write> Version3TcbInfos::Admit(const TcbInfoKey& key, const CollateralBytes& bytes,
                                             Instant now) {
  TRY_ASSIGN(const ItemPtr item, Authenticate(key, bytes));
  TRY(CheckNotFromFuture(*item, now));
  if (const auto held = Find(key); held.ok() && *held && !NotOlder(*item, **held)) {
    return RollbackError(*item, **held);
  }
  return Store::Write{EntryOf(key), StrCat(bytes.issuer_chain, AsText(bytes.body))};
}

Result<ItemPtr> Version3TcbInfos::Find(const TcbInfoKey& key) {
  TRY_ASSIGN(const auto value, store_->Get(EntryOf(key)));
  if (!value) return ItemPtr();
  const size_t body = std::min(value->find('{'), value->size());  // no brace in PEM
  return Authenticate(
      key, {Bytes(value->begin() + static_cast<std::ptrdiff_t>(body), value->end()), value->substr(0, body)});
}

}  // namespace thimble
