// SPDX-License-Identifier: Apache-2.0
//
// Open Enclave's evidence as thimble-vendors leaves it: its names say what becomes of it.
#include "tests/support/sim_files.h"
#include "tests/tcb/openenclave/world.h"

namespace thimble::openenclave {
namespace {

TEST(OpenEnclaveFiles, AreWhatTheirNamesSay) {
  for (const sim::EvidenceFile& file : sim::OpenEnclaveEvidence(World())) {
    const auto verdict = Judge(file.bytes);
    const bool good = file.name.starts_with("good-"), old = file.name.starts_with("old-");
    EXPECT_EQ(FailsOn(verdict).empty(), good || old) << file.name;
    if (!good && !old) continue;
    EXPECT_EQ(verdict->tcb_status, good ? TcbStatus::kUpToDate : TcbStatus::kOutOfDate) << file.name;
  }
}

}  // namespace
}  // namespace thimble::openenclave
