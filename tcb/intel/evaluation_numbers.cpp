// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/evaluation_numbers.h"

#include <algorithm>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/json_fields.h"

namespace thimble::intel {

Result<EvaluationNumbers> DecodeEvaluationNumbers(ByteView signed_bytes) {
  TRY_ASSIGN(const auto document, json::Document::Parse(AsText(signed_bytes), "TCB evaluation data numbers",
                                                        ErrorKind::kMalformed, Check::kCollateralMalformed));
  const json::Value root = document->root();
  EvaluationNumbers out;
  TRY_ASSIGN(const json::Value id, root.Get("id"));
  TRY_ASSIGN(const std::string_view tee, id.String());
  if (tee != "SGX" && tee != "TDX")
    return MalformedField("id", StrCat("\"", tee, "\" is neither SGX nor TDX"));
  out.tee = tee == "SGX" ? IntelTee::kSgx : IntelTee::kTdx;
  TRY_ASSIGN(const uint64_t version, NumberField(root, "version", 0xffffffff));
  if (version != 1) return MalformedField("version", StrCat(version, " is not 1"));
  TRY_ASSIGN(out.issue_date, TimeField(root, "issueDate"));
  TRY_ASSIGN(out.next_update, TimeField(root, "nextUpdate"));
  TRY_ASSIGN(const json::Value list, root.Get("tcbEvalNumbers"));
  TRY_ASSIGN(const auto elements, list.Array());
  if (elements.empty()) return MalformedField("tcbEvalNumbers", "empty");
  for (const json::Value& element : elements) {
    EvaluationNumber entry;
    TRY_ASSIGN(const uint64_t number, NumberField(element, "tcbEvaluationDataNumber", 0xffffffff));
    entry.number = static_cast<uint32_t>(number);
    TRY_ASSIGN(entry.recovery_event_date, TimeField(element, "tcbRecoveryEventDate"));
    TRY_ASSIGN(entry.tcb_date, TimeField(element, "tcbDate"));
    const bool repeated =
        std::any_of(out.numbers.begin(), out.numbers.end(),
                    [&](const EvaluationNumber& other) { return other.number == entry.number; });
    if (repeated) return MalformedField("tcbEvalNumbers", StrCat(entry.number, " occurs twice"));
    out.numbers.push_back(entry);
  }
  return out;
}

}  // namespace thimble::intel
