// SPDX-License-Identifier: Apache-2.0
#include "cache/rocks_log.h"

#include <algorithm>
#include <array>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kBlock = 32'768, kHeader = 7;
enum Type : uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table.at(i) = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

// CRC-32C that goes on byte by byte, masked as RocksDB stores it.
class Crc {
 public:
  void Add(char byte) { crc_ = kCrcTable.at((crc_ ^ static_cast<uint8_t>(byte)) & 0xff) ^ (crc_ >> 8); }
  void Add(std::string_view bytes) {
    for (const char byte : bytes) Add(byte);
  }
  uint32_t masked() const {
    const uint32_t crc = ~crc_;
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
  }

 private:
  uint32_t crc_ = 0xffffffffu;
};

uint8_t ByteAt(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes.at(at)); }

bool AllZeros(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char byte) { return byte == 0; });
}

struct Header {
  uint32_t crc;
  size_t length;
  uint8_t type;
};
Header HeaderOf(std::string_view rest) {
  const auto byte = [rest](size_t at) { return uint32_t{ByteAt(rest, at)}; };
  return {byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24, size_t{byte(4) | byte(5) << 8},
          ByteAt(rest, 6)};
}

bool IsIntact(std::string_view record, const Header& header) {
  Crc crc;
  crc.Add(record.substr(kHeader - 1, header.length + 1));
  return crc.masked() == header.crc;
}

bool StartsIntact(std::string_view rest) {
  if (rest.size() < kHeader) return false;
  const Header header = HeaderOf(rest);
  return header.type >= kFull && header.type <= kLast && header.length <= rest.size() - kHeader &&
         IsIntact(rest, header);
}

// Whether a record that claims to reach beyond the end of the file is whole after all, with another length: up to the
// end, or up to a record that is intact.
bool LiesAboutItsLength(std::string_view rest, const Header& header) {
  Crc crc;
  crc.Add(rest.at(kHeader - 1));
  for (size_t end = kHeader; end <= rest.size(); ++end) {
    if (crc.masked() == header.crc && (end == rest.size() || StartsIntact(rest.substr(end)))) return true;
    if (end < rest.size()) crc.Add(rest.at(end));
  }
  return false;
}

class Walk {
 public:
  Walk(std::string_view name, std::string_view bytes) : name_(name), bytes_(bytes) {}

  Result<RocksLogCheck> Run() {
    while (at_ < bytes_.size() && !torn_) TRY(Step());
    check_.torn_bytes = bytes_.size() - whole_;
    return check_;
  }

 private:
  Error Damaged(std::string_view what) const {
    return {ErrorKind::kInternal, Check::kStoreCorrupt,
            StrCat(name_, " is damaged: at byte ", at_, " of ", bytes_.size(), ", ", what)};
  }

  Status Step() {
    const size_t block_end = (at_ / kBlock + 1) * kBlock;
    const std::string_view rest = bytes_.substr(at_, block_end - at_);
    if (block_end - at_ < kHeader) return SkipFiller(rest, block_end);
    if (rest.size() < kHeader) return Torn();
    const Header header = HeaderOf(rest);
    if (header.type == kZero && header.length == 0 && header.crc == 0) {
      return AllZeros(bytes_.substr(at_)) ? Torn() : Status(Damaged("there are zeros in front of records"));
    }
    if (at_ + kHeader + header.length > block_end) return Damaged("a record is longer than its block");
    if (header.length > rest.size() - kHeader) {
      return LiesAboutItsLength(rest, header) ? Status(Damaged("a record says another length than it has"))
                                              : Torn();
    }
    if (!IsIntact(rest, header)) return Damaged("a record fails its checksum");
    return Take(header);
  }

  Status SkipFiller(std::string_view filler, size_t block_end) {
    if (!AllZeros(filler)) return Damaged("the end of a block is not zero");
    at_ = std::min(block_end, bytes_.size());
    if (!inside_) whole_ = at_;
    return {};
  }

  Status Torn() {
    torn_ = true;
    return {};
  }

  // Records are split over blocks: a first part, those in the middle, the last.
  Status Take(const Header& header) {
    const bool begins = header.type == kFull || header.type == kFirst;
    const bool known = begins || header.type == kMiddle || header.type == kLast;
    if (!known || begins == inside_)
      return Damaged(StrCat("a part of type ", header.type, " is out of place"));
    at_ += kHeader + header.length;
    inside_ = header.type == kFirst || header.type == kMiddle;
    if (inside_) return {};
    whole_ = at_;
    ++check_.records;
    return {};
  }

  const std::string_view name_, bytes_;
  RocksLogCheck check_;
  size_t at_ = 0;
  size_t whole_ = 0;     // end of the last whole record
  bool inside_ = false;  // a record that goes on in the next block
  bool torn_ = false;
};

}  // namespace

Result<RocksLogCheck> CheckRocksLog(std::string_view name, std::string_view bytes) {
  return Walk(name, bytes).Run();
}

}  // namespace thimble
