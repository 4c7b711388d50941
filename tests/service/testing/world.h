// SPDX-License-Identifier: Apache-2.0
//
// A Thimble over loopback in front of a simulated Intel, at the frozen time of that world.
#pragma once

#include <memory>
#include <string>

#include "service/app.h"
#include "tests/service/testing/raw_http.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_vendor_server.h"
#include "tests/support/temp_dir.h"

namespace thimble::test {

class World {
 public:
  explicit World(sim::SimIntel the_intel = sim::SimIntel::Make());

  // Starts Thimble: in memory, asking `vendor` alone, trusting the simulated root, at `now`.
  void Start(Instant now = sim::kNow);
  void Stop() { app.reset(); }
  uint16_t port() const;

  TempDir files;
  sim::SimIntel intel;
  sim::SimVendorServer vendor;
  Config config;  // what Start() takes
  std::unique_ptr<App> app;
};

}  // namespace thimble::test
