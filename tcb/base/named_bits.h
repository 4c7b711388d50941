// SPDX-License-Identifier: Apache-2.0
//
// Fields of bits that have names.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thimble {

// A bit of a 64-bit field, by its vendor's name.
struct NamedBit {
  std::string_view name;
  uint8_t bit;
};
std::optional<uint64_t> MaskOfBit(std::span<const NamedBit> bits, std::string_view name);
// The names of the bits that are set, in ascending order; a bit without a name is "bit N".
std::vector<std::string> NamesOfBits(std::span<const NamedBit> bits, uint64_t value);

}  // namespace thimble
