// SPDX-License-Identifier: Apache-2.0
//
// What holds for every implementation of a store: the limits of the contract, and the mark of its layout.
#pragma once

#include "cache/store.h"

namespace thimble {

inline constexpr size_t kMaxStoreName = 512, kMaxStoreValue = 16u << 20;

Error StoreError(std::string message);  // store.io
Status CheckBatch(const std::vector<Store::Write>& batch);
// Whether all is as expected now; whoever asks keeps others from writing meanwhile.
Result<bool> Holds(Store& store, const std::vector<Store::Expectation>& expected);

// The layout of the names and records of a store. A store of a newer layout is refused, one without a mark is
// new and gets it.
inline constexpr uint32_t kStoreSchema = 1;
inline constexpr std::string_view kStoreSchemaName = "meta/schema";
Status CheckSchema(Store& store);

}  // namespace thimble
