// SPDX-License-Identifier: Apache-2.0
//
// The event log of a measured boot (TCG PC Client Platform Firmware Profile; spec/vbs-and-tpm.md section 2.6). A replay
// proves the digests in it, and not the data beside them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/tpm/claims.h"

namespace thimble::tpm {

inline constexpr size_t kMaxEventLog = 1u << 20;

struct Event {
  uint32_t pcr = 0, type = 0;
  std::map<uint16_t, Bytes> digests;  // by bank
  ByteView data;
};

struct EventLog {
  std::set<uint16_t> banks;
  std::vector<Event> events;
};

// The views are valid as long as the log. Malformed (tpm.event_log_format).
Result<EventLog> ParseEventLog(ByteView log);

// The PCRs that firmware measures each boot into, 0 to 7: one of them without an event still has its first value, and a log
// that leaves its events out does not lead to what is quoted.
inline constexpr uint8_t kFirmwarePcrs = 8;

// Where the events of a bank lead, of SHA-256, SHA-384 and SHA-512. Other PCRs without an event are not in it.
PcrValues Replay(const EventLog& log);

}  // namespace thimble::tpm
