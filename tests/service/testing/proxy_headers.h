// SPDX-License-Identifier: Apache-2.0
//
// Headers of the PROXY protocol, version 2, as a proxy writes them, and those that differ in one part.
#pragma once

#include <array>
#include <string>

namespace thimble::test {

enum class Block { kTcp4, kTcp6, kUnix, kNothing };

struct V2Parts {
  unsigned command = 0x21;  // version 2, PROXY; 0x20: LOCAL
  unsigned family = 0x11;   // TCP over IPv4
  Block block = Block::kTcp4;
  std::string extensions = {};
};

inline std::string Addresses(Block block) {
  switch (block) {
    case Block::kTcp4:  // 192.0.2.7:4711 to 10.0.0.1:443
      return {"\xc0\x00\x02\x07\x0a\x00\x00\x01\x12\x67\x01\xbb", 12};
    case Block::kTcp6: {
      const std::string host = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\x07';
      return host + host + std::string("\x12\x67\x01\xbb", 4);
    }
    case Block::kUnix:
      return std::string(216, 'u');
    case Block::kNothing:
      break;
  }
  return "";
}

inline std::string V2(const V2Parts& parts) {
  const std::string block = Addresses(parts.block) + parts.extensions;
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  out += static_cast<char>(parts.command);
  out += static_cast<char>(parts.family);
  out += static_cast<char>(block.size() >> 8);
  out += static_cast<char>(block.size() & 0xff);
  return out + block;
}

// Of V2 with this extension alone; a wrong one differs in its last bit.
inline std::string Checksum(bool right) {
  return std::string("\x03\x00\x04", 3) + std::string(right ? "\xbd\xe7\x19\x53" : "\xbd\xe7\x19\x52", 4);
}

}  // namespace thimble::test
