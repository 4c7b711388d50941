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
  if (const auto held = Find(key); held.ok() && *held && !NotOlder(*item, *(*held)->item)) {
    return RollbackError(*item, *(*held)->item);
  }
  return Store::Write{EntryOf(key), StrCat(FormatRfc3339(now), "\n", bytes.issuer_chain, AsText(bytes.body))};
}

Result<std::optional<Version3TcbInfos::Held>> Version3TcbInfos::Find(const TcbInfoKey& key) {
  TRY_ASSIGN(const auto value, store_->Get(EntryOf(key)));
  if (!value) return std::optional<Held>();
  const std::string_view text = *value;
  const size_t line = std::min(text.find('\n'), text.size());
  const auto came = ParseRfc3339(text.substr(0, line));
  if (!came) {
    return Error{ErrorKind::kRejected, Check::kStoreCorrupt,
                 StrCat(EntryOf(key), ": it does not begin with a time; upload it again")};
  }
  const size_t body = std::min(text.find('{'), text.size());  // no brace in PEM
  const std::string_view json = text.substr(body);
  TRY_ASSIGN(ItemPtr item, Authenticate(key, {Bytes(json.begin(), json.end()),
                                              std::string(text.substr(line, body - line))}));
  return std::optional<Held>({std::move(item), *came});
}

}  // namespace thimble
