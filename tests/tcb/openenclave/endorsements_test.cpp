// SPDX-License-Identifier: Apache-2.0
#include "tcb/openenclave/endorsements.h"

#include <vector>

#include "tests/tcb/openenclave/world.h"

namespace thimble::openenclave {
namespace {

using sim::EncodeOeEndorsements;
using Spec = sim::OeEndorsementsSpec;

Result<Verdict> JudgeWith(const Result<intel::CollateralSet>& set, Instant at) {
  TRY(set);
  return intel::VerifyQuoteWith(World().Quote(), *set, World().Anchors(), at, nullptr);
}

TEST(Endorsements, AreACollateralSet) {
  const auto set = World().Collateral();
  const Bytes buffer = EncodeOeEndorsements(set);
  EXPECT_TRUE(LooksLikeEndorsements(buffer));
  const auto read = ParseEndorsements(buffer);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->tcb_info, set.tcb_info);
  EXPECT_EQ(read->qe_identity, set.qe_identity);
  EXPECT_EQ(read->pck_crl, set.pck_crl);
  EXPECT_EQ(read->tcb_info_issuer_chain, set.tcb_info_issuer_chain);
  EXPECT_EQ(read->qe_identity_issuer_chain, set.qe_identity_issuer_chain);
  EXPECT_EQ(read->pck_crl_issuer_chain, set.pck_crl_issuer_chain);
  EXPECT_TRUE(read->pck_chain.empty());
  const auto verdict = JudgeWith(read, World().now());
  ASSERT_EQ(FailsOn(verdict), "");
  EXPECT_TRUE(verdict->authentic);
  EXPECT_EQ(verdict->tcb_status, TcbStatus::kUpToDate);
}

TEST(Endorsements, MayHaveTheHeaderOfTheEvidence) {
  const Bytes buffer = EncodeOeEndorsements(World().Collateral());
  EXPECT_TRUE(ParseEndorsements(sim::EncodeOeEvidence(buffer)).ok());
  EXPECT_TRUE(LooksLikeEndorsements(sim::EncodeOeEvidence(buffer)));
  for (const sim::OeEvidenceSpec& header : {sim::OeEvidenceSpec{.version = 2},
                                            {.format_id = sim::kTdxQuoteFormat},
                                            {.size = buffer.size() - 1}}) {
    const auto read = ParseEndorsements(sim::EncodeOeEvidence(buffer, header));
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().check, Check::kOeEndorsements);
  }
}

TEST(Endorsements, EveryFieldIsHeldTo) {
  struct Row {
    const char* title;
    sim::Bend<Spec> bend;
  };
  const Row rows[] = {
      {"version", [](Spec& s) { s.version = 2; }},
      {"TDX", [](Spec& s) { s.enclave_type = 3; }},
      {"another size", [](Spec& s) { s.size = 100; }},
      {"8 items", [](Spec& s) { s.count = 8; }},
      {"10 items", [](Spec& s) { s.count = 10; }},
      {"the first item does not begin at 0", [](Spec& s) { s.offsets[0] = 1; }},
      {"an item beyond the data", [](Spec& s) { s.offsets[1] = 1u << 30; }},
      {"offsets that fall", [](Spec& s) { std::swap(s.offsets[3], s.offsets[4]); }},
      {"an empty item", [](Spec& s) { s.offsets[3] = s.offsets[4]; }},
      {"the last item is empty", [](Spec& s) { s.items.back().clear(); }},
      {"its own version",
       [](Spec& s) {
         s.items[0] = {2, 0, 0, 0};
       }},
      {"longer than Open Enclave takes", [](Spec& s) { s.items.back().resize(200 << 10); }},
  };
  ASSERT_TRUE(ParseEndorsements(EncodeOeEndorsements(World().Collateral(), [](Spec&) {})).ok());
  for (const Row& row : rows) {
    const auto read = ParseEndorsements(EncodeOeEndorsements(World().Collateral(), row.bend));
    ASSERT_FALSE(read.ok()) << row.title;
    EXPECT_EQ(read.error().kind, ErrorKind::kMalformed) << row.title;
    EXPECT_EQ(read.error().check, Check::kOeEndorsements) << row.title;
  }
}

// Wherever it is cut short.
TEST(Endorsements, EveryByteIsNeeded) {
  const Bytes good = EncodeOeEndorsements(World().Collateral());
  for (size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(ParseEndorsements(ByteView(good).first(size)).ok()) << size;
}

// The attester's time is nobody's word: whatever it says, items are judged at the verifier's.
TEST(Endorsements, TheTimeOfTheirCreationCountsForNothing) {
  const Instant late = World().now() + std::chrono::days(365);
  for (const std::string_view time : {"2026-05-31T00:00:00Z", "2027-06-01T00:00:00Z", "no time at all"}) {
    const auto read = ParseEndorsements(
        EncodeOeEndorsements(World().Collateral(), [time](Spec& s) { s.items.back() = BytesOf(time); }));
    const auto now = JudgeWith(read, World().now()), then = JudgeWith(read, late);
    ASSERT_TRUE(now.ok() && then.ok());
    EXPECT_EQ(now->checks.Get(Check::kTcbInfoExpired), CheckResult::kPassed) << time;
    EXPECT_EQ(then->checks.Get(Check::kTcbInfoExpired), CheckResult::kFailed) << time;
  }
}

TEST(Endorsements, ItemsAreAuthenticated) {
  const auto read = ParseEndorsements(EncodeOeEndorsements(World().Collateral(), [](Spec& s) {
    Bytes& tcb_info = s.items[1];
    const auto digit = AsText(tcb_info).find("\"pceId\":\"0000\"");
    ASSERT_NE(digit, std::string_view::npos);
    tcb_info.at(digit + 9) = '1';
  }));
  EXPECT_EQ(FailsOn(JudgeWith(read, World().now())), "tcb_info.signature");
}

}  // namespace
}  // namespace thimble::openenclave
