// SPDX-License-Identifier: Apache-2.0
//
// Items of Intel's collateral one by one: authenticated for exactly the key asked, in order, not from the future.
#include "tcb/collateral.h"

#include <gtest/gtest.h>

#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/evaluation_numbers.h"
#include "tcb/intel/tcb_info.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using namespace std::chrono_literals;
using intel::Fmspc;
using intel::PckCa;
using sim::kNow;

constexpr Selector kStandard = {}, kEarly = {Selector::Kind::kEarly, 0};
constexpr Selector Number(uint32_t number) { return {Selector::Kind::kNumber, number}; }
const Fmspc kServer = *Fmspc::FromHex(sim::kServerFmspc);

CollateralBytes RootCrl(const sim::Bend<sim::CrlSpec>& bend = {}) {
  return {World().RootCaCrl(bend), World().RootPem()};
}
CollateralBytes PckCrl(PckCa ca = PckCa::kPlatform, const sim::Bend<sim::CrlSpec>& bend = {}) {
  return {World().PckCrl(ca, bend), World().CaChain(ca)};
}
CollateralBytes TcbInfo(IntelTee tee = IntelTee::kSgx, const sim::Bend<sim::TcbInfoSpec>& bend = {}) {
  return {World().TcbInfo(tee, sim::kServerFmspc, sim::kStandardNumber, bend), World().TcbSigningChain()};
}
CollateralBytes Identity(EnclaveId id = EnclaveId::kQe) {
  return {World().Identity(id), World().TcbSigningChain()};
}
CollateralBytes Numbers(IntelTee tee = IntelTee::kSgx,
                        const sim::Bend<sim::EvaluationNumbersSpec>& bend = {}) {
  return {World().EvaluationNumbers(tee, bend), World().TcbSigningChain()};
}

ItemPtr Authentic(const CollateralKey& key, const CollateralBytes& bytes) {
  auto item = AuthenticateItem(key, bytes, WorldAnchors());
  EXPECT_TRUE(item.ok()) << KeyName(key) << ": " << (item.ok() ? "" : item.error().message);
  return item.ok() ? *item : nullptr;
}
void ExpectRefused(const CollateralKey& key, const CollateralBytes& bytes, ErrorKind kind, Check check,
                   const TrustAnchors& anchors = WorldAnchors()) {
  const auto item = AuthenticateItem(key, bytes, anchors);
  ASSERT_FALSE(item.ok()) << KeyName(key);
  EXPECT_EQ(item.error().kind, kind) << item.error().message;
  EXPECT_EQ(CheckName(item.error().check), CheckName(check)) << item.error().message;
}

TEST(CollateralItem, KnowsWhatItIs) {
  const CollateralBytes bytes = TcbInfo(IntelTee::kTdx);
  const ItemPtr item = Authentic(TcbInfoKey{IntelTee::kTdx, kServer, kEarly}, bytes);
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(item->name(), "intel/tcb/tdx/00806f050000/early");
  EXPECT_EQ(item->body(), bytes.body);
  EXPECT_EQ(item->issuer_chain(), World().TcbSigningChain());
  EXPECT_EQ(item->sha256(), Sha256(bytes.body));
  EXPECT_EQ(item->issued(), kNow - 24h * 9);
  EXPECT_EQ(item->next_update(), kNow + 24h * 21);
  EXPECT_EQ(item->chain_window().not_before, kNow - 24h * 365);
  EXPECT_EQ(item->chain_window().not_after, kNow + 24h * 365 * 6);
  EXPECT_EQ(item->order_number(), sim::kStandardNumber);
  EXPECT_EQ(item->anchor_name(), "Intel SGX Root CA");
  EXPECT_EQ(item->signers().size(), 2u);
  ASSERT_NE(item->tcb_info(), nullptr);
  EXPECT_EQ(item->tcb_info()->tee, IntelTee::kTdx);
  EXPECT_EQ(item->crl(), nullptr);
  EXPECT_EQ(item->identity(), nullptr);
  EXPECT_EQ(item->numbers(), nullptr);
  EXPECT_EQ(item->vcek(), nullptr);
  EXPECT_EQ(item->source(), "");
  const ItemPtr sourced = item->WithSource("a test");
  EXPECT_EQ(sourced->source(), "a test");
  EXPECT_EQ(sourced->sha256(), item->sha256());
}

TEST(CollateralItem, OfACrlIsInDerWhateverItCameAs) {
  const Bytes der = World().RootCaCrl();
  const std::string hex = HexLower(der);
  const ItemPtr item = Authentic(RootCaCrlKey{}, {Bytes(hex.begin(), hex.end()), World().RootPem()});
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(item->body(), der);
  EXPECT_EQ(item->order_number(), 2u);
  ASSERT_NE(item->crl(), nullptr);
  EXPECT_EQ(item->issuer_chain(), World().RootPem());
}

TEST(CollateralItem, IsWhatItsKeyNames) {
  struct Row {
    CollateralKey key;
    CollateralBytes bytes;
  };
  const Row rows[] = {
      {RootCaCrlKey{}, RootCrl()},
      {PckCrlKey{PckCa::kPlatform}, PckCrl()},
      {PckCrlKey{PckCa::kProcessor}, PckCrl(PckCa::kProcessor)},
      {TcbInfoKey{IntelTee::kSgx, kServer, kStandard}, TcbInfo()},
      {TcbInfoKey{IntelTee::kTdx, kServer, Number(17)}, TcbInfo(IntelTee::kTdx)},
      {EnclaveIdentityKey{EnclaveId::kQe, kStandard}, Identity()},
      {EnclaveIdentityKey{EnclaveId::kTdQe, kEarly}, Identity(EnclaveId::kTdQe)},
      {EnclaveIdentityKey{EnclaveId::kQve, Number(17)}, Identity(EnclaveId::kQve)},
      {EvaluationNumbersKey{IntelTee::kSgx}, Numbers()},
      {EvaluationNumbersKey{IntelTee::kTdx}, Numbers(IntelTee::kTdx)},
  };
  for (const Row& row : rows) {
    const ItemPtr item = Authentic(row.key, row.bytes);
    ASSERT_NE(item, nullptr);
    EXPECT_EQ(item->name(), KeyName(row.key));
  }
}

// From an upstream, an import or the store: nothing that ends in a root which has not signed itself is taken, for
// clients that check it would refuse what is served.
TEST(CollateralItem, EndsInARootThatHasSignedItself) {
  const sim::SimIntel forged = WorldWith(
      sim::IntelCertificate::kRoot, [](sim::CertificateSpec& spec) { spec.signer = sim::SimKey("forger"); });
  struct Row {
    CollateralKey key;
    CollateralBytes bytes;
    std::string chain;
    Check check;
  };
  const Row rows[] = {
      {RootCaCrlKey{}, RootCrl(), forged.RootPem(), Check::kCrlRootIssuer},
      {PckCrlKey{PckCa::kPlatform}, PckCrl(), forged.CaChain(PckCa::kPlatform), Check::kCrlPckIssuer},
      {TcbInfoKey{IntelTee::kSgx, kServer, kStandard}, TcbInfo(), forged.TcbSigningChain(),
       Check::kSigningChainUntrusted},
      {EnclaveIdentityKey{EnclaveId::kQe, kStandard}, Identity(), forged.TcbSigningChain(),
       Check::kSigningChainUntrusted},
      {EvaluationNumbersKey{IntelTee::kSgx}, Numbers(), forged.TcbSigningChain(),
       Check::kSigningChainUntrusted},
  };
  for (const Row& row : rows) {
    EXPECT_NE(Authentic(row.key, row.bytes), nullptr);
    ExpectRefused(row.key, {row.bytes.body, row.chain}, ErrorKind::kRejected, row.check);
    ExpectRefused(row.key, {row.bytes.body, row.bytes.issuer_chain + "text"}, ErrorKind::kMalformed,
                  Check::kCollateralMalformed);
  }
}

TEST(CollateralMismatch, AuthenticButNotWhatWasAskedFor) {
  struct Row {
    CollateralKey key;
    CollateralBytes bytes;
  };
  const Row rows[] = {
      {PckCrlKey{PckCa::kPlatform}, PckCrl(PckCa::kProcessor)},
      {PckCrlKey{PckCa::kProcessor}, PckCrl()},
      {TcbInfoKey{IntelTee::kTdx, kServer, kStandard}, TcbInfo()},
      {TcbInfoKey{IntelTee::kSgx, *Fmspc::FromHex(sim::kClientFmspc), kStandard}, TcbInfo()},
      {TcbInfoKey{IntelTee::kSgx, kServer, Number(16)}, TcbInfo()},
      {EnclaveIdentityKey{EnclaveId::kTdQe, kStandard}, Identity()},
      {EnclaveIdentityKey{EnclaveId::kQe, kStandard}, Identity(EnclaveId::kQve)},
      {EnclaveIdentityKey{EnclaveId::kQe, Number(18)}, Identity()},
      {EvaluationNumbersKey{IntelTee::kTdx}, Numbers()},
  };
  for (const Row& row : rows) {
    ExpectRefused(row.key, row.bytes, ErrorKind::kRejected, Check::kCollateralMismatch);
  }
}

TEST(CollateralMismatch, AnItemOfAnotherKindIsMalformed) {
  ExpectRefused(RootCaCrlKey{}, TcbInfo(), ErrorKind::kMalformed, Check::kCollateralMalformed);
  ExpectRefused(TcbInfoKey{IntelTee::kSgx, kServer, kStandard}, Identity(), ErrorKind::kMalformed,
                Check::kCollateralMalformed);
  ExpectRefused(EvaluationNumbersKey{IntelTee::kSgx}, TcbInfo(), ErrorKind::kMalformed,
                Check::kCollateralMalformed);
}

TEST(EvaluationNumbers, SignatureIsTheSigners) {
  const EvaluationNumbersKey key{IntelTee::kSgx};
  ASSERT_NE(Authentic(key, Numbers()), nullptr);
  ExpectRefused(key, Numbers(IntelTee::kSgx, [](auto& spec) { spec.signer = sim::SimKey("forger"); }),
                ErrorKind::kRejected, Check::kEvaluationNumbersSignature);
  CollateralBytes edited = Numbers();
  std::string text(AsText(edited.body));
  text.replace(text.find(":18,"), 4, ":19,");
  edited.body.assign(text.begin(), text.end());
  ExpectRefused(key, edited, ErrorKind::kRejected, Check::kEvaluationNumbersSignature);
  ExpectRefused(key, {Numbers().body, World().CaChain(PckCa::kPlatform)}, ErrorKind::kRejected,
                Check::kSigningChainUntrusted);
}

TEST(CollateralItem, ThatIsNotAuthenticIsRefusedByName) {
  const TrustAnchors pinned = TrustAnchors::Pinned();
  const auto forged = [](auto& spec) { spec.signer = sim::SimKey("forger"); };
  const TcbInfoKey info{IntelTee::kSgx, kServer, kStandard};
  ExpectRefused(info, TcbInfo(IntelTee::kSgx, forged), ErrorKind::kRejected, Check::kTcbInfoSignature);
  ExpectRefused(info, TcbInfo(), ErrorKind::kRejected, Check::kSigningChainUntrusted, pinned);
  ExpectRefused(info, {TcbInfo().body, ""}, ErrorKind::kMalformed, Check::kCollateralMalformed);
  ExpectRefused(RootCaCrlKey{}, RootCrl(forged), ErrorKind::kRejected, Check::kCrlRootSignature);
  ExpectRefused(RootCaCrlKey{}, RootCrl(), ErrorKind::kRejected, Check::kCrlRootIssuer, pinned);
  ExpectRefused(RootCaCrlKey{}, {RootCrl().body, World().CaChain(PckCa::kPlatform)}, ErrorKind::kRejected,
                Check::kCrlRootIssuer);
  ExpectRefused(PckCrlKey{PckCa::kPlatform}, PckCrl(PckCa::kPlatform, forged), ErrorKind::kRejected,
                Check::kCrlPckSignature);
  ExpectRefused(PckCrlKey{PckCa::kPlatform}, PckCrl(), ErrorKind::kRejected, Check::kCrlPckIssuer, pinned);
}

TEST(CollateralItem, OfAnyKeyIsFoundFromItsBytes) {
  const auto name = [](ItemKind kind, const CollateralBytes& bytes) {
    const auto item = AuthenticateAny(kind, bytes, WorldAnchors());
    return item.ok() ? (*item)->name() : std::string(CheckName(item.error().check));
  };
  EXPECT_EQ(name(ItemKind::kRootCaCrl, RootCrl()), "intel/crl/root");
  EXPECT_EQ(name(ItemKind::kPckCrl, PckCrl(PckCa::kProcessor)), "intel/crl/pck/processor");
  EXPECT_EQ(name(ItemKind::kTcbInfo, TcbInfo(IntelTee::kTdx)), "intel/tcb/tdx/00806f050000/17");
  EXPECT_EQ(name(ItemKind::kEnclaveIdentity, Identity(EnclaveId::kTdQe)), "intel/identity/td_qe/17");
  EXPECT_EQ(name(ItemKind::kEvaluationNumbers, Numbers()), "intel/numbers/sgx");
  EXPECT_EQ(name(ItemKind::kPckCrl, RootCrl()), "crl.pck.issuer");
  EXPECT_EQ(name(ItemKind::kTcbInfo, Identity()), "collateral.malformed");
}

TEST(CollateralMissing, NamesEachItemThatIsNotThere) {
  using Set = intel::CollateralSet;
  const std::pair<const char*, sim::Bend<Set>> missing[] = {
      {"root CA CRL", [](Set& set) { set.root_ca_crl.clear(); }},
      {"PCK CRL", [](Set& set) { set.pck_crl.clear(); }},
      {"TCB info", [](Set& set) { set.tcb_info.clear(); }},
      {"issuer chain of the TCB info", [](Set& set) { set.tcb_info_issuer_chain.clear(); }},
      {"QE identity", [](Set& set) { set.qe_identity.clear(); }},
      {"issuer chain of the QE identity", [](Set& set) { set.qe_identity_issuer_chain.clear(); }},
  };
  for (const auto& [name, bend] : missing) {
    const Case c = {.name = name, .set = bend};
    ExpectError(c, ErrorKind::kUnavailable, Check::kCollateralMissing);
    const auto prepared = intel::PrepareCollateral(SetOf(c), WorldAnchors());
    ASSERT_FALSE(prepared.ok());
    EXPECT_EQ(prepared.error().message, std::string("missing: ") + name);
  }
  const auto all = intel::PrepareCollateral({}, WorldAnchors());
  ASSERT_FALSE(all.ok());
  for (const auto& [name, bend] : missing)
    EXPECT_NE(all.error().message.find(name), std::string::npos) << name;
  // Without a quote nothing says where the PCK CRL's issuer might come from.
  const auto no_chain = intel::PrepareCollateral(
      SetOf({.set = [](Set& set) { set.pck_crl_issuer_chain.clear(); }}), WorldAnchors());
  ASSERT_FALSE(no_chain.ok());
  EXPECT_EQ(no_chain.error().message, "missing: issuer chain of the PCK CRL");
}

TEST(CollateralFromFuture, AtMostFiveMinutesAhead) {
  const ItemPtr item = Authentic(TcbInfoKey{IntelTee::kSgx, kServer, kStandard},
                                 TcbInfo(IntelTee::kSgx, [](auto& info) { info.issued = kNow; }));
  ASSERT_NE(item, nullptr);
  EXPECT_TRUE(CheckNotFromFuture(*item, kNow).ok());
  EXPECT_TRUE(CheckNotFromFuture(*item, kNow + 24h * 400).ok());
  EXPECT_TRUE(CheckNotFromFuture(*item, kNow - 5min).ok());
  const Status refused = CheckNotFromFuture(*item, kNow - 5min - 1s);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(refused.error().check, Check::kCollateralFromFuture);
}

TEST(CollateralOrder, IsByNumberThenByIssueDate) {
  const auto crl = [](uint64_t number, Instant issued) {
    return Authentic(RootCaCrlKey{}, RootCrl([&](sim::CrlSpec& spec) {
                       spec.number = number;
                       spec.window.not_before = issued;
                     }));
  };
  const ItemPtr base = crl(5, kNow);
  EXPECT_TRUE(NotOlder(*base, *base));
  EXPECT_TRUE(NotOlder(*crl(6, kNow - 24h), *base));  // a higher number, though issued earlier
  EXPECT_FALSE(NotOlder(*crl(4, kNow + 24h), *base));
  EXPECT_TRUE(NotOlder(*crl(5, kNow + 1s), *base));
  EXPECT_FALSE(NotOlder(*crl(5, kNow - 1s), *base));
}

TEST(CollateralOrder, CrlNumbersBeyond64BitsCountAsTheHighest) {
  const ItemPtr item = Authentic(RootCaCrlKey{}, RootCrl([](sim::CrlSpec& spec) {
                                   spec.bend = [](sim::CrlParts& parts) {
                                     const Bytes number = {0x02, 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0};
                                     parts.extensions.front() =
                                         sim::MakeExtension("2.5.29.20", false, number);
                                   };
                                 }));
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(item->order_number(), UINT64_MAX);
}

}  // namespace
}  // namespace thimble::test
