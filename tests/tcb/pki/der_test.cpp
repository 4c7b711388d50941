// SPDX-License-Identifier: Apache-2.0
//
// The DER reader (X.690): one spelling of each value, and no read past an enclosing element.
#include "tcb/pki/der.h"

#include <gtest/gtest.h>

#include "tests/support/der_writer.h"

namespace thimble::der {
namespace {

namespace write = sim::der;

Bytes Hex(std::string_view hex) { return FromHex(hex).value(); }

// A read that fails moves nothing, so the same element can still be read by its own name.
template <class Read>
void ExpectRefusedAndUnmoved(const Bytes& input, Read read) {
  Reader reader(input);
  EXPECT_FALSE((reader.*read)().has_value()) << HexLower(input);
  EXPECT_EQ(reader.empty(), input.empty());
  EXPECT_EQ(reader.PeekTag(), Reader(input).PeekTag());
}

TEST(DerReader, ReadsElementsInOrder) {
  const Bytes input = write::Concat(
      {write::Integer(5), write::Boolean(true), write::OctetString(Bytes{1, 2}), write::Null()});
  Reader reader(input);
  EXPECT_EQ(reader.PeekTag(), kInteger);
  EXPECT_EQ(reader.Unsigned(), 5u);
  EXPECT_EQ(reader.Boolean(), true);
  EXPECT_EQ(reader.OctetString()->size(), 2u);
  const auto null = reader.Next(kNull);
  ASSERT_TRUE(null);
  EXPECT_TRUE(null->content.empty());
  EXPECT_EQ(null->whole.size(), 2u);
  EXPECT_TRUE(reader.empty());
  EXPECT_FALSE(reader.Next());
  EXPECT_FALSE(reader.PeekTag());
}

TEST(DerReader, LengthsOfEverySizeAreRead) {
  for (const size_t size : {0, 1, 127, 128, 255, 256, 65535, 65536}) {
    const Bytes content(size, 0xaa), input = write::OctetString(content);
    Reader reader(input);
    const auto element = reader.Next(kOctetString);
    ASSERT_TRUE(element) << size;
    EXPECT_TRUE(Equal(element->content, content));
    EXPECT_EQ(element->whole.size(), input.size());
    EXPECT_TRUE(reader.empty());
  }
}

TEST(DerReader, RefusesLengthsThatAreNotMinimalDefiniteOrThere) {
  for (const char* bad : {"04",                // no length
                          "0401",              // no content
                          "0402aa",            // less content than announced
                          "0480aa0000",        // indefinite
                          "048101aa",          // one byte would do in the short form
                          "04820001aa",        // zeros before the length
                          "0482",              // the length is cut short
                          "0481",              //
                          "0485000000000100",  // more than four bytes of length
                          "04ffffffff",        //
                          "0484ffffffff",      // longer than the input
                          "04847fffffffaa",    //
                          "1f0100",            // tags of more than one byte
                          "3f810100", ""}) {
    const Bytes input = Hex(bad);
    Reader reader(input);
    EXPECT_FALSE(reader.Next()) << bad;
    EXPECT_EQ(reader.empty(), input.empty());
  }
}

TEST(DerReader, AnElementEndsWhereItsEnclosingOneDoes) {
  // A SEQUENCE of 3 bytes around an OCTET STRING that claims 5, all of which are there.
  const Bytes input = Hex("30030405aabbccddee");
  Reader reader(input);
  auto inner = reader.Enter(kSequence);
  ASSERT_TRUE(inner);
  EXPECT_FALSE(inner->Next());
}

TEST(DerReader, AnotherTagIsRefused) {
  const Bytes input = write::Integer(1);
  for (const uint8_t tag : std::initializer_list<uint8_t>{kBoolean, kOctetString, kSequence, kSet,
                                                          ContextConstructed(0), ContextPrimitive(0)}) {
    Reader reader(input);
    EXPECT_FALSE(reader.Next(tag));
    EXPECT_FALSE(reader.Enter(tag));
    EXPECT_TRUE(reader.Next(kInteger));
  }
}

TEST(DerReader, BooleanIsOneOfTwoBytes) {
  Bytes input = Hex("0101ff010100");
  Reader reader(input);
  EXPECT_EQ(reader.Boolean(), true);
  EXPECT_EQ(reader.Boolean(), false);
  for (const char* bad : {"010101", "01017f", "0100", "0102ffff", "0201ff", ""}) {
    ExpectRefusedAndUnmoved(Hex(bad), &Reader::Boolean);
  }
}

TEST(DerReader, IntegerIsMinimal) {
  for (const char* good : {"020100", "02017f", "02020080", "0201ff", "020180", "0202ff7f", "0203010000"}) {
    const Bytes input = Hex(good);
    Reader reader(input);
    EXPECT_TRUE(reader.Integer()) << good;
  }
  for (const char* bad : {"0200", "02020000", "0202007f", "0202ffff", "0202ff80", "0a0101", "010100"}) {
    ExpectRefusedAndUnmoved(Hex(bad), &Reader::Integer);
  }
}

TEST(DerReader, UnsignedIsAtMost63Bits) {
  const std::pair<const char*, uint64_t> good[] = {
      {"020100", 0}, {"02017f", 127}, {"02020080", 128}, {"02087fffffffffffffff", INT64_MAX}};
  for (const auto& [hex, value] : good) {
    const Bytes input = Hex(hex);
    Reader reader(input);
    EXPECT_EQ(reader.Unsigned(), value) << hex;
  }
  for (const char* bad :
       {"0201ff", "020180", "0209008000000000000000", "0209010000000000000000", "02020001"}) {
    ExpectRefusedAndUnmoved(Hex(bad), &Reader::Unsigned);
  }
}

TEST(DerReader, MagnitudeIsOfWhatIsNotNegative) {
  const std::pair<const char*, const char*> good[] = {
      {"020200ff", "ff"}, {"020101", "01"}, {"020100", "00"}, {"02020100", "0100"}};
  for (const auto& [hex, magnitude] : good) {
    const Bytes input = Hex(hex);
    Reader reader(input);
    EXPECT_TRUE(Equal(*reader.Magnitude(), Hex(magnitude))) << hex;
    EXPECT_TRUE(reader.empty());
  }
  for (const char* bad : {"0201ff", "020180", "02028000", "02020001", "0200"}) {
    ExpectRefusedAndUnmoved(Hex(bad), &Reader::Magnitude);
  }
}

TEST(DerReader, OidArcsAreWholeAndMinimal) {
  const Bytes good = write::Oid("1.2.840.113741.1.13.1");
  Reader reader(good);
  EXPECT_TRUE(reader.Oid());
  const Bytes inside = Hex("06042a818001");
  EXPECT_TRUE(Reader(inside).Oid()) << "a zero within an arc";
  for (const char* bad : {"0600", "06022a86", "0601ff", "04012a", "06028001", "06032a8001"})
    ExpectRefusedAndUnmoved(Hex(bad), &Reader::Oid);
}

TEST(DerReader, BitStringIsWholeBytes) {
  Bytes good = Hex("030300aabb");
  Reader reader(good);
  EXPECT_TRUE(Equal(reader.BitString().value(), Hex("aabb")));
  for (const char* bad : {"0300", "030201aa", "030207aa", "030208aa", "0401aa"}) {
    ExpectRefusedAndUnmoved(Hex(bad), &Reader::BitString);
  }
  const Bytes none = Hex("030100");
  EXPECT_EQ(Reader(none).BitString()->size(), 0u);
}

TEST(DerReader, TimeIsUtcOrGeneralized) {
  const auto element = [](uint8_t tag, std::string_view text) { return write::Element(tag, AsBytes(text)); };
  const Bytes utc = element(kUtcTime, "260601000000Z"),
              general = element(kGeneralizedTime, "20500101000000Z");
  EXPECT_EQ(Reader(utc).Time(), ParseRfc3339("2026-06-01T00:00:00Z"));
  EXPECT_EQ(Reader(general).Time(), ParseRfc3339("2050-01-01T00:00:00Z"));
  for (const Bytes& bad :
       {element(kUtcTime, "20260601000000Z"), element(kGeneralizedTime, "260601000000Z"),
        element(kUtcTime, "2606010000Z"), element(kUtcTime, "260601000000+0000"), element(kUtcTime, ""),
        element(kUtf8String, "260601000000Z"), element(kGeneralizedTime, "20500101000000.1Z")}) {
    ExpectRefusedAndUnmoved(bad, &Reader::Time);
  }
}

}  // namespace
}  // namespace thimble::der
