// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/tar.h"

#include <algorithm>
#include <array>

namespace thimble {
namespace {

constexpr size_t kBlock = 512;

// IEEE Std 1003.1, "ustar Interchange Format": offset and size of each field that is not empty here.
struct Field {
  size_t offset, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kOwner{108, 8}, kGroup{116, 8}, kSize{124, 12},
    kModified{136, 12}, kChecksum{148, 8}, kType{156, 1}, kMagic{257, 8};

using Header = std::array<char, kBlock>;

void PutText(Header& header, Field field, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), field.size),
              header.begin() + static_cast<std::ptrdiff_t>(field.offset));
}

// Octal digits to the end of the field but one byte, which stays NUL.
void PutNumber(Header& header, Field field, uint64_t number) {
  std::string digits(field.size - 1, '0');
  for (size_t i = digits.size(); i-- > 0; number >>= 3) digits[i] = static_cast<char>('0' + (number & 7));
  PutText(header, field, digits);
}

uint64_t SumOf(const Header& header) {
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  return sum;
}

}  // namespace

void TarWriter::Add(std::string_view name, std::string_view contents) {
  Header header{};
  PutText(header, kName, name);
  PutNumber(header, kMode, 0644);
  PutNumber(header, kOwner, 0);
  PutNumber(header, kGroup, 0);
  PutNumber(header, kSize, contents.size());
  PutNumber(header, kModified,
            static_cast<uint64_t>(std::max<int64_t>(modified_.time_since_epoch().count(), 0)));
  PutText(header, kType, "0");
  PutText(header, kMagic, std::string_view("ustar\\00000", 8));
  PutText(header, kChecksum, "        ");
  PutNumber(header, {kChecksum.offset, kChecksum.size - 1}, SumOf(header));
  out_.append(header.data(), header.size());
  out_ += contents;
  out_.resize((out_.size() + kBlock - 1) / kBlock * kBlock);
}

std::string TarWriter::Finish() && {
  out_.resize(out_.size() + 2 * kBlock);
  return std::move(out_);
}

}  // namespace thimble
