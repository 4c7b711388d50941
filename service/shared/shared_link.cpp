// SPDX-License-Identifier: Apache-2.0
#include "service/shared/shared_link.h"

#include "service/support/log.h"

namespace thimble {
namespace {

constexpr std::chrono::seconds kPollEvery{1}, kPurgeEvery{60};
constexpr double kLongAway =
    5;  // seconds; less than that, a server of the database may just have been replaced

}  // namespace

Status SharedLink::Step() {
  TRY(database_.Mend());
  TRY_ASSIGN(const size_t taken, pull_());
  if (taken != 0) LogInfo("registrations of other replicas", {{"entries", taken}});
  {
    const std::lock_guard lock(mutex_);
    taken_ += taken;
  }
  return items_.Pull(renew_);
}

// The same failure is logged once.
void SharedLink::Poll() {
  const Status stepped = Step();
  const std::string why = stepped ? "" : stepped.error().message;
  const std::lock_guard lock(mutex_);
  if (!why.empty() && why != error_) LogWarning("shared database", {}, why);
  error_ = why;
}

Status SharedLink::Start(Pull pull, SharedItems::Renew renew) {
  pull_ = std::move(pull);
  renew_ = std::move(renew);
  database_.BeginBackground();
  if (const Status first = database_.Mend(); !first && first.error().kind == ErrorKind::kMalformed)
    return first.error();
  Poll();
  tasks_ = std::make_unique<PeriodicTasks>(std::vector<PeriodicTask>{
      {kPollEvery, [this] { Poll(); }}, {kPurgeEvery, [this] {
                                           if (const Status purged = nonces_.Purge(clock_.Now()); !purged)
                                             LogDebug("shared database", {},
                                                      purged.error().message);  // the poll says it, too
                                         }}});
  return {};
}

void SharedLink::Stop() { tasks_.reset(); }

SharedLink::State SharedLink::state() const {
  const Database::State database = database_.state();
  const auto since = std::chrono::steady_clock::now() - database.reached.value_or(begun_);
  const std::lock_guard lock(mutex_);
  State state;
  state.failures = database.failures;
  state.behind = std::chrono::duration<double>(since).count();
  state.taken = taken_;
  state.up = database.up && error_.empty() && state.behind < kLongAway;
  if (!state.up) state.why = !error_.empty() ? error_ : database.error;
  return state;
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
