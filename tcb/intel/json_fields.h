// SPDX-License-Identifier: Apache-2.0
//
// Fields that TCB infos and enclave identities have in common. Internal to tcb/intel.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/intel/tcb_info.h"

namespace thimble::intel {

Error MalformedField(std::string_view key, std::string_view what);  // kMalformed, collateral.malformed

Result<Instant> TimeField(const json::Value& object, std::string_view key);
Status HexField(const json::Value& object, std::string_view key, std::span<uint8_t> out);
Result<uint64_t> NumberField(const json::Value& object, std::string_view key, uint64_t max);
// "advisoryIDs": optional; an array of strings.
Result<std::vector<std::string>> AdvisoryField(const json::Value& level);

// "tcbLevels" of a module or enclave: {tcb:{isvsvn}, tcbDate, tcbStatus, advisoryIDs?}, sorted descending by
// isvsvn; not empty, no duplicates. `allowed` are the statuses that the format knows (DCAP 3, 4).
Result<std::vector<IsvLevel>> IsvLevelsField(const json::Value& object, std::span<const TcbStatus> allowed);

Result<TcbStatus> StatusField(const json::Value& level, std::span<const TcbStatus> allowed);

}  // namespace thimble::intel
