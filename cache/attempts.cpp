// SPDX-License-Identifier: Apache-2.0
#include "cache/attempts.h"

#include <algorithm>

#include "cache/jitter.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxEntries = 65'536, kSweepEvery = kMaxEntries / 8;

// The upstream is down, whatever it is asked for.
bool IsOutage(const Error& error) {
  return error.check == Check::kUpstreamUnreachable ||
         (error.check == Check::kUpstreamStatus && error.http_status >= 500);
}

}  // namespace

bool Attempts::Blocks(const Last& last, Time now) const {
  if (now >= last.not_before) return false;
  return !last.outage || Begin(last.outage->vendor).recoveries == last.outage->recoveries;
}

bool Attempts::MayTry(const std::string& name, Time now) const {
  const std::lock_guard lock(mutex_);
  const auto found = last_.find(name);
  return found == last_.end() || !Blocks(found->second, now);
}

std::optional<Error> Attempts::Blocked(const std::string& name, Time now) const {
  const std::lock_guard lock(mutex_);
  const auto found = last_.find(name);
  if (found == last_.end() || !Blocks(found->second, now)) return std::nullopt;
  return found->second.error;
}

bool Attempts::Probes(const std::string& name, Time now) const {
  const auto found = last_.find(name);
  if (found == last_.end() || !found->second.outage) return false;
  return found->second.outage->vendor == Vendor::kIntel && now >= next_probe_;
}

bool Attempts::MayProbe(const std::string& name, Time now) const {
  const std::lock_guard lock(mutex_);
  return Probes(name, now);
}

bool Attempts::TakeProbe(const std::string& name, Time now) {
  const std::lock_guard lock(mutex_);
  if (!Probes(name, now)) return false;
  next_probe_ = now + rules_.probe_interval;
  return true;
}

std::optional<Error> Attempts::LastError(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = last_.find(name);
  return found == last_.end() ? std::nullopt : found->second.error;
}

std::chrono::milliseconds Attempts::Backoff(const std::string& name, const Last& last,
                                            Possession possession) const {
  const bool missing = possession == Possession::kMissing;
  if (missing && last.error->check == Check::kUpstreamNotFound) return rules_.negative_ttl;
  const auto most = missing ? rules_.max_backoff_missing : rules_.max_backoff_held;
  const auto doubled = rules_.failure_backoff * (int64_t{1} << std::min(last.failures - 1, 20));
  const uint64_t seed = rules_.seed + std::hash<std::string>{}(name) + static_cast<uint64_t>(last.failures);
  return Shorten(std::min(doubled, std::max(most, rules_.failure_backoff)), seed);
}

void Attempts::Failed(const std::string& name, const Error& error, Possession possession, Time now,
                      Start start) {
  const std::lock_guard lock(mutex_);
  MakeRoom(now);
  Last& last = last_[name];
  ++last.failures;
  last.error = error;
  last.not_before = now + Backoff(name, last, possession);
  last.outage = IsOutage(error) ? std::optional(start) : std::nullopt;
  if (last.outage && start.vendor == Vendor::kIntel) next_probe_ = now + rules_.probe_interval;
}

void Attempts::Unchanged(const std::string& name, Time now) {
  const std::lock_guard lock(mutex_);
  MakeRoom(now);
  last_[name] = {now + rules_.recheck, 0, std::nullopt};
}

void Attempts::Renewed(const std::string& name) {
  const std::lock_guard lock(mutex_);
  last_.erase(name);
}

// A sweep looks at every entry, so it is made once for many that are added: a flood of strangers' keys costs each of
// them little. Between sweeps any one makes room.
void Attempts::MakeRoom(Time now) {
  if (last_.size() < kMaxEntries) return;
  if (until_sweep_ > 0) {
    --until_sweep_;
  } else {
    std::erase_if(last_, [now](const auto& entry) { return entry.second.not_before <= now; });
    until_sweep_ = kSweepEvery;
  }
  if (last_.size() >= kMaxEntries) last_.erase(last_.begin());
}

}  // namespace thimble
