// SPDX-License-Identifier: Apache-2.0
//
// Request ids: 32 hex digits, for people to find a request in the log by. Unique, not secret.
#pragma once

#include <string>

namespace thimble {

std::string NewRequestId();

}  // namespace thimble
