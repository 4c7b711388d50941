// SPDX-License-Identifier: Apache-2.0
//
// The endorsements of utility VMs that held for a report, by their digest, as they were: whoever reads a past result finds
// in it which one. Callers bring them, and no vendor serves them; so they are kept once a decision has rested on them.
//
//   uvm/<SHA-256>   "<seconds since 1970>\n", and the bytes
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "cache/store.h"
#include "tcb/base/time.h"

namespace thimble {

// Thread-safe.
class SeenEndorsements {
 public:
  SeenEndorsements(std::shared_ptr<Store> store, size_t most) : store_(std::move(store)), most_(most) {}

  // What an earlier process kept. A record that cannot be read or is not of its name is dropped, and counted in the answer.
  Result<size_t> Load();

  // Keeps one that has been verified; of one that is kept nothing is written. Beyond `most`, the one that was first seen
  // longest ago is forgotten.
  Status Record(const Digest256& sha256, ByteView endorsement, Instant now);

  struct Seen {
    Bytes endorsement;
    Instant first_seen{};
  };
  // nullopt: never seen, or forgotten, or damaged in the store.
  Result<std::optional<Seen>> Find(const Digest256& sha256) const;

 private:
  const std::shared_ptr<Store> store_;
  const size_t most_;
  std::mutex mutex_;
  std::map<Digest256, Instant> first_seen_;
};

}  // namespace thimble
