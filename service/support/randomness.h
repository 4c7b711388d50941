// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "tcb/base/bytes.h"

namespace thimble {

// From the kernel, for keys and nonces. Ends the process when there is none: nothing secret can be made then.
Bytes RandomBytes(size_t count);

}  // namespace thimble
