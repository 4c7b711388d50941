// SPDX-License-Identifier: Apache-2.0
//
// The registry that several replicas share. Each has a whole copy of it in its own store, reads there alone, and writes
// to both: first here, where one writer wins, then into its copy. What others wrote comes as a list of changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache/store.h"

namespace thimble {

struct SharedChanges {
  std::string database;   // which one it is: another one has other numbers
  bool anew = false;      // they begin at the beginning: of another database, or of one that was put back
  bool put_back = false;  // likewise: it is the one that was asked about, in a state of before
  std::vector<Store::Write> writes;
  std::vector<int64_t> numbers;  // of each
  int64_t last = 0;   // the number of the last of them; of the one that was asked for when there are none
  bool more = false;  // there are others after it
};

// Thread-safe. Errors (kUnavailable, store.io): it cannot be reached, or not in time.
class SharedFacts {
 public:
  virtual ~SharedFacts() = default;
  // As Store::ApplyIf(). After an error nobody knows whether it was written: the changes will tell.
  virtual Result<bool> ApplyIf(const std::vector<Store::Expectation>& expected,
                               const std::vector<Store::Write>& batch) = 0;
  // In the order in which they were made, deletions too, each name with its last value. A transaction that ended later has
  // a higher number, always: none is missed. Of a database that was put back, what is written from then on has a number
  // above that which was asked for.
  virtual Result<SharedChanges> ChangesAfter(const std::string& database, int64_t number) = 0;
};

// What is shared of an entry of the registry: all but which TCB levels this replica's certificates were fetched for, since
// each fetches its own.
std::optional<std::string> SharedForm(const std::string& name, const std::optional<std::string>& value);

}  // namespace thimble
