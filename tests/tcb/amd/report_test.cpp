// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/report.h"

#include "tests/support/der_writer.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::SnpPlatform;

Bytes GoodReport(uint32_t version = 5) {
  return World().Report(SnpPlatform::Of(Product::kTurin), {.version = version, .guest_svn = 3, .vmpl = 2});
}

TEST(Report, ReadsWhatEachVersionHas) {
  for (uint32_t version = 2; version <= 6; ++version) {
    const Bytes bytes = GoodReport(version);
    const auto report = ParseReport(bytes);
    ASSERT_TRUE(report.ok()) << report.error().message;
    const SnpClaims& c = report->claims;
    EXPECT_EQ(c.version, version);
    EXPECT_EQ(c.guest_svn, 3u);
    EXPECT_EQ(c.vmpl, 2u);
    EXPECT_EQ(c.policy, 0x30000u);
    EXPECT_EQ(c.measurement.bytes()[0], 0x90);
    EXPECT_EQ(c.host_data.bytes()[31], 0xdf);
    EXPECT_EQ(c.current_version.major, 1);
    EXPECT_EQ(c.current_version.minor, 58);
    EXPECT_EQ(c.current_version.build, 10);
    EXPECT_EQ(c.cpuid.has_value(), version >= 3);
    EXPECT_EQ(c.launch_mit_vector.has_value(), version >= 5);
    EXPECT_EQ(c.current_mit_vector.value_or(0x3f), 0x3fu);
    for (const auto* etcb : {&c.current_etcb, &c.launch_etcb, &c.committed_etcb})
      EXPECT_EQ(etcb->has_value(), version >= 6);
    EXPECT_EQ(c.reported_tcb, std::nullopt);  // the layout is the product's
    EXPECT_EQ(report->signed_bytes.size(), 0x2a0u);
  }
}

TEST(Report, LengthIsExact) {
  Bytes bytes = GoodReport();
  bytes.pop_back();
  ExpectError(ParseReport(bytes), ErrorKind::kMalformed, Check::kSnpFormat);
  bytes.resize(kReportSize + 1);
  ExpectError(ParseReport(bytes), ErrorKind::kMalformed, Check::kSnpFormat);
  ExpectError(ParseReport({}), ErrorKind::kMalformed, Check::kSnpFormat);
}

TEST(Report, ExtendedTcbsStandWhereTheyAre) {
  const Bytes bytes = World().Report(SnpPlatform::OfLine("Venice"), {.version = 6, .bend = [](Bytes& r) {
                                                                       r[0x220] = 0xa1, r[0x25f] = 0xa2;
                                                                       r[0x248] = 0xa3, r[0x260] = 0xa4;
                                                                     }});
  const SnpClaims claims = ParseReport(bytes).value().claims;
  EXPECT_EQ(claims.current_etcb->front(), 0xa1);
  EXPECT_EQ(claims.launch_etcb->back(), 0xa2);
  EXPECT_EQ(claims.launch_etcb->at(8), 0xa3);  // microcode
  EXPECT_EQ(claims.committed_etcb->front(), 0xa4);
  EXPECT_EQ(EtcbComponentName(8), "microcode");
}

// Only in the versions for which it is known to be zero.
TEST(Report, ReservedPolicyBitsMayMeanSomethingInVersion6) {
  const auto with_bit = [](uint32_t version) {
    Bytes bytes = GoodReport(version);
    bytes[0x0f] = 0x80;
    return ParseReport(bytes).ok();
  };
  EXPECT_FALSE(with_bit(5));
  EXPECT_TRUE(with_bit(6));
}

TEST(Report, VersionsOtherThan2To6) {
  for (const uint32_t version : {0u, 1u, 7u, 0x02000000u}) {
    ExpectError(ParseReport(GoodReport(version)), ErrorKind::kMalformed, Check::kSnpVersion);
  }
}

// One byte each in the ranges that are known to be zero, at both of their ends.
TEST(Report, KnownZeroesAreZero) {
  for (const size_t offset : {0x0bu, 0x0fu, 0x4bu, 0x4cu, 0x4fu, 0x2d0u, 0x2e7u, 0x318u, 0x32fu}) {
    Bytes bytes = GoodReport();
    bytes[offset] = 0x80;
    ExpectError(ParseReport(bytes), ErrorKind::kMalformed, Check::kSnpFormat);
  }
  Bytes policy = GoodReport(), flags = GoodReport();
  policy[0x0b] = 0x04;  // bit 26; bits up to 25 are known
  flags[0x48] = 0x20;   // bit 5
  ExpectError(ParseReport(policy), ErrorKind::kMalformed, Check::kSnpFormat);
  ExpectError(ParseReport(flags), ErrorKind::kMalformed, Check::kSnpFormat);
}

// PLATFORM_INFO's bits and other reserved ranges change with firmware.
TEST(Report, UnknownBitsAreReportedNotRefused) {
  Bytes bytes = GoodReport();
  bytes[0x47] = 0xff;  // PLATFORM_INFO
  bytes[0x0b] = 0x03;  // POLICY bits 24, 25
  for (const size_t offset : {0x18bu, 0x1ebu, 0x208u, 0x330u}) bytes[offset] = 1;
  const auto report = ParseReport(bytes);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->claims.platform_info, 0xff00000000000025u);
}

TEST(ExtendedReport, AReportAloneHasNoTable) {
  const Bytes bytes = GoodReport();
  const auto extended = SplitExtendedReport(bytes);
  ASSERT_TRUE(extended.ok());
  EXPECT_TRUE(extended->table.empty());
  EXPECT_EQ(extended->report.size(), kReportSize);
  ExpectError(SplitExtendedReport(ByteView(bytes).first(kReportSize - 1)), ErrorKind::kMalformed,
              Check::kSnpFormat);
}

Bytes WithTable(const Bytes& table) { return sim::der::Concat({GoodReport(), table}); }

ExtendedReport Split(const Bytes& evidence) {
  const auto extended = SplitExtendedReport(evidence);
  EXPECT_TRUE(extended.ok());
  return extended.ok() ? *extended : ExtendedReport{};
}

TEST(ExtendedReport, EntriesByGuidInEitherByteOrder) {
  const std::pair<const char*, TableContent> kKnown[] = {{sim::kVlekGuid, TableContent::kVlek},
                                                         {sim::kAskGuid, TableContent::kIntermediate},
                                                         {sim::kArkGuid, TableContent::kArk},
                                                         {sim::kCrlGuid, TableContent::kCrl},
                                                         {sim::kVcekGuid, TableContent::kVcek}};
  for (const auto& [guid, content] : kKnown) {
    for (const std::string& written : {std::string(guid), sim::MixedEndianGuid(guid)}) {
      const Bytes evidence = WithTable(sim::EncodeCertificateTable({{written, {2, 2}}}));
      const ExtendedReport extended = Split(evidence);
      ASSERT_EQ(extended.table.size(), 1u);
      EXPECT_EQ(extended.table[0].content, content);
      EXPECT_EQ(HexLower(extended.table[0].data), "0202");
      EXPECT_EQ(extended.table[0].name,
                "certificate table, entry 1 (" + std::string(TableContentName(content)) + ")");
    }
  }
  const Bytes evidence =
      WithTable(sim::EncodeCertificateTable({{"ecae0c0f-9502-43b1-afa2-0ae2e0d565b6", {9, 9}}}));
  const ExtendedReport other = Split(evidence);
  ASSERT_EQ(other.table.size(), 1u);
  EXPECT_EQ(other.table[0].content, std::nullopt);
  EXPECT_EQ(other.table[0].name, "certificate table, entry 1 (ecae0c0f-9502-43b1-afa2-0ae2e0d565b6)");
}

TEST(ExtendedReport, AnEmptyTable) {
  const ExtendedReport extended = Split(WithTable(Bytes(4096)));
  EXPECT_TRUE(extended.table.empty());
  EXPECT_TRUE(extended.dropped.empty());
}

TEST(ExtendedReport, AnEntryWithoutContentsIsAsNone) {
  const ExtendedReport extended = Split(WithTable(sim::EncodeCertificateTable({{sim::kAskGuid, {}}})));
  EXPECT_TRUE(extended.table.empty());
  EXPECT_TRUE(extended.dropped.empty());
}

TEST(ExtendedReport, EntriesStayInsideTheTableAndOutsideItsHeader) {
  const Bytes good = sim::EncodeCertificateTable({{sim::kVcekGuid, {1, 2, 3}}});
  const auto with = [&](size_t offset, uint8_t value) {
    Bytes table = good;
    table[offset] = value;
    return Split(WithTable(table));
  };
  EXPECT_TRUE(Split(WithTable(good)).dropped.empty());
  for (const auto& [offset, value] :
       std::initializer_list<std::pair<size_t, uint8_t>>{{16, 47},       // begins in the header
                                                         {16, 49},       // ends behind the table
                                                         {20, 4},        // one byte too long
                                                         {23, 0xff}}) {  // offset + length past 32 bits
    const ExtendedReport extended = with(offset, value);
    EXPECT_TRUE(extended.table.empty());
    ASSERT_EQ(extended.dropped.size(), 1u);
    EXPECT_TRUE(extended.dropped[0].starts_with("certificate table, entry 1 (vcek): "))
        << extended.dropped[0];
  }
}

TEST(ExtendedReport, WhatIsNoTableIsDroppedWhole) {
  Bytes table = sim::EncodeCertificateTable({{sim::kVcekGuid, {}}});
  ASSERT_EQ(table.size(), 48u);
  EXPECT_TRUE(Split(WithTable(table)).dropped.empty());
  table.pop_back();
  for (const Bytes& leftover : {table, Bytes{1}, Bytes(100, 0xff)}) {
    const ExtendedReport extended = Split(WithTable(leftover));
    EXPECT_TRUE(extended.table.empty());
    EXPECT_EQ(extended.dropped.size(), 1u);
  }
  const std::vector<std::pair<std::string, Bytes>> most(32, {sim::kCrlGuid, {1}}),
      many(33, {sim::kCrlGuid, {1}});
  EXPECT_TRUE(Split(WithTable(sim::EncodeCertificateTable(most))).dropped.empty());
  const ExtendedReport more = Split(WithTable(sim::EncodeCertificateTable(many)));
  EXPECT_EQ(more.table.size(), 32u);
  EXPECT_EQ(more.dropped.size(), 1u);
}

}  // namespace
}  // namespace thimble::amd
