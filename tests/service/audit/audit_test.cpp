// SPDX-License-Identifier: Apache-2.0
//
// What is in the audit trail of decisions and changes.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "service/audit/audit_check.h"
#include "service/audit/audit_log.h"
#include "service/audit/audit_records.h"
#include "service/support/version.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/policy/canonical_policy.h"
#include "tcb/policy/digest.h"
#include "tests/service/testing/world.h"
#include "tests/support/sim_platform.h"

namespace thimble {
namespace {

using nlohmann::json;

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

TEST_F(AuditServiceTest, CountsEqualDecisionsAndSummarisesForgedQuotes) {
  w_.Start();
  const Bytes quote = w_.intel.Quote({.tdx = true});
  for (int i = 0; i < 50; ++i) Verify(quote);
  const size_t signature = sim::LocateQuote(quote).signature;
  for (uint8_t i = 1; i <= 200; ++i) {
    Bytes forged = quote;
    forged.at(signature) ^= i;
    Verify(forged);
  }
  const std::string metrics = test::Get(w_.port(), "/metrics").body;
  EXPECT_NE(metrics.find("thimble_audit_repeated_total 49"), std::string::npos) << metrics;
  uint64_t decisions = 0, rejected = 0;
  for (const json& record : Records("decision")) {
    ++decisions;
    rejected += record["decision"] == "reject" ? 1u : 0u;
  }
  EXPECT_EQ(decisions - rejected, 1u);
  EXPECT_GE(rejected, 60u);
  const auto repeated = Records("repeated");
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0]["count"], 49);
  uint64_t summarised = 0;
  for (const json& record : Records("rejections")) summarised += record["count"].get<uint64_t>();
  EXPECT_GT(summarised, 0u);
  EXPECT_EQ(rejected + summarised, 200u);
}

TEST_F(AuditServiceTest, RecordsEveryTokenAndCountsWhatCanBeSentAgain) {
  w_.Start();
  const Bytes quote =
      w_.intel.Quote({.tdx = true, .bend = [](sim::QuoteSpec& q) { q.tdx.report_data = {0xAB}; }});
  for (int i = 0; i < 3; ++i) Verify(quote, "?ear=true");
  for (int i = 0; i < 3; ++i) Verify(quote, "?nonce=ab00000000000000");
  for (int i = 0; i < 3; ++i) Verify(quote);
  EXPECT_EQ(Records("decision").size(), 3u + 1 + 1) << "a nonce of the caller's own proves nothing to us";
  EXPECT_EQ(Records("repeated").size(), 2u);
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
  EXPECT_EQ(records[0]["by"], json::parse(R"({"address": "unix", "role": "admin"})"));
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
                                   record["baseline"]["amd"],
                                   {}};
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
  EXPECT_EQ(records[0]["by"], json::parse(R"({"source": "configuration"})"));
  EXPECT_EQ(records[2]["by"]["role"], "admin");
  EXPECT_EQ(records[2]["refused"], "unknown") << "no platform was seen";
  EXPECT_FALSE(records[1].contains("refused"));
  EXPECT_EQ(records[2]["baseline"]["current"]["version"], 2);
  EXPECT_EQ(records[2]["baseline"]["current"]["intel"], "18");
  EXPECT_EQ(records[2]["baseline"]["past"][0]["intel"], "standard");
  const auto in_force = Records("in_force");
  ASSERT_EQ(in_force.size(), 1u);
  EXPECT_EQ(in_force[0]["policies"][0]["id"], "default");
}

// Whoever reads the trail next year has no configuration of today.
TEST_F(AuditServiceTest, HoldsTheRulesThatDecisionsWereMadeBy) {
  Policy strict = BuiltInPolicy();
  strict.min_tcb_evaluation = 12;
  strict.sha256 = PolicyDigest(strict);
  w_.config.policies["strict"] = strict;
  w_.config.server.anchors.push_back(
      "vbs=" + w_.files.Write("hgs.pem", std::string_view(sim::ToPem(sim::HgsCertificate(), "CERTIFICATE"))));
  w_.Start();
  w_.Stop();
  const auto files = AuditFiles(directory_);
  const auto text = FindPolicy(files, strict.sha256, UINT64_MAX);
  ASSERT_TRUE(text.ok() && *text);
  EXPECT_EQ(**text, CanonicalPolicy(strict));
  const auto read = ReadCanonicalPolicy(**text, "strict");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->min_tcb_evaluation, 12u);
  EXPECT_FALSE(*FindPolicy(files, Digest256(), UINT64_MAX)) << "no policy has this digest";
  EXPECT_FALSE(*FindPolicy(files, strict.sha256, 1)) << "none was in force before the first record";
  const auto in_force = Records("in_force");
  ASSERT_EQ(in_force.size(), 1u);
  EXPECT_EQ(in_force[0]["version"], kVersion);
  EXPECT_EQ(in_force[0]["floors"][0]["sha256"].get<std::string>().size(), 64u);
  json added = json::array();
  for (const json& anchor : in_force[0]["anchors"]) {
    if (anchor["added"] == true) added.push_back(anchor["name"]);
    if (anchor["name"] == "Simulated Host Guardian Service") {
      EXPECT_EQ(anchor["use"], "vbs");
    }
  }
  EXPECT_EQ(added, json({"Simulated Host Guardian Service", "Intel SGX Root CA"}));
}

TEST_F(AuditServiceTest, SaysWhoAskedByTheLabelOfTheRole) {
  w_.config.roles = {{.role = Role::kVerify,
                      .token_sha512 = TokenDigest("of the pipeline"),
                      .client_sha256 = {},
                      .label = "ci"},
                     {.role = Role::kVerify, .token_sha512 = TokenDigest("nameless"), .client_sha256 = {}}};
  w_.Start();
  const Bytes quote = w_.intel.Quote({.tdx = true});
  const auto ask = [&](const std::string& token) {
    http::Request request;
    request.method = "POST";
    request.path = "/v1/verify";
    request.client = "192.0.2.7";
    request.headers = {{"content-type", "application/octet-stream"},
                       {"authorization", StrCat("Bearer ", token)}};
    request.body = AsText(quote);
    return w_.app->Handle(request).status;
  };
  EXPECT_EQ(ask("of the pipeline"), 200);
  EXPECT_EQ(ask("nameless"), 200);
  EXPECT_EQ(ask("guessed"), 401);
  const auto records = Records("decision");
  ASSERT_EQ(records.size(), 2u) << "who asks tells decisions apart";
  EXPECT_EQ(records[0]["by"], json::parse(R"({"address": "192.0.2.7", "role": "verify", "label": "ci"})"));
  EXPECT_EQ(records[1]["by"]["token_sha512_begins"], TokenDigest("nameless").hex().substr(0, 16));
  EXPECT_FALSE(records[1]["by"].contains("label"));
  EXPECT_EQ(FindRecords(AuditFiles(directory_), {.by = "ci"}, 10)->size(), 1u);
  EXPECT_EQ(FindRecords(AuditFiles(directory_), {.evidence = Sha256(quote)}, 10)->size(), 2u);
  EXPECT_EQ(FindRecords(AuditFiles(directory_), {.kind = "decision", .by = "nobody"}, 10)->size(), 0u);
}

}  // namespace
}  // namespace thimble
