// SPDX-License-Identifier: Apache-2.0
//
// Where records are kept. The store is not trusted: what is read is bound to its digest (record.h) and
// verified again when it is first used.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble {

// The contract, held by tests/cache/store_contract_test.cpp for every implementation:
//   - Names are byte strings of 1 to 512 bytes; values are at most 16 MiB.
//   - A write is durable and visible to every thread once it has returned; a batch is all or nothing, also
//   after a crash.
//   - Get of an unknown name is an empty optional, not an error. Errors are store.io and leave everything as
//   it was.
//   - Of several that make conditional writes and expect the same, one wins: also where they are other processes.
//   - Scan visits the names with a prefix in ascending byte order, over a snapshot.
// Thread-safe.
class Store {
 public:
  struct Write {
    std::string name;
    std::optional<std::string> value;  // nullopt: delete
  };

  virtual ~Store() = default;
  virtual Result<std::optional<std::string>> Get(std::string_view name) = 0;
  virtual Status Apply(const std::vector<Write>& batch) = 0;

  // What there has to be under a name: a value of this version, or none.
  struct Expectation {
    std::string name;
    std::optional<Digest256> version;  // VersionOf() the value; nullopt: absent
  };
  static std::optional<Digest256> VersionOf(const std::optional<std::string>& value);
  // As Apply(), when all is as expected at that moment. False: something is not, and nothing was written.
  virtual Result<bool> ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch);
  // `visit` returns false to stop.
  virtual Status Scan(std::string_view prefix,
                      const std::function<bool(std::string_view name, std::string_view value)>& visit) = 0;

  // About how many bytes it takes.
  virtual uint64_t Size() const { return 0; }
  // A consistent copy in a directory that is not there yet, while it is in use: a store by itself.
  virtual Status BackUp(const std::string& directory);
};

}  // namespace thimble
