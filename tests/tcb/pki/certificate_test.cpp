// SPDX-License-Identifier: Apache-2.0
//
// X.509 certificates: what is read from them, and every way of not being one.
#include "tcb/pki/certificate.h"

#include <gtest/gtest.h>

#include "tcb/check.h"
#include "tcb/pki/certificate_pool.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
namespace der = sim::der;
using sim::Bend;
using sim::CertificateParts;
using sim::CertificateSpec;

constexpr Check kCheck = Check::kCollateralMalformed;
const sim::SimKey kSubjectKey("subject"), kIssuerKey("issuer");

CertificateSpec DefaultSpec() {
  return {.serial = {0x8f, 0x01},
          .subject = sim::IntelName("A Subject"),
          .issuer = sim::IntelName("An Issuer"),
          .validity = {sim::kNow - 24h, sim::kNow + 24h},
          .is_ca = true,
          .path_length = uint8_t{0},
          .key_usage = uint16_t{kKeyCertSign | kCrlSign},
          .authority_key_id = kIssuerKey.KeyIdentifier(),
          .subject_key_id = kSubjectKey.KeyIdentifier(),
          .crl_url = "https://crl.example/root.der"};
}

Bytes Make(const Bend<CertificateSpec>& bend = {}) {
  CertificateSpec spec = DefaultSpec();
  sim::Apply(bend, spec);
  return sim::MakeCertificate(spec, kSubjectKey, kIssuerKey);
}
Bytes Named(std::string_view common_name) {
  return der::Sequence({der::Oid("2.5.4.3"), der::Utf8String(common_name)});
}
Bytes NameOf(const Bytes& common_name) {
  return der::Sequence({der::Set({der::Sequence({der::Oid("2.5.4.3"), common_name})})});
}
Bytes MakeParts(const Bend<CertificateParts>& bend) {
  return Make([&](CertificateSpec& spec) { spec.bend = bend; });
}

Result<CertificatePtr> Parse(const Bytes& bytes) { return Certificate::Parse(bytes, kCheck); }

void ExpectMalformed(const char* what, const Bytes& bytes) {
  const auto certificate = Parse(bytes);
  ASSERT_FALSE(certificate.ok()) << what;
  EXPECT_EQ(certificate.error().kind, ErrorKind::kMalformed) << what;
  EXPECT_EQ(certificate.error().check, kCheck) << what;
}

TEST(Certificate, IsReadInFull) {
  const Bytes bytes = Make();
  const auto parsed = Parse(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Certificate& certificate = **parsed;
  EXPECT_TRUE(Equal(certificate.der(), bytes));
  EXPECT_EQ(certificate.sha256(), Sha256(bytes));
  EXPECT_EQ(certificate.spki_sha256(), Sha256(kSubjectKey.SubjectPublicKeyInfo()));
  EXPECT_EQ(HexLower(certificate.serial()), "8f01");
  EXPECT_EQ(certificate.subject_cn(), "A Subject");
  EXPECT_EQ(certificate.issuer_cn(), "An Issuer");
  EXPECT_TRUE(Equal(certificate.subject(), sim::EncodeName(sim::IntelName("A Subject"))));
  EXPECT_TRUE(Equal(certificate.issuer(), sim::EncodeName(sim::IntelName("An Issuer"))));
  EXPECT_EQ(certificate.validity(), (Validity{sim::kNow - 24h, sim::kNow + 24h}));
  ASSERT_NE(certificate.ec_key(), nullptr);
  EXPECT_EQ(certificate.rsa_key(), nullptr);
  EXPECT_TRUE(Equal(certificate.ec_key()->point(), kSubjectKey.point()));
  EXPECT_FALSE(certificate.self_issued());
  EXPECT_EQ(certificate.is_ca(), true);
  EXPECT_EQ(certificate.path_length(), 0u);
  EXPECT_EQ(certificate.key_usage(), kKeyCertSign | kCrlSign);
  EXPECT_TRUE(certificate.has_key_identifiers());
  EXPECT_TRUE(Equal(certificate.subject_key_id(), kSubjectKey.KeyIdentifier()));
  EXPECT_TRUE(certificate.HasUsage(kKeyCertSign) && certificate.HasUsage(kCrlSign));
  EXPECT_FALSE(certificate.HasUsage(kDigitalSignature));
  EXPECT_TRUE(certificate.has_crl_distribution_points());
  EXPECT_EQ(certificate.crl_url(), "https://crl.example/root.der");
  EXPECT_EQ(certificate.extensions().size(), 5u);
}

TEST(Certificate, AnAbsentExtensionIsAbsent) {
  const auto bare = Parse(Make([](CertificateSpec& spec) {
    spec.is_ca.reset();
    spec.path_length.reset();
    spec.key_usage.reset();
    spec.subject_key_id.clear();
    spec.crl_url.clear();
  }));
  ASSERT_TRUE(bare.ok());
  EXPECT_EQ((*bare)->is_ca(), std::nullopt);
  EXPECT_EQ((*bare)->path_length(), std::nullopt);
  EXPECT_EQ((*bare)->key_usage(), std::nullopt);
  EXPECT_FALSE((*bare)->HasUsage(kKeyCertSign));
  EXPECT_FALSE((*bare)->has_key_identifiers());
  EXPECT_TRUE((*bare)->subject_key_id().empty());
  EXPECT_FALSE((*bare)->has_crl_distribution_points());
  EXPECT_EQ((*bare)->crl_url(), "");
}

TEST(Certificate, SignatureHoldsUnderItsIssuersKeyOnly) {
  const auto named = [](const sim::SimKey& key, std::string_view cn) {
    CertificateSpec spec = DefaultSpec();
    spec.subject = sim::IntelName(cn);
    return Parse(sim::MakeCertificate(spec, key, kIssuerKey)).value();
  };
  const auto certificate = Parse(Make()).value();
  EXPECT_TRUE(certificate->SignedBy(*named(kIssuerKey, "An Issuer")));
  EXPECT_FALSE(certificate->SignedBy(*named(kSubjectKey, "An Issuer")));
  // A key of the other curve, whose algorithm is not the certificate's.
  EXPECT_FALSE(certificate->SignedBy(*named(sim::SimKey("issuer", Curve::kP384), "An Issuer")));
}

TEST(Certificate, EveryByteOfItCounts) {
  const Bytes good = Make();
  CertificateSpec issuer_spec = DefaultSpec();
  const auto issuer = Parse(sim::MakeCertificate(issuer_spec, kIssuerKey, kIssuerKey)).value();
  ASSERT_TRUE(Parse(good).value()->SignedBy(*issuer));
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    const auto certificate = Parse(bad);
    EXPECT_FALSE(certificate.ok() && (*certificate)->SignedBy(*issuer)) << i;
  }
}

TEST(Certificate, EveryPrefixOfItIsMalformed) {
  const Bytes good = Make();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Parse(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size))).ok()) << size;
  }
}

TEST(Certificate, StructureThatIsNotACertificates) {
  const Bytes good = Make();
  ExpectMalformed("a byte after it", der::Concat({good, Bytes{0}}));
  ExpectMalformed("two of them", der::Concat({good, good}));
  ExpectMalformed("nothing", {});
  ExpectMalformed("an empty SEQUENCE", der::Sequence({}));
  ExpectMalformed("PEM", [&] {
    const std::string pem = sim::ToPem(good, "CERTIFICATE");
    return Bytes(pem.begin(), pem.end());
  }());
  ExpectMalformed("more than 16 KiB", Make([](CertificateSpec& spec) {
                    spec.more_extensions = {sim::MakeExtension("1.2.3", false, Bytes(17000))};
                  }));
  EXPECT_TRUE(Parse(Make([](CertificateSpec& spec) {
                spec.more_extensions = {sim::MakeExtension("1.2.3", false, Bytes(15000))};
              })).ok());
}

constexpr const char* kAki = "2.5.29.35";
constexpr const char* kSki = "2.5.29.14";

const std::pair<const char*, Bend<CertificateParts>> kMalformedParts[] = {
    {"version 1", [](auto& p) { p.version = {}; }},
    {"version 2", [](auto& p) { p.version = der::Explicit(0, {der::Integer(1)}); }},
    {"version 4", [](auto& p) { p.version = der::Explicit(0, {der::Integer(3)}); }},
    {"two versions",
     [](auto& p) {
       p.version = der::Explicit(0, {der::Integer(2), der::Integer(2)});
     }},
    {"no serial", [](auto& p) { p.serial = {}; }},
    {"serial not an INTEGER", [](auto& p) { p.serial = der::OctetString(Bytes{1}); }},
    {"serial not minimal",
     [](auto& p) {
       p.serial = der::Element(0x02, Bytes{0, 1});
     }},
    {"negative serial",
     [](auto& p) {
       p.serial = der::Element(0x02, Bytes{0x8f, 0x01});
     }},
    {"serial of 21 bytes", [](auto& p) { p.serial = der::Element(0x02, Bytes(21, 0x11)); }},
    {"serial of 22 bytes", [](auto& p) { p.serial = der::Element(0x02, Bytes(22, 0x11)); }},
    {"inner algorithm another",
     [](auto& p) { p.algorithm = der::Sequence({der::Oid("1.2.840.10045.4.3.3")}); }},
    {"outer algorithm another",
     [](auto& p) { p.outer_algorithm = der::Sequence({der::Oid("1.2.840.10045.4.3.3")}); }},
    {"ecdsa-with-SHA1",
     [](auto& p) { p.algorithm = p.outer_algorithm = der::Sequence({der::Oid("1.2.840.10045.4.1")}); }},
    {"ecdsa-with-SHA256 with parameters",
     [](auto& p) {
       p.algorithm = p.outer_algorithm = der::Sequence({der::Oid("1.2.840.10045.4.3.2"), der::Null()});
     }},
    {"algorithm without an OID", [](auto& p) { p.algorithm = p.outer_algorithm = der::Sequence({}); }},
    {"RSASSA-PSS without parameters",
     [](auto& p) { p.algorithm = p.outer_algorithm = der::Sequence({der::Oid("1.2.840.113549.1.1.10")}); }},
    {"issuer not a Name", [](auto& p) { p.issuer = der::Utf8String("An Issuer"); }},
    {"issuer with an empty RDN", [](auto& p) { p.issuer = der::Sequence({der::Set({})}); }},
    {"issuer that is not UTF-8", [](auto& p) { p.issuer = NameOf(der::Utf8String("a\xffz")); }},
    {"issuer in a PrintableString that is not ASCII",
     [](auto& p) { p.issuer = NameOf(der::PrintableString("a\xffz")); }},
    {"subject in a string type of many readings",
     [](auto& p) { p.subject = NameOf(der::Element(0x14, AsBytes("T61"))); }},
    {"subject RDN without a value",
     [](auto& p) { p.subject = der::Sequence({der::Set({der::Sequence({der::Oid("2.5.4.3")})})}); }},
    {"subject RDN with two values",
     [](auto& p) {
       p.subject = der::Sequence(
           {der::Set({der::Sequence({der::Oid("2.5.4.3"), der::Utf8String("a"), der::Utf8String("b")})})});
     }},
    {"subject with two common names",
     [](auto& p) {
       p.subject = der::Sequence({der::Set({Named("a")}), der::Set({Named("a")})});
     }},
    {"issuer with two common names",
     [](auto& p) {
       p.issuer = der::Sequence({der::Set({Named("a")}), der::Set({Named("b")})});
     }},
    {"subject with two common names in one RDN",
     [](auto& p) {
       p.subject = der::Sequence({der::Set({Named("a"), Named("b")})});
     }},
    {"no validity", [](auto& p) { p.validity = {}; }},
    {"one time", [](auto& p) { p.validity = der::Sequence({der::Time(sim::kNow)}); }},
    {"three times",
     [](auto& p) {
       p.validity = der::Sequence({der::Time(sim::kNow), der::Time(sim::kNow), der::Time(sim::kNow)});
     }},
    {"a time without seconds",
     [](auto& p) {
       p.validity = der::Sequence({der::Element(0x17, AsBytes("2606010000Z")), der::Time(sim::kNow)});
     }},
    {"a time with an offset",
     [](auto& p) {
       p.validity = der::Sequence({der::Time(sim::kNow), der::Element(0x17, AsBytes("270601000000+0100"))});
     }},
    {"no key", [](auto& p) { p.public_key = {}; }},
    {"key on an unknown curve",
     [](auto& p) {
       p.public_key = der::Sequence({der::Sequence({der::Oid("1.2.840.10045.2.1"), der::Oid("1.3.132.0.10")}),
                                     der::BitString(der::Concat({Bytes{4}, kSubjectKey.point()}))});
     }},
    {"key of an unknown algorithm",
     [](auto& p) {
       p.public_key = der::Sequence({der::Sequence({der::Oid("1.3.101.112")}), der::BitString(Bytes(32, 1))});
     }},
    {"compressed point",
     [](auto& p) {
       const Bytes point = kSubjectKey.point();
       p.public_key =
           der::Sequence({der::Sequence({der::Oid("1.2.840.10045.2.1"), der::Oid("1.2.840.10045.3.1.7")}),
                          der::BitString(der::Concat({Bytes{2}, Bytes(point.begin(), point.begin() + 32)}))});
     }},
    {"point off the curve",
     [](auto& p) {
       Bytes point = kSubjectKey.point();
       point[40] ^= 1;
       p.public_key =
           der::Sequence({der::Sequence({der::Oid("1.2.840.10045.2.1"), der::Oid("1.2.840.10045.3.1.7")}),
                          der::BitString(der::Concat({Bytes{4}, point}))});
     }},
    {"empty point",
     [](auto& p) {
       p.public_key =
           der::Sequence({der::Sequence({der::Oid("1.2.840.10045.2.1"), der::Oid("1.2.840.10045.3.1.7")}),
                          der::BitString({})});
     }},
    {"no extensions", [](auto& p) { p.extensions.clear(); }},
    {"an extension twice", [](auto& p) { p.extensions.push_back(p.extensions.front()); }},
    {"unknown critical extension",
     [](auto& p) {
       p.extensions.push_back(sim::MakeExtension("1.2.3.4", true, Bytes{5, 0}));
     }},
    {"unknown critical extension of id-ce",
     [](auto& p) {
       p.extensions.push_back(sim::MakeExtension("2.5.29.30", true, Bytes{5, 0}));
     }},
    {"criticality FALSE spelled out",
     [](auto& p) {
       p.extensions.push_back(
           der::Sequence({der::Oid("1.2.3.4"), der::Boolean(false), der::OctetString(Bytes{5, 0})}));
     }},
    {"extension without a value",
     [](auto& p) { p.extensions.push_back(der::Sequence({der::Oid("1.2.3.4")})); }},
    {"extension with two values",
     [](auto& p) {
       p.extensions.push_back(
           der::Sequence({der::Oid("1.2.3.4"), der::OctetString(Bytes{1}), der::OctetString(Bytes{1})}));
     }},
    {"33 extensions",
     [](auto& p) {
       for (int i = 0; p.extensions.size() < 33; ++i) {
         p.extensions.push_back(sim::MakeExtension("1.2.3." + std::to_string(i), false, Bytes{5, 0}));
       }
     }},
    {"basic constraints not a SEQUENCE",
     [](auto& p) { p.extensions.back() = sim::MakeExtension("2.5.29.19", true, der::Boolean(true)); }},
    {"basic constraints with cA FALSE spelled out",
     [](auto& p) {
       p.extensions.back() = sim::MakeExtension("2.5.29.19", true, der::Sequence({der::Boolean(false)}));
     }},
    {"path length without cA",
     [](auto& p) {
       p.extensions.back() = sim::MakeExtension("2.5.29.19", true, der::Sequence({der::Integer(1)}));
     }},
    {"something after basic constraints",
     [](auto& p) {
       p.extensions.back() = sim::MakeExtension(
           "2.5.29.19", true, der::Concat({der::Sequence({der::Boolean(true)}), der::Null()}));
     }},
    {"authority key identifier not a SEQUENCE",
     [](auto& p) { p.extensions[0] = sim::MakeExtension(kAki, false, der::OctetString(Bytes{1})); }},
    {"authority key identifier of no bytes",
     [](auto& p) {
       p.extensions[0] = sim::MakeExtension(kAki, false, der::Sequence({der::Implicit(0, Bytes{})}));
     }},
    {"authority key identifier with something after it",
     [](auto& p) {
       p.extensions[0] =
           sim::MakeExtension(kAki, false, der::Sequence({der::Implicit(0, Bytes{1}), der::Null()}));
     }},
    {"subject key identifier not octets",
     [](auto& p) { p.extensions[2] = sim::MakeExtension(kSki, false, der::Integer(1)); }},
    {"subject key identifier of no bytes",
     [](auto& p) { p.extensions[2] = sim::MakeExtension(kSki, false, der::OctetString({})); }},
    {"subject key identifier with something after it",
     [](auto& p) {
       p.extensions[2] =
           sim::MakeExtension(kSki, false, der::Concat({der::OctetString(Bytes{1}), der::Null()}));
     }},
    {"empty key usage",
     [](auto& p) { p.extensions[3] = sim::MakeExtension("2.5.29.15", true, der::BitString({})); }},
    {"key usage not a BIT STRING",
     [](auto& p) { p.extensions[3] = sim::MakeExtension("2.5.29.15", true, der::OctetString(Bytes{6})); }},
    {"key usage of three bytes",
     [](auto& p) {
       p.extensions[3] = sim::MakeExtension("2.5.29.15", true, der::BitString(Bytes{6, 0, 0}));
     }},
    {"key usage with an unused bit that is set",
     [](auto& p) { p.extensions[3] = sim::MakeExtension("2.5.29.15", true, der::BitString(Bytes{7}, 1)); }},
};

TEST(Certificate, PartsThatAreNotACertificates) {
  for (const auto& [what, bend] : kMalformedParts) ExpectMalformed(what, MakeParts(bend));
}

TEST(Certificate, SerialsOfTwentyBytesAndOfOne) {
  const Bytes longest(20, 0xff);
  EXPECT_TRUE(Equal(Parse(Make([&](auto& spec) { spec.serial = longest; })).value()->serial(), longest));
  EXPECT_EQ(HexLower(Parse(Make([](auto& spec) { spec.serial = {7}; })).value()->serial()), "07");
}

TEST(Certificate, UnknownExtensionsThatAreNotCriticalAreKept) {
  const auto certificate = Parse(Make([](CertificateSpec& spec) {
    spec.more_extensions = {sim::MakeExtension("1.2.3.4", false, Bytes{5, 0})};
  }));
  ASSERT_TRUE(certificate.ok());
  const Bytes oid = {0x2a, 0x03, 0x04};
  const Extension* extension = (*certificate)->FindExtension(oid);
  ASSERT_NE(extension, nullptr);
  EXPECT_FALSE(extension->critical);
  EXPECT_TRUE(Equal(extension->value, Bytes{5, 0}));
  EXPECT_EQ((*certificate)->FindExtension(Bytes{0x2a, 0x03}), nullptr);
}

TEST(Certificate, HasOneCommonNameOrNone) {
  const auto named = Parse(Make([](CertificateSpec& spec) {
    spec.subject = {{sim::kOrganization, "first"}, {sim::kCommonName, "last"}};
  }));
  EXPECT_EQ((*named)->subject_cn(), "last");
  const auto unnamed = Parse(Make([](CertificateSpec& spec) { spec.subject = {{sim::kCountry, "US"}}; }));
  EXPECT_EQ((*unnamed)->subject_cn(), "");
}

// The key of an authority may be named by its certificate's issuer and serial instead.
TEST(Certificate, AuthorityKeyIdentifierByIssuerAndSerial) {
  const Bytes by_serial =
      der::Sequence({der::Explicit(1, {der::Explicit(4, {sim::EncodeName(sim::IntelName("An Issuer"))})}),
                     der::Implicit(2, Bytes{7})});
  EXPECT_TRUE(Parse(MakeParts([&](CertificateParts& parts) {
                parts.extensions[0] = sim::MakeExtension(kAki, false, by_serial);
              }))
                  .value()
                  ->has_key_identifiers());
}

// The number of CAs that may follow (RFC 5280 section 4.2.1.9).
TEST(Certificate, PathLengthAllowsAnIntermediate) {
  for (const auto& [length, allows] :
       {std::pair<std::optional<uint8_t>, bool>{std::nullopt, true}, {0, false}, {1, true}}) {
    const auto certificate =
        Parse(Make([length = length](CertificateSpec& spec) { spec.path_length = length; }));
    EXPECT_EQ((*certificate)->AllowsIntermediate(), allows);
  }
}

TEST(CertificatePool, AnswersAsTheCertificatesThemselvesDo) {
  CertificatePool pool;
  const Bytes bytes = Make();
  const auto certificate = pool.Parse(bytes, kCheck).value();
  EXPECT_EQ(pool.Parse(bytes, kCheck).value(), certificate);  // the same object
  EXPECT_FALSE(pool.Parse(Bytes{1}, kCheck).ok());
  CertificateSpec issuer_spec = DefaultSpec();
  const auto issuer = pool.Parse(sim::MakeCertificate(issuer_spec, kIssuerKey, kIssuerKey), kCheck).value();
  const auto forger = pool.Parse(sim::MakeCertificate(issuer_spec, kSubjectKey, kIssuerKey), kCheck).value();
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(pool.SignedBy(*certificate, *issuer));
    EXPECT_FALSE(pool.SignedBy(*certificate, *forger));
    EXPECT_FALSE(pool.SignedBy(*issuer, *certificate));
  }
}

TEST(CertificatePool, VouchesOnlyForTheLinksOfAVerifiedChain) {
  const sim::SimIntel world = sim::SimIntel::Make();
  const auto parse = [&](const Bytes& der) { return Certificate::Parse(der, kCheck).value(); };
  const auto root = parse(world.Certificate(sim::IntelCertificate::kRoot));
  const auto ca = parse(world.CaCertificate(intel::PckCa::kPlatform));
  const auto leaf = parse(world.PckCertificate());
  CertificatePool pool;
  pool.AddVerified({ca, root});
  EXPECT_TRUE(pool.SignedBy(*ca, *root));
  EXPECT_TRUE(pool.SignedBy(*leaf, *ca));
  EXPECT_FALSE(pool.SignedBy(*leaf, *root));
  EXPECT_FALSE(pool.SignedBy(*root, *ca));
}

// What is known of a root's own signature is known of these bytes, not of this key.
TEST(CertificatePool, KnowsTheAnchorsOwnCertificatesAndNoOtherIssue) {
  const auto parse = [&](const Bytes& der) { return Certificate::Parse(der, kCheck).value(); };
  const sim::SimIntel world = sim::SimIntel::Make();
  const Bytes root = world.Certificate(sim::IntelCertificate::kRoot);
  Bytes bent = root;
  bent.back() ^= 1;
  TrustAnchors anchors;
  ASSERT_TRUE(anchors.AddExtra(root).ok());
  CertificatePool pool(anchors);
  EXPECT_TRUE(pool.SignedBy(*parse(root), *parse(root)));
  EXPECT_FALSE(pool.SignedBy(*parse(bent), *parse(bent)));
  EXPECT_FALSE(pool.SignedBy(*parse(bent), *parse(root)));
}

}  // namespace
}  // namespace thimble
