// SPDX-License-Identifier: Apache-2.0
//
// The CRL of a report's chain: whose it is, what it revokes, and when it is asked for.
#include "tests/support/der_writer.h"
#include "tests/tcb/amd/bent_world.h"

namespace thimble::amd {
namespace {

using sim::AmdRole;
using sim::CertificateSpec;
using sim::CrlSpec;
using sim::SimAmd;
using namespace std::chrono_literals;

TEST(Verify, Revoked) {
  const auto revoking = [](Bytes serial) {
    return JudgeCrl([=](CrlSpec& c) { c.revoked = {{9, 9}, serial}; });
  };
  ExpectHard(revoking({1, 0, 1}), Check::kSnpRevoked);  // ASK
  ExpectHard(revoking({1, 0, 0}), Check::kSnpRevoked);  // ARK
  ExpectGood(revoking({1, 1, 1}));                      // ASVK: not in this chain
  ExpectGood(revoking({0}));                            // every leaf's serial
  const auto vlek =
      Judge(World().Report(MilanVlek()), World().Endorsements(MilanVlek(), {.crl = [](CrlSpec& c) {
                                                                c.revoked = {{1, 1, 1}};
                                                              }}));
  ExpectHard(vlek, Check::kSnpRevoked);
}

TEST(Verify, CrlIsTheArks) {
  ExpectHard(JudgeCrl([](CrlSpec& c) { c.issuer = sim::AmdName("SEV-Milan"); }), Check::kSnpCrl);
  EndorsementSet given = World().Endorsements(Milan());
  given.crl.back() ^= 1;
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpCrl);
  given.crl = SimAmd::Make({.seed = "forger"}).Crl(Product::kMilan);
  ExpectHard(Judge(World().Report(Milan()), given), Check::kSnpCrl);
}

// RFC 5280 sections 4.2.1.3, 5.2, 5.3, 6.3.3.
TEST(Verify, CrlSpeaksForTheArk) {
  const auto with = [](const char* oid, bool critical) {
    return JudgeCrl([=](CrlSpec& c) {
      c.bend = [=](sim::CrlParts& parts) {
        parts.extensions.push_back(sim::MakeExtension(oid, critical, sim::der::Integer(1)));
      };
    });
  };
  ExpectGood(with("1.2.3.4", false));
  ExpectHard(with("1.2.3.4", true), Check::kSnpCrl);
  for (const bool critical : {true, false}) {
    ExpectHard(with("2.5.29.27", critical), Check::kSnpCrl);  // a delta CRL
    ExpectHard(with("2.5.29.28", critical), Check::kSnpCrl);  // of limited scope
  }
  ExpectGood(JudgeCrl([](CrlSpec& c) { c.authority_key_id.clear(); }));
  ExpectHard(JudgeCrl([](CrlSpec& c) { c.authority_key_id = Bytes(20, 7); }), Check::kSnpCrl);
  ExpectHard(
      JudgeCa(Milan(), AmdRole::kArk, [](CertificateSpec& c) { c.key_usage = uint16_t{kKeyCertSign}; }),
      Check::kSnpCrl);
}

TEST(Verify, CrlEntryExtensions) {
  const auto entry = [](const char* oid, bool critical) {
    return JudgeCrl([=](CrlSpec& c) {
      c.bend = [=](sim::CrlParts& parts) {
        namespace der = sim::der;
        const Bytes extensions = der::Sequence({sim::MakeExtension(oid, critical, der::Enumerated(1))});
        parts.revoked.push_back(der::Sequence({der::Integer(99), der::Time(World().now()), extensions}));
      };
    });
  };
  ExpectGood(entry("2.5.29.21", true));  // a reason
  ExpectGood(entry("1.2.3.4", false));
  ExpectHard(entry("1.2.3.4", true), Check::kSnpCrl);
  ExpectHard(entry("2.5.29.29", false), Check::kSnpCrl);  // another issuer's
}

TEST(Verify, CrlWindow) {
  const Instant now = World().now();
  ExpectGood(JudgeCrl([=](CrlSpec& c) { c.window = {now, now}; }));
  ExpectSoft(JudgeCrl([=](CrlSpec& c) { c.window.not_after = now - 1s; }), Check::kSnpCrlExpired);
  ExpectSoft(JudgeCrl([=](CrlSpec& c) { c.window.not_before = now + 1s; }), Check::kSnpCrlExpired);
}

TEST(Verify, CrlModes) {
  EndorsementSet given = World().Endorsements(Milan());
  const EndorsementSet with = given;
  given.crl.clear();
  const auto judge = [&](const EndorsementSet& set, AmdCrlMode mode) {
    return VerifyReport(World().Report(Milan()), set, std::nullopt, WorldAnchors(), World().now(), mode);
  };
  ExpectError(judge(given, AmdCrlMode::kRequire), ErrorKind::kUnavailable, Check::kSnpCrlMissing);
  const auto without = judge(given, AmdCrlMode::kIfAvailable);
  ExpectGood(without);
  EXPECT_EQ(without->checks.Get(Check::kSnpRevoked), CheckResult::kNotRun);
  EXPECT_EQ(judge(with, AmdCrlMode::kIfAvailable)->checks.Get(Check::kSnpRevoked), CheckResult::kPassed);
  EndorsementSet revoking = World().Endorsements(Milan(), {.crl = [](CrlSpec& c) {
                                                   c.revoked = {{1, 0, 1}};
                                                 }});
  ExpectHard(judge(revoking, AmdCrlMode::kIfAvailable), Check::kSnpRevoked);
  const auto off = judge(revoking, AmdCrlMode::kOff);
  ExpectGood(off);
  EXPECT_EQ(off->checks.Get(Check::kSnpRevoked), CheckResult::kNotRun);
  EXPECT_EQ(off->checks.Get(Check::kSnpCrl), CheckResult::kNotRun);
}

}  // namespace
}  // namespace thimble::amd
