// SPDX-License-Identifier: Apache-2.0
#include "service/verification/handed_evidence.h"

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

template <class T>
Status Put(std::optional<T>& from, std::optional<T>& into, std::string_view name) {
  if (!from) return {};
  if (into) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(name, ": is there twice: beside the evidence, and with it in its container")};
  }
  into = std::move(from);
  return {};
}

}  // namespace

Status TakeEvidence(input::Evidence evidence, VerificationRequest& request) {
  TRY(Put(evidence.td_quote, request.td_quote, "td_quote"));
  TRY(Put(evidence.tpm_quote, request.tpm_quote, "tpm_quote"));
  TRY(Put(evidence.runtime_data, request.runtime_data, "runtime_data"));
  TRY(Put(evidence.uvm_endorsement, request.uvm_endorsement, "uvm_endorsement"));
  if (!evidence.tpm_key.empty()) {
    if (!request.tpm_key.empty()) {
      return Error{ErrorKind::kMalformed, Check::kRequest,
                   "ak_cert: is there twice: beside the evidence, and with it in its container"};
    }
    request.tpm_key = std::move(evidence.tpm_key);
  }
  request.vbs = std::move(evidence.vbs);
  request.evidence = std::move(evidence.bytes);
  for (amd::Hint& hint : evidence.endorsements) request.endorsements.hints.push_back(std::move(hint));
  return {};
}

}  // namespace thimble
