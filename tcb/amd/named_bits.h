// SPDX-License-Identifier: Apache-2.0
//
// The bits of a report's POLICY and PLATFORM_INFO, by AMD's names (spec/amd-sev-snp.md c).
#pragma once

#include <array>

#include "tcb/base/named_bits.h"

namespace thimble::amd {

// Bits of the guest's POLICY. SMT, MIGRATE_MA, DEBUG and CXL_ALLOW are permissions, which a verifier forbids;
// the others restrict the host, and a verifier requires them. DEBUG and MIGRATE_MA are also the policy's
// allow_debug and allow_migration.
inline constexpr std::array<NamedBit, 9> kGuestPolicyBits = {{{"SMT", 16},
                                                              {"MIGRATE_MA", 18},
                                                              {"DEBUG", 19},
                                                              {"SINGLE_SOCKET", 20},
                                                              {"CXL_ALLOW", 21},
                                                              {"MEM_AES_256_XTS", 22},
                                                              {"RAPL_DIS", 23},
                                                              {"CIPHERTEXT_HIDING_DRAM", 24},
                                                              {"PAGE_SWAP_DISABLE", 25}}};
inline constexpr std::array<NamedBit, 8> kPlatformInfoBits = {{{"SMT_EN", 0},
                                                               {"TSME_EN", 1},
                                                               {"ECC_EN", 2},
                                                               {"RAPL_DIS", 3},
                                                               {"CIPHERTEXT_HIDING_DRAM_EN", 4},
                                                               {"ALIAS_CHECK_COMPLETE", 5},
                                                               {"IOMMU_WRITE_SAFE", 6},
                                                               {"SEV_TIO_EN", 7}}};

}  // namespace thimble::amd
