// SPDX-License-Identifier: Apache-2.0
//
// Why a result is a reject: each cause once, as a sentence, with what mends it.
#pragma once

#include <string>
#include <vector>

#include "tcb/base/json.h"

namespace thimble {

struct Cause {
  std::string name;      // the check or the rule: what `thimble explain` takes
  std::string sentence;  // without its full stop
  std::string to_fix;
};

struct Causes {
  std::vector<Cause> list;
  size_t consequences = 0;  // rules that do not hold because of these
};
// Nothing of an accept.
Causes CausesOf(const json::Value& result);

// "sgx.00 is 8, needs 10 (BIOS)", each component that is short of the best TCB level.
std::vector<std::string> ShortfallTexts(const json::Value& result);

}  // namespace thimble
