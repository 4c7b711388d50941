// SPDX-License-Identifier: Apache-2.0
//
// A TCB as PCK certificates certify it and platforms report it: CPUSVN and PCESVN. In text it is "TCBm" or
// "raw TCB": 32 hex digits and 4, the PCESVN little endian (spec/intel-pccs-api.md section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tcb/intel/ids.h"

namespace thimble::intel {

struct PckTcb {
  TcbComponents cpu_svn{};
  PceSvn pce_svn{};

  static std::optional<PckTcb> FromHex(std::string_view hex);  // 36 digits of either case
  static std::optional<PckTcb> FromHex(std::string_view cpu_svn, std::string_view pce_svn);
  std::string HexUpper() const;
  std::string CpuSvnHexUpper() const { return thimble::HexUpper(cpu_svn); }
  std::string PceSvnHexUpper() const;

  bool operator==(const PckTcb&) const = default;
};

// The partial order: every component and the PCESVN of `platform` are at least those of `required`.
inline bool Covers(const PckTcb& platform, const PckTcb& required) {
  return Covers(platform.cpu_svn, required.cpu_svn) && Covers(platform.pce_svn, required.pce_svn);
}

// Component by component, then by PCESVN, as TCB levels are ordered (DCAP 3.1). A total order that agrees with
// the partial one: what covers another comes after it.
inline bool OrderedBefore(const PckTcb& a, const PckTcb& b) {
  return a.cpu_svn != b.cpu_svn ? a.cpu_svn < b.cpu_svn : a.pce_svn < b.pce_svn;
}

}  // namespace thimble::intel
