// SPDX-License-Identifier: Apache-2.0
//
// Keeps within a vendor's patience: identical requests are spaced, and a host that answered "later" is not asked for
// items of that class for as long as it said; for others it is. A request waits for its turn when that comes before its
// deadline, and fails at once otherwise.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "fetchers/http_client.h"
#include "fetchers/timing.h"

namespace thimble {

struct PacingOptions {
  // Between two identical requests that got an answer. AMD's KDS admits one per 10 s (spec/amd-sev-snp.md a).
  std::chrono::milliseconds identical_interval{0};
  std::chrono::milliseconds max_pause{60'000};  // a longer Retry-After is cut to this
  // Told how long a request waits for its turn; called from any thread.
  std::function<void(std::chrono::milliseconds)> on_wait = {};
};

// Thread-safe, as the inner client is. Goes below retries, so that they are paced too.
class PacingHttpClient final : public HttpClient {
 public:
  PacingHttpClient(std::shared_ptr<HttpClient> inner, PacingOptions options, Timing timing);
  // Errors, besides the inner client's: upstream.status when the turn comes after the deadline.
  Result<HttpResponse> Send(const HttpRequest& request) override;

 private:
  SteadyTime ReserveTurn(const std::string& group, const HttpRequest& request);
  void Learn(const std::string& group, const HttpRequest& request, const Result<HttpResponse>& answer);

  std::shared_ptr<HttpClient> inner_;
  PacingOptions options_;
  Timing timing_;
  std::mutex mutex_;
  std::map<std::string, SteadyTime> paused_;     // origin and class -> not before
  std::map<std::string, SteadyTime> next_turn_;  // URL -> not before
};

}  // namespace thimble
