// SPDX-License-Identifier: Apache-2.0
//
// What is known to be damaged or lost of the store and of the registrations: the same words for the log, /readyz and the
// status, and the same figures as metrics.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cache/registration_log.h"
#include "cache/watched_store.h"
#include "service/support/prometheus_text.h"

namespace thimble {

// Thread-safe. The store outlives it.
class StoreDamage {
 public:
  StoreDamage(const WatchedStore& store, RegistrationFindings found)
      : store_(store), found_(std::move(found)) {}

  // (what, how): ("registrations", "3 entries were ..."); empty when all is well.
  std::vector<std::pair<std::string, std::string>> Lines() const;
  void Write(PrometheusText& out) const;

 private:
  const WatchedStore& store_;
  const RegistrationFindings found_;
};

// What came of the comparison at start, a sentence each.
std::vector<std::string> Sentences(const RegistrationFindings& found);

}  // namespace thimble
