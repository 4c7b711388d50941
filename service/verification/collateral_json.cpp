// SPDX-License-Identifier: Apache-2.0
#include "service/verification/collateral_json.h"

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/signed_json.h"

namespace thimble {
namespace {

// Empty when it is not there.
Result<std::string> Text(const json::Value& object, std::string_view name) {
  const auto member = object.Find(name);
  if (!member || member->IsNull()) return std::string();
  const auto text = member->String();
  if (!text) return Error{ErrorKind::kMalformed, Check::kCollateralMalformed, text.error().message};
  return std::string(*text);
}

Bytes ToBytes(std::string_view text) {
  const ByteView view = AsBytes(text);
  return Bytes(view.begin(), view.end());
}

// CRLs stay in the form they come in: the verifier takes hex, PEM and DER.
Result<Bytes> CrlMember(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const std::string text, Text(object, name));
  return ToBytes(text);
}

// The signed JSON as Intel delivers it, from the member's own bytes: nothing is re-serialised.
Result<Bytes> SignedMember(const json::Value& object, std::string_view name, std::string_view signed_name) {
  TRY_ASSIGN(const std::string member, Text(object, name));
  TRY_ASSIGN(const std::string signature, Text(object, StrCat(name, "_signature")));
  if (member.empty() || signature.empty()) return Bytes();
  return ToBytes(StrCat("{\"", signed_name, "\":", member, ",\"signature\":", json::Escape(signature), "}"));
}

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

Result<intel::CollateralSet> ReadCollateralObject(const json::Value& object) {
  const Status known =
      object.AllowOnly({"pck_crl_issuer_chain", "root_ca_crl", "pck_crl", "tcb_info_issuer_chain", "tcb_info",
                        "tcb_info_signature", "qe_identity_issuer_chain", "qe_identity",
                        "qe_identity_signature", "pck_certificate_chain"});
  if (!known) return Error{ErrorKind::kMalformed, Check::kCollateralMalformed, known.error().message};
  intel::CollateralSet set;
  TRY_ASSIGN(set.root_ca_crl, CrlMember(object, "root_ca_crl"));
  TRY_ASSIGN(set.pck_crl, CrlMember(object, "pck_crl"));
  TRY_ASSIGN(set.tcb_info, SignedMember(object, "tcb_info", "tcbInfo"));
  TRY_ASSIGN(set.qe_identity, SignedMember(object, "qe_identity", "enclaveIdentity"));
  TRY_ASSIGN(set.pck_crl_issuer_chain, Text(object, "pck_crl_issuer_chain"));
  TRY_ASSIGN(set.tcb_info_issuer_chain, Text(object, "tcb_info_issuer_chain"));
  TRY_ASSIGN(set.qe_identity_issuer_chain, Text(object, "qe_identity_issuer_chain"));
  TRY_ASSIGN(set.pck_chain, Text(object, "pck_certificate_chain"));
  return set;
}

Result<intel::CollateralSet> ParseCollateralJson(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "collateral", ErrorKind::kMalformed, Check::kCollateralMalformed));
  return ReadCollateralObject(document->root());
}

}  // namespace thimble
