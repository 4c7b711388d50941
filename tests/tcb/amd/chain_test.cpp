// SPDX-License-Identifier: Apache-2.0
//
// The certificates of a report: leaf, intermediate and root.
#include "tcb/amd/chain.h"

#include "tests/tcb/amd/bent_world.h"

namespace thimble::amd {
namespace {

using sim::AmdRole;
using sim::CertificateSpec;
using sim::LeafSpec;
using sim::SimAmd;
using sim::SnpPlatform;
using namespace std::chrono_literals;

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

}  // namespace
}  // namespace thimble::amd
