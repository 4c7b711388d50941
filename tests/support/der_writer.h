// SPDX-License-Identifier: Apache-2.0
//
// Writes DER (X.690), piece by piece, so that a test can bend any piece: every function returns the bytes of
// one element, and nothing here judges what it is given.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/time.h"

namespace thimble::sim::der {

Bytes Concat(const std::vector<Bytes>& parts);

// Tag, minimal length, content.
Bytes Element(uint8_t tag, ByteView content);

Bytes Sequence(const std::vector<Bytes>& parts);
Bytes Set(const std::vector<Bytes>& parts);
// [n], constructed (explicit) or primitive (implicit).
Bytes Explicit(uint8_t n, const std::vector<Bytes>& parts);
Bytes Implicit(uint8_t n, ByteView content);

Bytes Boolean(bool value);
Bytes Integer(uint64_t value);
Bytes UnsignedInteger(
    ByteView magnitude);  // big endian; made minimal, and positive by a sign byte where needed
Bytes Enumerated(uint8_t value);
Bytes OctetString(ByteView content);
Bytes BitString(ByteView content, uint8_t unused_bits = 0);
Bytes Null();
Bytes Oid(std::string_view dotted);  // "1.2.840.113741.1.13.1"
Bytes Utf8String(std::string_view text);
Bytes PrintableString(std::string_view text);
// UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5).
Bytes Time(Instant at);

}  // namespace thimble::sim::der
