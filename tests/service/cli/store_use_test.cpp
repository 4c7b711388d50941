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

// Where a store is named, it is what counts: nobody is asked but who is named beside it, whatever a file says.
TEST_F(StoreUseTest, VerifyByAStoreAsksNobody) {
  const std::string data = w_.files / "data";
  const std::string config =
      w_.files.Write("thimble.toml", StrCat("[[intel.upstream]]\nurl = \"", w_.vendor.PcsUrl(), "\"\n"));
  const std::string quote = w_.files.Write("quote.bin", w_.intel.At(now_).Quote());
  {
    const test::ServeProcess server({"--listen", "127.0.0.1:0", "--data", data});  // an empty store
    ASSERT_NE(server.address(), "");
  }
  const auto before = w_.vendor.Count();
  const ProcessResult alone = Run({"verify", quote, "--config", config}, data);
  EXPECT_EQ(alone.exit_code, 3) << "no TCB info is held: " << alone.out << alone.err;
  EXPECT_EQ(w_.vendor.Count(), before);
  const ProcessResult asked = Run({"verify", quote, "--pcs-url", w_.vendor.PcsUrl()}, data);
  EXPECT_EQ(asked.exit_code, 0) << asked.out << asked.err;
  EXPECT_GT(w_.vendor.Count(), before);
  EXPECT_NE(asked.out.find("(fetched for it: "), std::string::npos) << asked.out;

  ASSERT_EQ(Fetch(data).exit_code, 0);
  const auto filled = w_.vendor.Count();
  const ProcessResult held = Run({"verify", quote}, data);
  EXPECT_EQ(held.exit_code, 0) << held.out << held.err;
  EXPECT_NE(held.out.find("(nothing was fetched)"), std::string::npos) << held.out;
  EXPECT_EQ(w_.vendor.Count(), filled);
}

TEST_F(StoreUseTest, MinimumsOfUtilityVmsAreStagedShownAndPromotedWithOpenEyes) {
  const std::string data = w_.files / "data";
  ASSERT_EQ(Fetch(data).exit_code, 0);
  for (const char* const wrong : {"F", "=1", "F=", "F=x", "F=1x", "F=4294967296", "F=-1"}) {
    const ProcessResult refused = Run({"baseline", "candidate", "--uvm", wrong}, data);
    EXPECT_EQ(refused.exit_code, 2) << wrong;
    EXPECT_NE(refused.err.find("FEED=SVN"), std::string::npos) << refused.err;
  }
  const ProcessResult staged = Run({"baseline", "candidate", "--uvm", "A-UVM=104", "--uvm", "B-UVM=7"}, data);
  EXPECT_EQ(staged.exit_code, 0) << staged.err;
  EXPECT_NE(staged.out.find("uvm A-UVM >= 104, uvm B-UVM >= 7"), std::string::npos) << staged.out;
  const ProcessResult declined = Run({"baseline", "promote"}, data);
  EXPECT_EQ(declined.exit_code, 1);
  EXPECT_NE(declined.out.find("it asks more of utility VMs"), std::string::npos) << declined.out;
  EXPECT_NE(declined.err.find("--accept-refusals) unknown"), std::string::npos) << declined.err;
  EXPECT_EQ(Run({"baseline", "promote", "--accept-refusals", "unknown"}, data).exit_code, 0);
  EXPECT_NE(Run({"baseline"}, data).out.find("uvm A-UVM >= 104, uvm B-UVM >= 7"), std::string::npos);
  const ProcessResult none = Run({"baseline", "candidate", "--uvm", ""}, data);
  EXPECT_EQ(none.exit_code, 0) << none.err;
  const std::string shown = Run({"baseline"}, data).out;
  EXPECT_NE(shown.find("candidate  intel \"standard\", amd \"builtin\"\n"), std::string::npos) << shown;
}

// What runs by the clock and goes well says nothing: cron mails whatever is said.
TEST_F(StoreUseTest, ACommandThatFailsSaysWhichPlaceAnswered) {
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
  const std::string nonsense = w_.files.Write("nonsense", "nonsense");
  const auto expect = [&](const std::string& place) {
    for (const auto& command : commands) {
      const ProcessResult run = Run(command, data);
      if (run.exit_code == 0) {
        EXPECT_EQ(run.err, "") << command.front();
      } else {
        EXPECT_NE(run.err.find(StrCat("asked: ", place, "\n")), std::string::npos)
            << command.front() << run.err;
      }
    }
    const ProcessResult failed = Run({"import", nonsense}, data);
    EXPECT_NE(failed.exit_code, 0);
    EXPECT_NE(failed.err.find(StrCat("asked: ", place, "\n")), std::string::npos) << failed.err;
    EXPECT_NE(test::SaidOnATerminal({"baseline", "--data", data}).find(StrCat("asked: ", place)),
              std::string::npos);
  };
  expect(StrCat("the store in ", data));
  const test::ServeProcess server(
      {"--listen", "127.0.0.1:0", "--data", data, "--anchor", w_.files / "root.pem"});
  ASSERT_NE(server.address(), "");
  expect(StrCat("the server at ", data, "/thimble.sock"));
  const ProcessResult remote = RunThimble({"baseline", "promote", "--server", server.address()});
  EXPECT_NE(remote.exit_code, 0);
  EXPECT_NE(remote.err.find(StrCat("asked: the server at ", server.address(), "\n")), std::string::npos)
      << remote.err;
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
  commands.push_back({"verify", w_.files.Write("quote.bin", w_.intel.Quote())});
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
