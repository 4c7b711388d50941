// SPDX-License-Identifier: Apache-2.0
//
// The sqlite database of Intel's PCCS, of any schema from the first to version 5 (spec/intel-pccs-api.md section 7), read for
// moving over: platforms with their TCBs, registrations that wait for certificates, PCK certificates, and all collateral.
//
//   schema  what came with it
//   0       qe_identities and qve_identities; CRLs, PPIDs and manifests in hex
//   1       those in binary
//   2       enclave_identities in place of the two; fmspc_tcbs.type
//   3       fmspc_tcbs.version, enclave_identities.version
//   5       update_type of both
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "service/platforms/platform_bundle.h"

namespace thimble {

inline bool IsPccsDatabase(std::string_view file) {
  return file.starts_with(std::string_view("SQLite format 3\0", 16));
}

// Malformed (request.invalid) for what is not such a database, for one whose last changes are in another file (WAL mode),
// and in a build without SQLite. Rows that make no sense are left out, and named in `odd`. Reading says nothing about trust.
Result<PlatformBundle> ReadPccsDatabase(std::string_view file, std::vector<std::string>& odd,
                                        std::chrono::milliseconds time_limit = std::chrono::seconds(20));

// What `thimble import` is given: the file as it is, or, of a database that has a write-ahead log (-wal) or a hot journal
// (-journal) beside it, the database with what is in there. That is done on a private copy: nothing beside the file is
// touched. request.invalid when it cannot be read, is longer than `limit`, or changes meanwhile.
Result<std::string> ReadImportFile(const std::string& path, size_t limit);

}  // namespace thimble
