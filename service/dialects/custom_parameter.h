// SPDX-License-Identifier: Apache-2.0
//
// `customParameter` of Azure's clients: base64 of "tcbEvaluationDataNumber=17;region=westus" (spec/azure-thim.md
// section 3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thimble {

struct CustomParameter {
  std::optional<uint32_t> evaluation_number;
  std::string region;  // chooses nothing: there is one Thimble
};

// nullopt: not base64, another name, a name twice, or a number that is none.
std::optional<CustomParameter> ParseCustomParameter(std::string_view text);

// Decimal digits alone.
std::optional<uint32_t> ParseEvaluationNumber(std::string_view text);

}  // namespace thimble
