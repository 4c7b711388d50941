// SPDX-License-Identifier: Apache-2.0
#include "fetchers/pacing.h"

#include <algorithm>

#include "fetchers/fetched.h"
#include "fetchers/retry.h"
#include "fetchers/url.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// Entries that have passed say nothing any more; dropping them bounds the tables by the rate of requests.
void DropPast(std::map<std::string, SteadyTime>* table, SteadyTime now) {
  constexpr size_t kSweepAt = 1024;
  if (table->size() < kSweepAt) return;
  std::erase_if(*table, [now](const auto& entry) { return entry.second <= now; });
}

SteadyTime Find(const std::map<std::string, SteadyTime>& table, const std::string& name) {
  const auto found = table.find(name);
  return found == table.end() ? SteadyTime::min() : found->second;
}

}  // namespace

PacingHttpClient::PacingHttpClient(std::shared_ptr<HttpClient> inner, PacingOptions options, Timing timing)
    : inner_(std::move(inner)), options_(std::move(options)), timing_(std::move(timing)) {}

// When this request may go. A turn before the deadline is taken, so that the next identical request comes
// after it.
SteadyTime PacingHttpClient::ReserveTurn(const std::string& group, const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = timing_.now();
  DropPast(&next_turn_, now);
  const SteadyTime turn = std::max({now, Find(paused_, group), Find(next_turn_, request.url)});
  if (turn < request.deadline && options_.identical_interval.count() > 0) {
    next_turn_[request.url] = turn + options_.identical_interval;
  }
  return turn;
}

void PacingHttpClient::Learn(const std::string& group, const HttpRequest& request,
                             const Result<HttpResponse>& answer) {
  const std::lock_guard lock(mutex_);
  if (!answer.ok()) {
    // No answer, so most likely the vendor has not seen it: a retry need not wait.
    if (answer.error().check == Check::kUpstreamUnreachable) next_turn_.erase(request.url);
    return;
  }
  const auto wish = IsRetriedStatus(answer->status) ? RetryAfter(*answer) : std::nullopt;
  if (!wish) return;
  DropPast(&paused_, timing_.now());
  SteadyTime& pause = paused_[group];
  pause = std::max(pause, timing_.now() + std::min(*wish, options_.max_pause));
}

Result<HttpResponse> PacingHttpClient::Send(const HttpRequest& request) {
  const auto url = ParseUrl(request.url);
  if (!url) return inner_->Send(request);  // which refuses it
  const std::string group = StrCat(url->Origin(), " ", request.item_class);
  const SteadyTime turn = ReserveTurn(group, request);
  const SteadyTime now = timing_.now();
  if (turn >= request.deadline) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(turn - now);
    return UpstreamError(
        Check::kUpstreamStatus,
        StrCat("GET ", request.url, ": paced, the next request may go in ", wait.count(), " s"));
  }
  if (turn > now) {
    if (options_.on_wait) options_.on_wait(std::chrono::duration_cast<std::chrono::milliseconds>(turn - now));
    timing_.sleep_until(turn);
  }
  auto answer = inner_->Send(request);
  Learn(group, request, answer);
  return answer;
}

}  // namespace thimble
