// SPDX-License-Identifier: Apache-2.0
//
// What has been verified already and will be seen again: a fleet has few platforms and fewer quoting
// enclaves.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <variant>

#include "tcb/base/generation_map.h"
#include "tcb/intel/pck_chain.h"

namespace thimble::intel {

// PCK chains and QE reports whose signatures hold. Bounded; owned by the caller of the verifier. Thread-safe.
// A hit saves parsing and signature checks only: anchors, windows and revocation are judged again each time.
class Memo {
 public:
  explicit Memo(size_t capacity = 4096);  // entries of each kind; a chain takes about 8 KiB

  // Keyed by the bytes the chain was read from.
  std::shared_ptr<const PckChain> FindChain(std::string_view certification_data);
  void AddChain(std::string_view certification_data, std::shared_ptr<const PckChain> chain);

  // SHA-256 of the PCK leaf, QE report, signature.
  using QeReportKey = std::array<uint8_t, 32 + 384 + 64>;
  bool KnowsQeReport(const QeReportKey& key);
  void AddQeReport(const QeReportKey& key);

 private:
  GenerationMap<std::shared_ptr<const PckChain>> chains_;
  GenerationMap<std::monostate> qe_reports_;
};

}  // namespace thimble::intel
