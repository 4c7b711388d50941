// SPDX-License-Identifier: Apache-2.0
//
// The two CRLs (DCAP 2.4): signature, issuer, form, and what else might be put in their place.
#include <gtest/gtest.h>

#include "tcb/collateral.h"
#include "tests/support/der_writer.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using intel::CollateralSet;
using intel::PckCa;
using sim::CrlSpec;
using sim::IntelCertificate;
using sim::IntelName;

Case RootCrl(std::string name, sim::Bend<CrlSpec> bend) {
  return {.name = std::move(name), .collateral = {.root_ca_crl = std::move(bend)}};
}
Case PckCrl(std::string name, sim::Bend<CrlSpec> bend) {
  return {.name = std::move(name), .collateral = {.pck_crl = std::move(bend)}};
}
Case Set(std::string name, sim::Bend<CollateralSet> bend) {
  return {.name = std::move(name), .set = std::move(bend)};
}

void Flip(Bytes& bytes, size_t from_end) { bytes[bytes.size() - 1 - from_end] ^= 1; }

TEST(CrlRoot, SignatureIsTheRoots) {
  ExpectGood(RootCrl("as it is", {}));
  ExpectHard(RootCrl("another key's", [](CrlSpec& crl) { crl.signer = sim::SimKey("forger"); }),
             Check::kCrlRootSignature);
  ExpectHard(RootCrl("an intermediate's", [](CrlSpec& crl) { crl.signer = World().CaKey(PckCa::kPlatform); }),
             Check::kCrlRootSignature);
  ExpectHard(Set("a bit of it", [](CollateralSet& set) { Flip(set.root_ca_crl, 0); }),
             Check::kCrlRootSignature);
}

TEST(CrlRoot, IssuerIsTheRoot) {
  ExpectHard(RootCrl("another name", [](CrlSpec& crl) { crl.issuer = IntelName("Intel SGX Root CA 2"); }),
             Check::kCrlRootIssuer);
  ExpectHard(Set("the PCK CRL", [](CollateralSet& set) { set.root_ca_crl = set.pck_crl; }),
             Check::kCrlRootIssuer);
}

// Two vendors' worlds, both trusted: what one says does not count for the other's quotes.
TEST(CrlRoot, OfTheSameAnchorAsTheQuote) {
  const sim::SimIntel other = sim::SimIntel::Make({.seed = "other"});
  TrustAnchors both = World().Anchors();
  ASSERT_TRUE(both.AddExtra(AsBytes(other.RootPem())).ok());
  ExpectGood({.name = "all of one", .quote_world = &other, .set_world = &other, .anchors = &both});
  ExpectHard({.name = "collateral of the other", .set_world = &other, .anchors = &both},
             Check::kCrlRootIssuer);
}

TEST(CrlPck, SignatureIsTheIntermediates) {
  for (const auto& platform : {sim::ServerPlatform(), sim::ClientPlatform()}) {
    Case c = PckCrl("as it is", {});
    c.quote.platform = platform;
    ExpectGood(c);
    c = PckCrl("another key's", [](CrlSpec& crl) { crl.signer = sim::SimKey("forger"); });
    c.quote.platform = platform;
    ExpectHard(c, Check::kCrlPckSignature);
  }
  ExpectHard(PckCrl("the root's", [](CrlSpec& crl) { crl.signer = World().Key(IntelCertificate::kRoot); }),
             Check::kCrlPckSignature);
  ExpectHard(Set("a bit of it", [](CollateralSet& set) { Flip(set.pck_crl, 0); }), Check::kCrlPckSignature);
}

TEST(CrlPck, IssuerIsTheCaOfThisLeaf) {
  ExpectHard(PckCrl("another name", [](CrlSpec& crl) { crl.issuer = IntelName("Intel SGX PCK CA"); }),
             Check::kCrlPckIssuer);
  ExpectHard(PckCrl("the other CA's name",
                    [](CrlSpec& crl) { crl.issuer = IntelName("Intel SGX PCK Processor CA"); }),
             Check::kCrlPckIssuer);
  // Authentic, with its own right chain, but of the CA that did not issue this certificate (DCAP 8.17).
  ExpectHard(Set("the processor CRL for a server",
                 [](CollateralSet& set) {
                   set.pck_crl = World().PckCrl(PckCa::kProcessor);
                   set.pck_crl_issuer_chain = World().CaChain(PckCa::kProcessor);
                 }),
             Check::kCrlPckIssuer);
  Case client = Set("the platform CRL for a client", [](CollateralSet& set) {
    set.pck_crl = World().PckCrl(PckCa::kPlatform);
    set.pck_crl_issuer_chain = World().CaChain(PckCa::kPlatform);
  });
  client.quote.platform = sim::ClientPlatform();
  ExpectHard(client, Check::kCrlPckIssuer);
  ExpectHard(Set("the processor CRL with the platform's chain",
                 [](CollateralSet& set) { set.pck_crl = World().PckCrl(PckCa::kProcessor); }),
             Check::kCrlPckIssuer);
  ExpectHard(Set("the root CA CRL", [](CollateralSet& set) { set.pck_crl = set.root_ca_crl; }),
             Check::kCrlPckIssuer);
}

// A CA of the same name and another key, under the same root: its CRL does not speak for this leaf.
TEST(CrlPck, IssuerHasTheKeyThatSignedTheLeaf) {
  const sim::SimKey second("second platform CA");
  const sim::SimIntel world =
      WorldWith(IntelCertificate::kPlatformCa, [&](sim::CertificateSpec& spec) { spec.key = second; });
  ExpectHard({.name = "another key",
              .collateral = {.pck_crl = [&](CrlSpec& crl) { crl.signer = second; }},
              .set_world = &world},
             Check::kCrlPckIssuer);
}

TEST(CrlPck, ItsIssuerChain) {
  const std::string ca = sim::ToPem(World().CaCertificate(PckCa::kPlatform), "CERTIFICATE"),
                    root = World().RootPem();
  const auto chain = [](std::string name, const std::string& pem) {
    return Set(std::move(name), [pem](CollateralSet& set) { set.pck_crl_issuer_chain = pem; });
  };
  ExpectGood(chain("root first", root + ca));
  ExpectGood(chain("taken from the quote's own", ""));
  ExpectHard(chain("the root alone", root), Check::kCrlPckIssuer);
  ExpectHard(chain("no root", ca), Check::kCrlPckIssuer);
  ExpectHard(chain("the root twice", ca + root + root), Check::kCrlPckIssuer);
  ExpectHard(chain("the CA twice", ca + ca + root), Check::kCrlPckIssuer);
  ExpectHard(chain("with a leaf", sim::ToPem(World().PckCertificate(), "CERTIFICATE") + ca + root),
             Check::kCrlPckIssuer);
  ExpectHard(chain("the signing chain", World().TcbSigningChain()), Check::kCrlPckIssuer);
  ExpectError(chain("text", "text"), ErrorKind::kMalformed, Check::kCollateralMalformed);
  const sim::SimIntel forger = sim::SimIntel::Make({.seed = "forger"});
  Case forged = chain("of a forger", forger.CaChain(PckCa::kPlatform));
  ExpectHard(forged, Check::kCrlPckIssuer);
  const sim::SimIntel no_ca = WorldWith(IntelCertificate::kPlatformCa, [](sim::CertificateSpec& spec) {
    spec.is_ca = false;
    spec.path_length.reset();
  });
  ExpectHard(chain("a CA that is none", no_ca.CaChain(PckCa::kPlatform)), Check::kCrlPckIssuer);
  const sim::SimIntel no_issue = WorldWith(
      IntelCertificate::kPlatformCa, [](sim::CertificateSpec& spec) { spec.signer = sim::SimKey("forger"); });
  ExpectHard(chain("a CA that the root did not issue", no_issue.CaChain(PckCa::kPlatform)),
             Check::kCrlPckIssuer);
}

TEST(CrlPck, ItsIssuerChainFromAGivenPckChain) {
  const auto given = [](std::string name, std::string crl_chain) {
    return Case{.name = std::move(name), .quote = {.certification_type = 1}, .set = [=](CollateralSet& set) {
                  set.pck_chain = World().PckChain();
                  set.pck_crl_issuer_chain = crl_chain;
                }};
  };
  ExpectGood(given("its own", World().CaChain(PckCa::kPlatform)));
  ExpectGood(given("from the PCK chain", ""));
}

// DCAP 2.4: CRL number and authority key identifier are required of both.
TEST(CrlForm, NumberAndKeyIdentifierAreRequired) {
  for (const auto& make : {RootCrl, PckCrl}) {
    ExpectError(make("no number", [](CrlSpec& crl) { crl.number.reset(); }), ErrorKind::kMalformed,
                Check::kCollateralMalformed);
    ExpectError(make("no authority key identifier", [](CrlSpec& crl) { crl.authority_key_id.clear(); }),
                ErrorKind::kMalformed, Check::kCollateralMalformed);
    ExpectGood(make("no entries", [](CrlSpec& crl) { crl.revoked.clear(); }));
  }
}

using Make = Case (*)(std::string, sim::Bend<CrlSpec>);
constexpr std::pair<Make, Check> kBoth[] = {{RootCrl, Check::kCrlRootIssuer}, {PckCrl, Check::kCrlPckIssuer}};

// RFC 5280 sections 5.2.4, 5.2.5, 5.3.
TEST(CrlIssuer, EachCrlIsComplete) {
  const auto with = [](const char* oid, bool critical, Bytes value) {
    return [=](CrlSpec& crl) {
      crl.bend = [=](sim::CrlParts& parts) {
        parts.extensions.push_back(sim::MakeExtension(oid, critical, value));
      };
    };
  };
  const auto entry = [](const char* oid, bool critical) {
    return [=](CrlSpec& crl) {
      crl.bend = [=](sim::CrlParts& parts) {
        namespace der = sim::der;
        const Bytes extensions = der::Sequence({sim::MakeExtension(oid, critical, der::Null())});
        parts.revoked.push_back(der::Sequence({der::Integer(99), der::Time(sim::kNow), extensions}));
      };
    };
  };
  for (const auto& [make, check] : kBoth) {
    ExpectGood(make("an unknown extension", with("1.2.3.4", false, sim::der::Null())));
    ExpectGood(make("an unknown extension of an entry", entry("1.2.3.4", false)));
    for (const bool critical : {true, false}) {
      ExpectHard(make("a delta CRL", with("2.5.29.27", critical, sim::der::Integer(1))), check);
      ExpectHard(make("a CRL of limited scope", with("2.5.29.28", critical, sim::der::Sequence({}))), check);
      ExpectHard(make("an entry of another issuer", entry("2.5.29.29", critical)), check);
    }
    ExpectHard(make("an unknown critical extension", with("1.2.3.4", true, sim::der::Null())), check);
    ExpectHard(make("an unknown critical extension of an entry", entry("1.2.3.4", true)), check);
  }
}

TEST(CrlIssuer, EachCrlNamesTheKeyThatSignedIt) {
  for (const auto& [make, check] : kBoth) {
    ExpectHard(make("of another key",
                    [](CrlSpec& crl) { crl.authority_key_id = sim::SimKey("another").KeyIdentifier(); }),
               check);
  }
}

// RFC 5280 section 4.2.1.3.
TEST(CrlIssuer, MaySignCrls) {
  const auto may_not = [](auto& spec) { spec.key_usage = uint16_t{kKeyCertSign}; };
  const sim::SimIntel root = WorldWith(IntelCertificate::kRoot, may_not);
  ExpectGood({.name = "the root of a chain signs none", .quote_world = &root});
  ExpectHard({.name = "the root's", .set_world = &root}, Check::kCrlRootIssuer);
  const sim::SimIntel ca = WorldWith(IntelCertificate::kPlatformCa, may_not);
  ExpectGood({.name = "a CA above a leaf signs none", .quote_world = &ca});
  ExpectHard({.name = "the CA's", .set_world = &ca}, Check::kCrlPckIssuer);
}

TEST(CrlIssuer, TheRootOfItsChainHasSignedItself) {
  const sim::SimIntel forged =
      WorldWith(IntelCertificate::kRoot, [](auto& spec) { spec.signer = sim::SimKey("forger"); });
  ExpectHard(Set("beside the PCK CRL",
                 [&](auto& set) { set.pck_crl_issuer_chain = forged.CaChain(PckCa::kPlatform); }),
             Check::kCrlPckIssuer);
  // The root CA CRL's issuer is the root of the TCB info's chain.
  const auto item = AuthenticateItem(RootCaCrlKey{}, {World().RootCaCrl(), forged.RootPem()}, WorldAnchors());
  ASSERT_FALSE(item.ok());
  EXPECT_EQ(item.error().check, Check::kCrlRootIssuer);
}

TEST(CrlForm, DerPemAndHexAreTheSame) {
  using Encode = std::string (*)(const Bytes&);
  const std::pair<const char*, Encode> forms[] = {
      {"PEM", [](const Bytes& der) { return sim::ToPem(der, "X509 CRL"); }},
      {"PEM and NUL", [](const Bytes& der) { return sim::ToPem(der, "X509 CRL") + '\0'; }},
      {"hex", [](const Bytes& der) { return HexLower(der); }},
      {"hex in upper case and NUL", [](const Bytes& der) { return HexUpper(der) + '\0'; }},
  };
  for (const auto& [name, encode] : forms) {
    ExpectGood(Set(name, [encode = encode](CollateralSet& set) {
      for (Bytes* crl : {&set.root_ca_crl, &set.pck_crl}) {
        const std::string text = encode(*crl);
        crl->assign(text.begin(), text.end());
      }
    }));
  }
  for (Bytes CollateralSet::*crl : {&CollateralSet::root_ca_crl, &CollateralSet::pck_crl}) {
    ExpectError(Set("cut short", [=](CollateralSet& set) { (set.*crl).pop_back(); }), ErrorKind::kMalformed,
                Check::kCollateralMalformed);
    ExpectError(Set("text", [=](CollateralSet& set) { set.*crl = {'<'}; }), ErrorKind::kMalformed,
                Check::kCollateralMalformed);
    ExpectError(Set("a byte after it", [=](CollateralSet& set) { (set.*crl).push_back(0); }),
                ErrorKind::kMalformed, Check::kCollateralMalformed);
  }
}

}  // namespace
}  // namespace thimble::test
