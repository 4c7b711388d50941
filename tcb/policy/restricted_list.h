// SPDX-License-Identifier: Apache-2.0
//
// The restricted list: platforms and measurements that are refused whatever else holds, [policy.NAME.restricted].
#pragma once

#include <set>

#include "tcb/amd/claims.h"
#include "tcb/base/bytes.h"

namespace thimble {

struct RestrictedList {
  // SHA-256 of the 16 bytes of the PPID: the list itself names no platform. 64 hex digits each.
  std::set<Digest256> ppid_sha256;
  // Serial numbers of PCK certificates: up to 40 hex digits, kept without leading zero bytes.
  std::set<Bytes> pck_serial;
  std::set<amd::ChipId> chip_id;  // 128 hex digits, or 16 (Turin)
  // MRENCLAVE or a VBS image's UniqueId, also of a module (64 hex digits), MRTD or SNP launch measurement (96). Evidence
  // without a measurement, a TPM's quote, does not pass where one is listed.
  std::set<Bytes> measurement;

  bool empty() const {
    return ppid_sha256.empty() && pck_serial.empty() && chip_id.empty() && measurement.empty();
  }
};

}  // namespace thimble
