// SPDX-License-Identifier: Apache-2.0
//
// The floor tables that baselines name: minimum TCBs for SEV-SNP as a TOML file (deploy/baselines/amd.toml says what
// is in one).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "service/baselines/baseline_book.h"
#include "tcb/amd/floor.h"
#include "tcb/base/result.h"

namespace thimble {

// request.invalid, one line: "FILE:LINE: what is wrong and what is right".
Result<amd::FloorTable> ParseFloorFile(std::string_view text, std::string_view file_name);

// What `amd` of a baseline names: "builtin", the path of a file, or "" for a table without entries.
Result<amd::FloorTable> LoadFloor(const std::string& setting);

// That of every baseline can be read: to be found at the start, not with the first report.
Status CheckFloors(const Baselines& baselines);

using FloorPtr = std::shared_ptr<const amd::FloorTable>;

// Each table is read when it is first asked for, and then kept. Thread-safe.
class Floors {
 public:
  Result<FloorPtr> Get(const std::string& setting);

 private:
  std::mutex mutex_;
  std::map<std::string, FloorPtr> tables_;
};

}  // namespace thimble
