// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/refused_requests.h"

#include <algorithm>

#include "tcb/base/text.h"

namespace thimble {

void RefusedRequests::Record(Instant at, std::string_view cause, std::string request) {
  const std::lock_guard lock(mutex_);
  if (auto known = counts_.find(cause); known != counts_.end()) {
    ++known->second;
  } else if (counts_.size() < kMaxCauses) {
    counts_.emplace(cause, 1);
  }
  last_.push_front({at, std::string(cause), std::move(request)});
  if (last_.size() > kKept) last_.pop_back();
}

std::vector<std::pair<std::string, uint64_t>> RefusedRequests::Counts() const {
  const std::lock_guard lock(mutex_);
  return {counts_.begin(), counts_.end()};
}

std::vector<RefusedRequests::Line> RefusedRequests::Last() const {
  const std::lock_guard lock(mutex_);
  return {last_.begin(), last_.end()};
}

std::string Shortened(std::string_view method, std::string_view path, std::string_view query) {
  constexpr size_t kLongest = 40, kShown = 8, kMost = 400;
  std::string out = StrCat(method, " ", path.substr(0, kMost));
  for (char separator = '?'; !query.empty() && out.size() < kMost; separator = '&') {
    const std::string_view piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(piece.size() + 1, query.size()));
    const size_t value = std::min(piece.find('='), piece.size());
    const bool is_long = piece.size() - value > kLongest;
    out += StrCat(separator, is_long ? piece.substr(0, value + 1 + kShown) : piece, is_long ? "..." : "");
  }
  return out;
}

}  // namespace thimble
