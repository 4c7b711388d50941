// SPDX-License-Identifier: Apache-2.0
#include "service/cli/manual/similar.h"

#include <algorithm>

namespace thimble {

size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::vector<std::string> Similar(std::string_view word, const std::vector<std::string>& known) {
  constexpr size_t kMost = 3, kLongestWord = 100;
  if (word.size() > kLongestWord) return {};
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& other : known) {
    const size_t distance = Distance(word, other);
    if (distance <= std::max<size_t>(1, std::max(word.size(), other.size()) / 3))
      near.emplace_back(distance, other);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
  std::vector<std::string> out;
  for (const auto& [distance, other] : near) {
    if (out.size() < kMost && distance <= near.front().first + 1) out.push_back(other);
  }
  return out;
}

}  // namespace thimble
