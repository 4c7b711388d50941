// SPDX-License-Identifier: Apache-2.0
//
// Every check of a report and its endorsements: good worlds of all kinds, and worlds that are bent in one field and
// fail on the check of that field alone.
#include "tcb/amd/verify.h"

#include "tests/support/der_writer.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::AmdOptions;
using sim::AmdRole;
using sim::CertificateSpec;
using sim::CrlSpec;
using sim::EndorsementOptions;
using sim::LeafSpec;
using sim::ReportSpec;
using sim::SimAmd;
using sim::SnpPlatform;
using namespace std::chrono_literals;

SnpPlatform Milan() { return SnpPlatform::Of(Product::kMilan); }
SnpPlatform Turin() { return SnpPlatform::Of(Product::kTurin); }
SnpPlatform MilanVlek() { return SnpPlatform::Of(Product::kMilan, SigningKey::kVlek); }

Result<Verdict> JudgeLeaf(const SnpPlatform& platform, const sim::Bend<LeafSpec>& bend) {
  return Judge(World().Report(platform), World().Endorsements(platform, {.leaf = bend}));
}
Result<Verdict> JudgeReport(const SnpPlatform& platform, const ReportSpec& spec) {
  return Judge(World().Report(platform, spec), World().Endorsements(platform));
}
Result<Verdict> JudgeCrl(const sim::Bend<CrlSpec>& bend) {
  return Judge(World().Report(Milan()), World().Endorsements(Milan(), {.crl = bend}));
}
// With one CA certificate bent; keys, and so the anchor, stay.
Result<Verdict> JudgeCa(const SnpPlatform& platform, AmdRole role,
                        const std::function<void(CertificateSpec&)>& bend) {
  const SimAmd world = SimAmd::Make({.bend = [&](AmdRole which, CertificateSpec& spec) {
    if (which == role) bend(spec);
  }});
  return Judge(world.Report(platform), world.Endorsements(platform));
}

void ExpectHard(const Result<Verdict>& result, Check check) { ExpectOnly(result, check, Severity::kHard); }
void ExpectSoft(const Result<Verdict>& result, Check check) { ExpectOnly(result, check, Severity::kSoft); }

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

TEST(Verify, CertificatesComeInAnyOrderAndMoreThanOnce) {
  EndorsementSet given = World().Endorsements(Milan());
  std::ranges::sort(given.certificates);
  do {
    ExpectGood(Judge(World().Report(Milan()), given));
  } while (std::ranges::next_permutation(given.certificates).found);
  given.certificates.push_back(given.certificates.front());
  // Of several issuers, the one that is named.
  given.certificates.insert(given.certificates.begin(),
                            World().Intermediate(Product::kMilan, SigningKey::kVlek));
  given.certificates.insert(given.certificates.begin(), World().Ark(Product::kGenoa));
  ExpectGood(Judge(World().Report(Milan()), given));
  given.certificates.push_back(World().Leaf(Turin()));
  ExpectError(Judge(World().Report(Milan()), given), ErrorKind::kMalformed, Check::kCollateralMalformed);
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
  EndorsementSet broken = given;
  broken.crl.pop_back();
  ExpectError(Judge(World().Report(Milan()), broken), ErrorKind::kMalformed, Check::kCollateralMalformed);
  broken = given;
  broken.certificates[1].pop_back();
  ExpectError(Judge(World().Report(Milan()), broken), ErrorKind::kMalformed, Check::kCollateralMalformed);
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

TEST(Verify, ChainEndsInAnAnchor) {
  const SimAmd forger = SimAmd::Make({.seed = "forger"});
  ExpectHard(Judge(forger.Report(Milan()), forger.Endorsements(Milan())), Check::kSnpChain);
  // Everything genuine but the root.
  EndorsementSet given = World().Endorsements(Milan());
  given.certificates[2] = forger.Ark(Product::kMilan);
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpChain);
  given.certificates[2] = World().Ark(Product::kGenoa);
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpChain);
  given.certificates[2] = World().Ark(Product::kMilan);
  ExpectGood(Judge(World().Report(Milan()), given));
}

// The anchor is pinned by its key: what its certificate says, and that it signed it, is checked all the same.
TEST(Verify, ChainRootIsASelfSignedCa) {
  EndorsementSet given = World().Endorsements(Milan());
  given.certificates[2].back() ^= 1;
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpChain);
  for (const auto& bend : std::vector<std::function<void(CertificateSpec&)>>{
           [](CertificateSpec& c) { c.key_usage = uint16_t{kCrlSign}; },
           [](CertificateSpec& c) { c.key_usage.reset(); }}) {
    ExpectHard(JudgeCa(Milan(), AmdRole::kArk, bend), Check::kSnpChain);
  }
}

TEST(Verify, ChainIntermediateIsTheProductsCa) {
  for (const auto& bend : std::vector<std::function<void(CertificateSpec&)>>{
           [](CertificateSpec& c) { c.is_ca = false, c.path_length.reset(); },
           [](CertificateSpec& c) { c.path_length.reset(); }, [](CertificateSpec& c) { c.path_length = 1; },
           [](CertificateSpec& c) { c.key_usage = uint16_t{kDigitalSignature}; },
           [](CertificateSpec& c) { c.key_usage.reset(); },
           [](CertificateSpec& c) { c.subject = sim::AmdName("SEV-Rome"); },
           [](CertificateSpec& c) { c.issuer = sim::AmdName("ARK-Genoa"); }}) {
    ExpectHard(JudgeCa(Milan(), AmdRole::kAsk, bend), Check::kSnpChain);
  }
  EndorsementSet given = World().Endorsements(Milan());
  given.certificates[1].back() ^= 1;
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpChain);
}

TEST(Verify, ChainIntermediatesAreNotInterchangeable) {
  EndorsementSet given = World().Endorsements(Milan());
  given.certificates[1] = World().Intermediate(Product::kMilan, SigningKey::kVlek);
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpChain);
  // A VCEK that an ASVK has signed: consistent in itself.
  const auto as_vcek = [](LeafSpec& l) {
    l.common_name = "SEV-VCEK";
    l.csp_id.reset();
    l.hwid = Milan().hwid();
  };
  SnpPlatform platform = MilanVlek();
  platform.chip_id = Milan().chip_id;
  const Bytes report = World().Report(platform, {.bend = [](Bytes& r) { r[0x48] = 0; }});
  ExpectHard(Judge(report, World().Endorsements(platform, {.leaf = as_vcek})), Check::kSnpChain);
}

TEST(Verify, ChainLeafProfile) {
  const auto certificate = [](sim::Bend<CertificateSpec> bend) {
    return JudgeLeaf(Milan(), [=](LeafSpec& l) { l.certificate = bend; });
  };
  ExpectHard(certificate([](CertificateSpec& c) { c.is_ca = true; }), Check::kSnpChain);
  ExpectHard(certificate([](CertificateSpec& c) { c.issuer = sim::AmdName("SEV-Genoa"); }), Check::kSnpChain);
  ExpectHard(certificate([](CertificateSpec& c) { c.key = sim::SimKey("p-256"); }), Check::kSnpChain);
  ExpectGood(certificate([](CertificateSpec& c) { c.is_ca = false; }));
}

// AMD's leaves say nothing of what their key is for (SNP b). One that does is held to it (RFC 5280 section 4.2.1.3).
TEST(Verify, ChainLeafKeyUsage) {
  const auto usage = [](std::optional<uint16_t> bits) {
    return JudgeLeaf(Milan(),
                     [=](LeafSpec& l) { l.certificate = [=](CertificateSpec& c) { c.key_usage = bits; }; });
  };
  ExpectGood(usage(std::nullopt));
  ExpectGood(usage(uint16_t{kDigitalSignature}));
  ExpectHard(usage(uint16_t{kKeyCertSign}), Check::kSnpChain);
  ExpectHard(usage(uint16_t{kDigitalSignature | kKeyCertSign}), Check::kSnpChain);
  ExpectHard(usage(uint16_t{1u << 4}), Check::kSnpChain);
}

// RFC 5280 section 4.2.1.9.
TEST(Verify, ChainRootLeavesRoomForTheIntermediate) {
  const auto length = [](std::optional<uint8_t> value) {
    return JudgeCa(Milan(), AmdRole::kArk, [=](CertificateSpec& c) { c.path_length = value; });
  };
  ExpectGood(length(std::nullopt));
  ExpectGood(length(1));
  ExpectHard(length(0), Check::kSnpChain);
}

TEST(Verify, LeafSignature) {
  EndorsementSet given = World().Endorsements(Milan());
  given.certificates[0].back() ^= 1;
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpLeafSignature);
  given.certificates[0] = SimAmd::Make({.seed = "forger"}).Leaf(Milan());
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpLeafSignature);
}

// RSASSA-PSS with AMD's parameters and no other; the default trailer written out or not.
TEST(Verify, PssParameters) {
  const auto leaf_with = [](const Bytes& algorithm) {
    return JudgeLeaf(Milan(), [=](LeafSpec& l) {
      l.certificate = [=](CertificateSpec& c) {
        c.bend = [=](sim::CertificateParts& parts) { parts.algorithm = parts.outer_algorithm = algorithm; };
      };
    });
  };
  using P = sim::PssParameters;
  ExpectGood(leaf_with(sim::PssAlgorithm()));
  ExpectGood(leaf_with(sim::PssAlgorithm({.trailer = 1})));
  for (const P& wrong :
       {P{.hash = P::kSha256}, P{.mask_hash = P::kSha256}, P{.salt_length = 32}, P{.trailer = 2}}) {
    ExpectError(leaf_with(sim::PssAlgorithm(wrong)), ErrorKind::kMalformed, Check::kCollateralMalformed);
  }
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

TEST(Verify, Revoked) {
  const auto revoking = [](Bytes serial) {
    return JudgeCrl([=](CrlSpec& c) { c.revoked = {{9, 9}, serial}; });
  };
  ExpectHard(revoking({1, 0, 1}), Check::kSnpRevoked);  // ASK
  ExpectHard(revoking({1, 0, 0}), Check::kSnpRevoked);  // ARK
  ExpectGood(revoking({1, 1, 1}));                      // ASVK: not in this chain
  ExpectGood(revoking({0}));                            // every leaf's serial
  const auto vlek =
      Judge(World().Report(MilanVlek()), World().Endorsements(MilanVlek(), {.crl = [](CrlSpec& c) {
                                                                c.revoked = {{1, 1, 1}};
                                                              }}));
  ExpectHard(vlek, Check::kSnpRevoked);
}

TEST(Verify, CrlIsTheArks) {
  ExpectHard(JudgeCrl([](CrlSpec& c) { c.issuer = sim::AmdName("SEV-Milan"); }), Check::kSnpCrl);
  EndorsementSet given = World().Endorsements(Milan());
  given.crl.back() ^= 1;
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpCrl);
  given.crl = SimAmd::Make({.seed = "forger"}).Crl(Product::kMilan);
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpCrl);
}

// RFC 5280 sections 4.2.1.3, 5.2, 5.3, 6.3.3.
TEST(Verify, CrlSpeaksForTheArk) {
  const auto with = [](const char* oid, bool critical) {
    return JudgeCrl([=](CrlSpec& c) {
      c.bend = [=](sim::CrlParts& parts) {
        parts.extensions.push_back(sim::MakeExtension(oid, critical, sim::der::Integer(1)));
      };
    });
  };
  ExpectGood(with("1.2.3.4", false));
  ExpectHard(with("1.2.3.4", true), Check::kSnpCrl);
  for (const bool critical : {true, false}) {
    ExpectHard(with("2.5.29.27", critical), Check::kSnpCrl);  // a delta CRL
    ExpectHard(with("2.5.29.28", critical), Check::kSnpCrl);  // of limited scope
  }
  ExpectGood(JudgeCrl([](CrlSpec& c) { c.authority_key_id.clear(); }));
  ExpectHard(JudgeCrl([](CrlSpec& c) { c.authority_key_id = Bytes(20, 7); }), Check::kSnpCrl);
  ExpectHard(
      JudgeCa(Milan(), AmdRole::kArk, [](CertificateSpec& c) { c.key_usage = uint16_t{kKeyCertSign}; }),
      Check::kSnpCrl);
}

TEST(Verify, CrlEntryExtensions) {
  const auto entry = [](const char* oid, bool critical) {
    return JudgeCrl([=](CrlSpec& c) {
      c.bend = [=](sim::CrlParts& parts) {
        namespace der = sim::der;
        const Bytes extensions = der::Sequence({sim::MakeExtension(oid, critical, der::Enumerated(1))});
        parts.revoked.push_back(der::Sequence({der::Integer(99), der::Time(World().now()), extensions}));
      };
    });
  };
  ExpectGood(entry("2.5.29.21", true));  // a reason
  ExpectGood(entry("1.2.3.4", false));
  ExpectHard(entry("1.2.3.4", true), Check::kSnpCrl);
  ExpectHard(entry("2.5.29.29", false), Check::kSnpCrl);  // another issuer's
}

TEST(Verify, CrlWindow) {
  const Instant now = World().now();
  ExpectGood(JudgeCrl([=](CrlSpec& c) { c.window = {now, now}; }));
  ExpectSoft(JudgeCrl([=](CrlSpec& c) { c.window.not_after = now - 1s; }), Check::kSnpCrlExpired);
  ExpectSoft(JudgeCrl([=](CrlSpec& c) { c.window.not_before = now + 1s; }), Check::kSnpCrlExpired);
}

TEST(Verify, CrlModes) {
  EndorsementSet given = World().Endorsements(Milan());
  const EndorsementSet with = given;
  given.crl.clear();
  const auto judge = [&](const EndorsementSet& set, AmdCrlMode mode) {
    return VerifyReport(World().Report(Milan()), set, std::nullopt, WorldAnchors(), World().now(), mode);
  };
  ExpectError(judge(given, AmdCrlMode::kRequire), ErrorKind::kUnavailable, Check::kSnpCrlMissing);
  const auto without = judge(given, AmdCrlMode::kIfAvailable);
  ExpectGood(without);
  EXPECT_EQ(without->checks.Get(Check::kSnpRevoked), CheckResult::kNotRun);
  EXPECT_EQ(judge(with, AmdCrlMode::kIfAvailable)->checks.Get(Check::kSnpRevoked), CheckResult::kPassed);
  EndorsementSet revoking = World().Endorsements(Milan(), {.crl = [](CrlSpec& c) {
                                                   c.revoked = {{1, 0, 1}};
                                                 }});
  ExpectHard(judge(revoking, AmdCrlMode::kIfAvailable), Check::kSnpRevoked);
  const auto off = judge(revoking, AmdCrlMode::kOff);
  ExpectGood(off);
  EXPECT_EQ(off->checks.Get(Check::kSnpRevoked), CheckResult::kNotRun);
  EXPECT_EQ(off->checks.Get(Check::kSnpCrl), CheckResult::kNotRun);
}

TEST(Verify, ExpiredAndNotYetValidAreSoftForEachCertificate) {
  const Instant now = World().now();
  ExpectGood(JudgeLeaf(Milan(), [=](LeafSpec& l) { l.validity = {now, now}; }));
  ExpectSoft(JudgeLeaf(Milan(), [=](LeafSpec& l) { l.validity.not_after = now - 1s; }), Check::kSnpExpired);
  ExpectSoft(JudgeLeaf(Milan(), [=](LeafSpec& l) { l.validity.not_before = now + 1s; }),
             Check::kSnpNotYetValid);
  for (const AmdRole role : {AmdRole::kArk, AmdRole::kAsk}) {
    ExpectSoft(JudgeCa(Milan(), role, [=](CertificateSpec& c) { c.validity.not_after = now - 1s; }),
               Check::kSnpExpired);
    ExpectSoft(JudgeCa(Milan(), role, [=](CertificateSpec& c) { c.validity.not_before = now + 1s; }),
               Check::kSnpNotYetValid);
  }
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
