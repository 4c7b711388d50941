// SPDX-License-Identifier: Apache-2.0
//
// A store whose failures are counted and named: what cannot be read, and whether it can be written.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cache/store.h"

namespace thimble {

class WatchedStore final : public Store {
 public:
  explicit WatchedStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  Result<std::optional<std::string>> Get(std::string_view name) override;
  Status Apply(const std::vector<Write>& batch) override;
  Result<bool> ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch) override;
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view name, std::string_view value)>& visit) override;
  uint64_t Size() const override { return store_->Size(); }
  Status BackUp(const std::string& directory) override { return store_->BackUp(directory); }

  struct Failures {
    uint64_t reads = 0, writes = 0;       // that failed since the start
    size_t unreadable = 0;                // entries whose last reading failed; at most kMostNames are counted
    std::vector<std::string> names = {};  // of the first of them; with a "*": some with this beginning
    std::string read_error = {};          // the last one; empty when all can be read
    std::string write_error = {};         // of the last write; empty when it succeeded
  };
  Failures failures() const;

 private:
  static constexpr size_t kMostNames = 10'000;
  void NoteRead(std::string name, const Status& outcome);
  void NoteWritten(const std::vector<Write>& batch, const Status& outcome);

  const std::shared_ptr<Store> store_;
  std::atomic<bool> all_well_{true};  // so that what goes well takes no lock
  mutable std::mutex mutex_;
  std::set<std::string> unreadable_;
  Failures failures_;
};

}  // namespace thimble
