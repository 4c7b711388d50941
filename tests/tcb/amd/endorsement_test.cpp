// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/endorsement.h"

#include "tests/support/der_writer.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::CertificateSpec;
using sim::LeafSpec;
using sim::SnpPlatform;
namespace der = sim::der;

constexpr Check kMalformed = Check::kCollateralMalformed;

struct Parsed {
  CertificatePtr certificate;
  Result<Endorsement> endorsement;
};
Parsed Parse(const SnpPlatform& platform, const sim::Bend<LeafSpec>& bend = {}) {
  auto certificate = Certificate::Parse(World().Leaf(platform, bend), kMalformed).value();
  auto endorsement = ParseEndorsement(*certificate, kMalformed);
  return {std::move(certificate), std::move(endorsement)};
}

// Puts another value into the extension with this OID suffix.
sim::Bend<LeafSpec> WithExtension(std::string_view suffix, Bytes value) {
  return [=](LeafSpec& leaf) {
    leaf.certificate = [=](CertificateSpec& certificate) {
      const Bytes oid = der::Oid("1.3.6.1.4.1.3704.1." + std::string(suffix));
      for (Bytes& extension : certificate.more_extensions) {
        if (std::search(extension.begin(), extension.end(), oid.begin(), oid.end()) != extension.end()) {
          extension = der::Sequence({oid, der::OctetString(value)});
        }
      }
    };
  };
}

TEST(Endorsement, ReadsEveryKindOfLeaf) {
  for (const SnpPlatform& platform : AllPlatforms()) {
    SCOPED_TRACE(NameOf(platform));
    const auto [certificate, endorsement] = Parse(platform);
    ASSERT_TRUE(endorsement.ok()) << endorsement.error().message;
    EXPECT_EQ(endorsement->product, platform.product);
    EXPECT_EQ(endorsement->struct_version, platform.product == Product::kTurin ? 1u : 0u);
    EXPECT_EQ(TcbDifference(*endorsement, platform.tcb), std::nullopt);
    EXPECT_EQ(endorsement->hwid, platform.hwid());
    EXPECT_EQ(endorsement->csp_id.has_value(), platform.kind == SigningKey::kVlek);
    EXPECT_TRUE(IsOfKind(*certificate, *endorsement, platform.kind));
    EXPECT_FALSE(IsOfKind(*certificate, *endorsement,
                          platform.kind == SigningKey::kVcek ? SigningKey::kVlek : SigningKey::kVcek));
  }
}

// hwID raw and wrapped, of both lengths; the simulated chip ids begin with 0x04.
TEST(Endorsement, HwIdIsToldByItsLength) {
  for (const Product product : {Product::kMilan, Product::kTurin}) {
    const SnpPlatform platform = SnpPlatform::Of(product);
    ASSERT_EQ(platform.hwid()[0], 0x04);
    const auto wrapped = Parse(platform, [](LeafSpec& l) { l.wrap_hwid = true; });
    ASSERT_TRUE(wrapped.endorsement.ok()) << wrapped.endorsement.error().message;
    EXPECT_EQ(wrapped.endorsement->hwid, platform.hwid());
  }
  for (const size_t size : {1u, 7u, 9u, 10u, 63u, 65u, 66u}) {
    const auto wrong =
        Parse(SnpPlatform::Of(Product::kMilan), [=](LeafSpec& l) { l.hwid = Bytes(size, 0x55); });
    ExpectError(wrong.endorsement, ErrorKind::kMalformed, kMalformed);
  }
}

TEST(Endorsement, SplsAreIntegersFrom0To255) {
  const auto microcode = [](Bytes value) {
    return Parse(SnpPlatform::Of(Product::kMilan), WithExtension("3.8", value)).endorsement;
  };
  EXPECT_EQ(microcode({0x02, 0x01, 0x7f})->microcode, 0x7f);
  EXPECT_EQ(microcode({0x02, 0x02, 0x00, 0x80})->microcode, 0x80);
  EXPECT_EQ(microcode({0x02, 0x02, 0x00, 0xff})->microcode, 0xff);
  const Bytes wrong[] = {
      {0x02, 0x02, 0x01, 0x00},  // 256
      {0x02, 0x01, 0x80},        // -128
      {0x02, 0x02, 0x00, 0x7f},  // not minimal
      {0x02, 0x01, 0x01, 0x00},  // something after it
      {0x04, 0x01, 0x01},       {0x02, 0x00}, {},
  };
  for (const Bytes& value : wrong) ExpectError(microcode(value), ErrorKind::kMalformed, kMalformed);
}

TEST(Endorsement, MissingExtensionsAreErrors) {
  const SnpPlatform milan = SnpPlatform::Of(Product::kMilan);
  ExpectError(Parse(milan, [](LeafSpec& l) { l.struct_version.reset(); }).endorsement, ErrorKind::kMalformed,
              kMalformed);
  ExpectError(Parse(milan, [](LeafSpec& l) { l.product_name.reset(); }).endorsement, ErrorKind::kMalformed,
              kMalformed);
  for (size_t spl = 0; spl < 3; ++spl) {  // blSPL, teeSPL, snpSPL come after structVersion and productName
    const auto without = Parse(milan, [=](LeafSpec& l) {
      l.certificate = [=](CertificateSpec& c) {
        c.more_extensions.erase(c.more_extensions.begin() + 2 + static_cast<int>(spl));
      };
    });
    ExpectError(without.endorsement, ErrorKind::kMalformed, kMalformed);
  }
}

TEST(Endorsement, DuplicateExtensionsAreRefusedWithTheCertificate) {
  const Bytes twice = World().Leaf(SnpPlatform::Of(Product::kMilan), [](LeafSpec& l) {
    l.certificate = [](CertificateSpec& c) { c.more_extensions.push_back(c.more_extensions.front()); };
  });
  ExpectError(Certificate::Parse(twice, kMalformed), ErrorKind::kMalformed, kMalformed);
}

TEST(Endorsement, ProductNameIsReadUpToTheStepping) {
  const auto product = [](const char* name) {
    return Parse(SnpPlatform::Of(Product::kMilan), [=](LeafSpec& l) { l.product_name = name; })
        .endorsement->product;
  };
  EXPECT_EQ(product("Milan-B1"), Product::kMilan);
  EXPECT_EQ(product("Genoa"), Product::kGenoa);
  EXPECT_EQ(product("Turin-"), Product::kTurin);
  EXPECT_EQ(product("Venice-A0"), Product::kVenice);
  EXPECT_EQ(product("Rome-A0"), std::nullopt);
  EXPECT_EQ(product("MilanX"), std::nullopt);
  const auto utf8 = Parse(SnpPlatform::Of(Product::kMilan), WithExtension("2", der::Utf8String("Milan-B0")));
  ExpectError(utf8.endorsement, ErrorKind::kMalformed, kMalformed);
}

TEST(Endorsement, TcbDifferenceNamesTheComponent) {
  const TcbVersion turin = SnpPlatform::Of(Product::kTurin).tcb;
  const Endorsement endorsement = Parse(SnpPlatform::Of(Product::kTurin)).endorsement.value();
  const auto differs = [&](TcbVersion::Spl TcbVersion::*component) {
    TcbVersion other = turin;
    ++*(other.*component);
    return TcbDifference(endorsement, other).value_or("nothing");
  };
  EXPECT_TRUE(differs(&TcbVersion::bootloader).starts_with("bootloader: "))
      << differs(&TcbVersion::bootloader);
  EXPECT_TRUE(differs(&TcbVersion::tee).starts_with("tee: "));
  EXPECT_TRUE(differs(&TcbVersion::snp).starts_with("snp: "));
  EXPECT_TRUE(differs(&TcbVersion::microcode).starts_with("microcode: "));
  TcbVersion other = turin;
  other.fmc = 9;
  EXPECT_EQ(TcbDifference(endorsement, other), "fmc: certificate 1, report 9");
  other.fmc.reset();
  EXPECT_EQ(TcbDifference(endorsement, other), "fmc: only in the certificate");
  Endorsement without_fmc = endorsement;
  without_fmc.fmc.reset();
  EXPECT_EQ(TcbDifference(without_fmc, turin), "fmc: not in the certificate");
}

// Which SPLs a leaf of Venice has beside those of its TCB has not been seen: they do not count, absent or there.
TEST(Endorsement, OfVeniceIsComparedByTheComponentsOfItsTcb) {
  const SnpPlatform venice = SnpPlatform::OfLine("Venice");
  const auto difference = [&](const std::function<void(LeafSpec&)>& bend) {
    const auto leaf = Parse(venice, bend);
    EXPECT_TRUE(leaf.endorsement.ok());
    return TcbDifference(*leaf.endorsement, venice.tcb).value_or("");
  };
  EXPECT_EQ(difference([](LeafSpec&) {}), "");
  EXPECT_EQ(difference([](LeafSpec& l) { l.tcb.bootloader = l.tcb.microcode = 9; }), "");
  EXPECT_EQ(difference([](LeafSpec& l) { l.tcb.snp = 9; }), "snp: certificate 9, report 2");
  EXPECT_EQ(difference([](LeafSpec& l) { l.tcb.fmc.reset(); }), "fmc: not in the certificate");
}

TEST(Endorsement, ReservedSplsAreZero) {
  for (uint8_t number = 4; number <= 7; ++number) {
    const SnpPlatform milan = SnpPlatform::Of(Product::kMilan);
    const auto leaf = Parse(milan, [=](LeafSpec& l) { l.reserved = {{number, 1}}; });
    EXPECT_TRUE(TcbDifference(*leaf.endorsement, milan.tcb).has_value()) << int{number};
  }
}

}  // namespace
}  // namespace thimble::amd
