// SPDX-License-Identifier: Apache-2.0
//
// The audit trail on disk: its chain, its files and their size, and what becomes of it when a disk is full.
#include "service/audit/audit_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "service/audit/audit_check.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/support/eventually.h"
#include "tests/support/sim_intel.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using nlohmann::json;

Instant SomeTime() { return sim::kNow; }

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class AuditLogTest : public testing::Test {
 protected:
  std::unique_ptr<AuditLog> Open(AuditConfig config = {}) {
    config.directory = directory_;
    auto log = AuditLog::Open(config, SomeTime);
    EXPECT_TRUE(log.ok()) << (log ? "" : log.error().message);
    return log ? std::move(log).value() : nullptr;
  }
  void Write(int records) {
    const auto log = Open();
    for (int i = 0; i < records; ++i) ASSERT_TRUE(log->Append(StrCat("\"kind\":\"test\",\"n\":", i)).ok());
  }
  std::string OnlyFile() const { return AuditFiles(directory_).at(0); }
  Result<AuditSummary> Check(const std::optional<Digest256>& wanted = std::nullopt) const {
    return CheckAudit(AuditFiles(directory_), wanted);
  }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const std::string& path : AuditFiles(directory_)) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) lines.push_back(line);
    }
    return lines;
  }

  test::TempDir files_;
  const std::string directory_ = files_ / "audit";
};

TEST_F(AuditLogTest, ChainsRecordsOverRestarts) {
  Write(3);
  Write(2);
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 5u);
  std::string prev(64, '0');
  for (size_t i = 0; i < lines.size(); ++i) {
    const json record = json::parse(lines[i]);
    EXPECT_EQ(record["seq"], i + 1);
    EXPECT_EQ(record["prev"], prev);
    EXPECT_EQ(record["time"], "2026-06-01T00:00:00Z");
    prev = Sha256(AsBytes(lines[i])).hex();
  }
  const auto summary = Check(Sha256(AsBytes(lines[2])));
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->records, 5u);
  EXPECT_EQ(summary->last_seq, 5u);
  EXPECT_EQ(summary->head.hex(), prev);
  EXPECT_TRUE(summary->from_start);
  EXPECT_TRUE(summary->found);
  EXPECT_FALSE(Check(Digest256{})->found);
}

TEST_F(AuditLogTest, WritesWhatNobodyWaitsForWithoutBeingAsked) {
  const auto log = Open();
  for (uint64_t seq = 1; seq <= 3; ++seq) {
    ASSERT_TRUE(log->Append("\"kind\":\"test\"").ok());
    EXPECT_TRUE(test::Eventually([&] { return log->state().last_seq == seq; }));
  }
}

TEST_F(AuditLogTest, IsItsOwnersAlone) {
  Write(1);
  for (const std::string& path : {directory_, OnlyFile()}) {
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0077, 0u) << path;
  }
}

TEST_F(AuditLogTest, ShowsEveryKindOfTampering) {
  Write(4);
  const std::string path = OnlyFile(), good = ReadText(path);
  const auto lines = Lines();
  const auto with = [&](const std::vector<std::string>& kept) {
    std::string text;
    for (const std::string& line : kept) text += line + "\n";
    std::ofstream(path, std::ios::binary) << text;
  };
  std::string changed = lines[1];
  changed.replace(changed.find("\"n\":1"), 5, "\"n\":7");
  for (const auto& kept : std::vector<std::vector<std::string>>{{lines[0], changed, lines[2], lines[3]},
                                                                {lines[0], lines[2], lines[3]},
                                                                {lines[0], lines[1], lines[1], lines[2]},
                                                                {lines[0], lines[2], lines[1], lines[3]},
                                                                {lines[0], "not a record", lines[1]}}) {
    with(kept);
    const auto summary = Check();
    ASSERT_FALSE(summary.ok());
    EXPECT_EQ(summary.error().kind, ErrorKind::kRejected);
    EXPECT_NE(summary.error().message.find(path), std::string::npos) << summary.error().message;
  }
  with({lines[0], lines[1]});  // what is cut off the end shows by a digest that was noted elsewhere
  EXPECT_TRUE(Check().ok());
  EXPECT_FALSE(Check(Sha256(AsBytes(lines[3])))->found);
  with({lines[1], lines[2], lines[3]});
  EXPECT_FALSE(Check()->from_start);
  std::ofstream(path, std::ios::binary) << good;
  EXPECT_TRUE(Check().ok());
}

TEST_F(AuditLogTest, MendsARecordThatWasCutShort) {
  Write(2);
  std::ofstream(OnlyFile(), std::ios::app | std::ios::binary) << "{\"seq\":3,\"ti";
  EXPECT_EQ(Check()->torn_bytes, 12u);
  Write(1);
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(json::parse(lines[2])["kind"], "recovered");
  EXPECT_EQ(json::parse(lines[2])["torn_bytes"], 12);
  EXPECT_TRUE(Check().ok());
}

TEST_F(AuditLogTest, DoesNotContinueWhatIsNoTrail) {
  Write(1);
  std::ofstream(OnlyFile(), std::ios::app | std::ios::binary) << "not a record\n";
  AuditConfig config;
  config.directory = directory_;
  EXPECT_EQ(AuditLog::Open(config, SomeTime).error().check, Check::kStoreIo);
}

TEST_F(AuditLogTest, BeginsANewFileWhenOneIsFullAndKeepsAsManyAsItIsTold) {
  AuditConfig config;
  config.max_file_mib = 1;
  config.keep_files = 2;
  {
    const auto log = Open(config);
    for (int i = 0; i < 4; ++i)
      ASSERT_TRUE(log->AppendDurably("\"pad\":\"" + std::string(2u << 20, 'x') + '"').ok());
  }
  const auto kept = AuditFiles(directory_);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_TRUE(kept[0].ends_with("audit-00000000000000000003.jsonl"));
  EXPECT_TRUE(kept[1].ends_with("audit-00000000000000000005.jsonl"));
  const auto summary = Check();
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->first_seq, 3u);
  EXPECT_FALSE(summary->from_start);
  EXPECT_EQ(json::parse(Lines().front())["files"], json::parse(R"(["audit-00000000000000000001.jsonl"])"));
  std::filesystem::remove(kept[1]);
  std::ofstream(directory_ + "/audit-00000000000000000005.jsonl");  // made, and then the power went
  Write(1);
  EXPECT_TRUE(Check().ok());
  EXPECT_EQ(Check()->last_seq, 5u);
}

// A trail of 1 MiB a file and 4 MiB in all.
class AuditSize : public AuditLogTest {
 protected:
  static AuditConfig Small(AuditConfig::OnFailure on_failure) {
    AuditConfig config;
    config.max_file_mib = 1;
    config.max_total_mib = 4;
    config.on_failure = on_failure;
    return config;
  }
  static std::string Pad(size_t size) { return "\"kind\":\"pad\",\"pad\":\"" + std::string(size, 'x') + '"'; }
  static std::string Mebibyte() { return Pad(1u << 20); }
};

TEST_F(AuditSize, IsWarnedOfFromHalfOfTheLimitOn) {
  const auto log = Open(Small(AuditConfig::OnFailure::kGoOn));
  ASSERT_TRUE(log->AppendDurably(Mebibyte()).ok());
  EXPECT_FALSE(log->state().near_limit());
  EXPECT_EQ(log->state().limit, 4u << 20);
  ASSERT_TRUE(log->AppendDurably(Mebibyte()).ok());
  EXPECT_TRUE(log->state().near_limit());
  EXPECT_GT(log->state().bytes, 2u << 20);
}

TEST_F(AuditSize, IsKeptByRemovingTheOldestFileAndSayingSo) {
  {
    const auto log = Open(Small(AuditConfig::OnFailure::kGoOn));
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(log->AppendDurably(Mebibyte()).ok());
    EXPECT_LE(log->state().bytes, (5u << 20) + 4096);
  }
  const auto summary = Check();
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_FALSE(summary->from_start);
  size_t removed = 0;
  for (const std::string& line : Lines()) removed += json::parse(line)["kind"] == "removed" ? 1u : 0u;
  EXPECT_GT(removed, 0u);
}

TEST_F(AuditSize, RefusesDecisionsWhereNothingMayGoUnrecordedUntilThereIsRoom) {
  const auto log = Open(Small(AuditConfig::OnFailure::kRefuse));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->AppendDurably(Mebibyte()).ok());
  ASSERT_TRUE(log->AppendDurably(Pad((1u << 20) - 2000)).ok());
  const Status refused = log->AppendDurably(Pad(3000));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("max_total_mib"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(log->Accepts().ok());
  EXPECT_EQ(AuditFiles(directory_).size(), 4u) << "none is removed";
  EXPECT_TRUE(log->AppendDurably("\"kind\":\"change\"", AuditLog::Room::kBeyondLimit).ok());
  std::filesystem::rename(AuditFiles(directory_).front(), files_ / "moved away");
  EXPECT_TRUE(test::Eventually([&] { return log->AppendDurably(Pad(3000)).ok(); }));
  EXPECT_TRUE(log->Accepts().ok());
  EXPECT_TRUE(Check().ok());
}

TEST_F(AuditSize, AtTheLimitABatchIsWrittenAsFarAsItFits) {
  const auto log = Open(Small(AuditConfig::OnFailure::kRefuse));
  const std::string half = Pad(1u << 19);
  size_t taken = 0;
  for (int i = 0; i < 12; ++i) taken += log->Append(half).ok() ? 1u : 0u;
  ASSERT_TRUE(test::Eventually([&] { return !log->Accepts().ok(); }));
  EXPECT_EQ(taken, 12u) << "they came before the limit was met";
  EXPECT_TRUE(log->AppendDurably("\"kind\":\"change\"", AuditLog::Room::kBeyondLimit).ok());
  EXPECT_FALSE(log->AppendDurably(half).ok());
  EXPECT_LE(log->state().bytes, (4u << 20) + 1024) << "a change takes no decision along";
  EXPECT_EQ(log->state().lost, 0u);
  while (AuditFiles(directory_).size() > 1) {
    std::filesystem::remove(AuditFiles(directory_).front());
  }
  EXPECT_TRUE(test::Eventually([&] { return log->Accepts().ok(); }))
      << "what waited is written when there is room";
}

TEST_F(AuditLogTest, IsFollowedFromEndToEndAtTheStart) {
  Write(50);
  {
    const auto log = Open();
    EXPECT_TRUE(test::Eventually([&] { return log->state().checked; }));
    EXPECT_EQ(log->state().damage, "");
  }
  const std::string whole = ReadText(OnlyFile());
  // Not the last line: nothing follows from it yet (docs/AUDIT.md).
  const size_t last = whole.rfind('\n', whole.size() - 2);
  for (const size_t at : {size_t{0}, last / 3, last / 2, last}) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    std::ofstream(OnlyFile(), std::ios::binary) << flipped;
    AuditConfig config;
    config.directory = directory_;
    const auto log = AuditLog::Open(config, SomeTime);
    if (!log.ok()) continue;  // it shows at once
    EXPECT_TRUE(test::Eventually([&] { return (*log)->state().checked; })) << at;
    EXPECT_NE((*log)->state().damage.find(OnlyFile()), std::string::npos) << at << (*log)->state().damage;
  }
}

// A disk that is full: files of this process may not grow. Lifted at the end.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

TEST_F(AuditLogTest, RefusesOnAFullDiskWhatMustBeRecordedAndWritesTheRestLater) {
  const auto log = Open();
  ASSERT_TRUE(log->AppendDurably("\"kind\":\"before\"").ok());
  {
    const FullDisk full;
    EXPECT_EQ(log->AppendDurably("\"kind\":\"refused\"").error().check, Check::kStoreIo);
    EXPECT_NE(log->state().last_error, "");
    EXPECT_TRUE(log->Append("\"kind\":\"later\"").ok()) << "it waits for the disk";
    EXPECT_FALSE(log->must_record());
  }
  ASSERT_TRUE(log->AppendDurably("\"kind\":\"after\"").ok());
  EXPECT_EQ(log->state().last_error, "");
  std::vector<std::string> kinds;
  for (const std::string& line : Lines()) kinds.push_back(json::parse(line)["kind"]);
  EXPECT_EQ(kinds, (std::vector<std::string>{"before", "later", "after"}));
  EXPECT_TRUE(Check().ok());
}

// Nobody adds anything: decisions are refused, and would be for ever.
TEST_F(AuditLogTest, FindsOutByItselfThatTheDiskIsBack) {
  AuditConfig config;
  config.on_failure = AuditConfig::OnFailure::kRefuse;
  const auto log = Open(config);
  {
    const FullDisk full;
    ASSERT_FALSE(log->AppendDurably("\"kind\":\"refused\"").ok());
    EXPECT_FALSE(log->Accepts().ok());
  }
  EXPECT_TRUE(test::Eventually([&] { return log->Accepts().ok(); }));
  EXPECT_EQ(json::parse(Lines().at(0))["kind"], "gap");
  EXPECT_TRUE(Check().ok());
}

TEST_F(AuditLogTest, RefusesDecisionsWhenItIsToldToAndSaysWhatIsMissing) {
  AuditConfig config;
  config.on_failure = AuditConfig::OnFailure::kRefuse;
  const auto log = Open(config);
  EXPECT_TRUE(log->must_record());
  {
    const FullDisk full;
    ASSERT_FALSE(log->AppendDurably("\"kind\":\"refused\"").ok());
    EXPECT_FALSE(log->Append("\"kind\":\"lost\"").ok());
    EXPECT_EQ(log->state().lost, 1u);
  }
  ASSERT_TRUE(log->AppendDurably("\"kind\":\"after\"").ok());
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(json::parse(lines[0])["kind"], "gap");
  EXPECT_EQ(json::parse(lines[0])["lost"], 1);
}

}  // namespace
}  // namespace thimble
