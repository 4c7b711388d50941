// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/references.h"

namespace thimble {
namespace {

// The oldest of those that are held.
std::optional<Instant> IssuedOf(const std::vector<CollateralKey>& keys, CollateralCache& cache, Instant now) {
  std::optional<Instant> oldest;
  for (const CollateralKey& key : keys) {
    const auto held = cache.Peek(key, now);
    if (held && (!oldest || held->item->issued() < *oldest)) oldest = held->item->issued();
  }
  return oldest;
}

const CollateralItem* Take(const CollateralKey& key, const LookUp& look_up, References& out) {
  ItemPtr item = look_up(key);
  if (!item) return nullptr;
  out.items.push_back({key, std::move(item)});
  return out.items.back().item.get();
}

}  // namespace

Tee TeeOf(const TcbRecord& tcb) {
  const auto* intel = std::get_if<IntelTcbRecord>(&tcb);
  if (intel == nullptr) return Tee::kSnp;
  return intel->tee == IntelTee::kTdx ? Tee::kTdx : Tee::kSgx;
}

IntelKinds KindsOf(const std::vector<RememberedTcb>& platforms) {
  IntelKinds kinds;
  for (const RememberedTcb& remembered : platforms) {
    if (const auto* tcb = std::get_if<IntelTcbRecord>(&remembered.tcb)) kinds.emplace(tcb->tee, tcb->fmspc);
  }
  return kinds;
}

EnclaveId QuotingEnclaveOf(IntelTee tee) { return tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe; }

void GatherIntel(const IntelKinds& kinds, const std::map<IntelTee, Selector>& selectors,
                 const LookUp& look_up, References& out) {
  for (const auto& [tee, fmspc] : kinds) {
    const auto* item = Take(TcbInfoKey{tee, fmspc, selectors.at(tee)}, look_up, out);
    if (item == nullptr) continue;
    out.set.tcb_infos.push_back(item->tcb_info());
    out.used.push_back({item->name(), item->tcb_info()->evaluation_number});
  }
  for (const auto& [tee, selector] : selectors) {
    const auto* item = Take(EnclaveIdentityKey{QuotingEnclaveOf(tee), selector}, look_up, out);
    if (item == nullptr) continue;
    (tee == IntelTee::kTdx ? out.set.td_qe : out.set.qe) = item->identity();
    out.used.push_back({item->name(), item->identity()->evaluation_number});
  }
}

void GatherCrls(const std::vector<RememberedTcb>& platforms, CollateralCache& cache, Instant now,
                ReferenceSet& out) {
  for (const RememberedTcb& remembered : platforms) {
    if (const auto* tcb = std::get_if<IntelTcbRecord>(&remembered.tcb)) {
      const auto issued = IssuedOf({RootCaCrlKey{}, PckCrlKey{tcb->ca}}, cache, now);
      if (issued) out.intel_crls.emplace(tcb->ca, *issued);
    } else {
      const amd::Product product = std::get<AmdTcbRecord>(remembered.tcb).reported.product;
      const auto issued = IssuedOf({AmdCrlKey{product, amd::SigningKey::kVcek}}, cache, now);
      if (issued) out.amd_crls.emplace(product, *issued);
    }
  }
}

}  // namespace thimble
