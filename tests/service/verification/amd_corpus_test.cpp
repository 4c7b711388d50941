// SPDX-License-Identifier: Apache-2.0
//
// Real AMD evidence from end to end: each recorded case through `thimble verify --collateral DIR`, through
// POST /v1/verify with its endorsements, and through POST /v1/verify before an upstream that serves what was recorded,
// against the reference verdicts (corpus/amd, as its README describes it).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tcb/amd/hcl.h"
#include "tcb/amd/verify.h"
#include "tcb/base/text.h"
#include "tcb/verify.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using Names = std::set<std::string>;

fs::path AmdCorpus() { return test::CorpusDir() / "amd"; }

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
Bytes ReadBytes(const fs::path& path) {
  const std::string text = ReadText(path);
  return {text.begin(), text.end()};
}

struct Case {
  json facts;  // the whole entry
  fs::path dir;

  std::string at() const { return facts["at"]; }
  std::string kind() const { return facts["kind"]; }
  bool tdx() const { return kind() == "azure-hcl-tdx"; }
  bool hcl() const { return kind() != "snp-report"; }
  bool has(const char* name) const { return fs::exists(dir / name); }
  fs::path evidence() const { return dir / (hcl() ? "hcl.bin" : "report.bin"); }
  std::string fails_on() const {
    const json& check = facts["reference"]["fails_on"];
    return check.is_null() ? "" : check.get<std::string>();
  }
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const std::string text = ReadText(AmdCorpus() / "cases.json");
  if (text.empty()) return cases;
  for (const json& entry : json::parse(text))
    cases.push_back({entry, AmdCorpus() / entry["dir"].get<std::string>()});
  return cases;
}

// What the reference calls a failing check, in our words.
Names OurNames(const std::string& reference) {
  static const std::map<std::string, Names> names = {
      {"malformed", {"snp.format", "hcl.format"}},
      {"unsupported_version", {"snp.version", "snp.signature"}},
      {"unsupported_signature_algorithm", {"snp.signature_algorithm"}},
      {"signing_key_mismatch", {"snp.signing_key"}},
      {"chain", {"snp.chain"}},
      {"leaf_signature", {"snp.leaf_signature"}},
      {"not_yet_valid", {"snp.not_yet_valid"}},
      {"expired", {"snp.expired"}},
      {"product_mismatch", {"snp.product"}},
      {"chip_id_mismatch", {"snp.chip_id"}},
      {"tcb_mismatch", {"snp.tcb_binding"}},
      {"report_signature", {"snp.signature"}},
      {"runtime_data_binding", {"hcl.binding"}},
      {"tpm_quote_signature", {"hcl.tpm_signature"}},
      {"debug_policy", {"snp.debug"}},
  };
  return names.at(reference);
}

// What came of one case, by whatever way: a result, or a problem object.
struct Outcome {
  int exit_code;
  json object;
};

std::map<std::string, std::string> Checks(const json& object) {
  std::map<std::string, std::string> checks;
  for (const json& check : object["checks"]) checks[check["check"]] = check["result"];
  return checks;
}

std::string CheckOf(const json& problem) { return problem.value("check", ""); }

// The finding that the decision rests on: the hard one, else any.
std::string Failure(const json& result) {
  std::string soft;
  for (const json& finding : result["findings"]) {
    if (finding["severity"] == "hard") return finding["check"];
    soft = finding["check"];
  }
  return soft;
}

void ExpectFacts(const Case& c, const json& result) {
  for (const auto& [name, value] : c.facts["facts"].items()) {
    EXPECT_EQ(result["claims"].value(name, json()), value) << name;
  }
}

void ExpectVerdict(const Case& c, const Outcome& outcome) {
  const json& result = outcome.object;
  ASSERT_TRUE(result.contains("decision")) << result.dump(1);
  EXPECT_EQ(result["at"], c.at());
  EXPECT_EQ(result["tee"], "snp");
  ExpectFacts(c, result);
  if (c.fails_on().empty()) {
    // The reference does not know the policies of containers; that one lets everything run decides nothing.
    json findings = result["findings"];
    std::erase_if(findings.get_ref<json::array_t&>(), [](const json& finding) {
      return finding["check"] == "aci.policy_allows_all" && finding["severity"] == "note";
    });
    EXPECT_EQ(findings, json::array());
  } else {
    EXPECT_TRUE(OurNames(c.fails_on()).contains(Failure(result))) << result["findings"].dump(1);
  }
  // The reference counts windows among what is authentic; here they are findings, which the policy judges.
  const bool window = c.fails_on() == "expired" || c.fails_on() == "not_yet_valid";
  EXPECT_EQ(result["authentic"], c.facts["reference"]["authentic"] || window);
  EXPECT_EQ(result["decision"], c.fails_on().empty() ? "accept" : "reject");
  EXPECT_EQ(outcome.exit_code, c.fails_on().empty() ? 0 : 1);
}

// Nothing of Intel's was recorded: what the evidence shows by itself, and what is missing.
void ExpectTdxWithoutCollateral(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(CheckOf(outcome.object), "collateral.missing");
  const auto checks = Checks(outcome.object);
  for (const char* check : {"hcl.binding", "hcl.td_quote", "quote.signature", "pck.chain"}) {
    ASSERT_TRUE(checks.contains(check)) << outcome.object.dump(1);
    EXPECT_EQ(checks.at(check), "passed") << check;
  }
}

void ExpectOutcome(const Case& c, const Outcome& outcome) {
  if (c.tdx()) return ExpectTdxWithoutCollateral(outcome);
  // Version 6, which the reference does not know, is read here.
  const bool unread = c.fails_on() == "unsupported_version" && outcome.exit_code != 1;
  if (c.fails_on() != "malformed" && !unread) return ExpectVerdict(c, outcome);
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_TRUE(OurNames(c.fails_on()).contains(CheckOf(outcome.object))) << outcome.object.dump(1);
}

Outcome FromHttp(const test::RawAnswer& answer) {
  const json object = json::parse(answer.body, nullptr, false);
  if (answer.status == 200) return {object.value("decision", "") == "accept" ? 0 : 1, object};
  return {answer.status == 400 ? 4 : answer.status == 503 ? 3 : -1, object};
}

Policy CorpusPolicy() {
  const auto file = LoadPolicyFile((AmdCorpus() / "policy.toml").string());
  EXPECT_TRUE(file) << file.error().message;
  return file ? file->policy : Policy{};
}

// A Thimble in memory with the cases' policy.
struct CorpusWorld : test::World {
  explicit CorpusWorld(Instant now) {
    config.server.anchors.clear();
    config.policies["default"] = CorpusPolicy();
    config.baselines["default"].amd = "";
    config.amd_upstreams = {{.url = vendor.BaseUrl()}};
    now_ = now;
  }
  Outcome Verify(const json& request) {
    if (!app) Start(now_);
    return FromHttp(test::Post(port(), "/v1/verify", "application/json", request.dump()));
  }

 private:
  Instant now_;
};

json RequestOf(const Case& c) {
  json request{{"evidence", Base64(ReadBytes(c.evidence()))}};
  if (c.has("td_quote.bin")) request["td_quote"] = Base64(ReadBytes(c.dir / "td_quote.bin"));
  if (!c.has("tpm_quote.msg")) return request;
  request["tpm_quote"] = {{"message", Base64(ReadBytes(c.dir / "tpm_quote.msg"))},
                          {"signature", Base64(ReadBytes(c.dir / "tpm_quote.sig"))}};
  if (c.has("tpm_pcrs.json")) request["tpm_quote"]["pcrs"] = json::parse(ReadText(c.dir / "tpm_pcrs.json"));
  return request;
}

class AmdCorpusTest : public testing::TestWithParam<Case> {};

TEST_P(AmdCorpusTest, ThroughTheBinary) {
  const Case& c = GetParam();
  const test::ProcessResult run =
      test::RunThimble({"verify", c.evidence().string(), "--collateral", c.dir.string(), "--at", c.at(),
                        "--policy", (AmdCorpus() / "policy.toml").string(), "--json"});
  EXPECT_EQ(run.err, "");
  ExpectOutcome(c, {run.exit_code, json::parse(run.out, nullptr, false)});
}

TEST_P(AmdCorpusTest, ThroughHttpWithItsEndorsements) {
  const Case& c = GetParam();
  static CorpusWorld world{sim::kNow};
  json request = RequestOf(c);
  request["at"] = c.at();
  for (const char* name : {"vcek.der", "vlek.der", "crl.der"}) {
    if (c.has(name)) request["endorsements"].push_back(Base64(ReadBytes(c.dir / name)));
  }
  if (c.has("chain.pem") && !c.tdx()) request["endorsements"].push_back(ReadText(c.dir / "chain.pem"));
  ExpectOutcome(c, world.Verify(request));
  EXPECT_EQ(world.vendor.Count(), 0u);
}

// ---- from an upstream ----

std::optional<amd::Product> ProductOf(const Case& c) {
  return c.facts["product"].is_null() ? std::nullopt
                                      : amd::ProductFromName(c.facts["product"].get<std::string>());
}

// What the evidence makes Thimble ask for, and what was recorded for it.
void ServeRecorded(const Case& c, sim::SimVendorServer& vendor) {
  const Bytes evidence = ReadBytes(c.evidence());
  Bytes report = evidence;
  if (c.hcl()) {
    const auto hcl = amd::ParseHclReport(evidence);
    if (!hcl) return;
    report.assign(hcl->hardware_report.begin(), hcl->hardware_report.end());
  }
  const TrustAnchors anchors = TrustAnchors::Pinned();
  const auto begun = amd::SnpVerification::Begin(report, {}, ProductOf(c), anchors, sim::kNow);
  if (!begun || begun->failed()) return;
  const bool vlek = c.facts["signing_key"] == "VLEK";
  const amd::SigningKey kind = vlek ? amd::SigningKey::kVlek : amd::SigningKey::kVcek;
  vendor.ServeRecorded(AmdChainKey{*ProductOf(c), kind}, ReadBytes(c.dir / "chain.pem"));
  if (c.has("crl.der")) vendor.ServeRecorded(AmdCrlKey{*ProductOf(c), kind}, ReadBytes(c.dir / "crl.der"));
  if (vlek) return;
  const auto keys = begun->needed();
  ASSERT_TRUE(keys);
  vendor.ServeRecorded(keys->front(), ReadBytes(c.dir / "vcek.der"));
}

// What is wrong with the upstream's answer, rather than with the evidence.
Names WrongAtTheUpstream(const Case& c) {
  const std::string check = c.fails_on();
  if (check == "not_yet_valid") return {"collateral.from_future"};
  if (check == "leaf_signature" || check == "chain" || check == "chip_id_mismatch" ||
      check == "tcb_mismatch" || check == "product_mismatch" || check == "signing_key_mismatch") {
    Names names = OurNames(check);
    names.insert("collateral.mismatch");  // an authentic item, but not the one asked for
    // A VCEK beside a report by a VLEK is dropped, and AMD serves VLEKs to nobody.
    if (check == "signing_key_mismatch") names.insert("snp.endorsement_missing");
    return names;
  }
  return {};
}

TEST_P(AmdCorpusTest, ThroughHttpFromAnUpstream) {
  const Case& c = GetParam();
  if (c.tdx()) GTEST_SKIP() << "nothing of Intel's was recorded";
  CorpusWorld world(*ParseRfc3339(c.at()));
  ServeRecorded(c, world.vendor);
  json request = RequestOf(c);
  if (const auto product = ProductOf(c)) request["product"] = amd::ProductName(*product);
  const bool vlek = c.facts["signing_key"] == "VLEK";
  if (vlek) {
    request["endorsements"] = {Base64(ReadBytes(c.dir / (c.has("vlek.der") ? "vlek.der" : "vcek.der")))};
  }
  const Outcome outcome = world.Verify(request);
  const Names wrong = WrongAtTheUpstream(c);
  if (wrong.empty()) return ExpectOutcome(c, outcome);
  if (c.fails_on() == "signing_key_mismatch" && outcome.exit_code == 1) return ExpectOutcome(c, outcome);
  EXPECT_EQ(outcome.exit_code, 3) << outcome.object.dump(1);
  EXPECT_TRUE(wrong.contains(CheckOf(outcome.object))) << outcome.object.dump(1);
  for (const CollateralKey& key : world.app->cache().Keys()) {
    EXPECT_NE(KindOf(key), ItemKind::kVcek) << KeyName(key) << " is in the cache";
  }
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.facts["dir"].get<std::string>(); }

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  std::string name = StrCat(info.index, "_", info.param.facts["dir"].get<std::string>());
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Amd, AmdCorpusTest, testing::ValuesIn(Cases()), NameOf);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AmdCorpusTest);

TEST(AmdCorpus, IsThere) {
  if (!fs::exists(AmdCorpus())) GTEST_SKIP() << "no recorded cases beside the project";
  EXPECT_EQ(Cases().size(), 69u);
}

}  // namespace
}  // namespace thimble
