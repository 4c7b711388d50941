// SPDX-License-Identifier: Apache-2.0
#include "service/support/thread_start.h"

#include <system_error>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {

Result<std::thread> StartThread(std::string_view purpose, std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& failure) {
    return Error{ErrorKind::kInternal, Check::kRequest,
                 StrCat("no thread could be started ", purpose, ": ", failure.what(),
                        "; raise the limit of threads (ulimit -u, TasksMax) or give more memory")};
  }
}

}  // namespace thimble
