// SPDX-License-Identifier: Apache-2.0
//
// One item as it lies in a store: the bytes as they came, and what is known of them. Layout, little endian,
// lengths 32 bits wide and in front of what they measure:
//
//   "THR" version(1)  name  body  issuer_chain  source
//   fetched last_check issued next_update chain_end (64 bits each, seconds)  order_number (64 bits)
//   SHA-256 of the body (32)  SHA-256 of everything before it (32)
//
// The last digest tells damage, not forgery: an item is authenticated again when it is first used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/collateral_item.h"

namespace thimble {

struct Record {
  std::string name;  // KeyName of its key, so that a record under another's name is told
  CollateralBytes bytes;
  std::string source;
  Instant fetched{}, last_check{};
  // What the item says itself, kept for listings; never judged by.
  Instant issued{}, next_update{}, chain_end{};
  uint64_t order_number = 0;
  Digest256 sha256;  // of the body
};

std::string EncodeRecord(const Record& record);
// store.corrupt (kInternal) unless every byte is as it was written, for this name.
Result<Record> DecodeRecord(std::string_view name, std::string_view encoded);

}  // namespace thimble
