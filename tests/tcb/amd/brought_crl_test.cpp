// SPDX-License-Identifier: Apache-2.0
//
// CRLs that lie beside a report: they may revoke, and satisfy nothing.
#include "tests/tcb/amd/hint_world.h"

namespace thimble::amd {
namespace {

using namespace std::chrono_literals;

TEST(Hints, ABroughtCrlMayRevokeAndSatisfiesNothing) {
  const Bytes report = World().Report(kMilan);
  const CachedEndorsements held = Cached(kMilan);
  CachedEndorsements no_crl = held;
  no_crl.crl = nullptr;
  const Bytes clean = Crl({}), revoking = Crl({{1, 0, 1}}), other = World().Crl(Product::kGenoa);
  const auto by_table = [&](const Bytes& crl, const CachedEndorsements& cached, AmdCrlMode mode) {
    return Complete(WithTable(report, {{sim::kCrlGuid, crl}}), {}, cached, mode);
  };
  const auto by_caller = [&](const Bytes& crl, const CachedEndorsements& cached, AmdCrlMode mode) {
    return Complete(report, {.hints = {{"crl", crl}}}, cached, mode);
  };
  for (const auto& judge : {std::function(by_table), std::function(by_caller)}) {
    ExpectError(judge(clean, no_crl, AmdCrlMode::kRequire), ErrorKind::kUnavailable, Check::kSnpCrlMissing);
    ExpectError(judge(other, no_crl, AmdCrlMode::kRequire), ErrorKind::kUnavailable, Check::kSnpCrlMissing);
    const auto open = judge(clean, no_crl, AmdCrlMode::kIfAvailable);
    ExpectGood(open);
    EXPECT_EQ(open->checks.Get(Check::kSnpRevoked), CheckResult::kNotRun);
    ExpectGood(judge(clean, held, AmdCrlMode::kRequire));
    for (const AmdCrlMode mode : {AmdCrlMode::kRequire, AmdCrlMode::kIfAvailable}) {
      ExpectOnly(judge(revoking, held, mode), Check::kSnpRevoked, Severity::kHard);
      ExpectOnly(judge(revoking, no_crl, mode), Check::kSnpRevoked, Severity::kHard);
    }
    ExpectGood(judge(revoking, held, AmdCrlMode::kOff));
  }
  EXPECT_NE(by_table(revoking, held, AmdCrlMode::kRequire)->hard()->message.find("the host brought"),
            std::string::npos);
  // A newer one of the host's, which may be of the other kind of key, takes nothing back.
  CachedEndorsements revoked = held;
  revoked.crl = CrlItem(kMilan, revoking);
  ExpectOnly(by_table(Crl({}, 99), revoked, AmdCrlMode::kRequire), Check::kSnpRevoked, Severity::kHard);
}

TEST(Hints, AForgedOrFutureCrlRevokesNothing) {
  const Bytes report = World().Report(kMilan);
  const CachedEndorsements held = Cached(kMilan);
  const Bytes forged = Forger().Crl(Product::kMilan, [](sim::CrlSpec& crl) { crl.revoked = {{1, 0, 1}}; });
  const Bytes future = World().Crl(Product::kMilan, [](sim::CrlSpec& crl) {
    crl.revoked = {{1, 0, 1}};
    crl.window.not_before = World().now() + 301s;
  });
  for (const Bytes& crl : {forged, future})
    EXPECT_TRUE(Complete(WithTable(report, {{sim::kCrlGuid, crl}}), {}, held)->authentic);
  auto begun = Begin(WithTable(report, {{sim::kCrlGuid, forged}, {sim::kCrlGuid, Crl({})}}));
  const auto brought = begun->brought_crls(held);
  ASSERT_EQ(brought.size(), 1u);
  EXPECT_EQ(brought.front().by, BroughtBy::kHost);
  EXPECT_EQ(brought.front().name, "certificate table, entry 2 (crl)");
}

}  // namespace
}  // namespace thimble::amd
