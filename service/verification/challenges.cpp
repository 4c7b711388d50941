// SPDX-License-Identifier: Apache-2.0
#include "service/verification/challenges.h"

#include <algorithm>

#include "service/support/randomness.h"
#include "tcb/base/signing_key.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr Seconds kLifetime{300};
constexpr size_t kExpiry = 8, kRandom = 8, kMac = 16, kNonce = kExpiry + kRandom + kMac;
constexpr size_t kMaxTaken = 100'000;

Instant ExpiryIn(ByteView nonce) {
  uint64_t seconds = 0;
  for (const uint8_t byte : nonce.subspan(0, kExpiry)) seconds = seconds << 8 | byte;
  return Instant(Seconds(static_cast<int64_t>(seconds)));
}

Error Stale(std::string_view why) { return {ErrorKind::kRejected, Check::kNonce, StrCat("nonce: ", why)}; }

}  // namespace

Challenges::Challenges() : secret_(RandomBytes(32)) {}

Bytes Challenges::Mac(ByteView first) const {
  const Digest256 mac = HmacSha256(secret_, first);
  return Bytes(mac.view().begin(), mac.view().begin() + kMac);
}

Challenges::Challenge Challenges::Issue(Instant now) const {
  Challenge challenge{{}, now + kLifetime};
  const auto seconds = static_cast<uint64_t>(challenge.expires.time_since_epoch().count());
  for (size_t i = 0; i < kExpiry; ++i)
    challenge.nonce.push_back(static_cast<uint8_t>(seconds >> (8 * (kExpiry - 1 - i))));
  const Bytes random = RandomBytes(kRandom);
  challenge.nonce.insert(challenge.nonce.end(), random.begin(), random.end());
  const Bytes mac = Mac(challenge.nonce);
  challenge.nonce.insert(challenge.nonce.end(), mac.begin(), mac.end());
  return challenge;
}

bool Challenges::Issued(ByteView nonce) const {
  return nonce.size() == kNonce &&
         EqualConstantTime(nonce.subspan(kExpiry + kRandom), Mac(nonce.subspan(0, kExpiry + kRandom)));
}

Status Challenges::Take(ByteView nonce, Instant now) {
  if (!Issued(nonce)) return Stale("was not issued here");
  const Instant expires = ExpiryIn(nonce);
  if (now >= expires)
    return Stale(StrCat("expired at ", FormatRfc3339(expires), ", it is ", FormatRfc3339(now)));
  const std::lock_guard lock(mutex_);
  taken_.erase(taken_.begin(), taken_.upper_bound(now));
  const auto [begin, end] = taken_.equal_range(expires);
  const bool before = std::any_of(begin, end, [&](const auto& entry) { return Equal(entry.second, nonce); });
  if (before) return Stale("was used before");
  if (taken_.size() >= kMaxTaken)
    return Error{ErrorKind::kUnavailable, Check::kNonce, "nonce: too many are waiting to expire"};
  taken_.emplace(expires, Bytes(nonce.begin(), nonce.end()));
  return {};
}

}  // namespace thimble
