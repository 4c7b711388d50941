// SPDX-License-Identifier: Apache-2.0
//
// The answer of POST /v1/verify for people: what was decided, why, and what would change it.
#pragma once

#include <string_view>

#include "service/page/html.h"

namespace thimble::page {

// `answer` is a result, or a problem object.
html::Html ExplainedVerdict(std::string_view answer);

}  // namespace thimble::page
