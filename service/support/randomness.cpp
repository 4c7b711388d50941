// SPDX-License-Identifier: Apache-2.0
#include "service/support/randomness.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

#include "service/support/log.h"

namespace thimble {

Bytes RandomBytes(size_t count) {
  Bytes out(count);
  size_t have = 0;
  while (have < count) {
    const ssize_t got = ::getrandom(out.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      LogError("the kernel gives no randomness");
      std::abort();
    }
    have += static_cast<size_t>(got);
  }
  return out;
}

}  // namespace thimble
