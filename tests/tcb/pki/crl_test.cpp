// SPDX-License-Identifier: Apache-2.0
//
// CRLs: what is read from them, and every way of not being one.
#include "tcb/pki/crl.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tcb/check.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
namespace der = sim::der;
using sim::Bend;
using sim::CrlParts;
using sim::CrlSpec;

constexpr Check kCheck = Check::kCollateralMalformed;
const sim::SimKey kCaKey("ca");

Bytes Make(const Bend<CrlSpec>& bend = {}) {
  CrlSpec spec = {.issuer = sim::IntelName("A CA"),
                  .window = {sim::kNow - 24h, sim::kNow + 24h},
                  .number = 258,
                  .authority_key_id = kCaKey.KeyIdentifier(),
                  .revoked = {{0x99}, {0x01, 0x02}}};
  sim::Apply(bend, spec);
  return sim::MakeCrl(spec, kCaKey);
}
Bytes MakeParts(const Bend<CrlParts>& bend) {
  return Make([&](CrlSpec& spec) { spec.bend = bend; });
}

Result<CrlPtr> Parse(const Bytes& bytes) { return Crl::Parse(bytes, kCheck); }

CertificatePtr CertificateWithSerial(const Bytes& serial, const sim::SimKey& key = kCaKey) {
  const sim::CertificateSpec spec = {.serial = serial,
                                     .subject = sim::IntelName("A CA"),
                                     .issuer = sim::IntelName("A CA"),
                                     .validity = {sim::kNow - 24h, sim::kNow + 24h},
                                     .is_ca = true};
  return Certificate::Parse(sim::MakeCertificate(spec, key, key), kCheck).value();
}

TEST(Crl, IsReadInFull) {
  const Bytes bytes = Make();
  const auto parsed = Parse(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Crl& crl = **parsed;
  EXPECT_TRUE(Equal(crl.der(), bytes));
  EXPECT_EQ(crl.sha256(), Sha256(bytes));
  EXPECT_EQ(crl.issuer_cn(), "A CA");
  EXPECT_TRUE(Equal(crl.issuer(), sim::EncodeName(sim::IntelName("A CA"))));
  EXPECT_EQ(crl.window(), (Validity{sim::kNow - 24h, sim::kNow + 24h}));
  EXPECT_TRUE(crl.has_number());
  EXPECT_EQ(HexLower(crl.number()), "0102");
  EXPECT_TRUE(crl.has_authority_key_id());
  EXPECT_TRUE(Equal(crl.authority_key_id(), kCaKey.KeyIdentifier()));
  EXPECT_EQ(crl.incomplete(), "");
  EXPECT_EQ(crl.revoked().size(), 2u);
}

TEST(Crl, WithoutEntriesNumberOrKeyIdentifier) {
  const auto empty = Parse(Make([](CrlSpec& spec) { spec.revoked.clear(); }));
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ((*empty)->revoked().size(), 0u);
  const auto bare = Parse(Make([](CrlSpec& spec) { spec.number.reset(); }));
  EXPECT_FALSE((*bare)->has_number());
  EXPECT_FALSE(
      Parse(Make([](CrlSpec& spec) { spec.authority_key_id.clear(); })).value()->has_authority_key_id());
}

// Serials are compared as unsigned magnitudes (DCAP 2.4).
TEST(Crl, RevokesTheSerialsInIt) {
  const auto crl = Parse(Make([](CrlSpec& spec) {
                     spec.revoked = {{0xff}, {0x01}, Bytes(20, 0x80), {0x7f, 0x00}, {0x05}};
                   })).value();
  for (const Bytes& serial :
       {Bytes{0xff}, Bytes{0x00, 0xff}, Bytes{0x01}, Bytes(20, 0x80), Bytes{0x7f, 0x00}, Bytes{0x05}}) {
    EXPECT_TRUE(crl->Revokes(*CertificateWithSerial(serial))) << HexLower(serial);
  }
  for (const Bytes& serial :
       {Bytes{0x00}, Bytes{0x02}, Bytes{0x7f}, Bytes{0xff, 0x00}, Bytes(19, 0x80), Bytes{0x01, 0x00}}) {
    EXPECT_FALSE(crl->Revokes(*CertificateWithSerial(serial))) << HexLower(serial);
  }
}

TEST(Crl, FindsEachOfManySerialsWhateverTheirOrder) {
  std::vector<Bytes> serials;
  for (int i = 0; i < 300; ++i) {
    serials.push_back({1, static_cast<uint8_t>(i * 7 % 256), static_cast<uint8_t>(i / 256), 9});
  }
  const auto crl = Parse(Make([&](CrlSpec& spec) { spec.revoked = serials; })).value();
  EXPECT_EQ(crl->revoked().size(), serials.size());
  EXPECT_TRUE(std::is_sorted(crl->revoked().begin(), crl->revoked().end()));
  for (size_t i = 0; i < serials.size(); i += 23) {
    EXPECT_TRUE(crl->Revokes(*CertificateWithSerial(serials[i])));
  }
  EXPECT_FALSE(crl->Revokes(*CertificateWithSerial({1, 0, 0, 8})));
}

// An entry is a revocation whatever its reason says: also removeFromCRL (8).
TEST(Crl, ReasonsDoNotMatter) {
  const auto crl =
      Parse(MakeParts([](CrlParts& parts) {
        const Bytes reason = sim::MakeExtension("2.5.29.21", false, der::Enumerated(8));
        parts.revoked = {der::Sequence({der::Integer(5), der::Time(sim::kNow), der::Sequence({reason})}),
                         der::Sequence({der::Integer(6), der::Time(sim::kNow)})};
      })).value();
  EXPECT_TRUE(crl->Revokes(*CertificateWithSerial({5})));
  EXPECT_TRUE(crl->Revokes(*CertificateWithSerial({6})));
}

TEST(Crl, SignatureHoldsUnderItsCaOnly) {
  const auto crl = Parse(Make()).value();
  EXPECT_TRUE(crl->SignedBy(*CertificateWithSerial({1})));
  EXPECT_FALSE(crl->SignedBy(*CertificateWithSerial({1}, sim::SimKey("another"))));
}

TEST(Crl, EveryByteOfItCounts) {
  const Bytes good = Make();
  const auto ca = CertificateWithSerial({1});
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    const auto crl = Parse(bad);
    EXPECT_FALSE(crl.ok() && (*crl)->SignedBy(*ca)) << i;
  }
}

TEST(Crl, EveryPrefixOfItIsMalformed) {
  const Bytes good = Make();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Parse(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size))).ok()) << size;
  }
}

const std::pair<const char*, Bend<CrlParts>> kMalformedParts[] = {
    {"version 1", [](auto& p) { p.version = {}; }},
    {"version 1 spelled out", [](auto& p) { p.version = der::Integer(0); }},
    {"version 3", [](auto& p) { p.version = der::Integer(2); }},
    {"inner algorithm another",
     [](auto& p) { p.algorithm = der::Sequence({der::Oid("1.2.840.10045.4.3.3")}); }},
    {"outer algorithm another",
     [](auto& p) { p.outer_algorithm = der::Sequence({der::Oid("1.2.840.10045.4.3.3")}); }},
    {"unknown algorithm",
     [](auto& p) { p.algorithm = p.outer_algorithm = der::Sequence({der::Oid("1.2.840.10045.4.1")}); }},
    {"issuer not a Name", [](auto& p) { p.issuer = der::Null(); }},
    {"no thisUpdate", [](auto& p) { p.this_update = {}; }},
    {"no nextUpdate", [](auto& p) { p.next_update = {}; }},
    {"nextUpdate without seconds",
     [](auto& p) { p.next_update = der::Element(0x17, AsBytes("2606010000Z")); }},
    {"an entry without a time", [](auto& p) { p.revoked.push_back(der::Sequence({der::Integer(5)})); }},
    {"an entry without a serial",
     [](auto& p) { p.revoked.push_back(der::Sequence({der::Time(sim::kNow)})); }},
    {"an entry whose serial is not minimal",
     [](auto& p) {
       p.revoked.push_back(der::Sequence({der::Element(0x02, Bytes{0, 5}), der::Time(sim::kNow)}));
     }},
    {"an entry whose serial is negative",
     [](auto& p) {
       p.revoked.push_back(der::Sequence({der::Element(0x02, Bytes{0x8f, 5}), der::Time(sim::kNow)}));
     }},
    {"an entry that is no SEQUENCE", [](auto& p) { p.revoked.push_back(der::Integer(5)); }},
    {"an entry with something after its extensions",
     [](auto& p) {
       const Bytes extensions = der::Sequence({sim::MakeExtension("2.5.29.21", false, der::Enumerated(1))});
       p.revoked.push_back(der::Sequence({der::Integer(5), der::Time(sim::kNow), extensions, der::Null()}));
     }},
    {"an entry with an empty list of extensions",
     [](auto& p) {
       p.revoked.push_back(der::Sequence({der::Integer(5), der::Time(sim::kNow), der::Sequence({})}));
     }},
    {"no extensions", [](auto& p) { p.extensions.clear(); }},
    {"an extension twice", [](auto& p) { p.extensions.push_back(p.extensions.front()); }},
    {"an authority key identifier that is none",
     [](auto& p) { p.extensions.back() = sim::MakeExtension("2.5.29.35", false, der::Null()); }},
    {"a negative number",
     [](auto& p) {
       p.extensions.front() = sim::MakeExtension("2.5.29.20", false, der::Element(0x02, Bytes{0x80}));
     }},
    {"a number that is none",
     [](auto& p) { p.extensions.front() = sim::MakeExtension("2.5.29.20", false, der::Null()); }},
    {"two numbers in one",
     [](auto& p) {
       p.extensions.front() =
           sim::MakeExtension("2.5.29.20", false, der::Concat({der::Integer(1), der::Integer(2)}));
     }},
    {"a number of 21 bytes",
     [](auto& p) {
       p.extensions.front() = sim::MakeExtension("2.5.29.20", false, der::Element(0x02, Bytes(21, 0x11)));
     }},
};

TEST(Crl, PartsThatAreNotACrls) {
  for (const auto& [what, bend] : kMalformedParts) {
    const auto crl = Parse(MakeParts(bend));
    ASSERT_FALSE(crl.ok()) << what;
    EXPECT_EQ(crl.error().kind, ErrorKind::kMalformed) << what;
    EXPECT_EQ(crl.error().check, kCheck) << what;
  }
  const Bytes good = Make();
  EXPECT_FALSE(Parse(der::Concat({good, Bytes{0}})).ok());
  EXPECT_FALSE(Parse({}).ok());
  EXPECT_FALSE(Parse(sim::SimIntel::Make().RootCaCrl([](CrlSpec& spec) {
                 spec.revoked.assign((4 << 20) / 40, Bytes(20, 1));
               })).ok());
}

// An empty revokedCertificates is left out by DER writers; written out it is refused.
TEST(Crl, AnEmptyListOfEntriesIsMalformed) {
  EXPECT_FALSE(Parse(MakeParts([](CrlParts& parts) {
                 parts.revoked.clear();
                 parts.next_update = der::Concat({parts.next_update, der::Sequence({})});
               })).ok());
}

// -- RFC 5280 sections 5.2.4, 5.2.5, 5.3: what is not a complete CRL of its issuer --

Bend<CrlParts> With(const char* oid, bool critical, const Bytes& value) {
  return [=](CrlParts& parts) { parts.extensions.push_back(sim::MakeExtension(oid, critical, value)); };
}
Bend<CrlParts> EntryWith(const char* oid, bool critical, const Bytes& value) {
  return [=](CrlParts& parts) {
    const Bytes extension = sim::MakeExtension(oid, critical, value);
    parts.revoked.push_back(
        der::Sequence({der::Integer(5), der::Time(sim::kNow), der::Sequence({extension})}));
  };
}
const Bytes kOtherIssuer = der::Sequence({der::Explicit(4, {sim::EncodeName(sim::IntelName("Another CA"))})});

TEST(Crl, IsCompleteOrNotUsable) {
  const auto ca = CertificateWithSerial({1});
  const std::pair<const char*, Bend<CrlParts>> complete[] = {
      {"as it is", {}},
      {"an unknown extension", With("1.2.3.4", false, der::Null())},
      {"an entry with an unknown extension", EntryWith("1.2.3.4", false, der::Null())},
      {"a reason code that is critical", EntryWith("2.5.29.21", true, der::Enumerated(1))},
      {"an invalidity date that is critical", EntryWith("2.5.29.24", true, der::Time(sim::kNow))},
  };
  for (const auto& [what, bend] : complete) {
    const auto crl = Parse(MakeParts(bend)).value();
    EXPECT_EQ(crl->incomplete(), "") << what;
    EXPECT_EQ(CrlIssuerProblem(*crl, *ca), std::nullopt) << what;
  }
  const std::pair<const char*, Bend<CrlParts>> incomplete[] = {
      {"a delta CRL", With("2.5.29.27", true, der::Integer(1))},
      {"a delta CRL that does not call itself one aloud", With("2.5.29.27", false, der::Integer(1))},
      {"an indirect CRL", With("2.5.29.28", true, der::Sequence({der::Implicit(4, Bytes{0xff})}))},
      {"an indirect CRL, not critical",
       With("2.5.29.28", false, der::Sequence({der::Implicit(4, Bytes{0xff})}))},
      {"for CA certificates alone", With("2.5.29.28", true, der::Sequence({der::Implicit(2, Bytes{0xff})}))},
      {"an unknown critical extension", With("1.2.3.4", true, der::Null())},
      {"an entry with an unknown critical extension", EntryWith("1.2.3.4", true, der::Null())},
      {"an entry of another issuer", EntryWith("2.5.29.29", true, kOtherIssuer)},
      {"an entry of another issuer, not critical", EntryWith("2.5.29.29", false, kOtherIssuer)},
  };
  for (const auto& [what, bend] : incomplete) {
    const auto crl = Parse(MakeParts(bend)).value();
    EXPECT_NE(crl->incomplete(), "") << what;
    const auto problem = CrlIssuerProblem(*crl, *ca);
    ASSERT_TRUE(problem.has_value()) << what;
    EXPECT_NE(problem->find(crl->incomplete()), std::string::npos) << what;
  }
}

// -- RFC 5280 section 6.3.3: whose CRL it is --

CertificatePtr Issuer(const Bend<sim::CertificateSpec>& bend = {}) {
  sim::CertificateSpec spec = {.serial = {1},
                               .subject = sim::IntelName("A CA"),
                               .issuer = sim::IntelName("A CA"),
                               .validity = {sim::kNow - 24h, sim::kNow + 24h},
                               .is_ca = true,
                               .key_usage = uint16_t{kKeyCertSign | kCrlSign},
                               .subject_key_id = kCaKey.KeyIdentifier()};
  sim::Apply(bend, spec);
  return Certificate::Parse(sim::MakeCertificate(spec, kCaKey, kCaKey), kCheck).value();
}

TEST(Crl, SpeaksForItsIssuer) {
  const auto crl = Parse(Make()).value();
  EXPECT_EQ(CrlIssuerProblem(*crl, *Issuer()), std::nullopt);
  // What is not there says nothing against it.
  EXPECT_EQ(CrlIssuerProblem(*crl, *Issuer([](auto& spec) { spec.subject_key_id.clear(); })), std::nullopt);
  EXPECT_EQ(CrlIssuerProblem(*crl, *Issuer([](auto& spec) { spec.key_usage.reset(); })), std::nullopt);
  const auto unnamed = Parse(Make([](CrlSpec& spec) { spec.authority_key_id.clear(); })).value();
  EXPECT_EQ(CrlIssuerProblem(*unnamed, *Issuer()), std::nullopt);
}

TEST(Crl, DoesNotSpeakForAnother) {
  const auto crl = Parse(Make()).value();
  const std::pair<const char*, Bend<sim::CertificateSpec>> bad[] = {
      {"another name", [](auto& spec) { spec.subject = sim::IntelName("A CA 2"); }},
      {"another key", [](auto& spec) { spec.subject_key_id = sim::SimKey("another").KeyIdentifier(); }},
      {"a part of its key identifier", [](auto& spec) { spec.subject_key_id.pop_back(); }},
      {"no cRLSign", [](auto& spec) { spec.key_usage = uint16_t{kKeyCertSign}; }},
  };
  for (const auto& [what, bend] : bad) EXPECT_TRUE(CrlIssuerProblem(*crl, *Issuer(bend)).has_value()) << what;
}

TEST(Crl, NumbersOfTwentyBytes) {
  const Bytes longest(20, 0xfe);
  const auto crl = Parse(MakeParts([&](CrlParts& parts) {
    parts.extensions.front() = sim::MakeExtension("2.5.29.20", false, der::UnsignedInteger(longest));
  }));
  ASSERT_TRUE(crl.ok());
  EXPECT_TRUE(Equal((*crl)->number(), longest));
}

}  // namespace
}  // namespace thimble
