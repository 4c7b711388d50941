// SPDX-License-Identifier: Apache-2.0
//
// Finds the registered platform that a proof belongs to, for whoever asks as one asks Intel: by the encrypted PPID or the
// manifest alone. Only what certificates came for counts, so a platform is found by the proof that Intel was shown for it
// (Platform::proof()) and by no other. In memory, about 100 bytes a platform, and not there before somebody asks.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/platform.h"

namespace thimble {

// Thread-safe. What it finds may have changed since: the caller looks at the platform itself.
class ProofIndex {
 public:
  bool built() const;
  void Build(const std::vector<Platform>& platforms);
  void Add(const Platform& platform);  // nothing before it is built
  std::vector<intel::PlatformId> Candidates(const intel::PlatformProof& proof) const;

 private:
  using Ids = std::unordered_multimap<std::string, intel::PlatformId>;  // by the proof's SHA-256
  static void Insert(const Platform& platform, Ids& ids);

  mutable std::mutex mutex_;
  bool built_ = false;
  Ids by_digest_;
};

}  // namespace thimble
