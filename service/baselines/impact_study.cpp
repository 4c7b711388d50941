// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/impact_study.h"

#include <map>
#include <set>
#include <utility>

#include "service/baselines/evaluation.h"

namespace thimble {
namespace {

// One side's references, and what keeps them alive.
struct References {
  ReferenceSet set;
  std::vector<ItemPtr> items;
  std::vector<UsedReference> used;
};

// Null when it cannot be fetched: a platform that lacks it is reported as not judged, by name.
const CollateralItem* Take(const CollateralKey& key, CollateralCache& cache, Instant now, References& out) {
  const auto answer = cache.Get(key, now);
  if (!answer) return nullptr;
  out.items.push_back(answer->item);
  return answer->item.get();
}

// The oldest of those that are held.
std::optional<Instant> IssuedOf(const std::vector<CollateralKey>& keys, CollateralCache& cache, Instant now) {
  std::optional<Instant> oldest;
  for (const CollateralKey& key : keys) {
    const auto held = cache.Peek(key, now);
    if (held && (!oldest || held->item->issued() < *oldest)) oldest = held->item->issued();
  }
  return oldest;
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

Status GatherIntel(const std::set<std::pair<IntelTee, intel::Fmspc>>& wanted, const EvaluationChoice& choice,
                   CollateralCache& cache, Instant now, References& out) {
  std::map<IntelTee, Selector> selectors;
  for (const auto& [tee, fmspc] : wanted) {
    if (!selectors.contains(tee)) {
      TRY_ASSIGN(selectors[tee], SelectorOf(choice, tee, cache, now));
    }
    const TcbInfoKey key{tee, fmspc, selectors[tee]};
    if (const CollateralItem* item = Take(key, cache, now, out)) {
      out.set.tcb_infos.push_back(item->tcb_info());
      out.used.push_back({item->name(), item->tcb_info()->evaluation_number});
    }
  }
  for (const auto& [tee, selector] : selectors) {
    const bool tdx = tee == IntelTee::kTdx;
    const CollateralItem* item =
        Take(EnclaveIdentityKey{tdx ? EnclaveId::kTdQe : EnclaveId::kQe, selector}, cache, now, out);
    if (item == nullptr) continue;
    (tdx ? out.set.td_qe : out.set.qe) = item->identity();
    out.used.push_back({item->name(), item->identity()->evaluation_number});
  }
  return {};
}

Result<References> Gather(const ImpactSide& side, const std::vector<RememberedTcb>& platforms,
                          CollateralCache& cache, const FloorOf& floor_of, Instant now) {
  References out;
  out.set.name = side.name;
  out.set.policy = side.policy;
  std::set<std::pair<IntelTee, intel::Fmspc>> intel;
  bool amd = false;
  for (const RememberedTcb& remembered : platforms) {
    if (const auto* tcb = std::get_if<IntelTcbRecord>(&remembered.tcb)) {
      intel.emplace(tcb->tee, tcb->fmspc);
    } else {
      amd = true;
    }
  }
  if (side.policy.max_collateral_age.crl) GatherCrls(platforms, cache, now, out.set);
  TRY(GatherIntel(intel, side.baseline.intel, cache, now, out));
  if (amd && floor_of) {
    out.set.floors = side.floors;
    if (!side.floors) {
      TRY_ASSIGN(out.set.floors, floor_of(side.baseline.amd));
    }
  }
  return out;
}

uint64_t Sightings(const Impact& impact, bool accepted_now, bool accepted_then) {
  uint64_t count = 0;
  for (const ImpactRow& row : impact.changes) {
    if (row.now.accept == accepted_now && row.then.accept == accepted_then) count += row.platforms.count;
  }
  return count;
}

}  // namespace

Tee TeeOf(const TcbRecord& tcb) {
  const auto* intel = std::get_if<IntelTcbRecord>(&tcb);
  if (intel == nullptr) return Tee::kSnp;
  return intel->tee == IntelTee::kTdx ? Tee::kTdx : Tee::kSgx;
}

uint64_t RefusedThen(const Impact& impact) { return Sightings(impact, true, false); }
uint64_t AdmittedThen(const Impact& impact) { return Sightings(impact, false, true); }

Result<ImpactReport> ImpactStudy::Run(ImpactSide current, ImpactSide candidate, Instant now) const {
  return Judge(seen_.All(), std::move(current), std::move(candidate), now);
}

Result<ImpactReport> ImpactStudy::Run(ImpactSide current, ImpactSide candidate, Instant now, Tee tee) const {
  std::vector<RememberedTcb> platforms = seen_.All();
  std::erase_if(platforms, [tee](const RememberedTcb& remembered) { return TeeOf(remembered.tcb) != tee; });
  return Judge(std::move(platforms), std::move(current), std::move(candidate), now);
}

Result<ImpactReport> ImpactStudy::Judge(std::vector<RememberedTcb> platforms, ImpactSide current,
                                        ImpactSide candidate, Instant now) const {
  TRY_ASSIGN(References now_by, Gather(current, platforms, cache_, floor_of_, now));
  TRY_ASSIGN(References then_by, Gather(candidate, platforms, cache_, floor_of_, now));
  ImpactReport report{now, std::move(current), std::move(candidate), {}, {}, {}};
  report.impact = Compare(platforms, now_by.set, then_by.set, now);
  report.used_now = std::move(now_by.used);
  report.used_then = std::move(then_by.used);
  return report;
}

}  // namespace thimble
