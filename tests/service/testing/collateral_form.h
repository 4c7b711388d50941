// SPDX-License-Identifier: Apache-2.0
//
// A collateral set in the JSON form in common use, made from Intel's own form by cutting its text.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tcb/intel/verify.h"

namespace thimble::test {

nlohmann::json CollateralFormOf(const intel::CollateralSet& set);
// Of a directory in the form of `--collateral DIR`.
nlohmann::json CollateralFormOf(const std::filesystem::path& directory);

}  // namespace thimble::test
