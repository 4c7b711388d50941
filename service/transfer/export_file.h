// SPDX-License-Identifier: Apache-2.0
//
// The file of `thimble export`: collateral on its way to where there is no network.
//
//   THIMBLE-EXPORT 1 <length of the manifest> <SHA-256 of the manifest, hex>\n
//   <manifest, JSON: {"version", "items": [...], "first_expiry"}>\n
//   <the bodies and issuer chains, one after the other, in the order of the manifest>
//
// The digests tell damage. What the file says of an item is not trusted: items are authenticated when they are taken.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cache/record.h"
#include "tcb/base/result.h"

namespace thimble {

struct ExportedItem {
  Record record;
  bool past = false;  // a version of the history, not the one in use
};

// Sorted by name and version: the same items give the same bytes.
std::string EncodeExport(std::vector<ExportedItem> items);

bool IsExport(std::string_view file);
// Malformed (request.invalid) unless every byte is as it was written.
Result<std::vector<ExportedItem>> DecodeExport(std::string_view file);

}  // namespace thimble
