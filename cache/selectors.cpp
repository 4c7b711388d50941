// SPDX-License-Identifier: Apache-2.0
#include "cache/selectors.h"

namespace thimble {

const Selector* SelectorOf(const CollateralKey& key) {
  if (const auto* tcb_info = std::get_if<TcbInfoKey>(&key)) return &tcb_info->selector;
  if (const auto* identity = std::get_if<EnclaveIdentityKey>(&key)) return &identity->selector;
  return nullptr;
}

CollateralKey WithSelector(CollateralKey key, const Selector& selector) {
  if (auto* tcb_info = std::get_if<TcbInfoKey>(&key)) tcb_info->selector = selector;
  if (auto* identity = std::get_if<EnclaveIdentityKey>(&key)) identity->selector = selector;
  return key;
}

bool IsByNumber(const CollateralKey& key) {
  const Selector* selector = SelectorOf(key);
  return selector != nullptr && selector->kind == Selector::Kind::kNumber;
}

std::vector<CollateralKey> OtherKeysOf(const CollateralKey& key) {
  if (!IsByNumber(key)) return {};
  return {WithSelector(key, kStandard), WithSelector(key, kEarly)};
}

}  // namespace thimble
