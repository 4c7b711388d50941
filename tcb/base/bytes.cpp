// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/bytes.h"

#include <cstring>

namespace thimble {
namespace {

constexpr char kLowerDigits[] = "0123456789abcdef";
constexpr char kUpperDigits[] = "0123456789ABCDEF";

std::string Hex(ByteView bytes, const char* digits) {
  std::string out(bytes.size() * 2, '\0');
  size_t i = 0;
  for (const uint8_t byte : bytes) {
    out[i++] = digits[byte >> 4];
    out[i++] = digits[byte & 15];
  }
  return out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64UrlDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string EncodeBase64(ByteView bytes, std::string_view digits, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t buffer = 0;
  int bits = 0;
  for (const uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += digits[(buffer >> bits) & 63];
    }
  }
  if (bits > 0) out += digits[(buffer << (6 - bits)) & 63];
  if (pad) out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

// Values of both alphabets, with flags that tell what was met: ORed over a text, they judge it as a whole.
constexpr uint32_t kPlainDigit = 1u << 8;  // + or /
constexpr uint32_t kUrlDigit = 1u << 9;    // - or _
constexpr uint32_t kNoDigit = 1u << 10;
struct Base64Table {
  std::array<uint32_t, 256> entry{};
  constexpr Base64Table() {
    entry.fill(kNoDigit);
    for (size_t i = 0; i < 64; ++i) {
      const auto value = static_cast<uint32_t>(i);
      entry[static_cast<uint8_t>(kBase64Digits[i])] = i < 62 ? value : value | kPlainDigit;
      entry[static_cast<uint8_t>(kBase64UrlDigits[i])] = i < 62 ? value : value | kUrlDigit;
    }
  }
};
constexpr Base64Table kBase64Table;

}  // namespace

std::string HexLower(ByteView bytes) { return Hex(bytes, kLowerDigits); }
std::string HexUpper(ByteView bytes) { return Hex(bytes, kUpperDigits); }

bool FromHexInto(std::string_view hex, std::span<uint8_t> out) {
  if (hex.size() != out.size() * 2) return false;
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = HexDigit(hex[2 * i]);
    const int low = HexDigit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

std::optional<Bytes> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  Bytes out(hex.size() / 2);
  if (!FromHexInto(hex, out)) return std::nullopt;
  return out;
}

std::string Base64(ByteView bytes) { return EncodeBase64(bytes, kBase64Digits, true); }
std::string Base64Url(ByteView bytes) { return EncodeBase64(bytes, kBase64UrlDigits, false); }

std::optional<Bytes> FromBase64(std::string_view text) {
  const size_t padded_size = text.size();
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  const size_t padding = padded_size - text.size();
  if (padding > 2 || text.size() % 4 == 1 || (padding != 0 && padded_size % 4 != 0)) return std::nullopt;

  Bytes out(text.size() / 4 * 3 + 2);
  size_t size = 0;
  uint32_t seen = 0;
  const auto entry = [&](size_t i) {
    const uint32_t e = kBase64Table.entry[static_cast<uint8_t>(text[i])];
    seen |= e;
    return e & 63;
  };
  size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const uint32_t group = entry(i) << 18 | entry(i + 1) << 12 | entry(i + 2) << 6 | entry(i + 3);
    out[size++] = static_cast<uint8_t>(group >> 16);
    out[size++] = static_cast<uint8_t>(group >> 8);
    out[size++] = static_cast<uint8_t>(group);
  }
  // Two or three digits more are one or two bytes; their unused bits must be zero: one text for one value.
  uint32_t unused = 0;
  if (text.size() - i == 2) {
    const uint32_t group = entry(i) << 6 | entry(i + 1);
    out[size++] = static_cast<uint8_t>(group >> 4);
    unused = group & 15;
  } else if (text.size() - i == 3) {
    const uint32_t group = entry(i) << 12 | entry(i + 1) << 6 | entry(i + 2);
    out[size++] = static_cast<uint8_t>(group >> 10);
    out[size++] = static_cast<uint8_t>(group >> 2);
    unused = group & 3;
  }
  const bool mixed = (seen & kPlainDigit) != 0 && (seen & kUrlDigit) != 0;
  if ((seen & kNoDigit) != 0 || mixed || unused != 0) return std::nullopt;
  out.resize(size);
  return out;
}

// char and uint8_t may alias each other; these two casts are the only ones in the program.
ByteView AsBytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}
std::string_view AsText(ByteView bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

bool Equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

uint64_t LittleEndian(const std::array<uint8_t, 8>& bytes) {
  uint64_t number = 0;
  for (size_t i = bytes.size(); i > 0; --i) number = number << 8 | bytes.at(i - 1);
  return number;
}

bool AllZero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

bool EqualConstantTime(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  uint8_t difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference = static_cast<uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

}  // namespace thimble
