// SPDX-License-Identifier: Apache-2.0
//
// Quotes of the vTPM beside an HCL report: signature, PCRs, nonce.
#include "tcb/tpm/quote.h"
#include "tests/tcb/amd/hcl_world.h"

namespace thimble::amd {
namespace {

// ---- signatures ----

TEST(Hcl, TpmSignature) {
  const auto good = sim::MakeTpmQuote({}, sim::VtpmKey());
  tpm::Quote quote = WithSignature(good.message, good.signature);
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
  tpm::Scheme scheme;
  HashAlgorithm hash;
};
const SchemeRow kRsaRows[] = {{tpm::Scheme::kRsassa, HashAlgorithm::kSha256},
                              {tpm::Scheme::kRsassa, HashAlgorithm::kSha384},
                              {tpm::Scheme::kRsapss, HashAlgorithm::kSha256},
                              {tpm::Scheme::kRsapss, HashAlgorithm::kSha384}};

TEST(Hcl, TpmSignatureOfEachSchemeInEachForm) {
  for (const auto& [scheme, hash] : kRsaRows) {
    for (const auto form : {sim::SignatureForm::kBare, sim::SignatureForm::kWrapped}) {
      SCOPED_TRACE(std::string(tpm::SchemeName(scheme)) + (hash == HashAlgorithm::kSha256 ? " 256" : " 384"));
      sim::TpmQuoteSpec spec;
      spec.scheme = scheme;
      spec.hash = hash;
      spec.form = form;
      tpm::Quote quote = Quote(spec);
      const auto verdict = JudgeHcl(SnpHcl(), &quote, spec.nonce);
      ExpectGood(verdict);
      EXPECT_EQ(verdict->checks.Get(Check::kHclTpmPcrDigest), CheckResult::kPassed);
      quote.message.back() ^= 1;
      ExpectOnly(JudgeHcl(SnpHcl(), &quote, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
      // Said to be of another scheme or hash.
      if (form == sim::SignatureForm::kBare) continue;
      quote = Quote(spec);
      quote.signature.scheme = scheme == tpm::Scheme::kRsassa ? tpm::Scheme::kRsapss : tpm::Scheme::kRsassa;
      ExpectOnly(JudgeHcl(SnpHcl(), &quote, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
      quote = Quote(spec);
      quote.signature.hash = hash == HashAlgorithm::kSha256 ? tpm::kSha384 : tpm::kSha256;
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
      tpm::Quote quote = tpm::ParseQuote(bytes.message, bytes.signature, spec.pcrs).value();
      ExpectGood(JudgeHcl(evidence, &quote, spec.nonce));
      const tpm::Quote raw = tpm::ParseQuote(bytes.message, key.SignRaw(bytes.message), spec.pcrs).value();
      ExpectGood(JudgeHcl(evidence, &raw, spec.nonce));
      quote.signature.s.back() ^= 1;
      ExpectOnly(JudgeHcl(evidence, &quote, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
      // Under a key of the other type.
      ExpectOnly(JudgeHcl(SnpHcl(), &raw, spec.nonce), Check::kHclTpmSignature, Severity::kHard);
    }
    const tpm::Quote rsa = Quote();
    ExpectOnly(JudgeHcl(evidence, &rsa, std::nullopt), Check::kHclTpmSignature, Severity::kHard);
  }
}

TEST(Hcl, TpmSignatureWithSha1IsRefused) {
  const auto good = sim::MakeTpmQuote({}, sim::VtpmKey());
  for (const uint16_t hash : {tpm::kSha1, tpm::kSha512, uint16_t{0x0012}}) {
    const tpm::Quote quote = WithSignature(good.message, sim::WrapRsaSignature(0x0014, hash, good.signature));
    const auto verdict = JudgeHcl(SnpHcl(), &quote, std::nullopt);
    ExpectOnly(verdict, Check::kHclTpmSignature, Severity::kHard);
    EXPECT_NE(verdict->hard()->message.find(tpm::PcrBankName(hash)), std::string::npos);
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
  const Bytes wrapped = sim::WrapRsaSignature(0x0014, tpm::kSha256, good.signature);
  const auto elliptic = sim::MakeTpmQuote({.form = sim::SignatureForm::kWrapped}, sim::EllipticVtpmKey());
  for (const Bytes& bytes :
       {Bytes(), Bytes{1}, Bytes(64), Bytes(100), Bytes(257), cut(good.signature), longer(good.signature),
        cut(wrapped), longer(wrapped), sim::WrapRsaSignature(0x0018, tpm::kSha256, good.signature),
        sim::WrapRsaSignature(0x0005, tpm::kSha256, good.signature),
        sim::WrapRsaSignature(0x0014, tpm::kSha256, cut(good.signature)), cut(elliptic.signature),
        longer(elliptic.signature)}) {
    ExpectError(tpm::ParseQuote(good.message, bytes, std::nullopt), ErrorKind::kMalformed, Check::kHclFormat);
  }
}

// ---- PCRs ----

TEST(Hcl, TpmPcrDigest) {
  tpm::Quote quote = Quote();
  ExpectGood(JudgeHcl(SnpHcl(), &quote, std::nullopt));
  (*quote.pcrs)[tpm::kSha256][3].back() ^= 1;
  ExpectOnly(JudgeHcl(SnpHcl(), &quote, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  quote.pcrs.reset();
  const auto without = JudgeHcl(SnpHcl(), &quote, std::nullopt);
  ExpectGood(without);
  EXPECT_EQ(without->checks.Get(Check::kHclTpmPcrDigest), CheckResult::kNotRun);
  EXPECT_TRUE(without->hcl->pcrs.empty());
}

// The PCRs that are given are those that are quoted, all and no other.
TEST(Hcl, TpmPcrsAreCoveredByTheQuote) {
  tpm::Quote more = Quote();
  (*more.pcrs)[tpm::kSha256][4] = Bytes(32);
  const auto stray = JudgeHcl(SnpHcl(), &more, std::nullopt);
  ExpectOnly(stray, Check::kHclTpmPcrDigest, Severity::kHard);
  EXPECT_NE(stray->hard()->message.find("PCR 4 of sha256"), std::string::npos);
  tpm::Quote other_bank = Quote();
  other_bank.pcrs = sim::SomePcrs(tpm::kSha384);
  ExpectOnly(JudgeHcl(SnpHcl(), &other_bank, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  tpm::Quote fewer = Quote();
  fewer.pcrs->at(tpm::kSha256).erase(3);
  ExpectOnly(JudgeHcl(SnpHcl(), &fewer, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  // Nothing is selected: its digest is right, and says nothing of any PCR.
  for (const auto& selections : {std::vector<tpm::PcrSelection>{{tpm::kSha256, {}}},
                                 std::vector<tpm::PcrSelection>{{tpm::kSha256, {}}, {tpm::kSha384, {}}}}) {
    const tpm::Quote empty = Quote({.selections = selections});
    ExpectOnly(JudgeHcl(SnpHcl(), &empty, std::nullopt), Check::kHclTpmPcrDigest, Severity::kHard);
  }
}

TEST(Hcl, TpmQuotesOfEveryBankAndOfSeveral) {
  tpm::PcrValues two = sim::SomePcrs(tpm::kSha384);
  two.merge(sim::SomePcrs(tpm::kSha256));
  tpm::PcrValues high = sim::SomePcrs(tpm::kSha256, 32);
  for (const tpm::PcrValues& pcrs : {sim::SomePcrs(tpm::kSha1), sim::SomePcrs(tpm::kSha256),
                                     sim::SomePcrs(tpm::kSha384), sim::SomePcrs(tpm::kSha512), two, high}) {
    for (const HashAlgorithm hash : {HashAlgorithm::kSha256, HashAlgorithm::kSha384}) {
      sim::TpmQuoteSpec spec;
      spec.pcrs = pcrs;
      spec.hash = hash;
      spec.selection_bytes = 4;
      tpm::Quote quote = Quote(spec);
      EXPECT_EQ(quote.claims.pcr_digest.size(), hash == HashAlgorithm::kSha256 ? 32u : 48u);
      const auto verdict = JudgeHcl(SnpHcl(), &quote, spec.nonce);
      ExpectGood(verdict);
      EXPECT_EQ(verdict->hcl->pcrs, pcrs);
      quote.pcrs->begin()->second.begin()->second.front() ^= 1;
      ExpectOnly(JudgeHcl(SnpHcl(), &quote, spec.nonce), Check::kHclTpmPcrDigest, Severity::kHard);
    }
  }
  // A bank that nobody here knows: signature and nonce are judged all the same.
  const tpm::Quote unknown = Quote({.pcrs = {}, .selections = {{0x0012, {0, 7}}}});
  const auto bytes = sim::MakeTpmQuote({.pcrs = {}, .selections = {{0x0012, {0, 7}}}}, sim::VtpmKey());
  const tpm::Quote without = WithSignature(bytes.message, bytes.signature);
  ExpectGood(JudgeHcl(SnpHcl(), &without, sim::TpmQuoteSpec{}.nonce));
  EXPECT_EQ(without.claims, unknown.claims);
}

TEST(Hcl, TpmNonce) {
  const tpm::Quote quote = Quote({.nonce = {1, 2, 3}});
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
    return tpm::ParseQuote(bytes.message, bytes.signature, std::nullopt);
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

}  // namespace
}  // namespace thimble::amd
