// SPDX-License-Identifier: Apache-2.0
//
// A store that is gone with the process: tests, and `--ephemeral`.
#pragma once

#include <map>
#include <mutex>

#include "cache/store.h"

namespace thimble {

class MemoryStore final : public Store {
 public:
  Result<std::optional<std::string>> Get(std::string_view name) override;
  Status Apply(const std::vector<Write>& batch) override;
  Result<bool> ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch) override;
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view name, std::string_view value)>& visit) override;

 private:
  void Put(const std::vector<Write>& batch);

  std::mutex writing_;  // before the other: what is expected stays so until it is written
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> entries_;
};

}  // namespace thimble
