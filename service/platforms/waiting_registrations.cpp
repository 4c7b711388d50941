// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/waiting_registrations.h"

#include <algorithm>
#include <set>

#include "cache/freshness.h"
#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

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
      // The urgent pass of an administrator, or of a clock that was set, does not wait; nor does it ask for all at once.
      if (urge == RefreshUrge::kNow || !HappenedWithin(attempt.wait, attempt.asked, now))
        due.push_back(std::move(queued));
    }
  }
  attempts_ = std::move(still_waiting);
  // Those that were asked for longest ago come first, so that each has its turn.
  std::ranges::stable_sort(due, {}, [this](const QueuedRegistration& queued) {
    return attempts_[NameOf(queued.registration)].asked;
  });
  if (due.size() > kMaxAtOnce) due.erase(due.begin() + kMaxAtOnce, due.end());
  return due;
}

RefreshLine WaitingRegistrations::Ask(const Registration& registration) {
  using Outcome = RefreshLine::Outcome;
  const Status fetched = fetch_(registration);
  if (!fetched && fetched.error().check == Check::kPckPlatformMismatch) Withdraw(registration);
  const std::string reason = fetched ? "" : StrCat("registration waits: ", fetched.error().message);
  return {.key = PckCertsKey{registration.platform},
          .outcome = fetched ? Outcome::kRenewed : Outcome::kFailed,
          .reason = reason};
}

// As PckService::Register(): it is another platform's QE id, and will be.
void WaitingRegistrations::Withdraw(const Registration& registration) {
  const Status withdrawn = registry_.Edit([&](RegistryEdit& edit) { return edit.Withdraw(registration); });
  if (!withdrawn) LogWarning("a refused registration still waits", {}, withdrawn.error().message);
}

std::vector<RefreshLine> WaitingRegistrations::Pass(Instant now, RefreshUrge urge) {
  if (!reachable_()) return {};
  const std::lock_guard lock(mutex_);
  std::vector<RefreshLine> lines;
  std::set<std::string> fetched;  // one answer has the certificates for all TCBs of a platform
  for (const QueuedRegistration& queued : Due(now, urge)) {
    const std::string platform = queued.registration.platform.name();
    if (stopping_ && stopping_()) break;
    if (fetched.contains(platform)) continue;
    Attempt& attempt = attempts_[NameOf(queued.registration)];
    attempt = {now, std::clamp(2 * attempt.wait, kFirstWait, kLongestWait)};
    lines.push_back(Ask(queued.registration));
    if (lines.back().reason.empty()) fetched.insert(platform);
  }
  return lines;
}

}  // namespace thimble
