// SPDX-License-Identifier: Apache-2.0
//
// How `thimble doctor` judges facts: pure, so each boundary has a row.
#include "service/cli/doctor/symptom.h"

#include <gtest/gtest.h>

#include <functional>

#include "service/cli/doctor/this_host.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using Level = Symptom::Level;
constexpr Instant kNow = sim::kNow;

TEST(Symptoms, WhatEndsIsHeldAgainstTheClock) {
  EXPECT_EQ(JudgeItemEnd(kNow + Seconds(3 * 86400), kNow).level, Level::kOk);
  EXPECT_EQ(JudgeItemEnd(kNow + Seconds(86400), kNow).level, Level::kWarn);
  EXPECT_EQ(JudgeItemEnd(kNow, kNow).level, Level::kFail);
  EXPECT_EQ(JudgeItemEnd(kNow - Seconds(86400), kNow).level, Level::kFail) << "it ended yesterday";
  EXPECT_EQ(JudgeCertificateEnd(kNow + Seconds(31 * 86400), kNow).level, Level::kOk);
  EXPECT_EQ(JudgeCertificateEnd(kNow + Seconds(29 * 86400), kNow).level, Level::kWarn);
  EXPECT_EQ(JudgeCertificateEnd(kNow, kNow).level, Level::kFail);
  EXPECT_EQ(JudgeClock(kNow, kNow + Seconds(59)).level, Level::kOk);
  EXPECT_EQ(JudgeClock(kNow, kNow + Seconds(60)).level, Level::kWarn);
  EXPECT_EQ(JudgeClock(kNow + Seconds(60), kNow).level, Level::kWarn);
  EXPECT_EQ(JudgeClock(kNow, kNow + Seconds(600)).level, Level::kFail);
}

// Each fact by itself, and a word of what to do with each that is not well.
TEST(Symptoms, OfASummary) {
  Summary well;
  well.at = kNow;
  well.items.fresh = 3;
  well.audit.emplace();
  for (const Symptom& symptom : DiagnoseSummary(well)) {
    EXPECT_EQ(symptom.level, Level::kOk) << symptom.what;
    EXPECT_EQ(symptom.fix, "") << symptom.what;
  }
  const auto expect = [&](const std::function<void(Summary&)>& bend, const std::string& what, Level level) {
    Summary bent = well;
    bend(bent);
    bool seen = false;
    for (const Symptom& symptom : DiagnoseSummary(bent)) {
      const bool is = symptom.what == what;
      seen = seen || is;
      EXPECT_EQ(symptom.level, is ? level : Level::kOk) << what << ": " << symptom.what;
      EXPECT_EQ(symptom.fix.empty(), symptom.level == Level::kOk) << symptom.what;
    }
    EXPECT_TRUE(seen) << what;
  };
  expect([](Summary& s) { s.items.stale = 1; }, "items", Level::kWarn);
  expect([](Summary& s) { s.items.failing = 1; }, "items", Level::kWarn);
  expect([](Summary& s) { s.items.past_grace = 1; }, "items", Level::kFail);
  expect([](Summary& s) { s.damage = {"the store: torn"}; }, "damage", Level::kFail);
  expect([](Summary& s) { s.audit->last_error = "no space"; }, "audit", Level::kFail);
  expect([](Summary& s) { s.audit->lost = 1; }, "audit", Level::kWarn);
  expect([](Summary& s) { s.audit->limit = 2, s.audit->bytes = 1; }, "audit", Level::kWarn);
  expect([](Summary& s) { s.waiting = 1; }, "registrations", Level::kWarn);
  expect([](Summary& s) { s.certificate_end = s.at + Seconds(86400); }, "certificate in use", Level::kWarn);
  expect([](Summary& s) { s.refused_reload = "policy.format"; }, "configuration", Level::kFail);
  expect(
      [](Summary& s) {
        s.items = {};
        s.upstreams.push_back({.vendor = "intel",
                               .url = "https://a/",
                               .last_answer = {},
                               .last_failure = kNow,
                               .last_error = "refused",
                               .behind_item = ""});
      },
      "serves", Level::kFail);
}

TEST(ThisHost, ProxiesAreShownWithoutPasswords) {
  EXPECT_EQ(WithoutPassword("http://user:secret@proxy:3128"), "http://...@proxy:3128");
  EXPECT_EQ(WithoutPassword("user:p@ss@proxy"), "...@proxy");
  EXPECT_EQ(WithoutPassword("http://proxy:3128"), "http://proxy:3128");
}

TEST(ThisHost, NoProxyExemptsDomainsAndNotWhatEndsAlike) {
  EXPECT_TRUE(IsExempt("a.example.com", "x, .example.com"));
  EXPECT_TRUE(IsExempt("a.example.com", "example.com"));
  EXPECT_TRUE(IsExempt("Example.com", "example.com"));
  EXPECT_TRUE(IsExempt("any", "*"));
  EXPECT_FALSE(IsExempt("an-example.com", "example.com"));
  EXPECT_FALSE(IsExempt("example.com", ""));
}

TEST(ThisHost, ClientsAreGivenAnAddressThatTheyReach) {
  ServerConfig server;
  server.listen = "0.0.0.0:8081";
  EXPECT_EQ(UrlFromHere(server), "http://127.0.0.1:8081");
  EXPECT_EQ(UrlForClients(server).find("0.0.0.0"), std::string::npos);
  EXPECT_TRUE(UrlForClients(server).ends_with(":8081"));
  server.listen = "192.0.2.1:443";
  server.tls_certificate = "server.pem";
  EXPECT_EQ(UrlForClients(server), "https://192.0.2.1:443");
}

}  // namespace
}  // namespace thimble
