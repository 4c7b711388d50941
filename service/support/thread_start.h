// SPDX-License-Identifier: Apache-2.0
//
// Starting a thread, which fails where a process may have no more of them.
#pragma once

#include <functional>
#include <string_view>
#include <thread>

#include "tcb/base/result.h"

namespace thimble {

// `purpose` ends the sentence "no thread could be started ...". Error: kInternal.
Result<std::thread> StartThread(std::string_view purpose, std::function<void()> work);

}  // namespace thimble
