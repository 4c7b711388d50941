// SPDX-License-Identifier: Apache-2.0
//
// Every check of a report and its endorsements: good worlds of all kinds, and worlds that are bent in one field and
// fail on the check of that field alone.
#include "tcb/amd/verify.h"

#include "tests/tcb/amd/bent_world.h"

namespace thimble::amd {
namespace {

using sim::CertificateSpec;
using sim::LeafSpec;
using sim::ReportSpec;
using sim::SnpPlatform;
using namespace std::chrono_literals;

TEST(Verify, EveryKindOfLeafAndVersionIsAuthentic) {
  for (const SnpPlatform& platform : AllPlatforms()) {
    const EndorsementSet given = World().Endorsements(platform);
    for (uint32_t version = 2; version <= 5; ++version) {
      SCOPED_TRACE(NameOf(platform) + " v" + std::to_string(version));
      const auto result = Judge(World().Report(platform, {.version = version}), given);
      ExpectGood(result);
      const auto& claims = std::get<SnpClaims>(result->claims);
      EXPECT_EQ(claims.reported_tcb, platform.tcb);
      const auto& facts = std::get<PlatformFacts>(result->platform);
      EXPECT_EQ(facts.product, platform.product);
      EXPECT_EQ(facts.hwid, platform.hwid());
      EXPECT_EQ(facts.csp_id.has_value(), platform.kind == SigningKey::kVlek);
    }
  }
}

TEST(Verify, TheVerdictSaysWhatItRestsOn) {
  const auto result = Judge(World().Report(Milan()), World().Endorsements(Milan()));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->tee, Tee::kSnp);
  EXPECT_EQ(result->status_source, StatusSource::kLocalFloor);
  EXPECT_EQ(result->tcb_status, std::nullopt);
  EXPECT_EQ(result->trust_anchor, "ARK-Milan");
  EXPECT_TRUE(result->trust_anchor_extra);
  EXPECT_EQ(result->window, (Validity{World().now() - std::chrono::days{30},
                                      World().now() + std::chrono::days{60}}));  // the CRL's
  ASSERT_EQ(result->findings.size(), 1u);
  EXPECT_EQ(result->findings[0].check, Check::kTrustAnchorExtra);
}

// The other direction: a pinned anchor's name is not enough.
TEST(Verify, ExtraAnchorsCountOnlyWhereTheyAreGiven) {
  const auto result = VerifyReport(World().Report(Milan()), World().Endorsements(Milan()), std::nullopt,
                                   TrustAnchors::Pinned(), World().now(), AmdCrlMode::kRequire);
  ExpectHard(result, Check::kSnpChain);
}

TEST(Verify, WrappedHwIdIsTheSame) {
  for (const SnpPlatform& platform : {Milan(), Turin()}) {
    ExpectGood(JudgeLeaf(platform, [](LeafSpec& l) { l.wrap_hwid = true; }));
  }
}

TEST(Verify, Malformed) {
  const EndorsementSet given = World().Endorsements(Milan());
  ExpectError(Judge(Bytes(100), given), ErrorKind::kMalformed, Check::kSnpFormat);
  ExpectError(Judge(World().Report(Milan(), {.version = 7}), given), ErrorKind::kMalformed,
              Check::kSnpVersion);
  EndorsementSet bent = given;
  bent.crl.pop_back();
  ExpectError(Judge(World().Report(Milan()), bent), ErrorKind::kMalformed, Check::kCollateralMalformed);
  bent = given;
  bent.certificates[1].pop_back();
  ExpectError(Judge(World().Report(Milan()), bent), ErrorKind::kMalformed, Check::kCollateralMalformed);
}

TEST(Verify, SignatureAlgorithm) {
  ExpectHard(JudgeReport(Milan(), {.signature_algorithm = 2}), Check::kSnpSignatureAlgorithm);
}

TEST(Verify, SigningKeyIsTheLeafsKind) {
  const auto with_flags = [](uint8_t flags) {
    return ReportSpec{.bend = [=](Bytes& r) { r[0x48] = flags; }};
  };
  ExpectGood(JudgeReport(Milan(), with_flags(0x01)));                         // AUTHOR_KEY_EN
  ExpectHard(JudgeReport(Milan(), with_flags(0x02)), Check::kSnpSigningKey);  // MASK_CHIP_KEY
  ExpectHard(JudgeReport(Milan(), with_flags(0x04)), Check::kSnpSigningKey);  // VLEK
  ExpectHard(JudgeReport(Milan(), with_flags(0x08)), Check::kSnpSigningKey);  // reserved
  ExpectHard(JudgeReport(Milan(), with_flags(0x1c)), Check::kSnpSigningKey);  // none
  ExpectHard(JudgeLeaf(Milan(), [](LeafSpec& l) { l.common_name = "SEV-VLEK"; }), Check::kSnpSigningKey);
  ExpectHard(JudgeLeaf(Milan(), [](LeafSpec& l) { l.hwid.clear(); }), Check::kSnpSigningKey);
  ExpectHard(JudgeLeaf(Milan(), [](LeafSpec& l) { l.csp_id = "CN=x"; }), Check::kSnpSigningKey);
  ExpectHard(JudgeLeaf(MilanVlek(), [](LeafSpec& l) { l.csp_id.reset(); }), Check::kSnpSigningKey);
  ExpectHard(JudgeLeaf(MilanVlek(), [](LeafSpec& l) { l.hwid = Bytes(64, 1); }), Check::kSnpSigningKey);
}

TEST(Verify, ProductOfReportLeafAndRootAgree) {
  SnpPlatform other = Milan();
  other.cpuid = SnpPlatform::Of(Product::kGenoa).cpuid;
  ExpectHard(Judge(World().Report(other), World().Endorsements(Milan())), Check::kSnpProduct);
  ExpectHard(JudgeLeaf(Milan(), [](LeafSpec& l) { l.product_name = "Genoa"; }), Check::kSnpProduct);
  ExpectHard(JudgeLeaf(Milan(), [](LeafSpec& l) { l.product_name = "Rome-A0"; }), Check::kSnpProduct);
  ExpectHard(JudgeLeaf(Milan(), [](LeafSpec& l) { l.struct_version = 1; }), Check::kSnpProduct);
  ExpectHard(JudgeLeaf(Turin(), [](LeafSpec& l) { l.struct_version = 0; }), Check::kSnpProduct);
  ExpectGood(JudgeLeaf(Milan(), [](LeafSpec& l) { l.product_name = "Milan-B1"; }));
}

TEST(Verify, CpusOfNoSupportedProductAreNamed) {
  SnpPlatform unknown = Turin();
  unknown.cpuid = {0x1a, 0x30, 0};
  const auto result = Judge(World().Report(unknown), World().Endorsements(Turin()));
  ExpectHard(result, Check::kSnpProduct);
  EXPECT_NE(FindingsOf(*result)[0].message.find("model 48"), std::string::npos);
  EXPECT_EQ(std::get<SnpClaims>(result->claims).reported_tcb, std::nullopt);  // of unknown layout
}

TEST(Verify, ProductOfBergamoAndSienaIsGenoa) {
  SnpPlatform siena = SnpPlatform::Of(Product::kGenoa);
  siena.cpuid = {0x19, 0xaf, 2};
  ExpectGood(Judge(World().Report(siena), World().Endorsements(siena)));
}

TEST(Verify, ProductThatTheCallerNames) {
  const auto judge = [](Product named) {
    return VerifyReport(World().Report(Milan()), World().Endorsements(Milan()), named, WorldAnchors(),
                        World().now(), AmdCrlMode::kRequire);
  };
  ExpectGood(judge(Product::kMilan));
  ExpectHard(judge(Product::kGenoa), Check::kSnpProduct);
}

TEST(Verify, ChipIdIsTheLeafsHwId) {
  for (const SnpPlatform& platform : {Milan(), Turin()}) {
    ExpectHard(JudgeLeaf(platform, [](LeafSpec& l) { l.hwid.back() ^= 1; }), Check::kSnpChipId);
  }
  ExpectHard(JudgeLeaf(Turin(), [](LeafSpec& l) { l.hwid.resize(64); }), Check::kSnpChipId);
  ExpectHard(JudgeLeaf(Milan(), [](LeafSpec& l) { l.hwid.resize(8); }), Check::kSnpChipId);
  const ReportSpec tail{.bend = [](Bytes& r) { r[0x1a0 + 8] = 1; }};
  ExpectHard(JudgeReport(Turin(), tail), Check::kSnpChipId);
}

TEST(Verify, ChipIdMasked) {
  const ReportSpec masked{.bend = [](Bytes& r) { std::fill_n(r.begin() + 0x1a0, 64, uint8_t{0}); }};
  const auto result = JudgeReport(Milan(), masked);
  ExpectSoft(result, Check::kSnpChipIdMasked);
  EXPECT_NE(FindingsOf(*result)[0].message.find("mask"), std::string::npos);
  EXPECT_EQ(result->checks.Get(Check::kSnpChipId), CheckResult::kNotRun);
  // Another chip's key of the same TCB signs nothing here.
  const auto other = [](LeafSpec& l) {
    l.hwid.back() ^= 1;
    l.certificate = [](CertificateSpec& c) { c.key = sim::SimKey("another chip", Curve::kP384); };
  };
  const auto foreign = Judge(World().Report(Milan(), masked), World().Endorsements(Milan(), {.leaf = other}));
  ASSERT_TRUE(foreign.ok());
  EXPECT_EQ(foreign->hard()->check, Check::kSnpSignature);
  ExpectGood(JudgeReport(MilanVlek(), masked));
}

TEST(Verify, TcbOfTheLeafIsTheReportedOneExactly) {
  for (const SnpPlatform& platform : AllPlatforms()) {
    SCOPED_TRACE(NameOf(platform));
    for (TcbVersion::Spl TcbVersion::*component :
         {&TcbVersion::bootloader, &TcbVersion::tee, &TcbVersion::snp, &TcbVersion::microcode}) {
      for (const int step : {1, 255}) {  // one more, one less
        ExpectHard(JudgeLeaf(platform,
                             [=](LeafSpec& l) {
                               l.tcb.*component = static_cast<uint8_t>(*(l.tcb.*component) + step);
                             }),
                   Check::kSnpTcbBinding);
      }
    }
    ExpectHard(JudgeLeaf(platform, [](LeafSpec& l) { l.reserved.back().second = 1; }), Check::kSnpTcbBinding);
  }
  ExpectHard(JudgeLeaf(Turin(), [](LeafSpec& l) { l.tcb.fmc = 2; }), Check::kSnpTcbBinding);
  ExpectHard(JudgeLeaf(Turin(), [](LeafSpec& l) { l.tcb.fmc.reset(); }), Check::kSnpTcbBinding);
  ExpectHard(JudgeLeaf(Milan(), [](LeafSpec& l) { l.tcb.fmc = 0; }), Check::kSnpTcbBinding);
}

// REPORTED <= COMMITTED <= CURRENT in each component; LAUNCH is outside of it (spec/amd-floors.md section 7).
TEST(Verify, TcbsMayNotFall) {
  for (const size_t component : {0u, 6u, 7u}) {  // boot loader, snp, microcode of Milan
    for (const size_t view : {0x038u, 0x1e0u}) {
      ExpectHard(JudgeReport(Milan(), {.bend = [=](Bytes& r) { --r[view + component]; }}),
                 Check::kSnpTcbOrder);
      ExpectGood(JudgeReport(Milan(), {.bend = [=](Bytes& r) { --r[0x1f0 + component]; }}));
    }
    ExpectHard(JudgeReport(Milan(), {.bend = [=](Bytes& r) { ++r[0x1e0 + component]; }}),
               Check::kSnpTcbOrder);
    ExpectGood(
        JudgeReport(Milan(), {.bend = [=](Bytes& r) { ++r[0x038 + component], ++r[0x1e0 + component]; }}));
  }
}

// Reported is what counts: the others may differ (spec d.14).
TEST(Verify, TcbOfOtherKindsMayDiffer) {
  ExpectGood(JudgeReport(Milan(), {.bend = [](Bytes& r) { r[0x03f] = r[0x1e7] = r[0x1f7] = 0xef; }}));
}

TEST(Verify, Signature) {
  for (const size_t offset : {0x90u, 0x29fu, 0x2a0u, 0x2e8u}) {
    ExpectHard(JudgeReport(Milan(), {.bend_signed = [=](Bytes& r) { r[offset] ^= 1; }}),
               Check::kSnpSignature);
  }
  const auto zero = [](Bytes& r) { std::fill(r.begin() + 0x2a0, r.end(), uint8_t{0}); };
  ExpectHard(JudgeReport(Milan(), {.bend_signed = zero}), Check::kSnpSignature);
  ExpectGood(JudgeReport(Milan(), {.bend_signed = [](Bytes& r) { r[0x330] = 1; }}));  // reserved, behind S
}

TEST(Verify, SoftFindingsAreCollectedBesideTheHardOne) {
  const Instant now = World().now();
  const auto expired = [=](LeafSpec& l) { l.validity.not_after = now - 1s; };
  const Bytes report =
      World().Report(Milan(), {.policy = 0xf0000, .bend_signed = [](Bytes& r) { r[0x90] ^= 1; }});
  const auto result = Judge(report, World().Endorsements(Milan(), {.leaf = expired}));
  ASSERT_TRUE(result.ok());
  std::vector<Check> checks;
  for (const Finding& finding : FindingsOf(*result)) checks.push_back(finding.check);
  EXPECT_EQ(checks,
            (std::vector{Check::kSnpDebug, Check::kSnpMigration, Check::kSnpExpired, Check::kSnpSignature}));
  EXPECT_EQ(result->hard(), &result->findings.back());
  EXPECT_FALSE(result->authentic);
}

TEST(Verify, VmplOfTheHostIsRefused) {
  for (const uint32_t vmpl : {0u, 1u, 3u}) ExpectGood(JudgeReport(Milan(), {.vmpl = vmpl}));
  ExpectHard(JudgeReport(Milan(), {.vmpl = 0xffffffff}), Check::kSnpVmpl);
}

TEST(Verify, DebugAndMigrationAreSoft) {
  ExpectSoft(JudgeReport(Milan(), {.policy = 0x30000 | 1u << 19}), Check::kSnpDebug);
  ExpectSoft(JudgeReport(Milan(), {.policy = 0x30000 | 1u << 18}), Check::kSnpMigration);
  ExpectGood(JudgeReport(Milan(), {.policy = 0x30000 | 1u << 20}));
}

TEST(Verify, ChecksAreDeclaredWhetherOrNotTheyAreReached) {
  const auto result = JudgeReport(Milan(), {.signature_algorithm = 2});
  ASSERT_TRUE(result.ok());
  for (const Check check : {Check::kSnpChain, Check::kSnpSignature, Check::kSnpRevoked, Check::kSnpVmpl}) {
    EXPECT_TRUE(result->checks.Applies(check)) << CheckName(check);
    EXPECT_EQ(result->checks.Get(check), CheckResult::kNotRun) << CheckName(check);
  }
  EXPECT_EQ(result->checks.Get(Check::kSnpFormat), CheckResult::kPassed);
}

}  // namespace
}  // namespace thimble::amd
