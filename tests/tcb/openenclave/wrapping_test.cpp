// SPDX-License-Identifier: Apache-2.0
//
// Headers of OE reports and OE evidence: each rule with what keeps it and what breaks it alone.
#include <vector>

#include "tests/tcb/openenclave/world.h"

namespace thimble::openenclave {
namespace {

using sim::EncodeOeEvidence, sim::EncodeOeReport;

const Bytes& Quote() {
  static const Bytes kQuote = World().Quote();
  return kQuote;
}

TEST(OeReport, IsAHeaderAndAQuote) {
  const auto verdict = Judge(EncodeOeReport(Quote()));
  ASSERT_EQ(FailsOn(verdict), "");
  EXPECT_TRUE(verdict->authentic);
  EXPECT_EQ(verdict->tcb_status, TcbStatus::kUpToDate);
  EXPECT_EQ(verdict->open_enclave->format, Format::kReport);
  EXPECT_EQ(verdict->open_enclave->custom_claims, std::nullopt);
  EXPECT_EQ(verdict->checks.Get(Check::kOeFormat), CheckResult::kPassed);
  EXPECT_EQ(verdict->checks.Get(Check::kOeReportType), CheckResult::kPassed);
  EXPECT_FALSE(verdict->checks.Applies(Check::kOeFormatId));
  EXPECT_FALSE(verdict->checks.Applies(Check::kOeCustomClaims));
}

TEST(OeReport, EveryFieldOfItsHeaderIsHeldTo) {
  struct Row {
    const char* title;
    Bytes bytes;
    const char* check;
  };
  const uint64_t size = Quote().size();
  const Row rows[] = {
      {"good", EncodeOeReport(Quote(), {.size = size}), ""},
      {"version 0", EncodeOeReport(Quote(), {.version = 0}), "oe.format"},
      {"local", EncodeOeReport(Quote(), {.type = 1}), "oe.report_type"},
      {"type 0", EncodeOeReport(Quote(), {.type = 0}), "oe.report_type"},
      {"type 3", EncodeOeReport(Quote(), {.type = 3}), "oe.report_type"},
      {"one byte too few", EncodeOeReport(Quote(), {.size = size - 1}), "oe.format"},
      {"one byte too many", EncodeOeReport(Quote(), {.size = size + 1}), "oe.format"},
      {"2^63", EncodeOeReport(Quote(), {.size = uint64_t{1} << 63}), "oe.format"},
      {"a byte after the quote", EncodeOeReport(Joined(Quote(), Bytes{0})), "oe.format"},
      {"no quote", EncodeOeReport({}), "quote.format"},
      {"no quote, and a size", EncodeOeReport({}, {.size = size}), "oe.format"},
      {"a TDX quote", EncodeOeReport(World().Quote({.tdx = true})), "oe.format"},
  };
  for (const Row& row : rows) EXPECT_EQ(FailsOn(Judge(row.bytes)), row.check) << row.title;
}

TEST(OeEvidence, IsAHeaderAQuoteAndCustomClaims) {
  const Bytes claims = BytesOf("custom claims");
  const auto verdict = Judge(sim::MakeOeEvidence(World(), claims));
  ASSERT_EQ(FailsOn(verdict), "");
  EXPECT_TRUE(verdict->authentic);
  EXPECT_EQ(verdict->open_enclave->format, Format::kEvidence);
  EXPECT_EQ(verdict->open_enclave->format_id, "a3a21e87-1b4d-4014-b70a-a125d2fbcd8c");
  EXPECT_EQ(verdict->open_enclave->custom_claims->bytes, claims);
  for (const Check check : {Check::kOeFormat, Check::kOeFormatId, Check::kOeCustomClaims})
    EXPECT_EQ(verdict->checks.Get(check), CheckResult::kPassed) << CheckName(check);
}

TEST(OeEvidence, EveryFieldOfItsHeaderIsHeldTo) {
  const Bytes data = World().Quote(sim::Binding({}));
  struct Row {
    const char* title;
    sim::OeEvidenceSpec header;
    const char* check;
  };
  const Row rows[] = {
      {"good", {}, ""},
      {"anything in its padding", {.padding = 0xffffffff}, ""},
      {"version 2, obsolete", {.version = 2}, "oe.format"},
      {"one byte too few", {.size = data.size() - 1}, "oe.format"},
      {"one byte too many", {.size = data.size() + 1}, "oe.format"},
      {"2^63", {.size = uint64_t{1} << 63}, "oe.format"},
      {"format id zero", {.format_id = std::string(32, '0')}, "oe.format_id"},
      {"as a GUID", {.format_id = "871ea2a34d1b1440b70aa125d2fbcd8c"}, "oe.format_id"},
      {"local attestation", {.format_id = "09268c336e0b45e58a2715644d0ef89a"}, "oe.format_id"},
      {"EPID, linkable", {.format_id = "f228aa3fde4d49d3884cb2aa87a50da6"}, "oe.format_id"},
      {"EPID, unlinkable", {.format_id = "5c35d290a2c24c559e135ad732746c88"}, "oe.format_id"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(FailsOn(Judge(EncodeOeEvidence(data, row.header))), row.check) << row.title;
  Bytes packed = EncodeOeEvidence(data);
  packed.erase(packed.begin() + 20, packed.begin() + 24);
  EXPECT_EQ(FailsOn(Judge(packed)), "oe.format") << "without the compiler's padding";
}

// Behind each format id is what it says, to the last byte.
TEST(OeEvidence, HoldsWhatItsFormatIdSays) {
  const Bytes quote = World().Quote(), tdx = World().Quote({.tdx = true});
  const Bytes v4 = World().Quote(sim::Binding({}, {.version = 4}));
  struct Row {
    const char* title;
    Bytes data;
    const char* format_id;
    const char* check;
  };
  const Row rows[] = {
      {"a quote", quote, sim::kSgxQuoteFormat, ""},
      {"a quote and a byte", Joined(quote, Bytes{0}), sim::kSgxQuoteFormat, "oe.format"},
      {"a TDX quote for an SGX quote", tdx, sim::kSgxQuoteFormat, "oe.format"},
      {"a TDX quote", tdx, sim::kTdxQuoteFormat, ""},
      {"a TDX quote and a byte", Joined(tdx, Bytes{0}), sim::kTdxQuoteFormat, "oe.format"},
      {"an SGX quote for a TDX quote", quote, sim::kTdxQuoteFormat, "oe.format"},
      {"a report", EncodeOeReport(quote), sim::kReportFormat, ""},
      {"a local report", EncodeOeReport(quote, {.type = 1}), sim::kReportFormat, "oe.report_type"},
      {"a quote for a report", quote, sim::kReportFormat, "oe.format"},
      {"a version 4 quote with claims", v4, sim::kSgxEcdsaFormat, "oe.format"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(FailsOn(Judge(EncodeOeEvidence(row.data, {.format_id = row.format_id}))), row.check)
        << row.title;
}

// The hardware checks are those of a bare quote.
TEST(OeEvidence, TheQuoteInItIsVerified) {
  for (const bool report : {true, false}) {
    const Bytes good = report ? EncodeOeReport(Quote()) : sim::MakeOeEvidence(World(), {});
    const size_t header = report ? 16 : 32;
    const sim::QuoteOffsets at = sim::LocateQuote(ByteView(good).subspan(header));
    const auto with = [&](size_t offset) {
      Bytes bad = good;
      bad[header + offset] ^= 1;
      return FailsOn(Judge(bad));
    };
    EXPECT_EQ(with(at.signature), "quote.signature");
    EXPECT_EQ(with(at.qe_report_signature), "qe_report.signature");
    EXPECT_EQ(with(at.body), "quote.signature");
  }
}

TEST(OpenEnclave, IsToldFromReportsAndQuotes) {
  Bytes snp(1184);
  for (uint8_t version = 1; version < 7; ++version) {
    snp[0] = version;
    snp[10] = 2;  // the policy's bit 17
    EXPECT_FALSE(IsOpenEnclave(snp)) << int{version};
    snp[4] = 2;  // as a guest SVN is, and a report type
    EXPECT_FALSE(IsOpenEnclave(snp)) << int{version};
    snp[4] = 0;
  }
  for (const sim::QuoteOptions& options :
       {sim::QuoteOptions{}, {.version = 4}, {.version = 5}, {.tdx = true}, {.tdx = true, .version = 5}})
    EXPECT_FALSE(IsOpenEnclave(World().Quote(options)));
  EXPECT_FALSE(IsOpenEnclave({}));
  EXPECT_FALSE(IsOpenEnclave(Bytes{1, 0, 0, 0, 2, 0, 0, 0}));
}

TEST(OpenEnclave, HasAGreatestLength) {
  const auto of = [](size_t size) {
    const Bytes empty = sim::MakeOeEvidence(World(), {});
    return sim::MakeOeEvidence(World(), Bytes(size - empty.size(), 0x2a));
  };
  EXPECT_EQ(FailsOn(Judge(of(kMaxEvidence))), "");
  EXPECT_EQ(FailsOn(Judge(of(kMaxEvidence + 1))), "oe.format");
}

}  // namespace
}  // namespace thimble::openenclave
