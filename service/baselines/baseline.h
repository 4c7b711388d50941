// SPDX-License-Identifier: Apache-2.0
//
// A baseline says which reference values evidence is measured by: Intel's evaluation data, AMD's floor file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/collateral_key.h"
#include "tcb/uvm/container.h"

namespace thimble {

// Which of Intel's evaluation data is in force: a set by name or number, or, with a delay, the newest one that
// appeared at least so long ago, by the dates in Intel's list of evaluation data numbers.
struct EvaluationChoice {
  Selector selector;
  std::optional<Seconds> delay;  // in place of the selector

  // "standard", "early", "17", "delayed: 30d"; nullopt for all else.
  static std::optional<EvaluationChoice> Parse(std::string_view text);
  std::string ToString() const;
  bool operator==(const EvaluationChoice&) const = default;
};

inline constexpr std::string_view kEvaluationForms =
    "\"standard\", \"early\", an evaluation number in quotes, \"17\", or \"delayed: 30d\"";

// [baseline.NAME], and the body of PUT /v1/baselines/{name}/candidate: keys as the fields.
struct Baseline {
  EvaluationChoice intel;
  // amd: "builtin", "signed", "" for none, or a floor file: its path; in a request its name in floors.directory.
  std::string amd = "builtin";
  // The least SVN of a utility VM image, by feed; of one that is not named, none. uvm.ContainerPlat-AMD-UVM = 104
  uvm::SvnMinimums uvm;
  bool operator==(const Baseline&) const = default;
};

// The members "intel", "amd" and "uvm", into an open object and from one. What is absent when reading stays as it is.
void WriteBaseline(json::Writer& json, const Baseline& baseline);
Status ReadBaselineMembers(const json::Value& object, Baseline& out);
// For people, behind the others: ", uvm ContainerPlat-AMD-UVM >= 104", or nothing.
Result<std::string> UvmText(const json::Value& object);

// How many sightings a change of baseline refuses.
struct Refusals {
  std::optional<uint64_t> sightings;  // absent: unknown, no platform was seen
  bool operator==(const Refusals&) const = default;
  std::string ToString() const;  // "7", "unknown"
};
// A number, or "unknown".
void WriteRefusals(json::Writer& json, const Refusals& refusals);
Result<Refusals> ReadRefusals(const json::Value& value);

// One version of a named baseline. A version's number never means anything else.
struct BaselineVersion {
  std::string name;
  uint32_t version = 1;
  Baseline baseline;
  Instant since{};  // when it was put in force
};
using BaselinePtr = std::shared_ptr<const BaselineVersion>;

}  // namespace thimble
