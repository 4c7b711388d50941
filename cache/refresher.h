// SPDX-License-Identifier: Apache-2.0
//
// Renews ahead of expiry (DESIGN section 3). A pass lists the cached items that are due, and asks for each on its own:
// one that fails keeps no other from being renewed. Nothing is locked meanwhile.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"

namespace thimble {

struct RefreshLine {
  enum class Outcome : uint8_t { kRenewed, kKept, kFailed };
  CollateralKey key;
  Outcome outcome = Outcome::kKept;
  std::string reason;  // empty when it was renewed
  bool stale = false;  // the cached item is past its nextUpdate
  // Of a floor document, which is no item of the cache: its URL or title. Then the key does not count.
  std::string floors = {};
};
std::string ItemName(const RefreshLine& line);               // KeyName, or "floors URL"
std::string_view OutcomeName(RefreshLine::Outcome outcome);  // "renewed", "kept", "failed"

struct RefreshReport {
  Instant at{};
  size_t not_due = 0;
  std::vector<RefreshLine> lines;  // what was asked for, and what is stale, by name

  size_t Count(RefreshLine::Outcome outcome) const;
  bool complete() const;  // nothing failed and nothing is stale
};

struct RefresherOptions {
  size_t threads = 2;
  // Whether anybody can be asked; empty: yes.
  std::function<bool(Vendor)> has_upstream;
  // Whose PCK certificates are kept; null: nobody's.
  PlatformRegistry* registry = nullptr;
  EventSink events = {};  // told of a store that fails
};

// Thread-safe: passes may run at a time, and share what they ask for. What it is given outlives it.
class Refresher {
 public:
  Refresher(CollateralCache& cache, RefresherOptions options) : cache_(cache), options_(std::move(options)) {}

  using Urge = RefreshUrge;
  // Of what many platforms share, all that is due, and all that was not checked since `since`; kAll: everything. `stop`
  // turned true ends it after what is under way.
  static constexpr Instant kAll = Instant::max();
  RefreshReport Pass(Instant now, Urge urge, const std::atomic<bool>& stop, Instant since = kNever);
  // These, which are held: each is asked for once, whatever its freshness and back-off.
  RefreshReport PassOver(const std::vector<CollateralKey>& keys, Instant now, const std::atomic<bool>& stop);
  bool Holds(const CollateralKey& key, Instant now) { return cache_.Peek(key, now).has_value(); }
  // What is held of an FMSPC: its TCB infos, and the PCK certificates of its platforms.
  std::vector<CollateralKey> HeldOf(const intel::Fmspc& fmspc, Instant now);

 private:
  struct Job {
    CollateralKey key;
    std::optional<CacheStatus> held;
  };
  using Statuses = std::map<std::string, CacheStatus>;  // by KeyName
  struct Round;

  void RefreshNumbers(Round& round);
  void RefreshRest(Round& round);
  void RefetchPckCertificates(Round& round);
  void Consider(Round& round, const CollateralKey& key, bool wanted, std::vector<Job>& jobs);
  // True when every job went well.
  bool Run(Round& round, const std::vector<Job>& jobs);
  std::optional<RefreshLine> Ask(const Job& job, const Round& round);
  uint32_t NewestNumber(IntelTee tee, Instant now);
  std::set<std::string> FmspcsOfPlatforms();
  std::vector<Platform> PlatformsOf(const intel::Fmspc& fmspc) const;
  bool FetchForNewLevels(Round& round, const intel::Fmspc& fmspc);
  void RecordLevels(const intel::PlatformId& platform, const std::vector<intel::PckTcb>& levels);
  void ReportStore(std::string_view item, const Error& error) const;

  CollateralCache& cache_;
  const RefresherOptions options_;
  std::mutex mutex_;
  std::map<std::string, std::string>
      settled_;  // FMSPC -> digests of the TCB infos whose levels were looked at, and the platforms as they were then
  std::set<std::string> fmspcs_;       // of bound platforms
  std::optional<uint64_t> fmspcs_at_;  // the edits of the registry when they were read
};

}  // namespace thimble
