// SPDX-License-Identifier: Apache-2.0
//
// What a TD says of itself, over HTTP and by the command: found by default, and allowed by name.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"
#include "tests/support/sim_files.h"

namespace thimble {
namespace {

using nlohmann::json;
using sim::QuoteSpec;
using test::RunThimble;

struct TdCase {
  std::string check, severity;
  sim::Bend<QuoteSpec> bend;
  std::string other_policy;  // which answers the other way: allows what is found, or forbids what is noted
};

const std::vector<TdCase>& TdCases() {
  static const std::vector<TdCase> cases = {
      {"tdx.migratable", "soft", [](QuoteSpec& q) { q.tdx.td_attributes[3] |= 0x20; },
       "[policy.default.tdx]\nallow_migratable = true\n"},
      {"tdx.migratable", "soft", [](QuoteSpec& q) { q.tdx.td_attributes[3] |= 0x20; },
       "[policy.default.tdx]\ntd_attributes = \"0000003000000000\"\n"},
      {"tdx.reserved_attributes", "soft", [](QuoteSpec& q) { q.tdx.td_attributes[4] = 0xff; },
       "[policy.default.tdx]\nallow_reserved_attributes = true\n"},
      {"tdx.service_td", "note", [](QuoteSpec& q) { q.tdx.mr_service_td.fill(0x66); },
       "[policy.default.tdx]\nforbid_service_td = true\n"},
      {"tdx.sept_ve_disable_clear", "note", [](QuoteSpec& q) { q.tdx.td_attributes[3] = 0; },
       "[policy.default.tdx]\nrequire_sept_ve_disable = true\n"},
      {"tdx.current_tcb", "soft",
       [](QuoteSpec& q) {
         q.tdx.tee_tcb_svn2 = {4, 1, 3};
       },
       "[policy.default]\naccepted_statuses = [\"UpToDate\", \"OutOfDate\"]\n"},
  };
  return cases;
}

class TdxVerifyTest : public testing::Test {
 protected:
  static sim::QuoteOptions Options(const TdCase& c) { return {.tdx = true, .version = 5, .bend = c.bend}; }

  // The result by the command, with a policy file's text or none.
  json ByCommand(const TdCase& c, const std::string& policy) {
    const std::string quote = w_.files.Write("quote.bin", w_.intel.Quote(Options(c)));
    const std::string collateral = w_.files / "collateral", root = w_.files / "root.pem";
    sim::WriteCollateral(collateral, w_.intel.CollateralFor(Options(c)));
    std::vector<std::string> command = {"verify", quote,  "--collateral",           collateral, "--anchor",
                                        root,     "--at", FormatRfc3339(sim::kNow), "--json"};
    if (!policy.empty()) {
      command.push_back("--policy");
      command.push_back(w_.files.Write("policy.toml", policy + "[baseline.default]\namd = \"\"\n"));
    }
    const auto result = RunThimble(command);
    const json object = json::parse(result.out, nullptr, false);
    EXPECT_TRUE(object.is_object()) << result.out << result.err;
    EXPECT_EQ(result.exit_code, object["decision"] == "accept" ? 0 : 1);
    return object;
  }
  json ByHttp(const TdCase& c) {
    const auto answer =
        test::Post(w_.port(), "/v1/verify", "application/octet-stream", AsText(w_.intel.Quote(Options(c))));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  static void ExpectFound(const TdCase& c, const json& result) {
    std::set<std::pair<std::string, std::string>> found;
    for (const json& finding : result["findings"]) found.emplace(finding["check"], finding["severity"]);
    const std::set<std::pair<std::string, std::string>> wanted = {{c.check, c.severity},
                                                                  {"trust_anchor.extra", "note"}};
    EXPECT_EQ(found, wanted) << c.check;
    EXPECT_EQ(result["tcb_status"], "UpToDate") << c.check;
  }

  test::World w_;
};

TEST_F(TdxVerifyTest, IsFoundAndAnsweredByName) {
  w_.Start();
  for (const TdCase& c : TdCases()) {
    const char* const by_default = c.severity == "note" ? "accept" : "reject";
    const char* const otherwise = c.severity == "note" ? "reject" : "accept";
    for (const json& result : {ByHttp(c), ByCommand(c, "")}) {
      ExpectFound(c, result);
      EXPECT_EQ(result["decision"], by_default) << c.check;
    }
    const json other = ByCommand(c, c.other_policy);
    ExpectFound(c, other);
    EXPECT_EQ(other["decision"], otherwise) << c.check << " under " << c.other_policy;
  }
}

TEST_F(TdxVerifyTest, ShowsAttributesByNameAndTheTcbOfNow) {
  const json result = ByCommand({"", "",
                                 [](QuoteSpec& q) {
                                   q.tdx.td_attributes = {1, 0, 0, 0x70, 2};
                                 },
                                 ""},
                                "");
  EXPECT_EQ(result["claims"]["td_attributes"], "0100007002000000");
  EXPECT_EQ(result["claims"]["td_attributes_set"],
            json::parse(R"(["DEBUG", "SEPT_VE_DISABLE", "MIGRATABLE", "PKS", "bit 33"])"));
  EXPECT_EQ(result["current_tcb"]["tcb_status"], "UpToDate");
  EXPECT_FALSE(result.contains("initial_tcb"));
}

// A forger's certificates have any subject. What the commands print of them is text.
TEST_F(TdxVerifyTest, HostileNamesSteerNoTerminal) {
  const std::string evil =
      "\x1b[2J\x1b[H\ndecision      accept\xc2\x9b"
      "0m\x7f";
  const sim::SimIntel forger = sim::SimIntel::Make(
      {.seed = "forger", .bend = {{sim::IntelCertificate::kRoot, [&](sim::CertificateSpec& spec) {
                                     spec.subject = spec.issuer = sim::IntelName(evil);
                                   }}}});
  const sim::QuoteOptions options{.tdx = true};
  const std::string quote = w_.files.Write("quote.bin", forger.Quote(options));
  const std::string collateral = w_.files / "collateral";
  sim::WriteCollateral(collateral, forger.CollateralFor(options));
  const std::string at = FormatRfc3339(sim::kNow);
  for (const std::vector<std::string>& command : std::initializer_list<std::vector<std::string>>{
           {"verify", quote, "--collateral", collateral, "--at", at},
           {"verify", quote, "--collateral", collateral, "--at", at, "--json"},
           {"inspect", quote},
           {"inspect", quote, "--json"},
           {"inspect", collateral + "/tcb_info_chain.pem"},
           {evil},
           {"verify", evil},
           {"verify", quote, "--at", evil},
           {"check-config", w_.files.Write("bad.toml", "\"" + std::string("\\u001b[2J") + "\" = 1\n")}}) {
    const auto result = RunThimble(command);
    const std::string shown = result.out + result.err;
    EXPECT_FALSE(shown.empty()) << command.front();
    EXPECT_EQ(shown.find_first_of("\x1b\x7f"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("\xc2\x9b"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("\ndecision      accept"), std::string::npos) << shown;
  }
}

}  // namespace
}  // namespace thimble
