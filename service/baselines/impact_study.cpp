// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/impact_study.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "service/baselines/evaluation.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

uint64_t Sightings(const Impact& impact, bool accepted_now, bool accepted_then) {
  uint64_t count = 0;
  for (const ImpactRow& row : impact.changes) {
    if (row.now.accept == accepted_now && row.then.accept == accepted_then) count += row.platforms.count;
  }
  return count;
}

bool AnyOfAmd(const std::vector<RememberedTcb>& platforms) {
  return std::ranges::any_of(platforms, [](const RememberedTcb& remembered) {
    return std::holds_alternative<AmdTcbRecord>(remembered.tcb);
  });
}

bool SameFloors(const amd::FloorsPtr& a, const amd::FloorsPtr& b) {
  return !a == !b && (!a || a->sha256 == b->sha256);
}

}  // namespace

Refusals RefusedThen(const Impact& impact) {
  if (impact.changes.empty() && impact.unjudged.empty() && impact.unchanged == 0) return {};
  uint64_t refused = Sightings(impact, true, false);
  for (const ImpactRow& row : impact.unjudged) refused += row.platforms.count;
  return {refused};
}

bool RaisesUvm(const Baseline& current, const Baseline& candidate) {
  return std::ranges::any_of(candidate.uvm, [&current](const auto& minimum) {
    const auto before = current.uvm.find(minimum.first);
    return minimum.second > (before == current.uvm.end() ? 0 : before->second);
  });
}

Refusals RefusedThen(const ImpactReport& report) {
  return RaisesUvm(report.current.baseline, report.candidate.baseline) ? Refusals{}
                                                                       : RefusedThen(report.impact);
}

uint64_t AdmittedThen(const Impact& impact) { return Sightings(impact, false, true); }

Result<ImpactReport> ImpactStudy::Run(ImpactSide current, ImpactSide candidate, Instant now) const {
  TRY_ASSIGN(const PreparedImpact prepared, Prepare(std::move(current), std::move(candidate), now));
  return Judge(prepared, now);
}

Result<ImpactReport> ImpactStudy::Run(ImpactSide current, ImpactSide candidate, Instant now, Tee tee) const {
  std::vector<RememberedTcb> platforms = seen_.All();
  std::erase_if(platforms, [tee](const RememberedTcb& remembered) { return TeeOf(remembered.tcb) != tee; });
  TRY_ASSIGN(const PreparedImpact prepared,
             PrepareFor(platforms, std::move(current), std::move(candidate), now));
  return prepared.Judge(platforms, now);
}

Status ImpactStudy::CheckOffered(const EvaluationChoice& choice, Instant now) const {
  if (choice.delay || choice.selector.kind != Selector::Kind::kNumber) return {};
  std::set<IntelTee> tees;
  for (const auto& [tee, fmspc] : KindsOf(seen_.All())) tees.insert(tee);
  for (const IntelTee tee : tees) (void)cache_.Get(EvaluationNumbersKey{tee}, now);  // it is looked for below
  const OfferedNumbers offered = OfferedIn(cache_, now);
  const bool any = std::ranges::any_of(offered, [&choice](const auto& of_tee) {
    return std::ranges::find(of_tee.second, choice.selector.number, &OfferedNumber::number) !=
           of_tee.second.end();
  });
  if (any || offered.empty()) return {};
  return Error{ErrorKind::kMalformed, Check::kRequest,
               StrCat("intel: there is no evaluation data \"", choice.ToString(),
                      "\"; there are: ", OfferedText(offered))};
}

Result<PreparedImpact> ImpactStudy::Prepare(ImpactSide current, ImpactSide candidate, Instant now) const {
  return PrepareFor(seen_.All(), std::move(current), std::move(candidate), now);
}

Result<PreparedImpact> ImpactStudy::PrepareFor(const std::vector<RememberedTcb>& platforms,
                                               ImpactSide current, ImpactSide candidate, Instant now) const {
  PreparedImpact prepared;
  TRY_ASSIGN(prepared.now_by_, Gather(current, platforms, now));
  TRY_ASSIGN(prepared.then_by_, Gather(candidate, platforms, now));
  prepared.current_ = std::move(current);
  prepared.candidate_ = std::move(candidate);
  return prepared;
}

Result<References> ImpactStudy::Gather(const ImpactSide& side, const std::vector<RememberedTcb>& platforms,
                                       Instant now) const {
  References out;
  out.set.name = side.name;
  out.set.policy = side.policy;
  if (side.policy.max_collateral_age.crl) GatherCrls(platforms, cache_, now, out.set);
  const IntelKinds kinds = KindsOf(platforms);
  std::map<IntelTee, Selector> selectors;
  for (const auto& [tee, fmspc] : kinds) {
    if (selectors.contains(tee)) continue;
    TRY_ASSIGN(selectors[tee], SelectorOf(side.baseline.intel, tee, cache_, now));
  }
  const auto look_up = [this, now](const CollateralKey& key) -> ItemPtr {
    const auto answer = cache_.Get(key, now);
    return answer ? answer->item : nullptr;
  };
  GatherIntel(kinds, selectors, look_up, out);
  if (!floor_of_ || !AnyOfAmd(platforms)) return out;
  out.floors_read = true;
  out.set.floors = side.floors;
  if (!side.floors) {
    TRY_ASSIGN(out.set.floors, floor_of_(side.baseline.amd));
  }
  return out;
}

bool ImpactStudy::IsCurrent(const ImpactSide& side, const References& references, Instant now) const {
  for (const auto& [key, item] : references.items) {
    const auto held = cache_.Peek(key, now);
    if (!held || held->item->sha256() != item->sha256()) return false;
  }
  // One of AMD's that was first seen since would be judged by no floor on either side. One of Intel's is not judged then,
  // which counts as refused.
  if (floor_of_ && !references.floors_read) return !AnyOfAmd(seen_.All());
  if (side.floors || !references.set.floors) return true;
  const auto floors = floor_of_(side.baseline.amd);
  return floors.ok() && SameFloors(*floors, references.set.floors);
}

bool ImpactStudy::IsCurrent(const PreparedImpact& prepared, Instant now) const {
  return IsCurrent(prepared.current_, prepared.now_by_, now) &&
         IsCurrent(prepared.candidate_, prepared.then_by_, now);
}

ImpactReport ImpactStudy::Judge(const PreparedImpact& prepared, Instant now) const {
  return prepared.Judge(seen_.All(), now);
}

ImpactReport PreparedImpact::Judge(const std::vector<RememberedTcb>& platforms, Instant now) const {
  return {now,          current_,      candidate_,
          now_by_.used, then_by_.used, Compare(platforms, now_by_.set, then_by_.set, now)};
}

}  // namespace thimble
