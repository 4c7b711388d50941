// SPDX-License-Identifier: Apache-2.0
//
// Real and doctored evidence against reference verdicts: corpus/open-enclave, as its README describes it.
#include "tests/tcb/corpus.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tcb/openenclave/endorsements.h"
#include "tests/tcb/openenclave/world.h"

namespace thimble::openenclave {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::ReadFile;

const fs::path kCorpus = test::CorpusDir() / "open-enclave";

struct Case {
  Json json;
  fs::path dir() const { return kCorpus / json["dir"].get<std::string>(); }
  std::string name() const { return json["name"].get<std::string>(); }
  Instant at() const { return ParseRfc3339(json["at"].get<std::string>()).value(); }
  Bytes File(const char* file) const { return ReadFile(dir() / file); }
  bool Has(const char* file) const { return fs::exists(dir() / file); }
  bool debug() const {
    const auto all = json["reference"]["fails_all"].get<std::vector<std::string>>();
    return std::ranges::find(all, "sgx.debug") != all.end();
  }
};

// What the reference calls a failing check, in our words. Of endorsements whose TCB info has been changed the buffer is
// sound: it is the item that lacks a member then.
std::string OurName(const Case& c) {
  if (c.json["reference"]["fails_on"].is_null()) return "";
  const std::string name = c.json["reference"]["fails_on"];
  if (name == "oe.runtime_data") return "report_data.mismatch";
  if (c.name() == "edit/endorsements-tcb-byte") return "collateral.malformed";
  return name;
}

const std::map<std::string, std::string> kFormats = {{"legacy_report", "oe_report"},
                                                     {"sgx_ecdsa", "oe_evidence"}};

// By the collateral of the case, which few have; else what the evidence alone shows.
Result<Verdict> JudgeQuote(const Case& c, ByteView quote) {
  const TrustAnchors anchors = TrustAnchors::Pinned();
  if (!c.Has("endorsements.bin")) {
    TRY_ASSIGN(const auto begun,
               intel::QuoteVerification::Begin(quote, "", anchors, c.at(), nullptr, nullptr));
    return begun.verdict();
  }
  TRY_ASSIGN(const auto set, ParseEndorsements(c.File("endorsements.bin")));
  return intel::VerifyQuoteWith(quote, set, anchors, c.at(), nullptr);
}

Result<Verdict> JudgeCase(const Case& c) {
  const Bytes bytes = c.File("evidence.bin");
  TRY_ASSIGN(const EvidenceKind kind, DetectEvidence(bytes));
  EXPECT_EQ(kind == EvidenceKind::kQuote, c.json["kind"] == "quote");
  Result<Verdict> verdict = Error{};
  if (kind == EvidenceKind::kQuote) {
    verdict = JudgeQuote(c, bytes);
  } else {
    TRY_ASSIGN(const Evidence evidence, ParseEvidence(bytes));
    verdict = JudgeQuote(c, evidence.quote);
    if (verdict.ok()) CheckOpenEnclave(*verdict, evidence);
  }
  if (verdict.ok() && c.Has("runtime-data.bin")) CheckRuntimeData(*verdict, c.File("runtime-data.bin"));
  return verdict;
}

void ExpectFacts(const Case& c, const Verdict& verdict) {
  const Json& facts = c.json["facts"];
  const auto& sgx = std::get<intel::SgxClaims>(verdict.claims);
  EXPECT_EQ(HexLower(sgx.mr_enclave.view()), facts["mrenclave"]);
  EXPECT_EQ(HexLower(sgx.mr_signer.view()), facts["mrsigner"]);
  EXPECT_EQ(sgx.isv_prod_id, facts["isvprodid"]);
  EXPECT_EQ(sgx.isv_svn, facts["isvsvn"]);
  EXPECT_EQ(HexLower(sgx.report_data.view()), facts["report_data"]);
  EXPECT_EQ(verdict.checks.Get(Check::kSgxDebug) == CheckResult::kFailed, c.debug());
  EXPECT_EQ(verdict.open_enclave == nullptr, c.json["kind"] == "quote");
  if (verdict.open_enclave == nullptr) return;
  const Claims& claims = *verdict.open_enclave;
  if (facts.contains("custom_claims_sha256")) {
    EXPECT_EQ(claims.custom_claims->sha256.hex(), facts["custom_claims_sha256"]);
    EXPECT_EQ(claims.custom_claims->size, facts["custom_claims_size"]);
  }
  if (facts.contains("oid")) {
    EXPECT_EQ(claims.format, Format::kCertificate);
    EXPECT_EQ(claims.in_certificate, std::nullopt);
  } else if (c.json["kind"] == "plugin_evidence") {
    EXPECT_EQ(claims.format, Format::kPluginEvidence);
  } else {
    EXPECT_EQ(FormatName(claims.format), kFormats.at(facts["evidence_format"]));
  }
  if (!c.Has("endorsements.bin")) return;
  EXPECT_TRUE(verdict.authentic);
  EXPECT_EQ(TcbStatusName(verdict.tcb_status.value()), facts["tcb_status"]);
  EXPECT_EQ(verdict.tcb_info_evaluation.value(), facts["tcb_info_evaluation"]);
}

TEST(OpenEnclaveCorpus, EveryCaseIsJudgedAsTheReferenceDoes) {
  if (!fs::exists(kCorpus)) GTEST_SKIP() << "no " << kCorpus;
  const Json cases = Json::parse(ReadFile(kCorpus / "cases.json"));
  EXPECT_EQ(cases.size(), 28u);
  for (const Json& json : cases) {
    const Case c{json};
    SCOPED_TRACE(c.name());
    const auto verdict = JudgeCase(c);
    EXPECT_EQ(FailsOn(verdict), OurName(c)) << (verdict.ok() ? "" : verdict.error().message);
    if (OurName(c).empty() && verdict.ok()) ExpectFacts(c, *verdict);
  }
}

}  // namespace
}  // namespace thimble::openenclave
