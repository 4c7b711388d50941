// SPDX-License-Identifier: Apache-2.0
//
// Asks again after connection failures and the statuses that mean "later": 429, 500, 502, 503, 504.
// Everything else is final: other statuses, refused answers, a request whose deadline would pass while
// waiting. A host whose last answer to a request was a failure, after all retries, is asked once a request until it
// answers: it is down, and not to be asked more often than whoever waits for it wants.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "fetchers/http_client.h"
#include "fetchers/timing.h"

namespace thimble {

struct RetryOptions {
  int max_retries = 2;
  std::chrono::milliseconds first_wait{250};  // doubles; jittered between half and all of it
  std::chrono::milliseconds max_wait{5000};
  std::chrono::milliseconds max_retry_after{60'000};  // a vendor's wish beyond this is cut to it
  uint64_t seed = 0;                                  // of the jitter
};

// The wait that a response asks for with Retry-After, in seconds or as a date against its own Date header
// (RFC 9110 section 10.2.3); nullopt when it asks for none.
std::optional<std::chrono::milliseconds> RetryAfter(const HttpResponse& response);
bool IsRetriedStatus(int status);
// Of these, those that say that the host is down. One that says "later" (429) is up.
inline bool IsDownStatus(int status) { return IsRetriedStatus(status) && status != 429; }

// Thread-safe, as the inner client is.
class RetryingHttpClient final : public HttpClient {
 public:
  RetryingHttpClient(std::shared_ptr<HttpClient> inner, RetryOptions options, Timing timing);
  Result<HttpResponse> Send(const HttpRequest& request) override;

 private:
  std::chrono::milliseconds Backoff(int attempt);
  Result<HttpResponse> SendUpTo(const HttpRequest& request, int retries);
  bool IsDown(const std::string& origin) const;
  void Learn(const std::string& origin, const Result<HttpResponse>& answer);

  std::shared_ptr<HttpClient> inner_;
  RetryOptions options_;
  Timing timing_;
  std::atomic<uint64_t> draws_{0};
  mutable std::mutex mutex_;
  std::set<std::string> down_;  // origins
};

}  // namespace thimble
