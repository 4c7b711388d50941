// SPDX-License-Identifier: Apache-2.0
//
// The audit trail: its chain on disk, and what is in it of decisions and changes.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "service/audit/audit_check.h"
#include "service/audit/audit_log.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/world.h"
#include "tests/support/eventually.h"

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
  EXPECT_TRUE(kept[1].ends_with("audit-00000000000000000004.jsonl"));
  const auto summary = Check();
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->first_seq, 3u);
  EXPECT_FALSE(summary->from_start);
  std::filesystem::remove(kept[1]);
  std::ofstream(directory_ + "/audit-00000000000000000004.jsonl");  // made, and then the power went
  Write(1);
  EXPECT_TRUE(Check().ok());
  EXPECT_EQ(Check()->last_seq, 4u);
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

// -- what is in it --

class AuditServiceTest : public testing::Test {
 protected:
  AuditServiceTest() { w_.config.audit.directory = directory_; }
  json Verify(const Bytes& quote, std::string_view query = "") {
    const auto answer =
        test::Post(w_.port(), StrCat("/v1/verify", query), "application/octet-stream", AsText(quote));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  void Promote(const char* candidate, const char* accepted) {
    for (const auto& [method, path, body] : {std::tuple("PUT", "/v1/baselines/default/candidate", candidate),
                                             std::tuple("POST", "/v1/baselines/default/promote", accepted)}) {
      http::Request request;
      request.method = method;
      request.path = path;
      request.body = body;
      request.admin = true;
      EXPECT_EQ(w_.app->Handle(request).status, 200);
    }
  }
  // All records of this kind; the service is stopped first, so that they are written.
  std::vector<json> Records(std::string_view kind) {
    w_.Stop();
    EXPECT_TRUE(CheckAudit(AuditFiles(directory_), std::nullopt).ok());
    std::vector<json> records;
    for (const std::string& path : AuditFiles(directory_)) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) {
        json record = json::parse(line);
        if (record["kind"] == kind) records.push_back(std::move(record));
      }
    }
    return records;
  }
  test::World w_;
  const std::string directory_ = w_.files / "audit";
};

TEST_F(AuditServiceTest, RecordsADecisionAndNeitherEvidenceNorClaims) {
  w_.Start();
  const Bytes quote =
      w_.intel.Quote({.tdx = true, .bend = [](sim::QuoteSpec& q) { q.tdx.report_data = {0xAB}; }});
  const json result = Verify(quote, "?report_data=ab");
  ASSERT_EQ(result["decision"], "accept") << result.dump(1);
  const auto records = Records("decision");
  ASSERT_EQ(records.size(), 1u);
  const json& record = records[0];
  EXPECT_EQ(record["evidence_sha256"], Sha256(quote).hex());
  EXPECT_EQ(record["report_data"], "ab");
  EXPECT_EQ(record["at"], result["at"]);
  EXPECT_EQ(record["decision"], "accept");
  EXPECT_EQ(record["tcb_status"], "UpToDate");
  EXPECT_EQ(record["policy"]["sha256"], result["policy"]["sha256"]);
  EXPECT_EQ(record["baseline"],
            json::parse(R"({"name": "default", "version": 1, "intel": "standard", "amd": "builtin"})"));
  EXPECT_EQ(record["tcb_info"], 17);
  EXPECT_EQ(record["collateral"].size(), 4u);
  EXPECT_EQ(record["collateral"][0]["brought_by"], "server");
  EXPECT_EQ(record["about"], "now");
  EXPECT_EQ(record["request"].get<std::string>().size(), 32u);
  const std::string text = record.dump();
  EXPECT_EQ(text.find(result["claims"]["mrtd"].get<std::string>()), std::string::npos);
  EXPECT_EQ(text.find(Base64(quote).substr(0, 64)), std::string::npos);
  EXPECT_LT(text.size(), 2000u);
}

// A token that turns up somewhere leads back to its decision.
TEST_F(AuditServiceTest, NamesTheTokenThatWasSigned) {
  w_.Start();
  const json result = Verify(w_.intel.Quote({.tdx = true}), "?ear=true");
  Verify(w_.intel.Quote({.tdx = true}));
  const std::string token = result["ear"];
  const size_t first = token.find('.') + 1;
  const json claims = json::parse(AsText(*FromBase64(token.substr(first, token.rfind('.') - first))));
  const auto records = Records("decision");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["jti"], claims["jti"]);
  EXPECT_FALSE(records[1].contains("jti"));
}

TEST_F(AuditServiceTest, RecordsAnotherKeyOfResults) {
  w_.Start();
  http::Request request;
  request.method = "POST";
  request.path = "/v1/result-key/rotate";
  request.admin = true;
  const auto answer = w_.app->Handle(request);
  ASSERT_EQ(answer.status, 200);
  const json rotation = json::parse(answer.content->body());
  const auto records = Records("result_key");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]["by"], "unix socket");
  for (const char* member : {"kid", "retired", "retired_until"})
    EXPECT_EQ(records[0][member], rotation[member]);
}

TEST_F(AuditServiceTest, NamesWhatWasRefusedAndWhy) {
  w_.Start();
  Verify(w_.intel.Quote({.platform = sim::ServerPlatform(sim::Tcb::kOutOfDate)}));
  Bytes forged = w_.intel.Quote();
  forged.at(sim::LocateQuote(forged).signature) ^= 1;
  Verify(forged);
  const auto records = Records("decision");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["refused_by"], json::parse(R"(["accepted_statuses"])"));
  EXPECT_EQ(records[1]["authentic"], false);
  EXPECT_EQ(records[1]["findings"].back(), "quote.signature");
}

// The record says which evidence, at which time, under which policy, baseline and evaluation data.
TEST_F(AuditServiceTest, IsEnoughToRepeatADecision) {
  w_.Start();
  const Bytes quote = w_.intel.Quote({.tdx = true});
  const json accepted = Verify(quote);
  Promote(R"({"intel": "18"})", R"({"accept_refusals": 1})");
  const json rejected = Verify(quote);
  ASSERT_EQ(rejected["decision"], "reject");

  const auto records = Records("decision");
  ASSERT_EQ(records.size(), 2u);
  w_.Start();
  for (const auto& [record, result] : {std::pair(records[0], accepted), std::pair(records[1], rejected)}) {
    w_.config.baselines["then"] = {*EvaluationChoice::Parse(record["baseline"]["intel"].get<std::string>()),
                                   record["baseline"]["amd"]};
    w_.Start();
    Verify(quote, "?baseline=then");  // the store in memory is new: have it hold the collateral
    const json again = Verify(quote, StrCat("?baseline=then&at=", record["at"].get<std::string>()));
    EXPECT_EQ(again["decision"], record["decision"]);
    EXPECT_EQ(again["tcb_status"], record["tcb_status"]);
    EXPECT_EQ(again["shortfalls"], result["shortfalls"]);
    EXPECT_EQ(again["policy"], result["policy"]);
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(again["collateral"][i]["sha256"], record["collateral"][i]["sha256"]);
  }
}

TEST_F(AuditServiceTest, RecordsEveryChangeOfABaseline) {
  w_.Start();
  Promote(R"({"intel": "18"})", R"({"accept_refusals": "unknown"})");
  const auto records = Records("baseline");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0]["action"], "configure");
  EXPECT_EQ(records[1]["action"], "candidate");
  EXPECT_EQ(records[2]["action"], "promote");
  EXPECT_EQ(records[2]["by"], "unix socket");
  EXPECT_EQ(records[2]["refused"], "unknown") << "no platform was seen";
  EXPECT_FALSE(records[1].contains("refused"));
  EXPECT_EQ(records[2]["baseline"]["current"]["version"], 2);
  EXPECT_EQ(records[2]["baseline"]["current"]["intel"], "18");
  EXPECT_EQ(records[2]["baseline"]["past"][0]["intel"], "standard");
  const auto in_force = Records("in_force");
  ASSERT_EQ(in_force.size(), 1u);
  EXPECT_EQ(in_force[0]["policies"][0]["id"], "default");
}

}  // namespace
}  // namespace thimble
