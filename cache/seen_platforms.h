// SPDX-License-Identifier: Apache-2.0
//
// The platforms that were seen, by their TCB and not by identity (tcb/tcb_record.h): how many sightings, and the
// last one. Recording one touches memory alone; Flush() writes down what changed, at most a few seconds' sightings
// are lost with the process. May be lost: it fills again as platforms come by.
//
//   seen/<SHA-256 of the TCB's text>   a RememberedTcb
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/store.h"
#include "tcb/tcb_record.h"

namespace thimble {

// Thread-safe.
class SeenPlatforms {
 public:
  SeenPlatforms(std::shared_ptr<Store> store, size_t max_tcbs)
      : store_(std::move(store)), max_tcbs_(max_tcbs) {}

  // What an earlier process wrote down. A record that cannot be read is dropped, and counted in the answer.
  Result<size_t> Load();

  // Beyond max_tcbs, the TCB that was seen longest ago is forgotten.
  void Record(const TcbRecord& tcb, Instant now);
  std::vector<RememberedTcb> All() const;
  Status Flush();

 private:
  std::vector<Store::Write> TakeChanges();

  const std::shared_ptr<Store> store_;
  const size_t max_tcbs_;
  std::mutex flushing_;  // one at a time, so that older counts never replace newer ones
  mutable std::mutex mutex_;
  std::unordered_map<std::string, RememberedTcb> tcbs_;  // by TcbKey
  std::set<std::string> changed_;                        // keys, also of those that were forgotten
};

}  // namespace thimble
