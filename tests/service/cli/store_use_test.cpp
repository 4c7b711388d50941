// SPDX-License-Identifier: Apache-2.0
//
// Which commands of the real binary make a store, which need one, and which leave it as it is.
#include <gtest/gtest.h>
#include <unistd.h>

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
  // A new directory for each back-up.
  std::string Backup() const { return w_.files / "one"; }
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
  std::vector<std::vector<std::string>> Changers() const {
    return {{"refresh"},
            {"refresh", "--all"},
            {"baseline", "candidate", "--intel", "20"},
            {"baseline", "promote"},
            {"baseline", "rollback"},
            {"backup", Backup()},
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
    for (const auto& command :
         std::vector<std::vector<std::string>>{{"export", bundle}, {"backup", Backup()}})
      EXPECT_EQ(Run(command, data).exit_code, 3) << command.front() << " through the server";
  }
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"export", bundle}, {"backup", Backup()}}) {
    const ProcessResult refused = Run(command, data);
    EXPECT_EQ(refused.exit_code, 3) << command.front() << refused.out;
    EXPECT_NE(refused.err.find("nothing is "), std::string::npos) << command.front() << refused.err;
  }
  EXPECT_FALSE(fs::exists(bundle));
  EXPECT_FALSE(fs::exists(Backup()));

  ASSERT_EQ(Fetch(data).exit_code, 0);
  const size_t items = json::parse(Run({"status", "--json"}, data).out)["items"].size();
  const ProcessResult exported = Run({"export", bundle}, data);
  EXPECT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_EQ(exported.out, StrCat("wrote ", bundle, ": ", items, " items, ", fs::file_size(bundle),
                                 " bytes, from the store in ", data, "\n"));
  const ProcessResult backed_up = Run({"backup", Backup()}, data);
  EXPECT_EQ(backed_up.exit_code, 0) << backed_up.err;
  EXPECT_TRUE(backed_up.out.starts_with(StrCat("wrote ", Backup(), ": "))) << backed_up.out;
  EXPECT_TRUE(backed_up.out.ends_with(
      StrCat("; ", items, " items that platforms share, 0 of single ones, from the store in ", data, "\n")))
      << backed_up.out;
  EXPECT_FALSE(fs::exists(data + "/backup")) << "it was there on its way alone";
}

TEST_F(StoreUseTest, EveryCommandSaysWhichPlaceAnswered) {
  const std::string data = w_.files / "data", bundle = w_.files / "bundle";
  const std::vector<std::vector<std::string>> commands = {
      {"fetch", "--fmspc", sim::kServerFmspc, "--pcs-url", w_.vendor.PcsUrl()},
      {"status"},
      {"status", "--json"},
      {"refresh", "--pcs-url", w_.vendor.PcsUrl()},
      {"export", bundle},
      {"import", bundle},
      {"baseline"},
      {"impact", "--intel", "20"},
      {"baseline", "candidate", "--intel", "19"},
      {"result-key", "rotate"}};
  const auto expect = [&](const std::string& place) {
    for (const auto& command : commands) {
      const ProcessResult run = Run(command, data);
      EXPECT_TRUE(run.err.starts_with(StrCat("asked: ", place, "\n"))) << command.front() << run.err;
    }
  };
  expect(StrCat("the store in ", data));
  const test::ServeProcess server(
      {"--listen", "127.0.0.1:0", "--data", data, "--anchor", w_.files / "root.pem"});
  ASSERT_NE(server.address(), "");
  expect(StrCat("the server at ", data, "/thimble.sock"));
  const ProcessResult remote = RunThimble({"status", "--server", server.address()});
  EXPECT_TRUE(remote.err.starts_with(StrCat("asked: the server at ", server.address(), "\n"))) << remote.err;
}

// Whoever owns a directory can change what is in it: that is not for others to open, not even for root.
TEST_F(StoreUseTest, AnotherUsersStoreIsRefusedAndItsOwnerNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a directory away";
  const std::string data = w_.files / "data";
  ASSERT_EQ(Fetch(data).exit_code, 0);
  ASSERT_EQ(::chown(data.c_str(), 12345, 12345), 0);
  auto commands = Changers();
  for (auto& looker : Lookers()) commands.push_back(std::move(looker));
  commands.push_back({"fetch", "--fmspc", sim::kServerFmspc, "--pcs-url", w_.vendor.PcsUrl()});
  for (const auto& command : commands) {
    const ProcessResult refused = Run(command, data);
    EXPECT_EQ(refused.exit_code, 3) << command.front() << refused.out;
    EXPECT_NE(refused.err.find("belongs to user 12345, and this process runs as user root (0)"),
              std::string::npos)
        << command.front() << refused.err;
  }
  ASSERT_EQ(::chown(data.c_str(), 0, 0), 0);
  const test::ServeProcess server(
      {"--listen", "127.0.0.1:0", "--data", data, "--anchor", w_.files / "root.pem"});
  ASSERT_NE(server.address(), "");
  ASSERT_EQ(::chown(data.c_str(), 12345, 12345), 0);
  EXPECT_EQ(Run({"status"}, data).exit_code, 0) << "by the socket of the server that runs there";
}

}  // namespace
}  // namespace thimble
