// SPDX-License-Identifier: Apache-2.0
//
// TCB infos as text (DCAP 3): every rule of form breached alone. Whether one is authentic is in signing_chain_test.cpp,
// whether it fits in mismatch_test.cpp.
#include "tcb/intel/tcb_info.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tcb/check.h"
#include "tests/tcb/intel/json_edits.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using intel::DecodeTcbInfo;
using intel::TcbInfo;
using sim::TcbInfoSpec;
using TcbInfoBend = sim::Bend<TcbInfoSpec>;

TcbInfoSpec Spec(IntelTee tee, const TcbInfoBend& bend = {}) {
  TcbInfoSpec spec = sim::DefaultTcbInfo(tee, sim::kServerFmspc, sim::kStandardNumber, sim::kNow);
  sim::Apply(bend, spec);
  return spec;
}
Result<TcbInfo> Decode(const std::string& text) { return DecodeTcbInfo(AsBytes(text)); }
Result<TcbInfo> Decode(IntelTee tee, const TcbInfoBend& bend = {}) {
  return Decode(sim::EncodeTcbInfo(Spec(tee, bend)));
}

void ExpectMalformed(const std::string& what, const Result<TcbInfo>& info) {
  ASSERT_FALSE(info.ok()) << what;
  EXPECT_EQ(info.error().kind, ErrorKind::kMalformed) << what;
  EXPECT_EQ(info.error().check, Check::kCollateralMalformed) << what;
}

TEST(TcbInfo, IsReadInFull) {
  const auto info = Decode(IntelTee::kTdx);
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->tee, IntelTee::kTdx);
  EXPECT_EQ(info->version, 3u);
  EXPECT_EQ(FormatRfc3339(info->issue_date), "2026-05-23T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(info->next_update), "2026-06-22T00:00:00Z");
  EXPECT_EQ(info->fmspc.HexUpper(), sim::kServerFmspc);
  EXPECT_EQ(info->evaluation_number, sim::kStandardNumber);
  ASSERT_TRUE(info->tdx_module.has_value());
  EXPECT_TRUE(info->tdx_module->mr_signer.zero());
  ASSERT_EQ(info->tdx_module_identities.size(), 2u);
  EXPECT_EQ(info->tdx_module_identities[1].id, "TDX_01");
  EXPECT_EQ(info->tdx_module_identities[1].levels.front().isv_svn, 6);
  EXPECT_EQ(info->sgx_category[0], "BIOS");
  EXPECT_EQ(info->sgx_type[0], "Early Microcode Update");
  EXPECT_EQ(info->sgx_category[6], "");
  EXPECT_EQ(info->tdx_category[0], "OS/VMM");
  EXPECT_EQ(info->tdx_type[0], "TDX Module");
  const intel::TcbLevel& first = info->levels.front();
  EXPECT_EQ(first.sgx, sim::SgxComponents(sim::Tcb::kGood));
  EXPECT_EQ(static_cast<uint16_t>(first.pce_svn), 13);
  EXPECT_EQ(first.tdx, (intel::TcbComponents{5, 0, 3}));
  EXPECT_EQ(first.status, TcbStatus::kUpToDate);
  EXPECT_EQ(info->levels[1].advisories, std::vector<std::string>{"INTEL-SA-00615"});
}

// DCAP 3.1: descending by SGX components, PCESVN, TDX components, whatever the order of the text.
TEST(TcbInfo, LevelsAreInMatchingOrderWhateverTheText) {
  const auto straight = Decode(IntelTee::kTdx);
  const auto reversed =
      Decode(IntelTee::kTdx, [](auto& spec) { std::reverse(spec.levels.begin(), spec.levels.end()); });
  const auto rotated = Decode(IntelTee::kTdx, [](auto& spec) {
    std::rotate(spec.levels.begin(), spec.levels.begin() + 3, spec.levels.end());
    for (auto& module : spec.tdx_module_identities) std::reverse(module.levels.begin(), module.levels.end());
  });
  ASSERT_TRUE(straight.ok() && reversed.ok() && rotated.ok());
  for (size_t i = 0; i < straight->levels.size(); ++i) {
    for (const auto* other : {&*reversed, &*rotated}) {
      EXPECT_EQ(straight->levels[i].sgx, other->levels[i].sgx) << i;
      EXPECT_EQ(straight->levels[i].status, other->levels[i].status) << i;
    }
    if (i > 0) {
      EXPECT_GT(straight->levels[i - 1].sgx, straight->levels[i].sgx);
    }
  }
  EXPECT_EQ(rotated->tdx_module_identities[1].levels.front().isv_svn, 6);
}

TEST(TcbInfo, LevelsWithTheSameComponentsAreOrderedByPceSvnThenTdx) {
  const auto info = Decode(IntelTee::kTdx, [](auto& spec) {
    sim::TcbLevelSpec level = spec.levels.front();
    spec.levels.clear();
    for (const auto& [pce_svn, tdx] : {std::pair(5, 1), std::pair(7, 1), std::pair(5, 2), std::pair(6, 9)}) {
      level.pce_svn = static_cast<uint32_t>(pce_svn);
      level.tdx = {static_cast<uint8_t>(tdx)};
      spec.levels.push_back(level);
    }
  });
  ASSERT_TRUE(info.ok());
  std::string order;
  for (const auto& level : info->levels) {
    order += std::to_string(static_cast<uint16_t>(level.pce_svn)) + "." + std::to_string(level.tdx[0]) + " ";
  }
  EXPECT_EQ(order, "7.1 6.9 5.2 5.1 ");
}

TEST(TcbInfo, Version2IsFlatAndSgx) {
  const auto v2 = Decode(IntelTee::kSgx, [](auto& spec) { spec.version = 2; });
  ASSERT_TRUE(v2.ok()) << v2.error().message;
  EXPECT_EQ(v2->version, 2u);
  EXPECT_EQ(v2->tee, IntelTee::kSgx);
  EXPECT_EQ(v2->levels.front().sgx, sim::SgxComponents(sim::Tcb::kGood));
  ExpectMalformed("with the id TDX", Decode(IntelTee::kSgx, [](auto& spec) {
                    spec.version = 2;
                    spec.text = [](std::string& text) { text.insert(1, "\"id\":\"TDX\","); };
                  }));
  EXPECT_TRUE(Decode(IntelTee::kSgx, [](auto& spec) {
                spec.version = 2;
                spec.text = [](std::string& text) { text.insert(1, "\"id\":\"SGX\","); };
              }).ok());
  ExpectGood({.name = "and verifies", .collateral = {.tcb_info = [](auto& spec) { spec.version = 2; }}});
  ExpectError({.name = "TDX",
               .quote = {.tdx = true},
               .collateral = {.tcb_info =
                                  [](auto& spec) {
                                    spec.version = 2;
                                    spec.tee = IntelTee::kSgx;
                                    spec.tdx_module.reset();
                                    spec.tdx_module_identities.clear();
                                    spec.text = [](std::string& text) { text.insert(1, "\"id\":\"TDX\","); };
                                  }}},
              ErrorKind::kMalformed, Check::kCollateralMalformed);
}

struct Bent {
  const char* what;
  TcbInfoBend bend;
};
const Bent kMalformed[] = {
    {"version 1", [](auto& s) { s.version = 1; }},
    {"version 4", [](auto& s) { s.version = 4; }},
    {"tcbType 1", [](auto& s) { s.tcb_type = 1; }},
    {"FMSPC of 10 digits", [](auto& s) { s.fmspc = "00806F0500"; }},
    {"FMSPC of 14 digits", [](auto& s) { s.fmspc = "00806F05000000"; }},
    {"FMSPC not hex", [](auto& s) { s.fmspc = "00806F05000G"; }},
    {"PCE id of 2 digits", [](auto& s) { s.pce_id = "00"; }},
    {"PCE id of 6 digits", [](auto& s) { s.pce_id = "000000"; }},
    {"no levels", [](auto& s) { s.levels.clear(); }},
    {"a level twice", [](auto& s) { s.levels.push_back(s.levels.front()); }},
    {"a level twice with another status",
     [](auto& s) {
       s.levels.push_back(s.levels.front());
       s.levels.back().status = "Revoked";
     }},
    {"an unknown status", [](auto& s) { s.levels[3].status = "Fine"; }},
    {"a status in another case", [](auto& s) { s.levels[0].status = "uptodate"; }},
    {"a status of verdicts only", [](auto& s) { s.levels[0].status = "TDRelaunchAdvised"; }},
    {"an empty status", [](auto& s) { s.levels[0].status = ""; }},
    {"a date without a time", [](auto& s) { s.levels[0].date = "2025-08-13"; }},
    {"a date that is none", [](auto& s) { s.levels[0].date = "2025-02-30T00:00:00Z"; }},
    {"PCESVN 65536", [](auto& s) { s.levels[0].pce_svn = 65536; }},
};
const Bent kMalformedTdx[] = {
    {"a module twice", [](auto& s) { s.tdx_module_identities.push_back(s.tdx_module_identities[0]); }},
    {"a module twice in two cases",
     [](auto& s) {
       s.tdx_module_identities.push_back(s.tdx_module_identities[0]);
       s.tdx_module_identities.back().id = "tdx_03";
     }},
    {"a module without levels", [](auto& s) { s.tdx_module_identities[0].levels.clear(); }},
    {"a module level twice",
     [](auto& s) {
       auto& levels = s.tdx_module_identities[0].levels;
       levels.push_back(levels.front());
     }},
    {"a module status that modules do not have",
     [](auto& s) { s.tdx_module_identities[0].levels[0].status = "SWHardeningNeeded"; }},
    {"a module ISVSVN of 65536", [](auto& s) { s.tdx_module_identities[0].levels[0].isv_svn = 65536; }},
    {"a module MRSIGNER of 64 digits",
     [](auto& s) { s.tdx_module_identities[0].mr_signer = std::string(64, '0'); }},
    {"MRSIGNER of 64 digits", [](auto& s) { s.tdx_module->mr_signer = std::string(64, '0'); }},
    {"attributes of 14 digits", [](auto& s) { s.tdx_module->attributes = std::string(14, '0'); }},
    {"attributes mask of 18 digits", [](auto& s) { s.tdx_module->attributes_mask = std::string(18, 'F'); }},
    {"no tdxModule", [](auto& s) { s.tdx_module.reset(); }},
};

TEST(TcbInfo, RulesOfForm) {
  for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx}) {
    EXPECT_TRUE(Decode(tee).ok());
    for (const auto& [what, bend] : kMalformed) ExpectMalformed(what, Decode(tee, bend));
  }
  for (const auto& [what, bend] : kMalformedTdx) ExpectMalformed(what, Decode(IntelTee::kTdx, bend));
  ExpectMalformed("tdxModule in SGX",
                  Decode(IntelTee::kSgx, [](auto& s) { s.tdx_module = sim::TdxModuleSpec{}; }));
  ExpectMalformed(
      "identities in SGX", Decode(IntelTee::kSgx, [](auto& s) {
        s.tdx_module_identities = {{.id = "TDX_01", .levels = {{1, "2024-01-01T00:00:00Z", "UpToDate", {}}}}};
      }));
  EXPECT_TRUE(Decode(IntelTee::kTdx, [](auto& s) { s.tdx_module_identities.clear(); }).ok());
}

Json ToJson(IntelTee tee) { return Json::parse(sim::EncodeTcbInfo(Spec(tee))); }

// Text that is not looked at: advisories, labels, the names of modules nobody asks for.
bool IsFreeText(const Json::json_pointer& path) {
  const std::string text = path.to_string();
  return text.find("advisoryIDs") != std::string::npos || text.find("components") != std::string::npos ||
         (text.find("tdxModuleIdentities") != std::string::npos && path.back() == "id");
}

// Every member is required but these; every one has its type (DCAP 3, 8.12).
TEST(TcbInfo, EveryMemberIsRequiredAndHasItsType) {
  const std::set<std::string> optional = {"advisoryIDs", "category", "type", "tdxModuleIdentities"};
  for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx}) {
    Json json = ToJson(tee);
    json["tcbLevels"].erase(json["tcbLevels"].begin() + 2,
                            json["tcbLevels"].end());  // the others have no other form
    for (const auto& path : Paths(json)) {
      const bool member = json.at(path.parent_pointer()).is_object();
      if (member && !optional.contains(path.back())) {
        ExpectMalformed("without " + path.to_string(), Decode(Without(json, path).dump()));
      }
      for (const Json& other : OtherTypes(json.at(path))) {
        if (other.is_string() && json.at(path).is_string() && IsFreeText(path)) continue;
        ExpectMalformed(path.to_string() + " = " + other.dump(), Decode(With(json, path, other).dump()));
      }
    }
  }
}

TEST(TcbInfo, OptionalMembersMayBeAbsent) {
  const Json json = ToJson(IntelTee::kTdx);
  int optional = 0;
  for (const auto& path : Paths(json)) {
    if (path.back() != "advisoryIDs" && path.back() != "category" && path.back() != "type") continue;
    EXPECT_TRUE(Decode(Without(json, path).dump()).ok()) << path.to_string();
    ++optional;
  }
  EXPECT_GT(optional, 20);
  EXPECT_TRUE(Decode(IntelTee::kTdx, [](auto& s) { s.name_components = false; }).ok());
}

// A zip over a shorter array would let a missing component pass (DCAP 8.12).
TEST(TcbInfo, ComponentsAreSixteenAndAtMost255) {
  for (const char* kind : {"sgxtcbcomponents", "tdxtcbcomponents"}) {
    const auto with = [&](const std::function<void(Json&)>& edit) {
      Json json = ToJson(IntelTee::kTdx);
      edit(json["tcbLevels"][2]["tcb"][kind]);
      return Decode(json.dump());
    };
    EXPECT_TRUE(with([](Json& c) { c[15]["svn"] = 255; }).ok());
    ExpectMalformed("15", with([](Json& c) { c.erase(15); }));
    ExpectMalformed("17", with([](Json& c) { c.push_back(c[0]); }));
    ExpectMalformed("none", with([](Json& c) { c = Json::array(); }));
    for (const Json& bad :
         {Json(256), Json(266), Json(-1), Json(1.0), Json("1"), Json(nullptr), Json(1ull << 32)}) {
      ExpectMalformed(bad.dump(), with([&](Json& c) { c[15]["svn"] = bad; }));
    }
  }
  const auto v2 = [](const Json& svn) {
    Json json = Json::parse(sim::EncodeTcbInfo(Spec(IntelTee::kSgx, [](auto& s) { s.version = 2; })));
    json["tcbLevels"][0]["tcb"]["sgxtcbcomp16svn"] = svn;
    return Decode(json.dump());
  };
  EXPECT_TRUE(v2(255).ok());
  ExpectMalformed("version 2, 256", v2(256));
  ExpectMalformed("version 2, null", v2(nullptr));
}

TEST(TcbInfo, TheSignedTextIsWalkedInFull) {
  const std::string good = sim::EncodeTcbInfo(Spec(IntelTee::kSgx));
  const auto with = [&](const std::string& inserted) {
    std::string text = good;
    text.insert(1, inserted + ",");
    return Decode(text);
  };
  const auto nested = [](int depth) {
    return "\"x\":" + std::string(static_cast<size_t>(depth), '[') + "1" +
           std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_TRUE(with("\"x\":{\"a\":[1,2,{\"b\":null}]}").ok());
  EXPECT_TRUE(with(nested(31)).ok());
  ExpectMalformed("depth 33", with(nested(32)));
  ExpectMalformed("a member twice", with("\"id\":\"SGX\""));
  ExpectMalformed("a member twice, deep in what nobody reads", with("\"x\":{\"a\":1,\"a\":1}"));
  ExpectMalformed("not UTF-8", with("\"x\":\"\xff\""));
  ExpectMalformed("text after it", Decode(good + "x"));
  ExpectMalformed("cut short", Decode(good.substr(0, good.size() - 1)));
  ExpectMalformed("nothing", Decode(""));
  ExpectMalformed("null", Decode("null"));
  ExpectMalformed("an array", Decode("[" + good + "]"));
}

TEST(TcbInfo, ThroughTheVerifierIsCollateralMalformed) {
  for (const auto& [what, bend] : kMalformed) {
    ExpectError({.name = what, .collateral = {.tcb_info = bend}}, ErrorKind::kMalformed,
                Check::kCollateralMalformed);
  }
  ExpectError({.name = "depth 33",
               .collateral = {.tcb_info =
                                  [](auto& s) {
                                    s.text = [](std::string& text) {
                                      text.insert(1, "\"x\":" + std::string(32, '[') + "1" +
                                                         std::string(32, ']') + ",");
                                    };
                                  }}},
              ErrorKind::kMalformed, Check::kCollateralMalformed);
}

}  // namespace
}  // namespace thimble::test
