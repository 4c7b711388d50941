// SPDX-License-Identifier: Apache-2.0
#include "service/support/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tcb/check.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  return names;
}

class FileTest : public testing::Test {
 protected:
  const test::TempDir dir_;
  const std::string path_ = dir_ / "file";
};

TEST_F(FileTest, IsReplacedWholeAndLeavesNothingBesideIt) {
  ASSERT_TRUE(WriteFile(path_, "old").ok());
  ASSERT_TRUE(WriteFile(path_, std::string(1 << 20, 'x')).ok());
  EXPECT_EQ(ReadFile(path_, 1 << 21).value(), std::string(1 << 20, 'x'));
  EXPECT_EQ(NamesIn(dir_.path()), std::vector<std::string>{"file"});
}

TEST_F(FileTest, IsMadeOnlyWhereNothingIs) {
  ASSERT_TRUE(WriteNewFile(path_, "one", 0600).ok());
  const Status second = WriteNewFile(path_, "two", 0600);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().check, Check::kStoreIo);
  EXPECT_EQ(ReadFile(path_, 10).value(), "one");
}

TEST_F(FileTest, HasItsModeAlsoWhereAnotherWas) {
  ASSERT_TRUE(WriteNewFile(path_, "one", 0600).ok());
  ASSERT_TRUE(ReplaceFile(path_, "two", 0640).ok());
  struct stat found {};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0640u);
}

TEST_F(FileTest, ThatCannotBeWrittenIsAnErrorAndLeavesNothing) {
  EXPECT_EQ(WriteFile(dir_ / "absent/file", "x").error().check, Check::kStoreIo);
  fs::create_directory(path_);
  const Status over_a_directory = WriteFile(path_, "x");
  ASSERT_FALSE(over_a_directory.ok());
  EXPECT_EQ(over_a_directory.error().check, Check::kStoreIo);
  EXPECT_EQ(NamesIn(dir_.path()), std::vector<std::string>{"file"});
}

}  // namespace
}  // namespace thimble
