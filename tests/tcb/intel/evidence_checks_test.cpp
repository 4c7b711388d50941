// SPDX-License-Identifier: Apache-2.0
//
// What the evidence alone shows: signatures from the PCK certificate down to the body, debug, report data.
#include <gtest/gtest.h>

#include <algorithm>

#include "tcb/base/crypto.h"
#include "tcb/verify.h"
#include "tests/support/der_writer.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using sim::LocateQuote;
using sim::QuoteOffsets;
using sim::QuoteOptions;
using sim::QuoteSpec;

const QuoteOptions kForms[] = {
    {.version = 3}, {.version = 4}, {.version = 5}, {.tdx = true, .version = 4}, {.tdx = true, .version = 5}};

Case Flipped(std::string name, const QuoteOptions& options, size_t QuoteOffsets::*part, size_t offset) {
  return {.name = std::move(name), .quote = options, .quote_bytes = [=](Bytes& quote) {
            quote[LocateQuote(quote).*part + offset] ^= 1;
          }};
}
Case Bent(std::string name, QuoteOptions options, sim::Bend<QuoteSpec> bend) {
  options.bend = std::move(bend);
  return {.name = std::move(name), .quote = std::move(options)};
}

void Overwrite(Bytes& quote, size_t offset, const Bytes& with) {
  std::copy(with.begin(), with.end(), quote.begin() + static_cast<ptrdiff_t>(offset));
}

TEST(QuoteSignature, CoversHeaderAndBody) {
  for (const QuoteOptions& form : kForms) {
    ExpectGood({.quote = form});
    for (const size_t offset : {8, 9, 10, 28, 47}) {  // QE SVN, PCE SVN, user data
      ExpectHard({.name = "header byte " + std::to_string(offset),
                  .quote = form,
                  .quote_bytes = [offset](Bytes& quote) { quote[offset] ^= 1; }},
                 Check::kQuoteSignature);
    }
    // TDX: TEE_TCB_SVN is left alone, which the TCB info is matched on.
    for (const size_t offset : {16, 100, 200, 383}) {
      ExpectHard(Flipped("body byte " + std::to_string(offset), form, &QuoteOffsets::body, offset),
                 Check::kQuoteSignature);
    }
    ExpectHard({.name = "last byte of the body",
                .quote = form,
                .quote_bytes = [](Bytes& quote) { quote[LocateQuote(quote).signed_size - 1] ^= 1; }},
               Check::kQuoteSignature);
  }
}

TEST(QuoteSignature, IsThatOfTheAttestationKey) {
  for (const QuoteOptions& form : kForms) {
    for (const size_t offset : {0, 31, 32, 63}) {
      ExpectHard(Flipped("signature", form, &QuoteOffsets::signature, offset), Check::kQuoteSignature);
    }
    const auto signature = [&](const char* name, const Bytes& with) {
      return Case{.name = name, .quote = form, .quote_bytes = [with](Bytes& quote) {
                    Overwrite(quote, LocateQuote(quote).signature, with);
                  }};
    };
    const Bytes quote = World().Quote(form);
    const ByteView signed_bytes = ByteView(quote).first(LocateQuote(quote).signed_size);
    ExpectHard(signature("another key's", sim::SimKey("forger").SignRaw(signed_bytes)),
               Check::kQuoteSignature);
    ExpectHard(signature("zeros", Bytes(64)), Check::kQuoteSignature);
    ExpectHard(signature("s = 0", sim::der::Concat({Bytes(31), Bytes{1}, Bytes(32)})),
               Check::kQuoteSignature);
    ExpectHard(signature("ones", Bytes(64, 0xff)), Check::kQuoteSignature);
  }
}

TEST(QeReport, SignatureCoversIt) {
  for (const QuoteOptions& form : kForms) {
    for (const size_t offset : {0, 16, 48, 64, 128, 256, 258, 320, 352, 383}) {
      ExpectHard(Flipped("QE report byte " + std::to_string(offset), form, &QuoteOffsets::qe_report, offset),
                 Check::kQeReportSignature);
    }
    for (const size_t offset : {0, 63}) {
      ExpectHard(Flipped("its signature", form, &QuoteOffsets::qe_report_signature, offset),
                 Check::kQeReportSignature);
    }
    ExpectHard(Bent("signed by another platform", form,
                    [](QuoteSpec& q) { q.pck_key = World().PckKey(sim::ClientPlatform()); }),
               Check::kQeReportSignature);
  }
}

TEST(QeReport, DataBindsTheAttestationKey) {
  for (const QuoteOptions& form : kForms) {
    // Another key that has signed the quote just as well, but that no quoting enclave has vouched for.
    ExpectHard({.name = "another attestation key",
                .quote = form,
                .quote_bytes =
                    [](Bytes& quote) {
                      const sim::SimKey forger("forger");
                      const QuoteOffsets at = LocateQuote(quote);
                      Overwrite(quote, at.signature, forger.SignRaw(ByteView(quote).first(at.signed_size)));
                      Overwrite(quote, at.attestation_key, forger.point());
                    }},
               Check::kQeReportData);
    ExpectHard(Flipped("QE auth data", form, &QuoteOffsets::qe_auth_length, 2), Check::kQeReportData);
    ExpectHard(Bent("data of another QE report", form,
                    [](QuoteSpec& q) {
                      q.bind_qe_report_data = false;
                      q.qe_report.report_data.fill(0x11);
                    }),
               Check::kQeReportData);
  }
}

// The hash covers the key without 0x04 and the auth data without its length (DCAP 8.5); the rest is zero.
TEST(QeReport, DataIsTheHashAndThenZeros) {
  const auto with = [](const std::function<Bytes(const QuoteSpec&)>& hashed, uint8_t upper,
                       std::string name) {
    return Bent(std::move(name), {}, [=](QuoteSpec& q) {
      q.bind_qe_report_data = false;
      const Digest256 digest = Sha256(hashed(q));
      std::copy(digest.view().begin(), digest.view().end(), q.qe_report.report_data.begin());
      q.qe_report.report_data[63] = upper;
    });
  };
  const auto concat = [](const std::vector<Bytes>& parts) { return sim::der::Concat(parts); };
  const auto right = [=](const QuoteSpec& q) { return concat({q.attestation_key.point(), q.qe_auth}); };
  ExpectGood(with(right, 0, "as it must be"));
  ExpectHard(with(right, 1, "upper half not zero"), Check::kQeReportData);
  ExpectHard(with(
                 [=](const QuoteSpec& q) {
                   return concat({Bytes{4}, q.attestation_key.point(), q.qe_auth});
                 },
                 0, "with 0x04"),
             Check::kQeReportData);
  ExpectHard(with(
                 [=](const QuoteSpec& q) {
                   return concat({q.attestation_key.point(), Bytes{32, 0}, q.qe_auth});
                 },
                 0, "with the length"),
             Check::kQeReportData);
  ExpectHard(with([=](const QuoteSpec& q) { return q.attestation_key.point(); }, 0, "without the auth data"),
             Check::kQeReportData);
}

TEST(PckMissing, CertificationDataOneToFourNeedsAChain) {
  for (const QuoteOptions& form : kForms) {
    for (const uint16_t type : std::initializer_list<uint16_t>{1, 2, 3, 4}) {
      QuoteOptions options = form;
      options.certification_type = type;
      Case c = {.name = "type " + std::to_string(type), .quote = options};
      ExpectError(c, ErrorKind::kUnavailable, Check::kPckMissing);
      c.set = [](intel::CollateralSet& set) { set.pck_chain = World().PckChain(); };
      ExpectGood(c);
      c.set = [](intel::CollateralSet& set) {
        set.pck_chain = World().PckChain(sim::ServerPlatform(sim::Tcb::kNewest));
      };
      ExpectHard(c, Check::kQeReportSignature);  // the chain of another platform
    }
  }
}

TEST(PckMissing, AGivenChainIsPreferredToTheQuotesOwn) {
  Case c = {.name = "the same", .set = [](intel::CollateralSet& set) { set.pck_chain = World().PckChain(); }};
  ExpectGood(c);
  c.name = "another platform's";
  c.set = [](intel::CollateralSet& set) {
    set.pck_chain = World().PckChain(sim::ServerPlatform(sim::Tcb::kNewest));
  };
  ExpectHard(c, Check::kQeReportSignature);
  c.name = "no chain at all";
  c.set = [](intel::CollateralSet& set) { set.pck_chain = "text"; };
  ExpectError(c, ErrorKind::kMalformed, Check::kCollateralMalformed);
}

TEST(SgxDebug, IsTheDebugBitAlone) {
  for (const uint16_t version : std::initializer_list<uint16_t>{3, 4, 5}) {
    const QuoteOptions form = {.version = version};
    ExpectSoft(Bent("DEBUG", form, [](QuoteSpec& q) { q.sgx.attributes[0] |= 0x02; }), {Check::kSgxDebug});
    for (const uint8_t other : std::initializer_list<uint8_t>{0x01, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80}) {
      ExpectGood(Bent("another bit", form, [other](QuoteSpec& q) { q.sgx.attributes[0] = other; }));
    }
    ExpectGood(Bent("another byte", form, [](QuoteSpec& q) { q.sgx.attributes[1] = 0x02; }));
  }
}

TEST(TdxDebug, IsAnyBitOfTheFirstByte) {
  for (const QuoteOptions& form :
       {QuoteOptions{.tdx = true, .version = 4}, QuoteOptions{.tdx = true, .version = 5}}) {
    for (int bit = 0; bit < 8; ++bit) {
      ExpectSoft(Bent("TUD bit", form,
                      [bit](QuoteSpec& q) { q.tdx.td_attributes[0] = static_cast<uint8_t>(1 << bit); }),
                 {Check::kTdxDebug});
    }
  }
}

TEST(TrustAnchorExtra, IsNotedWithItsName) {
  const auto verdict = Judge({});
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->trust_anchor_extra);
  EXPECT_EQ(verdict->trust_anchor, "Intel SGX Root CA");
  ASSERT_EQ(verdict->findings.size(), 1u);
  EXPECT_EQ(verdict->findings[0].check, Check::kTrustAnchorExtra);
  EXPECT_EQ(verdict->findings[0].severity, Severity::kNote);
  // A pinned anchor is none: intel/corpus_test.cpp.
}

TEST(ReportData, IsTheExpectedValueAndThenZeros) {
  const auto judged = [](bool tdx, const Bytes& expected, const Bytes& actual) {
    auto verdict = Judge(Bent("", {.tdx = tdx}, [&](QuoteSpec& q) {
      for (auto* data : {&q.sgx.report_data, &q.tdx.report_data}) {
        data->fill(0);
        std::copy(actual.begin(), actual.end(), data->begin());
      }
    }));
    CheckReportData(*verdict, expected);
    return verdict->hard() == nullptr ? Check::kNone : verdict->hard()->check;
  };
  const Bytes nonce = {1, 2, 3}, full(64, 0xab);
  for (const bool tdx : {false, true}) {
    EXPECT_EQ(judged(tdx, nonce, nonce), Check::kNone);
    EXPECT_EQ(judged(tdx, full, full), Check::kNone);
    EXPECT_EQ(judged(tdx, {}, {}), Check::kNone);
    EXPECT_EQ(judged(tdx, {1, 2, 3, 0}, nonce), Check::kNone);
    EXPECT_EQ(judged(tdx, {1, 2, 4}, nonce), Check::kReportData);
    EXPECT_EQ(judged(tdx, {1, 2}, nonce), Check::kReportData);  // not zero after it
    EXPECT_EQ(judged(tdx, {1, 2, 3, 4}, nonce), Check::kReportData);
    EXPECT_EQ(judged(tdx, {}, nonce), Check::kReportData);
    EXPECT_EQ(judged(tdx, Bytes(65, 0xab), full), Check::kReportData);
    EXPECT_EQ(judged(tdx, Bytes(63, 0xab), full), Check::kReportData);
  }
}

TEST(ReportData, DoesNotCoverAnotherHardFinding) {
  auto verdict = Judge(Flipped("", {}, &QuoteOffsets::signature, 0));
  ASSERT_TRUE(verdict.ok());
  CheckReportData(*verdict, Bytes{1});
  EXPECT_EQ(verdict->hard()->check, Check::kQuoteSignature);
  EXPECT_FALSE(verdict->checks.Applies(Check::kReportData));
}

// The report data of a verdict with it, by runtime data.
Check CheckOfRuntimeData(ByteView report_data, std::string_view runtime_data) {
  Check found[3];
  Bytes padded(report_data.begin(), report_data.end());
  padded.resize(ReportData::kSize);
  const auto judge = [&](auto claims, Check& check) {
    claims.report_data = *ReportData::From(padded);
    Verdict verdict;
    verdict.claims = claims;
    CheckRuntimeData(verdict, AsBytes(runtime_data));
    check = verdict.hard() == nullptr ? Check::kNone : verdict.hard()->check;
  };
  judge(intel::SgxClaims{}, found[0]);
  judge(intel::TdxClaims{}, found[1]);
  judge(amd::SnpClaims{}, found[2]);
  EXPECT_TRUE(found[0] == found[1] && found[1] == found[2]) << "it means the same for each kind of evidence";
  return found[0];
}

TEST(RuntimeData, IsBoundByAnyOfThreeHashesAndThenZeros) {
  const ByteView data = AsBytes("runtime");
  const Digest256 sha256 = Sha256(data);
  EXPECT_EQ(CheckOfRuntimeData(sha256.view(), "runtime"), Check::kNone);
  EXPECT_EQ(CheckOfRuntimeData(Sha384(data).view(), "runtime"), Check::kNone);
  EXPECT_EQ(CheckOfRuntimeData(Sha512(data).view(), "runtime"), Check::kNone);
  EXPECT_EQ(CheckOfRuntimeData(sha256.view(), "Runtime"), Check::kReportData);
  EXPECT_EQ(CheckOfRuntimeData(data, "runtime"), Check::kReportData) << "the data itself is no hash of it";
  Bytes followed(sha256.view().begin(), sha256.view().end());
  followed.push_back(1);
  EXPECT_EQ(CheckOfRuntimeData(followed, "runtime"), Check::kReportData) << "not zero after it";
}

TEST(EvidenceFormat, EachKindIsTold) {
  for (const QuoteOptions& form : kForms)
    EXPECT_EQ(DetectEvidence(World().Quote(form)).value(), EvidenceKind::kQuote);
  Bytes snp(1184);
  for (const uint8_t version : std::initializer_list<uint8_t>{2, 3, 5}) {
    snp[0] = version;
    EXPECT_EQ(DetectEvidence(snp).value(), EvidenceKind::kSnpReport);
  }
  EXPECT_EQ(DetectEvidence(Bytes{2, 0, 0, 0}).value(), EvidenceKind::kSnpReport);  // cut short
  EXPECT_EQ(DetectEvidence(AsBytes("HCLA")).value(), EvidenceKind::kHclReport);
  // A quote of an unknown version or key type is still meant as one, and refused as such.
  EXPECT_EQ(DetectEvidence(Bytes{6, 0, 2, 0}).value(), EvidenceKind::kQuote);
}

TEST(EvidenceFormat, RefusesWhatIsNoneOfThem) {
  for (const Bytes& bad : {Bytes{}, Bytes{3}, Bytes{3, 0, 2}, Bytes(1183), Bytes{1, 0, 0, 0, 0}}) {
    const auto kind = DetectEvidence(bad);
    ASSERT_FALSE(kind.ok()) << HexLower(ByteView(bad).first(std::min<size_t>(bad.size(), 8)));
    EXPECT_EQ(kind.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(kind.error().check, Check::kEvidenceFormat);
  }
}

}  // namespace
}  // namespace thimble::test
