// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/versions.h"

namespace thimble::test {

Expected ByTheNewest(const std::vector<Situation>& items) {
  bool refused = false, on_others_alone = false;
  for (const Situation& item : items) {
    const bool serves = item.held && item.held->end != Made::End::kLongEnded;
    std::optional<uint32_t> number = item.baseline;
    if (!number && serves) number = item.held->number;
    std::vector<Made> pool;
    if (serves) pool.push_back(*item.held);
    for (const Made& brought : item.brought) {
      if (!number || brought.number == *number) pool.push_back(brought);
    }
    if (pool.empty()) return Expected::kUnavailable;
    Made newest = pool.front();
    for (const Made& candidate : pool) {
      if (candidate.issue > newest.issue) newest = candidate;
    }
    refused |= newest.Refuses();
    on_others_alone |= !serves;
  }
  return refused ? Expected::kReject : on_others_alone ? Expected::kUnavailable : Expected::kAccept;
}

Expected ByTheCrlHeld(const Situation& crl) {
  const bool serves = crl.held && crl.held->end != Made::End::kLongEnded;
  bool revoked = serves && crl.held->revoking;
  for (const Made& brought : crl.brought) revoked |= brought.revoking && brought.number == 0;
  if (revoked) return Expected::kReject;
  if (!serves) return Expected::kUnavailable;
  return crl.held->Refuses() ? Expected::kReject : Expected::kAccept;
}

}  // namespace thimble::test
