// SPDX-License-Identifier: Apache-2.0
//
// A small strict DER reader (X.690): definite minimal lengths, minimal INTEGERs, canonical BOOLEANs. It reads
// what the vendors' certificates and CRLs need, without allocation.
#pragma once

#include <cstdint>
#include <optional>

#include "tcb/base/bytes.h"
#include "tcb/base/time.h"

namespace thimble::der {

enum Tag : uint8_t {
  kBoolean = 0x01,
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kNull = 0x05,
  kOid = 0x06,
  kEnumerated = 0x0a,
  kUtf8String = 0x0c,
  kPrintableString = 0x13,
  kIa5String = 0x16,
  kUtcTime = 0x17,
  kGeneralizedTime = 0x18,
  kSequence = 0x30,
  kSet = 0x31,
};
constexpr uint8_t ContextConstructed(uint8_t n) { return static_cast<uint8_t>(0xa0 | n); }
constexpr uint8_t ContextPrimitive(uint8_t n) { return static_cast<uint8_t>(0x80 | n); }

struct Element {
  uint8_t tag = 0;
  ByteView content;
  ByteView whole;  // with tag and length
};

// Reads elements from the front of a DER block. nullopt means that the bytes are not strict DER, or not of
// the tag asked for; the reader does not move then.
class Reader {
 public:
  explicit Reader(ByteView input) : rest_(input) {}

  bool empty() const { return rest_.empty(); }
  std::optional<uint8_t> PeekTag() const;

  std::optional<Element> Next();             // any tag (single-byte tags only)
  std::optional<Element> Next(uint8_t tag);  // exactly this tag
  std::optional<Reader> Enter(uint8_t tag);  // content of a constructed element

  std::optional<bool> Boolean();
  std::optional<ByteView> Integer();    // content bytes, two's complement, minimal
  std::optional<ByteView> Magnitude();  // INTEGER from 0 on: big endian, without a sign byte
  std::optional<uint64_t> Unsigned();   // INTEGER in 0..2^63
  std::optional<ByteView> OctetString();
  std::optional<ByteView> Oid();        // content bytes
  std::optional<ByteView> BitString();  // whole bytes only (no unused bits)
  std::optional<Instant> Time();        // UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5)

 private:
  ByteView rest_;
};

}  // namespace thimble::der
