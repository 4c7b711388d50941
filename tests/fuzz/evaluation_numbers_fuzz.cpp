// SPDX-License-Identifier: Apache-2.0
//
// The decoder of evaluation data number lists.
#include <set>

#include "tcb/intel/evaluation_numbers.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(input) {
  const auto list = intel::DecodeEvaluationNumbers(input);
  if (!list.ok()) {
    Holds(list.error().kind == ErrorKind::kMalformed, "a list that does not decode is malformed");
    return;
  }
  std::set<uint32_t> unique;
  for (const auto& entry : list->numbers) unique.insert(entry.number);
  Holds(!unique.empty() && unique.size() == list->numbers.size(), "numbers are there, each once");
}
