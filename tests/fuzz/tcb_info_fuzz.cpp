// SPDX-License-Identifier: Apache-2.0
//
// The TCB info decoder, and matching a platform, itself from the input, against what it accepts.
#include <tuple>

#include "tcb/intel/tcb_info.h"
#include "tcb/intel/tcb_level.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

static void CheckOrder(const intel::TcbInfo& info) {
  const auto order = [](const intel::TcbLevel& level) {
    return std::tuple(level.sgx, static_cast<uint16_t>(level.pce_svn), level.tdx);
  };
  Holds(!info.levels.empty(), "there are levels");
  for (size_t i = 1; i < info.levels.size(); ++i)
    Holds(order(info.levels[i - 1]) > order(info.levels[i]),
          "levels are in matching order, without duplicates");
}

static void Match(const intel::TcbInfo& info, fuzz::Choices choices) {
  intel::PlatformTcb tcb;
  for (uint8_t& svn : tcb.cpu_svn) svn = choices.U8();
  tcb.pce_svn = static_cast<intel::PceSvn>(choices.U16());
  if (info.tee == IntelTee::kTdx) {
    tcb.tee_tcb_svn.emplace();
    for (uint8_t& svn : *tcb.tee_tcb_svn) svn = choices.U8();
  }
  const intel::TcbLevel* const level = intel::MatchTcbLevel(info, tcb);
  if (level == nullptr) return;
  Holds(intel::Covers(tcb.cpu_svn, level->sgx) && intel::Covers(tcb.pce_svn, level->pce_svn),
        "the platform covers the level that it matches");
}

FUZZ_TARGET(input) {
  // The last 35 bytes choose the platform; the corpus is JSON with such a tail.
  const size_t tail = std::min<size_t>(input.size(), 35);
  const auto info = intel::DecodeTcbInfo(input.first(input.size() - tail));
  if (!info.ok()) {
    Holds(info.error().kind == ErrorKind::kMalformed, "a TCB info that does not decode is malformed");
    return;
  }
  CheckOrder(*info);
  Holds(info->tee == IntelTee::kSgx ? !info->tdx_module : info->tdx_module.has_value(), "TDX has a module");
  Match(*info, fuzz::Choices(input.last(tail)));
}
