// SPDX-License-Identifier: Apache-2.0
//
// A back-up is whole and as it was written, or is refused; a restore is whole, or nothing is there.
#include "service/transfer/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "cache/rocks_store.h"
#include "service/transfer/data_files.h"
#include "tcb/base/text.h"
#include "tests/support/sim_intel.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

std::string TextOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void Write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}
mode_t ModeOf(const fs::path& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}
std::map<std::string, std::string> AllIn(const std::string& directory) {
  std::map<std::string, std::string> all;
  const auto files = FilesBelow(directory);
  for (const std::string& name : *files) all[name] = TextOf(fs::path(directory) / name);
  return all;
}

// A data directory in use, with a file of each kind that is ours.
class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    store_ = RocksStore::Open(data_).value();
    EXPECT_TRUE(store_->Apply({{"item", "value"}}).ok());
    Write(data_ + "/audit/audit-00000000000000000001.jsonl", "{\"seq\":1}\n{\"seq\":2}\n{\"se");
    Write(data_ + "/result-key.pem", "key");
    fs::permissions(data_ + "/result-key.pem", fs::perms::owner_read | fs::perms::owner_write);
    Write(data_ + "/result-key.pem.retired.json", "{}");
    Write(data_ + "/of-a-newer-version", "whole");
    Write(data_ + "/backup/other/CURRENT", "of another back-up");
    Write(data_ + "/result-key.pem.new", "half");
  }
  Status Make(const std::string& audit = "") { return MakeBackup(*store_, data_, audit, backup_, sim::kNow); }
  void ExpectRefused(const Result<BackupManifest>& result, std::string_view words) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().check, Check::kRequest);
    EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
  }

  test::TempDir files_;
  const std::string data_ = files_ / "data", backup_ = files_ / "backup", target_ = files_ / "target";
  std::unique_ptr<RocksStore> store_;
};

TEST_F(BackupTest, HoldsEverythingThatALostMachineNeeds) {
  ASSERT_TRUE(Make().ok());
  const auto restored = RestoreBackup(backup_, target_);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  auto all = AllIn(target_);
  EXPECT_EQ(all["audit/audit-00000000000000000001.jsonl"], "{\"seq\":1}\n{\"seq\":2}\n") << "whole records";
  EXPECT_EQ(all["result-key.pem"], "key");
  EXPECT_EQ(all["result-key.pem.retired.json"], "{}");
  EXPECT_EQ(all["of-a-newer-version"], "whole") << "a kind that is not known is better taken than lost";
  for (const char* const left : {"backup/other/CURRENT", "result-key.pem.new", "backup.json", "LOCK"})
    EXPECT_FALSE(all.contains(left)) << left;
  const auto store = RocksStore::Open(target_);
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ(**(*store)->Get("item"), "value");
}

// A data directory that is a mount point has one that is root's alone.
TEST_F(BackupTest, DirectoriesThatAreLeftNeedNotBeReadable) {
  for (const char* const name : {"lost+found", "backup/locked", "restore.part"}) {
    Write(fs::path(data_) / name / "orphan", "x");
    fs::permissions(fs::path(data_) / name, fs::perms::none);
  }
  const Status made = Make();
  for (const char* const name : {"lost+found", "backup/locked", "restore.part"})
    fs::permissions(fs::path(data_) / name, fs::perms::owner_all);
  ASSERT_TRUE(made.ok()) << made.error().message;
  for (const auto& [name, text] : AllIn(backup_)) EXPECT_EQ(name.find("orphan"), std::string::npos) << name;
  EXPECT_FALSE(fs::exists(backup_ + "/lost+found"));
}

TEST_F(BackupTest, KeepsModesAndKeepsOthersOut) {
  ::chmod((data_ + "/result-key.pem.retired.json").c_str(), 0644);
  ASSERT_TRUE(Make().ok());
  for (const auto& entry : fs::recursive_directory_iterator(backup_)) {
    if (!entry.is_directory()) continue;
    EXPECT_EQ(ModeOf(entry.path()), 0700u) << entry.path();
  }
  EXPECT_EQ(ModeOf(backup_), 0700u);
  ASSERT_TRUE(RestoreBackup(backup_, target_).ok());
  EXPECT_EQ(ModeOf(target_), 0700u);
  EXPECT_EQ(ModeOf(target_ + "/audit"), 0700u);
  EXPECT_EQ(ModeOf(target_ + "/result-key.pem"), 0600u);
  EXPECT_EQ(ModeOf(target_ + "/result-key.pem.retired.json"), 0644u);
}

TEST_F(BackupTest, TakesATrailThatIsElsewhere) {
  fs::remove_all(data_ + "/audit");
  const std::string trail = files_ / "trail";
  Write(trail + "/audit-00000000000000000007.jsonl", "{\"seq\":7}\n");
  ASSERT_TRUE(Make(trail).ok());
  ASSERT_TRUE(RestoreBackup(backup_, target_).ok());
  EXPECT_EQ(TextOf(target_ + "/audit/audit-00000000000000000007.jsonl"), "{\"seq\":7}\n");
}

TEST_F(BackupTest, RootRestoresForTheOwnerOfTheDirectory) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_TRUE(Make().ok());
  fs::create_directory(target_);
  ASSERT_EQ(::chown(target_.c_str(), 12345, 12345), 0);
  ASSERT_TRUE(RestoreBackup(backup_, target_).ok());
  for (const auto& entry : fs::recursive_directory_iterator(target_)) {
    struct stat found {};
    ASSERT_EQ(::stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_uid, 12345u) << entry.path();
  }
}

// One bit anywhere, one byte more or less, or no file at all.
TEST_F(BackupTest, AFileThatIsNotAsItWasWrittenRefusesTheWholeRestore) {
  ASSERT_TRUE(Make().ok());
  const auto names = FilesBelow(backup_);
  ASSERT_GE(names->size(), 8u);
  for (const std::string& name : *names) {
    const fs::path path = fs::path(backup_) / name;
    const std::string good = TextOf(path);
    std::string flipped = good;
    flipped[flipped.size() / 2] ^= 1;
    for (const std::string& bad : {flipped, good + "x", good.substr(0, good.size() - 1)}) {
      Write(path, bad);
      const auto refused = RestoreBackup(backup_, target_);
      ASSERT_FALSE(refused.ok()) << name;
      EXPECT_NE(refused.error().message.find(backup_), std::string::npos) << refused.error().message;
      EXPECT_FALSE(fs::exists(target_)) << name << ": nothing stays";
      EXPECT_FALSE(CopyBackup(backup_, target_).ok()) << name;
      EXPECT_FALSE(fs::exists(target_) || fs::exists(target_ + ".part")) << name;
    }
    fs::remove(path);
    EXPECT_FALSE(RestoreBackup(backup_, target_).ok()) << name;
    EXPECT_FALSE(fs::exists(target_)) << name;
    Write(path, good);
  }
  EXPECT_TRUE(RestoreBackup(backup_, target_).ok()) << "and as it was, it is good";
}

TEST_F(BackupTest, NamesThatLeadOutOfTheDirectoryAreRefused) {
  ASSERT_TRUE(Make().ok());
  const std::string manifest = backup_ + "/backup.json", good = TextOf(manifest);
  for (const char* const name : {"../result-key.pem", "/etc/passwd", "audit/../../x", "", ".", "audit/"}) {
    std::string bad = good;
    const size_t at = bad.find("\"CURRENT\"");
    bad.insert(bad.rfind('{', at),
               StrCat("{\"name\":\"", name, "\",\"size\":0,\"mode\":\"0600\",\"sha256\":\"",
                      std::string(64, '0'), "\"},"));
    Write(manifest, bad);
    ExpectRefused(RestoreBackup(backup_, target_), "is no file of a back-up");
  }
}

TEST_F(BackupTest, NothingIsRestoredOverWhatIsThere) {
  ASSERT_TRUE(Make().ok());
  const auto before = AllIn(data_);
  ExpectRefused(RestoreBackup(backup_, data_), StrCat(data_, " holds a store"));
  EXPECT_EQ(AllIn(data_), before);

  Write(target_ + "/result-key.pem", "of somebody");
  ExpectRefused(RestoreBackup(backup_, target_), "is not empty: it holds result-key.pem");
  EXPECT_EQ(TextOf(target_ + "/result-key.pem"), "of somebody");
  fs::remove(target_ + "/result-key.pem");
  fs::create_directory(target_ + "/lost+found");  // as a new file system has it
  EXPECT_TRUE(RestoreBackup(backup_, target_).ok());
  EXPECT_TRUE(fs::exists(target_ + "/lost+found"));
}

// Killed in between: whatever it had moved already.
TEST_F(BackupTest, ARestoreThatWasCutShortIsMadeAnew) {
  ASSERT_TRUE(Make().ok());
  Write(target_ + "/restore.part/CURRENT", "half");
  Write(target_ + "/audit/audit-00000000000000000001.jsonl", "half");
  ASSERT_TRUE(RestoreBackup(backup_, target_).ok());
  EXPECT_FALSE(fs::exists(target_ + "/restore.part"));
  EXPECT_EQ(TextOf(target_ + "/audit/audit-00000000000000000001.jsonl"), "{\"seq\":1}\n{\"seq\":2}\n");
}

TEST_F(BackupTest, WhatIsNoBackupIsRefused) {
  ExpectRefused(RestoreBackup(files_ / "missing", target_), "is no back-up: it has no backup.json");
  ExpectRefused(RestoreBackup(data_, target_), "is no back-up");
  ASSERT_TRUE(Make().ok());
  EXPECT_FALSE(Make().ok()) << "one is there";
  ExpectRefused(CopyBackup(backup_, data_), "exists");
  ASSERT_TRUE(CopyBackup(backup_, target_ + "/").ok()) << "as a shell completes it";
  EXPECT_EQ(AllIn(target_), AllIn(backup_));
}

}  // namespace
}  // namespace thimble
