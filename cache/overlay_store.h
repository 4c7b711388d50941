// SPDX-License-Identifier: Apache-2.0
//
// A store over another that is only read: what is written stays in memory, and is gone with the process. For commands
// that look at a store and leave it as it is.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "cache/store.h"

namespace thimble {

class OverlayStore final : public Store {
 public:
  explicit OverlayStore(std::shared_ptr<Store> below) : below_(std::move(below)) {}

  Result<std::optional<std::string>> Get(std::string_view name) override;
  Status Apply(const std::vector<Write>& batch) override;
  Result<bool> ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch) override;
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view name, std::string_view value)>& visit) override;
  uint64_t Size() const override { return below_->Size(); }

 private:
  using Entries = std::map<std::string, std::optional<std::string>, std::less<>>;  // nullopt: deleted
  Entries Above(std::string_view prefix);
  void Put(const std::vector<Write>& batch);

  const std::shared_ptr<Store> below_;
  std::mutex writing_;  // before the other: what is expected stays so until it is written
  std::mutex mutex_;
  Entries above_;
};

}  // namespace thimble
