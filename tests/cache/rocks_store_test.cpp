// SPDX-License-Identifier: Apache-2.0
#include "cache/rocks_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "cache/store_rules.h"
#include "tcb/check.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using test::TempDir;

// store_child.cpp, over a pipe.
class Child {
 public:
  Child(const std::filesystem::path& directory, const char* mode) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    const std::string path = directory.string();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execl(THIMBLE_STORE_CHILD, THIMBLE_STORE_CHILD, path.c_str(), mode, nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    progress_ = ends[0];
  }
  ~Child() {
    Kill();
    ::close(progress_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool AwaitProgress() const {
    char byte;
    return ::read(progress_, &byte, 1) == 1;
  }
  int DrainProgress() const {
    int count = 0;
    while (AwaitProgress()) ++count;
    return count;
  }
  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int progress_ = -1;
};

TEST(RocksStore, IsPrivateToItsUser) {
  const TempDir directory;
  ASSERT_TRUE(RocksStore::Open(directory / "store").ok());
  struct stat info {};
  ASSERT_EQ(::stat((directory / "store").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST(RocksStore, AnotherProcessHasIt) {
  const TempDir directory;
  Child child(directory / "store", "hold");
  ASSERT_TRUE(child.AwaitProgress());
  const auto refused = RocksStore::Open(directory / "store");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().check, Check::kStoreIo);
  EXPECT_NE(refused.error().message.find("in use by another process"), std::string::npos)
      << refused.error().message;
  child.Kill();
  EXPECT_TRUE(RocksStore::Open(directory / "store").ok());
}

TEST(RocksStore, WritesThatReturnedSurviveAKill) {
  const TempDir directory;
  Child child(directory / "store", "write");
  for (int i = 0; i <= 50; ++i) ASSERT_TRUE(child.AwaitProgress());
  child.Kill();
  const int written = 50 + child.DrainProgress();
  const auto store = RocksStore::Open(directory / "store");
  ASSERT_TRUE(store.ok()) << store.error().message;
  for (int i = 0; i < written; ++i)
    EXPECT_EQ((*store)->Get("a/" + std::to_string(i)).value(), std::to_string(i));
  for (int i = 0; i < written + 2; ++i) {
    EXPECT_EQ((*store)->Get("a/" + std::to_string(i)).value(),
              (*store)->Get("b/" + std::to_string(i)).value())
        << "a batch is all or nothing";
  }
}

TEST(RocksStore, ATornTailIsLeftBehind) {
  const TempDir directory;
  {
    const auto store = RocksStore::Open(directory / "used");
    ASSERT_TRUE((*store)->Apply({{"first", "1"}}).ok());
    ASSERT_TRUE((*store)->Apply({{"last", std::string(1000, 'x')}}).ok());
    std::filesystem::copy(directory / "used", directory / "store");  // as kill -9 leaves it
  }
  for (const auto& file : std::filesystem::directory_iterator(directory / "store")) {
    if (file.path().extension() == ".log" && file.file_size() > 500) {
      std::filesystem::resize_file(file.path(), file.file_size() - 500);
    }
  }
  const auto store = RocksStore::Open(directory / "store");
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store)->Get("first").value(), "1");
  EXPECT_FALSE((*store)->Get("last").value());
}

TEST(RocksStore, ANewerSchemaIsRefused) {
  const TempDir directory;
  const auto write_mark = [&](const std::string& mark) {
    const auto store = RocksStore::Open(directory / "store");
    const std::vector<Store::Write> batch = {{std::string(kStoreSchemaName), mark}};
    return store.ok() && (*store)->Apply(batch).ok();
  };
  ASSERT_TRUE(write_mark(std::to_string(kStoreSchema)));
  ASSERT_TRUE(write_mark(std::to_string(kStoreSchema + 1)));
  const auto refused = RocksStore::Open(directory / "store");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("newer version"), std::string::npos) << refused.error().message;
}

// Names, sizes and times of the files in a directory.
std::map<std::string, std::pair<uintmax_t, std::filesystem::file_time_type>> FilesIn(
    const std::filesystem::path& directory) {
  std::map<std::string, std::pair<uintmax_t, std::filesystem::file_time_type>> files;
  for (const auto& file : std::filesystem::directory_iterator(directory))
    files[file.path().filename()] = {file.file_size(), file.last_write_time()};
  return files;
}

TEST(RocksStore, IsReadWithoutBeingTouched) {
  const TempDir directory;
  EXPECT_FALSE(RocksStore::IsIn(directory / "store"));
  EXPECT_FALSE(RocksStore::OpenForReading(directory / "store").ok());
  EXPECT_FALSE(std::filesystem::exists(directory / "store"));
  {
    const auto store = RocksStore::Open(directory / "store");
    ASSERT_TRUE((*store)->Apply({{"kept", "1"}}).ok());
    EXPECT_TRUE(RocksStore::IsIn(directory / "store"));
    const auto beside = RocksStore::OpenForReading(directory / "store");  // in use, and all the same
    ASSERT_TRUE(beside.ok()) << beside.error().message;
    ASSERT_TRUE((*store)->Apply({{"kept", "2"}}).ok());
    EXPECT_EQ((*beside)->Get("kept").value(), "1") << "as it was when it was opened";
  }
  const auto before = FilesIn(directory / "store");
  {
    const auto store = RocksStore::OpenForReading(directory / "store");
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ((*store)->Get("kept").value(), "2");
    const Status refused = (*store)->Apply({{"kept", "3"}});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().check, Check::kStoreIo);
    EXPECT_EQ((*store)->Get("kept").value(), "2");
  }
  EXPECT_EQ(FilesIn(directory / "store"), before);
}

TEST(RocksStore, ReadingRefusesWhatIsNotOursOrNewer) {
  const TempDir directory;
  const auto mark = [&](std::optional<std::string> schema) {
    const auto store = RocksStore::Open(directory / "store");
    return (*store)->Apply({{std::string(kStoreSchemaName), std::move(schema)}}).ok();
  };
  ASSERT_TRUE(mark(std::nullopt));
  EXPECT_NE(RocksStore::OpenForReading(directory / "store").error().message.find("not a store of Thimble"),
            std::string::npos);
  ASSERT_TRUE(mark(std::to_string(kStoreSchema + 1)));
  EXPECT_NE(RocksStore::OpenForReading(directory / "store").error().message.find("newer version"),
            std::string::npos);
}

TEST(RocksStore, WhatIsNoStoreIsRefused) {
  const TempDir directory;
  std::ofstream(directory / "store") << "a file";
  const auto refused = RocksStore::Open(directory / "store");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().check, Check::kStoreIo);
}

}  // namespace
}  // namespace thimble
