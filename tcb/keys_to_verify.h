// SPDX-License-Identifier: Apache-2.0
//
// Which items complete a piece of evidence for its verification.
#pragma once

#include <optional>
#include <vector>

#include "tcb/collateral_key.h"

namespace thimble {

// Of quotes of this TEE: root CA CRL, PCK CRL, TCB info, identity of the quoting enclave, in this order. Where the CA is
// not known, the CRLs of both; where the FMSPC is not, no TCB info.
std::vector<CollateralKey> KeysToVerify(IntelTee tee, const std::optional<intel::Fmspc>& fmspc,
                                        const std::optional<intel::PckCa>& ca, const Selector& selector);

// Adds those that are not there yet.
void AddKeys(const std::vector<CollateralKey>& more, std::vector<CollateralKey>& keys);

}  // namespace thimble
