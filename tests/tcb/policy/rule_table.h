// SPDX-License-Identifier: Apache-2.0
//
// Every rule with evidence that it accepts, and the same evidence with one thing changed, which it refuses.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/tcb/policy/good_evidence.h"

namespace thimble {

struct RuleRow {
  std::string rule;
  std::string side;  // what is changed, where a rule has several rows
  Verdict good;
  std::function<void(Policy&)> ask;  // sets the rule
  std::function<void(Verdict&)> bend;
  std::string wanted, found, found_bent;  // JSON; "" is not compared
};
inline void PrintTo(const RuleRow& row, std::ostream* out) { *out << row.rule << " " << row.side; }

std::vector<RuleRow> TcbRows();
std::vector<RuleRow> PlatformRows();
std::vector<RuleRow> SgxRows();
std::vector<RuleRow> TdxRows();
std::vector<RuleRow> SnpRows();
std::vector<RuleRow> HclRows();
std::vector<RuleRow> UvmRows();
std::vector<RuleRow> TpmRows();
std::vector<RuleRow> VbsRows();
std::vector<RuleRow> AllRows();

}  // namespace thimble
