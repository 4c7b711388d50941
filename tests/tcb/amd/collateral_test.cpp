// SPDX-License-Identifier: Apache-2.0
//
// AMD's collateral as it is authenticated before it is cached.
#include "tcb/collateral.h"

#include "tests/support/der_writer.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::LeafSpec;
using sim::SimAmd;
using sim::SnpPlatform;

Bytes Text(const std::string& text) { return Bytes(text.begin(), text.end()); }

std::string Chain(Product product = Product::kMilan, SigningKey kind = SigningKey::kVcek) {
  return World().ChainPem(product, kind);
}
Result<ItemPtr> Authenticate(const CollateralKey& key, const Bytes& body, const std::string& chain) {
  return AuthenticateItem(key, {body, chain}, WorldAnchors());
}

TEST(Collateral, ChainOfEachProductAndKind) {
  for (const SnpPlatform& platform : AllPlatforms()) {
    SCOPED_TRACE(NameOf(platform));
    const AmdChainKey key{platform.product, platform.kind};
    const std::string pem = Chain(platform.product, platform.kind);
    const auto item = Authenticate(key, Text(pem), "");
    ASSERT_TRUE(item.ok()) << item.error().message;
    EXPECT_EQ(AsText((*item)->body()), pem);
    EXPECT_EQ((*item)->issuer_chain(), pem);
    ASSERT_EQ((*item)->signers().size(), 2u);
    const auto any = AuthenticateAny(ItemKind::kAmdChain, {Text(pem), ""}, WorldAnchors());
    ASSERT_TRUE(any.ok());
    EXPECT_EQ((*any)->name(), KeyName(key));
  }
}

TEST(Collateral, ChainInAnyOrderIsKeptInTheVendors) {
  const std::string reversed =
      sim::ToPem(World().Ark(Product::kMilan), "CERTIFICATE") +
      sim::ToPem(World().Intermediate(Product::kMilan, SigningKey::kVcek), "CERTIFICATE");
  const auto item = Authenticate(AmdChainKey{Product::kMilan, SigningKey::kVcek}, Text(reversed), "");
  ASSERT_TRUE(item.ok());
  EXPECT_EQ(AsText((*item)->body()), Chain());
}

TEST(Collateral, ChainThatDoesNotHold) {
  const AmdChainKey key{Product::kMilan, SigningKey::kVcek};
  ExpectError(
      Authenticate(key, Text(SimAmd::Make({.seed = "forger"}).ChainPem(Product::kMilan, SigningKey::kVcek)),
                   ""),
      ErrorKind::kRejected, Check::kSnpChain);
  ExpectError(Authenticate(key, Text(sim::ToPem(World().Ark(Product::kMilan), "CERTIFICATE")), ""),
              ErrorKind::kRejected, Check::kSnpChain);
  ExpectError(Authenticate(key, Text("<html>"), ""), ErrorKind::kMalformed, Check::kCollateralMalformed);
  ExpectError(Authenticate(key, Text(Chain(Product::kGenoa)), ""), ErrorKind::kRejected,
              Check::kCollateralMismatch);
  ExpectError(Authenticate(key, Text(Chain(Product::kMilan, SigningKey::kVlek)), ""), ErrorKind::kRejected,
              Check::kCollateralMismatch);
}

// From an upstream, an import or the store.
TEST(Collateral, ChainOfAnArkThatHasNotSignedItself) {
  const AmdChainKey key{Product::kMilan, SigningKey::kVcek};
  Bytes ark = World().Ark(Product::kMilan);
  const std::string ask = sim::ToPem(World().Intermediate(Product::kMilan, SigningKey::kVcek), "CERTIFICATE");
  EXPECT_TRUE(Authenticate(key, Text(ask + sim::ToPem(ark, "CERTIFICATE")), "").ok());
  ark.back() ^= 1;
  const std::string bent = ask + sim::ToPem(ark, "CERTIFICATE");
  ExpectError(Authenticate(key, Text(bent), ""), ErrorKind::kRejected, Check::kSnpChain);
  ExpectError(Authenticate(AmdCrlKey{Product::kMilan, SigningKey::kVcek}, World().Crl(Product::kMilan), bent),
              ErrorKind::kRejected, Check::kSnpChain);
  const SnpPlatform milan = SnpPlatform::Of(Product::kMilan);
  ExpectError(Authenticate(VcekKey{Product::kMilan, milan.hwid(), milan.tcb}, World().Leaf(milan), bent),
              ErrorKind::kRejected, Check::kSnpChain);
}

TEST(Collateral, NothingComesAfterIt) {
  const AmdChainKey key{Product::kMilan, SigningKey::kVcek};
  ExpectError(Authenticate(key, Text(Chain() + "text"), ""), ErrorKind::kMalformed,
              Check::kCollateralMalformed);
  Bytes crl = World().Crl(Product::kMilan);
  crl.push_back(0);
  ExpectError(Authenticate(AmdCrlKey{Product::kMilan, SigningKey::kVcek}, crl, Chain()),
              ErrorKind::kMalformed, Check::kCollateralMalformed);
  const SnpPlatform milan = SnpPlatform::Of(Product::kMilan);
  Bytes leaf = World().Leaf(milan);
  leaf.push_back(0);
  ExpectError(Authenticate(VcekKey{Product::kMilan, milan.hwid(), milan.tcb}, leaf, Chain()),
              ErrorKind::kMalformed, Check::kCollateralMalformed);
}

TEST(Collateral, CrlUnderItsArk) {
  const Bytes crl = World().Crl(Product::kMilan);
  for (const SigningKey kind : {SigningKey::kVcek, SigningKey::kVlek}) {
    const AmdCrlKey key{Product::kMilan, kind};
    const auto item = Authenticate(key, crl, Chain(Product::kMilan, kind));
    ASSERT_TRUE(item.ok()) << item.error().message;
    EXPECT_EQ((*item)->name(), KeyName(key));
    EXPECT_EQ((*item)->order_number(), 7u);
    EXPECT_NE((*item)->crl(), nullptr);
    EXPECT_EQ((*item)->body(), crl);
    // What is kept of the chain authenticates it again.
    EXPECT_TRUE(Authenticate(key, (*item)->body(), (*item)->issuer_chain()).ok());
    EXPECT_EQ(
        (*AuthenticateAny(ItemKind::kAmdCrl, {crl, Chain(Product::kMilan, kind)}, WorldAnchors()))->name(),
        KeyName(key));
  }
}

TEST(Collateral, CrlThatDoesNotHold) {
  const AmdCrlKey key{Product::kMilan, SigningKey::kVcek};
  const SimAmd forger = SimAmd::Make({.seed = "forger"});
  Bytes flipped = World().Crl(Product::kMilan);
  flipped.back() ^= 1;
  ExpectError(Authenticate(key, flipped, Chain()), ErrorKind::kRejected, Check::kSnpCrl);
  ExpectError(Authenticate(key, forger.Crl(Product::kMilan), Chain()), ErrorKind::kRejected, Check::kSnpCrl);
  ExpectError(
      Authenticate(key, forger.Crl(Product::kMilan), forger.ChainPem(Product::kMilan, SigningKey::kVcek)),
      ErrorKind::kRejected, Check::kSnpChain);
  ExpectError(Authenticate(key, World().Crl(Product::kMilan), ""), ErrorKind::kMalformed,
              Check::kCollateralMalformed);
  ExpectError(
      Authenticate(key, World().Crl(Product::kMilan),
                   sim::ToPem(World().Intermediate(Product::kMilan, SigningKey::kVcek), "CERTIFICATE")),
      ErrorKind::kRejected, Check::kSnpChain);
  ExpectError(Authenticate(key, World().Crl(Product::kGenoa), Chain(Product::kGenoa)), ErrorKind::kRejected,
              Check::kCollateralMismatch);
  ExpectError(Authenticate(key, {0x30, 0x00}, Chain()), ErrorKind::kMalformed, Check::kCollateralMalformed);
}

TEST(Collateral, NewerCrlsAreNotOlder) {
  const AmdCrlKey key{Product::kMilan, SigningKey::kVcek};
  const auto numbered = [&](uint64_t number) {
    return Authenticate(key, World().Crl(Product::kMilan, [=](sim::CrlSpec& c) { c.number = number; }),
                        Chain())
        .value();
  };
  EXPECT_TRUE(NotOlder(*numbered(8), *numbered(7)));
  EXPECT_FALSE(NotOlder(*numbered(6), *numbered(7)));
}

VcekKey KeyFor(const SnpPlatform& platform) { return {platform.product, platform.hwid(), platform.tcb}; }

TEST(Collateral, VcekOfEachProduct) {
  for (const Product product : {Product::kMilan, Product::kGenoa, Product::kTurin}) {
    const SnpPlatform platform = SnpPlatform::Of(product);
    SCOPED_TRACE(NameOf(platform));
    for (const bool wrapped : {false, true}) {
      const Bytes leaf = World().Leaf(platform, [=](LeafSpec& l) { l.wrap_hwid = wrapped; });
      const auto item = Authenticate(KeyFor(platform), leaf, Chain(product));
      ASSERT_TRUE(item.ok()) << item.error().message;
      EXPECT_EQ((*item)->body(), leaf);
      ASSERT_NE((*item)->vcek(), nullptr);
      EXPECT_EQ((*item)->window(), (*item)->vcek()->validity());
      const auto any = AuthenticateAny(ItemKind::kVcek, {leaf, Chain(product)}, WorldAnchors());
      ASSERT_TRUE(any.ok());
      EXPECT_EQ((*any)->name(), KeyName(KeyFor(platform)));
    }
  }
}

// A VCEK that is authentic, but not the one that was asked for.
TEST(Collateral, VcekOfAnotherChipOrTcb) {
  const SnpPlatform turin = SnpPlatform::Of(Product::kTurin);
  const Bytes leaf = World().Leaf(turin);
  VcekKey key = KeyFor(turin);
  key.hwid[0] ^= 1;
  ExpectError(Authenticate(key, leaf, Chain(Product::kTurin)), ErrorKind::kRejected,
              Check::kCollateralMismatch);
  for (TcbVersion::Spl TcbVersion::*component :
       {&TcbVersion::bootloader, &TcbVersion::tee, &TcbVersion::snp, &TcbVersion::microcode}) {
    key = KeyFor(turin);
    ++*(key.tcb.*component);
    ExpectError(Authenticate(key, leaf, Chain(Product::kTurin)), ErrorKind::kRejected,
                Check::kCollateralMismatch);
  }
  key = KeyFor(turin);
  key.tcb.fmc = 0;
  ExpectError(Authenticate(key, leaf, Chain(Product::kTurin)), ErrorKind::kRejected,
              Check::kCollateralMismatch);
  key = KeyFor(SnpPlatform::Of(Product::kMilan));
  ExpectError(Authenticate(key, leaf, Chain(Product::kTurin)), ErrorKind::kRejected,
              Check::kCollateralMismatch);
}

TEST(Collateral, VcekThatDoesNotHold) {
  const SnpPlatform milan = SnpPlatform::Of(Product::kMilan);
  const auto with = [&](const sim::Bend<LeafSpec>& bend) {
    return Authenticate(KeyFor(milan), World().Leaf(milan, bend), Chain());
  };
  EXPECT_TRUE(with({}).ok());
  Bytes flipped = World().Leaf(milan);
  flipped.back() ^= 1;
  ExpectError(Authenticate(KeyFor(milan), flipped, Chain()), ErrorKind::kRejected, Check::kSnpLeafSignature);
  ExpectError(with([](LeafSpec& l) { l.product_name = "Genoa"; }), ErrorKind::kRejected, Check::kSnpProduct);
  ExpectError(with([](LeafSpec& l) { l.struct_version = 1; }), ErrorKind::kRejected, Check::kSnpProduct);
  ExpectError(with([](LeafSpec& l) { l.hwid.resize(8); }), ErrorKind::kRejected, Check::kSnpChipId);
  ExpectError(with([](LeafSpec& l) { l.tcb.fmc = 0; }), ErrorKind::kRejected, Check::kSnpTcbBinding);
  ExpectError(with([](LeafSpec& l) { l.reserved = {{4, 1}}; }), ErrorKind::kRejected, Check::kSnpTcbBinding);
  ExpectError(with([](LeafSpec& l) { l.common_name = "SEV-VLEK"; }), ErrorKind::kRejected,
              Check::kSnpSigningKey);
  ExpectError(with([](LeafSpec& l) { l.product_name.reset(); }), ErrorKind::kMalformed,
              Check::kCollateralMalformed);
  ExpectError(Authenticate(KeyFor(milan), World().Leaf(milan), Chain(Product::kMilan, SigningKey::kVlek)),
              ErrorKind::kRejected, Check::kSnpSigningKey);
  ExpectError(Authenticate(KeyFor(milan), World().Leaf(milan), Chain(Product::kGenoa)), ErrorKind::kRejected,
              Check::kSnpChain);
  ExpectError(Authenticate(KeyFor(milan), World().Leaf(milan), ""), ErrorKind::kMalformed,
              Check::kCollateralMalformed);
  ExpectError(Authenticate(KeyFor(milan), World().Leaf(milan),
                           sim::ToPem(World().Ark(Product::kMilan), "CERTIFICATE")),
              ErrorKind::kRejected, Check::kSnpChain);
  ExpectError(Authenticate(KeyFor(milan), Text("<html>"), Chain()), ErrorKind::kMalformed,
              Check::kCollateralMalformed);
}

}  // namespace
}  // namespace thimble::amd
