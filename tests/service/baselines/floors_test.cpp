// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floors.h"

#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

constexpr std::string_view kHead = "name = \"ours\"\nversion = \"1\"\n";
constexpr std::string_view kGenoa =
    "[[floor]]\nbulletin = \"B-1\"\nfamily = 0x19\nmodels = [0x11, 0x12]\nsteppings = [1, 1]\n";

std::string ErrorOf(const std::string& text) {
  const auto table = ParseFloorFile(text, "f.toml");
  if (table) return "";
  EXPECT_EQ(table.error().check, Check::kRequest);
  return table.error().message;
}
void ExpectError(const std::string& text, std::string_view words) {
  const std::string message = ErrorOf(text);
  EXPECT_TRUE(message.starts_with("f.toml:")) << message;
  EXPECT_NE(message.find(words), std::string::npos) << message;
}

TEST(Floors, TheBuiltInTableIsTheFileThatIsShipped) {
  const auto table = LoadFloor("builtin");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->name, "amd-builtin 2026-11-25");
  EXPECT_EQ(table->entries.size(), 9u);
  const amd::FloorEntry& milan = table->entries.front();
  EXPECT_EQ(milan.bulletin, "AMD-SB-3019");
  EXPECT_EQ(milan.snp, 0x18);
  EXPECT_FALSE(milan.microcode);
}

TEST(Floors, AnEntryHasWhatTheFileSays) {
  const auto table = ParseFloorFile(
      StrCat(kHead, kGenoa, "bootloader = 1\ntee = 2\nsnp = 3\nmicrocode = 0xff\n",
             "[[floor]]\nbulletin = \"B-2\"\nfamily = 0x1a\nmodels = [2, 2]\nsteppings = [0, 15]\nfmc = 1\n"),
      "f.toml");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->name, "ours 1");
  ASSERT_EQ(table->entries.size(), 2u);
  const amd::FloorEntry& entry = table->entries.front();
  EXPECT_EQ(entry.family, 0x19);
  EXPECT_EQ(entry.models.first, 0x11);
  EXPECT_EQ(entry.models.last, 0x12);
  EXPECT_EQ(entry.steppings.first, 1);
  EXPECT_EQ(entry.bootloader, 1);
  EXPECT_EQ(entry.tee, 2);
  EXPECT_EQ(entry.snp, 3);
  EXPECT_EQ(entry.microcode, 0xff);
  EXPECT_FALSE(entry.fmc);
  EXPECT_EQ(table->entries.back().fmc, 1);
}

TEST(Floors, NoTableIsOneWithoutEntries) {
  const auto table = LoadFloor("");
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->entries.empty());
  EXPECT_EQ(table->name, "");
}

TEST(Floors, RefusesWhatIsNoFloor) {
  EXPECT_EQ(ErrorOf(StrCat(kHead, kGenoa, "snp = 1\n")), "");
  ExpectError(StrCat(kGenoa, "snp = 1\n"), "name, version");
  ExpectError(StrCat(kHead), "at least one [[floor]]");
  ExpectError(StrCat(kHead, kGenoa), "without a minimum");
  ExpectError(StrCat(kHead, kGenoa, "snp = 256\n"), "from 0 to 255");
  ExpectError(StrCat(kHead, kGenoa, "ucode = 1\n"), "unknown key");
  ExpectError(StrCat(kHead, kGenoa, "fmc = 1\n"), "Genoa has no such component");
  ExpectError(StrCat(kHead, "[floor]\nsnp = 1\n"), "floors are a list");
  ExpectError(StrCat(kHead, "[[floor]]\nsnp = 1\n"), "bulletin, family, models and steppings");
  for (const char* models : {"[2]", "[3, 2]", "2", "[\"a\", 2]"}) {
    ExpectError(StrCat(kHead, "[[floor]]\nbulletin = \"B\"\nfamily = 0x19\nmodels = ", models,
                       "\nsteppings = [0, 1]\nsnp = 1\n"),
                "models must be");
  }
  ExpectError(
      StrCat(kHead,
             "[[floor]]\nbulletin = \"B\"\nfamily = 0x17\nmodels = [1, 1]\nsteppings = [0, 1]\nsnp = 1\n"),
      "unsupported product");
  ExpectError("name = ", "");
}

TEST(Floors, AFileIsReadOnceAndThenKept) {
  const test::TempDir files;
  const std::string path = files.Write("f.toml", StrCat(kHead, kGenoa, "snp = 1\n"));
  Floors floors;
  const auto first = floors.Get(path);
  ASSERT_TRUE(first);
  files.Write("f.toml", std::string_view("broken"));
  const auto again = floors.Get(path);
  ASSERT_TRUE(again);
  EXPECT_EQ(*first, *again);
  EXPECT_FALSE(Floors().Get(path));
}

TEST(Floors, ThimbleDoesNotStartWithoutTheFloorOfABaseline) {
  Config config;
  config.baselines["mine"].amd = "/nowhere/floor.toml";
  EXPECT_FALSE(CheckFloors(config.baselines));
  const auto app = App::Make(config, {.storage = Storage::kMemory, .frozen_time = {}});
  ASSERT_FALSE(app);
  EXPECT_NE(app.error().message.find("/nowhere/floor.toml"), std::string::npos);
}

}  // namespace
}  // namespace thimble
