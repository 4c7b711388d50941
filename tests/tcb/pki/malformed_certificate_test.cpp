// SPDX-License-Identifier: Apache-2.0
//
// Every way of not being an X.509 certificate.
#include "tests/support/der_writer.h"
#include "tests/tcb/pki/made_certificate.h"

namespace thimble {
namespace {

namespace der = sim::der;
using sim::Bend;
using sim::CertificateParts;
using sim::CertificateSpec;

Bytes Named(std::string_view common_name) {
  return der::Sequence({der::Oid("2.5.4.3"), der::Utf8String(common_name)});
}
Bytes NameOf(const Bytes& common_name) {
  return der::Sequence({der::Set({der::Sequence({der::Oid("2.5.4.3"), common_name})})});
}
void ExpectMalformed(const char* what, const Bytes& bytes) {
  const auto certificate = Parse(bytes);
  ASSERT_FALSE(certificate.ok()) << what;
  EXPECT_EQ(certificate.error().kind, ErrorKind::kMalformed) << what;
  EXPECT_EQ(certificate.error().check, kCheck) << what;
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

}  // namespace
}  // namespace thimble
