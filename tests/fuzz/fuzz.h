// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz targets share: a property that must hold, and reading choices from the input. Each target is one
// LLVMFuzzerTestOneInput; sanitizers watch the rest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tcb/base/bytes.h"

namespace thimble::fuzz {

// Ends the process when the property does not hold: libFuzzer keeps the input.
inline void Holds(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

// Takes choices from the front of the input; past its end every choice is 0.
class Choices {
 public:
  explicit Choices(ByteView input) : rest_(input) {}

  bool empty() const { return rest_.empty(); }
  uint8_t U8() {
    if (rest_.empty()) return 0;
    const uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  uint16_t U16() {
    const uint8_t low = U8();
    return static_cast<uint16_t>(low | U8() << 8);
  }
  bool Bool() { return (U8() & 1) != 0; }
  // Less than `bound`, which is not 0.
  size_t Below(size_t bound) { return U16() % bound; }
  ByteView Take(size_t count) {
    const ByteView head = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(head.size());
    return head;
  }
  ByteView Rest() const { return rest_; }

 private:
  ByteView rest_;
};

inline bool Inside(ByteView part, ByteView whole) {
  return part.empty() || (std::less_equal<>()(whole.data(), part.data()) &&
                          std::less_equal<>()(part.data() + part.size(), whole.data() + whole.size()));
}

}  // namespace thimble::fuzz

// The input as a ByteView: `FUZZ_TARGET(input) { ... }`.
#define FUZZ_TARGET(input)                                                  \
  static void FuzzOne(thimble::ByteView input);                             \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    FuzzOne(thimble::ByteView(data, size));                                 \
    return 0;                                                               \
  }                                                                         \
  static void FuzzOne(thimble::ByteView input)
