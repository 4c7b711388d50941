// SPDX-License-Identifier: Apache-2.0
//
// Names of collateral keys: each key has exactly one.
#include "tcb/collateral_key.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(input) {
  const auto key = ParseKeyName(AsText(input));
  if (!key) return;
  Holds(KeyName(*key) == AsText(input), "a name comes back");
  const auto again = ParseKeyName(KeyName(*key));
  Holds(again && *again == *key, "a key comes back");
  (void)KindOf(*key);
  (void)VendorOf(*key);
}
