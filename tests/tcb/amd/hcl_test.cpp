// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/hcl.h"

#include "tests/support/sim_intel.h"
#include "tests/tcb/amd/hcl_world.h"

namespace thimble::amd {
namespace {

using sim::HclSpec;
using sim::SnpPlatform;

TEST(Hcl, GoodWithAndWithoutAQuote) {
  const tpm::Quote quote = Quote();
  const auto with = JudgeHcl(SnpHcl(), &quote, sim::TpmQuoteSpec{}.nonce);
  ExpectGood(with);
  for (const Check check : {Check::kHclFormat, Check::kHclVmpl, Check::kHclBinding, Check::kHclTpmSignature,
                            Check::kHclTpmPcrDigest, Check::kHclTpmNonce}) {
    EXPECT_EQ(with->checks.Get(check), CheckResult::kPassed) << CheckName(check);
  }
  EXPECT_FALSE(with->checks.Applies(Check::kHclTdQuote));
  const auto without = JudgeHcl(SnpHcl(), nullptr, std::nullopt);
  ExpectGood(without);
  EXPECT_EQ(without->checks.Get(Check::kHclTpmSignature), CheckResult::kNotRun);
}

TEST(Hcl, Claims) {
  const tpm::Quote quote = Quote();
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
  EXPECT_EQ(claims.tpm_quote->selections, (std::vector<tpm::PcrSelection>{{tpm::kSha256, {0, 1, 2, 3}}}));
  EXPECT_EQ(claims.pcrs, sim::SomePcrs());
  EXPECT_EQ(claims.vm_configuration,
            (decltype(claims.vm_configuration){{"secure-boot", true}, {"console-enabled", false}}));
  EXPECT_EQ(claims.vm_unique_id, "00000000-0000-4000-8000-000000000001");
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
      R"({"keys":[{"kid":"HCLAkPub","kty":"oct","e":"AQAB","n":"AMsx"}]})",
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

TEST(Hcl, VmplIsTheParavisors) {
  const auto with_vmpl = [](uint32_t vmpl) {
    HclSpec spec{.runtime_data = GoodRuntimeData()};
    spec.hardware_report = World().Report(SnpPlatform::Of(Product::kMilan),
                                          {.vmpl = vmpl, .report_data = sim::BindingOf(GoodRuntimeData())});
    return JudgeHcl(sim::EncodeHclReport(spec), nullptr, std::nullopt);
  };
  ExpectGood(with_vmpl(0));
  for (const uint32_t vmpl : {1u, 2u, 3u}) ExpectOnly(with_vmpl(vmpl), Check::kHclVmpl, Severity::kHard);
}

TEST(Hcl, RuntimeDataMakesOnlyClaimsOfTheRightType) {
  const std::string key = R"({"keys":[{"kid":"HCLAkPub","kty":"RSA","e":"AQAB","n":"AMsx"}])";
  const auto claims = [&](const std::string& more) {
    const std::string data = key + more + "}";
    return *ParseHclReport(SnpHcl({.runtime_data = data}, data))->claims;
  };
  EXPECT_TRUE(claims("").vm_configuration.empty());
  EXPECT_TRUE(claims(R"(,"vm-configuration":[])").vm_configuration.empty());
  const HclClaims odd =
      claims(R"(,"vm-configuration":{"secure-boot":1234,"tpm-enabled":true,"vmUniqueId":7,"new":{"a":1}})");
  EXPECT_EQ(odd.vm_configuration, (decltype(odd.vm_configuration){{"tpm-enabled", true}}));
  EXPECT_EQ(odd.vm_unique_id, std::nullopt);
}

TEST(Hcl, AnEllipticAttestationKeyHasItsPoint) {
  const auto with = [](const std::string& key) {
    const std::string data = R"({"keys":[{"kid":"HCLAkPub","kty":"EC",)" + key + "}]}";
    return ParseHclReport(SnpHcl({.runtime_data = data}, data));
  };
  const std::string one(43, 'A');  // 32 bytes
  EXPECT_EQ(with(R"("crv":"P-256","x":"AQ","y":"Ag")")->claims->ak_point.size(), 64u);
  for (const std::string& wrong :
       {std::string(R"("crv":"P-521","x":"AQ","y":"Ag")"), std::string(R"("x":"AQ","y":"Ag")"),
        std::string(R"("crv":"P-256","x":"AQ")"), R"("crv":"P-256","x":"AQ","y":"AQAA)" + one + '"',
        std::string(R"("crv":"P-256","x":")") + one + R"(","y":"AQ")"}) {
    SCOPED_TRACE(wrong);
    ExpectError(with(wrong), ErrorKind::kMalformed, Check::kHclFormat);
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
