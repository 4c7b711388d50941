// SPDX-License-Identifier: Apache-2.0
#include "tests/support/der_writer.h"

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace thimble::sim::der {
namespace {

void AppendLength(Bytes& out, size_t length) {
  if (length < 0x80) {
    out.push_back(static_cast<uint8_t>(length));
    return;
  }
  Bytes octets;
  for (; length > 0; length >>= 8) octets.insert(octets.begin(), static_cast<uint8_t>(length));
  out.push_back(static_cast<uint8_t>(0x80 | octets.size()));
  out.insert(out.end(), octets.begin(), octets.end());
}

Bytes BigEndian(uint64_t value) {
  Bytes out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
  return out;
}

void AppendBase128(Bytes& out, uint64_t arc) {
  Bytes octets = {static_cast<uint8_t>(arc & 0x7f)};
  for (arc >>= 7; arc > 0; arc >>= 7) {
    octets.insert(octets.begin(), static_cast<uint8_t>(0x80 | (arc & 0x7f)));
  }
  out.insert(out.end(), octets.begin(), octets.end());
}

std::vector<uint64_t> Arcs(std::string_view dotted) {
  std::vector<uint64_t> arcs;
  while (true) {
    const size_t dot = dotted.find('.');
    arcs.push_back(std::stoull(std::string(dotted.substr(0, dot))));
    if (dot == std::string_view::npos) return arcs;
    dotted.remove_prefix(dot + 1);
  }
}

}  // namespace

Bytes Concat(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes Element(uint8_t tag, ByteView content) {
  Bytes out = {tag};
  AppendLength(out, content.size());
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Bytes Sequence(const std::vector<Bytes>& parts) { return Element(0x30, Concat(parts)); }
Bytes Set(const std::vector<Bytes>& parts) { return Element(0x31, Concat(parts)); }
Bytes Explicit(uint8_t n, const std::vector<Bytes>& parts) {
  return Element(static_cast<uint8_t>(0xa0 | n), Concat(parts));
}
Bytes Implicit(uint8_t n, ByteView content) { return Element(static_cast<uint8_t>(0x80 | n), content); }

Bytes Boolean(bool value) { return Element(0x01, Bytes{static_cast<uint8_t>(value ? 0xff : 0x00)}); }

Bytes Integer(uint64_t value) { return UnsignedInteger(BigEndian(value)); }

Bytes UnsignedInteger(ByteView magnitude) {
  while (magnitude.size() > 1 && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  Bytes content(magnitude.begin(), magnitude.end());
  if (content.empty() || (content[0] & 0x80) != 0) content.insert(content.begin(), 0);
  return Element(0x02, content);
}

Bytes Enumerated(uint8_t value) { return Element(0x0a, Bytes{value}); }
Bytes OctetString(ByteView content) { return Element(0x04, content); }

Bytes BitString(ByteView content, uint8_t unused_bits) {
  Bytes with_count = {unused_bits};
  with_count.insert(with_count.end(), content.begin(), content.end());
  return Element(0x03, with_count);
}

Bytes Null() { return {0x05, 0x00}; }

Bytes Oid(std::string_view dotted) {
  const std::vector<uint64_t> arcs = Arcs(dotted);
  if (arcs.size() < 2) throw std::invalid_argument("an OID has at least two arcs");
  Bytes content;
  AppendBase128(content, arcs[0] * 40 + arcs[1]);
  for (size_t i = 2; i < arcs.size(); ++i) AppendBase128(content, arcs[i]);
  return Element(0x06, content);
}

Bytes Utf8String(std::string_view text) { return Element(0x0c, AsBytes(text)); }
Bytes PrintableString(std::string_view text) { return Element(0x13, AsBytes(text)); }

Bytes Time(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  const int year = static_cast<int>(date.year());
  const bool utc = year >= 1950 && year < 2050;
  char text[32];
  std::snprintf(text, sizeof text, "%0*d%02u%02u%02d%02d%02dZ", utc ? 2 : 4, utc ? year % 100 : year,
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return Element(utc ? 0x17 : 0x18, AsBytes(text));
}

}  // namespace thimble::sim::der
