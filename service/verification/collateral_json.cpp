// SPDX-License-Identifier: Apache-2.0
#include "service/verification/collateral_json.h"

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/intel/signed_json.h"

namespace thimble {
namespace {

// A signed member as it was signed, and its signature beside it. The body was authenticated, so it can be split.
void WriteSigned(json::Writer& json, const CollateralItem& item, std::string_view name,
                 std::string_view signed_name) {
  const auto split = intel::SplitSignedJson(item.body(), signed_name);
  if (!split.ok()) return;
  json.Key(StrCat(name, "_issuer_chain")).String(item.issuer_chain());
  json.Key(name).String(AsText(split->signed_bytes));
  json.Key(StrCat(name, "_signature")).Hex(split->signature);
}

}  // namespace

std::string CollateralJson(const intel::VerifiedCollateral& collateral) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("pck_crl_issuer_chain").String(collateral.pck_crl->issuer_chain());
  json.Key("root_ca_crl").Hex(collateral.root_ca_crl->body());
  json.Key("pck_crl").Hex(collateral.pck_crl->body());
  WriteSigned(json, *collateral.tcb_info, "tcb_info", "tcbInfo");
  WriteSigned(json, *collateral.qe_identity, "qe_identity", "enclaveIdentity");
  json.Key("pck_certificate_chain").String(collateral.pck_chain);
  json.EndObject();
  return out;
}

}  // namespace thimble
