// SPDX-License-Identifier: Apache-2.0
//
// The URLs of Intel's PCS v4, and of caches that speak as it does (spec/intel-pccs-api.md sections 4 and 10),
// both ways. A base is what clients configure, "https://HOST/sgx/certification/v4/"; TDX is found by
// replacing the first
// "/sgx/" of its path.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tcb/collateral_key.h"

namespace thimble {

// A base in the form that IntelUrl expects: absolute, ending with "/", and holding "/sgx/". nullopt: not a
// base.
std::optional<std::string> NormalizeIntelBase(std::string_view base);

// A PCS of Intel's, and no cache: it has the root CA CRL at another place (intel_crl_addresses.h).
bool IsIntelsOwn(const std::string& base);

// Where a cache has the CRL that Intel has at `address`.
std::string CrlUrl(const std::string& base, std::string_view address);
// `key` is one of Intel's. Standard is asked for without a selector: it is the PCS's own default. The root CA CRL is where
// caches have it.
std::string IntelUrl(const std::string& base, const CollateralKey& key);
// The key that a path and query name, under any host; also of the root CA CRL's own place. nullopt for
// anything else: unknown paths and parameters, a number beside `update`.
std::optional<CollateralKey> ParseIntelUrl(std::string_view path_and_query);

}  // namespace thimble
