// SPDX-License-Identifier: Apache-2.0
//
// Evidence as people have it: its bytes; these in one layer of text (text_form.h); or in one container, whose members
// have the encodings that are its own: the JSON of getquote tools (dstack, near, IMDS), of trustee's attesters, of requests
// to MAA; and an SNP report behind the driver's header. Bounded by the input's size.
//
// Of two readings that both are evidence neither is chosen: that is refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/amd/hints.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/input/contents.h"
#include "tcb/tpm/key.h"
#include "tcb/tpm/quote.h"
#include "tcb/vbs/verify.h"

namespace thimble::input {

struct Evidence {
  Bytes bytes;  // what is judged, and digested
  EvidenceKind kind{};
  // How it was written down: "base64 of a TDX quote". Our own words alone, in ASCII. Empty: as it is.
  std::string decoded;
  // What a container holds beside it:
  std::vector<amd::Hint> endorsements;
  std::optional<Bytes> td_quote, runtime_data, uvm_endorsement;
  std::optional<tpm::Quote> tpm_quote;  // of kTpmQuote, the evidence itself
  tpm::KeyEvidence tpm_key;
  vbs::Supplement vbs;

  bool alone() const {
    return endorsements.empty() && !td_quote && !runtime_data && !uvm_endorsement && !tpm_quote &&
           tpm_key.empty() && vbs.empty();
  }
};

// kMalformed  evidence.format: none, and says what it is and what to do; hcl.format, request.invalid: what is beside it
Result<Evidence> DecodeEvidence(ByteView input);
// A member of a request: text in any of these forms, a list of bytes, or a container.
Result<Evidence> DecodeEvidence(const json::Value& value);

}  // namespace thimble::input
