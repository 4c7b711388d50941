// SPDX-License-Identifier: Apache-2.0
//
// What the words of a result mean, for people: checks, TCB statuses, rules of policies. The one source of
// `thimble explain` and of docs/CHECKS.md. Of checks, meaning and section are those of the index, tcb/check.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thimble {

struct Explanation {
  enum class Kind : uint8_t { kCheck, kStatus, kRule, kComponent } kind = Kind::kCheck;
  std::string name;     // "quote.signature", "OutOfDate", "policy.accepted_statuses", "sgx.00"
  std::string meaning;  // one sentence, without its full stop
  std::string section;  // of the specification: "DCAP 5.10"; empty: none
  std::string to_do;    // what to do when it fails
};

// All of them: the checks in the order of the index, then the statuses, the rules, and the components of shortfalls.
const std::vector<Explanation>& Explanations();
// By name; of rules without "policy.", too. Null when there is none.
const Explanation* FindExplanation(std::string_view name);
// Those whose names are nearest, for who has mistyped one.
std::vector<std::string> NamesLike(std::string_view name);

// docs/CHECKS.md.
std::string ExplanationsPage();

}  // namespace thimble
