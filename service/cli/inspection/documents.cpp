// SPDX-License-Identifier: Apache-2.0
#include "service/cli/inspection/parts.h"
#include "service/transfer/export_file.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/collateral_form.h"
#include "tcb/input/evidence.h"
#include "tcb/input/json_names.h"
#include "tcb/input/text_form.h"
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/evaluation_numbers.h"
#include "tcb/intel/signed_json.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/pki/pem.h"

namespace thimble::inspection {
namespace {

using json::Writer;

constexpr Check kFormat = Check::kEvidenceFormat;

Error NotThat(std::string message) { return {ErrorKind::kMalformed, kFormat, std::move(message)}; }

// What TCB infos and identities have in common.
void WriteIssue(Writer& json, std::string_view kind, Instant issued, Instant next_update) {
  json.Key("kind").String(kind);
  json.Key("issue_date").String(FormatRfc3339(issued));
  json.Key("next_update").String(FormatRfc3339(next_update));
}

template <class Level>
void WriteLevel(Writer& json, const Level& level) {
  json.Key("status").String(TcbStatusName(level.status));
  json.Key("date").String(FormatRfc3339(level.date));
  json.Key("advisories").BeginArray();
  for (const std::string& advisory : level.advisories) json.String(advisory);
  json.EndArray();
  json.EndObject();
}

Status WriteTcbInfo(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const intel::SignedJson split, intel::SplitSignedJson(bytes, "tcbInfo"));
  TRY_ASSIGN(const intel::TcbInfo info, intel::DecodeTcbInfo(split.signed_bytes));
  WriteIssue(json, "tcb_info", info.issue_date, info.next_update);
  json.Key("tee").String(info.tee == IntelTee::kSgx ? "sgx" : "tdx");
  json.Key("fmspc").Hex(info.fmspc.view());
  json.Key("evaluation_number").Unsigned(info.evaluation_number);
  json.Key("levels").BeginArray();
  for (const intel::TcbLevel& level : info.levels) {
    json.BeginObject();
    json.Key("sgx").Hex(level.sgx);
    json.Key("pcesvn").Unsigned(static_cast<uint16_t>(level.pce_svn));
    if (info.tee == IntelTee::kTdx) json.Key("tdx").Hex(level.tdx);
    WriteLevel(json, level);
  }
  json.EndArray();
  return {};
}

Status WriteIdentity(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const intel::SignedJson split, intel::SplitSignedJson(bytes, "enclaveIdentity"));
  TRY_ASSIGN(const intel::EnclaveIdentity identity, intel::DecodeEnclaveIdentity(split.signed_bytes));
  WriteIssue(json, "enclave_identity", identity.issue_date, identity.next_update);
  json.Key("id").String(intel::EnclaveIdName(identity.id));
  json.Key("evaluation_number").Unsigned(identity.evaluation_number);
  json.Key("mrsigner").Hex(identity.mr_signer.view());
  json.Key("isvprodid").Unsigned(identity.isv_prod_id);
  json.Key("levels").BeginArray();
  for (const intel::IsvLevel& level : identity.levels) {
    json.BeginObject();
    json.Key("isvsvn").Unsigned(level.isv_svn);
    WriteLevel(json, level);
  }
  json.EndArray();
  return {};
}

Status WriteEvaluationNumbers(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const intel::SignedJson split, intel::SplitSignedJson(bytes, "tcbEvaluationDataNumbers"));
  TRY_ASSIGN(const intel::EvaluationNumbers list, intel::DecodeEvaluationNumbers(split.signed_bytes));
  WriteIssue(json, "evaluation_numbers", list.issue_date, list.next_update);
  json.Key("tee").String(list.tee == IntelTee::kSgx ? "sgx" : "tdx");
  json.Key("numbers").BeginArray();
  for (const intel::EvaluationNumber& number : list.numbers) json.Unsigned(number.number);
  json.EndArray();
  return {};
}

// What Azure's machines have of their VCEK (spec/azure-thim.md section 1).
Status WriteThimDocument(Writer& json, std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "THIM document", ErrorKind::kMalformed, Check::kEvidenceFormat));
  std::string pem;
  for (const std::string_view member : {"vcekCert", "certificateChain"}) {
    TRY_ASSIGN(const json::Value value, document->root().Get(member));
    TRY_ASSIGN(const std::string_view certificates, value.String());
    pem += StrCat(certificates, "\n");
  }
  TRY_ASSIGN(const auto list, DecodePem(pem, "CERTIFICATE", kMaxCertificates, Check::kEvidenceFormat));
  TRY(WriteCertificates(json, "thim_document", list));
  const auto tcbm = document->root().Find("tcbm");
  const auto number = tcbm ? tcbm->String() : Result<std::string_view>(Error{});
  if (number) json.Key("tcbm").String(*number);
  return {};
}

// -- Collections --------------------------------------------------------------------------------------------------------

// An item of a set in an object of its own; empty: it is not there.
template <class Write>
void WriteItem(Writer& json, std::string_view name, const Bytes& bytes, Write write) {
  if (bytes.empty()) return;
  json.Key(name).BeginObject();
  if (const Status written = write(json, bytes); !written) json.Key("error").String(written.error().message);
  json.EndObject();
}

Status WriteChain(Writer& json, const Bytes& pem) { return WritePki(json, pem); }

void WriteChainOf(Writer& json, std::string_view name, const std::string& pem) {
  const ByteView view = AsBytes(pem);
  WriteItem(json, name, Bytes(view.begin(), view.end()), WriteChain);
}

Status WriteCollateral(Writer& json, const json::Value& object) {
  TRY_ASSIGN(const intel::CollateralSet set, input::ReadCollateralObject(object));
  json.Key("kind").String("collateral");
  WriteItem(json, "tcb_info", set.tcb_info, WriteTcbInfo);
  WriteItem(json, "qe_identity", set.qe_identity, WriteIdentity);
  WriteItem(json, "root_ca_crl", set.root_ca_crl, WriteCrl);
  WriteItem(json, "pck_crl", set.pck_crl, WriteCrl);
  WriteChainOf(json, "tcb_info_issuer_chain", set.tcb_info_issuer_chain);
  WriteChainOf(json, "qe_identity_issuer_chain", set.qe_identity_issuer_chain);
  WriteChainOf(json, "pck_crl_issuer_chain", set.pck_crl_issuer_chain);
  WriteChainOf(json, "pck_certificate_chain", set.pck_chain);
  return {};
}

// Texts in PEM, in a list or as a member of objects in it.
Status WritePemList(Writer& json, const json::Value& list, std::string_view kind, std::string_view member) {
  TRY_ASSIGN(const auto elements, list.Array());
  std::vector<std::string> texts;
  for (const json::Value& element : elements) {
    const auto value = member.empty() ? std::optional(element) : element.Find(member);
    const auto text = value ? value->String() : Result<std::string_view>(Error{});
    if (!text) return NotThat(StrCat("a list that holds something else than ", kind));
    texts.emplace_back(*text);
  }
  json.Key("kind").String(kind);
  json.Key("items").BeginArray();
  for (const std::string& text : texts) {
    json.BeginObject();
    const Status written = WritePki(json, AsBytes(text));
    if (!written) json.Key("error").String(written.error().message);
    json.EndObject();
  }
  json.EndArray();
  return {};
}

Status WriteExport(Writer& json, std::string_view file) {
  TRY_ASSIGN(const auto items, DecodeExport(file));
  json.Key("kind").String("export");
  json.Key("items").BeginArray();
  for (const ExportedItem& item : items) {
    json.BeginObject();
    json.Key("item").String(item.record.name);
    json.Key("past").Bool(item.past);
    json.EndObject();
  }
  json.EndArray();
  return {};
}

// Header and claims of a token, as they are; its signature is for `thimble verify-result`.
Status WriteToken(Writer& json, std::string_view token) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < 2; ++i) {
    const size_t dot = token.find('.');
    const auto bytes = FromBase64(token.substr(0, dot));
    if (dot == std::string_view::npos || !bytes) return NotThat("no signed token: a part is no base64url");
    const auto part = json::Document::Parse(AsText(*bytes), "signed token", ErrorKind::kMalformed, kFormat);
    if (!part) return part.error();
    parts.emplace_back(AsText(*bytes));
    token.remove_prefix(dot + 1);
  }
  json.Key("kind").String("signed_result");
  json.Key("header").Raw(parts[0]);
  json.Key("claims").Raw(parts[1]);
  return {};
}

// What is told by its members alone.
Status WriteNamed(Writer& json, const json::Value& object) {
  const input::JsonForm* const form = input::FindJsonForm(object);
  if (form == nullptr) return NotThat(input::Sentence(input::ContentsOfJson(object)));
  if (form->name == "evidence") {
    const auto evidence = input::DecodeEvidence(object);
    if (!evidence) return evidence.error();
  }
  TRY_ASSIGN(const auto members, object.Members());
  json.Key("kind").String(form->name);
  json.Key("is").String(form->what);
  json.Key("members").BeginArray();
  for (const auto& [name, value] : members) json.String(name);
  json.EndArray();
  return {};
}

Status WriteObject(Writer& json, std::string_view text) {
  const auto document =
      json::Document::Parse(text, "JSON", ErrorKind::kMalformed, kFormat, json::kManyValues);
  if (!document) return NotThat(input::Sentence(input::ContentsOfJson(text)));
  const json::Value root = (*document)->root();
  const input::JsonForm* const form = input::FindJsonForm(root);
  const std::string_view name = form != nullptr ? form->name : std::string_view();
  if (name == "tcb_info") return WriteTcbInfo(json, AsBytes(text));
  if (name == "enclave_identity") return WriteIdentity(json, AsBytes(text));
  if (name == "evaluation_numbers") return WriteEvaluationNumbers(json, AsBytes(text));
  if (name == "thim_document") return WriteThimDocument(json, text);
  if (name == "collateral") return WriteCollateral(json, root);
  const auto endorsements = root.Find("endorsements");
  if (name == "endorsements" && endorsements) return WritePemList(json, *endorsements, name, "");
  return WriteNamed(json, root);
}

bool IsToken(std::string_view text) {
  return text.starts_with("eyJ") && text.find('.') != std::string_view::npos;
}

}  // namespace

bool LooksLikeDocument(ByteView bytes) {
  const std::string_view text = input::Trimmed(AsText(bytes));
  return text.starts_with('{') || text.starts_with("[{") || IsToken(text) || IsExport(AsText(bytes));
}

Status WriteDocument(Writer& json, ByteView bytes) {
  const std::string_view text = input::Trimmed(AsText(bytes));
  if (IsExport(AsText(bytes))) return WriteExport(json, AsText(bytes));
  if (IsToken(text)) return WriteToken(json, text);
  if (text.starts_with('{')) return WriteObject(json, text);
  TRY_ASSIGN(const auto list, json::Document::Parse(text, "JSON", ErrorKind::kMalformed, kFormat));
  return WritePemList(json, list->root(), "pck_certificates", "cert");
}

}  // namespace thimble::inspection
