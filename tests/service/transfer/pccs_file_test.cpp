// SPDX-License-Identifier: Apache-2.0
//
// The file of a PCCS's database: with what lies beside it, and within bounds.
#include <gtest/gtest.h>

#include "service/transfer/pccs_database.h"
#include "tests/service/testing/process.h"
#include "tests/service/transfer/pccs_target.h"

namespace thimble {
namespace {

using test::kNew;
using test::TextOf;
using Target = test::PccsTarget;

// -- What lies beside the file ----------------------------------------------------------------------------------------

constexpr size_t kLimit = size_t{1} << 30;

PlatformBundle ReadFrom(const std::string& path) {
  const auto file = ReadImportFile(path, kLimit);
  EXPECT_TRUE(file.ok()) << file.error().message;
  std::vector<std::string> odd;
  auto bundle = ReadPccsDatabase(file.ok() ? *file : "", odd);
  EXPECT_TRUE(bundle.ok()) << bundle.error().message;
  return bundle.ok() ? *std::move(bundle) : PlatformBundle();
}

TEST(PccsFile, WhatIsInAWriteAheadLogIsTakenAndTheFilesStayAsTheyWere) {
  Target w;
  w.database.Run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0");
  w.AddRegistration(kNew, 0);  // in the log alone
  const std::string path = w.database.path(), log = path + "-wal";
  const std::string file_before = TextOf(path), log_before = TextOf(log);
  ASSERT_FALSE(log_before.empty());
  EXPECT_EQ(ReadFrom(path).waiting.size(), 1u);
  EXPECT_EQ(TextOf(path), file_before);
  EXPECT_EQ(TextOf(log), log_before);

  const http::Response refused = w.Import(file_before);
  EXPECT_EQ(refused.status, 400) << "the file alone lacks what was written last";
  EXPECT_NE(refused.content->body().find("WAL mode"), std::string::npos) << refused.content->body();
  const auto run =
      test::RunThimble({"import", path, "--data", w.files / "data", "--anchor", w.files / "root.pem"});
  EXPECT_NE(run.out.find("1 registrations wait"), std::string::npos) << run.out << run.err;
}

TEST(PccsFile, InWalModeWithoutALogIsReadAsItIs) {
  Target w;
  w.AddRegistration(kNew, 0);
  w.database.Run("PRAGMA journal_mode=WAL; PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string alone = w.files.Write("alone.db", std::string_view(w.database.File()));
  EXPECT_EQ(ReadFrom(alone).waiting.size(), 1u);
}

// A PCCS that was killed in a write: half of a transaction is in the file, and the journal has what was there before.
TEST(PccsFile, AHotJournalIsRolledBack) {
  Target w;
  w.AddRegistration(kNew, 0);
  w.database.Run(
      "PRAGMA cache_size=1; BEGIN; DELETE FROM platforms_registered;"
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5000) "
      "INSERT INTO platform_tcbs SELECT printf('%032X', x), '0000', '', '', '' FROM c");
  const std::string killed = w.files.Write("killed.db", std::string_view(w.database.File()));
  w.files.Write("killed.db-journal", std::string_view(TextOf(w.database.path() + "-journal")));
  w.database.Run("ROLLBACK");
  EXPECT_EQ(ReadFrom(killed).waiting.size(), 1u);
}

TEST(PccsFile, AJournalThatNamesAnotherFileIsRefused) {
  Target w;
  const std::string path = w.database.path();
  w.files.Write("pckcache.db-journal", std::string_view("of several\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"));
  const auto refused = ReadImportFile(path, kLimit);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("journal is of several databases"), std::string::npos);
}

TEST(PccsFile, AnyOtherFileIsReadAsItIs) {
  test::TempDir files;
  files.Write("export-wal", std::string_view("not looked at"));
  EXPECT_EQ(*ReadImportFile(files.Write("export", std::string_view("THIMBLE-EXPORT")), kLimit),
            "THIMBLE-EXPORT");
  EXPECT_FALSE(ReadImportFile(files / "missing", kLimit).ok());
  EXPECT_FALSE(ReadImportFile(files / "export", 5).ok());
}

// -- A file that somebody made to hurt --------------------------------------------------------------------------------

// A page of SQLite, as its file format says: inner ones lead to another page in each cell, the last has one row of NULLs.
std::string InnerPage(size_t size, uint32_t child) {
  constexpr size_t kCells = 400;
  const auto byte = [](size_t value) { return static_cast<char>(value & 0xff); };
  const std::string to = {byte(child >> 24), byte(child >> 16), byte(child >> 8), byte(child)};
  const size_t content = size - 5 * kCells;
  std::string page = {5, 0, 0, byte(kCells >> 8), byte(kCells), byte(content >> 8), byte(content), 0};
  page += to;
  for (size_t i = 0; i < kCells; ++i) {
    const size_t at = content + 5 * i;
    page += {byte(at >> 8), byte(at)};
  }
  page.resize(content, '\0');
  for (size_t i = 0; i < kCells; ++i) page += to + '\1';
  return page;
}
std::string LeafPage(size_t size) {
  const std::string row = {5, 1, 5, 0, 0, 0, 0};
  const size_t content = size - row.size();
  const auto byte = [](size_t value) { return static_cast<char>(value & 0xff); };
  std::string page = {13,           0, 0, 0, 1, byte(content >> 8), byte(content), 0, byte(content >> 8),
                      byte(content)};
  page.resize(content, '\0');
  return page + row;
}

// 400 to the power of ten rows in a file of some pages.
TEST(PccsFile, RowsWithoutEndAreReadWithinBounds) {
  Target w;
  const auto page = static_cast<size_t>(w.database.Number("PRAGMA page_size"));
  const auto root =
      static_cast<size_t>(w.database.Number("SELECT rootpage FROM sqlite_schema WHERE name = 'pck_crl'"));
  std::string file = w.database.File();
  auto next = static_cast<uint32_t>(file.size() / page + 1);
  file.replace((root - 1) * page, page, InnerPage(page, next));
  for (int level = 1; level < 10; ++level) file += InnerPage(page, ++next);
  file += LeafPage(page);
  const auto pages = static_cast<uint32_t>(file.size() / page);
  for (size_t i = 0; i < 4; ++i) file[28 + i] = static_cast<char>(pages >> (24 - 8 * i));
  const http::Response answer = w.Import(file);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.content->body().find("takes more work than one of its size does"), std::string::npos)
      << answer.content->body();
}

TEST(PccsFile, TakesNoLongerThanItMay) {
  Target w;
  std::vector<std::string> odd;
  EXPECT_TRUE(ReadPccsDatabase(w.database.File(), odd).ok());
  const auto refused = ReadPccsDatabase(w.database.File(), odd, std::chrono::milliseconds(0));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("takes too long to read"), std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace thimble
