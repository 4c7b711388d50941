// SPDX-License-Identifier: Apache-2.0
//
// The form of RocksDB's logs, the write-ahead log and the MANIFEST: blocks of 32 KiB with records in them,
//
//   masked CRC-32C of type and payload (4, little endian)  length (2)  type (1)  payload
//
// RocksDB takes a record whose length reaches beyond the end of the file for one that was cut short, and drops it with
// all that follows; one flipped bit of a length is enough. Here the two are told apart before it opens them.
#pragma once

#include <cstdint>
#include <string_view>

#include "tcb/base/result.h"

namespace thimble {

struct RocksLogCheck {
  uint64_t records = 0;     // whole ones
  uint64_t torn_bytes = 0;  // after them: of a record that was cut short, or zeros
};
// store.corrupt, with the place, when anything but the end of the last record is missing. `name` is for the message.
Result<RocksLogCheck> CheckRocksLog(std::string_view name, std::string_view bytes);

}  // namespace thimble
