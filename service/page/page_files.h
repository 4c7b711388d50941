// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace thimble::page {

// page.css, page.js and page.svg beside this file, built in.
extern const std::string_view kStyle, kScript, kIcon;

}  // namespace thimble::page
