// SPDX-License-Identifier: Apache-2.0
//
// PCK chains (DCAP 2.1, 2.2): every rule of role, name, profile and signature breached alone, and every form that is
// taken.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/support/der_writer.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using namespace std::chrono_literals;
using sim::CertificateSpec;
using sim::IntelCertificate;
using sim::IntelName;
using sim::QuoteSpec;

constexpr uint16_t kSignDocuments = 1u << 0 | 1u << 1, kKeyAgreement = 1u << 4;

struct Bent {
  const char* what;
  sim::Bend<CertificateSpec> bend;
};

// What every certificate must carry, whatever its role (DCAP 2.2.3, 2.2.4).
const Bent kProfile[] = {
    {"no authority key identifier", [](auto& spec) { spec.authority_key_id.clear(); }},
    {"no subject key identifier", [](auto& spec) { spec.subject_key_id.clear(); }},
    {"no CRL distribution points", [](auto& spec) { spec.crl_url.clear(); }},
    {"no key usage", [](auto& spec) { spec.key_usage.reset(); }},
    {"no basic constraints",
     [](auto& spec) {
       spec.is_ca.reset();
       spec.path_length.reset();
     }},
    {"signed by another key", [](auto& spec) { spec.signer = sim::SimKey("forger"); }},
    {"issued by another name", [](auto& spec) { spec.issuer = IntelName("Intel SGX Root CA 2"); }},
};
const Bent kLeaf[] = {
    {"CN with something after it",
     [](auto& spec) { spec.subject = IntelName("Intel SGX PCK Certificate 2"); }},
    {"CN with something before it",
     [](auto& spec) { spec.subject = IntelName("An Intel SGX PCK Certificate"); }},
    {"CN in another case", [](auto& spec) { spec.subject = IntelName("Intel SGX PCK certificate"); }},
    {"CN of the signer", [](auto& spec) { spec.subject = IntelName("Intel SGX TCB Signing"); }},
    {"no CN",
     [](auto& spec) {
       spec.subject = {{sim::kCountry, "US"}};
     }},
    {"marked as a CA", [](auto& spec) { spec.is_ca = true; }},
    {"may sign certificates", [](auto& spec) { spec.key_usage = uint16_t{kSignDocuments | kKeyCertSign}; }},
    {"for key agreement alone", [](auto& spec) { spec.key_usage = uint16_t{kKeyAgreement}; }},
    {"for nonRepudiation alone", [](auto& spec) { spec.key_usage = uint16_t{1u << 1}; }},
    {"issued by the other CA's name",
     [](auto& spec) { spec.issuer = IntelName("Intel SGX PCK Processor CA"); }},
    {"issued by the root's name", [](auto& spec) { spec.issuer = IntelName("Intel SGX Root CA"); }},
    {"signed by the other CA", [](auto& spec) { spec.signer = World().CaKey(intel::PckCa::kProcessor); }},
    {"signed by the root", [](auto& spec) { spec.signer = World().Key(IntelCertificate::kRoot); }},
    {"signed with SHA-384", [](auto& spec) { spec.signer = sim::SimKey("forger", Curve::kP384); }},
    {"a P-384 key", [](auto& spec) { spec.key = sim::SimKey("pck", Curve::kP384); }},
};
const Bent kCa[] = {
    {"CN of no CA", [](auto& spec) { spec.subject = IntelName("Intel SGX PCK CA"); }},
    {"CN of the other CA", [](auto& spec) { spec.subject = IntelName("Intel SGX PCK Processor CA"); }},
    {"not marked as a CA",
     [](auto& spec) {
       spec.is_ca = false;
       spec.path_length.reset();
     }},
    {"may not sign certificates", [](auto& spec) { spec.key_usage = uint16_t{kCrlSign}; }},
    {"a P-384 key", [](auto& spec) { spec.key = sim::SimKey("ca", Curve::kP384); }},
};

Case WithLeaf(const Bent& bent) {
  Case c = {.name = bent.what};
  c.quote.platform.certificate = bent.bend;
  return c;
}

TEST(PckChain, TheLeafsRules) {
  ExpectGood({});
  for (const Bent& bent : kProfile) ExpectHard(WithLeaf(bent), Check::kPckChain);
  for (const Bent& bent : kLeaf) ExpectHard(WithLeaf(bent), Check::kPckChain);
}

TEST(PckChain, TheIntermediatesRules) {
  const auto expect = [](const Bent& bent) {
    const sim::SimIntel world = WorldWith(IntelCertificate::kPlatformCa, bent.bend);
    ExpectHard({.name = bent.what, .quote_world = &world}, Check::kPckChain);
  };
  for (const Bent& bent : kProfile) expect(bent);
  for (const Bent& bent : kCa) expect(bent);
}

TEST(PckChain, TheRootsRules) {
  const auto expect = [](const Bent& bent) {
    const sim::SimIntel world = WorldWith(IntelCertificate::kRoot, bent.bend);
    ExpectHard({.name = bent.what, .quote_world = &world}, Check::kPckChain);
  };
  for (const Bent& bent : kProfile) expect(bent);
  for (const Bent& bent : kCa) expect(bent);
}

TEST(PckChain, TheLeafMaySignAlone) {
  ExpectGood(
      WithLeaf({"digitalSignature", [](auto& spec) { spec.key_usage = uint16_t{kDigitalSignature}; }}));
}

// The anchor is the root's key; what else its certificate says rests on its own signature (DCAP 2.2.5).
TEST(PckChain, TheRootHasSignedItself) {
  const auto forged = [](auto& spec) { spec.signer = sim::SimKey("forger"); };
  const sim::SimIntel world = WorldWith(IntelCertificate::kRoot, forged);
  ExpectHard({.name = "in the quote", .quote_world = &world}, Check::kPckChain);
  ExpectHard({.name = "given", .set = [&](intel::CollateralSet& set) { set.pck_chain = world.PckChain(); }},
             Check::kPckChain);
  // The same Intel's genuine root has been seen: that makes no other bytes good.
  intel::Memo memo;
  ASSERT_TRUE(Judge({}, &memo)->authentic);
  EXPECT_EQ(Judge({.quote_world = &world}, &memo)->hard()->check, Check::kPckChain);
  // Longer by what nobody needs.
  const sim::SimIntel padded = WorldWith(IntelCertificate::kRoot, [](CertificateSpec& spec) {
    spec.more_extensions = {sim::MakeExtension("1.2.3.4", false, Bytes(10000))};
    spec.signer = sim::SimKey("forger");
  });
  ExpectHard({.name = "padded", .quote_world = &padded}, Check::kPckChain);
}

// RFC 5280 section 4.2.1.9.
TEST(PckChain, TheRootsPathLengthLeavesRoomForTheCa) {
  const auto with = [](std::optional<uint8_t> length) {
    return WorldWith(IntelCertificate::kRoot, [=](auto& spec) { spec.path_length = length; });
  };
  for (const std::optional<uint8_t> length : {std::optional<uint8_t>(), std::optional<uint8_t>(1)}) {
    const sim::SimIntel world = with(length);
    ExpectGood({.quote_world = &world, .set_world = &world});
  }
  const sim::SimIntel none = with(0);
  ExpectHard({.name = "in the quote", .quote_world = &none}, Check::kPckChain);
  ExpectHard({.name = "beside the PCK CRL",
              .set = [&](auto& set) { set.pck_crl_issuer_chain = none.CaChain(intel::PckCa::kPlatform); }},
             Check::kCrlPckIssuer);
  // No CA stands between the root and what it signs itself.
  ExpectGood({.name = "beside the TCB info",
              .set = [&](auto& set) { set.tcb_info_issuer_chain = none.TcbSigningChain(); }});
  const sim::SimIntel ca = WorldWith(IntelCertificate::kPlatformCa, [](auto& spec) { spec.path_length = 3; });
  ExpectGood({.name = "longer in the CA", .quote_world = &ca});
}

// The certificates of the chain, by their letters: leaf, CA, root, the other CA, TCB signing.
Case Chain(std::string letters) {
  std::string pem;
  for (const char letter : letters) {
    switch (letter) {
      case 'l':
        pem += sim::ToPem(World().PckCertificate(), "CERTIFICATE");
        break;
      case 'c':
        pem += sim::ToPem(World().CaCertificate(intel::PckCa::kPlatform), "CERTIFICATE");
        break;
      case 'p':
        pem += sim::ToPem(World().CaCertificate(intel::PckCa::kProcessor), "CERTIFICATE");
        break;
      case 's':
        pem += sim::ToPem(World().Certificate(IntelCertificate::kTcbSigning), "CERTIFICATE");
        break;
      default:
        pem += World().RootPem();
    }
  }
  return {.name = std::move(letters),
          .quote = {.bend = [pem](QuoteSpec& q) { q.certification_data.assign(pem.begin(), pem.end()); }}};
}

TEST(PckChain, IsThreeCertificatesInAnyOrder) {
  for (const char* letters : {"lcr", "lrc", "clr", "crl", "rlc", "rcl"}) ExpectGood(Chain(letters));
  for (const char* letters : {"lc", "lr", "cr", "l", "c", "r",         // one or two are missing
                              "lcrr", "lccr", "llcr", "lcrs", "lcpr",  // one is too many
                              "lpr", "lcs", "scr", "lcc", "llr", "lcrlcr"}) {
    ExpectHard(Chain(letters), Check::kPckChain);
  }
}

TEST(PckChain, OfTheProcessorCa) { ExpectGood({.quote = {.platform = sim::ClientPlatform()}}); }

TEST(PckChain, IsTakenInWhateverTextItComes) {
  const std::string chain = World().PckChain();
  std::string crlf;
  for (const char c : chain) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const std::pair<const char*, std::string> forms[] = {
      {"as it is", chain},
      {"one NUL", chain + '\0'},
      {"many NULs", chain + std::string(64, '\0')},
      {"a newline", chain + "\n"},
      {"CRLF", crlf},
      {"text before", "Subject: CN=Intel SGX PCK Certificate\n" + chain},
      {"without the last newline", chain.substr(0, chain.size() - 1)},
  };
  for (const auto& [name, text] : forms) {
    ExpectGood({.name = name, .quote = {.bend = [&](QuoteSpec& q) {
                                q.certification_data.assign(text.begin(), text.end());
                              }}});
  }
}

TEST(PckChain, IsMalformedWhenItCannotBeDecoded) {
  const std::string chain = World().PckChain();
  std::string nine;
  for (int i = 0; i < 3; ++i) nine += chain;
  std::string broken = chain, version1 = World().CaChain(intel::PckCa::kPlatform);
  broken[broken.find("BEGIN CERTIFICATE-----") + 30] = '*';
  version1 += sim::ToPem(World().PckCertificate({.certificate =
                                                     [](CertificateSpec& spec) {
                                                       spec.bend = [](sim::CertificateParts& parts) {
                                                         parts.version = {};
                                                       };
                                                     }}),
                         "CERTIFICATE");
  Bytes leaf = World().PckCertificate();
  leaf.push_back(0);
  const std::string byte_after = sim::ToPem(leaf, "CERTIFICATE") + World().CaChain(intel::PckCa::kPlatform);
  const std::pair<const char*, std::string> bad[] = {
      {"nothing", ""},
      {"text", "text"},
      {"does not end", chain.substr(0, chain.size() - 20)},
      {"not base64", broken},
      {"nine certificates", nine},
      {"DER", std::string(AsText(World().PckCertificate()))},
      {"a certificate of version 1", version1},
      {"text after", chain + "text"},
      {"a CRL after", chain + sim::ToPem(World().RootCaCrl(), "X509 CRL")},
      {"NUL and text after", chain + '\0' + "text"},
      {"a byte after a certificate", byte_after},
  };
  for (const auto& [name, text] : bad) {
    ExpectError(
        {.name = name,
         .quote = {.bend = [&](QuoteSpec& q) { q.certification_data.assign(text.begin(), text.end()); }}},
        ErrorKind::kMalformed, Check::kQuoteFormat);
    if (text.empty()) continue;  // an empty chain is none given
    ExpectError({.name = name, .set = [&](intel::CollateralSet& set) { set.pck_chain = text; }},
                ErrorKind::kMalformed, Check::kCollateralMalformed);
  }
}

TEST(PckRoot, IsAnAnchorByItsKey) {
  const TrustAnchors pinned = TrustAnchors::Pinned();
  ExpectHard({.name = "the pinned roots alone", .anchors = &pinned}, Check::kPckRoot);
  const sim::SimIntel forger = sim::SimIntel::Make({.seed = "forger"});
  ExpectHard({.name = "same names, another key", .quote_world = &forger, .set_world = &forger},
             Check::kPckRoot);
  ExpectHard({.name = "with genuine collateral", .quote_world = &forger}, Check::kPckRoot);
}

TEST(PckRoot, TwoIssuesOfItsCertificateAreOneAnchor) {
  const sim::SimIntel reissued = WorldWith(IntelCertificate::kRoot, [](CertificateSpec& spec) {
    spec.serial = {1, 2, 3};
    spec.validity.not_after += 24h * 365 * 10;
  });
  ASSERT_NE(reissued.RootPem(), World().RootPem());
  ExpectGood({.name = "new in the quote", .quote_world = &reissued});
  ExpectGood({.name = "new in the collateral", .set_world = &reissued});
}

// A CA's certificate issued again, with the same key, is the same CA (DCAP 2.2.8).
TEST(PckChain, TwoIssuesOfTheIntermediate) {
  const sim::SimIntel reissued = WorldWith(IntelCertificate::kPlatformCa, [](CertificateSpec& spec) {
    spec.serial = {1, 2, 3};
    spec.validity.not_before += 24h;
  });
  ExpectGood({.name = "new in the quote", .quote_world = &reissued});
  ExpectGood({.name = "new beside the PCK CRL", .set_world = &reissued});
}

TEST(PckRevoked, EachCertificateOfTheChainBySerial) {
  const auto serial = [](const Bytes& der) {
    const auto certificate = Certificate::Parse(der, Check::kCollateralMalformed).value();
    return Bytes(certificate->serial().begin(), certificate->serial().end());
  };
  const Bytes leaf = serial(World().PckCertificate());
  const Bytes ca = serial(World().CaCertificate(intel::PckCa::kPlatform));
  const Bytes root = serial(World().Certificate(IntelCertificate::kRoot));
  const auto in_pck_crl = [](std::string name, const Bytes& revoked) {
    return Case{.name = std::move(name),
                .collateral = {.pck_crl = [=](sim::CrlSpec& crl) { crl.revoked.push_back(revoked); }}};
  };
  const auto in_root_crl = [](std::string name, const Bytes& revoked) {
    return Case{.name = std::move(name),
                .collateral = {.root_ca_crl = [=](sim::CrlSpec& crl) { crl.revoked.push_back(revoked); }}};
  };
  ExpectHard(in_pck_crl("leaf", leaf), Check::kPckRevoked);
  ExpectHard(in_root_crl("intermediate", ca), Check::kPckRevoked);
  ExpectHard(in_root_crl("root", root), Check::kPckRevoked);
  Bytes other = leaf;
  other.back() ^= 1;
  ExpectGood(in_pck_crl("another leaf", other));
  // A serial is one issuer's: in the other's CRL it means another certificate.
  ExpectGood(in_root_crl("the leaf's serial, of the root", leaf));
  ExpectGood(in_pck_crl("the CA's serial, of the CA", ca));
  Case by_default = {.name = "a serial that the CRL revokes anyway"};
  by_default.quote.platform.certificate = [](CertificateSpec& spec) { spec.serial = sim::RevokedSerial(); };
  ExpectHard(by_default, Check::kPckRevoked);
}

TEST(PckRevoked, TheOtherIssueOfTheIntermediateBesideTheCrl) {
  const Bytes serial = {1, 2, 3};
  const sim::SimIntel reissued =
      WorldWith(IntelCertificate::kPlatformCa, [&](CertificateSpec& spec) { spec.serial = serial; });
  ExpectHard({.collateral = {.root_ca_crl = [&](sim::CrlSpec& crl) { crl.revoked.push_back(serial); }},
              .set_world = &reissued},
             Check::kPckRevoked);
}

}  // namespace
}  // namespace thimble::test
