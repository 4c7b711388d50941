// SPDX-License-Identifier: Apache-2.0
//
// Why clients of the dialects were told that there is nothing: counted by cause, the last ones kept, for /v1/status.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tcb/base/time.h"

namespace thimble {

// Thread-safe.
class RefusedRequests {
 public:
  struct Line {
    Instant at{};
    std::string cause, request;
  };

  void Record(Instant at, std::string_view cause, std::string request);
  std::vector<std::pair<std::string, uint64_t>> Counts() const;  // by cause
  std::vector<Line> Last() const;                                // newest first

 private:
  static constexpr size_t kKept = 20, kMaxCauses = 64;
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t, std::less<>> counts_;
  std::deque<Line> last_;
};

// "GET /path?name=value", a value of more than 40 characters by its first 8: it may be an encrypted PPID.
std::string Shortened(std::string_view method, std::string_view path, std::string_view query);

}  // namespace thimble
