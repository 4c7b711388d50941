// SPDX-License-Identifier: Apache-2.0
#include "fetchers/retry.h"

#include <algorithm>
#include <charconv>

#include "fetchers/url.h"
#include "tcb/base/time.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// SplitMix64: a well mixed number from a counter.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

bool IsWorthRetrying(const Result<HttpResponse>& answer) {
  if (answer.ok()) return IsRetriedStatus(answer->status);
  return answer.error().check == Check::kUpstreamUnreachable;
}

}  // namespace

bool IsRetriedStatus(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::optional<std::chrono::milliseconds> RetryAfter(const HttpResponse& response) {
  const auto value = response.Header("retry-after");
  if (!value) return std::nullopt;
  uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), seconds);
  if (error == std::errc() && end == value->data() + value->size()) return Seconds(seconds);

  const auto at = ParseHttpDate(*value);
  const auto date = ParseHttpDate(response.Header("date").value_or(""));
  if (!at || !date) return std::nullopt;
  return std::max(*at - *date, Seconds(0));
}

RetryingHttpClient::RetryingHttpClient(std::shared_ptr<HttpClient> inner, RetryOptions options, Timing timing)
    : inner_(std::move(inner)), options_(options), timing_(std::move(timing)) {}

std::chrono::milliseconds RetryingHttpClient::Backoff(int attempt) {
  const auto whole = std::min(options_.first_wait * (int64_t{1} << std::min(attempt, 20)), options_.max_wait);
  const auto half = whole.count() / 2;
  const uint64_t draw = Mix(options_.seed + draws_.fetch_add(1, std::memory_order_relaxed));
  return std::chrono::milliseconds(
      half + static_cast<int64_t>(draw % static_cast<uint64_t>(whole.count() - half + 1)));
}

bool RetryingHttpClient::IsDown(const std::string& origin) const {
  const std::lock_guard lock(mutex_);
  return down_.contains(origin);
}

void RetryingHttpClient::Learn(const std::string& origin, const Result<HttpResponse>& answer) {
  const bool failed =
      answer.ok() ? IsDownStatus(answer->status) : answer.error().check == Check::kUpstreamUnreachable;
  const std::lock_guard lock(mutex_);
  if (failed) {
    down_.insert(origin);
  } else if (answer.ok()) {
    down_.erase(origin);
  }
}

Result<HttpResponse> RetryingHttpClient::Send(const HttpRequest& request) {
  const auto url = ParseUrl(request.url);
  if (!url) return inner_->Send(request);  // which refuses it
  const std::string origin = url->Origin();
  auto answer = SendUpTo(request, IsDown(origin) ? 0 : options_.max_retries);
  Learn(origin, answer);
  return answer;
}

Result<HttpResponse> RetryingHttpClient::SendUpTo(const HttpRequest& request, int retries) {
  auto answer = inner_->Send(request);
  for (int attempt = 0; attempt < retries && IsWorthRetrying(answer); ++attempt) {
    auto wait = Backoff(attempt);
    if (answer.ok()) {
      const auto wish = RetryAfter(*answer).value_or(std::chrono::milliseconds(0));
      wait = std::max(wait, std::min(wish, options_.max_retry_after));
    }
    const SteadyTime now = timing_.now();
    if (wait >= request.deadline - now) return answer;
    timing_.sleep_until(now + wait);
    auto next = inner_->Send(request);
    // Held back by pacing: what the vendor said before tells more.
    if (!next.ok() && next.error().check == Check::kUpstreamStatus) return answer;
    answer = std::move(next);
  }
  return answer;
}

}  // namespace thimble
