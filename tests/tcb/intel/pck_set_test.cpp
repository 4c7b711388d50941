// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/pck_set.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/percent.h"
#include "tcb/check.h"
#include "tcb/collateral.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/pki/pem.h"
#include "tests/support/sim_intel.h"
#include "tests/tcb/corpus.h"

namespace thimble::intel {
namespace {

using sim::PckSpec;
using sim::SimIntel;
using sim::Tcb;

const SimIntel& Intel() {
  static const SimIntel intel = SimIntel::Make();
  return intel;
}

const CollateralKey kKey = PckCertsKey{*PlatformId::From("00000000000000000000000000000001", PceId())};

PckTcb TcbOf(const PckSpec& platform) { return {platform.cpu_svn, static_cast<PceSvn>(platform.pce_svn)}; }

nlohmann::json Entry(const SimIntel& intel, const PckSpec& platform) {
  return {{"tcb", nlohmann::json::object()},
          {"tcbm", TcbOf(platform).HexUpper()},
          {"cert", PercentEncode(EncodePem(intel.PckCertificate(platform), "CERTIFICATE"))}};
}
nlohmann::json Entry(const PckSpec& platform) { return Entry(Intel(), platform); }

CollateralBytes Delivered(const nlohmann::json& entries,
                          std::string chain = Intel().CaChain(PckCa::kPlatform)) {
  const std::string text = entries.dump();
  return {Bytes(text.begin(), text.end()), std::move(chain)};
}
Result<ItemPtr> Authenticate(const nlohmann::json& entries) {
  return AuthenticateItem(kKey, Delivered(entries), Intel().Anchors());
}
Check CheckOf(const Result<ItemPtr>& result) { return result.ok() ? Check::kNone : result.error().check; }

const nlohmann::json kGood = {Entry(sim::ServerPlatform(Tcb::kOutOfDate)),
                              Entry(sim::ServerPlatform(Tcb::kGood))};
nlohmann::json GoodBut(std::string_view member, const nlohmann::json& value) {
  nlohmann::json entries = kGood;
  entries[1][std::string(member)] = value;
  return entries;
}

TEST(PckSet, IsWhatItsCertificatesSay) {
  nlohmann::json entries = kGood;
  entries.push_back({{"tcb", nlohmann::json::object()},
                     {"tcbm", TcbOf(sim::ServerPlatform(Tcb::kNewest)).HexUpper()},
                     {"cert", "Not available"}});
  const auto item = Authenticate(entries);
  ASSERT_TRUE(item.ok()) << item.error().message;
  const PckSet* set = (*item)->pck_set();
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->fmspc, *Fmspc::FromHex(sim::kServerFmspc));
  EXPECT_EQ(set->ca, PckCa::kPlatform);
  EXPECT_EQ(set->ppid, *Ppid::From(PckSpec{}.ppid));
  ASSERT_EQ(set->certificates.size(), 2u);
  EXPECT_EQ(set->certificates[0].tcb, TcbOf(sim::ServerPlatform(Tcb::kOutOfDate)));
  EXPECT_TRUE(Equal(set->certificates[1].certificate->der(), Intel().PckCertificate(sim::ServerPlatform())));
  EXPECT_EQ(set->not_available, std::vector{TcbOf(sim::ServerPlatform(Tcb::kNewest))});
  EXPECT_EQ((*item)->issuer_chain(), Intel().CaChain(PckCa::kPlatform));
  EXPECT_EQ((*item)->name(), KeyName(kKey));
  EXPECT_TRUE(Equal((*item)->body(), Delivered(entries).body)) << "verbatim";
}

TEST(PckSet, OfTheProcessorCa) {
  const nlohmann::json entries = {Entry(sim::ClientPlatform())};
  const auto item =
      AuthenticateItem(kKey, Delivered(entries, Intel().CaChain(PckCa::kProcessor)), Intel().Anchors());
  ASSERT_TRUE(item.ok()) << item.error().message;
  EXPECT_EQ((*item)->pck_set()->ca, PckCa::kProcessor);
  EXPECT_EQ(CheckOf(AuthenticateItem(kKey, Delivered(entries), Intel().Anchors())), Check::kPckChain);
}

// As fetched, uploaded or imported: a client that checks the root would refuse what is served.
TEST(PckSet, EndsInARootThatHasSignedItself) {
  sim::IntelOptions options;
  options.bend[sim::IntelCertificate::kRoot] = [](auto& spec) { spec.signer = sim::SimKey("forger"); };
  const SimIntel forged = SimIntel::Make(options);
  const auto with = [](std::string chain) {
    return CheckOf(AuthenticateItem(kKey, Delivered(kGood, std::move(chain)), Intel().Anchors()));
  };
  EXPECT_EQ(with(Intel().CaChain(PckCa::kPlatform)), Check::kNone);
  EXPECT_EQ(with(forged.CaChain(PckCa::kPlatform)), Check::kPckChain);
  EXPECT_EQ(with(Intel().CaChain(PckCa::kPlatform) + "text"), Check::kCollateralMalformed);
}

TEST(PckSet, TakesPemThatIsNotEscapedAndLowerCase) {
  nlohmann::json entries = kGood;
  entries[0]["cert"] = EncodePem(Intel().PckCertificate(sim::ServerPlatform(Tcb::kOutOfDate)), "CERTIFICATE");
  entries[0]["tcbm"] = HexLower(*FromHex(entries[0]["tcbm"].get<std::string>()));
  EXPECT_EQ(CheckOf(Authenticate(entries)), Check::kNone);
}

TEST(PckSet, TheWindowIsThatOfTheNewestCertificate) {
  using namespace std::chrono_literals;
  PckSpec newer = sim::ServerPlatform(Tcb::kGood);
  const Validity window = {sim::kNow - 24h, sim::kNow + 24h * 100};
  newer.certificate = [&](sim::CertificateSpec& c) { c.validity = window; };
  const auto item = Authenticate({Entry(newer), Entry(sim::ServerPlatform(Tcb::kOutOfDate))});
  ASSERT_TRUE(item.ok()) << item.error().message;
  EXPECT_EQ((*item)->window(), window);
}

TEST(PckSet, MalformedArrays) {
  EXPECT_EQ(CheckOf(Authenticate(kGood)), Check::kNone);
  EXPECT_EQ(CheckOf(Authenticate(nlohmann::json::object())), Check::kCollateralMalformed);
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("tcbm", std::string(35, '0')))), Check::kCollateralMalformed);
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("tcbm", 7))), Check::kCollateralMalformed);
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("cert", "not available"))), Check::kCollateralMalformed);
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("cert", "%2"))), Check::kCollateralMalformed);
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("cert", EncodePem(Bytes(9, 1), "CERTIFICATE")))),
            Check::kCollateralMalformed);
  const std::string two = kGood[0]["cert"].get<std::string>() + kGood[1]["cert"].get<std::string>();
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("cert", two))), Check::kCollateralMalformed);
  nlohmann::json missing = kGood;
  missing[0].erase("cert");
  EXPECT_EQ(CheckOf(Authenticate(missing)), Check::kCollateralMalformed);
}

TEST(PckSet, NoMoreThan256Entries) {
  const nlohmann::json none = {{"tcbm", std::string(36, '0')}, {"cert", "Not available"}};
  nlohmann::json entries = kGood;
  while (entries.size() < 256) entries.push_back(none);
  EXPECT_EQ(CheckOf(Authenticate(entries)), Check::kNone);
  entries.push_back(none);
  EXPECT_EQ(CheckOf(Authenticate(entries)), Check::kCollateralMalformed);
}

TEST(PckSet, NothingAvailableIsMissingNotRejected) {
  for (const nlohmann::json& entries :
       {nlohmann::json::array(),
        nlohmann::json::array({{{"tcbm", std::string(36, '0')}, {"cert", "Not available"}}})}) {
    const auto item = Authenticate(entries);
    ASSERT_FALSE(item.ok());
    EXPECT_EQ(item.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(item.error().check, Check::kCollateralMissing);
  }
}

TEST(PckSet, EveryCertificateIsVerifiedToTheAnchor) {
  nlohmann::json forged = kGood;
  const SimIntel forger = SimIntel::Make({.seed = "forger"});
  forged[1] = Entry(forger, sim::ServerPlatform());
  EXPECT_EQ(CheckOf(Authenticate(forged)), Check::kPckChain);

  const nlohmann::json consistent = {Entry(forger, sim::ServerPlatform())};
  const std::string chain = forger.CaChain(PckCa::kPlatform);
  EXPECT_EQ(CheckOf(AuthenticateItem(kKey, Delivered(consistent, chain), Intel().Anchors())),
            Check::kPckRoot);
  EXPECT_EQ(CheckOf(AuthenticateItem(kKey, Delivered(consistent, chain), forger.Anchors())), Check::kNone);
}

TEST(PckSet, TheIssuerChainIsExactlyCaAndRoot) {
  EXPECT_EQ(CheckOf(AuthenticateItem(kKey, Delivered(kGood, Intel().RootPem()), Intel().Anchors())),
            Check::kPckChain);
  EXPECT_EQ(
      CheckOf(AuthenticateItem(kKey, Delivered(kGood, Intel().CaChain(PckCa::kPlatform) + Intel().RootPem()),
                               Intel().Anchors())),
      Check::kPckChain);
}

TEST(PckSet, AllOfOnePlatform) {
  const auto with = [](const sim::Bend<PckSpec>& bend) {
    PckSpec other = sim::ServerPlatform(Tcb::kOutOfDate);
    sim::Apply(bend, other);
    return CheckOf(Authenticate({Entry(sim::ServerPlatform()), Entry(other)}));
  };
  EXPECT_EQ(with({}), Check::kNone);
  EXPECT_EQ(with([](PckSpec& p) { p.ppid.back() ^= 1; }), Check::kCollateralMismatch);
  EXPECT_EQ(with([](PckSpec& p) { p.fmspc = sim::kClientFmspc; }), Check::kCollateralMismatch);
  EXPECT_EQ(with([](PckSpec& p) { p.pce_id = {1, 0}; }), Check::kCollateralMismatch);
}

TEST(PckSet, EachCertificateIsOfItsTcbm) {
  PckTcb tcb = TcbOf(sim::ServerPlatform());
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("tcbm", tcb.HexUpper()))), Check::kNone);
  PckTcb other = tcb;
  ++other.cpu_svn[3];
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("tcbm", other.HexUpper()))), Check::kCollateralMismatch);
  other = tcb;
  other.pce_svn = static_cast<PceSvn>(static_cast<uint16_t>(tcb.pce_svn) + 1);
  EXPECT_EQ(CheckOf(Authenticate(GoodBut("tcbm", other.HexUpper()))), Check::kCollateralMismatch);
}

TEST(PckSet, IsBoundToThePceAskedFor) {
  const CollateralKey other = PckCertsKey{*PlatformId::From("1", *PceId::FromHex("0100"))};
  EXPECT_EQ(CheckOf(AuthenticateItem(other, Delivered(kGood), Intel().Anchors())),
            Check::kCollateralMismatch);
  EXPECT_EQ(CheckOf(AuthenticateAny(ItemKind::kPckCerts, Delivered(kGood), Intel().Anchors())),
            Check::kCollateralMismatch)
      << "nobody said whose it is";
}

TEST(PckSet, WritesTheArrayThatItReads) {
  const auto item = Authenticate(kGood);
  ASSERT_TRUE(item.ok());
  const PckTcb newest = TcbOf(sim::ServerPlatform(Tcb::kNewest));
  const std::string text = EncodePckCerts((*item)->pck_set()->certificates, {newest});
  const auto again = nlohmann::json::parse(text);
  EXPECT_EQ(again.at(1).at("tcb").at("sgxtcbcomp01svn"), TcbOf(sim::ServerPlatform()).cpu_svn[0]);
  EXPECT_EQ(again.at(1).at("tcb").at("pcesvn"), sim::PceSvnOf(Tcb::kGood));
  const auto back = Authenticate(again);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ((*back)->pck_set()->certificates.size(), 2u);
  EXPECT_EQ((*back)->pck_set()->not_available, std::vector{newest});
}

// The certificates that real quotes carry: components and CPUSVN agree in all of them, and each makes a set.
TEST(PckSet, OfRealCertificates) {
  const auto corpus = test::CorpusDir() / "intel";
  if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no corpus";
  size_t sets = 0;
  for (const auto& directory : std::filesystem::directory_iterator(corpus)) {
    const auto ders =
        DecodePem(test::ReadText(directory.path() / "quote.bin"), "CERTIFICATE", 8, Check::kPckChain);
    if (!ders.ok() || ders->size() != 3) continue;
    CertificatePool pool;
    const auto chain = BuildPckChain(*ders, Check::kPckChain, pool);
    if (!chain.ok()) continue;
    const PckTcb tcb{(*chain)->facts.cpu_svn, (*chain)->facts.pce_svn};
    const std::string cpu_svn(AsText(tcb.cpu_svn));
    EXPECT_NE(AsText((*chain)->leaf->der()).find(cpu_svn), std::string_view::npos)
        << "CPUSVN is the components";
    const std::string body = EncodePckCerts({{tcb, (*chain)->leaf}}, {});
    const std::string issuers = EncodePem((*chain)->intermediate->der(), "CERTIFICATE") +
                                EncodePem((*chain)->root->der(), "CERTIFICATE");
    const auto item = AuthenticateItem(PckCertsKey{*PlatformId::From("1", (*chain)->facts.pce_id)},
                                       {Bytes(body.begin(), body.end()), issuers}, TrustAnchors::Pinned());
    if (!item.ok() && item.error().check == Check::kPckRoot) continue;  // edited, or a sample of another root
    EXPECT_TRUE(item.ok()) << directory.path() << ": " << item.error().message;
    ++sets;
  }
  EXPECT_GT(sets, 40u);
}

}  // namespace
}  // namespace thimble::intel
