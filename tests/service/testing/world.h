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

namespace thimble::test {

// A directory of its own, removed at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(std::string_view name) const;
  const std::string& path() const { return path_; }
  // Writes a file into it and gives its path.
  std::string Write(std::string_view name, std::string_view text) const;
  std::string Write(std::string_view name, ByteView bytes) const { return Write(name, AsText(bytes)); }

 private:
  std::string path_;
};

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
