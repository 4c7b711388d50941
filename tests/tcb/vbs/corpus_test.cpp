// SPDX-License-Identifier: Apache-2.0
//
// The one real report of a VBS enclave, its edits, and reports of keys made for them: ../shared/corpus/vbs. The signer's
// certificate is the operator's anchor: who issued it is not public.
#include "tests/tcb/corpus.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/policy.h"
#include "tcb/vbs/verify.h"

namespace thimble::vbs {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::ReadFile;

const fs::path kCorpus = test::CorpusDir() / "vbs";

Json Cases() {
  if (!fs::exists(kCorpus / "cases.json")) return Json::array();
  return Json::parse(ReadFile(kCorpus / "cases.json"));
}

struct Files {
  Bytes report;
  Supplement beside;
  TrustAnchors anchors = TrustAnchors::Pinned();
};

Files FilesOf(const Json& entry) {
  const fs::path dir = kCorpus / entry["dir"].get<std::string>();
  Files files;
  files.report = ReadFile(dir / "report.bin");
  files.beside.signer = ReadSigner(ReadFile(dir / "signer.der")).value();
  EXPECT_TRUE(files.anchors.AddExtra(ReadFile(dir / "signer.der")).ok());
  if (fs::exists(dir / "enclave-key.bin")) files.beside.enclave_key = ReadFile(dir / "enclave-key.bin");
  if (fs::exists(dir / "report-signed.json"))
    files.beside.report_signed = test::ReadText(dir / "report-signed.json");
  return files;
}

Result<Verdict> Judge(const Files& files, Instant at) {
  TRY_ASSIGN(const Report report, ParseReport(files.report));
  return VerifyReport(report, files.beside, files.anchors, at);
}

Policy PolicyOf(const Json& expect) {
  Policy policy;
  policy.evidence = {EvidenceClass::kVbs};
  const auto id = [&](const char* name, auto& out) {
    using Id = typename std::remove_cvref_t<decltype(out)>::value_type;
    if (expect.contains(name)) out.push_back(*Id::FromHex(expect[name].get<std::string>()));
  };
  id("owner_id", policy.vbs.owner_id);
  id("author_id", policy.vbs.author_id);
  id("family_id", policy.vbs.family_id);
  id("image_id", policy.vbs.image_id);
  const auto least = [&](const char* name, std::optional<uint32_t>& out) {
    if (expect.contains(name)) out = expect[name].get<uint32_t>();
  };
  least("min_enclave_svn", policy.vbs.min_enclave_svn);
  least("min_secure_kernel_svn", policy.vbs.min_secure_kernel_svn);
  least("min_platform_svn", policy.vbs.min_platform_svn);
  return policy;
}

std::string FailsOn(const Json& entry) {
  const Instant at = *ParseRfc3339(entry["at"].get<std::string>());
  const auto verdict = Judge(FilesOf(entry), at);
  if (!verdict) return std::string(CheckName(verdict.error().check));
  for (const Finding& finding : verdict->findings) {
    if (finding.severity != Severity::kNote) return std::string(CheckName(finding.check));
  }
  EXPECT_FALSE(Appraise(*verdict, Policy{}, at).accept);  // of a TEE
  const Decision decision = Appraise(*verdict, PolicyOf(entry["expect"]), at);
  for (const RuleOutcome& rule : decision.rules) {
    if (!rule.ok) return rule.rule.starts_with("vbs.min_") ? "vbs.svn" : rule.rule;
  }
  EXPECT_TRUE(decision.accept);
  return "";
}

TEST(VbsCorpus, FailsOnWhatTheReferenceSays) {
  const Json cases = Cases();
  if (cases.empty()) GTEST_SKIP() << "no corpus";
  EXPECT_EQ(cases.size(), 24u);
  for (const Json& entry : cases) {
    SCOPED_TRACE(entry["name"].get<std::string>());
    const Json& fails = entry["reference"]["fails_on"];
    EXPECT_EQ(FailsOn(entry), fails.is_null() ? "" : fails.get<std::string>());
  }
}

// However well the signature holds, a signer whom nobody trusts proves nothing.
TEST(VbsCorpus, TheRealReportIsNotAuthenticWithoutItsAnchor) {
  const Json cases = Cases();
  if (cases.empty()) GTEST_SKIP() << "no corpus";
  Files files = FilesOf(cases[0]);
  files.anchors = TrustAnchors::Pinned();
  const auto verdict = Judge(files, *ParseRfc3339(cases[0]["at"].get<std::string>()));
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->authentic);
  EXPECT_EQ(verdict->hard()->check, Check::kVbsSignerChain);
}

TEST(VbsCorpus, NoFlippedBitIsAuthentic) {
  const Json cases = Cases();
  if (cases.empty()) GTEST_SKIP() << "no corpus";
  Files files = FilesOf(cases[0]);
  const Instant at = *ParseRfc3339(cases[0]["at"].get<std::string>());
  ASSERT_TRUE(Judge(files, at)->authentic);
  for (size_t bit = 0; bit < 8 * files.report.size(); ++bit) {
    const auto mask = static_cast<uint8_t>(1u << bit % 8);
    files.report[bit / 8] ^= mask;
    const auto verdict = Judge(files, at);
    EXPECT_FALSE(verdict.ok() && verdict->authentic) << "bit " << bit;
    files.report[bit / 8] ^= mask;
  }
}

}  // namespace
}  // namespace thimble::vbs
