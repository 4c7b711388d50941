// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/upstream_events.h"

#include "service/support/log.h"

namespace thimble {
namespace {

// In the order of UpstreamEvent::Kind.
constexpr std::string_view kNames[] = {"answered", "not_found",      "failed",
                                       "left_out", "breaker_opened", "refused"};

}  // namespace

void UpstreamEvents::Record(const UpstreamEvent& event) {
  static_assert(std::size(kNames) == kKinds);
  const auto kind = static_cast<size_t>(event.kind);
  {
    const std::lock_guard lock(mutex_);
    Totals& totals = totals_[std::string(event.upstream)];
    ++totals.counts.at(kind);
    totals.seconds += std::chrono::duration<double>(event.took).count();
    using Kind = UpstreamEvent::Kind;
    if (event.kind == Kind::kAnswered || event.kind == Kind::kNotFound) totals.last_answer = clock_.Now();
    if (event.kind == Kind::kFailed) {
      totals.last_failure = clock_.Now();
      totals.last_error = event.error != nullptr ? event.error->message : "";
      if (totals.last_answer == totals.last_failure) totals.last_answer.reset();  // which was before it
    }
  }
  const bool opened = event.kind == UpstreamEvent::Kind::kBreakerOpened;
  Log(opened ? LogLevel::kWarning : LogLevel::kDebug, opened ? "upstream left out for a while" : "upstream",
      {{"outcome", kNames[kind]},
       {"upstream", event.upstream},
       {"item", event.item},
       {"took_ms", event.took.count()}},
      event.error != nullptr ? event.error->message : "");
}

void UpstreamEvents::RecordWait(std::chrono::milliseconds wait) {
  const std::lock_guard lock(mutex_);
  ++waits_;
  waited_seconds_ += std::chrono::duration<double>(wait).count();
}

std::map<std::string, UpstreamEvents::Health> UpstreamEvents::health() const {
  using Kind = UpstreamEvent::Kind;
  std::map<std::string, Health> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [url, totals] : totals_) {
    const auto count = [&counts = totals.counts](Kind kind) { return counts.at(static_cast<size_t>(kind)); };
    out[url] = {.answered = count(Kind::kAnswered) + count(Kind::kNotFound),
                .failed = count(Kind::kFailed),
                .refused = count(Kind::kRefused),
                .last_answer = totals.last_answer,
                .last_failure = totals.last_failure,
                .last_error = totals.last_error,
                .seconds = totals.seconds};
  }
  return out;
}

void UpstreamEvents::Write(PrometheusText& out) const {
  const std::lock_guard lock(mutex_);
  out.Metric("thimble_upstream_calls_total", "counter", "Calls of upstreams, by what came of them.");
  for (const auto& [url, totals] : totals_) {
    for (size_t kind = 0; kind < kKinds; ++kind) {
      out.Sample({{"upstream", url}, {"outcome", kNames[kind]}}, static_cast<double>(totals.counts.at(kind)));
    }
  }
  out.Metric("thimble_upstream_seconds_total", "counter", "Time spent in calls of upstreams.");
  for (const auto& [url, totals] : totals_) out.Sample({{"upstream", url}}, totals.seconds);
  out.Metric("thimble_upstream_paced_total", "counter",
             "Calls that waited for their turn (pacing, Retry-After).");
  out.Sample({}, static_cast<double>(waits_));
  out.Metric("thimble_upstream_paced_seconds_total", "counter", "Time that calls waited for their turn.");
  out.Sample({}, waited_seconds_);
}

}  // namespace thimble
