// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing whole files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tcb/base/result.h"

namespace thimble {

// request.invalid when it cannot be read or is longer than `limit`: what the user named is wrong.
Result<std::string> ReadFile(const std::string& path, size_t limit);
// nullopt when there is no such file.
Result<std::optional<std::string>> ReadFileIfThere(const std::string& path, size_t limit);

// Whole or not at all. Errors: store.io.
Status WriteFile(const std::string& path, std::string_view text);

}  // namespace thimble
