// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/reference_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/tcb/corpus.h"

namespace thimble {
namespace {

using intel::ReferenceExpirations;
using intel::ReferenceStatus;

TEST(ReferenceStatus, NamesEachTcbStatus) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kIntelTcbStatusCount; ++i) {
    Verdict verdict;
    verdict.tcb_status = static_cast<TcbStatus>(i);
    EXPECT_TRUE(ReferenceStatus(verdict).starts_with("STATUS_")) << i;
    names.insert(ReferenceStatus(verdict));
  }
  EXPECT_EQ(names.size(), kIntelTcbStatusCount);
}

TEST(ReferenceStatus, IsTheHardFindingWhenThereIsOne) {
  Verdict verdict;
  verdict.findings.push_back({Check::kTcbInfoExpired, Severity::kSoft, ""});
  verdict.tcb_status = TcbStatus::kOutOfDate;
  EXPECT_EQ(ReferenceStatus(verdict), "STATUS_TCB_OUT_OF_DATE");
  verdict.findings.push_back({Check::kTcbInfoMismatch, Severity::kHard, ""});
  EXPECT_EQ(ReferenceStatus(verdict), "STATUS_TCB_INFO_MISMATCH");
}

TEST(ReferenceStatus, HasNoNameForWhatIsNotIntels) {
  Verdict verdict;
  verdict.tcb_status = TcbStatus::kUpToDate;
  verdict.tee = Tee::kSnp;
  EXPECT_EQ(ReferenceStatus(verdict), "");
  EXPECT_EQ(ReferenceStatus(Error{ErrorKind::kRejected, Check::kSnpSignature, ""}), "");
}

TEST(ReferenceStatus, CountsAnExpirationOnce) {
  Verdict verdict;
  EXPECT_TRUE(ReferenceExpirations(verdict).empty());
  for (const Check check : {Check::kCrlRootExpired, Check::kCrlPckExpired, Check::kTcbInfoExpired})
    verdict.checks.Set(check, CheckResult::kFailed);
  verdict.checks.Set(Check::kQeIdentityExpired, CheckResult::kPassed);
  verdict.checks.Set(Check::kTcbInfoNotYetIssued, CheckResult::kFailed);
  EXPECT_EQ(ReferenceExpirations(verdict),
            (std::vector<std::string_view>{"STATUS_SGX_CRL_EXPIRED", "STATUS_SGX_TCB_INFO_EXPIRED"}));
}

// Three of the odd cases end elsewhere at the reference than here: one of our checks covers several of theirs, or the
// quote fails before what they name is reached.
const std::set<std::string> kNamedOtherwise = {"intel-sample-tdx", "1f017227-odd", "a15cfbbe-odd"};

TEST(ReferenceStatus, AgreesWithTheReferenceInEveryCase) {
  const auto root = test::CorpusDir() / "intel";
  if (!std::filesystem::exists(root / "cases.json")) GTEST_SKIP() << "no corpus beside the project";
  for (const auto& entry : nlohmann::json::parse(test::ReadText(root / "cases.json"))) {
    const auto dir = entry.at("dir").get<std::string>();
    SCOPED_TRACE(dir);
    TrustAnchors anchors = TrustAnchors::Pinned();
    if (std::filesystem::exists(root / dir / "root.pem")) {
      EXPECT_TRUE(anchors.AddExtra(test::ReadFile(root / dir / "root.pem")).ok());
    }
    const auto result =
        intel::VerifyQuoteWith(test::ReadFile(root / dir / "quote.bin"), test::ReadCollateralDir(root / dir),
                               anchors, *ParseRfc3339(entry.at("at").get<std::string>()), nullptr);
    const auto& reference = entry.at("reference");
    const auto status = result.ok() ? ReferenceStatus(*result) : ReferenceStatus(result.error());
    if (kNamedOtherwise.contains(dir)) {
      EXPECT_NE(status, reference.at("result").get<std::string>());
      continue;
    }
    EXPECT_EQ(status, reference.at("result").get<std::string>());
    for (const char* part : {"pck_chain", "tcb_info", "qe_identity"}) {
      if (!result.ok() || !reference.at(part).is_string()) continue;
      const auto names = ReferenceExpirations(*result);
      const auto name = reference.at(part).get<std::string>();
      EXPECT_EQ(std::count(names.begin(), names.end(), name), name.ends_with("_EXPIRED") ? 1 : 0) << name;
    }
  }
}

}  // namespace
}  // namespace thimble
