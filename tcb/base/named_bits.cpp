// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/named_bits.h"

#include <algorithm>

#include "tcb/base/text.h"

namespace thimble {

std::optional<uint64_t> MaskOfBit(std::span<const NamedBit> bits, std::string_view name) {
  const auto bit = std::find_if(bits.begin(), bits.end(), [&](const NamedBit& b) { return b.name == name; });
  if (bit == bits.end()) return std::nullopt;
  return uint64_t{1} << bit->bit;
}

std::vector<std::string> NamesOfBits(std::span<const NamedBit> bits, uint64_t value) {
  std::vector<std::string> names;
  for (uint8_t i = 0; i < 64; ++i) {
    if ((value >> i & 1) == 0) continue;
    const auto bit = std::find_if(bits.begin(), bits.end(), [&](const NamedBit& b) { return b.bit == i; });
    names.push_back(bit != bits.end() ? std::string(bit->name) : StrCat("bit ", i));
  }
  return names;
}

}  // namespace thimble
