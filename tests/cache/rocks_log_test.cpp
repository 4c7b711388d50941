// SPDX-License-Identifier: Apache-2.0
//
// The store's own files: a log may end in a write that was cut short, and nothing else may be missing from them.
#include "cache/rocks_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cache/rocks_store.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using test::TempDir;

std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
void Replace(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
std::string Flipped(std::string bytes, size_t bit) {
  bytes.at(bit / 8) = static_cast<char>(bytes.at(bit / 8) ^ (1 << (bit % 8)));
  return bytes;
}
fs::path Largest(const fs::path& directory, std::string_view beginning, std::string_view end) {
  fs::path found;
  for (const auto& file : fs::directory_iterator(directory)) {
    const std::string name = file.path().filename();
    if (!name.starts_with(beginning) || !name.ends_with(end)) continue;
    if (found.empty() || fs::file_size(found) < file.file_size()) found = file.path();
  }
  return found;
}

// What kill -9 leaves: a copy of the directory while the store is in use. Its log has `writes` records, and its table
// one more.
class StoreFiles : public testing::Test {
 protected:
  void Make(size_t writes, size_t size = 40) {
    const std::string used = files_ / "used";
    {
      const auto store = RocksStore::Open(used);
      ASSERT_TRUE((*store)->Apply({{"tabled", std::string(200, 't')}}).ok());
    }
    const auto store = RocksStore::Open(used);
    ASSERT_TRUE(store.ok()) << store.error().message;
    for (size_t i = 0; i < writes; ++i)
      ASSERT_TRUE((*store)->Apply({{StrCat("name", i), std::string(size, 'v')}}).ok());
    fs::copy(used, image(), fs::copy_options::recursive);
  }
  fs::path image() const { return files_ / "image"; }
  fs::path log() const { return Largest(image(), "", ".log"); }

  // Opens a copy of the image with other bytes in this file.
  Result<std::unique_ptr<RocksStore>> OpenWith(const fs::path& file, std::string_view bytes) {
    const fs::path copy = files_ / "copy";
    fs::remove_all(copy);
    fs::copy(image(), copy);
    Replace(copy / file.filename(), bytes);
    return RocksStore::Open(copy);
  }
  void ExpectRefused(const fs::path& file, std::string_view bytes, std::string_view named) {
    const auto store = OpenWith(file, bytes);
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().check, Check::kStoreCorrupt);
    EXPECT_NE(store.error().message.find(named), std::string::npos) << store.error().message;
  }

  TempDir files_;
};

TEST_F(StoreFiles, EveryFlippedBitOfALogOrManifestIsDamage) {
  Make(4);
  for (const fs::path& file : {log(), Largest(image(), "MANIFEST-", "")}) {
    const std::string whole = Contents(file);
    const auto check = CheckRocksLog("it", whole);
    ASSERT_TRUE(check.ok()) << check.error().message;
    EXPECT_EQ(check->torn_bytes, 0u);
    EXPECT_GE(check->records, 3u);
    for (size_t bit = 0; bit < whole.size() * 8; ++bit)
      EXPECT_FALSE(CheckRocksLog("it", Flipped(whole, bit)).ok()) << file << " bit " << bit;
  }
}

TEST_F(StoreFiles, ALogThatWasCutShortAnywhereIsRight) {
  Make(4);
  const std::string whole = Contents(log());
  const uint64_t records = CheckRocksLog("it", whole)->records;
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto check = CheckRocksLog("it", std::string_view(whole).substr(0, size));
    ASSERT_TRUE(check.ok()) << size << ": " << check.error().message;
    EXPECT_LT(check->records, records) << size;
    const auto zeros =
        CheckRocksLog("it", whole.substr(0, size - check->torn_bytes) + std::string(100, '\0'));
    EXPECT_TRUE(zeros.ok()) << size;
  }
}

TEST_F(StoreFiles, RecordsOverManyBlocksAreTakenTogether) {
  Make(5, 50'000);
  const std::string whole = Contents(log());
  EXPECT_EQ(CheckRocksLog("it", whole)->records, 5u);
  for (const size_t cut : {size_t{1}, size_t{20'000}, size_t{45'000}}) {
    const auto check = CheckRocksLog("it", std::string_view(whole).substr(0, whole.size() - cut));
    ASSERT_TRUE(check.ok()) << check.error().message;
    EXPECT_EQ(check->records, 4u);
    const auto store = OpenWith(log(), std::string_view(whole).substr(0, whole.size() - cut));
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_GT((*store)->torn_bytes(), 0u);
    EXPECT_TRUE((*store)->Get("name3")->has_value());
    EXPECT_FALSE((*store)->Get("name4")->has_value());
  }
  for (size_t bit = 3; bit < whole.size() * 8; bit += 8 * 1009)
    EXPECT_FALSE(CheckRocksLog("it", Flipped(whole, bit)).ok()) << bit;
}

TEST_F(StoreFiles, DamageIsRefusedByTheNameOfItsFile) {
  Make(20);
  ExpectRefused(log(), Flipped(Contents(log()), 8 * 500), log().filename().string());
  const fs::path manifest = Largest(image(), "MANIFEST-", ""), table = Largest(image(), "", ".sst");
  ExpectRefused(manifest, Flipped(Contents(manifest), 8 * 30), manifest.filename().string());
  ExpectRefused(table, Flipped(Contents(table), 8 * 20), table.filename().string());
  ExpectRefused(image() / "CURRENT", "MANIFEST-999999\n", "CURRENT");
  EXPECT_TRUE(OpenWith(log(), Contents(log())).ok()) << "as it was";
}

// The length of a record reaches beyond the end of the file: RocksDB takes it for the torn end.
TEST_F(StoreFiles, ALengthThatIsTooLongIsNoTornEnd) {
  Make(20);
  const std::string whole = Contents(log());
  ExpectRefused(log(), Flipped(whole, 8 * 5 + 5), log().filename().string());
}

TEST_F(StoreFiles, WithoutCurrentNoNewStoreIsMadeOverTheOldOne) {
  Make(1);
  fs::remove(image() / "CURRENT");
  const auto store = RocksStore::Open(image());
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().check, Check::kStoreCorrupt);
  EXPECT_NE(store.error().message.find("CURRENT"), std::string::npos) << store.error().message;
  for (const char* const gone : {"registrations.journal", "baselines", "history"})
    EXPECT_NE(store.error().message.find(gone), std::string::npos) << "what comes back, and what does not";
}

TEST_F(StoreFiles, ACleanStopLeavesAnEmptyLog) {
  {
    const auto store = RocksStore::Open(files_ / "store");
    ASSERT_TRUE((*store)->Apply({{"name", "value"}}).ok());
  }
  for (const auto& file : fs::directory_iterator(files_ / "store")) {
    if (file.path().extension() != ".log") continue;
    EXPECT_EQ(file.file_size(), 0u) << file.path();
  }
  EXPECT_EQ((*RocksStore::Open(files_ / "store"))->Get("name").value(), "value");
}

}  // namespace
}  // namespace thimble
