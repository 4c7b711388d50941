// SPDX-License-Identifier: Apache-2.0
//
// Which commands of the real binary make a store, which need one, and which leave it as it is.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;

// The files in a directory, with what they hold and when they were written.
std::map<std::string, std::pair<std::string, fs::file_time_type>> FilesIn(const std::string& directory) {
  std::map<std::string, std::pair<std::string, fs::file_time_type>> files;
  for (const auto& file : fs::recursive_directory_iterator(directory)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    files[file.path()] = {{std::istreambuf_iterator<char>(in), {}}, file.last_write_time()};
  }
  return files;
}

class StoreUseTest : public testing::Test {
 protected:
  StoreUseTest() { w_.vendor.SetNow(now_); }
  ProcessResult Run(std::vector<std::string> command, const std::string& data) const {
    command.insert(command.end(), {"--data", data, "--anchor", w_.files / "root.pem"});
    return RunThimble(command);
  }
  ProcessResult Fetch(const std::string& data) const {
    return Run({"fetch", "--fmspc", sim::kServerFmspc, "--pcs-url", w_.vendor.PcsUrl()}, data);
  }
  // What only looks; and what changes a store that is there.
  std::vector<std::vector<std::string>> Lookers() const {
    return {{"status"}, {"baseline"}, {"impact", "--intel", "20"}, {"export", w_.files / "bundle"}};
  }
  static std::vector<std::vector<std::string>> Changers() {
    return {{"refresh"},
            {"refresh", "--all"},
            {"baseline", "candidate", "--intel", "20"},
            {"baseline", "promote"},
            {"baseline", "rollback"},
            {"backup", "one"},
            {"result-key", "rotate"}};
  }

  const Instant now_ = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
  test::World w_;
};

TEST_F(StoreUseTest, OnlyWhatFillsAStoreMakesOne) {
  const std::string missing = w_.files / "missing", empty = w_.files / "empty";
  fs::create_directory(empty);
  auto commands = Changers();
  for (auto& looker : Lookers()) commands.push_back(std::move(looker));
  for (const auto& command : commands) {
    for (const std::string& data : {missing, empty}) {
      const ProcessResult refused = Run(command, data);
      EXPECT_EQ(refused.exit_code, 2) << command.front() << refused.out << refused.err;
      EXPECT_NE(refused.err.find(StrCat(data, " holds no store")), std::string::npos)
          << command.front() << refused.err;
      EXPECT_EQ(refused.out, "") << command.front();
    }
    EXPECT_FALSE(fs::exists(missing)) << command.front();
    EXPECT_TRUE(fs::is_empty(empty)) << command.front();
  }
  EXPECT_FALSE(fs::exists(w_.files / "bundle"));

  ASSERT_EQ(Fetch(missing).exit_code, 0);
  ASSERT_EQ(Run({"export", w_.files / "bundle"}, missing).exit_code, 0);
  ASSERT_EQ(Run({"import", w_.files / "bundle"}, empty).exit_code, 0);
  const std::string served = w_.files / "served";
  {
    const test::ServeProcess server({"--listen", "127.0.0.1:0", "--data", served});
    ASSERT_NE(server.address(), "");
  }
  for (const std::string& data : {missing, empty, served}) {
    const ProcessResult status = Run({"status"}, data);
    EXPECT_EQ(status.exit_code, 0) << data << status.err;
  }
}

TEST_F(StoreUseTest, WhatOnlyLooksTouchesNothing) {
  const std::string data = w_.files / "data";
  ASSERT_EQ(Fetch(data).exit_code, 0);
  const auto before = FilesIn(data);
  ASSERT_FALSE(before.empty());
  for (const auto& command : Lookers()) {
    const ProcessResult looked = Run(command, data);
    EXPECT_EQ(looked.exit_code, 0) << command.front() << looked.out << looked.err;
    EXPECT_EQ(FilesIn(data), before) << command.front();
  }
}

TEST_F(StoreUseTest, ExportAndBackupRefuseAnEmptyStoreAndSayWhatTheyWrote) {
  const std::string data = w_.files / "data", bundle = w_.files / "bundle";
  {
    const test::ServeProcess server({"--listen", "127.0.0.1:0", "--data", data});
    ASSERT_NE(server.address(), "");
    for (const auto& command : std::vector<std::vector<std::string>>{{"export", bundle}, {"backup", "one"}})
      EXPECT_EQ(Run(command, data).exit_code, 3) << command.front() << " through the server";
  }
  for (const auto& command : std::vector<std::vector<std::string>>{{"export", bundle}, {"backup", "one"}}) {
    const ProcessResult refused = Run(command, data);
    EXPECT_EQ(refused.exit_code, 3) << command.front() << refused.out;
    EXPECT_NE(refused.err.find("nothing is "), std::string::npos) << command.front() << refused.err;
  }
  EXPECT_FALSE(fs::exists(bundle));
  EXPECT_FALSE(fs::exists(data + "/backup"));

  ASSERT_EQ(Fetch(data).exit_code, 0);
  const size_t items = json::parse(Run({"status", "--json"}, data).out)["items"].size();
  const ProcessResult exported = Run({"export", bundle}, data);
  EXPECT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_EQ(exported.out, StrCat("wrote ", bundle, ": ", items, " items, ", fs::file_size(bundle),
                                 " bytes, from ", data, "\n"));
  const ProcessResult backed_up = Run({"backup", "one"}, data);
  EXPECT_EQ(backed_up.exit_code, 0) << backed_up.err;
  EXPECT_EQ(backed_up.out, StrCat("wrote ", data, "/backup/one: ", items,
                                  " items that platforms share, 0 of single ones, from ", data, "\n"));
}

}  // namespace
}  // namespace thimble
