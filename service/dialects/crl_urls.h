// SPDX-License-Identifier: Apache-2.0
//
// Which CRL a distribution point's URL means: a fixed table. A URL of a request is looked up here and never
// fetched.
#pragma once

#include <optional>
#include <string_view>

#include "tcb/collateral_key.h"

namespace thimble {

// `uri` as a parameter's value, percent-encoded up to once more: Azure's client encodes twice
// (spec/azure-thim.md section 3), but never its dots. Letter case does not matter.
std::optional<CollateralKey> KeyOfCrlUrl(std::string_view uri);

}  // namespace thimble
