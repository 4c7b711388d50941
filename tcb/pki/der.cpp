// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/der.h"

namespace thimble::der {

std::optional<uint8_t> Reader::PeekTag() const {
  if (rest_.empty()) return std::nullopt;
  return rest_.front();
}

// X.690 section 8.1: identifier, length, content. Lengths of DER are definite and minimal (section 10.1).
std::optional<Element> Reader::Next() {
  if (rest_.size() < 2) return std::nullopt;
  Element element;
  element.tag = rest_[0];
  if ((element.tag & 0x1f) == 0x1f) return std::nullopt;  // multi-byte tags do not occur
  size_t header = 2;
  size_t length = rest_[1];
  if (length >= 0x80) {
    const size_t count = length & 0x7f;
    if (count == 0 || count > 4 || rest_.size() < 2 + count) return std::nullopt;
    length = 0;
    for (size_t i = 0; i < count; ++i) length = length << 8 | rest_[2 + i];
    if (length < 0x80 || length >> (8 * (count - 1)) == 0) return std::nullopt;  // not minimal
    header += count;
  }
  if (length > rest_.size() - header) return std::nullopt;
  element.whole = rest_.first(header + length);
  element.content = element.whole.subspan(header);
  rest_ = rest_.subspan(header + length);
  return element;
}

std::optional<Element> Reader::Next(uint8_t tag) {
  if (PeekTag() != tag) return std::nullopt;
  return Next();
}

std::optional<Reader> Reader::Enter(uint8_t tag) {
  const auto element = Next(tag);
  if (!element) return std::nullopt;
  return Reader(element->content);
}

std::optional<bool> Reader::Boolean() {
  const Reader before = *this;
  const auto element = Next(kBoolean);
  if (element && element->content.size() == 1) {
    const uint8_t value = element->content[0];
    if (value == 0x00 || value == 0xff) return value == 0xff;  // section 11.1
  }
  *this = before;
  return std::nullopt;
}

std::optional<ByteView> Reader::Integer() {
  const Reader before = *this;
  if (const auto element = Next(kInteger)) {
    const ByteView c = element->content;
    // X.690 section 8.3.2: the first nine bits are neither all zero nor all one.
    const bool minimal =
        c.size() == 1 || (c.size() > 1 && !(c[0] == 0x00 && c[1] < 0x80) && !(c[0] == 0xff && c[1] >= 0x80));
    if (minimal) return c;
  }
  *this = before;
  return std::nullopt;
}

std::optional<ByteView> Reader::Magnitude() {
  const Reader before = *this;
  const auto content = Integer();
  if (!content || (*content)[0] >= 0x80) {
    *this = before;
    return std::nullopt;
  }
  return content->size() > 1 && (*content)[0] == 0 ? content->subspan(1) : *content;
}

std::optional<uint64_t> Reader::Unsigned() {
  const Reader before = *this;
  if (const auto content = Integer(); content && content->size() <= 8 && (*content)[0] < 0x80) {
    uint64_t value = 0;
    for (const uint8_t byte : *content) value = value << 8 | byte;
    return value;
  }
  *this = before;
  return std::nullopt;
}

std::optional<ByteView> Reader::OctetString() {
  const auto element = Next(kOctetString);
  if (!element) return std::nullopt;
  return element->content;
}

// Each arc ends with a byte below 0x80, and starts with no 0x80, which would be a leading zero (X.690 section 8.19.2).
std::optional<ByteView> Reader::Oid() {
  const Reader before = *this;
  const auto element = Next(kOid);
  bool starts = true, good = element.has_value();
  for (const uint8_t byte : element ? element->content : ByteView()) {
    good = good && !(starts && byte == 0x80);
    starts = byte < 0x80;
  }
  if (good && starts && !element->content.empty()) return element->content;
  *this = before;
  return std::nullopt;
}

std::optional<ByteView> Reader::BitString() {
  const Reader before = *this;
  if (const auto element = Next(kBitString);
      element && !element->content.empty() && element->content[0] == 0) {
    return element->content.subspan(1);
  }
  *this = before;
  return std::nullopt;
}

std::optional<Instant> Reader::Time() {
  const Reader before = *this;
  if (const auto element = Next()) {
    std::optional<Instant> time;
    if (element->tag == kUtcTime) time = ParseUtcTime(AsText(element->content));
    if (element->tag == kGeneralizedTime) time = ParseGeneralizedTime(AsText(element->content));
    if (time) return time;
  }
  *this = before;
  return std::nullopt;
}

}  // namespace thimble::der
