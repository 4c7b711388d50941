// SPDX-License-Identifier: Apache-2.0
#include "service/shared/shared_link.h"

#include <new>

#include "service/support/log.h"
#include "service/support/randomness.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::chrono::milliseconds kPollEvery{500}, kPurgeEvery{60'000};
constexpr int kLongAway = 5;  // seconds; less than that, a server of the database may just have been replaced

double SecondsSince(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

}  // namespace

Status SharedLink::Step() {
  TRY(database_.Mend());
  // It says first that it is there: whoever promotes a baseline after that waits for it, and what was promoted before it reads
  // now.
  TRY(roll_.Answer(baselines_to_, trouble_));
  TRY_ASSIGN(SharedSchema now, database_.Look());
  if (now.identity == seen_.identity && now.change < seen_.change) {
    TRY_ASSIGN(now, facts_.NotePutBack(now.identity, seen_.change));
  }
  if (now.overdue) TRY(baselines_.UndoOverdue());
  const bool anew = now.identity != seen_.identity,
             quiet = !anew && now.change == seen_.change && !nudged_.exchange(false);
  if (!quiet) TRY(StepBaselines(anew));
  {
    const std::lock_guard lock(mutex_);
    in_touch_ = roll_.answered();
  }
  TRY(keys_.Tell(work_.keys()));
  if (quiet) return {};
  if (anew) items_.BeginAnew();
  TRY(keys_.Pull());
  TRY_ASSIGN(const size_t taken, work_.registry());
  if (taken != 0) LogInfo("registrations of other replicas", {{"entries", taken}});
  {
    const std::lock_guard lock(mutex_);
    taken_ += taken;
  }
  TRY(items_.Pull(work_.item));
  seen_ = std::move(now);
  return {};
}

// Where it cannot judge by what was agreed on, the others are told why.
Status SharedLink::StepBaselines(bool anew) {
  if (anew) baselines_to_ = 0;
  TRY_ASSIGN(const auto agreed, baselines_.ChangesAfter(baselines_to_));
  const Status taken = work_.baselines(agreed, anew);
  trouble_ = taken ? "" : taken.error().message;
  if (taken && !agreed.empty()) baselines_to_ = agreed.back().number;
  TRY(roll_.Answer(baselines_to_, trouble_));
  return taken;
}

// The same failure is logged once. What others have written is of any size.
void SharedLink::Poll() {
  const Status stepped = [this]() -> Status {
    try {
      return Step();
    } catch (const std::bad_alloc&) {
      return SharedError("no memory for what others have written");
    }
  }();
  const std::string why = stepped ? "" : stepped.error().message;
  const std::lock_guard lock(mutex_);
  if (!why.empty() && why != error_) LogWarning("shared database", {}, why);
  error_ = why;
}

void SharedLink::Purge() {
  for (const Status& purged : {nonces_.Purge(), items_.Purge(), roll_.Purge()}) {
    if (!purged) LogDebug("shared database", {}, purged.error().message);  // the poll says it, too
  }
}

SharedLink::SharedLink(SharedConfig config, const Clock& clock)
    : clock_(clock), replica_(HexLower(RandomBytes(16))), database_(std::move(config)) {}

Status SharedLink::Start(Work work) {
  work_ = std::move(work);
  database_.BeginBackground();
  if (const Status first = database_.Mend(); !first && first.error().kind == ErrorKind::kMalformed)
    return first.error();
  tasks_ = std::make_unique<PeriodicTasks>(
      std::vector<PeriodicTask>{{kPollEvery, [this] { Poll(); }, true}, {kPurgeEvery, [this] { Purge(); }}});
  return {};
}

void SharedLink::Stop() { tasks_.reset(); }

SharedLink::State SharedLink::state() const {
  const Database::State database = database_.state();
  const std::lock_guard lock(mutex_);
  State state;
  state.failures = database.failures;
  state.behind = SecondsSince(database.reached.value_or(begun_));
  state.taken = taken_;
  state.up = database.up && error_.empty() && in_touch_ && SecondsSince(*in_touch_) < kLongAway;
  if (!state.up) state.why = !error_.empty() ? error_ : database.error;
  return state;
}

Status SharedLink::InTouch() const {
  const std::lock_guard lock(mutex_);
  if (in_touch_ && SecondsSince(*in_touch_) < kLongAway) return {};
  return SharedError(StrCat("what baseline is in force it has not said for ", kLongAway,
                            " s, and nothing is signed", error_.empty() ? "" : ": ", error_));
}

void SharedLink::Write(PrometheusText& out) const {
  const State now = state();
  out.Metric("thimble_shared_up", "gauge", "1 while the database that replicas share is reached.");
  out.Sample({}, now.up ? 1 : 0);
  out.Metric("thimble_shared_seconds_since_reached", "gauge", "Since the shared database last answered.");
  out.Sample({}, now.behind);
  out.Metric("thimble_shared_failures_total", "counter",
             "Connections to it that were lost or could not be made.");
  out.Sample({}, static_cast<double>(now.failures));
  out.Metric("thimble_shared_taken_total", "counter",
             "Entries of the registry taken over from other replicas.");
  out.Sample({}, static_cast<double>(now.taken));
}

}  // namespace thimble
