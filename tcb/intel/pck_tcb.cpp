// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/pck_tcb.h"

namespace thimble::intel {
namespace {

constexpr size_t kCpuSvnDigits = 32, kDigits = 36;

}  // namespace

std::optional<PckTcb> PckTcb::FromHex(std::string_view hex) {
  if (hex.size() != kDigits) return std::nullopt;
  return FromHex(hex.substr(0, kCpuSvnDigits), hex.substr(kCpuSvnDigits));
}

std::optional<PckTcb> PckTcb::FromHex(std::string_view cpu_svn, std::string_view pce_svn) {
  PckTcb tcb;
  std::array<uint8_t, 2> little_endian{};
  if (!FromHexInto(cpu_svn, tcb.cpu_svn) || !FromHexInto(pce_svn, little_endian)) return std::nullopt;
  tcb.pce_svn = static_cast<PceSvn>(little_endian[0] | little_endian[1] << 8);
  return tcb;
}

std::string PckTcb::PceSvnHexUpper() const {
  const auto value = static_cast<uint16_t>(pce_svn);
  const std::array<uint8_t, 2> little_endian = {static_cast<uint8_t>(value),
                                                static_cast<uint8_t>(value >> 8)};
  return thimble::HexUpper(little_endian);
}

std::string PckTcb::HexUpper() const { return CpuSvnHexUpper() + PceSvnHexUpper(); }

}  // namespace thimble::intel
