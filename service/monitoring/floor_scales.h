// SPDX-License-Identifier: Apache-2.0
//
// AMD's platforms that were seen beside the floors of the document in force: by CPU line and component, what the
// strictest bulletin asks and what was reported.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tcb/amd/floor_document.h"
#include "tcb/tcb_record.h"

namespace thimble {

struct FloorScale {
  std::string component;              // "snp"
  uint64_t need = 0;                  // 0: no bulletin asks anything of it
  std::string bulletin;               // that asks it
  std::map<uint64_t, uint64_t> seen;  // sightings by the SVN that was reported
};

struct LineScales {
  std::string line;  // "Genoa"
  std::vector<FloorScale> scales;
  std::map<std::string, uint64_t> by_status;  // sightings by what all of the floors come to
  uint64_t sightings = 0;
};

// Only lines of which a platform was seen, those that were seen most often first. `floors` null: none are in force.
std::vector<LineScales> MakeFloorScales(const amd::FloorsPtr& floors, const std::vector<RememberedTcb>& seen,
                                        Instant now);

}  // namespace thimble
