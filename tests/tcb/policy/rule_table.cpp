// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {

RuleRows AllRows() {
  return Joined({TcbRows(), PlatformRows(), SgxRows(), TdxRows(), SnpRows(), HclRows(), UvmRows(), TpmRows(),
                 VbsRows()});
}

}  // namespace thimble
