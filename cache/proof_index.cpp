// SPDX-License-Identifier: Apache-2.0
#include "cache/proof_index.h"

#include <algorithm>

#include "tcb/base/crypto.h"

namespace thimble {
namespace {

std::string DigestOf(const intel::PlatformProof& proof) {
  const auto* const ppid = std::get_if<intel::EncryptedPpid>(&proof);
  const ByteView bytes =
      ppid != nullptr ? ppid->view() : ByteView(std::get<intel::PlatformManifest>(proof).bytes());
  return std::string(AsText(Sha256(bytes).view()));
}

}  // namespace

bool ProofIndex::built() const {
  const std::lock_guard lock(mutex_);
  return built_;
}

void ProofIndex::Build(const std::vector<Platform>& platforms) {
  Ids ids;
  for (const Platform& platform : platforms) Insert(platform, ids);
  const std::lock_guard lock(mutex_);
  by_digest_ = std::move(ids);
  built_ = true;
}

void ProofIndex::Add(const Platform& platform) {
  const std::lock_guard lock(mutex_);
  if (built_) Insert(platform, by_digest_);
}

// What a platform was once found by stays: whoever finds it looks at what it is now.
void ProofIndex::Insert(const Platform& platform, Ids& ids) {
  const auto proof = platform.proof();
  if (!proof) return;
  std::string digest = DigestOf(*proof);
  const auto [first, last] = ids.equal_range(digest);
  if (std::any_of(first, last, [&](const auto& entry) { return entry.second == platform.id; })) return;
  ids.emplace(std::move(digest), platform.id);
}

std::vector<intel::PlatformId> ProofIndex::Candidates(const intel::PlatformProof& proof) const {
  const std::string digest = DigestOf(proof);
  std::vector<intel::PlatformId> ids;
  const std::lock_guard lock(mutex_);
  const auto [first, last] = by_digest_.equal_range(digest);
  for (auto entry = first; entry != last; ++entry) ids.push_back(entry->second);
  return ids;
}

}  // namespace thimble
