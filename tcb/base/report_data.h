// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tcb/base/bytes.h"

namespace thimble {

// What whoever asks for evidence puts into it: of the same length with Intel and AMD.
using ReportData = FixedBytes<struct ReportDataTag, 64>;

}  // namespace thimble
