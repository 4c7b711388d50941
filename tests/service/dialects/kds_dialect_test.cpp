// SPDX-License-Identifier: Apache-2.0
//
// The KDS's dialect over loopback: what its clients ask, leniencies, and what upstream's moods come to.
#include <gtest/gtest.h>

#include <future>

#include "fetchers/amd_urls.h"
#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"

namespace thimble {
namespace {

using amd::Product;
using amd::SigningKey;
using sim::SnpPlatform;
using test::RawAnswer;

const SnpPlatform kMilan = SnpPlatform::Of(Product::kMilan), kTurin = SnpPlatform::Of(Product::kTurin);
const CollateralKey kMilanKey = test::VcekKeyOf(kMilan);
const CollateralKey kMilanChain = AmdChainKey{Product::kMilan, SigningKey::kVcek};

class KdsDialectTest : public testing::Test {
 protected:
  RawAnswer Get(const std::string& target) { return test::Get(w_.port(), target); }
  // The path of a platform's VCEK, with these parameters.
  static std::string VcekPath(const SnpPlatform& platform, const std::string& parameters,
                              std::string_view product = "Milan") {
    return StrCat("/vcek/v1/", product, "/", HexLower(platform.hwid()), "?", parameters);
  }
  void ExpectRefused(const RawAnswer& answer, int status, const std::string& cause) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.Header("X-Thimble-Cause"), cause);
    EXPECT_EQ(answer.Header("Cache-Control"), "no-store");
  }
  // A misbehaviour on VCEKs, CRLs or chains: 503 naming the check, and nothing of it is held.
  void ExpectNotTaken(const std::string& mode, const CollateralKey& key, const std::string& cause) {
    SCOPED_TRACE(mode);
    test::AmdWorld w;
    w.vendor.SetMode(mode, KdsUrl("", key));
    w.Start(sim::kAmdNow);
    const RawAnswer answer = w.Get(key);
    ExpectRefused(answer, 503, cause);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.Header("Retry-After"), "10");
    const auto keys = w.app->cache().Keys();
    EXPECT_EQ(std::count(keys.begin(), keys.end(), key), 0);
  }

  test::AmdWorld w_;
};

TEST_F(KdsDialectTest, ServesEveryItemOfEveryProductAsTheKdsDoes) {
  w_.Start(sim::kAmdNow);
  for (const Product product : {Product::kMilan, Product::kGenoa, Product::kTurin}) {
    const SnpPlatform platform = SnpPlatform::Of(product);
    const RawAnswer vcek = w_.Get(test::VcekKeyOf(platform));
    EXPECT_EQ(vcek.status, 200);
    EXPECT_EQ(vcek.Header("Content-Type"), "application/pkix-cert");
    EXPECT_EQ(vcek.body, AsText(w_.amd.Leaf(platform)));
    for (const SigningKey kind : {SigningKey::kVcek, SigningKey::kVlek}) {
      const RawAnswer chain = w_.Get(AmdChainKey{product, kind}), crl = w_.Get(AmdCrlKey{product, kind});
      EXPECT_EQ(chain.Header("Content-Type"), "application/x-pem-file");
      EXPECT_EQ(chain.body, w_.amd.ChainPem(product, kind));
      EXPECT_EQ(crl.Header("Content-Type"), "application/pkix-crl");
      EXPECT_EQ(crl.body, AsText(w_.amd.Crl(product)));
    }
  }
}

TEST_F(KdsDialectTest, TakesTheSameItemForTheSameInEverySpelling) {
  w_.Start(sim::kAmdNow);
  const std::string plain = VcekPath(kMilan, "blSPL=4&teeSPL=0&snpSPL=29&ucodeSPL=225");
  const RawAnswer first = Get(plain);
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(first.Header("X-Thimble-Freshness"), "fresh");
  w_.vendor.SetMode("500");
  const std::string upper =
      StrCat("/vcek/v1/Milan/", HexUpper(kMilan.hwid()), "?blSPL=04&teeSPL=00&snpSPL=29&ucodeSPL=225");
  for (const std::string& spelling :
       {plain, upper, VcekPath(kMilan, "ucodeSPL=225&snpSPL=029&teeSPL=0&blSPL=4"),
        VcekPath(kMilan, "blSPL=4&snpSPL=29&ucodeSPL=225")}) {
    EXPECT_EQ(Get(spelling).body, first.body) << spelling;
  }
  EXPECT_EQ(w_.vendor.Count("/vcek/v1/Milan/"), 2u);  // the VCEK, and its chain
}

TEST_F(KdsDialectTest, KnowsSienaAndBergamoForGenoa) {
  w_.Start(sim::kAmdNow);
  for (const char* name : {"Genoa", "Siena", "Bergamo"}) {
    EXPECT_EQ(Get(StrCat("/vcek/v1/", name, "/cert_chain")).body,
              w_.amd.ChainPem(Product::kGenoa, SigningKey::kVcek));
  }
  EXPECT_EQ(w_.vendor.Count(), 1u);
}

TEST_F(KdsDialectTest, KeepsManyTcbsOfOneChipSideBySide) {
  w_.Start(sim::kAmdNow);
  SnpPlatform older = kTurin;
  older.tcb.fmc = 0;
  const RawAnswer now = w_.Get(test::VcekKeyOf(kTurin)), before = w_.Get(test::VcekKeyOf(older));
  EXPECT_EQ(now.body, AsText(w_.amd.Leaf(kTurin)));
  EXPECT_EQ(before.body, AsText(w_.amd.Leaf(older)));
  EXPECT_NE(now.body, before.body);
  EXPECT_EQ(w_.Get(test::VcekKeyOf(kTurin)).body, now.body);
}

TEST_F(KdsDialectTest, SaysWhatItDoesNotUnderstand) {
  w_.Start(sim::kAmdNow);
  for (const char* parameters :
       {"blSPL=4&teeSPL=0&snpSPL=29&ucodeSPL=256", "blSPL=4&teeSPL=0&snpSPL=29&ucodSPL=225",
        "blSPL=x&teeSPL=0&snpSPL=29&ucodeSPL=225", "blSPL=4&blSPL=4&teeSPL=0&snpSPL=29&ucodeSPL=225",
        "blSPL=4&teeSPL=0&snpSPL=29&ucodeSPL=225&fmcSPL=1"}) {
    ExpectRefused(Get(VcekPath(kMilan, parameters)), 400, "request.invalid");
  }
  // Without fmcSPL the KDS could answer with the certificate of another TCB.
  ExpectRefused(Get(VcekPath(kTurin, "blSPL=1&teeSPL=2&snpSPL=4&ucodeSPL=91", "Turin")), 400,
                "request.invalid");
  ExpectRefused(Get("/vcek/v1/Milan/crl?x=1"), 400, "request.invalid");
  for (const char* path : {"/vcek/v1/Rome/cert_chain", "/vcek/v1/milan/cert_chain", "/vcek/v1/Milan",
                           "/vcek/v1/Milan/00", "/vlek/v1/Milan/cert", "/vcek/v1/Milan/crl/"}) {
    ExpectRefused(Get(path), 404, "upstream.not_found");
  }
  ExpectRefused(test::Post(w_.port(), "/vcek/v1/Milan/crl", "text/plain", ""), 404, "upstream.not_found");
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

TEST_F(KdsDialectTest, RefusesAMaskedChipAtOnce) {
  w_.Start(sim::kAmdNow);
  const std::string zeros(128, '0');
  const RawAnswer answer = Get(StrCat("/vcek/v1/Milan/", zeros, "?blSPL=4&teeSPL=0&snpSPL=29&ucodeSPL=225"));
  ExpectRefused(answer, 400, "snp.chip_id");
  EXPECT_NE(answer.body.find("all zero"), std::string::npos);
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

TEST_F(KdsDialectTest, TakesNothingThatIsNotTheItem) {
  ExpectNotTaken("wrong-chip", kMilanKey, "collateral.mismatch");
  ExpectNotTaken("wrong-tcb", kMilanKey, "collateral.mismatch");
  ExpectNotTaken("forged", kMilanKey, "snp.leaf_signature");
  ExpectNotTaken("bad-signature", kMilanKey, "snp.leaf_signature");
  ExpectNotTaken("html", kMilanKey, "upstream.answer");
  ExpectNotTaken("truncate", kMilanKey, "upstream.unreachable");
  ExpectNotTaken("endless", kMilanKey, "upstream.answer");
  ExpectNotTaken("forged", kMilanChain, "snp.chain");
  ExpectNotTaken("bad-signature", kMilanChain, "snp.chain");
  const CollateralKey crl = AmdCrlKey{Product::kMilan, SigningKey::kVcek};
  ExpectNotTaken("ask-crl", crl, "snp.crl");
  ExpectNotTaken("forged", crl, "snp.crl");
  ExpectNotTaken("bad-signature", crl, "snp.crl");
}

TEST_F(KdsDialectTest, PutsAChainThatCameTheWrongWayRoundInOrder) {
  w_.vendor.SetMode("reversed", "cert_chain");
  w_.Start(sim::kAmdNow);
  EXPECT_EQ(w_.Get(kMilanChain).body, w_.amd.ChainPem(Product::kMilan, SigningKey::kVcek));
  EXPECT_EQ(w_.Get(kMilanKey).status, 200);
}

TEST_F(KdsDialectTest, NeverGoesBackToAnOlderCrl) {
  w_.Start(sim::kAmdNow);
  const CollateralKey crl = AmdCrlKey{Product::kMilan, SigningKey::kVcek};
  const std::string held = w_.Get(crl).body;
  w_.vendor.SetMode("rollback", "/crl");
  EXPECT_FALSE(w_.app->cache().Refresh(crl, sim::kAmdNow));
  EXPECT_EQ(w_.Get(crl).body, held);
}

// ---- the upstream's patience ----

TEST_F(KdsDialectTest, FiftyAtOnceCauseOneRequest) {
  w_.vendor.SetMode("delay:200", HexLower(kMilan.hwid()));
  w_.Start(sim::kAmdNow);
  std::vector<std::future<RawAnswer>> answers;
  for (int i = 0; i < 50; ++i) {
    answers.push_back(std::async(std::launch::async, [this] { return w_.Get(kMilanKey); }));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get().body, AsText(w_.amd.Leaf(kMilan)));
  EXPECT_EQ(w_.vendor.Count(HexLower(kMilan.hwid())), 1u);
  EXPECT_EQ(w_.vendor.Count("cert_chain"), 1u);
}

TEST_F(KdsDialectTest, FiveInARowCauseOneRequestWhateverTheKdsAnswers) {
  for (const char* mode : {"ok", "429", "429:30", "500", "404", "forged"}) {
    SCOPED_TRACE(mode);
    test::AmdWorld w;
    w.vendor.SetMode(mode, HexLower(kMilan.hwid()));
    w.Start(sim::kAmdNow);
    for (int i = 0; i < 5; ++i) (void)w.Get(kMilanKey);
    EXPECT_EQ(w.vendor.Count(HexLower(kMilan.hwid())), 1u);
  }
}

TEST_F(KdsDialectTest, AnswersAnOutageWith503AndAnUnknownChipWith404) {
  w_.vendor.SetMode("429", HexLower(kMilan.hwid()));
  w_.vendor.SetMode("404", "fmcSPL");
  w_.Start(sim::kAmdNow);
  ExpectRefused(w_.Get(kMilanKey), 503, "upstream.status");
  ExpectRefused(w_.Get(test::VcekKeyOf(kTurin)), 404, "upstream.not_found");
}

TEST_F(KdsDialectTest, ANegativeAnswerNeverReplacesACertificate) {
  w_.Start(sim::kAmdNow);
  const std::string held = w_.Get(kMilanKey).body;
  w_.vendor.SetMode("404");
  EXPECT_FALSE(w_.app->cache().Refresh(kMilanKey, sim::kAmdNow));
  const RawAnswer answer = w_.Get(kMilanKey);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, held);
}

TEST_F(KdsDialectTest, StillServesAfterARestartWithTheNetworkBlocked) {
  w_.StartOnDisk();
  ASSERT_EQ(w_.Get(kMilanKey).status, 200);
  w_.Stop();
  w_.config.amd_upstreams = {{.url = "http://127.0.0.1:1"}};
  w_.StartOnDisk();
  EXPECT_EQ(w_.Get(kMilanKey).body, AsText(w_.amd.Leaf(kMilan)));
  EXPECT_EQ(w_.Get(kMilanChain).body, w_.amd.ChainPem(Product::kMilan, SigningKey::kVcek));
}

}  // namespace
}  // namespace thimble
