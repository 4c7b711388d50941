// SPDX-License-Identifier: Apache-2.0
//
// Real and doctored endorsements and evidence against reference verdicts: corpus/containers, as its README describes it.
#include "tests/tcb/corpus.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/amd/verify.h"
#include "tcb/input/amd_json.h"
#include "tcb/pki/pem.h"
#include "tcb/policy.h"
#include "tcb/uvm/container.h"
#include "tcb/verify.h"
#include "tests/support/sim_amd.h"
#include "tests/tcb/uvm/ledger_file.h"

namespace thimble::uvm {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::ReadFile;

const fs::path kCorpus = test::CorpusDir() / "containers";

struct Case {
  Json json;
  std::string name() const { return json["name"]; }
  fs::path File(const char* file) const { return kCorpus / json["dir"].get<std::string>() / file; }
  bool Has(const char* file) const { return fs::exists(File(file)); }
  Instant at() const { return ParseRfc3339(json["at"].get<std::string>()).value(); }
  std::string fails_on() const {
    return json["reference"]["fails_on"].is_null() ? "" : json["reference"]["fails_on"].get<std::string>();
  }
};

// What the reference calls a failing check, in our words.
std::string OurName(const Case& c) {
  const std::string name = c.fails_on();
  // Its certificates lack authority key identifiers: docs/DEVIATIONS.md.
  if (c.name() == "uvm/ccf-test-ca") return "uvm.chain";
  if (c.name() == "edit/other-chip") return "snp.chip_id";  // which differs, too: the earlier check
  if (name.empty() || name.starts_with("snp.")) return name;
  if (name == "policy_digest") return "aci.policy";
  if (name == "runtime_data") return "report_data.mismatch";
  if (name == "issuer" || name == "feed") return "policy.uvm." + name;
  if (name == "svn") return "policy.uvm.min_svn";
  if (name.starts_with("receipt.")) return "uvm.receipt_" + name.substr(8);
  return "uvm." + name;
}

Policy PolicyOf(const Case& c) {
  Policy policy;
  policy.amd_crl = AmdCrlMode::kIfAvailable;
  policy.amd_floor = AmdFloorMode::kIfKnown;
  policy.uvm.accepted.clear();
  for (const Json& one : c.json["accepted"])
    policy.uvm.accepted.push_back({one["issuer"], one["feed"], one["min_svn"].get<uint32_t>()});
  if (c.Has("ledger-keys.json"))
    policy.uvm.ledger_keys = test::LedgerKeysIn(test::ReadText(c.File("ledger-keys.json")));
  return policy;
}

// A report that says no more than this measurement, for endorsements that come without one.
Verdict SayingMeasurement(const Case& c) {
  Verdict verdict;
  verdict.tee = Tee::kSnp;
  verdict.authentic = true;
  verdict.at = c.at();
  amd::SnpClaims claims;
  for (const Json& measurement :
       {c.json["facts"].value("measurement", Json()), c.json.value("measurement", Json())}) {
    const auto read =
        decltype(claims.measurement)::FromHex(measurement.is_string() ? measurement.get<std::string>() : "");
    if (read) claims.measurement = *read;
  }
  verdict.claims = claims;
  return verdict;
}

Result<Verdict> ReportVerdict(const Case& c) {
  if (!c.Has("report.bin")) return SayingMeasurement(c);
  amd::EndorsementSet given;
  TRY(AddEndorsement(ReadFile(c.File("chain.pem")), given));
  return amd::VerifyReport(ReadFile(c.File("report.bin")), given, {}, TrustAnchors::Pinned(), c.at(),
                           AmdCrlMode::kIfAvailable);
}

Result<Verdict> JudgeCase(const Case& c, const Policy& policy) {
  TRY_ASSIGN(Verdict verdict, ReportVerdict(c));
  std::optional<Judged> endorsement;
  if (c.Has("reference-info.cose")) {
    const Bytes bytes = ReadFile(c.File("reference-info.cose"));
    TRY_ASSIGN(endorsement, JudgeEndorsement(bytes, policy.uvm.ledger_keys, nullptr));
  }
  const Bytes security_policy = ReadFile(c.File("security-policy.rego"));
  Beside beside{.endorsement = endorsement ? &*endorsement : nullptr, .security_policy = {}};
  if (c.Has("security-policy.rego")) beside.security_policy = security_policy;
  CheckContainer(verdict, beside);
  if (c.Has("runtime-data.bin")) CheckRuntimeData(verdict, ReadFile(c.File("runtime-data.bin")));
  return verdict;
}

// The hard finding, the malformed input, or the first rule of [policy.NAME.uvm] that does not hold.
std::string FailsOn(const Result<Verdict>& verdict, const Policy& policy) {
  if (!verdict) return std::string(CheckName(verdict.error().check));
  if (const Finding* hard = verdict->hard()) return std::string(CheckName(hard->check));
  for (const RuleOutcome& rule : Appraise(*verdict, policy, verdict->at).rules) {
    if (!rule.ok && rule.rule.starts_with("uvm.")) return "policy." + rule.rule;
  }
  return "";
}

void ExpectFacts(const Case& c, const Verdict& verdict) {
  const Json& facts = c.json["facts"];
  ASSERT_TRUE(verdict.container);
  if (facts.contains("policy_sha256")) {
    EXPECT_EQ(verdict.container->security_policy.value().hex(), facts["policy_sha256"]);
  }
  if (!c.Has("reference-info.cose")) return;
  const Endorsement& endorsement = verdict.container->endorsement.value();
  EXPECT_EQ(FormatName(endorsement.format), facts["format"] == "legacy" ? "legacy" : "hash_envelope");
  EXPECT_EQ(endorsement.issuer, facts["issuer"]);
  EXPECT_EQ(endorsement.feed, facts["feed"]);
  EXPECT_EQ(endorsement.svn, facts["svn"]);
  EXPECT_EQ(endorsement.measurement.hex(), facts["measurement"]);
  EXPECT_EQ(endorsement.leaf_sha256.hex(), facts["leaf_sha256"]);
  if (facts.contains("signed_at") && !facts["signed_at"].is_null()) {
    EXPECT_EQ(FormatRfc3339(endorsement.signed_at.value()), facts["signed_at"]);
  } else {
    EXPECT_FALSE(endorsement.signed_at);
  }
}

TEST(ContainersCorpus, EveryCaseIsJudgedAsTheReferenceDoes) {
  if (!fs::exists(kCorpus)) GTEST_SKIP() << "no " << kCorpus;
  size_t judged = 0;
  const Json cases = Json::parse(test::ReadText(kCorpus / "cases.json"));
  for (const Json& json : cases) {
    const Case c{json};
    if (json["kind"] == "maa-request" || json["kind"] == "security-context") continue;  // by the service
    SCOPED_TRACE(c.name());
    ++judged;
    const Policy policy = PolicyOf(c);
    const auto verdict = JudgeCase(c, policy);
    EXPECT_EQ(FailsOn(verdict, policy), OurName(c)) << (verdict.ok() ? "" : verdict.error().message);
    if (OurName(c).empty() && verdict.ok()) ExpectFacts(c, *verdict);
  }
  EXPECT_EQ(judged, 73u);
}

// No flip of a byte of a genuine endorsement leaves it holding with another claim.
TEST(ContainersCorpus, NoBitOfAGenuineEndorsementMayChange) {
  const fs::path path = kCorpus / "dc64881d" / "reference-info.cose";
  if (!fs::exists(path)) GTEST_SKIP() << "no " << path;
  const Bytes genuine = ReadFile(path);
  const auto whole = JudgeEndorsement(genuine, {}, nullptr);
  ASSERT_TRUE(whole.ok() && whole->endorsement);
  size_t accepted = 0;
  for (size_t bit = 0; bit < 8 * genuine.size(); bit += 61) {
    Bytes bent = genuine;
    bent[bit / 8] = static_cast<uint8_t>(bent[bit / 8] ^ 1u << bit % 8);
    const auto judged = JudgeEndorsement(bent, {}, nullptr);
    if (!judged || !judged->endorsement) continue;
    ++accepted;  // the header that nobody signs
    Endorsement same = *judged->endorsement;
    same.sha256 = whole->endorsement->sha256;
    same.receipts = whole->endorsement->receipts;
    EXPECT_EQ(same, *whole->endorsement) << "bit " << bit;
  }
  EXPECT_LT(accepted, 8 * genuine.size() / 61);
}

}  // namespace
}  // namespace thimble::uvm
