// SPDX-License-Identifier: Apache-2.0
//
// Answer, metrics, audit trail and seen platforms say the same of every kind of outcome: they get one and the same.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "service/audit/audit_check.h"
#include "tcb/base/text.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using nlohmann::json;

// What the sources say of the requests so far.
struct Counted {
  double accept_now = 0, reject_now = 0, accept_then = 0, error = 0;
  bool operator==(const Counted&) const = default;
};
void PrintTo(const Counted& counted, std::ostream* out) {
  *out << "accept now " << counted.accept_now << ", reject now " << counted.reject_now << ", accept then "
       << counted.accept_then << ", error " << counted.error;
}

class Agreement : public testing::Test {
 protected:
  Agreement() { w_.config.audit.directory = directory_; }

  test::RawAnswer Post(const json& body) {
    return test::Post(w_.port(), "/v1/verify", "application/json", body.dump());
  }
  std::string Quote(const Bytes& report_data, sim::Tcb tcb = sim::Tcb::kGood) {
    return Base64(w_.intel.Quote({.platform = sim::ServerPlatform(tcb), .bend = [&](sim::QuoteSpec& quote) {
                                    quote.sgx.report_data = {};
                                    std::ranges::copy(report_data, quote.sgx.report_data.begin());
                                  }}));
  }
  // The sum of all samples whose labels have both.
  double Sum(const std::string& about, const std::string& decision) {
    const std::string metrics = test::Get(w_.port(), "/metrics").body;
    std::istringstream lines(metrics);
    double sum = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("thimble_verdicts_total{") &&
          line.find(StrCat("about=\"", about, "\"")) != std::string::npos &&
          line.find(StrCat("decision=\"", decision, "\"")) != std::string::npos)
        sum += std::stod(line.substr(line.rfind(' ')));
    }
    return sum;
  }
  Counted Metrics() {
    return {Sum("now", "accept"), Sum("now", "reject"), Sum("another_time", "accept"), Sum("now", "error")};
  }
  // Service stopped, so that all are written.
  std::vector<json> Decisions() {
    w_.Stop();
    std::vector<json> decisions;
    for (const std::string& path : AuditFiles(directory_)) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) {
        json record = json::parse(line);
        if (record["kind"] == "decision") decisions.push_back(std::move(record));
      }
    }
    return decisions;
  }

  test::World w_;
  const std::string directory_ = w_.files / "audit";
};

TEST_F(Agreement, OfAnswerMetricsAndAuditForEveryKindOfOutcome) {
  w_.config.baselines["unheld"].intel.selector = Selector{Selector::Kind::kNumber, 15};  // retired: 410
  w_.Start();
  const json challenge = json::parse(test::Post(w_.port(), "/v1/challenge", "application/json", "").body);
  const Bytes nonce = *FromHex(challenge["nonce"].get<std::string>());
  const json with_nonce = {{"evidence", Quote(nonce)}, {"nonce", challenge["nonce"]}};
  const std::string then = FormatRfc3339(sim::kNow + Seconds(60));
  struct Row {
    const char* what;
    json request;
    int status;
    const char* decision;  // nullptr: there is none
    std::string about;
    Counted counted;
    bool repeats = false;  // what the row before said: the trail counts it there
  };
  const Row rows[] = {
      {"accept", {{"evidence", Quote({})}}, 200, "accept", "now", {1, 0, 0, 0}},
      {"reject", {{"evidence", Quote({}, sim::Tcb::kOutOfDate)}}, 200, "reject", "now", {1, 1, 0, 0}},
      {"unavailable", {{"evidence", Quote({})}, {"baseline", "unheld"}}, 503, nullptr, "", {1, 1, 0, 1}},
      {"malformed", {{"evidence", Quote({}).substr(0, 800)}}, 400, nullptr, "", {1, 1, 0, 2}},
      {"a nonce", with_nonce, 200, "accept", "now", {2, 1, 0, 2}},
      {"a nonce used twice", with_nonce, 200, "reject", "now", {2, 2, 0, 2}},
      {"and once more", with_nonce, 200, "reject", "now", {2, 3, 0, 2}, true},
      {"at", {{"evidence", Quote({})}, {"at", then}}, 200, "accept", then, {2, 3, 1, 2}},
  };
  std::vector<json> answers;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    const auto answer = Post(row.request);
    ASSERT_EQ(answer.status, row.status) << answer.body;
    EXPECT_EQ(Metrics(), row.counted);
    if (row.decision == nullptr) continue;
    const json said = json::parse(answer.body);
    EXPECT_EQ(said["decision"], row.decision);
    EXPECT_EQ(said["about"], row.about);
    if (!row.repeats) answers.push_back(said);
  }
  const auto records = Decisions();
  ASSERT_EQ(records.size(), answers.size()) << "what is no decision is not recorded as one";
  for (size_t i = 0; i < records.size(); ++i) {
    for (const char* member : {"decision", "about", "at", "authentic", "tcb_status"})
      EXPECT_EQ(records[i][member], answers[i][member]) << i << " " << member;
    json findings = json::array();
    for (const json& finding : answers[i]["findings"]) findings.push_back(finding["check"]);
    EXPECT_EQ(records[i]["findings"], findings) << i;
  }
}

// What proves no freshness says so, and is not used up by it.
TEST_F(Agreement, ANonceBesideAnotherTimeIsComparedAndNotTaken) {
  w_.Start();
  const json challenge = json::parse(test::Post(w_.port(), "/v1/challenge", "application/json", "").body);
  const Bytes nonce = *FromHex(challenge["nonce"].get<std::string>());
  json request = {{"evidence", Quote(nonce)}, {"nonce", challenge["nonce"]}};
  ASSERT_EQ(Post({{"evidence", Quote({})}}).status, 200);  // the collateral is held
  request["at"] = FormatRfc3339(sim::kNow + Seconds(60));
  for (int i = 0; i < 2; ++i) {
    const json result = json::parse(Post(request).body);
    EXPECT_EQ(result["decision"], "accept") << result.dump(1);
    EXPECT_EQ(result["nonce"]["freshness"], "none");
    EXPECT_EQ(result["nonce"]["report_data"].get<std::string>().substr(0, 64), challenge["nonce"]);
  }
  json other = request;
  other["evidence"] = Quote(Bytes(32, 1));
  EXPECT_EQ(json::parse(Post(other).body)["decision"], "reject");
  request.erase("at");
  const json now = json::parse(Post(request).body);
  EXPECT_EQ(now["decision"], "accept") << now.dump(1);
  EXPECT_EQ(now["nonce"]["freshness"], "issued_here");
  EXPECT_EQ(now["nonce"]["report_data"].get<std::string>().size(), 128u);
}

}  // namespace
}  // namespace thimble
