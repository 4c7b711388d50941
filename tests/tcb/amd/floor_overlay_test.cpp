// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/floor_overlay.h"

#include "tcb/check.h"
#include "tcb/policy.h"
#include "tests/tcb/amd/floor_world.h"

namespace thimble::amd {
namespace {

constexpr CpuId kG1{0x19, 0x11, 1}, kG2{0x19, 0x11, 2};

Json Overlay(const Json& rule) {
  return {{"format", "amd-floors-overlay/1"},
          {"name", "ours"},
          {"number", 3},
          {"issued", "2026-05-10"},
          {"rules", Json::array({rule})}};
}
Json Settle(const char* cpu, const Json& min) {
  return {{"bulletin", "B-2"}, {"cpus", {cpu}}, {"min", min}, {"reason", "our hosts"}};
}
Json Waive(const char* until) {
  return {{"bulletin", "B-2"},
          {"cpus", {"G1"}},
          {"waive", true},
          {"reason", "until the BIOS comes"},
          {"until", until}};
}

FloorsPtr With(const Json& rule) {
  auto merged = ApplyOverlay(*Parsed(SmallFloors()), Overlay(rule).dump());
  EXPECT_TRUE(merged.ok()) << merged.error().message;
  return std::make_shared<const FloorDocument>(std::move(merged).value());
}
std::string ErrorOf(const Json& overlay) {
  const auto merged = ApplyOverlay(*Parsed(SmallFloors()), overlay.dump());
  if (merged.ok()) return "";
  EXPECT_EQ(merged.error().check, Check::kPolicyFormat);
  return merged.error().message;
}

TEST(FloorOverlay, SettlesWhatIsUnknown) {
  SnpClaims claims = BestClaims(kG2);
  EXPECT_EQ(Judged(claims, Parsed(SmallFloors())).tcb_status, std::nullopt);
  const FloorsPtr floors = With(Settle("G2", {{"snp", 27}}));
  EXPECT_EQ(Judged(claims, floors).tcb_status, TcbStatus::kUpToDate);
  EXPECT_EQ(floors->Title(), "small 1 + ours 3");
  SetInAll(claims, TcbComponent::kSnp, 26);
  EXPECT_EQ(ShortOf(Judged(claims, floors)), std::vector<std::string>{"B-2 reported snp.snp 26<27"});
}

TEST(FloorOverlay, RaisesAndNeverLowers) {
  SnpClaims claims = BestClaims(kG1);
  SetInAll(claims, TcbComponent::kSnp, 27);
  EXPECT_EQ(Judged(claims, Parsed(SmallFloors())).tcb_status, TcbStatus::kUpToDate);
  EXPECT_EQ(ShortOf(Judged(claims, With(Settle("G1", {{"snp", 28}})))),
            std::vector<std::string>{"B-2 reported snp.snp 27<28"});
  claims.current_mit_vector = claims.launch_mit_vector = 0x2;
  EXPECT_EQ(Judged(claims, With(Settle("G1", {{"mit_bits", {2}}}))).tcb_status,
            TcbStatus::kConfigurationNeeded);
  EXPECT_NE(ErrorOf(Overlay(Settle("G1", {{"snp", 26}}))).find("is below the document's"), std::string::npos);
  EXPECT_NE(ErrorOf(Overlay(Settle("G1", {{"version", "1.55.48"}}))).find("is below"), std::string::npos);
}

// A waiver is in what the operator accepts, and not in the status.
TEST(FloorOverlay, AWaiverIsNeverMet) {
  SnpClaims claims = BestClaims(kG1);
  SetInAll(claims, TcbComponent::kSnp, 26);
  const FloorsPtr floors = With(Waive("2026-06-01"));
  const Verdict verdict = Judged(claims, floors);
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kOutOfDate);
  EXPECT_EQ(verdict.advisories, std::vector<std::string>{"B-2"});
  EXPECT_EQ(verdict.floors->waived, std::vector<std::string>{"B-2"});
  EXPECT_EQ(verdict.floors->status_with_waivers, TcbStatus::kUpToDate);
  EXPECT_EQ(verdict.floors->meets, std::vector<std::string>{"first"});
  EXPECT_TRUE(Appraise(verdict, Policy{}, kFloorNow).accept);

  const Verdict after = Judged(claims, floors, kAllLevel, kFloorNow + std::chrono::days(1));
  EXPECT_TRUE(after.floors->waived.empty());
  EXPECT_FALSE(Appraise(after, Policy{}, after.at).accept);

  // Only that bulletin.
  SetInAll(claims, TcbComponent::kMicrocode, 83);
  const Verdict more = Judged(claims, floors);
  EXPECT_EQ(more.floors->status_with_waivers, TcbStatus::kOutOfDate);
  EXPECT_FALSE(Appraise(more, Policy{}, kFloorNow).accept);
}

TEST(FloorOverlay, RefusesWhatBreaksARule) {
  const auto without = [](Json rule, const char* key) {
    rule.erase(key);
    return Overlay(rule);
  };
  const auto with = [](Json rule, const char* key, const Json& value) {
    rule[key] = value;
    return Overlay(rule);
  };
  const Json settle = Settle("G1", {{"snp", 28}}), waive = Waive("2026-06-01");
  ASSERT_EQ(ErrorOf(Overlay(settle)), "");
  ASSERT_EQ(ErrorOf(Overlay(waive)), "");
  EXPECT_NE(ErrorOf(with(settle, "bulletin", "B-9")).find("the document has no B-9"), std::string::npos);
  EXPECT_NE(ErrorOf(with(settle, "cpus", {"G9"})).find("the document has no G9"), std::string::npos);
  EXPECT_NE(ErrorOf(with(settle, "cpus", Json::array())).find("there is none"), std::string::npos);
  EXPECT_NE(ErrorOf(with(settle, "until", "2026-06-01")), "");
  EXPECT_NE(ErrorOf(with(settle, "waive", true)), "");
  EXPECT_NE(ErrorOf(with(settle, "min", Json::object())).find("asks for nothing"), std::string::npos);
  EXPECT_NE(ErrorOf(with(settle, "min", {{"fmc", 1}})).find("no such component"), std::string::npos);
  EXPECT_NE(ErrorOf(with(waive, "waive", false)).find("waive"), std::string::npos);
  EXPECT_NE(ErrorOf(with(waive, "until", "2026")).find("until"), std::string::npos);
  EXPECT_NE(ErrorOf(with(waive, "reason", "")).find("reason"), std::string::npos);
  for (const char* key : {"bulletin", "cpus", "reason", "min"})
    EXPECT_NE(ErrorOf(without(settle, key)), "") << key;
  for (const char* key : {"waive", "until"}) EXPECT_NE(ErrorOf(without(waive, key)), "") << key;
  for (const char* key : {"format", "name", "number", "issued", "rules"}) {
    Json overlay = Overlay(settle);
    overlay.erase(key);
    EXPECT_NE(ErrorOf(overlay), "") << key;
  }
  Json format = Overlay(settle);
  format["format"] = "amd-floors/2";
  EXPECT_NE(ErrorOf(format).find("format"), std::string::npos);
}

}  // namespace
}  // namespace thimble::amd
