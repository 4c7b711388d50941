// SPDX-License-Identifier: Apache-2.0
//
// The list of TCB evaluation data numbers (spec/intel-pccs-api.md section 10).
#pragma once

#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/collateral_key.h"

namespace thimble::intel {

struct EvaluationNumber {
  uint32_t number = 0;
  Instant recovery_event_date{}, tcb_date{};
};
struct EvaluationNumbers {
  IntelTee tee = IntelTee::kSgx;
  Instant issue_date{}, next_update{};
  std::vector<EvaluationNumber> numbers;  // as listed, no duplicates, not empty
};

// `signed_bytes` is the value of "tcbEvaluationDataNumbers". Malformed (collateral.malformed) otherwise.
Result<EvaluationNumbers> DecodeEvaluationNumbers(ByteView signed_bytes);

}  // namespace thimble::intel
