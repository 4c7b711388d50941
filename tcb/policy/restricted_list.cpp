// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/restricted_list.h"

#include "tcb/base/crypto.h"
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

// What of the verdict is in the list, by the names of its keys: the outcome repeats no identity.
std::vector<std::string_view> Hits(const Verdict& verdict, const RestrictedList& restricted) {
  std::vector<std::string_view> hits;
  if (const auto* facts = std::get_if<intel::PlatformFacts>(&verdict.platform)) {
    if (!restricted.ppid_sha256.empty() && restricted.ppid_sha256.contains(Sha256(facts->ppid.view()))) {
      hits.push_back("ppid_sha256");
    }
    if (restricted.pck_serial.contains(facts->pck_serial)) hits.push_back("pck_serial");
  }
  const auto measurement = [&](ByteView bytes) {
    if (restricted.measurement.contains(Bytes(bytes.begin(), bytes.end()))) hits.push_back("measurement");
  };
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&verdict.claims)) measurement(sgx->mr_enclave.view());
  if (const auto* td = std::get_if<intel::TdxClaims>(&verdict.claims)) measurement(td->mr_td.view());
  if (const auto* snp = std::get_if<amd::SnpClaims>(&verdict.claims)) {
    const auto* facts = std::get_if<amd::PlatformFacts>(&verdict.platform);
    const auto chip = facts != nullptr ? amd::ChipOf(*snp, *facts) : std::optional(snp->chip_id);
    if (chip && restricted.chip_id.contains(*chip)) hits.push_back("chip_id");
    measurement(snp->measurement.view());
  }
  return hits;
}

}  // namespace

void AddRestrictedRule(const Verdict& verdict, const RestrictedList& restricted, RuleList& rules) {
  if (restricted.empty()) return;
  const auto hits = Hits(verdict, restricted);
  rules.Add("restricted", "[]", JsonList(hits, json::Escape), hits.empty());
}

}  // namespace thimble::policy
