// SPDX-License-Identifier: Apache-2.0
//
// Real and doctored evidence against reference verdicts: corpus/amd, as its README describes it.
#include "tests/tcb/corpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tcb/amd/hcl.h"
#include "tcb/amd/verify.h"
#include "tcb/intel/verify.h"
#include "tcb/pki/pem.h"

namespace thimble::amd {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::ReadFile;

const fs::path kCorpus = test::CorpusDir() / "amd";

// What the reference calls a failing check, in our words.
const std::map<std::string, std::vector<Check>> kReferenceNames = {
    {"malformed", {Check::kSnpFormat, Check::kHclFormat}},
    {"unsupported_version", {Check::kSnpVersion, Check::kSnpSignature}},
    {"unsupported_signature_algorithm", {Check::kSnpSignatureAlgorithm}},
    {"signing_key_mismatch", {Check::kSnpSigningKey}},
    {"chain", {Check::kSnpChain}},
    {"leaf_signature", {Check::kSnpLeafSignature}},
    {"not_yet_valid", {Check::kSnpNotYetValid}},
    {"expired", {Check::kSnpExpired}},
    {"revoked", {Check::kSnpRevoked}},
    {"product_mismatch", {Check::kSnpProduct}},
    {"chip_id_mismatch", {Check::kSnpChipId}},
    {"tcb_mismatch", {Check::kSnpTcbBinding}},
    {"report_signature", {Check::kSnpSignature}},
    {"runtime_data_binding", {Check::kHclBinding}},
    {"tpm_quote_signature", {Check::kHclTpmSignature}},
    {"tpm_pcr_digest", {Check::kHclTpmPcrDigest}},
    {"vmpl_host", {Check::kSnpVmpl}},
    {"debug_policy", {Check::kSnpDebug}},
    {"migrate_ma_policy", {Check::kSnpMigration}},
};

struct Case {
  Json json;
  fs::path dir() const { return kCorpus / json["dir"].get<std::string>(); }
  Instant at() const { return ParseRfc3339(json["at"].get<std::string>()).value(); }
  bool tdx() const { return json["kind"] == "azure-hcl-tdx"; }
  bool hcl() const { return json["kind"] != "snp-report"; }
};

EndorsementSet Endorsements(const Case& c) {
  EndorsementSet set;
  for (const char* name : {"vcek.der", "vlek.der"}) {
    if (fs::exists(c.dir() / name)) set.certificates.push_back(ReadFile(c.dir() / name));
  }
  if (fs::exists(c.dir() / "chain.pem")) {
    auto chain =
        DecodePem(AsText(ReadFile(c.dir() / "chain.pem")), "CERTIFICATE", 4, Check::kCollateralMalformed);
    for (Bytes& der : chain.value()) set.certificates.push_back(std::move(der));
  }
  if (fs::exists(c.dir() / "crl.der")) set.crl = ReadFile(c.dir() / "crl.der");
  return set;
}

std::optional<tpm::Quote> Quote(const Case& c) {
  if (!fs::exists(c.dir() / "tpm_quote.msg")) return std::nullopt;
  std::optional<tpm::PcrValues> pcrs;
  if (fs::exists(c.dir() / "tpm_pcrs.json")) {
    auto& bank = pcrs.emplace()[tpm::kSha256];
    const Json list = Json::parse(ReadFile(c.dir() / "tpm_pcrs.json"));
    for (uint8_t i = 0; i < list.size(); ++i) bank[i] = FromHex(list.at(i).get<std::string>()).value();
  }
  return tpm::ParseQuote(ReadFile(c.dir() / "tpm_quote.msg"), ReadFile(c.dir() / "tpm_quote.sig"), pcrs)
      .value();
}

Result<Verdict> JudgeSnp(const Case& c) {
  if (!c.hcl()) {
    return VerifyReport(ReadFile(c.dir() / "report.bin"), Endorsements(c), std::nullopt,
                        TrustAnchors::Pinned(), c.at(), AmdCrlMode::kIfAvailable);
  }
  const Bytes evidence = ReadFile(c.dir() / "hcl.bin");
  TRY_ASSIGN(const HclReport hcl, ParseHclReport(evidence));
  TRY_ASSIGN(auto verdict, VerifyReport(hcl.hardware_report, Endorsements(c), std::nullopt,
                                        TrustAnchors::Pinned(), c.at(), AmdCrlMode::kIfAvailable));
  const auto quote = Quote(c);
  CheckHcl(verdict, hcl, quote ? &*quote : nullptr, std::nullopt);
  return verdict;
}

// Without Intel's collateral: what the evidence alone shows.
Result<Verdict> JudgeTdx(const Case& c) {
  const Bytes evidence = ReadFile(c.dir() / "hcl.bin"), td_quote = ReadFile(c.dir() / "td_quote.bin");
  TRY_ASSIGN(const HclReport hcl, ParseHclReport(evidence));
  const auto anchors = TrustAnchors::Pinned();
  TRY_ASSIGN(auto verification,
             intel::QuoteVerification::Begin(td_quote, "", anchors, c.at(), nullptr, nullptr));
  Verdict verdict = verification.verdict();
  const auto quote = Quote(c);
  CheckHcl(verdict, hcl, quote ? &*quote : nullptr, std::nullopt);
  return verdict;
}

// The first check that fails, hard ones first: the order between windows, which are judged before, and the
// hard checks is not the reference's.
std::optional<Check> FirstFailure(const Result<Verdict>& result) {
  if (!result.ok()) return result.error().check;
  if (const Finding* hard = result->hard()) return hard->check;
  for (const Finding& finding : result->findings) {
    const bool note = finding.severity == Severity::kNote;
    if (!note && finding.check != Check::kSnpCrlExpired) return finding.check;
  }
  return std::nullopt;
}

Json TcbJson(const std::optional<TcbVersion>& tcb) {
  Json out = {{"bootloader", tcb.value().bootloader.value()},
              {"tee", tcb->tee.value()},
              {"snp", tcb->snp.value()},
              {"microcode", tcb->microcode.value()}};
  if (tcb->fmc) out["fmc"] = *tcb->fmc;
  return out;
}

std::string VersionText(const FirmwareVersion& v) {
  return std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.build);
}

void AddSnpFacts(const SnpClaims& c, const PlatformFacts& p, Json& facts) {
  facts.update({{"chip_id", c.chip_id.hex()},
                {"reported_tcb", TcbJson(c.reported_tcb)},
                {"current_tcb", TcbJson(c.current_tcb)},
                {"committed_tcb", TcbJson(c.committed_tcb)},
                {"launch_tcb", TcbJson(c.launch_tcb)},
                {"measurement", c.measurement.hex()},
                {"report_data", c.report_data.hex()},
                {"host_data", c.host_data.hex()},
                {"vmpl", c.vmpl},
                {"policy", c.policy},
                {"platform_info", c.platform_info},
                {"guest_svn", c.guest_svn},
                {"id_key_digest", c.id_key_digest.hex()},
                {"author_key_digest", c.author_key_digest.hex()},
                {"family_id", c.family_id.hex()},
                {"image_id", c.image_id.hex()},
                {"report_id", c.report_id.hex()},
                {"report_id_ma", c.report_id_ma.hex()},
                {"author_key_en", c.author_key_en},
                {"mask_chip_key", c.mask_chip_key},
                {"current_version", VersionText(c.current_version)},
                {"committed_version", VersionText(c.committed_version)}});
  if (c.cpuid) {
    facts["cpuid"] = {
        {"family", c.cpuid->family}, {"model", c.cpuid->model}, {"stepping", c.cpuid->stepping}};
  }
  if (c.launch_mit_vector) facts["launch_mit_vector"] = *c.launch_mit_vector;
  if (c.current_mit_vector) facts["current_mit_vector"] = *c.current_mit_vector;
  if (p.csp_id) facts["csp_id"] = *p.csp_id;
}

void AddHclFacts(const HclClaims& c, Json& facts) {
  facts.update({{"hcl_version", c.version},
                {"hcl_hash_type", c.hash_type},
                {"runtime_data_sha256", c.runtime_data_sha256.hex()},
                {"ak_modulus_sha256", c.ak_modulus_sha256.hex()}});
  if (c.runtime_user_data) facts["runtime_user_data"] = *c.runtime_user_data;
  if (!c.tpm_quote) return;
  ASSERT_EQ(c.tpm_quote->selections.size(), 1u);
  const tpm::PcrSelection& selection = c.tpm_quote->selections.front();
  facts["tpm_quote"] = {{"extra_data", HexLower(c.tpm_quote->extra_data)},
                        {"pcr_bank", tpm::PcrBankName(selection.bank)},
                        {"pcr_selection", selection.pcrs},
                        {"pcr_digest", HexLower(c.tpm_quote->pcr_digest)}};
}

Json Facts(const Verdict& verdict) {
  Json facts = Json::object();
  if (const auto* snp = std::get_if<SnpClaims>(&verdict.claims)) {
    AddSnpFacts(*snp, std::get<PlatformFacts>(verdict.platform), facts);
  }
  if (const auto* td = std::get_if<intel::TdxClaims>(&verdict.claims)) {
    facts["report_data"] = td->report_data.hex();
    facts["mrtd"] = td->mr_td.hex();
  }
  if (verdict.hcl) AddHclFacts(*verdict.hcl, facts);
  return facts;
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  if (!fs::exists(kCorpus / "cases.json")) return cases;
  for (Json& json : Json::parse(ReadFile(kCorpus / "cases.json"))) cases.push_back({std::move(json)});
  return cases;
}

void ExpectReference(const Case& c, const Result<Verdict>& result) {
  const auto failure = FirstFailure(result);
  const Json& reference = c.json["reference"];
  if (reference["fails_on"].is_null()) {
    EXPECT_FALSE(failure) << CheckName(*failure) << ": "
                          << (result.ok() ? result->findings.front().message : result.error().message);
    return;
  }
  ASSERT_TRUE(failure) << "expected " << reference["fails_on"];
  const auto names = [&](const std::string& name) {
    const auto& checks = kReferenceNames.at(name);
    return std::ranges::find(checks, *failure) != checks.end();
  };
  // The README allows another order; ours is the reference's.
  EXPECT_TRUE(names(reference["fails_on"].get<std::string>()))
      << CheckName(*failure) << ", expected " << reference["fails_on"];
}

TEST(Corpus, VerdictsAndFacts) {
  const auto cases = Cases();
  if (cases.empty()) GTEST_SKIP() << "no corpus";
  for (const Case& c : cases) {
    SCOPED_TRACE(c.json["name"].get<std::string>() + " (" + c.json["dir"].get<std::string>() + ")");
    const auto result = c.tdx() ? JudgeTdx(c) : JudgeSnp(c);
    ExpectReference(c, result);
    if (result.ok() && !c.tdx()) {
      // The windows are no question of authenticity here, but are in the reference.
      EXPECT_EQ(result->authentic, result->hard() == nullptr);
    }
    if (!c.json["facts"].is_null()) {
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(Facts(*result), c.json["facts"]);
    }
  }
}

TEST(Corpus, TdxWithoutIntelCollateralPassesWhatItCan) {
  size_t seen = 0;
  for (const Case& c : Cases()) {
    if (!c.tdx()) continue;
    ++seen;
    SCOPED_TRACE(c.json["dir"].get<std::string>());
    const auto verdict = JudgeTdx(c);
    ASSERT_TRUE(verdict.ok());
    for (const Check check : {Check::kHclBinding, Check::kHclTdQuote, Check::kHclQuoteMissing,
                              Check::kQuoteSignature, Check::kPckChain, Check::kPckRoot}) {
      EXPECT_EQ(verdict->checks.Get(check), CheckResult::kPassed) << CheckName(check);
    }
    const Bytes evidence = ReadFile(c.dir() / "hcl.bin");
    const auto hcl = ParseHclReport(evidence);
    ASSERT_TRUE(hcl.ok());
    const auto alone = JudgeWithoutTdQuote(*hcl, nullptr, std::nullopt, c.at());
    ASSERT_FALSE(alone.ok());
    EXPECT_EQ(alone.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(alone.error().check, Check::kHclQuoteMissing);
  }
  if (seen == 0) GTEST_SKIP() << "no corpus";
}

}  // namespace
}  // namespace thimble::amd
