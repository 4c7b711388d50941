// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/cache_events.h"

#include <string_view>

#include "service/support/log.h"
#include "tcb/check.h"

namespace thimble {
namespace {

struct KindTraits {
  std::string_view name;  // of its count
  std::string_view text;  // of its line in the log
  LogLevel level;
};

// In the order of CacheEvent::Kind. A hit is counted and never logged: it is what requests are mostly made of.
constexpr KindTraits kTraits[] = {
    {"hit", "hit", LogLevel::kOff},
    {"miss", "miss", LogLevel::kDebug},
    {"stale_served", "stale item served", LogLevel::kWarning},
    {"renewed", "renewed", LogLevel::kInfo},
    {"unchanged", "checked, nothing newer", LogLevel::kDebug},
    {"refused", "answer refused", LogLevel::kWarning},
    {"fetch_failed", "fetch failed", LogLevel::kWarning},
    {"rollback", "older item refused", LogLevel::kWarning},
    {"serials_dropped", "newer CRL drops serials that have not expired", LogLevel::kWarning},
    {"issuer_changed", "issuer has another key", LogLevel::kWarning},
    {"quarantined", "record fails its digest, quarantined", LogLevel::kWarning},
    {"evicted", "evicted", LogLevel::kDebug},
    {"over_budget", "no upstream was asked", LogLevel::kDebug},  // a stranger could fill the log
    {"queue_full", "background work is not taken", LogLevel::kDebug},
    {"store_failed", "store failed", LogLevel::kWarning},
};

}  // namespace

void CacheEvents::Record(const CacheEvent& event) {
  static_assert(std::size(kTraits) == kKinds);
  const auto kind = static_cast<size_t>(event.kind);
  counts_.Add(kind);
  const auto& [name, text, level] = kTraits[kind];
  if (level == LogLevel::kOff) return;
  if (event.error == nullptr) return Log(level, text, {{"item", event.item}}, event.detail);
  Log(level, text, {{"item", event.item}, {"check", CheckName(event.error->check)}}, event.error->message);
}

std::vector<std::pair<std::string, uint64_t>> CacheEvents::Counts() const {
  std::vector<std::pair<std::string, uint64_t>> counts;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    counts.emplace_back(kTraits[kind].name, counts_.Sum(kind));
  }
  return counts;
}

}  // namespace thimble
