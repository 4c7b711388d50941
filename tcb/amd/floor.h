// SPDX-License-Identifier: Apache-2.0
//
// A TCB status for SEV-SNP by a floor document (spec/amd-floors.md sections 7 and 8): which bulletins a report meets, which it is
// short of, and which it can neither prove nor refute.
//
// REPORTED_TCB is bound by the key that signed; the other three are as honest as the firmware. A component is judged on
// the lowest of the four, so that nothing but a relaunch cures a guest that was born under an old firmware.
#pragma once

#include <string>
#include <string_view>

#include "tcb/amd/floor_document.h"
#include "tcb/amd/modes.h"
#include "tcb/verdict.h"

namespace thimble::amd {

// Gives an authentic SNP verdict its status by the bulletins of the level that were published up to verdict.at:
//
//   an SPL or firmware version short in REPORTED, COMMITTED or CURRENT   OutOfDate
//   only in LAUNCH, or only LAUNCH_MIT_VECTOR                            RelaunchAdvised
//   a bit of PLATFORM_INFO or of the mitigations clear                   ConfigurationNeeded, beside the two above
//   short only of what a stricter guest policy makes up for              SWHardeningNeeded
//   nothing short, but a bulletin's number is not known                  no status; note snp.floor_unproven
//   nothing short                                                        UpToDate
//
// and the shortfalls, advisories and tcb_date of all bulletins, of whatever level. A CPU in no range of the document
// has no status: a soft finding (snp.floor_unknown), or, by the mode, a check not run. A report of version 2 names no
// CPU: it is held to what all lines of its product ask, and short of that or without a status. A level that the
// document does not have is taken for all of it. Other verdicts stay as they are. `floors` null: none are configured.
void ApplyFloors(Verdict& verdict, const FloorsPtr& floors, std::string_view level, AmdFloorMode mode);

// One line: "meets entrysign-badram; behind on AMD-SB-3020, AMD-SB-3023 (snp 24, needs 27)". Empty without floors.
std::string FloorSummary(const Verdict& verdict);

}  // namespace thimble::amd
