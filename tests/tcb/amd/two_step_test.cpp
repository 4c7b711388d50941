// SPDX-License-Identifier: Apache-2.0
//
// A verification in two steps: what comes with the evidence, what is sought for it, and what is judged before that.
#include "tests/support/der_writer.h"
#include "tests/tcb/amd/cached.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::SimAmd;
using sim::SnpPlatform;

SnpPlatform Milan() { return SnpPlatform::Of(Product::kMilan); }
SnpPlatform Turin() { return SnpPlatform::Of(Product::kTurin); }
SnpPlatform MilanVlek() { return SnpPlatform::Of(Product::kMilan, SigningKey::kVlek); }

Result<SnpVerification> Begin(const Bytes& evidence, const EndorsementSet& given = {},
                              std::optional<Product> product = std::nullopt) {
  return SnpVerification::Begin(evidence, given, product, WorldAnchors(), World().now());
}

std::vector<std::string> Names(const Result<std::vector<CollateralKey>>& keys) {
  std::vector<std::string> names;
  for (const CollateralKey& key : keys.value()) names.push_back(KeyName(key));
  return names;
}

TEST(TwoSteps, ABareReportNeedsVcekChainAndCrl) {
  for (const Product product : {Product::kMilan, Product::kGenoa, Product::kTurin}) {
    const SnpPlatform platform = SnpPlatform::Of(product);
    SCOPED_TRACE(NameOf(platform));
    const Bytes report = World().Report(platform);
    auto verification = Begin(report);
    ASSERT_TRUE(verification.ok());
    ASSERT_FALSE(verification->failed());
    const auto keys = verification->needed();
    ASSERT_TRUE(keys.ok()) << keys.error().message;
    EXPECT_EQ(*keys, (std::vector<CollateralKey>{VcekKey{product, platform.hwid(), platform.tcb},
                                                 AmdChainKey{product, SigningKey::kVcek},
                                                 AmdCrlKey{product, SigningKey::kVcek}}));
    const CachedEndorsements cached = Cached(platform);
    const auto verdict = std::move(*verification).Finish(cached, AmdCrlMode::kRequire);
    ExpectGood(verdict);
    EXPECT_EQ(verdict->collateral, (std::vector<ItemPtr>{cached.vcek, cached.chain, cached.crl}));
  }
}

TEST(TwoSteps, AnExtendedReportNeedsOnlyTheCrlOfToday) {
  for (const SnpPlatform& platform : AllPlatforms()) {
    SCOPED_TRACE(NameOf(platform));
    const Bytes evidence = World().ExtendedReport(platform);
    auto verification = Begin(evidence);
    ASSERT_TRUE(verification.ok()) << verification.error().message;
    EXPECT_EQ(verification->verdict().checks.Get(Check::kSnpSignature), CheckResult::kPassed);
    EXPECT_FALSE(verification->verdict().authentic);  // revocation is still open
    EXPECT_EQ(*verification->needed(),
              (std::vector<CollateralKey>{AmdCrlKey{platform.product, platform.kind}}));
    CachedEndorsements crl_only;
    crl_only.crl = Cached(platform).crl;
    ExpectGood(std::move(*verification).Finish(crl_only, AmdCrlMode::kRequire));
    // The host's CRL is no more than its word.
    auto without = Begin(evidence);
    ExpectError(std::move(*without).Finish({}, AmdCrlMode::kRequire), ErrorKind::kUnavailable,
                Check::kSnpCrlMissing);
  }
}

TEST(TwoSteps, TheCachesCrlIsPreferredToTheHosts) {
  const Bytes evidence = World().ExtendedReport(Milan());
  CachedEndorsements cached;
  cached.crl = Item(AmdCrlKey{Product::kMilan, SigningKey::kVcek},
                    World().Crl(Product::kMilan,
                                [](sim::CrlSpec& c) {
                                  c.revoked = {{1, 0, 1}};
                                }),
                    World().ChainPem(Product::kMilan, SigningKey::kVcek));
  auto verification = Begin(evidence);
  ASSERT_TRUE(verification.ok());
  ExpectOnly(std::move(*verification).Finish(cached, AmdCrlMode::kRequire), Check::kSnpRevoked,
             Severity::kHard);
}

TEST(TwoSteps, TheCallersOwnIsPreferredToTheTables) {
  const Bytes evidence = World().ExtendedReport(Milan());
  EndorsementSet given;
  given.certificates = {SimAmd::Make({.seed = "forger"}).Leaf(Milan())};
  const auto verification = Begin(evidence, given);
  ASSERT_TRUE(verification.ok());
  ASSERT_TRUE(verification->failed());
  EXPECT_EQ(verification->verdict().hard()->check, Check::kSnpLeafSignature);
  given.certificates.clear();
  given.crl = World().Crl(Product::kMilan);
  EXPECT_TRUE(Begin(evidence, given)->needed()->empty());
  // Of the caller's issuers, the one that the table's leaf names.
  given.certificates = {World().Intermediate(Product::kMilan, SigningKey::kVlek),
                        World().Intermediate(Product::kMilan, SigningKey::kVcek)};
  EXPECT_FALSE(Begin(evidence, given)->failed());
  const std::string pem = sim::ToPem(given.crl, "X509 CRL");
  given.crl = Bytes(pem.begin(), pem.end());
  auto both = Begin(evidence, given);
  ExpectGood(std::move(*both).Finish({}, AmdCrlMode::kRequire));
}

TEST(TwoSteps, EvidenceThatFailsByItselfIsNotSoughtFor) {
  const auto check = [](const Bytes& evidence) {
    const auto verification = Begin(evidence);
    EXPECT_TRUE(verification.ok() && verification->failed());
    return verification->verdict().hard()->check;
  };
  EXPECT_EQ(check(World().ExtendedReport(Milan(), {.bend_signed = [](Bytes& r) { r[0x90] ^= 1; }})),
            Check::kSnpSignature);
  EXPECT_EQ(check(World().Report(Milan(), {.vmpl = 0xffffffff})), Check::kSnpVmpl);
  EXPECT_EQ(check(World().Report(Milan(), {.signature_algorithm = 0})), Check::kSnpSignatureAlgorithm);
  EXPECT_EQ(check(World().Report(Turin(), {.bend = [](Bytes& r) { r[0x1df] = 1; }})), Check::kSnpChipId);
  SnpPlatform unknown = Milan();
  unknown.cpuid = {0x17, 0x31, 0};
  EXPECT_EQ(check(World().Report(unknown)), Check::kSnpProduct);
}

TEST(TwoSteps, AFailedFirstStepIsTheVerdict) {
  const Bytes report = World().Report(Milan(), {.vmpl = 0xffffffff});
  auto verification = Begin(report);
  ASSERT_TRUE(verification.ok());
  ExpectOnly(std::move(*verification).Finish(Cached(Milan()), AmdCrlMode::kRequire), Check::kSnpVmpl,
             Severity::kHard);
}

TEST(TwoSteps, AVlekCannotBeSought) {
  const Bytes report = World().Report(MilanVlek());
  auto verification = Begin(report);
  ASSERT_TRUE(verification.ok());
  ExpectError(verification->needed(), ErrorKind::kUnavailable, Check::kSnpEndorsementMissing);
  ExpectError(std::move(*verification).Finish(Cached(MilanVlek()), AmdCrlMode::kRequire),
              ErrorKind::kUnavailable, Check::kSnpEndorsementMissing);
  EndorsementSet leaf_only{.certificates = {World().Leaf(MilanVlek())}, .crl = {}};
  auto with_leaf = Begin(report, leaf_only);
  ASSERT_TRUE(with_leaf.ok());
  EXPECT_EQ(Names(with_leaf->needed()),
            (std::vector<std::string>{"amd/chain/milan/vlek", "amd/crl/milan/vlek"}));
  ExpectGood(std::move(*with_leaf).Finish(Cached(MilanVlek()), AmdCrlMode::kRequire));
}

// Version 2 reports do not name their CPU.
TEST(TwoSteps, ProductOfVersion2) {
  const Bytes milan = World().Report(Milan(), {.version = 2}),
              turin = World().Report(Turin(), {.version = 2});
  const auto unknown = Begin(milan)->needed();
  ExpectError(unknown, ErrorKind::kUnavailable, Check::kSnpEndorsementMissing);
  EXPECT_NE(unknown.error().message.find("product"), std::string::npos) << unknown.error().message;
  EXPECT_EQ(Begin(milan)->verdict().hard(), nullptr);

  auto named = Begin(milan, {}, Product::kMilan);
  ASSERT_TRUE(named->needed().ok());
  ExpectGood(std::move(*named).Finish(Cached(Milan()), AmdCrlMode::kRequire));

  // By the shape of the chip id, and by a root that came along.
  auto guessed = Begin(turin);
  ASSERT_TRUE(guessed->needed().ok());
  EXPECT_EQ(std::get<VcekKey>(guessed->needed()->front()).tcb, Turin().tcb);
  ExpectGood(std::move(*guessed).Finish(Cached(Turin()), AmdCrlMode::kRequire));
  const EndorsementSet root{.certificates = {World().Ark(Product::kMilan)}, .crl = {}};
  EXPECT_EQ(Names(Begin(milan, root)->needed()).front(),
            KeyName(VcekKey{Product::kMilan, Milan().hwid(), Milan().tcb}));

  // The leaf settles it, whoever named it.
  auto wrong = Begin(milan, {}, Product::kGenoa);
  ExpectOnly(std::move(*wrong).Finish(Cached(Milan()), AmdCrlMode::kRequire), Check::kSnpProduct,
             Severity::kHard);
}

TEST(TwoSteps, WhatIsMissingInTheEndIsNamed) {
  const Bytes report = World().Report(Milan());
  const CachedEndorsements all = Cached(Milan());
  const auto finish = [&](const CachedEndorsements& cached, AmdCrlMode mode) {
    auto verification = Begin(report);
    return std::move(*verification).Finish(cached, mode);
  };
  ExpectGood(finish(all, AmdCrlMode::kRequire));
  ExpectError(finish({nullptr, all.chain, all.crl}, AmdCrlMode::kRequire), ErrorKind::kUnavailable,
              Check::kSnpEndorsementMissing);
  ExpectGood(finish({all.vcek, nullptr, all.crl}, AmdCrlMode::kRequire));  // a VCEK brings its chain
  ExpectError(finish({all.vcek, all.chain, nullptr}, AmdCrlMode::kRequire), ErrorKind::kUnavailable,
              Check::kSnpCrlMissing);
  const auto without = finish({all.vcek, all.chain, nullptr}, AmdCrlMode::kIfAvailable);
  ExpectGood(without);
  EXPECT_EQ(without->collateral, (std::vector<ItemPtr>{all.vcek, all.chain}));
  EXPECT_EQ(finish(all, AmdCrlMode::kOff)->collateral, (std::vector<ItemPtr>{all.vcek, all.chain}));
}

// A VCEK of the same chip for another TCB is authentic, and not this report's.
TEST(TwoSteps, AnotherTcbsVcekDoesNotServe) {
  SnpPlatform older = Milan();
  --*older.tcb.microcode;
  CachedEndorsements cached = Cached(Milan());
  cached.vcek = Cached(older).vcek;
  const Bytes report = World().Report(Milan());
  auto verification = Begin(report);
  const auto verdict = std::move(*verification).Finish(cached, AmdCrlMode::kRequire);
  ExpectOnly(verdict, Check::kSnpTcbBinding, Severity::kHard);
}

}  // namespace
}  // namespace thimble::amd
