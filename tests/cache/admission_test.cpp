// SPDX-License-Identifier: Apache-2.0
#include "cache/admission.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tcb/collateral.h"
#include "tests/cache/cache_world.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

using sim::CrlSpec;
using sim::IntelCertificate;
using sim::IntelOptions;
using sim::kNow;
using sim::SimIntel;
using sim::TcbInfoSpec;
using test::CacheWorld;
using test::CheckOf;
using test::kPckCrlKey;
using test::kTcbKey;

const SimIntel& Intel() {
  static const SimIntel intel = SimIntel::Make();
  return intel;
}
CollateralBytes Tcb(const SimIntel& intel, const sim::Bend<TcbInfoSpec>& bend = {}) {
  return CacheWorld::Tcb(intel, std::get<TcbInfoKey>(kTcbKey), sim::kStandardNumber, bend).bytes;
}
ItemPtr Item(const SimIntel& intel, const sim::Bend<TcbInfoSpec>& bend = {}) {
  return Admit(kTcbKey, Tcb(intel, bend), intel.Anchors(), intel.now() + Seconds(86'400)).value();
}
ItemPtr Crl(const sim::Bend<CrlSpec>& bend = {}) {
  return Admit(kPckCrlKey,
               {Intel().PckCrl(intel::PckCa::kPlatform, bend), Intel().CaChain(intel::PckCa::kPlatform)},
               Intel().Anchors(), kNow)
      .value();
}

TEST(Admit, TakesWhatIsAuthentic) { EXPECT_TRUE(Admit(kTcbKey, Tcb(Intel()), Intel().Anchors(), kNow).ok()); }

TEST(Admit, RefusesWhatIsNot) {
  EXPECT_EQ(CheckOf(Admit(kTcbKey, Tcb(SimIntel::Make({.seed = "forger"})), Intel().Anchors(), kNow)),
            Check::kSigningChainUntrusted);
  CollateralBytes altered = Tcb(Intel());
  altered.body[altered.body.size() - 4] ^= 1;
  EXPECT_FALSE(Admit(kTcbKey, altered, Intel().Anchors(), kNow).ok());
}

TEST(Admit, RefusesWhatIsNotTheItemAskedFor) {
  EXPECT_EQ(CheckOf(Admit(test::kTdxTcbKey, Tcb(Intel()), Intel().Anchors(), kNow)),
            Check::kCollateralMismatch);
}

TEST(Admit, RefusesTheFutureBeyondFiveMinutes) {
  const auto issued_in = [](int64_t seconds) {
    const auto bend = [seconds](TcbInfoSpec& spec) { spec.issued = kNow + Seconds(seconds); };
    return CheckOf(Admit(kTcbKey, Tcb(Intel(), bend), Intel().Anchors(), kNow));
  };
  EXPECT_EQ(issued_in(300), Check::kNone);
  EXPECT_EQ(issued_in(301), Check::kCollateralFromFuture);
}

// The signing certificate is judged at the time of issue.
TEST(Admit, TheChainHasToBeValidWhenTheItemWasIssued) {
  const auto with_signing = [](Validity validity) {
    IntelOptions options;
    options.bend[IntelCertificate::kTcbSigning] = [validity](sim::CertificateSpec& spec) {
      spec.validity = validity;
    };
    const SimIntel intel = SimIntel::Make(options);
    return CheckOf(Admit(kTcbKey, Tcb(intel), intel.Anchors(), kNow));
  };
  const Instant issued =
      sim::DefaultTcbInfo(IntelTee::kSgx, sim::kServerFmspc, sim::kStandardNumber, kNow).issued;
  EXPECT_EQ(with_signing({issued, issued}), Check::kNone) << "expired by now, but valid then";
  EXPECT_EQ(with_signing({issued - Seconds(9), issued - Seconds(1)}), Check::kSigningChainExpired);
  EXPECT_EQ(with_signing({issued + Seconds(1), issued + Seconds(9)}), Check::kSigningChainNotYetValid);
}

TEST(Admit, TakesWhatHasExpired) {
  const auto bend = [](TcbInfoSpec& spec) { spec.next_update = kNow - Seconds(1); };
  EXPECT_TRUE(Admit(kTcbKey, Tcb(Intel(), bend), Intel().Anchors(), kNow).ok());
}

TEST(Succession, IsByNumberThenByIssueDate) {
  const ItemPtr held = Item(Intel());
  const Instant issued = held->issued();
  const auto against_held = [&](uint32_t number, Instant at) {
    const ItemPtr next = Item(Intel(), [&](TcbInfoSpec& spec) {
      spec.number = number;
      spec.issued = at;
    });
    return SuccessionOf(*next, *held);
  };
  EXPECT_EQ(against_held(sim::kStandardNumber, issued), Succession::kSame);
  EXPECT_EQ(against_held(sim::kStandardNumber, issued + Seconds(1)), Succession::kNewer);
  EXPECT_EQ(against_held(sim::kStandardNumber, issued - Seconds(1)), Succession::kOlder);
  EXPECT_EQ(against_held(sim::kStandardNumber + 1, issued - Seconds(1)), Succession::kNewer);
  EXPECT_EQ(against_held(sim::kStandardNumber - 1, issued + Seconds(1)), Succession::kOlder);
}

TEST(Succession, AnotherChainForTheSameBodyIsAnotherVersion) {
  IntelOptions options;
  options.bend[IntelCertificate::kTcbSigning] = [](sim::CertificateSpec& spec) {
    spec.validity.not_after += Seconds(1);
  };
  const ItemPtr reissued = Item(SimIntel::Make(options)), held = Item(Intel());
  ASSERT_EQ(reissued->body(), held->body());
  EXPECT_EQ(SuccessionOf(*reissued, *held), Succession::kNewer);
  EXPECT_TRUE(SameIssuerKey(*reissued, *held));
}

TEST(DroppedSerials, AreThoseThatTheNextCrlLacks) {
  const auto revoking = [](std::vector<Bytes> serials) {
    return Crl([serials](CrlSpec& spec) { spec.revoked = serials; });
  };
  const ItemPtr held = revoking({{1}, {2}, {3}});
  EXPECT_EQ(DroppedSerials(*revoking({{1}, {2}, {3}}), *held), 0u);
  EXPECT_EQ(DroppedSerials(*revoking({{1}, {2}, {3}, {4}}), *held), 0u);
  EXPECT_EQ(DroppedSerials(*revoking({{3}, {4}}), *held), 2u);
  EXPECT_EQ(DroppedSerials(*Item(Intel()), *Item(Intel())), 0u) << "no CRLs";
}

// Collateral of Intel's, each at a time when nothing of it had ended.
TEST(Admit, TakesRealCollateral) {
  const std::filesystem::path corpus = test::CorpusDir() / "intel";
  std::ifstream in(corpus / "cases.json");
  if (!in) GTEST_SKIP() << "no corpus";
  const auto read = [](const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const auto admit = [&](ItemKind kind, const std::string& body, const std::string& chain, Instant at) {
    const CollateralBytes bytes{Bytes(body.begin(), body.end()), chain};
    const auto item = AuthenticateAny(kind, bytes, TrustAnchors::Pinned());
    return item.ok() && Admit(*ParseKeyName((*item)->name()), bytes, TrustAnchors::Pinned(), at).ok();
  };
  int items = 0;
  for (const auto& entry : nlohmann::json::parse(in)) {
    if (entry.at("clean") != true || entry.at("signed_by") != "Intel") continue;
    const auto directory = corpus / entry.at("dir").get<std::string>();
    const Instant at = ParseRfc3339(entry.at("at").get<std::string>()).value();
    const std::string pck_crl_chain = read(directory / "pck_crl_chain.pem");
    EXPECT_TRUE(admit(ItemKind::kTcbInfo, read(directory / "tcb_info.json"),
                      read(directory / "tcb_info_chain.pem"), at))
        << directory;
    EXPECT_TRUE(admit(ItemKind::kEnclaveIdentity, read(directory / "qe_identity.json"),
                      read(directory / "qe_identity_chain.pem"), at))
        << directory;
    EXPECT_TRUE(admit(ItemKind::kPckCrl, read(directory / "pck_crl.der"), pck_crl_chain, at)) << directory;
    items += 3;
  }
  EXPECT_GE(items, 198);
}

}  // namespace
}  // namespace thimble
