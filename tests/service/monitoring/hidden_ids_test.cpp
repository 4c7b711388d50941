// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/hidden_ids.h"

#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "cache/store_rules.h"
#include "service/http/roles.h"
#include "service/monitoring/store_damage.h"
#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"

namespace thimble {
namespace {

using nlohmann::json;

TEST(HiddenIds, AreRunsOfSixteenDigitsAndMore) {
  const std::string chip(128, 'a'), turin = "0123456789abcdef", qe(32, 'F');
  EXPECT_EQ(WithoutIds(StrCat("GET /vcek/v1/Milan/", chip, "?blSPL=4")), "GET /vcek/v1/Milan/...?blSPL=4");
  EXPECT_EQ(WithoutIds(StrCat(turin, " and ", qe)), "... and ...");
  EXPECT_EQ(WithoutIds("fmspc=00806F050000"), "fmspc=00806F050000");
  EXPECT_EQ(WithoutIds(turin.substr(1)), turin.substr(1));
  EXPECT_EQ(WithoutIds(""), "");
}

// Fails on what bears an id; counts what is read of single platforms.
class WatchedPlatforms final : public Store {
 public:
  Result<std::optional<std::string>> Get(std::string_view name) override {
    if (name.find(kHexId) != std::string_view::npos) return StoreError("block checksum mismatch");
    return inner_.Get(name);
  }
  Status Apply(const std::vector<Write>& batch) override { return inner_.Apply(batch); }
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    if (prefix.starts_with("item/amd/vcek/") || prefix.starts_with("item/intel/pck/")) ++platform_scans;
    return inner_.Scan(prefix, visit);
  }

  static constexpr std::string_view kHexId = "0f0e0d0c0b0a09080706050403020100";
  int platform_scans = 0;

 private:
  MemoryStore inner_;
};

TEST(HiddenIds, OfWhatIsDamagedAreTheAdministratorsAlone) {
  WatchedStore store(std::make_shared<WatchedPlatforms>());
  const std::string id(WatchedPlatforms::kHexId);
  EXPECT_FALSE(store.Get(StrCat("item/intel/pck/", id, "/0000")).ok());
  const StoreDamage damage(store, {.to_store = 1, .given_back = {StrCat(id, "/0000")}});
  StatusReport report;
  report.summary.emplace();
  for (const auto& [what, how] : damage.Lines()) {
    EXPECT_NE(how.find(id), std::string::npos) << how;
    report.damage.push_back(how);
    report.summary->damage.push_back(how);
    report.summary->degraded.push_back({what, how});
  }
  ASSERT_EQ(report.damage.size(), 2u);
  Summary::Upstream& upstream = report.summary->upstreams.emplace_back();
  upstream.last_error = id;
  upstream.behind_item = StrCat("intel/pck/", id, "/0000");
  report.lags.push_back({"https://a/", StrCat("intel/pck/", id, "/0000"), Seconds(60), report.at});
  EXPECT_NE(StatusJson(report).find(id), std::string::npos);
  HideIds(report);
  EXPECT_EQ(StatusJson(report).find(id), std::string::npos) << StatusJson(report);
}

TEST(HiddenIds, NobodyElseHasThePlatformsRead) {
  const auto store = std::make_shared<WatchedPlatforms>();
  CollateralCache cache(store, TrustAnchors(), {}, {}, {}, [] { return SteadyTime(); });
  (void)MakeStatusReport(cache, sim::kNow, Ids::kHidden);
  EXPECT_EQ(store->platform_scans, 0);
  (void)MakeStatusReport(cache, sim::kNow, Ids::kShown);
  EXPECT_GT(store->platform_scans, 0);
}

// A reader counts the platforms; the administrator sees which they are.
TEST(HiddenIds, OfTheStatusAreTheAdministratorsAlone) {
  test::AmdWorld w;
  w.config.roles = {{.role = Role::kAdmin, .token_sha512 = TokenDigest("secret"), .client_sha256 = {}}};
  w.Start();
  const auto platform = sim::SnpPlatform::Of(amd::Product::kMilan);
  ASSERT_EQ(test::Get(w.port(), "/vcek/v1/Milan/cert_chain").status, 200);
  ASSERT_EQ(w.Get(test::VcekKeyOf(platform)).status, 200);
  const std::string chip = HexLower(platform.hwid());
  const std::string strange(128, 'b');
  test::Get(w.port(), StrCat("/vcek/v1/Milan/", strange, "?blSPL=1&teeSPL=0&snpSPL=1&ucodeSPL=1"));

  const std::string reader = test::Get(w.port(), "/v1/status").body;
  const std::string admin = test::Get(w.port(), "/v1/status", "Authorization: Bearer secret\r\n").body;
  EXPECT_EQ(reader.find(chip), std::string::npos) << reader;
  EXPECT_EQ(reader.find(strange), std::string::npos) << reader;
  EXPECT_NE(admin.find(chip), std::string::npos) << admin;
  EXPECT_EQ(json::parse(reader).at("platform_items"), json::parse(admin).at("platform_items"));
  EXPECT_GT(json::parse(admin).at("items").size(), json::parse(reader).at("items").size());
  EXPECT_GT(json::parse(reader).at("items").size(), 0u) << "what platforms share is told";
}

}  // namespace
}  // namespace thimble
