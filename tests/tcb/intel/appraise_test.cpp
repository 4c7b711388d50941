// SPDX-License-Identifier: Apache-2.0
//
// From the quote to the decision: the verifier's own verdicts under a policy. The rules one by one, over verdicts
// written down, are in tests/tcb/policy.
#include <gtest/gtest.h>

#include "tcb/policy.h"
#include "tcb/verify.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using namespace std::chrono_literals;
using sim::kNow;
using sim::Tcb;

// "" when it is accepted, else the rules that refuse it: "collateral_grace no_findings".
std::string Refusal(const Case& c, const Policy& policy = {}) {
  const auto verdict = Judge(c);
  if (!verdict.ok()) return std::string(CheckName(verdict.error().check));
  const Decision decision = Appraise(*verdict, policy, c.at);
  std::string out;
  for (const RuleOutcome& rule : decision.rules) {
    if (!rule.ok) out += (out.empty() ? "" : " ") + rule.rule;
  }
  EXPECT_EQ(decision.accept, out.empty());
  return out;
}

Case WithQuote(sim::Bend<sim::QuoteSpec> bend, bool tdx = false) {
  return {.quote = {.tdx = tdx, .bend = std::move(bend)}};
}

TEST(DefaultPolicy, AcceptsWhatIsGood) {
  for (const bool tdx : {false, true}) EXPECT_EQ(Refusal({.quote = {.tdx = tdx}}), "");
  EXPECT_EQ(Refusal({.quote = {.platform = sim::ClientPlatform()}}), "");
  EXPECT_EQ(Refusal(WithQuote([](auto& q) { q.trailing = {0}; })), "");  // a note, as is the extra anchor
}

TEST(DefaultPolicy, RefusesEveryStatusButUpToDate) {
  for (const Tcb tcb :
       {Tcb::kSWHardeningNeeded, Tcb::kConfigurationNeeded, Tcb::kConfigurationAndSWHardeningNeeded,
        Tcb::kOutOfDate, Tcb::kOutOfDateConfigurationNeeded, Tcb::kRevoked}) {
    const Case c = {.quote = {.platform = sim::ServerPlatform(tcb)}};
    EXPECT_EQ(Refusal(c), "accepted_statuses");
    Policy listed;
    listed.accepted_statuses = {*Judge(c)->tcb_status};
    EXPECT_EQ(Refusal(c, listed), tcb == Tcb::kRevoked ? "accepted_statuses" : "");
  }
  EXPECT_EQ(Refusal({.quote = {.platform = sim::ServerPlatform(Tcb::kUnsupported)}}),
            "accepted_statuses no_findings");
}

TEST(DefaultPolicy, RefusesWhatIsNotAuthentic) {
  const Case forged = {.quote_bytes = [](Bytes& quote) { quote[sim::LocateQuote(quote).signature] ^= 1; }};
  Policy lax;
  lax.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate, TcbStatus::kSWHardeningNeeded};
  lax.allow_debug = true;
  lax.collateral_grace = 24h * 365;
  for (const Policy& policy : {Policy{}, lax}) {
    EXPECT_NE(Refusal(forged, policy).find("authentic"), std::string::npos);
    EXPECT_NE(Refusal(forged, policy).find("no_findings"), std::string::npos);
  }
}

TEST(DefaultPolicy, RefusesAnotherReportData) {
  auto verdict = Judge({});
  CheckReportData(*verdict, Bytes{1, 2, 3});
  EXPECT_FALSE(Appraise(*verdict, {}, kNow).accept);
}

TEST(DefaultPolicy, RefusesDebugUnlessAllowed) {
  const Case cases[] = {WithQuote([](auto& q) { q.sgx.attributes[0] |= 2; }),
                        WithQuote([](auto& q) { q.tdx.td_attributes[0] = 1; }, true)};
  for (const Case& c : cases) {
    EXPECT_EQ(Refusal(c), "allow_debug");
    Policy allowed;
    allowed.allow_debug = true;
    EXPECT_EQ(Refusal(c, allowed), "");
  }
}

// Every item with a window: its end is allowed up to the grace and no second longer, its beginning never.
struct Item {
  const char* name;
  std::function<void(Case&, Validity)> set;
};
sim::SimIntel SignedWithin(Validity window) {
  return WorldWith(sim::IntelCertificate::kTcbSigning, [window](auto& spec) { spec.validity = window; });
}
const Item kItems[] = {
    {"PCK certificate",
     [](Case& c, Validity window) {
       c.quote.platform.certificate = [window](auto& spec) { spec.validity = window; };
     }},
    {"TCB signing certificate",
     [](Case& c, Validity window) {
       c.set = [window](auto& set) {
         set.tcb_info_issuer_chain = set.qe_identity_issuer_chain = SignedWithin(window).TcbSigningChain();
       };
     }},
    {"root CA CRL",
     [](Case& c, Validity window) {
       c.collateral.root_ca_crl = [window](auto& crl) { crl.window = window; };
     }},
    {"PCK CRL",
     [](Case& c, Validity window) { c.collateral.pck_crl = [window](auto& crl) { crl.window = window; }; }},
    {"TCB info",
     [](Case& c, Validity window) {
       c.collateral.tcb_info = [window](auto& info) {
         info.issued = window.not_before;
         info.next_update = window.not_after;
       };
     }},
    {"QE identity",
     [](Case& c, Validity window) {
       c.collateral.qe_identity = [window](auto& identity) {
         identity.issued = window.not_before;
         identity.next_update = window.not_after;
       };
     }},
};

TEST(CollateralGrace, EndsToTheSecondForEveryItem) {
  for (const Item& item : kItems) {
    SCOPED_TRACE(item.name);
    const auto with = [&](Validity window) {
      Case c;
      item.set(c, window);
      return c;
    };
    const Case ends_now = with({kNow - 24h, kNow}), late = with({kNow - 24h, kNow - 1s}),
               later = with({kNow - 24h, kNow - 2s});
    Policy grace;
    grace.collateral_grace = 1s;
    EXPECT_EQ(Refusal(ends_now), "");
    EXPECT_EQ(Refusal(late), "collateral_grace");
    EXPECT_EQ(Refusal(late, grace), "");
    EXPECT_EQ(Refusal(later, grace), "collateral_grace");
  }
}

TEST(CollateralGrace, IsNotForWhatHasNotBegun) {
  Policy grace;
  grace.collateral_grace = 24h * 365;
  for (const Item& item : kItems) {
    SCOPED_TRACE(item.name);
    Case c;
    item.set(c, {kNow + 1s, kNow + 24h});
    EXPECT_NE(Refusal(c), "");
    EXPECT_NE(Refusal(c, grace), "");
  }
}

// One item expired within the grace does not let in another that has not begun.
TEST(CollateralGrace, DoesNotMixTheTwoSides) {
  Policy grace;
  grace.collateral_grace = 24h;
  const Case c = {.collateral = {.tcb_info = [](auto& info) { info.next_update = kNow - 1s; },
                                 .pck_crl =
                                     [](auto& crl) {
                                       crl.window = {kNow + 1s, kNow + 24h};
                                     }}};
  EXPECT_EQ(Refusal(c, grace), "collateral_grace");
}

// An old set that has not expired can be replayed: the minimum is held against each of the two.
TEST(MinTcbEvaluation, HoldsForTcbInfoAndForIdentityAlone) {
  Policy policy;
  policy.min_tcb_evaluation = 17;
  const auto numbers = [](uint32_t tcb_info, uint32_t qe_identity) {
    return Case{.collateral = {.tcb_info = [=](auto& info) { info.number = tcb_info; },
                               .qe_identity = [=](auto& identity) { identity.number = qe_identity; }}};
  };
  EXPECT_EQ(Refusal(numbers(17, 17), policy), "");
  EXPECT_EQ(Refusal(numbers(18, 17), policy), "");
  EXPECT_EQ(Refusal(numbers(16, 17), policy), "min_tcb_evaluation");
  EXPECT_EQ(Refusal(numbers(17, 16), policy), "min_tcb_evaluation");
  EXPECT_EQ(Refusal(numbers(16, 16), policy), "min_tcb_evaluation");
  EXPECT_EQ(Refusal(numbers(16, 16)), "");
}

TEST(Policy, ThatAcceptsRevokedPlatformsIsRefused) {
  Policy policy;
  EXPECT_TRUE(Validate(policy).ok());
  policy.accepted_statuses.push_back(TcbStatus::kRevoked);
  const Status refused = Validate(policy);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(refused.error().check, Check::kPolicyFormat);
}

}  // namespace
}  // namespace thimble::test
