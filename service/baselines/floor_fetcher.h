// SPDX-License-Identifier: Apache-2.0
//
// Fetches floor documents from floors.url, at refresh passes: another Thimble's /v1/floors, or a file on a web server
// with FILE.sig beside it. What comes has to hold under floors.key, by the same way as an upload.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cache/refresher.h"
#include "cache/single_flight.h"
#include "fetchers/http_client.h"
#include "service/baselines/floor_book.h"

namespace thimble {

// Thread-safe. The book outlives it.
class FloorFetcher {
 public:
  FloorFetcher(FloorBook& book, std::shared_ptr<HttpClient> client)
      : book_(book), client_(std::move(client)) {}

  // floors.url; empty: nothing is fetched. It is asked at the next pass: what failed before may hold under a new key.
  void Use(std::string url);

  // Asks when it is due: every six hours, and after a failure in a minute, two, four, ...; at once when it is urgent.
  // The line of that, and one of each document in force that is stale: patient passes say so once a day.
  std::vector<RefreshLine> Pass(Instant now, RefreshUrge urge);

 private:
  struct Answer {
    FloorBytes bytes;
    std::string source;
  };
  std::optional<std::string> UrlIfDue(Instant now, RefreshUrge urge);
  RefreshLine AskOnce(const std::string& url, Instant now);
  RefreshLine Ask(const std::string& url, Instant now);
  Result<Answer> Fetch(const std::string& url);
  Result<Bytes> SignatureOf(const HttpResponse& document, const std::string& url,
                            std::chrono::steady_clock::time_point deadline);
  Result<Bytes> FetchSignature(const std::string& url, std::chrono::steady_clock::time_point deadline);
  bool SaysStale(Instant now, RefreshUrge urge);
  void NoteOutcome(const std::string& url, bool ok, Instant now);

  FloorBook& book_;
  const std::shared_ptr<HttpClient> client_;
  SingleFlight<RefreshLine> asking_;  // by URL
  std::mutex mutex_;
  std::string url_;
  Instant asked_{};
  Seconds wait_{0};      // from then to the next attempt
  Seconds retry_in_{0};  // the wait after the last failure in a row
  Instant stale_said_at_{};
};

}  // namespace thimble
