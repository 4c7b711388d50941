// SPDX-License-Identifier: Apache-2.0
//
// Every window, at its ends and one second outside; and that nothing hides an expired item, nor it something else.
#include <gtest/gtest.h>

#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using namespace std::chrono_literals;
using sim::IntelCertificate;
using sim::kNow;

using SetWindow = std::function<void(Validity&)>;
struct Edge {
  const char* name;
  SetWindow set;
  enum { kInside, kEarly, kLate } where;
};
const Edge kEdges[] = {
    {"begins now", [](Validity& w) { w.not_before = kNow; }, Edge::kInside},
    {"ends now", [](Validity& w) { w.not_after = kNow; }, Edge::kInside},
    {"is this second",
     [](Validity& w) {
       w = {kNow, kNow};
     },
     Edge::kInside},
    {"begins in a second", [](Validity& w) { w.not_before = kNow + 1s; }, Edge::kEarly},
    {"ended a second ago", [](Validity& w) { w.not_after = kNow - 1s; }, Edge::kLate},
};

void ExpectEdge(const Case& c, const Edge& edge, Check early, Check late) {
  if (edge.where == Edge::kInside) {
    ExpectGood(c);
  } else {
    ExpectSoft(c, {edge.where == Edge::kEarly ? early : late});
  }
}

TEST(Windows, OfThePckCertificate) {
  for (const Edge& edge : kEdges) {
    Case c = {.name = edge.name};
    c.quote.platform.certificate = [&](sim::CertificateSpec& spec) { edge.set(spec.validity); };
    ExpectEdge(c, edge, Check::kPckNotYetValid, Check::kPckExpired);
  }
}

TEST(Windows, OfTheIntermediateAndTheRootInTheQuote) {
  for (const IntelCertificate which : {IntelCertificate::kPlatformCa, IntelCertificate::kRoot}) {
    for (const Edge& edge : kEdges) {
      const sim::SimIntel world =
          WorldWith(which, [&](sim::CertificateSpec& spec) { edge.set(spec.validity); });
      ExpectEdge({.name = edge.name, .quote_world = &world}, edge, Check::kPckNotYetValid,
                 Check::kPckExpired);
    }
  }
}

// One signer, one chain, one finding, though two items rest on it.
TEST(Windows, OfTheSigningChain) {
  for (const IntelCertificate which : {IntelCertificate::kTcbSigning, IntelCertificate::kRoot}) {
    for (const Edge& edge : kEdges) {
      const sim::SimIntel world =
          WorldWith(which, [&](sim::CertificateSpec& spec) { edge.set(spec.validity); });
      ExpectEdge({.name = edge.name,
                  .set =
                      [&](auto& set) {
                        set.tcb_info_issuer_chain = set.qe_identity_issuer_chain = world.TcbSigningChain();
                      }},
                 edge, Check::kSigningChainNotYetValid, Check::kSigningChainExpired);
      ExpectEdge({.name = edge.name,
                  .set = [&](auto& set) { set.qe_identity_issuer_chain = world.TcbSigningChain(); }},
                 edge, Check::kSigningChainNotYetValid, Check::kSigningChainExpired);
    }
  }
}

TEST(Windows, OfTheCrls) {
  for (const Edge& edge : kEdges) {
    const sim::Bend<sim::CrlSpec> bend = [&](sim::CrlSpec& crl) { edge.set(crl.window); };
    ExpectEdge({.name = edge.name, .collateral = {.root_ca_crl = bend}}, edge, Check::kCrlRootExpired,
               Check::kCrlRootExpired);
    ExpectEdge({.name = edge.name, .collateral = {.pck_crl = bend}}, edge, Check::kCrlPckExpired,
               Check::kCrlPckExpired);
  }
}

TEST(Windows, OfTcbInfoAndIdentity) {
  for (const Edge& edge : kEdges) {
    const auto bend = [&](auto& spec) {
      Validity window = {spec.issued, spec.next_update};
      edge.set(window);
      spec.issued = window.not_before;
      spec.next_update = window.not_after;
    };
    for (const bool tdx : {false, true}) {
      ExpectEdge({.name = edge.name, .quote = {.tdx = tdx}, .collateral = {.tcb_info = bend}}, edge,
                 Check::kTcbInfoNotYetIssued, Check::kTcbInfoExpired);
      ExpectEdge({.name = edge.name, .quote = {.tdx = tdx}, .collateral = {.qe_identity = bend}}, edge,
                 Check::kQeIdentityNotYetIssued, Check::kQeIdentityExpired);
    }
  }
}

TEST(Windows, AllFindingsInOnePass) {
  ExpectSoft({.name = "in forty days", .at = kNow + 24h * 40},
             {Check::kTcbInfoExpired, Check::kQeIdentityExpired, Check::kCrlPckExpired});
  ExpectSoft({.name = "in thirty years", .at = kNow + 24h * 365 * 30},
             {Check::kPckExpired, Check::kSigningChainExpired, Check::kTcbInfoExpired,
              Check::kQeIdentityExpired, Check::kCrlPckExpired, Check::kCrlRootExpired});
  ExpectSoft({.name = "twenty years ago", .at = kNow - 24h * 365 * 20},
             {Check::kPckNotYetValid, Check::kSigningChainNotYetValid, Check::kTcbInfoNotYetIssued,
              Check::kQeIdentityNotYetIssued, Check::kCrlPckExpired, Check::kCrlRootExpired});
}

// The intersection of all that was used (DCAP 7): what ends first is the earliest expiry.
TEST(Windows, TheVerdictsIsTheirIntersection) {
  const auto window = [](const Case& c) { return Judge(c).value().window; };
  EXPECT_EQ(window({}).not_after, kNow + 24h * 20);  // the PCK CRL's nextUpdate
  EXPECT_EQ(window({}).not_before, kNow - 24h * 8);  // the identity's issueDate
  EXPECT_EQ(window({.collateral = {.tcb_info = [](auto& info) { info.next_update = kNow + 1h; }}}).not_after,
            kNow + 1h);
  EXPECT_EQ(window({.collateral = {.qe_identity = [](auto& id) { id.next_update = kNow + 1h; }}}).not_after,
            kNow + 1h);
  EXPECT_EQ(
      window({.collateral = {.root_ca_crl = [](auto& crl) { crl.window.not_after = kNow + 1h; }}}).not_after,
      kNow + 1h);
  Case leaf;
  leaf.quote.platform.certificate = [](auto& spec) { spec.validity.not_after = kNow + 1h; };
  EXPECT_EQ(window(leaf).not_after, kNow + 1h);
  const sim::SimIntel signer =
      WorldWith(IntelCertificate::kTcbSigning, [](auto& spec) { spec.validity.not_after = kNow + 1h; });
  EXPECT_EQ(window({.set_world = &signer}).not_after, kNow + 1h);
  const sim::SimIntel ca =
      WorldWith(IntelCertificate::kPlatformCa, [](auto& spec) { spec.validity.not_after = kNow + 1h; });
  EXPECT_EQ(window({.quote_world = &ca}).not_after, kNow + 1h);
  EXPECT_EQ(window({.set_world = &ca}).not_after, kNow + 1h);  // the issuer of the PCK CRL
}

// -- expired collateral is hidden by no other finding, and hides none --

void Expire(sim::TcbInfoSpec& info) { info.next_update = kNow - 1s; }

TEST(Windows, AreNotHiddenByEvidenceThatFails) {
  Case c = {.name = "quote signature", .collateral = {.tcb_info = Expire}};
  c.quote_bytes = [](Bytes& quote) { quote[sim::LocateQuote(quote).signature] ^= 1; };
  ExpectHard(c, Check::kQuoteSignature, {Check::kTcbInfoExpired});
  c = {.name = "PCK chain", .collateral = {.tcb_info = Expire}};
  c.quote.platform.certificate = [](auto& spec) {
    spec.is_ca = true;
    spec.validity.not_after = kNow - 1s;
  };
  ExpectHard(c, Check::kPckChain, {Check::kTcbInfoExpired, Check::kPckExpired});
  const TrustAnchors pinned = TrustAnchors::Pinned();
  ExpectHard({.name = "root", .collateral = {.tcb_info = Expire}, .anchors = &pinned}, Check::kPckRoot,
             {Check::kTcbInfoExpired});
  c = {.name = "debug", .collateral = {.tcb_info = Expire}};
  c.quote.bend = [](sim::QuoteSpec& q) { q.sgx.attributes[0] |= 2; };
  c.quote_bytes = [](Bytes& quote) { quote[sim::LocateQuote(quote).signature] ^= 1; };
  ExpectHard(c, Check::kQuoteSignature, {Check::kTcbInfoExpired, Check::kSgxDebug});
}

TEST(Windows, AreNotHiddenByCollateralThatFails) {
  const sim::Bend<sim::CrlSpec> forged = [](sim::CrlSpec& crl) {
    crl.signer = sim::SimKey("forger");
    crl.window.not_after = kNow - 1s;
  };
  ExpectHard({.name = "root CA CRL", .collateral = {.tcb_info = Expire, .root_ca_crl = forged}},
             Check::kCrlRootSignature, {Check::kTcbInfoExpired, Check::kCrlRootExpired});
  ExpectHard({.name = "PCK CRL", .collateral = {.tcb_info = Expire, .pck_crl = forged}},
             Check::kCrlPckSignature, {Check::kTcbInfoExpired, Check::kCrlPckExpired});
  ExpectHard({.name = "TCB info",
              .collateral = {.tcb_info =
                                 [](auto& info) {
                                   Expire(info);
                                   info.signer = sim::SimKey("forger");
                                 },
                             .qe_identity = [](auto& identity) { identity.issued = kNow + 1s; }}},
             Check::kTcbInfoSignature, {Check::kTcbInfoExpired, Check::kQeIdentityNotYetIssued});
}

TEST(Windows, AreNotHiddenByAMismatchNorByRevocation) {
  ExpectHard({.name = "FMSPC",
              .collateral = {.tcb_info =
                                 [](auto& info) {
                                   Expire(info);
                                   info.fmspc = sim::kClientFmspc;
                                 }}},
             Check::kTcbInfoMismatch, {Check::kTcbInfoExpired});
  Case revoked = {.name = "revoked", .collateral = {.tcb_info = Expire}};
  revoked.quote.platform.certificate = [](auto& spec) { spec.serial = sim::RevokedSerial(); };
  ExpectHard(revoked, Check::kPckRevoked, {Check::kTcbInfoExpired});
  ExpectHard({.name = "no level",
              .quote = {.platform = sim::ServerPlatform(sim::Tcb::kUnsupported)},
              .collateral = {.tcb_info = Expire}},
             Check::kTcbNotSupported, {Check::kTcbInfoExpired});
}

TEST(Windows, DoNotMakeAFailureGood) {
  // What is missing or undecodable is an error even when the rest has expired; but evidence that fails is judged first.
  const sim::Bend<intel::CollateralSet> no_crl = [](auto& set) { set.pck_crl.clear(); };
  const sim::Bend<intel::CollateralSet> bad_crl = [](auto& set) { set.pck_crl = {'x'}; };
  const sim::Bend<Bytes> forge = [](Bytes& quote) { quote[sim::LocateQuote(quote).signature] ^= 1; };
  ExpectError({.set = no_crl, .at = kNow + 24h * 40}, ErrorKind::kUnavailable, Check::kCollateralMissing);
  ExpectError({.set = bad_crl, .at = kNow + 24h * 40}, ErrorKind::kMalformed, Check::kCollateralMalformed);
  ExpectHard({.quote_bytes = forge, .set = no_crl}, Check::kQuoteSignature);
  ExpectHard({.collateral = {.tcb_info = Expire}, .quote_bytes = forge, .set = bad_crl},
             Check::kQuoteSignature, {Check::kTcbInfoExpired});
}

}  // namespace
}  // namespace thimble::test
