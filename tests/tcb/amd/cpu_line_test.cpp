// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/cpu_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "tcb/amd/product.h"

namespace thimble::amd {
namespace {

std::string NameOf(const CpuId& cpuid) {
  const CpuLine* const line = CpuLineOf(cpuid);
  return line == nullptr ? "" : std::string(line->name);
}

// The table of spec/amd-floors.md section 1, and CPUs beside each of its rows.
TEST(CpuLine, OfACpuId) {
  struct Row {
    CpuId cpuid;
    std::string_view name;
  };
  constexpr Row kRows[] = {
      {{0x19, 0x01, 0}, "Milan-B0"},
      {{0x19, 0x01, 1}, "Milan-B1"},
      {{0x19, 0x01, 2}, "Milan-X"},
      {{0x19, 0x01, 3}, ""},
      {{0x19, 0x00, 1}, ""},
      {{0x19, 0x11, 1}, "Genoa-B1"},
      {{0x19, 0x11, 2}, "Genoa-X"},
      {{0x19, 0x11, 0}, ""},
      {{0x19, 0x12, 1}, ""},
      {{0x19, 0xa0, 0}, "Siena"},
      {{0x19, 0xa0, 1}, "Siena-A1"},
      {{0x19, 0xa0, 2}, "Siena-A2"},
      {{0x19, 0xaf, 2}, "Siena"},
      {{0x19, 0xb0, 2}, ""},
      {{0x1a, 0x02, 1}, "Turin-C1"},
      {{0x1a, 0x02, 0}, ""},
      {{0x1a, 0x11, 0}, "Turin-Dense"},
      {{0x1a, 0x11, 1}, ""},
      {{0x1a, 0x57, 0}, "Venice"},
      {{0x1a, 0x58, 0}, ""},
      {{0x1a, 0x90, 0}, "Venice"},
      {{0x1a, 0xc7, 0xf}, "Venice"},
      {{0x17, 0x01, 1}, ""},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(NameOf(row.cpuid), row.name)
        << int{row.cpuid.family} << "/" << int{row.cpuid.model} << "/" << int{row.cpuid.stepping};
  }
}

TEST(CpuLine, WidestFirst) {
  const auto lines = CpuLinesOf({0x19, 0xa0, 2});
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]->name, "Siena");
  EXPECT_EQ(lines[1]->name, "Siena-A2");
  EXPECT_FALSE(lines[0]->cpus.exact());
  EXPECT_TRUE(lines[1]->cpus.exact());
}

TEST(CpuLine, FromItsNames) {
  for (const CpuLine& line : AllCpuLines()) {
    ASSERT_NE(CpuLineFromName(line.name), nullptr) << line.name;
    EXPECT_EQ(CpuLineFromName(line.name)->name, line.name);
    if (!line.alias.empty()) {
      EXPECT_EQ(CpuLineFromName(line.alias), &line);
    }
  }
  for (const char* name : {"", "Genoa", "Milan", "Turin", "genoa-x", "Rome"})
    EXPECT_EQ(CpuLineFromName(name), nullptr) << name;
}

// Over every CPUID: two lines overlap only where the second lies in the first, and a line's product is the
// product of each of its CPUs.
TEST(CpuLine, LinesNestAndAreOfOneProduct) {
  std::set<const CpuLine*> seen;
  for (const unsigned family : {0x19u, 0x1au}) {
    for (unsigned at = 0; at < 0x1000; ++at) {
      const CpuId cpuid{static_cast<uint8_t>(family), static_cast<uint8_t>(at >> 4),
                        static_cast<uint8_t>(at & 0xf)};
      const auto lines = CpuLinesOf(cpuid);
      const auto product = ProductFromCpuId(cpuid);
      for (const CpuLine* line : lines) {
        EXPECT_EQ(line->product, product.ok() ? std::optional(*product) : std::nullopt) << line->name;
        seen.insert(line);
      }
      for (size_t i = 1; i < lines.size(); ++i) {
        const CpuRange &outer = lines[i - 1]->cpus, &inner = lines[i]->cpus;
        EXPECT_TRUE(outer.Contains({inner.family, inner.first_model, inner.first_stepping}) &&
                    outer.Contains({inner.family, inner.last_model, inner.last_stepping}))
            << lines[i]->name;
      }
    }
  }
  EXPECT_EQ(seen.size(), AllCpuLines().size());
}

// -- names in policies --

TEST(Cpus, NamesMeanProductsAndLines) {
  for (const ProductTraits& traits : AllProducts())
    EXPECT_EQ(Cpus::FromName(traits.name), Cpus(traits.product));
  for (const CpuLine& line : AllCpuLines()) {
    const auto cpus = Cpus::FromName(line.name);
    EXPECT_EQ(cpus.has_value(), line.product.has_value()) << line.name;
    if (cpus) {
      EXPECT_EQ(cpus->name(), line.name);
    }
  }
  EXPECT_EQ(Cpus::FromName("Bergamo"), Cpus::FromName("Siena")) << "one CPUID: one name in two words";
  EXPECT_NE(Cpus::FromName("Siena"), Cpus::FromName("Genoa"));
  EXPECT_EQ(Cpus::FromName("Rome"), std::nullopt);
}

TEST(Cpus, ContainByTheirCpuIds) {
  const auto cpus = [](std::string_view name) { return *Cpus::FromName(name); };
  EXPECT_TRUE(cpus("Genoa").Contains(cpus("Siena-A2")) && cpus("Siena").Contains(cpus("Siena-A2")));
  EXPECT_TRUE(cpus("Genoa").Contains(cpus("Genoa")) && cpus("Siena").Contains(cpus("Bergamo")));
  EXPECT_FALSE(cpus("Siena-A2").Contains(cpus("Siena")) || cpus("Siena").Contains(cpus("Genoa")));
  EXPECT_FALSE(cpus("Milan").Contains(cpus("Genoa-X")) || cpus("Genoa-X").Contains(cpus("Genoa-B1")));
}

// Over every CPUID: what a CPU goes by is among what an unknown CPU of its product may go by.
TEST(Cpus, OfACpuAreAmongThePossible) {
  for (unsigned at = 0; at < 0x2000; ++at) {
    const CpuId cpuid{static_cast<uint8_t>(at < 0x1000 ? 0x19 : 0x1a), static_cast<uint8_t>(at >> 4),
                      static_cast<uint8_t>(at & 0xf)};
    const auto product = ProductFromCpuId(cpuid);
    if (!product) continue;
    const auto names = CpusOf(*product, cpuid);
    EXPECT_EQ(names.front(), Cpus(*product));
    const auto possible = PossibleCpus(*product);
    EXPECT_NE(std::find(possible.begin(), possible.end(), names), possible.end());
  }
}

}  // namespace
}  // namespace thimble::amd
