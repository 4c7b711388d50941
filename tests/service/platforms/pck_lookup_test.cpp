// SPDX-License-Identifier: Apache-2.0
//
// Quotes that hold no PCK certificate, verified with the one that a registered platform has; and the collateral that
// evidence is verified with, given out.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>

#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/process.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;

constexpr const char* kRaw = "application/octet-stream";
std::string Text(const Bytes& bytes) { return std::string(AsText(bytes)); }
std::string QuoteQeId() { return std::string(32, '0'); }  // of the simulated quotes

TEST(PckLookup, AQuoteWithoutACertificateIsVerifiedWithThatOfItsPlatform) {
  for (const uint16_t type : std::vector<uint16_t>{1, 2, 3}) {
    for (const bool tdx : {false, true}) {
      PccsWorld w;
      w.Start();
      const std::string quote = Text(w.intel.Quote({.tdx = tdx, .certification_type = type}));
      const RawAnswer before = Post(w.port(), "/v1/verify", kRaw, quote);
      EXPECT_EQ(before.status, 503);
      EXPECT_EQ(json::parse(before.body).at("check"), "pck.missing");
      EXPECT_NE(before.body.find("is not registered"), std::string::npos) << before.body;
      EXPECT_EQ(w.vendor.Count(), 0u) << "strangers make no calls";

      EXPECT_EQ(w.Register(ByPpid(QuoteQeId())).status, 200);
      const RawAnswer after = Post(w.port(), "/v1/verify", kRaw, quote);
      EXPECT_EQ(after.status, 200) << after.body;
      EXPECT_EQ(json::parse(after.body).at("decision"), "accept") << after.body;
    }
  }
}

// The certificate decides: one of another platform makes another signature.
TEST(PckLookup, ACertificateOfAnotherPlatformDoesNotFit) {
  PccsWorld w;
  w.Start();
  sim::PckSpec other = sim::ServerPlatform();
  other.name = "another machine";
  const std::string quote = Text(w.intel.Quote({.platform = other, .certification_type = 3}));
  EXPECT_EQ(w.Register(ByPpid(QuoteQeId())).status, 200);
  const auto verdict = json::parse(Post(w.port(), "/v1/verify", kRaw, quote).body);
  EXPECT_EQ(verdict.at("decision"), "reject");
  EXPECT_EQ(verdict.at("authentic"), false);
}

TEST(CollateralOfEvidence, IsCompleteInTheCommonForm) {
  for (const uint16_t type : std::vector<uint16_t>{3, 5}) {
    PccsWorld w;
    w.Start();
    EXPECT_EQ(w.Register(ByPpid(QuoteQeId())).status, 200);
    const Bytes quote = w.intel.Quote({.tdx = true, .certification_type = type});
    const RawAnswer answer = Post(w.port(), "/v1/collateral", kRaw, Text(quote));
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto collateral = json::parse(answer.body);
    for (const char* const name : {"pck_crl_issuer_chain", "root_ca_crl", "pck_crl", "tcb_info_issuer_chain",
                                   "tcb_info", "tcb_info_signature", "qe_identity_issuer_chain",
                                   "qe_identity", "qe_identity_signature", "pck_certificate_chain"}) {
      EXPECT_FALSE(collateral.at(name).get<std::string>().empty()) << name;
    }
    const json request = {{"evidence", Base64(quote)}, {"collateral", collateral}};
    w.vendor.SetMode("503");
    const RawAnswer verified = Post(w.port(), "/v1/verify", "application/json", request.dump());
    EXPECT_EQ(json::parse(verified.body).at("decision"), "accept") << verified.body;
    const json in_json = {{"evidence", Base64(quote)}, {"baseline", "default"}, {"format", "json"}};
    EXPECT_EQ(Post(w.port(), "/v1/collateral", "application/json", in_json.dump()).body, answer.body);
  }
}

TEST(CollateralOfEvidence, AsFilesIsWhatTheCommandReads) {
  PccsWorld w;
  w.Start();
  const Bytes quote = w.intel.Quote();
  const RawAnswer answer = Post(w.port(), "/v1/collateral?format=tar", kRaw, Text(quote));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("Content-Type"), "application/x-tar");
  const std::string archive = w.files.Write("collateral.tar", answer.body),
                    directory = w.files / "collateral";
  std::filesystem::create_directory(directory);
  const int unpacked = std::system(StrCat("tar -xf ", archive, " -C ", directory).c_str());
  ASSERT_EQ(WEXITSTATUS(unpacked), 0);
  const ProcessResult verified =
      RunThimble({"verify", w.files.Write("quote.bin", AsText(quote)), "--collateral", directory, "--at",
                  FormatRfc3339(sim::kNow), "--anchor", w.files / "root.pem", "--json"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST(CollateralOfEvidence, NothingIsFetchedForWhatDoesNotHold) {
  PccsWorld w;
  w.Start();
  Bytes quote = w.intel.Quote();
  quote.at(100) ^= 1;
  const RawAnswer forged = Post(w.port(), "/v1/collateral", kRaw, Text(quote));
  EXPECT_EQ(forged.status, 422);
  EXPECT_EQ(json::parse(forged.body).at("check"), "quote.signature");
  EXPECT_EQ(Post(w.port(), "/v1/collateral", kRaw, "no quote").status, 400);
  EXPECT_EQ(Post(w.port(), "/v1/collateral?format=zip", kRaw, Text(w.intel.Quote())).status, 400);
  EXPECT_EQ(Post(w.port(), "/v1/collateral?baseline=none", kRaw, Text(w.intel.Quote())).status, 400);
  EXPECT_EQ(Post(w.port(), "/v1/collateral?product=Milan", kRaw, Text(w.intel.Quote())).status, 400);
  EXPECT_EQ(Post(w.port(), "/v1/collateral?at=now", kRaw, Text(w.intel.Quote())).status, 400);
  EXPECT_EQ(Post(w.port(), "/v1/collateral", "text/plain", Text(w.intel.Quote())).status, 400);
  EXPECT_EQ(Post(w.port(), "/v1/collateral", "application/json", "{\"other\":1}").status, 400);
  EXPECT_EQ(w.vendor.Count(), 0u);
  w.vendor.SetMode("503");
  EXPECT_EQ(Post(w.port(), "/v1/collateral", kRaw, Text(w.intel.Quote())).status, 503);
}

}  // namespace
}  // namespace thimble
