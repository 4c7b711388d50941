// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/byte_reader.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

const Bytes kInput = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                      0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};

TEST(ByteReader, ReadsLittleEndianFromTheFront) {
  ByteReader reader(kInput);
  EXPECT_EQ(reader.U8(), 0x01);
  EXPECT_EQ(reader.U16(), 0x0302);
  EXPECT_EQ(reader.U32(), 0x07060504u);
  EXPECT_EQ(reader.U64(), 0x0f0e0d0c0b0a0908u);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_EQ(reader.U8(), std::nullopt);
}

TEST(ByteReader, KeepsTheTopBit) {
  const Bytes ones(15, 0xff);
  ByteReader reader(ones);
  EXPECT_EQ(reader.U8(), 0xff);
  EXPECT_EQ(reader.U16(), 0xffff);
  EXPECT_EQ(reader.U32(), 0xffffffffu);
  EXPECT_EQ(reader.U64(), 0xffffffffffffffffu);
}

TEST(ByteReader, AReadPastTheEndMovesNothing) {
  for (size_t size = 0; size < 8; ++size) {
    ByteReader reader(ByteView(kInput).first(size));
    if (size < 2) {
      EXPECT_EQ(reader.U16(), std::nullopt);
    }
    if (size < 4) {
      EXPECT_EQ(reader.U32(), std::nullopt);
    }
    EXPECT_EQ(reader.U64(), std::nullopt);
    EXPECT_EQ(reader.Take(size + 1), std::nullopt);
    EXPECT_EQ(reader.remaining(), size);
    EXPECT_TRUE(reader.Take(size).has_value());
    EXPECT_EQ(reader.remaining(), 0u);
  }
}

TEST(ByteReader, ALengthThatWouldWrapIsRefused) {
  ByteReader reader(kInput);
  ASSERT_TRUE(reader.Take(4));
  for (const uint64_t length :
       {uint64_t{12}, uint64_t{0xffffffff}, uint64_t{0x100000001}, UINT64_MAX, UINT64_MAX - 3}) {
    EXPECT_EQ(reader.Take(length), std::nullopt) << length;
  }
  EXPECT_EQ(reader.remaining(), 11u);
  EXPECT_EQ(reader.rest().front(), 0x05);
}

TEST(ByteReader, TakesNothingFromNothing) {
  ByteReader reader({});
  EXPECT_TRUE(reader.Take(0).has_value());
  EXPECT_EQ(reader.Take(1), std::nullopt);
}

TEST(Field, IsThePartOfItsBlock) {
  const std::array<uint8_t, 4> block = {1, 2, 3, 4};
  const auto field = Field<1, 2>(std::span<const uint8_t, 4>(block));
  EXPECT_EQ(field[0], 2);
  EXPECT_EQ(field[1], 3);
}

}  // namespace
}  // namespace thimble
