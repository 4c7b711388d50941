// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/waiting_registrations.h"

#include <algorithm>
#include <set>

#include "cache/freshness.h"
#include "service/support/log.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using Why = QueuedRegistration::Why;

constexpr Seconds kFirstWait{60}, kLongestWait{6 * 3600};

std::string NameOf(const Registration& registration) {
  return StrCat(registration.platform.name(), "/",
                registration.raw ? registration.raw->HexUpper() : std::string("-"));
}

}  // namespace

std::vector<QueuedRegistration> WaitingRegistrations::Due(Instant now, RefreshUrge urge) {
  std::vector<QueuedRegistration> due;
  std::map<std::string, Attempt> still_waiting;
  for (const Why why : {Why::kNew, Why::kNotAvailable}) {
    auto waiting = registry_.Waiting(why);
    if (!waiting) {
      LogWarning("registrations that wait cannot be read", {}, waiting.error().message);
      return {};
    }
    for (QueuedRegistration& queued : *waiting) {
      const std::string name = NameOf(queued.registration);
      const Attempt attempt = attempts_[name];
      still_waiting[name] = attempt;
      if (urge == RefreshUrge::kNow || !HappenedWithin(attempt.wait, attempt.asked, now))
        due.push_back(std::move(queued));
    }
  }
  attempts_ = std::move(still_waiting);
  if (urge != RefreshUrge::kNow && due.size() > kMaxAtOnce) due.erase(due.begin() + kMaxAtOnce, due.end());
  return due;
}

RefreshLine WaitingRegistrations::Ask(const Registration& registration) {
  using Outcome = RefreshLine::Outcome;
  const Status fetched = fetch_(registration);
  const std::string reason = fetched ? "" : StrCat("registration waits: ", fetched.error().message);
  return {.key = PckCertsKey{registration.platform},
          .outcome = fetched ? Outcome::kRenewed : Outcome::kFailed,
          .reason = reason};
}

std::vector<RefreshLine> WaitingRegistrations::Pass(Instant now, RefreshUrge urge) {
  if (!reachable_()) return {};
  const std::lock_guard lock(mutex_);
  std::vector<RefreshLine> lines;
  std::set<std::string> fetched;  // one answer has the certificates for all TCBs of a platform
  for (const QueuedRegistration& queued : Due(now, urge)) {
    const std::string platform = queued.registration.platform.name();
    if (fetched.contains(platform)) continue;
    Attempt& attempt = attempts_[NameOf(queued.registration)];
    attempt = {now, std::clamp(2 * attempt.wait, kFirstWait, kLongestWait)};
    lines.push_back(Ask(queued.registration));
    if (lines.back().reason.empty()) fetched.insert(platform);
  }
  return lines;
}

}  // namespace thimble
