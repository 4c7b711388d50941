// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/promotions.h"

#include "service/baselines/evaluation.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// What changes while a promotion is studied has it studied again. Items are renewed once a day and baselines by hand.
constexpr int kMostStudies = 4;

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

bool IsMissing(const Error& error) { return error.check == Check::kUpstreamNotFound; }

std::string_view TeeText(IntelTee tee) { return tee == IntelTee::kTdx ? "TDX" : "SGX"; }

Error NoSuchSet(const EvaluationChoice& choice, std::string_view what, CollateralCache& cache, Instant now) {
  const std::string offered = OfferedText(OfferedIn(cache, now));
  return Refuse(StrCat("intel: there is no evaluation data \"", choice.ToString(), "\" for ", what,
                       offered.empty() ? "" : "; there are: ", offered));
}

}  // namespace

// -- Staging ----------------------------------------------------------------------------------------------------------

Result<BaselineState> Promotions::Stage(std::string_view name, const Baseline& candidate, const Author& by,
                                        Instant now) {
  TRY(floor_of_(candidate.amd));
  const BaselinePtr current = book_.Find(name);
  if (current && current->baseline.intel != candidate.intel) TRY(CheckExists(candidate.intel, now));
  return book_.SetCandidate(name, candidate, by);
}

// Each set has one identity of each quoting enclave, whatever the platforms: with it, the set exists. It has to for
// every TEE that was seen; where none was, for one of them.
Status Promotions::CheckExists(const EvaluationChoice& choice, Instant now) const {
  const IntelKinds kinds = KindsOf(seen_.All());
  std::set<IntelTee> seen;
  for (const auto& [tee, fmspc] : kinds) seen.insert(tee);
  for (const IntelTee tee : seen) {
    const Status found = FetchIdentity(choice, tee, now);
    if (!found) return IsMissing(found.error()) ? NoSuchSet(choice, TeeText(tee), cache_, now) : found;
  }
  if (!seen.empty()) return FetchTcbInfos(choice, kinds, now);
  const Status sgx = FetchIdentity(choice, IntelTee::kSgx, now);
  if (sgx) return {};
  const Status tdx = FetchIdentity(choice, IntelTee::kTdx, now);
  if (tdx) return {};
  if (!IsMissing(sgx.error())) return sgx;
  return IsMissing(tdx.error()) ? NoSuchSet(choice, "SGX or TDX", cache_, now) : tdx;
}

Status Promotions::FetchIdentity(const EvaluationChoice& choice, IntelTee tee, Instant now) const {
  TRY_ASSIGN(const Selector selector, SelectorOf(choice, tee, cache_, now));
  TRY(cache_.Get(EnclaveIdentityKey{QuotingEnclaveOf(tee), selector}, now));
  return {};
}

// A platform that the set leaves out is no reason to refuse the set: the impact counts it as refused.
Status Promotions::FetchTcbInfos(const EvaluationChoice& choice, const IntelKinds& kinds, Instant now) const {
  std::vector<CollateralKey> keys;
  for (const auto& [tee, fmspc] : kinds) {
    TRY_ASSIGN(const Selector selector, SelectorOf(choice, tee, cache_, now));
    keys.emplace_back(TcbInfoKey{tee, fmspc, selector});
  }
  for (const auto& fetched : cache_.GetAll(keys, now)) {
    if (!fetched && !IsMissing(fetched.error())) return fetched.error();
  }
  return {};
}

// -- Promoting --------------------------------------------------------------------------------------------------------

Result<Promotions::Outcome> Promotions::Promote(std::string_view name,
                                                const std::optional<Refusals>& accepted, const Author& by,
                                                Instant now) {
  for (int study = 0; study < kMostStudies; ++study) {
    TRY_ASSIGN(auto outcome, TryToPromote(name, accepted, by, now));
    if (outcome) return *std::move(outcome);
  }
  return Error{
      ErrorKind::kUnavailable, Check::kCollateralMissing,
      StrCat("baseline \"", name, "\": it or its collateral changed each time it was studied; try again")};
}

// The study may ask upstreams, and nothing is locked meanwhile. The book then asks, at the moment of the promotion,
// whether what was studied still holds, and for the number: from what is in memory.
Result<std::optional<Promotions::Outcome>> Promotions::TryToPromote(std::string_view name,
                                                                    const std::optional<Refusals>& accepted,
                                                                    const Author& by, Instant now) {
  const auto states = book_.All();
  const auto state = states.find(name);
  if (state == states.end()) return Refuse(StrCat("baseline \"", name, "\" is not in the configuration"));
  const BaselineVersion& current = *state->second.current;
  const std::optional<Baseline>& candidate = state->second.candidate;
  if (!candidate) return Refuse(StrCat("baseline \"", name, "\" has no candidate to promote"));
  const auto policies = policies_.Get();
  const Policy& policy = *policies->at("default");
  TRY_ASSIGN(const PreparedImpact prepared,
             study_.Prepare({StrCat(current.name, "@", current.version), current.baseline, policy},
                            {"candidate", *candidate, policy}, now));

  bool changed = false;
  Outcome outcome;
  const auto guard = [&](const BaselineState& before) -> Result<Refusals> {
    changed = before.current->version != current.version || before.current->baseline != current.baseline ||
              before.candidate != candidate || policies_.Get() != policies ||
              !study_.IsCurrent(prepared, now);
    if (changed) return Refuse("it changed meanwhile");
    ImpactReport report = study_.Judge(prepared, now);
    const Refusals refused = RefusedThen(report);
    if (refused == accepted.value_or(Refusals{0})) return refused;
    outcome.declined = DeclinedPromotion{std::move(report), accepted};
    return Refuse("it refuses another number than was accepted");
  };
  auto promoted = book_.Promote(name, by, now, guard);
  if (changed) return std::optional<Outcome>();
  if (promoted.ok()) {
    outcome.promoted = std::move(promoted).value();
  } else if (!outcome.declined) {
    return std::move(promoted).error();
  }
  return std::optional(std::move(outcome));
}

std::string WhyDeclined(const DeclinedPromotion& declined) {
  const Refusals refused = RefusedThen(declined.report);
  const bool uvm = RaisesUvm(declined.report.current.baseline, declined.report.candidate.baseline);
  const std::string accepted =
      declined.accepted ? StrCat("accept_refusals is ", declined.accepted->ToString(), ", but ") : "";
  if (refused == Refusals{0})
    return StrCat(accepted, "it would refuse nothing: promote it without, or with 0");
  const std::string what = refused.sightings
                               ? StrCat("of the sightings ", *refused.sightings, " would be refused")
                           : uvm ? "it asks more of utility VMs, and who runs older ones is unknown"
                                 : "no platform was seen, and what would be refused is unknown";
  return StrCat(accepted, what, ": look at `thimble impact`; with accept_refusals (--accept-refusals) ",
                refused.ToString(), " it is promoted all the same");
}

}  // namespace thimble
