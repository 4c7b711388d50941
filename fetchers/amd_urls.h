// SPDX-License-Identifier: Apache-2.0
//
// The URLs of AMD's KDS v1 (spec/amd-sev-snp.md a), both ways. A base is "https://kdsintf.amd.com".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tcb/collateral_key.h"

namespace thimble {

// A base in the form that KdsUrl expects: absolute, without "/" at its end. nullopt: not a base.
std::optional<std::string> NormalizeAmdBase(std::string_view base);

// `key` is one of AMD's. All SPLs are sent, in decimal: one that is missing would count as 0.
std::string KdsUrl(const std::string& base, const CollateralKey& key);
// The key that a path and query name. Lenient as the KDS is: order, zero padding, letter case of the hwid,
// Siena and Bergamo for Genoa, absent SPLs as 0 (but for Turin's fmcSPL, without which the answer could be
// for another TCB). nullopt for anything else.
std::optional<CollateralKey> ParseKdsUrl(std::string_view path_and_query);

}  // namespace thimble
