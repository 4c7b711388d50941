// SPDX-License-Identifier: Apache-2.0
//
// Real quotes and collateral against the verdicts of Intel's own library (corpus/intel/cases.json).
#include "tests/tcb/corpus.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tcb/check.h"

namespace thimble {
namespace {

using test::CorpusDir;
using test::ReadCollateralDir;
using test::ReadFile;

struct Outcome {
  std::string error_check;  // of an Error, "" for a verdict
  std::string error_message;
  ErrorKind error_kind{};
  Verdict verdict;
};

Outcome VerifyCase(const nlohmann::json& entry, intel::Memo* memo) {
  const auto dir = CorpusDir() / "intel" / entry.at("dir").get<std::string>();
  TrustAnchors anchors = TrustAnchors::Pinned();
  if (std::filesystem::exists(dir / "root.pem")) {
    const auto added = anchors.AddExtra(ReadFile(dir / "root.pem"));
    EXPECT_TRUE(added.ok());
  }
  const auto at = ParseRfc3339(entry.at("at").get<std::string>());
  const Bytes quote = ReadFile(dir / "quote.bin");
  auto result = intel::VerifyQuoteWith(quote, ReadCollateralDir(dir), anchors, *at, memo);
  Outcome outcome;
  if (result.ok()) {
    outcome.verdict = std::move(*result);
  } else {
    outcome.error_check = CheckName(result.error().check);
    outcome.error_kind = result.error().kind;
    outcome.error_message = result.error().message;
  }
  return outcome;
}

std::string Findings(const Verdict& verdict) {
  std::string out;
  for (const Finding& finding : verdict.findings)
    out += std::string(CheckName(finding.check)) + ": " + finding.message + "\n";
  return out;
}

bool Has(const Verdict& verdict, std::initializer_list<Check> any_of) {
  for (const Finding& finding : verdict.findings) {
    for (const Check check : any_of) {
      if (finding.check == check) return true;
    }
  }
  return false;
}

void ExpectReference(const nlohmann::json& entry, const Outcome& outcome) {
  ASSERT_EQ(outcome.error_check, "") << outcome.error_message;
  const Verdict& verdict = outcome.verdict;
  const auto& reference = entry.at("reference");
  EXPECT_TRUE(verdict.authentic) << Findings(verdict);
  if (reference.at("tcb_status").is_null()) {
    EXPECT_EQ(reference.at("result"), "STATUS_TCB_NOT_SUPPORTED");
    EXPECT_FALSE(verdict.tcb_status.has_value());
    EXPECT_TRUE(Has(verdict, {Check::kTcbNotSupported})) << Findings(verdict);
  } else {
    ASSERT_TRUE(verdict.tcb_status.has_value()) << Findings(verdict);
    EXPECT_EQ(TcbStatusName(*verdict.tcb_status), reference.at("tcb_status").get<std::string>());
  }
  const auto wanted = reference.at("advisories").get<std::set<std::string>>();
  EXPECT_EQ(std::set<std::string>(verdict.advisories.begin(), verdict.advisories.end()), wanted);
}

// The flags of a case call for findings; without a flag there must be none of that kind.
void ExpectFlags(const nlohmann::json& entry, const Verdict& verdict) {
  const bool crl_expired = Has(verdict, {Check::kCrlRootExpired, Check::kCrlPckExpired});
  EXPECT_EQ(crl_expired, entry.at("collateral_expired").get<bool>()) << Findings(verdict);
  EXPECT_EQ(Has(verdict, {Check::kPckNotYetValid}), entry.at("before_pck_not_before").get<bool>())
      << Findings(verdict);
  const bool not_issued =
      Has(verdict, {Check::kTcbInfoNotYetIssued, Check::kQeIdentityNotYetIssued}) || crl_expired;
  if (entry.at("before_issue_date").get<bool>()) {
    EXPECT_TRUE(not_issued) << Findings(verdict);
  }
}

void ExpectOdd(const nlohmann::json& entry, const Outcome& outcome) {
  const auto expect = entry.at("expect").get<std::string>();
  if (expect == "malformed") {
    EXPECT_EQ(outcome.error_kind, ErrorKind::kMalformed);
    EXPECT_NE(outcome.error_check, "") << Findings(outcome.verdict);
  } else if (expect == "needs_pck_certificate") {
    EXPECT_EQ(outcome.error_kind, ErrorKind::kUnavailable);
    EXPECT_EQ(outcome.error_check, "pck.missing");
  } else {
    ASSERT_EQ(outcome.error_check, "") << outcome.error_message;
    ASSERT_NE(outcome.verdict.hard(), nullptr);
    EXPECT_FALSE(outcome.verdict.authentic);
    const Check wanted = expect == "untrusted_root" ? Check::kPckRoot : Check::kPckChain;
    EXPECT_EQ(CheckName(outcome.verdict.hard()->check), CheckName(wanted)) << Findings(outcome.verdict);
  }
}

TEST(IntelCorpus, AgreesWithTheReferenceInEveryCase) {
  const auto path = CorpusDir() / "intel" / "cases.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no corpus beside the project";
  const auto cases = nlohmann::json::parse(test::ReadText(path));
  ASSERT_EQ(cases.size(), 84u);
  intel::Memo memo;
  int clean = 0;
  for (const auto& entry : cases) {
    SCOPED_TRACE(entry.at("dir").get<std::string>() + " " + entry.at("name").get<std::string>());
    // Twice with one memo: what is remembered changes nothing.
    for (int round = 0; round < 2; ++round) {
      const Outcome outcome = VerifyCase(entry, &memo);
      if (entry.contains("expect")) {
        ExpectOdd(entry, outcome);
        continue;
      }
      ExpectReference(entry, outcome);
      if (entry.at("clean").is_boolean()) ExpectFlags(entry, outcome.verdict);
      if (entry.at("clean") == true && round == 0) {
        ++clean;
        for (const Finding& finding : outcome.verdict.findings) {
          // A TD that was launched on an OutOfDate TCB may run on one, too.
          const bool old_by_status =
              finding.check == Check::kTdxCurrentTcb && outcome.verdict.tcb_status == TcbStatus::kOutOfDate;
          const bool harmless = finding.severity == Severity::kNote || old_by_status ||
                                finding.check == Check::kSgxDebug || finding.check == Check::kTdxDebug ||
                                finding.check == Check::kTcbNotSupported;
          EXPECT_TRUE(harmless) << Findings(outcome.verdict);
        }
      }
    }
  }
  EXPECT_EQ(clean, 66);
}

}  // namespace
}  // namespace thimble
