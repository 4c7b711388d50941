// SPDX-License-Identifier: Apache-2.0
//
// A bounds-checked little-endian cursor. No other code indexes into input.
#pragma once

#include <cstdint>
#include <optional>

#include "tcb/base/bytes.h"

namespace thimble {

// Reads from the front. A read past the end returns nullopt and moves nothing.
// Not thread-safe; cheap to copy.
class ByteReader {
 public:
  explicit ByteReader(ByteView input) : rest_(input) {}

  size_t remaining() const { return rest_.size(); }
  ByteView rest() const { return rest_; }

  // The length is 64 bits wide so that no caller has to narrow a sum of lengths taken from the input.
  std::optional<ByteView> Take(uint64_t length) {
    if (length > rest_.size()) return std::nullopt;
    const ByteView head = rest_.first(static_cast<size_t>(length));
    rest_ = rest_.subspan(head.size());
    return head;
  }

  std::optional<uint8_t> U8() { return Number<uint8_t>(); }
  std::optional<uint16_t> U16() { return Number<uint16_t>(); }
  std::optional<uint32_t> U32() { return Number<uint32_t>(); }
  std::optional<uint64_t> U64() { return Number<uint64_t>(); }

 private:
  template <class T>
  std::optional<T> Number() {
    const auto bytes = Take(sizeof(T));
    if (!bytes) return std::nullopt;
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value | (static_cast<T>((*bytes)[i]) << (8 * i)));
    return value;
  }

  ByteView rest_;
};

// Field `offset..offset+N` of a block whose size the caller has checked; the offsets are compile-time
// constants.
template <size_t Offset, size_t N, size_t BlockSize>
constexpr std::span<const uint8_t, N> Field(std::span<const uint8_t, BlockSize> block) {
  static_assert(Offset + N <= BlockSize);
  return block.template subspan<Offset, N>();
}

}  // namespace thimble
