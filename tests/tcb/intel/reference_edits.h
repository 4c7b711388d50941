// SPDX-License-Identifier: Apache-2.0
//
// The 45 edits of corpus/intel/edits.md: how each is made, and what we answer to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/check.h"
#include "tcb/intel/verify.h"

namespace thimble::test {

// A real quote with its collateral, and what an attacker might put in its place.
struct Sample {
  std::string base;  // "SGX v3", "TDX v4", "TDX v5": as edits.md calls it
  Bytes quote;
  intel::CollateralSet set;
  Instant at{};
  intel::CollateralSet other_tee;  // of the other TEE, genuine
  Bytes other_ca_crl;              // PCK CRL of the CA that did not issue this PCK certificate, genuine
};

enum class Answer : uint8_t {
  kUnchanged,    // the verdict of the unedited quote, but for the soft findings
  kHard,         // a verdict with this hard finding
  kMalformed,    // kMalformed with this check
  kUnavailable,  // kUnavailable with this check
};

struct Edit {
  std::string_view name;   // as in edits.md, without the bases it is restricted to
  bool (*apply)(Sample&);  // false: this base has no such thing to edit
  Answer answer = Answer::kUnchanged;
  Check check =
      Check::kNone;          // of the error or hard finding; kUnchanged: of the soft finding it adds, if any
  std::string_view differs;  // why the reference says something else; empty: it says the same
};

const std::vector<Edit>& ReferenceEdits();

}  // namespace thimble::test
