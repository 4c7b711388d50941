// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/collateral_form.h"

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/json_names.h"
#include "tcb/input/member.h"
#include "tcb/pki/crl.h"
#include "tcb/pki/pem.h"

namespace thimble::input {
namespace {

constexpr Check kMalformed = Check::kCollateralMalformed;

Error Wrong(std::string_view name, std::string_view why) {
  return {ErrorKind::kMalformed, kMalformed, StrCat("collateral: member \"", name, "\": ", why)};
}
Error Wrong(std::string message) { return {ErrorKind::kMalformed, kMalformed, std::move(message)}; }

Bytes ToBytes(std::string_view text) {
  const ByteView view = AsBytes(text);
  return Bytes(view.begin(), view.end());
}

// nullopt: it is not there, null or empty.
std::optional<json::Value> Member(const json::Value& object, std::string_view name) {
  const auto member = object.Find(name);
  if (!member || member->IsNull()) return std::nullopt;
  const auto text = member->String();
  if (text && Trimmed(*text).empty()) return std::nullopt;
  const auto list = member->Array();
  return list && list->empty() ? std::nullopt : member;
}

// Text as it is, or written down as bytes.
Result<std::string> Text(const json::Value& value, std::string_view name, bool (*is_it)(std::string_view)) {
  const auto text = value.String();
  if (text && is_it(Trimmed(*text))) return std::string(Trimmed(*text));
  if (value.type() == json::Type::kObject)
    return Wrong(name, "is an object; its signature covers the text, so hand over that, as a string");
  const auto fits = [&](ByteView bytes) { return is_it(Trimmed(AsText(bytes))); };
  auto reading = ReadMember(value, name, kMalformed, fits);
  if (!reading) return Wrong(StrCat("collateral: ", reading.error().message));
  const std::string_view inside = Trimmed(AsText(reading->bytes));
  if (!is_it(inside)) {
    return Wrong(name, StrCat("is ", TextFormName(reading->form), ", and what it says ",
                              Sentence(ContentsOf(reading->bytes))));
  }
  return std::string(inside);
}

bool IsPem(std::string_view text) { return IsPkiPem(text); }
bool IsJson(std::string_view text) { return text.starts_with('{'); }

Result<std::string> ChainMember(const json::Value& object, std::string_view name) {
  const auto member = Member(object, name);
  if (!member) return std::string();
  return Text(*member, name, IsPem);
}

bool IsCrl(ByteView bytes) {
  const auto der = DecodeCrl(bytes, kMalformed);
  return der && Crl::Parse(*der, kMalformed).ok();
}

// Hex or base64 of DER, or of what Intel's services give out (hex again), a list of its bytes, or PEM.
Result<Bytes> CrlMember(const json::Value& object, std::string_view name) {
  const auto member = Member(object, name);
  if (!member) return Bytes();
  const auto text = member->String();
  if (text && IsPkiPem(*text)) return ToBytes(*text);
  auto reading = ReadMember(*member, name, kMalformed, IsCrl);
  if (!reading) return Wrong(StrCat("collateral: ", reading.error().message));
  if (IsCrl(reading->bytes)) return std::move(reading->bytes);
  return Wrong(name, StrCat("is ", TextFormName(reading->form), ", and what it says ",
                            Sentence(ContentsOf(reading->bytes)), ": no CRL"));
}

// In hex, as a list of bytes, or in base64.
Result<std::string> SignatureMember(const json::Value& member, const std::string& name) {
  const auto text = member.String();
  if (text && FromHex(Trimmed(*text))) return std::string(Trimmed(*text));
  auto reading = ReadMember(member, name, kMalformed, [](ByteView bytes) { return bytes.size() == 64; });
  if (!reading) return Wrong(StrCat("collateral: ", reading.error().message));
  return HexLower(reading->bytes);
}

// The signed JSON as Intel delivers it, from the member's own bytes: nothing is re-serialised.
Result<Bytes> SignedMember(const json::Value& object, std::string_view name, std::string_view signed_name) {
  const std::string signature_name = StrCat(name, "_signature");
  const auto member = Member(object, name), signature = Member(object, signature_name);
  if (!member && !signature) return Bytes();
  if (!member) return Wrong(name, "is not there, and its signature is");
  TRY_ASSIGN(const std::string text, Text(*member, name, IsJson));
  const auto document = json::Document::Parse(text, name, ErrorKind::kMalformed, kMalformed);
  if (!document) return Wrong(name, document.error().message);
  const bool whole = (*document)->root().Find(signed_name) && (*document)->root().Find("signature");
  if (whole && signature) {
    return Wrong(signature_name, StrCat("is there, and so is the signature in \"", name,
                                        "\", which is the whole signed JSON: hand over one of them"));
  }
  if (whole) return ToBytes(text);
  if (!signature) return Wrong(signature_name, StrCat("is not there, and \"", name, "\" holds none"));
  TRY_ASSIGN(const std::string hex, SignatureMember(*signature, signature_name));
  return ToBytes(StrCat("{\"", signed_name, "\":", text, ",\"signature\":", json::Escape(hex), "}"));
}

}  // namespace

Result<intel::CollateralSet> ReadCollateralObject(const json::Value& object) {
  // The last four are of QCNL's structure, and say nothing that the items do not.
  const Status known = object.AllowOnly(
      {"pck_crl_issuer_chain", "root_ca_crl", "pck_crl", "tcb_info_issuer_chain", "tcb_info",
       "tcb_info_signature", "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature",
       "pck_certificate_chain", "version", "major_version", "minor_version", "tee_type"});
  if (!known) {
    const JsonForm* const form = FindJsonForm(object);
    const bool other = form != nullptr && form->name != "collateral";
    return Wrong(other ? StrCat("the collateral ", Sentence(ContentsOfJson(object)), ": nothing for a quote")
                       : StrCat("collateral: ", known.error().message));
  }
  intel::CollateralSet set;
  TRY_ASSIGN(set.root_ca_crl, CrlMember(object, "root_ca_crl"));
  TRY_ASSIGN(set.pck_crl, CrlMember(object, "pck_crl"));
  TRY_ASSIGN(set.tcb_info, SignedMember(object, "tcb_info", "tcbInfo"));
  TRY_ASSIGN(set.qe_identity, SignedMember(object, "qe_identity", "enclaveIdentity"));
  TRY_ASSIGN(set.pck_crl_issuer_chain, ChainMember(object, "pck_crl_issuer_chain"));
  TRY_ASSIGN(set.tcb_info_issuer_chain, ChainMember(object, "tcb_info_issuer_chain"));
  TRY_ASSIGN(set.qe_identity_issuer_chain, ChainMember(object, "qe_identity_issuer_chain"));
  TRY_ASSIGN(set.pck_chain, ChainMember(object, "pck_certificate_chain"));
  return set;
}

Result<intel::CollateralSet> ParseCollateralJson(ByteView input) {
  std::string text(Trimmed(AsText(input)));
  if (!IsJson(text)) {
    std::string inside;
    for (const Reading& reading : ReadingsOf(text)) {
      if (inside.empty() && IsJson(Trimmed(AsText(reading.bytes)))) inside = Trimmed(AsText(reading.bytes));
    }
    if (inside.empty())
      return Wrong(StrCat("the collateral ", Sentence(ContentsOf(input)), ": no JSON with an item a member"));
    text = std::move(inside);
  }
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "collateral", ErrorKind::kMalformed, Check::kCollateralMalformed));
  return ReadCollateralObject(document->root());
}

}  // namespace thimble::input
