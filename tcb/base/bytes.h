// SPDX-License-Identifier: Apache-2.0
//
// Bytes, fixed-size identifiers, and their text forms (hex, base64).
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thimble {

using Bytes = std::vector<uint8_t>;         // owns
using ByteView = std::span<const uint8_t>;  // borrows, for the length of a call

std::string HexLower(ByteView bytes);
std::string HexUpper(ByteView bytes);
// Hex of either case, an even number of digits and nothing else.
std::optional<Bytes> FromHex(std::string_view hex);
bool FromHexInto(std::string_view hex, std::span<uint8_t> out);  // exactly out.size() bytes

std::string Base64(ByteView bytes);     // RFC 4648 section 4, padded
std::string Base64Url(ByteView bytes);  // RFC 4648 section 5, unpadded
// Either alphabet (not mixed), padded or not; no white space; unused bits must be zero.
std::optional<Bytes> FromBase64(std::string_view text);

// No copy is made: the views are valid as long as what they view.
ByteView AsBytes(std::string_view text);
std::string_view AsText(ByteView bytes);

bool Equal(ByteView a, ByteView b);
bool AllZero(ByteView bytes);
uint64_t LittleEndian(const std::array<uint8_t, 8>& bytes);
// Takes the same time whatever the contents (lengths are not secret).
bool EqualConstantTime(ByteView a, ByteView b);

// An identifier of N bytes. The tag keeps an Fmspc from being compared with a PceId.
template <class Tag, size_t N>
class FixedBytes {
 public:
  static constexpr size_t kSize = N;

  constexpr FixedBytes() = default;
  explicit constexpr FixedBytes(const std::array<uint8_t, N>& bytes) : bytes_(bytes) {}

  static std::optional<FixedBytes> From(ByteView bytes) {
    if (bytes.size() != N) return std::nullopt;
    FixedBytes out;
    std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
    return out;
  }
  static std::optional<FixedBytes> FromHex(std::string_view hex) {
    FixedBytes out;
    if (!FromHexInto(hex, out.bytes_)) return std::nullopt;
    return out;
  }

  ByteView view() const { return bytes_; }
  const std::array<uint8_t, N>& bytes() const { return bytes_; }
  std::string hex() const { return HexLower(bytes_); }
  std::string HexUpper() const { return thimble::HexUpper(bytes_); }
  bool zero() const { return AllZero(bytes_); }

  auto operator<=>(const FixedBytes&) const = default;  // byte order, for containers only

 private:
  std::array<uint8_t, N> bytes_{};
};

using Digest256 = FixedBytes<struct Sha256Tag, 32>;
using Digest384 = FixedBytes<struct Sha384Tag, 48>;

}  // namespace thimble

template <class Tag, size_t N>
struct std::hash<thimble::FixedBytes<Tag, N>> {
  size_t operator()(const thimble::FixedBytes<Tag, N>& id) const noexcept {
    return std::hash<std::string_view>{}(thimble::AsText(id.view()));
  }
};
