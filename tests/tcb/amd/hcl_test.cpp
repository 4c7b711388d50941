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
TpmQuote WithSignature(const Bytes& message, const Bytes& signature) {
  return ParseTpmQuote(message, signature, std::nullopt).value();
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
  EXPECT_EQ(claims.tpm_quote->selections, (std::vector<PcrSelection>{{kTpmSha256, {0, 1, 2, 3}}}));
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

// ---- signatures of quotes ----

TEST(Hcl, TpmSignature) {
  const auto good = sim::MakeTpmQuote({}, sim::VtpmKey());
  TpmQuote quote = WithSignature(good.message, good.signature);
  ExpectGood(JudgeHcl(SnpHcl(), &quote, std::nullopt));
  Bytes bent = good.signature;
  bent.back() ^= 1;
  quote = WithSignature(good.message, bent);
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, std::nullopt), Check::kHclTpmSignature, Severity::kHard);
  const auto forged = sim::MakeTpmQuote({}, sim::VtpmKey("forger"));
  quote = WithSignature(forged.message, forged.signature);
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, std::nullopt), Check::kHclTpmSignature, Severity::kHard);
}

struct SchemeRow {
  TpmScheme scheme;
  HashAlgorithm hash;
};
const SchemeRow kRsaRows[] = {{TpmScheme::kRsassa, HashAlgorithm::kSha256},
                              {TpmScheme::kRsassa, HashAlgorithm::kSha384},
                              {TpmScheme::kRsapss, HashAlgorithm::kSha256},
                              {TpmScheme::kRsapss, HashAlgorithm::kSha384}};

TEST(Hcl, TpmSignatureOfEachSchemeInEachForm) {
  for (const auto& [scheme, hash] : kRsaRows) {
    for (const auto form : {sim::SignatureForm::kBare, sim::SignatureForm::kWrapped}) {
      SCOPED_TRACE(std::string(TpmSchemeName(scheme)) + (hash == HashAlgorithm::kSha256 ? " 256" : " 384"));
      sim::TpmQuoteSpec spec;
      spec.scheme = scheme;
      spec.hash = hash;
      spec.form = form;
      TpmQuote quote = Quote(spec);
      const auto verdict = JudgeHcl(SnpHcl(), &quote, spec.nonce);
      ExpectGood(verdict);
      EXPECT_EQ(verdict->checks.Get(Check::kHclTpmPcrDigest), CheckResult::kPassed);
      quote.message.back() ^= 1;
      ExpectOnly(JudgeHcl(SnpHcl(), &quote, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
      // Said to be of another scheme or hash.
      if (form == sim::SignatureForm::kBare) continue;
      quote = Quote(spec);
      quote.signature.scheme = scheme == TpmScheme::kRsassa ? TpmScheme::kRsapss : TpmScheme::kRsassa;
      ExpectOnly(JudgeHcl(SnpHcl(), &quote, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
      quote = Quote(spec);
      quote.signature.hash = hash == HashAlgorithm::kSha256 ? kTpmSha384 : kTpmSha256;
      ExpectOnly(JudgeHcl(SnpHcl(), &quote, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
    }
  }
}

TEST(Hcl, TpmSignatureOfAnEllipticKey) {
  for (const Curve curve : {Curve::kP256, Curve::kP384}) {
    const sim::SimKey key = sim::EllipticVtpmKey(curve);
    const Bytes evidence = SnpHcl({}, sim::RuntimeData(key));
    for (const auto form : {sim::SignatureForm::kBare, sim::SignatureForm::kWrapped}) {
      sim::TpmQuoteSpec spec;
      spec.hash = curve == Curve::kP256 ? HashAlgorithm::kSha256 : HashAlgorithm::kSha384;
      spec.form = form;
      const auto bytes = sim::MakeTpmQuote(spec, key);
      TpmQuote quote = ParseTpmQuote(bytes.message, bytes.signature, spec.pcrs).value();
      ExpectGood(JudgeHcl(evidence, &quote, spec.nonce));
      const TpmQuote raw = ParseTpmQuote(bytes.message, key.SignRaw(bytes.message), spec.pcrs).value();
      ExpectGood(JudgeHcl(evidence, &raw, spec.nonce));
      quote.signature.s.back() ^= 1;
      ExpectOnly(JudgeHcl(evidence, &quote, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
      // Under a key of the other type.
      ExpectOnly(JudgeHcl(SnpHcl(), &raw, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
    }
    const TpmQuote rsa = Quote();
    ExpectOnly(JudgeHcl(evidence, &rsa, std::nullopt), Check::kHclTpmSignature, Severity::kHard);
  }
}

TEST(Hcl, TpmSignatureWithSha1IsRefused) {
  const auto good = sim::MakeTpmQuote({}, sim::VtpmKey());
  for (const uint16_t hash : {kTpmSha1, kTpmSha512, uint16_t{0x0012}}) {
    const TpmQuote quote = WithSignature(good.message, sim::WrapRsaSignature(0x0014, hash, good.signature));
    const auto verdict = JudgeHcl(SnpHcl(), &quote, std::nullopt);
    ExpectOnly(verdict, Check::kHclTpmSignature, Severity::kHard);
    EXPECT_NE(verdict->hard()->message.find(PcrBankName(hash)), std::string::npos);
  }
}

// Never a failed signature: whoever sends it has to know that it was not read.
TEST(Hcl, TpmSignatureInAFormThatCannotBeReadIsMalformed) {
  const auto good = sim::MakeTpmQuote({}, sim::VtpmKey());
  const auto cut = [](Bytes bytes) {
    bytes.pop_back();
    return bytes;
  };
  const auto longer = [](Bytes bytes) {
    bytes.push_back(0);
    return bytes;
  };
  const Bytes wrapped = sim::WrapRsaSignature(0x0014, kTpmSha256, good.signature);
  const auto elliptic = sim::MakeTpmQuote({.form = sim::SignatureForm::kWrapped}, sim::EllipticVtpmKey());
  for (const Bytes& bytes :
       {Bytes(), Bytes{1}, Bytes(64), Bytes(100), Bytes(257), cut(good.signature), longer(good.signature),
        cut(wrapped), longer(wrapped), sim::WrapRsaSignature(0x0018, kTpmSha256, good.signature),
        sim::WrapRsaSignature(0x0005, kTpmSha256, good.signature),
        sim::WrapRsaSignature(0x0014, kTpmSha256, cut(good.signature)), cut(elliptic.signature),
        longer(elliptic.signature)}) {
    ExpectError(ParseTpmQuote(good.message, bytes, std::nullopt), ErrorKind::kMalformed, Check::kHclFormat);
  }
}

// ---- PCRs ----

TEST(Hcl, TpmPcrDigest) {
  TpmQuote quote = Quote();
  ExpectGood(JudgeHcl(SnpHcl(), &quote, std::nullopt));
  (*quote.pcrs)[kTpmSha256][3].back() ^= 1;
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  quote.pcrs.reset();
  const auto without = JudgeHcl(SnpHcl(), &quote, std::nullopt);
  ExpectGood(without);
  EXPECT_EQ(without->checks.Get(Check::kHclTpmPcrDigest), CheckResult::kNotRun);
  EXPECT_TRUE(without->hcl->pcrs.empty());
}

// The PCRs that are given are those that are quoted, all and no other.
TEST(Hcl, TpmPcrsAreCoveredByTheQuote) {
  TpmQuote more = Quote();
  (*more.pcrs)[kTpmSha256][4] = Bytes(32);
  const auto stray = JudgeHcl(SnpHcl(), &more, std::nullopt);
  ExpectOnly(stray, Check::kHclTpmPcrDigest, Severity::kHard);
  EXPECT_NE(stray->hard()->message.find("PCR 4 of sha256"), std::string::npos);
  TpmQuote other_bank = Quote();
  other_bank.pcrs = sim::SomePcrs(kTpmSha384);
  ExpectOnly(JudgeHcl(SnpHcl(), &other_bank, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  TpmQuote fewer = Quote();
  fewer.pcrs->at(kTpmSha256).erase(3);
  ExpectOnly(JudgeHcl(SnpHcl(), &fewer, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  // Nothing is selected: its digest is right, and says nothing of any PCR.
  for (const auto& selections : {std::vector<PcrSelection>{{kTpmSha256, {}}},
                                 std::vector<PcrSelection>{{kTpmSha256, {}}, {kTpmSha384, {}}}}) {
    const TpmQuote empty = Quote({.selections = selections});
    ExpectOnly(JudgeHcl(SnpHcl(), &empty, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  }
}

TEST(Hcl, TpmQuotesOfEveryBankAndOfSeveral) {
  PcrValues two = sim::SomePcrs(kTpmSha384);
  two.merge(sim::SomePcrs(kTpmSha256));
  PcrValues high = sim::SomePcrs(kTpmSha256, 32);
  for (const PcrValues& pcrs : {sim::SomePcrs(kTpmSha1), sim::SomePcrs(kTpmSha256), sim::SomePcrs(kTpmSha384),
                                sim::SomePcrs(kTpmSha512), two, high}) {
    for (const HashAlgorithm hash : {HashAlgorithm::kSha256, HashAlgorithm::kSha384}) {
      sim::TpmQuoteSpec spec;
      spec.pcrs = pcrs;
      spec.hash = hash;
      spec.selection_bytes = 4;
      TpmQuote quote = Quote(spec);
      EXPECT_EQ(quote.claims.pcr_digest.size(), hash == HashAlgorithm::kSha256 ? 32u : 48u);
      const auto verdict = JudgeHcl(SnpHcl(), &quote, spec.nonce);
      ExpectGood(verdict);
      EXPECT_EQ(verdict->hcl->pcrs, pcrs);
      quote.pcrs->begin()->second.begin()->second.front() ^= 1;
      ExpectOnly(JudgeHcl(SnpHcl(), &quote, spec.nonce), Check::kHclTpmPcrDigest, Severity::kHard);
    }
  }
  // A bank that nobody here knows: signature and nonce are judged all the same.
  const TpmQuote unknown = Quote({.pcrs = {}, .selections = {{0x0012, {0, 7}}}});
  const auto bytes = sim::MakeTpmQuote({.pcrs = {}, .selections = {{0x0012, {0, 7}}}}, sim::VtpmKey());
  const TpmQuote without = WithSignature(bytes.message, bytes.signature);
  ExpectGood(JudgeHcl(SnpHcl(), &without, sim::TpmQuoteSpec{}.nonce));
  EXPECT_EQ(without.claims, unknown.claims);
}

TEST(Hcl, TpmNonce) {
  const TpmQuote quote = Quote({.nonce = {1, 2, 3}});
  ExpectGood(JudgeHcl(SnpHcl(), &quote, Bytes{1, 2, 3}));
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, Bytes{1, 2, 4}), Check::kHclTpmNonce, Severity::kHard);
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, Bytes{1, 2}), Check::kHclTpmNonce, Severity::kHard);
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, Bytes{1, 2, 3, 0}), Check::kHclTpmNonce, Severity::kHard);
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, Bytes{}), Check::kHclTpmNonce, Severity::kHard);
  ExpectOnly(JudgeHcl(SnpHcl(), nullptr, Bytes{1, 2, 3}), Check::kHclTpmNonce, Severity::kHard);
}

TEST(Hcl, TpmQuoteIsAWholeQuote) {
  const auto parse = [](const sim::Bend<Bytes>& bend) {
    auto bytes = sim::MakeTpmQuote({.bend = bend}, sim::VtpmKey());
    return ParseTpmQuote(bytes.message, bytes.signature, std::nullopt);
  };
  EXPECT_TRUE(parse({}).ok());
  const size_t selection = 4 + 2 + 2 + 34 + 2 + sim::TpmQuoteSpec{}.nonce.size() + 25;
  for (const auto& bend : std::vector<sim::Bend<Bytes>>{
           [](Bytes& m) { m[0] = 0; },     // magic
           [](Bytes& m) { m[5] = 0x17; },  // a certification
           [](Bytes& m) { m[6] = 0xff; },  // signer's name past the end
           [](Bytes& m) { m.pop_back(); }, [](Bytes& m) { m.push_back(0); }, [](Bytes& m) { m.resize(20); },
           [](Bytes& m) { m.clear(); }, [=](Bytes& m) { m[selection + 3] = 2; },  // a bank more than there is
           [=](Bytes& m) { m[selection] = 1; },                                   // 16 million of them
           [=](Bytes& m) { m[selection + 6] = 5; }}) {                            // 40 PCRs
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
