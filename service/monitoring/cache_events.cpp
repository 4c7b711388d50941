// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/cache_events.h"

#include <string_view>

#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

enum class Level : uint8_t { kSilent, kDebug, kInfo, kWarning };

struct KindTraits {
  std::string_view name;  // of its count
  std::string_view text;  // of its line in the log
  Level level;
};

// In the order of CacheEvent::Kind. A hit is counted and never logged: it is what requests are mostly made of.
constexpr KindTraits kTraits[] = {
    {"hit", "hit", Level::kSilent},
    {"miss", "miss", Level::kDebug},
    {"stale_served", "stale item served", Level::kWarning},
    {"renewed", "renewed", Level::kInfo},
    {"unchanged", "checked, nothing newer", Level::kDebug},
    {"refused", "answer refused", Level::kWarning},
    {"fetch_failed", "fetch failed", Level::kWarning},
    {"rollback", "older item refused", Level::kWarning},
    {"serials_dropped", "newer CRL drops serials that have not expired", Level::kWarning},
    {"issuer_changed", "issuer has another key", Level::kWarning},
    {"quarantined", "record fails its digest, quarantined", Level::kWarning},
    {"evicted", "evicted", Level::kDebug},
    {"over_budget", "no upstream was asked", Level::kDebug},  // a stranger could fill the log
    {"store_failed", "store failed", Level::kWarning},
};

std::string LineOf(const KindTraits& traits, const CacheEvent& event) {
  std::string line = StrCat(traits.text, ": item=", event.item);
  if (event.error != nullptr) {
    line += StrCat(" check=", CheckName(event.error->check), " ", event.error->message);
  } else if (!event.detail.empty()) {
    line += StrCat(" ", event.detail);
  }
  return line;
}

}  // namespace

void CacheEvents::Record(const CacheEvent& event) {
  static_assert(std::size(kTraits) == kKinds);
  const auto kind = static_cast<size_t>(event.kind);
  counts_.Add(kind);
  const KindTraits& traits = kTraits[kind];
  switch (traits.level) {
    case Level::kSilent:
      return;
    case Level::kDebug:
      return LogDebug(LineOf(traits, event));
    case Level::kInfo:
      return LogInfo(LineOf(traits, event));
    case Level::kWarning:
      return LogWarning(LineOf(traits, event));
  }
}

std::vector<std::pair<std::string, uint64_t>> CacheEvents::Counts() const {
  std::vector<std::pair<std::string, uint64_t>> counts;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    const uint64_t count = counts_.Sum(kind);
    if (count != 0) counts.emplace_back(kTraits[kind].name, count);
  }
  return counts;
}

}  // namespace thimble
