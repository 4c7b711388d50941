// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/policy/rule_rows.h"

#include "tcb/check.h"

namespace thimble {

RuleRows Joined(std::initializer_list<RuleRows> parts) {
  RuleRows rows;
  for (const RuleRows& part : parts) rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

std::string Hex(size_t bytes, const char* byte) {
  std::string out = "\"";
  for (size_t i = 0; i < bytes; ++i) out += byte;
  return out + '"';
}

std::string List(const std::string& entry) { return "[" + entry + "]"; }

void AddFinding(Verdict& verdict, Check check) {
  verdict.checks.Set(check, CheckResult::kFailed);
  verdict.findings.push_back({check, Severity::kSoft, "bent"});
}

}  // namespace thimble
