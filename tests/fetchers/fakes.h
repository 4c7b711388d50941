// SPDX-License-Identifier: Apache-2.0
//
// A network and a clock that tests control.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/timing.h"

namespace thimble::test {

// Answers by URL; everything else is a 404. Keeps a log of the requests.
class FakeHttp final : public HttpClient {
 public:
  using Handler = std::function<Result<HttpResponse>(const HttpRequest&)>;

  void On(const std::string& url, Handler handler) { handlers_[url] = std::move(handler); }
  void On(const std::string& url, HttpResponse response) {
    On(url, [response](const HttpRequest&) -> Result<HttpResponse> { return response; });
  }
  void Otherwise(Handler handler) { otherwise_ = std::move(handler); }

  Result<HttpResponse> Send(const HttpRequest& request) override {
    const std::lock_guard lock(mutex_);
    requests.push_back(request);
    const auto found = handlers_.find(request.url);
    if (found != handlers_.end()) return found->second(request);
    return otherwise_(request);
  }

  std::vector<HttpRequest> requests;

 private:
  std::mutex mutex_;
  std::map<std::string, Handler> handlers_;
  Handler otherwise_ = [](const HttpRequest&) -> Result<HttpResponse> { return HttpResponse{404, {}, {}}; };
};

inline HttpResponse Response(int status, std::string_view body = "",
                             std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {status, std::move(headers), Bytes(body.begin(), body.end())};
}
inline Result<HttpResponse> Unreachable(const HttpRequest& request) {
  return UpstreamError(Check::kUpstreamUnreachable, "GET " + request.url + ": connection refused");
}

// Time passes only by Tick() and by waiting.
class FakeClock {
 public:
  SteadyTime now() const { return now_; }
  void Tick(std::chrono::milliseconds step) { now_ += step; }
  std::chrono::milliseconds slept() const { return slept_; }

  SteadyClock clock() {
    return [this] { return now_; };
  }
  Timing timing() {
    return {clock(), [this](SteadyTime until) {
              if (until <= now_) return;
              slept_ += std::chrono::duration_cast<std::chrono::milliseconds>(until - now_);
              now_ = until;
            }};
  }

 private:
  SteadyTime now_ = SteadyTime(std::chrono::hours(1));
  std::chrono::milliseconds slept_{0};
};

}  // namespace thimble::test
