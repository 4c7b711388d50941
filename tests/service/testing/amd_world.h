// SPDX-License-Identifier: Apache-2.0
//
// A Thimble over loopback in front of a simulated KDS.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/service/testing/world.h"
#include "tests/support/sim_amd.h"

namespace thimble::test {

struct AmdWorld : World {
  AmdWorld();

  // Starts Thimble on a store on disk; again after Stop(), on the same one.
  void StartOnDisk(Instant now = sim::kAmdNow);

  RawAnswer Post(const nlohmann::json& request) const;
  // The result of a report, which must be there.
  nlohmann::json Verify(const Bytes& evidence, nlohmann::json more = nlohmann::json::object()) const;
  // The problem, which must be there and have this status.
  nlohmann::json Problem(const Bytes& evidence, int status,
                         nlohmann::json more = nlohmann::json::object()) const;
  RawAnswer Get(const CollateralKey& key) const;  // at the KDS's path

  sim::SimAmd amd = sim::SimAmd::Make();
};

CollateralKey VcekKeyOf(const sim::SnpPlatform& platform);
std::set<std::string> FindingsOf(const nlohmann::json& result);  // but for the note of the simulated anchor
std::string CheckIn(const nlohmann::json& object,
                    const std::string& check);  // its result; "" when it is not there

}  // namespace thimble::test
