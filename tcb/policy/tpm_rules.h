// SPDX-License-Identifier: Apache-2.0
//
// What a policy asks of a TPM's quote that comes without a hardware report: [policy.NAME.tpm] (spec/vbs-and-tpm.md
// section 3.3). Each key is a field here, and the rule "tpm.<key>" in the outcome.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "tcb/base/bytes.h"

namespace thimble {

struct TpmRules {
  // By bank: these PCRs have to be quoted, and given with the quote: required_pcrs.sha256 = [0, 7].
  std::map<uint16_t, std::set<uint16_t>> required_pcrs;
  // Of each PCR any of these values, by bank and number: pcr.sha256.7 = ["..."].
  std::map<uint16_t, std::map<uint8_t, std::vector<Bytes>>> pcr;
  // A key that no certificate answers for will do. The quote is then by somebody's TPM, or by a program.
  bool allow_uncertified_ak = false;
};

}  // namespace thimble
