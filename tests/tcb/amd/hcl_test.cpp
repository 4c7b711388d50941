// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/hcl.h"

#include "tests/support/sim_hcl.h"
#include "tests/support/sim_intel.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::HclSpec;
using sim::SnpPlatform;

std::string GoodRuntimeData() { return sim::RuntimeData(sim::VtpmKey()); }

// An HCL report around a genuine SNP report that binds `bound`.
Bytes SnpHcl(HclSpec spec, const std::string& bound) {
  spec.hardware_report =
      World().Report(SnpPlatform::Of(Product::kMilan), {.report_data = sim::BindingOf(bound)});
  if (spec.runtime_data.empty()) spec.runtime_data = bound;
  return sim::EncodeHclReport(spec);
}
Bytes SnpHcl(HclSpec spec = {}) { return SnpHcl(std::move(spec), GoodRuntimeData()); }

Bytes TdxHcl() {
  const std::string data = GoodRuntimeData();
  return sim::EncodeHclReport({.report_type = 4,
                               .hardware_report = sim::EncodeTdReportStruct(sim::BindingOf(data)),
                               .runtime_data = data});
}

TpmQuote Quote(const sim::TpmQuoteSpec& spec = {}) {
  const auto bytes = sim::MakeTpmQuote(spec, sim::VtpmKey());
  return ParseTpmQuote(bytes.message, bytes.signature, spec.pcrs).value();
}

Result<Verdict> JudgeHcl(const Bytes& evidence, const TpmQuote* quote, const std::optional<Bytes>& nonce) {
  TRY_ASSIGN(const HclReport hcl, ParseHclReport(evidence));
  TRY_ASSIGN(auto verdict, Judge(Bytes(hcl.hardware_report.begin(), hcl.hardware_report.end()),
                                 World().Endorsements(SnpPlatform::Of(Product::kMilan))));
  CheckHcl(verdict, hcl, quote, nonce);
  return verdict;
}

TEST(Hcl, GoodWithAndWithoutAQuote) {
  const TpmQuote quote = Quote();
  const auto with = JudgeHcl(SnpHcl(), &quote, sim::TpmQuoteSpec{}.nonce);
  ExpectGood(with);
  for (const Check check : {Check::kHclFormat, Check::kHclBinding, Check::kHclTpmSignature,
                            Check::kHclTpmPcrDigest, Check::kHclTpmNonce}) {
    EXPECT_EQ(with->checks.Get(check), CheckResult::kPassed) << CheckName(check);
  }
  EXPECT_FALSE(with->checks.Applies(Check::kHclTdQuote));
  const auto without = JudgeHcl(SnpHcl(), nullptr, std::nullopt);
  ExpectGood(without);
  EXPECT_EQ(without->checks.Get(Check::kHclTpmSignature), CheckResult::kNotRun);
}

TEST(Hcl, Claims) {
  const TpmQuote quote = Quote();
  const auto verdict = JudgeHcl(SnpHcl({.version = 1}), &quote, std::nullopt);
  ASSERT_TRUE(verdict.ok());
  const HclClaims& claims = *verdict->hcl;
  EXPECT_EQ(claims.version, 1u);
  EXPECT_EQ(claims.hash_type, 1u);
  EXPECT_EQ(claims.runtime_data, GoodRuntimeData());
  EXPECT_EQ(claims.runtime_data_sha256, Sha256(AsBytes(GoodRuntimeData())));
  EXPECT_EQ(claims.ak_modulus, sim::VtpmKey().modulus());
  EXPECT_EQ(claims.ak_modulus_sha256, Sha256(sim::VtpmKey().modulus()));
  EXPECT_EQ(claims.runtime_user_data, std::string(126, '0') + "ab");
  ASSERT_TRUE(claims.tpm_quote);
  EXPECT_EQ(claims.tpm_quote->extra_data, sim::TpmQuoteSpec{}.nonce);
  EXPECT_TRUE(claims.tpm_quote->pcr_selection[3]);
  EXPECT_FALSE(claims.tpm_quote->pcr_selection[4]);
}

TEST(Hcl, HeaderIsBounded) {
  const auto with = [](size_t offset, uint8_t value) {
    return ParseHclReport(SnpHcl({.bend = [=](Bytes& b) { b[offset] = value; }}));
  };
  EXPECT_TRUE(with(0, 'H').ok());
  struct Row {
    size_t offset;
    uint8_t value;
  };
  for (const Row& row :
       {Row{0, 'X'}, Row{4, 0}, Row{4, 3}, Row{1220, 2}, Row{1224, 3}, Row{1228, 0}, Row{1228, 4},
        Row{1216, 0},     // data size no longer that of the runtime data and its header
        Row{1235, 0xff},  // runtime data past the end
        Row{1234, 0x01}}) {
    ExpectError(with(row.offset, row.value), ErrorKind::kMalformed, Check::kHclFormat);
  }
}

TEST(Hcl, CutShortAnywhereIsMalformed) {
  const Bytes good = SnpHcl();
  const size_t end = 1236 + GoodRuntimeData().size();
  for (const size_t size :
       {size_t{0}, size_t{3}, size_t{31}, size_t{32}, size_t{1215}, size_t{1235}, size_t{1236}, end - 1}) {
    ExpectError(ParseHclReport(ByteView(good).first(size)), ErrorKind::kMalformed, Check::kHclFormat);
  }
  EXPECT_TRUE(ParseHclReport(ByteView(good).first(end)).ok());
}

TEST(Hcl, TdReportIsOne) {
  Bytes good = TdxHcl();
  EXPECT_TRUE(ParseHclReport(good).ok());
  good[32] = 0x00;
  ExpectError(ParseHclReport(good), ErrorKind::kMalformed, Check::kHclFormat);
}

TEST(Hcl, RuntimeDataNeedsOneAttestationKey) {
  const auto with = [](const std::string& data) {
    return ParseHclReport(SnpHcl({.runtime_data = data}, data));
  };
  const std::string key = R"({"kid":"HCLAkPub","kty":"RSA","e":"AQAB","n":"AMsx"})";
  EXPECT_TRUE(with(R"({"keys":[)" + key + "]}").ok());
  EXPECT_EQ(HexLower(with(R"({"keys":[)" + key + "]}")->claims->ak_modulus), "cb31");  // no leading zeros
  EXPECT_EQ(with(R"({"keys":[)" + key + "]}")->claims->runtime_user_data, std::nullopt);
  const std::string wrong[] = {
      "{",
      "[]",
      "{}",
      R"({"keys":[]})",
      R"({"keys":{}})",
      R"({"keys":[{"kid":1}]})",
      R"({"keys":[)" + key + "," + key + "]}",
      R"({"keys":[{"kid":"HCLAkPub","kty":"EC","e":"AQAB","n":"AMsx"}]})",
      R"({"keys":[{"kid":"HCLAkPub","kty":"RSA","e":"AQAB"}]})",
      R"({"keys":[{"kid":"HCLAkPub","kty":"RSA","e":"AQAB","n":"!"}]})",
      R"({"keys":[{"kid":"HCLAkPub","kty":"RSA","e":"AQAB","n":"AAAA"}]})",
      R"({"keys":[)" + key + R"(],"user-data":"xyz"})",
      R"({"keys":[)" + key + R"(],"user-data":7})",
      R"({"keys":[)" + key + R"(],"keys":[]})",
  };
  for (const std::string& data : wrong) {
    SCOPED_TRACE(data);
    ExpectError(with(data), ErrorKind::kMalformed, Check::kHclFormat);
  }
}

TEST(Hcl, BindingIsOverTheExactBytes) {
  std::string other = GoodRuntimeData();
  other.insert(1, " ");  // the same JSON
  const auto verdict = JudgeHcl(SnpHcl({.runtime_data = other}, GoodRuntimeData()), nullptr, std::nullopt);
  ExpectOnly(verdict, Check::kHclBinding, Severity::kHard);
}

TEST(Hcl, BindingIsZeroBehindTheHash) {
  auto data = sim::BindingOf(GoodRuntimeData());
  data[32] = 1;
  HclSpec spec{.runtime_data = GoodRuntimeData()};
  spec.hardware_report = World().Report(SnpPlatform::Of(Product::kMilan), {.report_data = data});
  ExpectOnly(JudgeHcl(sim::EncodeHclReport(spec), nullptr, std::nullopt), Check::kHclBinding,
             Severity::kHard);
}

TEST(Hcl, BindingTakesNoOtherHash) {
  for (const uint32_t hash_type : {2u, 3u}) {
    ExpectOnly(JudgeHcl(SnpHcl({.hash_type = hash_type}), nullptr, std::nullopt), Check::kHclBinding,
               Severity::kHard);
  }
}

TEST(Hcl, TpmSignature) {
  TpmQuote quote = Quote();
  quote.signature.back() ^= 1;
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, std::nullopt), Check::kHclTpmSignature, Severity::kHard);
  const auto forged = sim::MakeTpmQuote({}, sim::VtpmKey("forger"));
  quote = ParseTpmQuote(forged.message, forged.signature, std::nullopt).value();
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, std::nullopt), Check::kHclTpmSignature, Severity::kHard);
  quote.signature.pop_back();
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, std::nullopt), Check::kHclTpmSignature, Severity::kHard);
}

TEST(Hcl, TpmPcrDigest) {
  TpmQuote quote = Quote();
  (*quote.pcrs)[4] = Sha256(ByteView());  // not selected
  ExpectGood(JudgeHcl(SnpHcl(), &quote, std::nullopt));
  (*quote.pcrs)[3] = Sha256(ByteView());
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  quote.pcrs.reset();
  const auto without = JudgeHcl(SnpHcl(), &quote, std::nullopt);
  ExpectGood(without);
  EXPECT_EQ(without->checks.Get(Check::kHclTpmPcrDigest), CheckResult::kNotRun);
}

TEST(Hcl, TpmNonce) {
  const TpmQuote quote = Quote({.nonce = {1, 2, 3}});
  ExpectGood(JudgeHcl(SnpHcl(), &quote, Bytes{1, 2, 3}));
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, Bytes{1, 2, 4}), Check::kHclTpmNonce, Severity::kHard);
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, Bytes{1, 2}), Check::kHclTpmNonce, Severity::kHard);
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, Bytes{}), Check::kHclTpmNonce, Severity::kHard);
  ExpectOnly(JudgeHcl(SnpHcl(), nullptr, Bytes{1, 2, 3}), Check::kHclTpmNonce, Severity::kHard);
}

TEST(Hcl, TpmQuoteIsAWholeQuote) {
  const auto parse = [](const sim::Bend<Bytes>& bend) {
    auto bytes = sim::MakeTpmQuote({.bend = bend}, sim::VtpmKey());
    return ParseTpmQuote(bytes.message, bytes.signature, std::nullopt);
  };
  EXPECT_TRUE(parse({}).ok());
  const size_t selection = 4 + 2 + 2 + 34 + 2 + 5 + 25;
  for (const auto& bend : std::vector<sim::Bend<Bytes>>{
           [](Bytes& m) { m[0] = 0; },     // magic
           [](Bytes& m) { m[5] = 0x17; },  // a certification
           [](Bytes& m) { m[6] = 0xff; },  // signer's name past the end
           [](Bytes& m) { m.pop_back(); }, [](Bytes& m) { m.push_back(0); }, [](Bytes& m) { m.resize(20); },
           [](Bytes& m) { m.clear(); }, [=](Bytes& m) { m[selection + 3] = 2; },  // two banks
           [=](Bytes& m) { m[selection + 5] = 0x04; },                            // SHA-1
           [=](Bytes& m) { m[selection + 6] = 2; }}) {                            // 16 PCRs
    ExpectError(parse(bend), ErrorKind::kMalformed, Check::kHclFormat);
  }
}

TEST(Hcl, AVerdictThatFailedOnlyLearnsTheClaims) {
  const Bytes evidence =
      SnpHcl({.runtime_data = GoodRuntimeData() + " "}, GoodRuntimeData());  // not bound either
  const auto hcl = ParseHclReport(evidence);
  ASSERT_TRUE(hcl.ok());
  Bytes report(hcl->hardware_report.begin(), hcl->hardware_report.end());
  report[0x90] ^= 1;
  Verdict verdict = Judge(report, World().Endorsements(SnpPlatform::Of(Product::kMilan))).value();
  CheckHcl(verdict, *hcl, nullptr, std::nullopt);
  ExpectOnly(verdict, Check::kSnpSignature, Severity::kHard);
  EXPECT_EQ(verdict.checks.Get(Check::kHclBinding), CheckResult::kNotRun);
  EXPECT_NE(verdict.hcl, nullptr);
}

// -- TDX --

const sim::SimIntel& Intel() {
  static const sim::SimIntel intel = sim::SimIntel::Make();
  return intel;
}

Verdict JudgeTd(const sim::QuoteOptions& options) {
  static const TrustAnchors anchors = Intel().Anchors();
  const Bytes quote = Intel().Quote(options);
  const auto verification =
      intel::QuoteVerification::Begin(quote, "", anchors, Intel().now(), nullptr, nullptr);
  EXPECT_TRUE(verification.ok());
  return verification->verdict();
}

sim::QuoteOptions TdBinding(const std::array<uint8_t, 64>& report_data) {
  return {.tdx = true, .bend = [=](sim::QuoteSpec& q) { q.tdx.report_data = report_data; }};
}

TEST(HclTdx, TheTdQuoteStandsForTheTdReport) {
  const Bytes evidence = TdxHcl();
  const auto hcl = ParseHclReport(evidence);
  ASSERT_TRUE(hcl.ok());
  Verdict good = JudgeTd(TdBinding(sim::BindingOf(GoodRuntimeData())));
  CheckHcl(good, *hcl, nullptr, std::nullopt);
  EXPECT_TRUE(FindingsOf(good).empty()) << Text(good);
  for (const Check check : {Check::kHclBinding, Check::kHclTdQuote, Check::kHclQuoteMissing,
                            Check::kQuoteSignature, Check::kPckChain}) {
    EXPECT_EQ(good.checks.Get(check), CheckResult::kPassed) << CheckName(check);
  }
  auto other_data = sim::BindingOf(GoodRuntimeData());
  other_data[63] = 1;
  Verdict other = JudgeTd(TdBinding(other_data));
  CheckHcl(other, *hcl, nullptr, std::nullopt);
  ExpectOnly(other, Check::kHclTdQuote, Severity::kHard);
  Verdict sgx = JudgeTd({});
  CheckHcl(sgx, *hcl, nullptr, std::nullopt);
  ExpectOnly(sgx, Check::kHclTdQuote, Severity::kHard);
}

TEST(HclTdx, WithoutAQuote) {
  Bytes evidence = TdxHcl();
  ExpectError(JudgeWithoutTdQuote(*ParseHclReport(evidence), nullptr, std::nullopt, Intel().now()),
              ErrorKind::kUnavailable, Check::kHclQuoteMissing);
  evidence[32 + 0x80] ^= 1;  // its report data
  const auto hcl = ParseHclReport(evidence);
  ASSERT_TRUE(hcl.ok());
  const auto verdict = JudgeWithoutTdQuote(*hcl, nullptr, std::nullopt, Intel().now());
  ExpectOnly(verdict, Check::kHclBinding, Severity::kHard);
  EXPECT_EQ(verdict->tee, Tee::kTdx);
}

}  // namespace
}  // namespace thimble::amd
