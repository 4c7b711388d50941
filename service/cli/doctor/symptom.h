// SPDX-License-Identifier: Apache-2.0
//
// One finding of `thimble doctor`, and how facts are judged: pure functions of them and of the time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/monitoring/summary.h"
#include "tcb/base/time.h"

namespace thimble {

struct Symptom {
  enum class Level : uint8_t { kOk, kWarn, kFail };
  std::string where;  // "intel https://..."
  std::string what;   // "resolves", "connects", KeyName
  Level level = Level::kOk;
  std::string detail;
  std::string fix;  // what to do; empty when all is well
};
using Diagnosis = std::vector<Symptom>;
std::string_view LevelName(Symptom::Level level);  // "ok", "warn", "FAIL"

struct Judgement {
  Symptom::Level level = Symptom::Level::kOk;
  std::string detail, fix;
};
// How long it is good from now on: of an item of collateral, and of the server's certificate.
Judgement JudgeItemEnd(Instant next_update, Instant now);
Judgement JudgeCertificateEnd(Instant end, Instant now);
// Our clock beside what a vendor's answer says.
Judgement JudgeClock(Instant vendors, Instant ours);
// Why a connection failed, by libcurl's words: what to do.
std::string FixForConnection(std::string_view error);

// What a server, or the store that none runs on, says of itself.
Diagnosis DiagnoseSummary(const Summary& summary);

}  // namespace thimble
