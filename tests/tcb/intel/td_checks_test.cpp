// SPDX-License-Identifier: Apache-2.0
//
// What a TD report says of the TD: attributes, service TD, and the TCB of before an import.
#include "tcb/intel/td_checks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tcb/policy.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using sim::QuoteOptions;
using sim::QuoteSpec;

const QuoteOptions kForms[] = {{.tdx = true, .version = 4},
                               {.tdx = true, .version = 5, .body_type = 2},
                               {.tdx = true, .version = 5, .body_type = 3},
                               {.tdx = true, .version = 5, .body_type = 4}};

Case Bent(std::string name, QuoteOptions options, sim::Bend<QuoteSpec> bend) {
  options.bend = std::move(bend);
  return {.name = std::move(name), .quote = std::move(options)};
}

// Each of the 64 bits turned over, and what is found then.
TEST(TdAttributes, EachBitHasItsFinding) {
  for (const QuoteOptions& form : kForms) {
    for (size_t bit = 0; bit < 64; ++bit) {
      const Case c = Bent("bit " + std::to_string(bit), form, [bit](QuoteSpec& q) {
        q.tdx.td_attributes.at(bit / 8) ^= static_cast<uint8_t>(1 << (bit % 8));
      });
      if (bit < 8) {
        ExpectSoft(c, {Check::kTdxDebug});
      } else if (bit == 28) {  // SEPT_VE_DISABLE, which is set
        ExpectNoted(c, {Check::kTdxSeptVeDisableClear});
      } else if (bit == 29) {
        ExpectSoft(c, {Check::kTdxMigratable});
      } else if (bit == 30 || bit == 31 || bit == 63) {  // PKS, KL, PERFMON
        ExpectGood(c);
      } else {
        ExpectSoft(c, {Check::kTdxReservedAttributes});
      }
    }
  }
}

TEST(TdAttributes, SeveralReservedBitsAreOneFindingThatNamesThem) {
  const auto verdict = Judge(Bent("", {.tdx = true}, [](QuoteSpec& q) { q.tdx.td_attributes[4] = 0x81; }));
  ASSERT_EQ(SoftFindings(*verdict), "tdx.reserved_attributes");
  const auto& findings = verdict->findings;
  const auto reserved = std::find_if(findings.begin(), findings.end(), [](const Finding& f) {
    return f.check == Check::kTdxReservedAttributes;
  });
  EXPECT_NE(reserved->message.find("bits 32, 39"), std::string::npos) << reserved->message;
}

TEST(TdAttributes, TheDefaultPolicyRejectsAndARuleAllowsEachByName) {
  const auto migratable = Judge(Bent("", {.tdx = true}, [](QuoteSpec& q) { q.tdx.td_attributes[3] = 0x30; }));
  const auto reserved = Judge(Bent("", {.tdx = true}, [](QuoteSpec& q) { q.tdx.td_attributes[4] = 1; }));
  const auto accepts = [](const Result<Verdict>& verdict, const Policy& policy) {
    return Appraise(*verdict, policy, sim::kNow).accept;
  };
  Policy policy;
  EXPECT_FALSE(accepts(migratable, policy) || accepts(reserved, policy));
  policy.tdx.allow_migratable = true;
  EXPECT_TRUE(accepts(migratable, policy) && !accepts(reserved, policy));
  policy.tdx = {};
  policy.tdx.allow_reserved_attributes = true;
  EXPECT_TRUE(!accepts(migratable, policy) && accepts(reserved, policy));
}

// MRSERVICETD: a TD report 1.0 does not state it, and says so.
TEST(ServiceTd, IsNotedWhereTheReportStatesIt) {
  for (const QuoteOptions& form : kForms) {
    const bool td15 = form.body_type >= 3;
    const Case c = Bent("service TD", form, [](QuoteSpec& q) { q.tdx.mr_service_td.back() = 1; });
    ExpectNoted(c,
                td15 ? std::initializer_list<Check>{Check::kTdxServiceTd} : std::initializer_list<Check>{});
    const auto without = Judge({.quote = form});
    EXPECT_TRUE(without->checks.Applies(Check::kTdxServiceTd));
    EXPECT_EQ(without->checks.Get(Check::kTdxServiceTd), td15 ? CheckResult::kPassed : CheckResult::kNotRun);
    EXPECT_TRUE(Appraise(*Judge(c), Policy(), sim::kNow).accept) << "a note rejects nothing";
    Policy strict;
    strict.tdx.forbid_service_td = true;
    EXPECT_EQ(Appraise(*without, strict, sim::kNow).accept, td15);
    EXPECT_FALSE(Appraise(*Judge(c), strict, sim::kNow).accept);
  }
}

// -- the TCB of before an import: TD reports 1.5 Ex --

constexpr size_t kInitTeeTcbSvn = 153, kInitTeeFmspc = 169;
const Bytes kServerFmspc = *FromHex(sim::kServerFmspc);

Case Imported(const intel::TcbComponents& svn, const Bytes& fmspc, uint8_t after_fmspc = 0) {
  return Bent("imported", {.tdx = true, .version = 5, .body_type = 4}, [=](QuoteSpec& q) {
    std::copy(svn.begin(), svn.end(), q.tdx.ex.begin() + kInitTeeTcbSvn);
    std::copy(fmspc.begin(), fmspc.end(), q.tdx.ex.begin() + kInitTeeFmspc);
    q.tdx.ex.at(kInitTeeFmspc + 11) = after_fmspc;
  });
}

TEST(InitialTcb, IsJudgedByTheLevelsOfItsFmspc) {
  ExpectGood(Imported({6, 1, 3}, kServerFmspc));
  EXPECT_EQ(Judge(Imported({6, 1, 3}, kServerFmspc))->initial_tcb->status, TcbStatus::kUpToDate);
  const std::pair<intel::TcbComponents, std::optional<TcbStatus>> rows[] = {
      {{4, 1, 3}, TcbStatus::kOutOfDate}, {{2, 1, 3}, TcbStatus::kRevoked}, {{6, 2, 3}, std::nullopt}};
  for (const auto& [svn, status] : rows) {
    const Case c = Imported(svn, kServerFmspc);
    ExpectSoft(c, {Check::kTdxInitialTcb});
    const auto verdict = Judge(c);
    EXPECT_EQ(verdict->initial_tcb->status, status);
    EXPECT_EQ(verdict->tcb_status, TcbStatus::kUpToDate);
    EXPECT_FALSE(Appraise(*verdict, Policy(), sim::kNow).accept);
  }
}

TEST(InitialTcb, SaysWhereItIsNotEvaluated) {
  const auto not_run = [](const Case& c) {
    ExpectGood(c);
    const auto verdict = Judge(c);
    EXPECT_FALSE(verdict->initial_tcb.has_value());
    EXPECT_EQ(verdict->checks.Get(Check::kTdxInitialTcb), CheckResult::kNotRun);
    for (const auto& entry : verdict->checks.Entries()) {
      if (entry.check == Check::kTdxInitialTcb) return std::string(entry.reason);
    }
    return std::string("not declared");
  };
  EXPECT_EQ(not_run(Imported({}, kServerFmspc)), "the body states none: all zeros");
  EXPECT_EQ(not_run(Imported({2, 1, 3}, Bytes(6, 0x11))),
            "of a platform with another FMSPC than the quote's");
  EXPECT_EQ(not_run(Imported({2, 1, 3}, kServerFmspc, 1)),
            "of a platform with another FMSPC than the quote's");
  EXPECT_FALSE(Judge({.quote = kForms[2]})->checks.Applies(Check::kTdxInitialTcb)) << "a TD report 1.5";
}

}  // namespace
}  // namespace thimble::test
