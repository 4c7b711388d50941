// SPDX-License-Identifier: Apache-2.0
//
// Whose certificates a QE id is given: a quote shows it to anybody.
#include <gtest/gtest.h>

#include <future>
#include <random>
#include <thread>

#include "tcb/check.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/pki/pem.h"
#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/sim_bundle.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;
using sim::Tcb;

std::string Owner() { return HexLower(sim::ServerPlatform().ppid); }
std::string Stranger() { return HexLower(sim::StrangersPlatform().ppid); }
std::string StrangersPpid(uint8_t round = 0) { return sim::EncryptedPpid(sim::StrangersPlatform(), round); }

// The PPID in the certificate of an answer; what else came where there is none.
std::string PpidIn(const RawAnswer& answer) {
  if (answer.status != 200) return StrCat(answer.status, " ", answer.Header("X-Thimble-Cause").value_or(""));
  const auto ders = DecodePem(answer.body, "CERTIFICATE", 1, Check::kPckChain);
  if (!ders.ok() || ders->empty()) return "no certificate";
  const auto certificate = Certificate::Parse(ders->front(), Check::kPckChain);
  for (const auto ca : {intel::PckCa::kPlatform, intel::PckCa::kProcessor}) {
    const auto facts = certificate.ok() ? intel::ParseSgxExtension(**certificate, ca, Check::kPckChain)
                                        : Result<intel::PlatformFacts>(certificate.error());
    if (facts.ok()) return facts->ppid.hex();
  }
  return "no SGX extension";
}

struct QeIdWorld : PccsWorld {
  using PccsWorld::PccsWorld;
  std::string LookUp(const std::string& ppid, std::string_view qe_id = kQeId) {
    return PpidIn(Ask(PckCertTarget(Tcb::kGood, ppid, qe_id)));
  }
  RawAnswer RegisterWith(const std::string& ppid, std::string_view qe_id = kQeId, Tcb tcb = Tcb::kGood) {
    return Register(ByPpid(qe_id, tcb, ppid));
  }
  RawAnswer Forget(std::string_view headers = "Authorization: Bearer admin secret\r\n") {
    return Send("DELETE", StrCat("/v1/platforms/", kQeId), headers, "");
  }
  // As a store that was put back from a back-up, or an answer that came late: what a stranger's look-up has brought lies in
  // the place of the QE id's.
  void PutStrangersInPlace() {
    const auto id = *intel::PlatformId::From(kQeId, *intel::PceId::FromHex("0000"));
    const auto ppid = intel::EncryptedPpid::From(*FromHex(StrangersPpid()));
    const auto found = app->cache().Peek(PckCertsKey{id.AskedWith(*ppid)}, sim::kNow);
    ASSERT_TRUE(found);
    const CollateralItem& item = *found->item;
    const auto put = app->cache().Put(PckCertsKey{id}, {{item.body(), item.issuer_chain()}, item.source()},
                                      sim::kNow, false);
    ASSERT_TRUE(put.ok()) << put.error().message;
  }
  std::string Mismatches() {
    const std::string metrics = Ask("/metrics").body, name = "\nthimble_platform_mismatches_total ";
    const size_t at = metrics.find(name);
    return at == std::string::npos
               ? ""
               : metrics.substr(at + name.size(), metrics.find('\n', at + 1) - at - name.size());
  }
};

TEST(QeId, ALookUpIsAnsweredWithThePpidThatItBrings) {
  QeIdWorld w;
  w.Start();
  EXPECT_EQ(w.LookUp(StrangersPpid()), Stranger()) << "he has seen a quote, and asks first";
  EXPECT_EQ(w.LookUp(Ppid()), Owner());
  EXPECT_EQ(w.LookUp(StrangersPpid()), Stranger());
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 2u) << "each is kept for who brings its PPID";
  EXPECT_EQ(w.LookUp(""), "400 request.invalid") << "and for nobody else";
  EXPECT_EQ(w.LookUp(Zeros()), "404 pck.not_registered");
}

TEST(QeId, ALookUpBindsNothing) {
  QeIdWorld w;
  w.Start();
  EXPECT_EQ(w.LookUp(StrangersPpid()), Stranger());
  EXPECT_EQ(w.AskAsAdmin(StrCat(kV4, "/platforms?source=[]")).Header("platform-count"), "0");
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 200);
  EXPECT_EQ(w.LookUp(""), Owner());
  EXPECT_EQ(w.LookUp(Zeros()), Owner());
}

TEST(QeId, OnceRegisteredItIsGivenItsOwnCertificatesWhateverIsBrought) {
  QeIdWorld w;
  w.Start();
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 200);
  const uint64_t asked = w.vendor.Count("/pckcerts");
  for (const std::string& ppid : {StrangersPpid(), std::string(), Zeros(), Ppid()})
    EXPECT_EQ(w.LookUp(ppid), Owner());
  EXPECT_EQ(w.vendor.Count("/pckcerts"), asked);
}

TEST(QeId, ARegistrationOfAnotherPlatformIsRefused) {
  for (const CachingMode mode : {CachingMode::kLazy, CachingMode::kRequest}) {
    QeIdWorld w(mode);
    w.Start();
    EXPECT_EQ(w.RegisterWith(Ppid()).status, 200);
    for (const Tcb tcb : {Tcb::kGood, Tcb::kOutOfDate}) {
      const RawAnswer refused = w.RegisterWith(StrangersPpid(), kQeId, tcb);
      EXPECT_EQ(refused.status, 460);
      EXPECT_EQ(refused.Header("X-Thimble-Cause"), "pck.platform_mismatch");
      EXPECT_EQ(w.LookUp(""), Owner());
    }
    json by_manifest = ByManifest();
    by_manifest["platform_manifest"] = sim::PlatformManifest(sim::StrangersPlatform());
    EXPECT_EQ(w.Register(by_manifest).status, 460);
    EXPECT_EQ(w.Mismatches(), "3");
    EXPECT_TRUE(w.Queue().empty()) << "nobody waits for what is refused";
    EXPECT_EQ(w.RegisterWith(sim::EncryptedPpid(sim::ServerPlatform(), 7)).status, 200)
        << "its own PPID, encrypted again";
    EXPECT_EQ(w.LookUp(""), Owner());
    EXPECT_EQ(w.RegisterWith(StrangersPpid(), "ANOTHER").status, 200) << "under a QE id of his own";
  }
}

// Who has seen a quote may show any TCB: the registry, and its journal, are left as they are.
TEST(QeId, ALookUpLeavesNothingInTheRegistry) {
  QeIdWorld w;
  w.Start();
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 200);
  const auto list = [&] {
    return w.AskAsAdmin(StrCat(kV4, "/platforms?source=[", sim::kServerFmspc, "]")).body;
  };
  const std::string before = list();
  EXPECT_NE(before.find(TcbOf(Tcb::kGood).CpuSvnHexUpper()), std::string::npos) << before;
  for (const std::string& ppid : {std::string(), StrangersPpid()})
    EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kOutOfDate, ppid)).status, 200);
  EXPECT_EQ(list(), before);
  EXPECT_EQ(w.RegisterWith(Ppid(), kQeId, Tcb::kOutOfDate).status, 200);
  EXPECT_NE(list(), before) << "a registration is recorded";
}

// What was registered first is asked for when the certificates are fetched again, not what came last.
TEST(QeId, ARefusedRegistrationLeavesNothingToRenewWith) {
  QeIdWorld w;
  w.Start();
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 200);
  EXPECT_EQ(w.RegisterWith(StrangersPpid()).status, 460);
  EXPECT_EQ(w.Send("POST", StrCat(kV4, "/refresh?type=certs&fmspc=", sim::kServerFmspc),
                   "admin-token: admin secret\r\n", "")
                .status,
            200);
  EXPECT_EQ(w.LookUp(""), Owner());
  EXPECT_EQ(w.Mismatches(), "1");
}

TEST(QeId, CertificatesOfAnotherPpidThatAreHeldInItsPlaceAreNotGivenOut) {
  QeIdWorld w;
  w.Start();
  EXPECT_EQ(w.LookUp(StrangersPpid()), Stranger());
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 200);
  w.PutStrangersInPlace();
  EXPECT_EQ(w.LookUp(""), Owner()) << "fetched again";
  w.PutStrangersInPlace();
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 200) << "it is not cached";
  EXPECT_EQ(w.LookUp(""), Owner());
  w.PutStrangersInPlace();
  w.vendor.SetMode("503");
  EXPECT_EQ(w.LookUp("").substr(0, 3), "503");
}

// The vendor's answer for the old board comes when the QE id has passed to another.
TEST(QeId, ALateAnswerForAnOldBindingIsRefused) {
  QeIdWorld w;
  w.Start();
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 200);
  const uint64_t asked = w.vendor.Count("/pckcerts");
  const std::string owners = HexUpper(*FromHex(Ppid()));  // as in a request to Intel
  w.vendor.SetMode("hang", owners);
  auto refresh = std::async(std::launch::async, [&] {
    return w.Send("POST", StrCat(kV4, "/refresh?type=certs&fmspc=", sim::kServerFmspc),
                  "admin-token: admin secret\r\n", "");
  });
  while (w.vendor.Count("/pckcerts") == asked) std::this_thread::yield();
  EXPECT_EQ(w.Forget().status, 200);
  EXPECT_EQ(w.RegisterWith(StrangersPpid()).status, 200);
  w.vendor.SetMode("ok", owners);
  refresh.wait();
  EXPECT_EQ(w.LookUp(""), Stranger());
  EXPECT_EQ(w.Mismatches(), "1");
}

TEST(QeId, AnUploadOfAnotherPlatformsCertificatesIsRefused) {
  QeIdWorld w(CachingMode::kOffline);
  w.Start();
  const auto put = [&](const sim::PckSpec& platform) {
    return w.Send("PUT", StrCat(kV4, "/platformcollateral"), "admin-token: admin secret\r\n",
                  BundleOf(w.intel, kQeId, platform).dump());
  };
  EXPECT_EQ(put(sim::ServerPlatform()).status, 200);
  EXPECT_EQ(w.LookUp(""), Owner());
  put(sim::StrangersPlatform());
  EXPECT_EQ(w.Mismatches(), "1");
  EXPECT_EQ(w.LookUp(""), Owner());
  EXPECT_EQ(w.Forget().status, 200);
  EXPECT_EQ(put(sim::StrangersPlatform()).status, 200);
  EXPECT_EQ(w.LookUp(""), Stranger());
}

// An import of what another server has queued: no proof takes the place of a bound platform's before Intel has believed it.
TEST(QeId, AnUploadWithoutCertificatesLeavesTheProof) {
  QeIdWorld w(CachingMode::kOffline);
  w.Start();
  const auto put = [&](const sim::PckSpec& platform, bool certificates) {
    auto bundle = BundleOf(w.intel, kQeId, platform);
    if (!certificates) bundle["collaterals"]["pck_certs"] = Bundle::array();
    EXPECT_EQ(
        w.Send("PUT", StrCat(kV4, "/platformcollateral"), "admin-token: admin secret\r\n", bundle.dump())
            .status,
        200);
  };
  const auto proof = [&] {
    const json rows = json::parse(w.AskAsAdmin(StrCat(kV4, "/platforms?source=[]")).body);
    return rows.empty() ? "none" : rows.at(0).at("enc_ppid").get<std::string>();
  };
  const auto upper = [](const std::string& hex) { return HexUpper(*FromHex(hex)); };
  put(sim::ServerPlatform(), true);
  EXPECT_EQ(proof(), upper(Ppid()));
  put(sim::StrangersPlatform(), false);
  EXPECT_EQ(proof(), upper(Ppid()));
  EXPECT_EQ(w.Forget().status, 200);
  put(sim::StrangersPlatform(), true);
  EXPECT_EQ(proof(), upper(StrangersPpid()));
}

TEST(QeId, AnAdministratorForgetsIt) {
  QeIdWorld w;
  w.Start();
  EXPECT_EQ(w.Forget().status, 404) << "nobody has registered it";
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 200);
  for (const char* const headers : {"", "Authorization: Bearer user secret\r\n"})
    EXPECT_EQ(w.Forget(headers).status, 401);
  EXPECT_EQ(w.RegisterWith(StrangersPpid()).status, 460);
  const RawAnswer forgotten = w.Forget();
  EXPECT_EQ(forgotten.status, 200);
  EXPECT_EQ(json::parse(forgotten.body).at("forgotten"), json::array({StrCat(kQeId, "/0000")}));
  EXPECT_EQ(w.LookUp(""), "400 request.invalid");
  EXPECT_EQ(w.RegisterWith(StrangersPpid()).status, 200) << "the board is another now";
  EXPECT_EQ(w.LookUp(""), Stranger());
  EXPECT_EQ(w.RegisterWith(Ppid()).status, 460);
}

// Two registrations of one QE id at a time: one binds it, the other is refused, and what is given is of the one.
TEST(QeId, OfTwoThatRegisterAtATimeOneBinds) {
  QeIdWorld w;
  w.Start();
  w.vendor.SetMode("delay:200", "/pckcerts");
  for (int i = 0; i < 5; ++i) {
    const std::string qe_id = StrCat("QE", i);
    auto other =
        std::async(std::launch::async, [&] { return w.RegisterWith(StrangersPpid(), qe_id).status; });
    const int mine = w.RegisterWith(Ppid(), qe_id).status, his = other.get();
    EXPECT_EQ(std::min(mine, his), 200);
    EXPECT_EQ(std::max(mine, his), 460);
    EXPECT_EQ(w.LookUp("", qe_id), mine == 200 ? Owner() : Stranger());
  }
}

// Two platforms with a QE id each, and a stranger: whatever is asked and registered in whatever order, what is given for
// a QE id is of the PPID that is bound to it, or, before one is, of the PPID that was brought.
TEST(QeId, IsNeverGivenCertificatesOfAnotherPpid) {
  const sim::PckSpec platforms[] = {sim::ServerPlatform(), sim::ClientPlatform(), sim::StrangersPlatform()};
  const std::string qe_ids[] = {"QE-OF-THE-SERVER", "QE-OF-THE-CLIENT"};
  for (const uint32_t seed : {1u, 2u, 3u}) {
    QeIdWorld w;
    w.Start();
    std::mt19937 random(seed);
    const auto pick = [&](size_t count) {
      return std::uniform_int_distribution<size_t>(0, count - 1)(random);
    };
    std::map<std::string, std::string> bound;  // QE id -> PPID
    for (int step = 0; step < 60; ++step) {
      const std::string& qe_id = qe_ids[pick(2)];
      const sim::PckSpec& who = platforms[pick(3)];
      const std::string ppid = HexLower(who.ppid),
                        encrypted = sim::EncryptedPpid(who, static_cast<uint8_t>(pick(3)));
      const auto binding = bound.find(qe_id);
      const bool is_bound = binding != bound.end();
      switch (pick(4)) {
        case 0: {
          const int status = w.RegisterWith(encrypted, qe_id).status;
          EXPECT_EQ(status, !is_bound || binding->second == ppid ? 200 : 460) << seed << " " << step;
          if (!is_bound) bound[qe_id] = ppid;
          break;
        }
        case 1:
          EXPECT_EQ(w.LookUp("", qe_id), is_bound ? binding->second : "400 request.invalid")
              << seed << " " << step;
          break;
        default:
          EXPECT_EQ(w.LookUp(encrypted, qe_id), is_bound ? binding->second : ppid) << seed << " " << step;
      }
    }
  }
}

}  // namespace
}  // namespace thimble
