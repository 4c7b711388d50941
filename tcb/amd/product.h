// SPDX-License-Identifier: Apache-2.0
//
// Product lines as data (spec/amd-sev-snp.md a, b, c): what differs between them is a row here, not a branch
// elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tcb/amd/claims.h"
#include "tcb/base/result.h"

namespace thimble::amd {

// Where each component stands in the 8 bytes of TCB_VERSION; absent: it has none.
struct TcbLayout {
  std::optional<size_t> fmc, bootloader, tee, snp, microcode;

  std::optional<size_t> PlaceOf(TcbComponent component) const;
  bool Has(TcbComponent component) const { return PlaceOf(component).has_value(); }
};

struct ProductTraits {
  Product product;
  std::string_view name;  // in KDS paths and productName, and after "ARK-", "SEV-" and "SEV-VLEK-"
  std::span<const std::string_view> aliases;  // sold under these names, with this root
  std::optional<uint64_t> struct_version;     // of its VCEK and VLEK; absent: not known
  size_t hwid_size;                           // leading bytes of CHIP_ID that are not always zero
  TcbLayout layout;
};

const ProductTraits& TraitsOf(Product product);
std::span<const ProductTraits> AllProducts();

// The product line of a CPU (reports of version 3 and later). Rejected (snp.product) when the CPU is of no
// supported one, naming it where it is known.
Result<Product> ProductFromCpuId(const CpuId& cpuid);

}  // namespace thimble::amd
