// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/restricted_list.h"

#include <algorithm>

#include "tcb/base/crypto.h"
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

// What was measured of what runs there; of a VBS enclave, all that is in it.
std::vector<ByteView> MeasurementsIn(const Verdict& verdict) {
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&verdict.claims)) return {sgx->mr_enclave.view()};
  if (const auto* td = std::get_if<intel::TdxClaims>(&verdict.claims)) return {td->mr_td.view()};
  if (const auto* snp = std::get_if<amd::SnpClaims>(&verdict.claims)) return {snp->measurement.view()};
  if (verdict.vbs == nullptr) return {};
  std::vector<ByteView> ids = {verdict.vbs->unique_id.view()};
  for (const vbs::Module& module : verdict.vbs->modules) ids.push_back(module.unique_id.view());
  return ids;
}

// What of the verdict is in the list, by the names of its keys: the outcome repeats no identity.
std::vector<std::string_view> Hits(const Verdict& verdict, const std::vector<ByteView>& measurements,
                                   const RestrictedList& restricted) {
  std::vector<std::string_view> hits;
  if (const auto* facts = std::get_if<intel::PlatformFacts>(&verdict.platform)) {
    if (!restricted.ppid_sha256.empty() && restricted.ppid_sha256.contains(Sha256(facts->ppid.view()))) {
      hits.push_back("ppid_sha256");
    }
    if (restricted.pck_serial.contains(facts->pck_serial)) hits.push_back("pck_serial");
  }
  if (const auto* snp = std::get_if<amd::SnpClaims>(&verdict.claims)) {
    const auto* facts = std::get_if<amd::PlatformFacts>(&verdict.platform);
    const auto chip = facts != nullptr ? amd::ChipOf(*snp, *facts) : std::optional(snp->chip_id);
    if (chip && restricted.chip_id.contains(*chip)) hits.push_back("chip_id");
  }
  const bool listed = std::ranges::any_of(measurements, [&](ByteView bytes) {
    return restricted.measurement.contains(Bytes(bytes.begin(), bytes.end()));
  });
  if (listed) hits.push_back("measurement");
  return hits;
}

}  // namespace

void AddRestrictedRule(const Verdict& verdict, const RestrictedList& restricted, RuleList& rules) {
  if (restricted.empty()) return;
  const auto measurements = MeasurementsIn(verdict);
  // Of what nothing was measured of, nobody can say that it is not in the list.
  if (measurements.empty() && !restricted.measurement.empty())
    return rules.Add("restricted", "[]", "null", false);
  const auto hits = Hits(verdict, measurements, restricted);
  rules.Add("restricted", "[]", JsonList(hits, json::Escape), hits.empty());
}

}  // namespace thimble::policy
