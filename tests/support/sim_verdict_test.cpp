// SPDX-License-Identifier: Apache-2.0
//
// The simulated Intel judged by the core: what is made good is found good, what is made bad is found bad by
// its name.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tcb/intel/verify.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_intel.h"

namespace thimble::sim {
namespace {

Verdict Judge(const SimIntel& world, ByteView quote, const intel::CollateralSet& set) {
  const auto verdict = intel::VerifyQuoteWith(quote, set, world.Anchors(), world.now(), nullptr);
  EXPECT_TRUE(verdict.ok()) << verdict.error().message;
  return verdict.ok() ? *verdict : Verdict{};
}

std::string StatusOf(const Verdict& verdict) {
  if (const Finding* hard = verdict.hard()) return std::string(CheckName(hard->check)) + ": " + hard->message;
  return verdict.tcb_status ? std::string(TcbStatusName(*verdict.tcb_status)) : "none";
}

// All but the note that every simulated result has.
std::vector<std::string> Findings(const Verdict& verdict) {
  std::vector<std::string> out;
  for (const Finding& finding : verdict.findings) {
    if (finding.check == Check::kTrustAnchorExtra) continue;
    out.push_back(std::string(CheckName(finding.check)) + ": " + finding.message);
  }
  return out;
}

std::vector<std::string> ShortComponents(const Verdict& verdict) {
  std::vector<std::string> out;
  for (const Shortfall& shortfall : verdict.shortfalls) out.push_back(shortfall.component);
  return out;
}

class QuoteFormTest : public ::testing::TestWithParam<QuoteOptions> {};

TEST_P(QuoteFormTest, DefaultWorldIsUpToDateWithoutFindings) {
  const SimIntel world = SimIntel::Make();
  const QuoteOptions& options = GetParam();
  const Verdict verdict = Judge(world, world.Quote(options), world.CollateralFor(options));
  EXPECT_TRUE(verdict.authentic);
  EXPECT_EQ(StatusOf(verdict), "UpToDate");
  EXPECT_EQ(Findings(verdict), std::vector<std::string>{});
  EXPECT_EQ(ShortComponents(verdict), std::vector<std::string>{});
  EXPECT_EQ(verdict.tee, options.tdx ? Tee::kTdx : Tee::kSgx);
}

INSTANTIATE_TEST_SUITE_P(Forms, QuoteFormTest,
                         ::testing::Values(QuoteOptions{}, QuoteOptions{.platform = ClientPlatform()},
                                           QuoteOptions{.version = 4}, QuoteOptions{.version = 5},
                                           QuoteOptions{.tdx = true}, QuoteOptions{.tdx = true, .version = 5},
                                           QuoteOptions{.tdx = true, .version = 5, .body_type = 2},
                                           QuoteOptions{.tdx = true, .version = 5, .body_type = 4}),
                         [](const auto& form) {
                           const QuoteOptions& options = form.param;
                           return std::string(options.tdx ? "Tdx" : "Sgx") + std::to_string(options.version) +
                                  "Body" + std::to_string(options.body_type) +
                                  (options.platform.fmspc == kClientFmspc ? "Client" : "");
                         });

TEST(SimVerdictTest, EachPlatformStandsWhereItsNameSays) {
  const SimIntel world = SimIntel::Make();
  const std::pair<Tcb, const char*> expected[] = {
      {Tcb::kNewest, "UpToDate"},
      {Tcb::kGood, "UpToDate"},
      {Tcb::kSWHardeningNeeded, "SWHardeningNeeded"},
      {Tcb::kConfigurationNeeded, "ConfigurationNeeded"},
      {Tcb::kConfigurationAndSWHardeningNeeded, "ConfigurationAndSWHardeningNeeded"},
      {Tcb::kOutOfDate, "OutOfDate"},
      {Tcb::kOutOfDateConfigurationNeeded, "OutOfDateConfigurationNeeded"},
      {Tcb::kRevoked, "Revoked"}};
  for (const auto& [tcb, status] : expected) {
    const QuoteOptions options = {.platform = ServerPlatform(tcb)};
    EXPECT_EQ(StatusOf(Judge(world, world.Quote(options), world.Collateral())), status);
  }
  const QuoteOptions below = {.platform = ServerPlatform(Tcb::kUnsupported)};
  const Verdict verdict = Judge(world, world.Quote(below), world.Collateral());
  ASSERT_NE(verdict.hard(), nullptr);
  EXPECT_EQ(verdict.hard()->check, Check::kTcbNotSupported);
}

TEST(SimVerdictTest, EarlyNumberFindsTheGoodPlatformShort) {
  const SimIntel world = SimIntel::Make();
  const Bytes quote = world.Quote({.tdx = true});
  const auto under = [&](uint32_t number) {
    return Judge(world, quote, world.Collateral({.tee = IntelTee::kTdx, .number = number}));
  };
  EXPECT_EQ(StatusOf(under(kOldestNumber)), "UpToDate");
  EXPECT_EQ(StatusOf(under(kStandardNumber)), "UpToDate");
  EXPECT_EQ(StatusOf(under(kEarlyNumber)), "OutOfDate");
  EXPECT_EQ(ShortComponents(under(kEarlyNumber)), (std::vector<std::string>{"sgx.00", "tdx_module.isvsvn"}));

  const Bytes newest =
      world.Quote({.tdx = true, .platform = ServerPlatform(Tcb::kNewest), .tee_tcb_svn = {7, 1, 3}});
  EXPECT_EQ(StatusOf(Judge(world, newest, world.Collateral({.tee = IntelTee::kTdx, .number = kEarlyNumber}))),
            "UpToDate");
}

TEST(SimVerdictTest, TcbInfoVersion2ServesSgx) {
  const SimIntel world = SimIntel::Make();
  const auto set = world.Collateral({.tcb_info = [](TcbInfoSpec& info) { info.version = 2; }});
  EXPECT_EQ(StatusOf(Judge(world, world.Quote(), set)), "UpToDate");
}

TEST(SimVerdictTest, CertificationDataWithoutAChainNeedsOne) {
  const SimIntel world = SimIntel::Make();
  for (uint16_t type = 1; type <= 4; ++type) {
    const Bytes quote = world.Quote({.certification_type = type});
    auto set = world.Collateral();
    const auto without = intel::VerifyQuoteWith(quote, set, world.Anchors(), world.now(), nullptr);
    ASSERT_FALSE(without.ok());
    EXPECT_EQ(without.error().check, Check::kPckMissing) << type;
    set.pck_chain = world.PckChain();
    EXPECT_EQ(StatusOf(Judge(world, quote, set)), "UpToDate") << type;
  }
}

TEST(SimVerdictTest, EvidenceFilesAreWhatTheirNamesSay) {
  const SimIntel world = SimIntel::Make();
  for (const EvidenceFile& file : IntelEvidence(world)) {
    const bool tdx = file.name.find("tdx") != std::string::npos;
    const bool client = file.name.find("client") != std::string::npos;
    const Verdict verdict =
        Judge(world, file.bytes,
              world.CollateralFor({.tdx = tdx, .platform = client ? ClientPlatform() : ServerPlatform()}));
    const std::string kind = file.name.substr(0, file.name.find('-'));
    EXPECT_EQ(verdict.authentic, kind == "good" || kind == "old") << file.name << ": " << StatusOf(verdict);
    EXPECT_EQ(StatusOf(verdict).find("pck.revoked") == 0, kind == "revoked") << file.name;
    EXPECT_EQ(StatusOf(verdict) == "UpToDate", kind == "good") << file.name;
    EXPECT_EQ(StatusOf(verdict) == "OutOfDate", kind == "old") << file.name;
  }
}

}  // namespace
}  // namespace thimble::sim
