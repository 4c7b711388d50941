// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/appraisal_policy.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/crypto.h"
#include "tcb/check.h"
#include "tcb/policy/digest.h"
#include "tests/tcb/policy/good_evidence.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* kSgxPlatform = "3123ec35-8d38-4ea5-87a5-d6c48b567570";
constexpr const char* kTdx10Platform = "9eec018b-7481-4b1c-8e1a-9f7c0c8c777f";
constexpr const char* kTdx15Platform = "f708b97f-0fb2-4e6b-8b03-8a5bcd1221d3";
constexpr const char* kTdQe = "3769258c-75e6-4bc7-8d72-d2b0e224cad2";
constexpr const char* kEnclave = "bef7cb8c-31aa-42c1-854c-10db005d5c41";
constexpr const char* kTd10 = "a1e4ee9c-a12e-48ac-bed0-e3f89297f687";
constexpr const char* kTd15 = "45b734fc-aa4e-4c3d-ad28-e43d08880e68";

json Entry(const char* class_id, json reference) {
  return {{"environment", {{"class_id", class_id}, {"description", "for a test"}}},
          {"reference", std::move(reference)}};
}
json Strict() { return {{"accepted_tcb_status", {"UpToDate"}}, {"collateral_grace_period", 0}}; }
json With(json reference, const json& more) {
  reference.update(more);
  return reference;
}
std::string File(const std::vector<json>& entries) { return json{{"policy_array", entries}}.dump(); }
std::string Jwt(const std::string& payload) {
  return Base64Url(AsBytes(R"({"alg":"none","typ":"JWT"})")) + "." +
         Base64Url(AsBytes(json{{"policy_payload", payload}}.dump())) + ".";
}

Policy Load(const std::string& text) {
  auto policy = intel::ParseAppraisalPolicy(text, "intel");
  EXPECT_TRUE(policy.ok()) << policy.error().message;
  return policy.ok() ? *policy : Policy{};
}
Policy LoadOne(const char* class_id, json reference) {
  return Load(File({Entry(class_id, std::move(reference))}));
}

bool Accepts(const Policy& policy, const Verdict& verdict, Instant at = kPolicyNow) {
  return Appraise(verdict, policy, at).accept;
}

template <class Change>
Verdict Bent(Verdict verdict, Change change) {
  change(verdict);
  return verdict;
}

// One key of a class: evidence that it accepts, and the twin that it refuses by this rule.
struct KeyRow {
  std::string key;  // of the reference
  const char* class_id;
  json reference;
  Verdict good;
  std::function<void(Verdict&)> bend;
  std::string rule;
};
inline void PrintTo(const KeyRow& row, std::ostream* out) { *out << row.key; }

void Expire(Verdict& verdict, Seconds late) {
  verdict.window.not_after = kPolicyNow - late;
  verdict.findings.push_back({Check::kTcbInfoExpired, Severity::kSoft, "expired"});
}

Verdict OutOfDate() {
  return Bent(GoodSgx(), [](Verdict& v) { v.tcb_status = TcbStatus::kOutOfDate; });  // 100 days old
}

std::vector<KeyRow> PlatformKeys() {
  const auto facts = [](auto change) {
    return [=](Verdict& v) { change(FactsOf<intel::PlatformFacts>(v)); };
  };
  return {
      {"accepted_tcb_status", kSgxPlatform, Strict(), GoodSgx(),
       [](Verdict& v) { v.tcb_status = TcbStatus::kSWHardeningNeeded; }, "accepted_statuses"},
      {"accepted_tcb_status as one text, in any case",
       kTdx10Platform,
       {{"accepted_tcb_status", "UPTODATE"}, {"collateral_grace_period", 0}},
       GoodTdx10(),
       [](Verdict& v) { v.tcb_status = TcbStatus::kOutOfDate; },
       "accepted_statuses"},
      {"a status made of two accepted ones", kTdx15Platform,
       With(Strict(), {{"accepted_tcb_status", {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded"}}}),
       Bent(GoodTdx15(), [](Verdict& v) { v.tcb_status = TcbStatus::kConfigurationAndSWHardeningNeeded; }),
       [](Verdict& v) { v.tcb_status = TcbStatus::kOutOfDateConfigurationNeeded; }, "accepted_statuses"},
      {"collateral_grace_period 0", kSgxPlatform, Strict(), GoodSgx(), [](Verdict& v) { Expire(v, 1s); },
       "collateral_grace"},
      {"collateral_grace_period", kSgxPlatform, With(Strict(), {{"collateral_grace_period", 86400}}),
       Bent(GoodSgx(), [](Verdict& v) { Expire(v, 24h); }), [](Verdict& v) { v.window.not_after -= 1s; },
       "collateral_grace"},
      {"platform_grace_period", kSgxPlatform,
       With(Strict(),
            {{"accepted_tcb_status", {"UpToDate", "OutOfDate"}}, {"platform_grace_period", 100 * 86400}}),
       OutOfDate(), [](Verdict& v) { *v.tcb_date -= 1s; }, "platform_grace"},
      {"min_eval_num",
       kTdx15Platform,
       {{"accepted_tcb_status", {"UpToDate"}}, {"min_eval_num", 17}},
       Bent(GoodTdx15(), [](Verdict& v) { Expire(v, 24h * 365); }),  // asked for instead of freshness
       [](Verdict& v) { v.tcb_info_evaluation = 16; },
       "min_tcb_evaluation"},
      {"min_eval_num, of the identity",
       kTdx15Platform,
       {{"accepted_tcb_status", {"UpToDate"}}, {"min_eval_num", 17}},
       GoodTdx15(),
       [](Verdict& v) { v.qe_identity_evaluation = 16; },
       "min_tcb_evaluation"},
      {"min_tcb_level_date", kSgxPlatform, With(Strict(), {{"min_tcb_level_date", "2026-02-21T00:00:00Z"}}),
       GoodSgx(), [](Verdict& v) { *v.tcb_date -= 1s; }, "min_tcb_date"},
      {"rejected_advisory_ids", kTdx10Platform,
       With(Strict(), {{"rejected_advisory_ids", {"intel-sa-00828"}}}), GoodTdx10(),
       [](Verdict& v) { v.advisories.push_back("INTEL-SA-00828"); }, "rejected_advisories"},
      {"allow_dynamic_platform", kTdx10Platform, With(Strict(), {{"allow_dynamic_platform", false}}),
       GoodTdx10(), facts([](auto& f) { f.dynamic_platform = true; }), "allow_dynamic_platform"},
      {"allow_cached_keys", kSgxPlatform, With(Strict(), {{"allow_cached_keys", false}}), GoodSgx(),
       facts([](auto& f) { f.cached_keys = true; }), "allow_cached_keys"},
      {"allow_smt_enabled", kSgxPlatform, With(Strict(), {{"allow_smt_enabled", false}}), GoodSgx(),
       facts([](auto& f) { f.smt_enabled = true; }), "allow_smt"},
      {"accepted_sgx_types", kSgxPlatform, With(Strict(), {{"accepted_sgx_types", {0, 1}}}), GoodSgx(),
       facts([](auto& f) { f.sgx_type = intel::SgxType::kScalableWithIntegrity; }), "sgx_types"},
      {"class_id", kTdx15Platform, Strict(), GoodTdx15(),
       [](Verdict& v) { ClaimsOf<intel::TdxClaims>(v).tee_tcb_svn2.reset(); }, "evidence"},
  };
}

std::string Repeat(std::string_view byte, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += byte;
  return out;
}

std::vector<KeyRow> EnclaveKeys() {
  using intel::SgxClaims;
  const auto row = [](std::string key, json reference, auto change, std::string rule) {
    return KeyRow{std::move(key),
                  kEnclave,
                  std::move(reference),
                  GoodSgx(),
                  [=](Verdict& v) { change(ClaimsOf<SgxClaims>(v)); },
                  "sgx." + rule};
  };
  const auto one = [&](const char* key, json value, auto change, std::string rule) {
    return row(key, json{{key, std::move(value)}}, change, std::move(rule));
  };
  return {
      one(
          "sgx_mrenclave", Repeat("31", 32), [](SgxClaims& c) { c.mr_enclave = {}; }, "mrenclave"),
      one(
          "sgx_mrsigner", Repeat("32", 32), [](SgxClaims& c) { c.mr_signer = {}; }, "mrsigner"),
      one(
          "sgx_isvprodid", 40, [](SgxClaims& c) { c.isv_prod_id = 41; }, "isvprodid"),
      one(
          "sgx_isvsvn_min", 41, [](SgxClaims& c) { c.isv_svn = 40; }, "min_isvsvn"),
      one(
          "sgx_configid", Repeat("33", 64), [](SgxClaims& c) { c.config_id = {}; }, "configid"),
      one(
          "sgx_configsvn_min", 42, [](SgxClaims& c) { c.config_svn = 41; }, "min_configsvn"),
      one(
          "sgx_isvextprodid", Repeat("34", 16), [](SgxClaims& c) { c.isv_ext_prod_id = {}; }, "isvextprodid"),
      one(
          "sgx_isvfamilyid", Repeat("35", 16), [](SgxClaims& c) { c.isv_family_id = {}; }, "isvfamilyid"),
      one(
          "sgx_attributes", "0500000000000000E700000000000000", [](SgxClaims& c) { c.attributes[8] = 0xe6; },
          "attributes"),
      // The value has bits that the mask leaves out: they say nothing.
      row(
          "sgx_attributes_mask",
          {{"sgx_attributes", "15000000000000000000000000000000"},
           {"sgx_attributes_mask", "EFFFFFFFFFFFFFFF0000000000000000"}},
          [](SgxClaims& c) { c.attributes[0] |= 0x80; }, "attributes"),
      row(
          "sgx_miscselect_mask", {{"sgx_miscselect", "02000000"}, {"sgx_miscselect_mask", "FF000000"}},
          [](SgxClaims& c) { c.misc_select = 3; }, "miscselect"),
  };
}

std::vector<KeyRow> TdKeys() {
  using intel::TdxClaims;
  const auto one = [](const char* key, const char* byte, intel::Measurement384 TdxClaims::*field,
                      std::string rule) {
    return KeyRow{key,
                  kTd10,
                  json{{key, Repeat(byte, 48)}},
                  GoodTdx10(),
                  [=](Verdict& v) { ClaimsOf<TdxClaims>(v).*field = {}; },
                  "tdx." + rule};
  };
  return {
      one("tdx_mrtd", "11", &TdxClaims::mr_td, "mrtd"),
      one("tdx_mrconfigid", "13", &TdxClaims::mr_config_id, "mrconfigid"),
      one("tdx_mrowner", "14", &TdxClaims::mr_owner, "mrowner"),
      one("tdx_mrownerconfig", "15", &TdxClaims::mr_owner_config, "mrownerconfig"),
      one("tdx_rtmr0", "16", &TdxClaims::rtmr0, "rtmr0"),
      one("tdx_rtmr1", "17", &TdxClaims::rtmr1, "rtmr1"),
      one("tdx_rtmr2", "18", &TdxClaims::rtmr2, "rtmr2"),
      one("tdx_rtmr3", "19", &TdxClaims::rtmr3, "rtmr3"),
      {"tdx_mrservicetd",
       kTd15,
       {{"tdx_mrservicetd", Repeat("1a", 48)}},
       GoodTdx15(),
       [](Verdict& v) { ClaimsOf<TdxClaims>(v).mr_service_td = intel::Measurement384(); },
       "tdx.mrservicetd"},
      {"tdx_attributes",
       kTd15,
       {{"tdx_attributes", "0000001000000000"}},
       GoodTdx15(),
       [](Verdict& v) { ClaimsOf<TdxClaims>(v).td_attributes = {}; },
       "tdx.td_attributes"},
      {"tdx_xfam",
       kTd10,
       {{"tdx_xfam", "E702060000000000"}, {"tdx_xfam_mask", "FF00000000000000"}},
       GoodTdx10(),
       [](Verdict& v) { ClaimsOf<TdxClaims>(v).xfam = {}; },
       "tdx.xfam"},
  };
}

std::vector<KeyRow> TdQeKeys() {
  const auto qe_out_of_date = Bent(GoodTdx15(), [](Verdict& v) { v.qe_status = TcbStatus::kOutOfDate; });
  return {
      {"TD QE accepted_tcb_status", kTdQe, Strict(), GoodTdx15(),
       [](Verdict& v) { v.qe_status = TcbStatus::kOutOfDate; }, "accepted_qe_statuses"},
      {"TD QE platform_grace_period", kTdQe,
       With(Strict(),
            {{"accepted_tcb_status", {"UpToDate", "OutOfDate"}}, {"platform_grace_period", 200 * 86400}}),
       qe_out_of_date, [](Verdict& v) { *v.qe_tcb_date -= 1s; }, "qe_grace"},
      {"TD QE min_eval_num",
       kTdQe,
       {{"accepted_tcb_status", {"UpToDate"}}, {"min_eval_num", 18}},
       GoodTdx15(),
       [](Verdict& v) { v.qe_identity_evaluation = 17; },
       "min_qe_evaluation"},
      {"TD QE collateral_grace_period", kTdQe, Strict(), GoodTdx15(), [](Verdict& v) { Expire(v, 1s); },
       "collateral_grace"},
  };
}

std::vector<KeyRow> AllKeys() {
  std::vector<KeyRow> rows;
  for (const auto& part : {PlatformKeys(), EnclaveKeys(), TdKeys(), TdQeKeys()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

class IntelKey : public testing::TestWithParam<KeyRow> {};

TEST_P(IntelKey, DecidesByItsRule) {
  const KeyRow& row = GetParam();
  std::vector<json> entries = {Entry(row.class_id, row.reference)};
  if (row.class_id == kTdQe) {  // beside a lenient platform
    entries.push_back(Entry(kTdx15Platform, With(Strict(), {{"collateral_grace_period", 86400 * 365}})));
  }
  const Policy policy = Load(File(entries));
  const Decision good = Appraise(row.good, policy, kPolicyNow);
  EXPECT_TRUE(good.accept) << testing::PrintToString(FailedRules(good));
  const Decision refused = Appraise(Bent(row.good, row.bend), policy, kPolicyNow);
  EXPECT_EQ(FailedRules(refused), std::vector{row.rule});
}

INSTANTIATE_TEST_SUITE_P(All, IntelKey, testing::ValuesIn(AllKeys()), [](const auto& info) {
  std::string name = std::to_string(info.index) + "_" + info.param.key;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

// The shapes that Intel's library carries as its defaults, all four in one file.
TEST(IntelPolicy, LoadsTheStrictDefaultsOfAllPlatforms) {
  const Policy policy = Load(File({Entry(kSgxPlatform, Strict()), Entry(kTdx15Platform, Strict()),
                                   Entry(kTdx10Platform, Strict()), Entry(kTdQe, Strict())}));
  EXPECT_EQ(policy.id, "intel");
  for (const Verdict& verdict : {GoodSgx(), GoodTdx10(), GoodTdx15()}) EXPECT_TRUE(Accepts(policy, verdict));
  EXPECT_EQ(FailedRules(Appraise(GoodSnp(), policy, kPolicyNow)), std::vector<std::string>{"evidence"});
}

TEST(IntelPolicy, KeepsTheClassesApart) {
  const Policy policy =
      Load(File({Entry(kSgxPlatform, Strict()),
                 Entry(kTdx10Platform, With(Strict(), {{"accepted_tcb_status", {"UpToDate", "OutOfDate"}}})),
                 Entry(kTdx15Platform, With(Strict(), {{"rejected_advisory_ids", {"INTEL-SA-00657"}}})),
                 Entry(kEnclave, {{"sgx_isvprodid", 40}})}));
  const auto out_of_date = [](Verdict& v) { v.tcb_status = TcbStatus::kOutOfDate; };
  EXPECT_TRUE(Accepts(policy, GoodSgx()));
  EXPECT_FALSE(Accepts(policy, Bent(GoodSgx(), out_of_date)));
  EXPECT_TRUE(Accepts(policy, Bent(GoodTdx10(), out_of_date)));
  EXPECT_EQ(FailedRules(Appraise(GoodTdx15(), policy, kPolicyNow)),
            std::vector<std::string>{"rejected_advisories"});
  EXPECT_FALSE(
      Accepts(policy, Bent(GoodSgx(), [](Verdict& v) { ClaimsOf<intel::SgxClaims>(v).isv_prod_id = 1; })));
}

TEST(IntelPolicy, LoadsOneEntryAndAJwtAndAListOfThem) {
  const std::string one = Entry(kSgxPlatform, Strict()).dump();
  const std::string td = File({Entry(kTdx15Platform, Strict())});
  EXPECT_TRUE(Accepts(Load(one), GoodSgx()));
  EXPECT_TRUE(Accepts(Load("\n " + one + "\n"), GoodSgx()));
  EXPECT_TRUE(Accepts(Load(Jwt(one)), GoodSgx()));
  const std::string both = Jwt(one) + "," + Jwt(td);
  const Policy policy = Load(both);
  EXPECT_TRUE(Accepts(policy, GoodSgx()));
  EXPECT_TRUE(Accepts(policy, GoodTdx15()));
  EXPECT_FALSE(Accepts(policy, GoodTdx10()));
  EXPECT_EQ(policy.sha256, PolicyDigest(policy));
  EXPECT_NE(policy.sha256, Load(one).sha256);
}

TEST(IntelPolicy, IsNotLaxerThanOurDefaultsWhereItSaysNothing) {
  const Policy silent = LoadOne(kSgxPlatform, {{"accepted_tcb_status", {"UpToDate"}}});
  EXPECT_TRUE(Accepts(silent, GoodSgx()));
  EXPECT_FALSE(Accepts(silent, Bent(GoodSgx(), [](Verdict& v) { Expire(v, 1s); })));
  EXPECT_FALSE(Accepts(silent, Bent(GoodSgx(), [](Verdict& v) {
                         v.findings.push_back({Check::kSgxDebug, Severity::kSoft, "debug"});
                       })));
  EXPECT_TRUE(Accepts(silent, Bent(GoodSgx(), [](Verdict& v) {
                        FactsOf<intel::PlatformFacts>(v).smt_enabled = true;  // allowed unless forbidden
                      })));
}

TEST(IntelPolicy, AllowsDebugWhereItDemandsDebug) {
  EXPECT_FALSE(LoadOne(kEnclave, {{"sgx_attributes", "05000000000000000000000000000000"}}).allow_debug);
  EXPECT_TRUE(LoadOne(kEnclave, {{"sgx_attributes", "07000000000000000000000000000000"}}).allow_debug);
  EXPECT_TRUE(LoadOne(kTd10, {{"tdx_attributes", "0100000000000000"}}).allow_debug);
}

struct BadFile {
  std::string text;
  std::string reason;
};
inline void PrintTo(const BadFile& row, std::ostream* out) { *out << row.reason; }

std::vector<BadFile> BadFiles() {
  const auto platform = [](const json& more) { return File({Entry(kSgxPlatform, With(Strict(), more))}); };
  const auto enclave = [](const json& reference) { return File({Entry(kEnclave, reference)}); };
  return {
      {File({Entry("00000000-0000-0000-0000-000000000000", Strict())}),
       "00000000-0000-0000-0000-000000000000"},
      {platform({{"accept_everything", true}}), "accept_everything"},
      {platform({{"accepted_platform_provider_ids", json::array({"00"})}}), "accepted_platform_provider_ids"},
      {enclave({{"sgx_ce_attributes", Repeat("00", 16)}}), "sgx_ce_attributes"},
      {File({Entry(kTdQe, With(Strict(), {{"allow_smt_enabled", true}})), Entry(kTdx10Platform, Strict())}),
       "allow_smt_enabled"},
      {File({Entry(kTd10, {{"tdx_mrservicetd", Repeat("00", 48)}})}), "tdx_mrservicetd"},
      {platform({{"accepted_tcb_status", {"UpToDate", "Revoked"}}}), "Revoked is never accepted"},
      {platform({{"accepted_tcb_status", {"UpToDate", "Fine"}}}), "Fine"},
      {platform({{"accepted_tcb_status", {"OutOfDate"}}}), "no UpToDate"},
      {platform({{"accepted_tcb_status", 1}}), "accepted_tcb_status"},
      {platform({{"platform_grace_period", 60}}), "needs OutOfDate"},
      {platform({{"collateral_grace_period", -1}}), "collateral_grace_period"},
      {platform({{"collateral_grace_period", "0"}}), "collateral_grace_period"},
      {platform({{"min_eval_num", 4294967296}}), "min_eval_num"},
      {platform({{"min_tcb_level_date", "2026-02-21"}}), "min_tcb_level_date"},
      {platform({{"accepted_sgx_types", {3}}}), "accepted_sgx_types"},
      {platform({{"accepted_sgx_types", json::array()}}), "accepted_sgx_types"},
      {platform({{"allow_smt_enabled", 1}}), "allow_smt_enabled"},
      {platform({{"rejected_advisory_ids", "INTEL-SA-00657"}}), "rejected_advisory_ids"},
      {enclave({{"sgx_mrenclave", Repeat("00", 31)}}), "64 hex digits"},
      {enclave({{"sgx_isvprodid", 65536}}), "sgx_isvprodid"},
      {enclave({{"sgx_attributes_mask", Repeat("00", 16)}}), "without sgx_attributes"},
      {File({Entry(kSgxPlatform, json::object())}), "accepted_tcb_status"},
      {File({Entry(kSgxPlatform, Strict()), Entry(kSgxPlatform, Strict())}), "two policies"},
      {File({Entry(kTdQe, Strict())}), "no TDX platform"},
      {File({}), "empty"},
      {R"({"policy_array":[],"policy_array":[]})", "policy_array"},
      {R"({"policy_array":[{"environment":{},"reference":{}}]})", "class_id"},
      {R"({"policy_array":[{"environment":{"class_id":"x","vendor":1},"reference":{}}]})", "vendor"},
      {"{", ""},
      {"", "neither"},
      {"a.b", "neither"},
      {"a.b.c.d", "neither"},
      {"e30.!.", "base64url"},
      {"e30.e30.", "policy_payload"},
      {Jwt(File({Entry(kSgxPlatform, Strict())})) + ",", "neither"},
  };
}

class BadIntelPolicy : public testing::TestWithParam<BadFile> {};

TEST_P(BadIntelPolicy, IsRefusedByName) {
  const auto policy = intel::ParseAppraisalPolicy(GetParam().text, "intel");
  ASSERT_FALSE(policy.ok()) << GetParam().text;
  EXPECT_EQ(policy.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(policy.error().check, Check::kPolicyFormat);
  EXPECT_NE(policy.error().message.find(GetParam().reason), std::string::npos) << policy.error().message;
}

INSTANTIATE_TEST_SUITE_P(All, BadIntelPolicy, testing::ValuesIn(BadFiles()));

}  // namespace
}  // namespace thimble
