// SPDX-License-Identifier: Apache-2.0
//
// Reading TPM structures: big endian, with lengths before bytes. Internal to tcb/tpm.
#pragma once

#include <optional>

#include "tcb/base/byte_reader.h"
#include "tcb/base/bytes.h"

namespace thimble::tpm {

template <class T>
std::optional<T> Number(ByteReader& reader) {
  const auto bytes = reader.Take(sizeof(T));
  if (!bytes) return std::nullopt;
  T value = 0;
  for (const uint8_t byte : *bytes) value = static_cast<T>(static_cast<T>(value << 8) | byte);
  return value;
}

// TPM2B_*: a length of 16 bits, and so many bytes.
inline std::optional<ByteView> Sized(ByteReader& reader) {
  const auto size = Number<uint16_t>(reader);
  return size ? reader.Take(*size) : std::nullopt;
}

inline Bytes ToBytes(ByteView view) { return Bytes(view.begin(), view.end()); }

}  // namespace thimble::tpm
