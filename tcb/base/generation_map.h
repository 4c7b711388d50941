// SPDX-License-Identifier: Apache-2.0
//
// A bounded map for what can be worked out again.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace thimble {

// A bounded map in two generations: when the young one is full it becomes the old one, and what is found in
// the old one moves to the young. So at most `capacity` entries are held, and those in use stay. Thread-safe.
template <class T>
class GenerationMap {
 public:
  explicit GenerationMap(size_t capacity) : half_(std::max<size_t>(capacity / 2, 1)) {}

  std::optional<T> Find(std::string_view key) {
    const std::scoped_lock lock(mutex_);
    if (const auto it = young_.find(key); it != young_.end()) return it->second;
    const auto it = old_.find(key);
    if (it == old_.end()) return std::nullopt;
    auto node = old_.extract(it);
    T value = node.mapped();
    Insert(std::move(node));
    return value;
  }

  void Clear() {
    const std::scoped_lock lock(mutex_);
    young_.clear();
    old_.clear();
  }

  void Add(std::string_view key, T value) {
    Map fresh;
    fresh.emplace(std::string(key), std::move(value));
    const std::scoped_lock lock(mutex_);
    Insert(fresh.extract(fresh.begin()));
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  void Insert(typename Map::node_type node) {
    if (young_.size() >= half_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_.insert(std::move(node));
  }

  const size_t half_;
  std::mutex mutex_;
  Map young_, old_;
};

}  // namespace thimble
