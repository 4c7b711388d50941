// SPDX-License-Identifier: Apache-2.0
//
// Real evidence from end to end: each recorded case through `thimble verify --collateral` (directory and JSON form) and
// through POST /v1/verify, against the verdict of Intel's own library.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tcb/base/text.h"
#include "tests/service/testing/collateral_form.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

fs::path IntelCorpus() { return test::CorpusDir() / "intel"; }

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
Bytes ReadBytes(const fs::path& path) {
  const std::string text = ReadText(path);
  return {text.begin(), text.end()};
}

struct Case {
  json facts;
  fs::path dir;

  std::string at() const { return facts["at"]; }
  bool flag(const char* name) const { return facts[name].is_boolean() && facts[name].get<bool>(); }
  std::string expect() const { return facts.value("expect", ""); }
  // Of a test root: to be given with --anchor.
  std::optional<std::string> root() const {
    const fs::path path = dir / "root.pem";
    return fs::exists(path) ? std::optional(path.string()) : std::nullopt;
  }
};
inline void PrintTo(const Case& row, std::ostream* out) { *out << row.dir.filename().string(); }

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const std::string text = ReadText(IntelCorpus() / "cases.json");
  if (text.empty()) return cases;
  for (const json& entry : json::parse(text))
    cases.push_back({entry, IntelCorpus() / entry["dir"].get<std::string>()});
  return cases;
}

// What came of one case, by whatever way: a result, or a problem object.
struct Outcome {
  int exit_code;
  json object;
};

std::set<std::string> Findings(const json& result) {
  std::set<std::string> names;
  for (const json& finding : result["findings"]) names.insert(finding["check"]);
  return names;
}

bool ContainsAny(const std::set<std::string>& names, std::initializer_list<const char*> wanted) {
  for (const char* name : wanted) {
    if (names.contains(name)) return true;
  }
  return false;
}

void ExpectProblem(const Outcome& outcome, int exit_code, std::initializer_list<const char*> checks) {
  EXPECT_EQ(outcome.exit_code, exit_code);
  ASSERT_TRUE(outcome.object.contains("check")) << outcome.object.dump(1);
  EXPECT_TRUE(ContainsAny({outcome.object["check"].get<std::string>()}, checks)) << outcome.object.dump(1);
}

void ExpectRejectedFor(const Outcome& outcome, const char* check) {
  EXPECT_EQ(outcome.exit_code, 1);
  ASSERT_TRUE(outcome.object.contains("decision")) << outcome.object.dump(1);
  EXPECT_EQ(outcome.object["authentic"], false);
  EXPECT_TRUE(outcome.object["tcb_status"].is_null());
  EXPECT_TRUE(Findings(outcome.object).contains(check)) << outcome.object.dump(1);
}

// The flags call for findings, and clean cases for none of that kind.
void ExpectFindings(const Case& c, const std::set<std::string>& found) {
  const bool crl_expired = ContainsAny(found, {"crl.root.expired", "crl.pck.expired"});
  if (c.flag("clean")) {
    EXPECT_FALSE(crl_expired);
    EXPECT_FALSE(
        ContainsAny(found, {"pck.expired", "pck.not_yet_valid", "tcb_info.expired", "tcb_info.not_yet_issued",
                            "qe_identity.expired", "qe_identity.not_yet_issued", "signing_chain.expired",
                            "signing_chain.not_yet_valid"}));
  }
  if (c.flag("collateral_expired")) {
    EXPECT_TRUE(crl_expired);
  }
  if (c.flag("before_pck_not_before")) {
    EXPECT_TRUE(found.contains("pck.not_yet_valid"));
  }
  if (c.flag("before_issue_date")) {
    EXPECT_TRUE(crl_expired || ContainsAny(found, {"tcb_info.not_yet_issued", "qe_identity.not_yet_issued"}));
  }
}

void ExpectVerdict(const Case& c, const Outcome& outcome) {
  const json& result = outcome.object;
  const json& reference = c.facts["reference"];
  ASSERT_TRUE(result.contains("decision")) << result.dump(1);
  EXPECT_EQ(result["tcb_status"], reference["tcb_status"]);
  EXPECT_EQ(result["advisories"].get<std::set<std::string>>(),
            reference["advisories"].get<std::set<std::string>>());
  EXPECT_EQ(result["at"], c.at());
  const std::set<std::string> found = Findings(result);
  EXPECT_EQ(found.contains("tcb.not_supported"), reference["result"] == "STATUS_TCB_NOT_SUPPORTED");
  ExpectFindings(c, found);
  EXPECT_EQ(outcome.exit_code, result["decision"] == "accept" ? 0 : 1);
  if (c.flag("clean") && result["tcb_status"] == "UpToDate" &&
      !ContainsAny(found, {"sgx.debug", "tdx.debug"})) {
    EXPECT_EQ(result["decision"], "accept");
  }
  if (result["tcb_status"] != "UpToDate" || !(c.flag("clean") || c.root())) {
    EXPECT_EQ(result["decision"], "reject");
  }
}

void ExpectOutcome(const Case& c, const Outcome& outcome) {
  if (c.expect() == "malformed") {
    ExpectProblem(outcome, 4, {"quote.format", "evidence.format", "collateral.malformed"});
  } else if (c.expect() == "invalid_pck_chain") {
    ExpectRejectedFor(outcome, "pck.chain");
  } else if (c.expect() == "needs_pck_certificate") {
    ExpectProblem(outcome, 3, {"pck.missing"});
  } else if (c.expect() == "untrusted_root") {
    ExpectRejectedFor(outcome, "pck.root");
  } else {
    ASSERT_EQ(c.expect(), "");
    ExpectVerdict(c, outcome);
  }
}

Outcome RunBinary(const Case& c, const fs::path& collateral) {
  std::vector<std::string> arguments{
      "verify", (c.dir / "quote.bin").string(), "--collateral", collateral.string(), "--at", c.at(),
      "--json"};
  if (const auto root = c.root()) arguments.insert(arguments.end(), {"--anchor", *root});
  const test::ProcessResult run = test::RunThimble(arguments);
  EXPECT_EQ(run.err, "");
  return {run.exit_code, json::parse(run.out, nullptr, false)};
}

Outcome FromHttp(const test::RawAnswer& answer) {
  const json object = json::parse(answer.body, nullptr, false);
  if (answer.status == 200) return {object.value("decision", "") == "accept" ? 0 : 1, object};
  return {answer.status == 400 ? 4 : answer.status == 503 ? 3 : -1, object};
}

// A Thimble in memory before a vendor that serves what was recorded, at the time of the case.
class RecordedWorld {
 public:
  explicit RecordedWorld(const Case& c) {
    w_.config.server.anchors.clear();
    if (const auto root = c.root()) w_.config.server.anchors = {*root};
    if (c.flag("clean")) w_.vendor.ServeRecorded(c.dir);
    w_.Start(*ParseRfc3339(c.at()));
  }
  uint16_t port() const { return w_.port(); }

 private:
  test::World w_;
};

class CorpusTest : public testing::TestWithParam<Case> {};

TEST_P(CorpusTest, ThroughTheBinaryWithADirectory) {
  ExpectOutcome(GetParam(), RunBinary(GetParam(), GetParam().dir));
}

TEST_P(CorpusTest, ThroughTheBinaryWithTheCommonForm) {
  const fs::path file = GetParam().dir / "collateral.json";
  if (!fs::exists(file)) GTEST_SKIP() << "recorded without one";
  ExpectOutcome(GetParam(), RunBinary(GetParam(), file));
}

// Clean ones from the cache; the others with their collateral and their time in the request.
TEST_P(CorpusTest, ThroughHttp) {
  const Case& c = GetParam();
  const RecordedWorld world(c);
  const Bytes quote = ReadBytes(c.dir / "quote.bin");
  if (c.flag("clean")) {
    return ExpectOutcome(
        c, FromHttp(test::Post(world.port(), "/v1/verify", "application/octet-stream", AsText(quote))));
  }
  json request{{"evidence", Base64(quote)}, {"at", c.at()}};
  if (fs::exists(c.dir / "collateral.json")) {
    request["collateral"] = json::parse(ReadText(c.dir / "collateral.json"));
  } else if (fs::exists(c.dir / "tcb_info.json")) {
    request["collateral"] = test::CollateralFormOf(c.dir);
  }
  ExpectOutcome(c, FromHttp(test::Post(world.port(), "/v1/verify", "application/json", request.dump())));
}

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  std::string name = StrCat(info.index, "_", info.param.facts["dir"].get<std::string>());
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Intel, CorpusTest, testing::ValuesIn(Cases()), NameOf);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CorpusTest);

TEST(Corpus, IsThere) {
  if (!fs::exists(IntelCorpus())) GTEST_SKIP() << "no recorded cases beside the project";
  EXPECT_EQ(Cases().size(), 84u);
}

}  // namespace
}  // namespace thimble
