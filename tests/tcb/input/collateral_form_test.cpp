// SPDX-License-Identifier: Apache-2.0
//
// Collateral in each form in use is the same collateral; what is wrong with a member is said with its name.
#include "tcb/input/collateral_form.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tests/support/sim_intel.h"

namespace thimble::input {
namespace {

using nlohmann::json;

const intel::CollateralSet& Set() {
  static const intel::CollateralSet set = sim::SimIntel::Make().CollateralFor({});
  return set;
}

// As QCNL hands it over: the whole signed JSON, CRLs in hex.
json Whole() {
  return {{"root_ca_crl", HexLower(Set().root_ca_crl)},
          {"pck_crl", HexLower(Set().pck_crl)},
          {"pck_crl_issuer_chain", Set().pck_crl_issuer_chain},
          {"tcb_info", AsText(Set().tcb_info)},
          {"tcb_info_issuer_chain", Set().tcb_info_issuer_chain},
          {"qe_identity", AsText(Set().qe_identity)},
          {"qe_identity_issuer_chain", Set().qe_identity_issuer_chain}};
}

// As dcap-qvl does: the signed member alone, its signature beside it.
json Split() {
  json out = Whole();
  const auto split = [&out](const char* name, std::string_view signed_name) {
    const std::string text = out[name];
    const size_t begin = StrCat("{\"", signed_name, "\":").size(), end = text.rfind(",\"signature\":\"");
    out[StrCat(name, "_signature")] = json::parse(text)["signature"];
    out[name] = text.substr(begin, end - begin);
  };
  split("tcb_info", "tcbInfo");
  split("qe_identity", "enclaveIdentity");
  return out;
}

json List(const std::string& hex) { return *FromHex(hex); }
std::string InBase64(const std::string& hex) { return Base64(*FromHex(hex)); }

Result<intel::VerifiedCollateral> Prepared(const std::string& text) {
  TRY_ASSIGN(const intel::CollateralSet set, ParseCollateralJson(AsBytes(text)));
  return intel::PrepareCollateral(set, sim::SimIntel::Make().Anchors());
}

TEST(CollateralForm, EachFormIsTheSameCollateral) {
  json lists = Split(), base64 = Split(), pem = Whole(), qcnl = Whole(), texts = Split();
  for (const char* const name : {"root_ca_crl", "pck_crl", "tcb_info_signature", "qe_identity_signature"}) {
    lists[name] = List(Split()[name]);
    base64[name] = InBase64(Split()[name]);
  }
  for (const char* const name : {"root_ca_crl", "pck_crl"})
    pem[name] = EncodePem(*FromHex(Whole()[name].get<std::string>()), "X509 CRL");
  qcnl["version"] = 3;
  qcnl["tee_type"] = 0;
  qcnl["pck_crl"] = Whole()["pck_crl"].get<std::string>() + '\0';
  for (const char* const name : {"tcb_info", "qe_identity", "pck_crl_issuer_chain"})
    texts[name] = Base64(AsBytes(Split()[name].get<std::string>()));
  const std::string in_base64 = Base64(AsBytes(Whole().dump()));
  for (const std::string& text : {Whole().dump(), Split().dump(), lists.dump(), base64.dump(), pem.dump(),
                                  qcnl.dump(), texts.dump(), in_base64, " " + Split().dump(2) + "\n"}) {
    const auto prepared = Prepared(text);
    ASSERT_TRUE(prepared.ok()) << prepared.error().message << " of " << text.substr(0, 200);
    EXPECT_EQ(prepared->tcb_info->body(), Set().tcb_info);
    EXPECT_EQ(prepared->pck_crl->body(), Set().pck_crl);
  }
}

TEST(CollateralForm, WhatIsWrongIsSaidWithItsName) {
  const auto refused = [](json form, const char* name, const json& value, std::string_view words) {
    form[name] = value;
    const auto prepared = Prepared(form.dump());
    ASSERT_FALSE(prepared.ok()) << name;
    EXPECT_EQ(prepared.error().check, Check::kCollateralMalformed) << prepared.error().message;
    EXPECT_NE(prepared.error().message.find(StrCat("\"", name, "\"")), std::string::npos)
        << prepared.error().message;
    EXPECT_NE(prepared.error().message.find(words), std::string::npos) << prepared.error().message;
  };
  refused(Split(), "pck_crl", "00", "is hex, and what it says");
  refused(Split(), "pck_crl", 7, "is neither text nor a list of bytes");
  refused(Split(), "pck_crl", json::array({1, 300}), "not of bytes");
  refused(Split(), "pck_crl", "no CRL!", "is text");
  refused(Split(), "tcb_info", json::object(), "is an object");
  refused(Split(), "tcb_info", "{", "tcb_info");
  refused(Split(), "tcb_info_signature", nullptr, "is not there");
  refused(Split(), "tcb_info_issuer_chain", "none", "is ");
  refused(Whole(), "tcb_info_signature", Split()["tcb_info_signature"], "is there, and so is the signature");
}

TEST(CollateralForm, OnlyWhatIsAbsentIsMissing) {
  for (const json& absent : {json(nullptr), json(""), json::array()}) {
    json form = Whole();
    form["pck_crl"] = absent;
    const auto prepared = Prepared(form.dump());
    ASSERT_FALSE(prepared.ok());
    EXPECT_EQ(prepared.error().check, Check::kCollateralMissing);
    EXPECT_EQ(prepared.error().message, "missing: PCK CRL");
  }
}

TEST(CollateralForm, OtherThingsAreNamed) {
  const std::pair<std::string, std::string_view> others[] = {
      {R"({"vcekCert": "", "certificateChain": ""})", "a THIM document"},
      {std::string(AsText(Set().tcb_info)), "a TCB info"},
      {R"({"quote": "00"})", "evidence with a quote"},
      {"\x1f\x8b\x08", "gzip"},
      {"", "empty"},
  };
  for (const auto& [text, name] : others) {
    const auto set = ParseCollateralJson(AsBytes(text));
    ASSERT_FALSE(set.ok()) << text;
    EXPECT_EQ(set.error().check, Check::kCollateralMalformed);
    EXPECT_NE(set.error().message.find(name), std::string::npos) << set.error().message;
  }
}

}  // namespace
}  // namespace thimble::input
