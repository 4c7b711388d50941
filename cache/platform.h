// SPDX-License-Identifier: Apache-2.0
//
// What is known of a platform that is registered, beside its PCK certificates, and what it says when it registers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/intel/pck_tcb.h"
#include "tcb/intel/platform_id.h"
#include "tcb/intel/platform_proof.h"

namespace thimble {

// One message of a platform, or of the tool that speaks for it.
struct Registration {
  intel::PlatformId platform;
  std::optional<intel::PckTcb> raw;  // the TCB it has now
  std::optional<intel::EncryptedPpid> ppid;
  std::optional<intel::PlatformManifest> manifest;
  bool operator==(const Registration&) const = default;
};

// A TCB that a platform reported, and that of the certificate which was chosen for it.
struct TcbMapping {
  intel::PckTcb raw, tcbm;
  bool operator==(const TcbMapping&) const = default;
};

struct Platform {
  intel::PlatformId id;
  std::optional<intel::EncryptedPpid> ppid;
  std::optional<intel::PlatformManifest> manifest;
  std::optional<intel::Fmspc> fmspc;      // once a certificate was seen
  std::optional<intel::PckCa> ca;         // likewise
  std::vector<TcbMapping> tcbs;           // the one chosen last is the last
  std::optional<intel::Ppid> bound = {};  // whose certificates the QE id is given; once some have come
  // The TCB levels that Intel listed when its certificates were fetched; absent: not known, so they may lack some.
  std::optional<std::vector<intel::PckTcb>> levels = {};
  bool operator==(const Platform&) const = default;

  // What to show the vendor: the manifest, if there is one.
  std::optional<intel::PlatformProof> proof() const;
};

// A registration whose certificates are still to be fetched.
struct QueuedRegistration {
  enum class Why : uint8_t {
    kNew,           // no certificate yet
    kNotAvailable,  // the vendor has none for this TCB yet
  };
  Registration registration;
  Why why = Why::kNew;
  bool handed_out = false;  // read from the queue; kept until its certificates are here
  uint64_t revision = 0;    // counts the changes
  bool operator==(const QueuedRegistration&) const = default;
};

// As they lie in a store: JSON with a version. Decoding: store.corrupt (kInternal).
std::string EncodePlatform(const Platform& platform);
Result<Platform> DecodePlatform(std::string_view text);
std::string EncodeQueued(const QueuedRegistration& queued);
Result<QueuedRegistration> DecodeQueued(std::string_view text);

}  // namespace thimble
