// SPDX-License-Identifier: Apache-2.0
//
// What a server that starts on damage says of it: in its refusal, in /readyz, in the status and as a metric. That nothing
// is passed over is flip_rounds' to show.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "service/monitoring/status_report.h"
#include "tcb/base/text.h"
#include "tests/fault/child.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/raw_http.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using test::Child;
using test::Get;

constexpr size_t kPlatforms = 6;
constexpr const char* kTcb = "/sgx/certification/v4/tcb?fmspc=00806F050000";

class DamageTest : public testing::Test {
 protected:
  std::vector<std::string> Arguments(Instant now = sim::kNow) const {
    return {"--listen",      "127.0.0.1:0",         "--data",    Data(),
            "--frozen-time", FormatRfc3339(now),    "--pcs-url", w_.vendor.PcsUrl(),
            "--anchor",      w_.files / "root.pem", "--config",  config_};
  }
  std::string Data() const { return w_.files / "data"; }

  // Six platforms are registered, and a TCB info is held; then kill -9.
  void RegisterAndKill() {
    Child child(Arguments());
    const uint16_t port = child.WaitForPort();
    ASSERT_NE(port, 0);
    for (size_t i = 0; i < kPlatforms; ++i) ASSERT_EQ(Register(i).status, 200);
    EXPECT_EQ(Get(port, "/readyz?strict=1").status, 200);
    child.Kill();
  }
  test::RawAnswer Register(size_t i) {
    test::RawConnection connection(Data() + "/thimble.sock");
    const std::string body =
        StrCat(R"({"qe_id":"AB)", i, R"(","pce_id":"0000","cpu_svn":")", std::string(32, '0'),
               R"(","pce_svn":"0D00","enc_ppid":")", std::string(768, 'a'), R"(","platform_manifest":""})");
    connection.Send(StrCat("POST /sgx/certification/v4/platforms HTTP/1.1\r\nHost: localhost\r\n",
                           "Content-Type: application/json\r\nContent-Length: ", body.size(), "\r\n\r\n",
                           body));
    return connection.Receive();
  }
  fs::path FileOf(std::string_view beginning, std::string_view end) const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(Data())) {
      const std::string name = entry.path().filename();
      const bool fits = name.starts_with(beginning) && name.ends_with(end);
      if (fits && (found.empty() || fs::file_size(found) < entry.file_size())) found = entry.path();
    }
    return found;
  }
  // A bit in the middle.
  static void Flip(const fs::path& file) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
    char byte = 0;
    stream.seekg(middle).get(byte);
    stream.seekp(middle).put(static_cast<char>(byte ^ 0x10));
  }
  void ExpectRefused(const fs::path& file) {
    const auto ended = test::RunThimble([&] {
      std::vector<std::string> words{"serve"};
      for (const std::string& word : Arguments()) words.push_back(word);
      return words;
    }());
    EXPECT_EQ(ended.exit_code, 3) << ended.out;
    EXPECT_NE(ended.err.find(file.filename().string()), std::string::npos) << ended.err;
  }
  // All are there, and it is told that something was mended.
  void ExpectMended(std::string_view word, std::string_view metric) {
    Child child(Arguments());
    const uint16_t port = child.WaitForPort();
    ASSERT_NE(port, 0);
    const auto report = ParseStatusJson(Get(port, "/v1/status").body);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->registrations, kPlatforms);
    ASSERT_EQ(report->damage.size(), 1u);
    EXPECT_NE(report->damage.front().find(word), std::string::npos) << report->damage.front();
    const auto ready = Get(port, "/readyz?strict=1");
    EXPECT_EQ(ready.status, 503);
    EXPECT_NE(ready.body.find(word), std::string::npos) << ready.body;
    EXPECT_NE(Get(port, "/metrics").body.find(metric), std::string::npos) << metric;
    EXPECT_EQ(child.Terminate(), 0);
  }

  test::World w_;
  const std::string config_ = w_.files.Write("thimble.toml", "[pccs]\nmode = \"OFFLINE\"\n");
};

TEST_F(DamageTest, ADamagedLogRefusesTheStart) {
  RegisterAndKill();
  const fs::path log = FileOf("", ".log");
  Flip(log);
  ExpectRefused(log);
}

TEST_F(DamageTest, ADamagedTableManifestOrCurrentRefusesTheStart) {
  RegisterAndKill();
  {
    Child child(Arguments());
    ASSERT_NE(child.WaitForPort(), 0);
    EXPECT_EQ(child.Terminate(), 0);
  }
  EXPECT_EQ(fs::file_size(FileOf("", ".log")), 0u) << "a clean stop leaves nothing in it";
  using Name = std::pair<const char*, const char*>;
  for (const auto& [first, last] : {Name("", ".sst"), Name("MANIFEST-", ""), Name("CURRENT", "")}) {
    const fs::path file = FileOf(first, last);  // looked for now: each start begins another MANIFEST
    Flip(file);
    ExpectRefused(file);
    Flip(file);
  }
  Child child(Arguments());
  EXPECT_NE(child.WaitForPort(), 0) << "as it was";
}

TEST_F(DamageTest, ADamagedJournalIsMendedFromTheStore) {
  RegisterAndKill();
  Flip(FileOf("registrations.journal", ""));
  ExpectMended("1 lines of the journal were damaged", "thimble_registration_journal_damaged_lines 1\n");
  Child child(Arguments());
  EXPECT_EQ(Get(child.WaitForPort(), "/readyz?strict=1").status, 200);
}

TEST_F(DamageTest, AStoreThatIsGoneGetsItsRegistrationsFromTheJournal) {
  RegisterAndKill();
  for (const auto& entry : fs::directory_iterator(Data())) {
    if (entry.path().filename() != "registrations.journal") fs::remove_all(entry.path());
  }
  ExpectMended("came back from the journal", "thimble_registrations_given_back{to=\"store\"} 12\n");
}

TEST_F(DamageTest, WhatNeitherHasIsCountedUntilSomebodyHasSeenIt) {
  RegisterAndKill();
  Flip(FileOf("registrations.journal", ""));
  for (const auto& entry : fs::directory_iterator(Data())) {
    if (entry.path().filename() != "registrations.journal") fs::remove_all(entry.path());
  }
  for (int start = 0; start < 2; ++start) {
    Child child(Arguments());
    const uint16_t port = child.WaitForPort();
    const auto report = ParseStatusJson(Get(port, "/v1/status").body);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->registrations, kPlatforms - 1);
    EXPECT_NE(Get(port, "/readyz").body.find("1 changes of platforms"), std::string::npos);
    EXPECT_EQ(Get(port, "/metrics").body.find("thimble_registrations_lost 1\n") != std::string::npos,
              start == 0);
    EXPECT_EQ(child.Terminate(), 0);
  }
  fs::remove(Data() + "/registrations.lost");
  Child child(Arguments());
  EXPECT_EQ(Get(child.WaitForPort(), "/readyz?strict=1").status, 200);
}

// Registrations have no time; collateral is served, or it is said why not.
TEST_F(DamageTest, AClockThatIsWrongLosesNothing) {
  RegisterAndKill();
  {
    auto online = Arguments();
    online.resize(online.size() - 2);  // without the configuration: it may fetch
    Child child(online);
    ASSERT_EQ(Get(child.WaitForPort(), kTcb).status, 200);
    EXPECT_EQ(child.Terminate(), 0);
  }
  constexpr int64_t kHour = 3600, kDay = 24 * kHour;
  for (const int64_t by : {kHour, -kHour, 40 * kDay, -40 * kDay, 400 * kDay, -400 * kDay}) {
    Child child(Arguments(sim::kNow + Seconds(by)));
    const uint16_t port = child.WaitForPort();
    if (port == 0) {
      EXPECT_LT(by, -kHour) << "refused: it lies before what is held was issued";
      continue;
    }
    const auto report = ParseStatusJson(Get(port, "/v1/status").body);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->registrations, kPlatforms) << by;
    EXPECT_TRUE(report->damage.empty()) << by;
    EXPECT_FALSE(report->items.empty()) << by;
    const int status = Get(port, kTcb).status;
    EXPECT_EQ(status, by > kDay ? 503 : 200) << by;
    EXPECT_EQ(Get(port, "/readyz?strict=1").status, by > kDay ? 503 : 200) << by;
    EXPECT_EQ(child.Terminate(), 0);
  }
  Child child(Arguments());
  EXPECT_EQ(Get(child.WaitForPort(), kTcb).status, 200) << "the clock is right again";
}

TEST_F(DamageTest, ADirectoryThatCannotBeWrittenIsNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  RegisterAndKill();
  fs::permissions(Data(), fs::perms::owner_read | fs::perms::owner_exec);
  ExpectRefused(Data());
  fs::permissions(Data(), fs::perms::owner_all);
  Child child(Arguments());
  const uint16_t port = child.WaitForPort();
  const auto report = ParseStatusJson(Get(port, "/v1/status").body);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->registrations, kPlatforms);
}

}  // namespace
}  // namespace thimble
