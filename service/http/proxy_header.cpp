// SPDX-License-Identifier: Apache-2.0
#include "service/http/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "tcb/base/ascii.h"

namespace thimble::http {
namespace {

constexpr std::string_view kBegin1 = "PROXY ";
constexpr std::string_view kBegin2 = {"\r\n\r\n\0\r\nQUIT\n", ProxyHeader::kSignature};
constexpr size_t kMaxLine = 107;   // section 2.1, with its CRLF; the shortest has 15
constexpr size_t kFixedPart = 16;  // section 2.2

// Families with their transport, and how long their addresses are.
constexpr uint8_t kUnspecified = 0x00, kTcp4 = 0x11, kTcp6 = 0x21, kUnixStream = 0x31;

uint8_t ByteAt(std::string_view text, size_t at) { return static_cast<uint8_t>(text.at(at)); }
size_t LengthAt(std::string_view text, size_t at) {
  return static_cast<size_t>(ByteAt(text, at)) << 8 | ByteAt(text, at + 1);
}

std::string ToText(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, address, text.data(), text.size()) == nullptr ? "" : text.data();
}

// In the spelling that getpeername gives it; nullopt: not of this family.
std::optional<std::string> Normalised(int family, std::string_view text) {
  std::array<uint8_t, 16> address{};
  if (::inet_pton(family, std::string(text).c_str(), address.data()) != 1) return std::nullopt;
  return ToText(family, address.data());
}

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool digits = !text.empty() && std::ranges::all_of(text, IsDigit);
  return digits && parsed.ec == std::errc() && port <= 65535 && (text == "0" || text.front() != '0');
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return words;
    line.remove_prefix(space + 1);
  }
}

// The checksum of section 2.2.3, with its own bytes as zeros: polynomial 0x1EDC6F41, reflected.
uint32_t Crc32c(std::string_view text, size_t zeros_at) {
  uint32_t crc = ~uint32_t{0};
  for (size_t i = 0; i < text.size(); ++i) {
    crc ^= i >= zeros_at && i < zeros_at + 4 ? 0u : ByteAt(text, i);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
  }
  return ~crc;
}

}  // namespace

std::string_view ProxyFaultName(ProxyFault fault) {
  switch (fault) {
    case ProxyFault::kMissing:
      return "missing";
    case ProxyFault::kMalformed:
      return "malformed";
    case ProxyFault::kTooLong:
      return "too_long";
    case ProxyFault::kIncomplete:
      return "incomplete";
    case ProxyFault::kTimeout:
      return "timeout";
    case ProxyFault::kNotTrusted:
      break;
  }
  return "not_trusted";
}

bool ProxyHeader::Begins(std::string_view text) {
  return text.starts_with(kBegin1) || text.starts_with(kBegin2);
}

size_t ProxyHeader::Wants() const {
  if (text_.size() < kSignature) return kSignature - text_.size();
  if (text_.starts_with(kBegin1)) return kMaxLine - text_.size();
  return (size_ == 0 ? kFixedPart : size_) - text_.size();
}

void ProxyHeader::Refuse(ProxyFault fault, std::string_view why) {
  progress_ = Progress::kRefused;
  fault_ = fault;
  why_ = why;
}

size_t ProxyHeader::Append(std::string_view come, size_t most) {
  const size_t taken = std::min(most, come.size());
  text_.append(come, 0, taken);
  return taken;
}

size_t ProxyHeader::Take(std::string_view come) {
  if (progress_ != Progress::kMore) return 0;
  if (text_.size() < kSignature) {
    const size_t taken = Append(come, Wants());
    if (CheckBeginning() && text_.starts_with(kBegin1) && text_.find('\n') != std::string::npos)
      Refuse(ProxyFault::kMalformed, "a line that is too short");
    return taken;
  }
  if (text_.starts_with(kBegin1)) {
    const size_t end = come.find('\n');
    const size_t taken = Append(come, std::min(Wants(), end == std::string_view::npos ? end : end + 1));
    TakeLineEnd();
    return taken;
  }
  const size_t taken = Append(come, Wants());
  if (text_.size() == kFixedPart) CheckFixedPart();
  if (progress_ == Progress::kMore && size_ != 0 && text_.size() == size_) ReadBlock();
  return taken;
}

bool ProxyHeader::CheckBeginning() {
  const std::string_view text = text_;
  const auto agrees = [text](std::string_view begin) {
    const size_t both = std::min(text.size(), begin.size());
    return text.substr(0, both) == begin.substr(0, both);
  };
  if (agrees(kBegin1) || agrees(kBegin2)) return true;
  Refuse(ProxyFault::kMissing, "a trusted proxy sent no PROXY header");
  return false;
}

// ---- version 1: a line ----

void ProxyHeader::TakeLineEnd() {
  if (text_.ends_with('\n')) {
    const std::string_view line = text_;
    if (!line.ends_with("\r\n")) return Refuse(ProxyFault::kMalformed, "the line does not end in CRLF");
    return ReadLine(line.substr(0, line.size() - 2));
  }
  if (text_.size() >= kMaxLine) Refuse(ProxyFault::kTooLong, "a line of more than 107 bytes");
}

void ProxyHeader::ReadLine(std::string_view line) {
  const auto words = Words(line);
  if (words.size() >= 2 && words[1] == "UNKNOWN") {  // whatever follows
    progress_ = Progress::kDone;
    return;
  }
  if (words.size() != 6) return Refuse(ProxyFault::kMalformed, "not PROXY, family, two addresses, two ports");
  if (words[1] != "TCP4" && words[1] != "TCP6")
    return Refuse(ProxyFault::kMalformed, "a family that is not TCP4, TCP6 or UNKNOWN");
  const int family = words[1] == "TCP4" ? AF_INET : AF_INET6;
  auto client = Normalised(family, words[2]);
  if (!client || !Normalised(family, words[3]))
    return Refuse(ProxyFault::kMalformed, "an address that is not of the family");
  if (!IsPort(words[4]) || !IsPort(words[5]))
    return Refuse(ProxyFault::kMalformed, "a port that is none from 0 to 65535");
  client_ = *std::move(client);
  progress_ = Progress::kDone;
}

// ---- version 2: bytes ----

void ProxyHeader::CheckFixedPart() {
  const uint8_t version_and_command = ByteAt(text_, 12);
  if (version_and_command != 0x20 && version_and_command != 0x21)
    return Refuse(ProxyFault::kMalformed, "not version 2, or neither LOCAL nor PROXY");
  const size_t block = LengthAt(text_, 14);
  if (block > kMaxBlock) return Refuse(ProxyFault::kTooLong, "a block of more than 4096 bytes");
  size_ = kFixedPart + block;
}

void ProxyHeader::ReadBlock() {
  if (ByteAt(text_, 12) == 0x20) {  // LOCAL: the proxy asks for itself; the block means nothing (section 2.2)
    progress_ = Progress::kDone;
    return;
  }
  const std::string_view block = std::string_view(text_).substr(kFixedPart);
  const uint8_t family = ByteAt(text_, 13);
  const size_t addresses = family == kTcp4 ? 12 : family == kTcp6 ? 36 : family == kUnixStream ? 216 : 0;
  if (addresses == 0 && family != kUnspecified)
    return Refuse(ProxyFault::kMalformed, "a family or transport that is not a stream's");
  if (block.size() < addresses) return Refuse(ProxyFault::kMalformed, "a block shorter than its addresses");
  CheckExtensions(kFixedPart + addresses);
  if (progress_ == Progress::kRefused) return;
  if (family == kTcp4) client_ = ToText(AF_INET, block.data());
  if (family == kTcp6) client_ = ToText(AF_INET6, block.data());
  progress_ = Progress::kDone;
}

// Each is a type, a length, and so many bytes (section 2.2.1); the checksum's has to agree (section 2.2.3).
void ProxyHeader::CheckExtensions(size_t begin) {
  constexpr size_t kHead = 3;
  constexpr uint8_t kChecksum = 0x03;
  for (size_t at = begin; at < text_.size();) {
    if (text_.size() - at < kHead) return Refuse(ProxyFault::kMalformed, "an extension that is cut short");
    const size_t length = LengthAt(text_, at + 1);
    if (text_.size() - at - kHead < length)
      return Refuse(ProxyFault::kMalformed, "an extension longer than the block");
    if (ByteAt(text_, at) == kChecksum) {
      if (length != 4) return Refuse(ProxyFault::kMalformed, "a checksum that has not 4 bytes");
      const size_t value = at + kHead;
      const uint32_t said = static_cast<uint32_t>(LengthAt(text_, value)) << 16 |
                            static_cast<uint32_t>(LengthAt(text_, value + 2));
      if (Crc32c(text_, value) != said)
        return Refuse(ProxyFault::kMalformed, "a checksum that does not agree");
    }
    at += kHead + length;
  }
}

}  // namespace thimble::http
