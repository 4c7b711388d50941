// SPDX-License-Identifier: Apache-2.0
//
// What a change of baseline or policy would do to the platforms that were seen: each is judged again under a
// candidate. Pure: who remembers and who asks is the service's business.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tcb/amd/claims.h"
#include "tcb/amd/floor_document.h"
#include "tcb/base/time.h"
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/policy.h"
#include "tcb/tcb_record.h"
#include "tcb/verdict.h"

namespace thimble {

// What platforms are judged by. What is pointed to must outlive it. A platform without its TCB info or identity here
// is not judged; without a floor it is judged as one that the floor does not know.
struct ReferenceSet {
  std::string name;  // of the baseline, the set or the policy: for the reader
  std::vector<const intel::TcbInfo*> tcb_infos;
  const intel::EnclaveIdentity* qe = nullptr;
  const intel::EnclaveIdentity* td_qe = nullptr;
  amd::FloorsPtr floors;
  // When the CRLs that are held were issued, of several the oldest: for max_collateral_age.
  std::map<intel::PckCa, Instant> intel_crls;
  std::map<amd::Product, Instant> amd_crls;
  Policy policy;
};

struct TcbOutcome {
  bool judged = false;              // false: a reference is missing, `reason` names it
  std::optional<TcbStatus> status;  // absent when not judged, when no level matches, or no floor is known
  // By the rules on TCB, platform and the age of collateral: what runs on it is not remembered, and what there is to
  // judge by is taken to be within its window.
  bool accept = false;
  std::vector<Shortfall> shortfalls;
  std::vector<RuleOutcome> refused_by;  // the rules that do not hold
  std::string reason;                   // why there is no status
};
TcbOutcome Judge(const TcbRecord& tcb, const ReferenceSet& references, Instant at);

// One kind of platforms, now and under the candidate.
struct ImpactRow {
  RememberedTcb platforms;
  TcbOutcome now, then;
};
struct Impact {
  std::vector<ImpactRow>
      changes;  // status or decision differ; those that would be refused first, then by count
  std::vector<ImpactRow> unjudged;  // by one of the two or both
  uint64_t unchanged = 0;           // sightings, as RememberedTcb counts them
};
Impact Compare(const std::vector<RememberedTcb>& platforms, const ReferenceSet& current,
               const ReferenceSet& candidate, Instant at);

}  // namespace thimble
