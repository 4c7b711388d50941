// SPDX-License-Identifier: Apache-2.0
//
// Platforms to register.
#pragma once

#include "cache/platform.h"
#include "tcb/base/text.h"

namespace thimble::test {

inline intel::PlatformId Id(std::string_view qe_id = "0A0B") {
  return *intel::PlatformId::From(qe_id, *intel::PceId::FromHex("0000"));
}
inline intel::PckTcb Tcb(uint8_t first) {
  intel::PckTcb tcb;
  tcb.cpu_svn[0] = first;
  tcb.pce_svn = intel::PceSvn{0x0b0a};
  return tcb;
}
inline intel::EncryptedPpid Ppid(uint8_t byte = 0x11) {
  return *intel::EncryptedPpid::From(Bytes(384, byte));
}
inline intel::PlatformManifest Manifest(uint8_t byte = 0x22) {
  return *intel::PlatformManifest::From(Bytes(9000, byte));
}
inline Registration ByPpid(const intel::PlatformId& id = Id(), uint8_t tcb = 5) {
  return {id, Tcb(tcb), Ppid(), {}};
}
inline Registration ByManifest(const intel::PlatformId& id = Id()) { return {id, {}, {}, Manifest()}; }

}  // namespace thimble::test
