// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/product.h"

#include <gtest/gtest.h>

#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

TEST(Product, NamesAndAliases) {
  EXPECT_EQ(ProductFromName("Milan"), Product::kMilan);
  EXPECT_EQ(ProductFromName("Turin"), Product::kTurin);
  for (const char* name : {"Genoa", "Bergamo", "Siena"})
    EXPECT_EQ(ProductFromName(name), Product::kGenoa) << name;
  for (const char* name : {"", "milan", "Rome", "Milan-B0"})
    EXPECT_EQ(ProductFromName(name), std::nullopt) << name;
  for (const ProductTraits& traits : AllProducts()) {
    EXPECT_EQ(ProductFromName(traits.name), traits.product);
    EXPECT_EQ(TraitsOf(traits.product).name, traits.name);
  }
}

TEST(Product, FromCpuIdAtTheEdgesOfEachRange) {
  struct Row {
    uint8_t family, model;
    std::optional<Product> product;
  };
  constexpr Row kRows[] = {
      {0x19, 0x00, Product::kMilan},  {0x19, 0x0f, Product::kMilan},  {0x19, 0x10, Product::kGenoa},
      {0x19, 0x1f, Product::kGenoa},  {0x19, 0x20, std::nullopt},     {0x19, 0x9f, std::nullopt},
      {0x19, 0xa0, Product::kGenoa},  {0x19, 0xaf, Product::kGenoa},  {0x19, 0xb0, std::nullopt},
      {0x1a, 0x00, Product::kTurin},  {0x1a, 0x11, Product::kTurin},  {0x1a, 0x1f, Product::kTurin},
      {0x1a, 0x20, std::nullopt},     {0x17, 0x31, std::nullopt},     {0x1a, 0x4f, std::nullopt},
      {0x1a, 0x50, Product::kVenice}, {0x1a, 0x57, Product::kVenice}, {0x1a, 0x58, std::nullopt},
      {0x1a, 0x90, Product::kVenice}, {0x1a, 0xaf, Product::kVenice}, {0x1a, 0xb0, std::nullopt},
      {0x1a, 0xc0, Product::kVenice}, {0x1a, 0xc7, Product::kVenice}, {0x1a, 0xc8, std::nullopt},
  };
  for (const Row& row : kRows) {
    const auto product = ProductFromCpuId({row.family, row.model, 1});
    const auto found = product.ok() ? std::optional(*product) : std::nullopt;
    EXPECT_EQ(found, row.product) << int{row.family} << " " << int{row.model};
  }
}

// Read with Turin's layout a TCB of Venice would give wrong numbers, and no error.
TEST(TcbVersion, OfVeniceHasNeitherBootLoaderNorMicrocode) {
  const TcbVersion venice = TcbVersion::Decode(Product::kVenice, {7, 8, 9, 0, 0, 0, 0, 0});
  EXPECT_EQ(venice, (TcbVersion{Product::kVenice, std::nullopt, 8, 9, std::nullopt, 7}));
  EXPECT_EQ(venice.Encode(), (std::array<uint8_t, 8>{7, 8, 9, 0, 0, 0, 0, 0}));
}

// The examples of spec/amd-sev-snp.md c.
TEST(TcbVersion, DecodesByTheProductsLayout) {
  const auto milan = TcbVersion::Decode(Product::kMilan, {0x04, 0, 0, 0, 0, 0, 0x18, 0xdb});
  EXPECT_EQ(milan, (TcbVersion{Product::kMilan, 4, 0, 0x18, 0xdb, std::nullopt}));
  const auto turin = TcbVersion::Decode(Product::kTurin, {1, 2, 3, 4, 0, 0, 0, 0x51});
  EXPECT_EQ(turin, (TcbVersion{Product::kTurin, 2, 3, 4, 0x51, 1}));
}

TEST(TcbVersion, EncodesWhatItDecodes) {
  constexpr std::array<uint8_t, 8> kMilan = {4, 1, 0, 0, 0, 0, 0x18, 0xdb},
                                   kTurin = {1, 2, 3, 4, 0, 0, 0, 0x51};
  EXPECT_EQ(TcbVersion::Decode(Product::kGenoa, kMilan).Encode(), kMilan);
  EXPECT_EQ(TcbVersion::Decode(Product::kTurin, kTurin).Encode(), kTurin);
}

TEST(TcbVersion, CoversIsPerComponent) {
  const TcbVersion required{Product::kTurin, 2, 2, 2, 2, 2};
  EXPECT_TRUE(Covers(required, required));
  for (TcbVersion::Spl TcbVersion::*component :
       {&TcbVersion::bootloader, &TcbVersion::tee, &TcbVersion::snp, &TcbVersion::microcode}) {
    TcbVersion platform{Product::kTurin, 9, 9, 9, 9, 9};
    EXPECT_TRUE(Covers(platform, required));
    platform.*component = 1;
    EXPECT_FALSE(Covers(platform, required));
  }
  EXPECT_FALSE(Covers({Product::kTurin, 9, 9, 9, 9, 1}, required));
  EXPECT_FALSE(Covers({Product::kGenoa, 9, 9, 9, 9, 9}, required));
}

}  // namespace
}  // namespace thimble::amd
