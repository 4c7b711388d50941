// SPDX-License-Identifier: Apache-2.0
#include "tcb/tpm/event_log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/sim_platform.h"

namespace thimble::tpm {
namespace {

// A log lies in memory that is larger; what is behind its padding is none, and its own last bytes may be zeros.
TEST(TpmEventLog, EndsWhereOnlyZerosFollow) {
  const auto events = [](const Bytes& log) {
    const auto parsed = ParseEventLog(log);
    return parsed ? static_cast<int>(parsed->events.size()) : -1;
  };
  const auto ends_in_zeros = [](Bytes& log) { std::fill(log.end() - 4, log.end(), uint8_t{0}); };
  EXPECT_EQ(events(sim::MakeEventLog(3)), 3);
  EXPECT_EQ(events(sim::MakeEventLog(3, [](Bytes& log) { log.resize(log.size() + 4096); })), 3);
  EXPECT_EQ(events(sim::MakeEventLog(3, ends_in_zeros)), 3);
  EXPECT_EQ(events(sim::MakeEventLog(3,
                                     [&](Bytes& log) {
                                       ends_in_zeros(log);
                                       log.resize(log.size() + 64);
                                     })),
            3);
  EXPECT_EQ(events(sim::MakeEventLog(3, [](Bytes& log) { log.insert(log.end(), 4, 0xff); })), 3);
  EXPECT_EQ(events(sim::MakeEventLog(3,
                                     [](Bytes& log) {
                                       log.resize(log.size() + 64);
                                       log.push_back(1);
                                     })),
            -1);
}

}  // namespace
}  // namespace thimble::tpm
