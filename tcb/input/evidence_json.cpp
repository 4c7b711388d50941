// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/evidence_json.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/json_names.h"
#include "tcb/input/member.h"
#include "tcb/input/report_fields.h"
#include "tcb/input/tpm_json.h"
#include "tcb/input/vbs_json.h"
#include "tcb/uvm/container.h"

namespace thimble::input {
namespace {

constexpr Check kFormat = Check::kEvidenceFormat;

Error NoEvidence(std::string message) { return {ErrorKind::kMalformed, kFormat, std::move(message)}; }

bool IsEvidence(ByteView bytes) { return HasDriverHeader(bytes) || KindOf(bytes); }
bool IsAnything(ByteView) { return true; }

// The evidence in a member, of this kind.
Result<Evidence> EvidenceIn(const json::Value& value, std::string_view name) {
  TRY_ASSIGN(Reading reading, ReadMember(value, name, kFormat, IsEvidence));
  const Contents contents = ContentsOf(reading.bytes);
  auto evidence = PlainEvidence(std::move(reading.bytes));
  if (!evidence) {
    return NoEvidence(StrCat(
        "member \"", name, "\": is ", TextFormName(reading.form), ", and what it says ", Sentence(contents),
        ": no quote, SNP report, HCL report, Open Enclave evidence, TPM quote or VBS report"));
  }
  evidence->decoded =
      StrCat(evidence->decoded, " in member \"", name, "\" (", TextFormName(reading.form), ") of JSON");
  return evidence;
}

// A list of bytes, hex, base64; text in PEM as it is.
Result<amd::Hint> HintIn(const json::Value& value, std::string_view name) {
  const auto text = value.String();
  if (text && IsPkiPem(*text)) {
    const ByteView pem = AsBytes(*text);
    return amd::Hint{std::string(name), Bytes(pem.begin(), pem.end())};
  }
  TRY_ASSIGN(Reading reading, ReadMember(value, name, Check::kCollateralMalformed, [](ByteView bytes) {
               return LooksLikeDer(bytes) || IsPkiPem(AsText(bytes));
             }));
  return amd::Hint{std::string(name), std::move(reading.bytes)};
}

// -- trustee: plain SNP -------------------------------------------------------------------------------------------------

// {"attestation_report": fields or bytes, "cert_chain": [{"cert_type", "data"}] or null}
Result<Evidence> ReadTrusteeSnp(const json::Value& object) {
  TRY_ASSIGN(const json::Value report, object.Get("attestation_report"));
  Evidence evidence;
  if (report.type() == json::Type::kObject) {
    TRY_ASSIGN(Bytes bytes, ReportFromFields(report));
    TRY_ASSIGN(evidence, PlainEvidence(std::move(bytes)));
    evidence.decoded += ", put together from the fields in member \"attestation_report\" of JSON";
  } else {
    TRY_ASSIGN(evidence, EvidenceIn(report, "attestation_report"));
  }
  const auto chain = object.Find("cert_chain");
  if (!chain || chain->IsNull()) return evidence;
  const auto entries = chain->Array();
  if (!entries) return NoEvidence("member \"cert_chain\": is no list");
  for (size_t i = 0; i < entries->size(); ++i) {
    const auto data = entries->at(i).Find("data");
    const std::string name = StrCat("cert_chain[", i, "]");
    if (!data) return NoEvidence(StrCat("member \"", name, "\": has no \"data\""));
    TRY_ASSIGN(amd::Hint hint, HintIn(*data, name));
    evidence.endorsements.push_back(std::move(hint));
  }
  return evidence;
}

// -- trustee: Azure's vTPMs ---------------------------------------------------------------------------------------------

// {"signature", "message", "pcrs": [24 of SHA-256]}, each in hex or as a list of bytes.
Result<tpm::Quote> ReadTrusteeTpmQuote(const json::Value& object, std::string_view name) {
  const auto part = [&](std::string_view member) -> Result<Bytes> {
    const auto value = object.Find(member);
    if (!value) return NoEvidence(StrCat("member \"", name, "\": has no \"", member, "\""));
    TRY_ASSIGN(Reading reading, ReadMember(*value, StrCat(name, ".", member), kFormat, IsAnything));
    return std::move(reading.bytes);
  };
  // Hex goes before base64: any bytes are a signature.
  const auto hex = [&](std::string_view member) -> Result<Bytes> {
    const auto value = object.Find(member);
    const auto text = value ? value->String() : Result<std::string_view>(Error{});
    auto bytes = text ? FromHex(*text) : std::nullopt;
    return bytes ? Result<Bytes>(*std::move(bytes)) : part(member);
  };
  TRY_ASSIGN(Bytes message, hex("message"));
  TRY_ASSIGN(Bytes signature, hex("signature"));
  std::optional<tpm::PcrValues> pcrs;
  if (const auto list = object.Find("pcrs"); list && !list->IsNull()) {
    const auto values = list->Array();
    if (!values) return NoEvidence(StrCat("member \"", name, ".pcrs\": is no list"));
    if (values->size() > tpm::kPcrCount)
      return NoEvidence(StrCat("member \"", name, ".pcrs\": has ", values->size(), " elements, and a TPM ",
                               tpm::kPcrCount));
    pcrs.emplace();
    for (size_t i = 0; i < values->size(); ++i) {
      const std::string pcr = StrCat(name, ".pcrs[", i, "]");
      const auto text = values->at(i).String();
      auto value = text ? FromHex(*text) : std::nullopt;
      if (!value) {
        TRY_ASSIGN(Reading reading, ReadMember(values->at(i), pcr, kFormat, IsAnything));
        value = std::move(reading.bytes);
      }
      if (value->size() != Digest256::kSize) return NoEvidence(StrCat("member \"", pcr, "\": is no SHA-256"));
      (*pcrs)[tpm::kSha256][static_cast<uint8_t>(i)] = *std::move(value);
    }
  }
  return tpm::ParseQuote(std::move(message), std::move(signature), std::move(pcrs));
}

// {"hcl_report", "tpm_quote", "vcek" or "td_quote"}; before it had a version, {"report", "quote", "vcek"}.
Result<Evidence> ReadTrusteeVtpm(const json::Value& object, std::string_view report, std::string_view quote) {
  TRY_ASSIGN(const json::Value hcl_report, object.Get(report));
  TRY_ASSIGN(Evidence evidence, EvidenceIn(hcl_report, report));
  if (evidence.kind != EvidenceKind::kHclReport)
    return NoEvidence(StrCat("member \"", report, "\": is no HCL report"));
  if (const auto tpm_quote = object.Find(quote); tpm_quote && !tpm_quote->IsNull()) {
    TRY_ASSIGN(evidence.tpm_quote, ReadTrusteeTpmQuote(*tpm_quote, quote));
  }
  TRY(ReadTpmKey(object, evidence.tpm_key));
  if (const auto vcek = object.Find("vcek"); vcek && !vcek->IsNull()) {
    TRY_ASSIGN(amd::Hint hint, HintIn(*vcek, "vcek"));
    evidence.endorsements.push_back(std::move(hint));
  }
  if (const auto td_quote = object.Find("td_quote"); td_quote && !td_quote->IsNull()) {
    TRY_ASSIGN(Evidence td, EvidenceIn(*td_quote, "td_quote"));
    if (td.kind != EvidenceKind::kQuote) return NoEvidence("member \"td_quote\": is no quote");
    evidence.td_quote = std::move(td.bytes);
  }
  return evidence;
}

// -- MAA ----------------------------------------------------------------------------------------------------------------

// {"data": base64url, "dataType"}: report data is the hash of it.
Status ReadRuntimeData(const json::Value& object, Evidence& evidence) {
  const auto runtime = object.Find("runtimeData");
  const auto data = runtime ? runtime->Find("data") : std::nullopt;
  const auto text = data ? data->String() : Result<std::string_view>(Error{});
  if (runtime && !runtime->IsNull() && !text)
    return NoEvidence("member \"runtimeData\": has no text \"data\"");
  if (!text || text->empty()) return {};
  evidence.runtime_data = FromBase64(*text);
  if (evidence.runtime_data) return {};
  return NoEvidence("member \"runtimeData.data\": is no base64");
}

// "Endorsements" of /attest/SevSnpVm: base64url of {"Uvm": [base64url of COSE_Sign1]}. What is there is evidence: of two
// none is chosen.
Status ReadMaaEndorsements(const json::Value& member, Evidence& evidence) {
  TRY_ASSIGN(const Reading reading, ReadMember(member, "Endorsements", kFormat, [](ByteView bytes) {
               return AsText(bytes).starts_with('{');
             }));
  TRY_ASSIGN(const auto document, json::Document::Parse(AsText(reading.bytes), "member \"Endorsements\"",
                                                        ErrorKind::kMalformed, kFormat));
  const auto list = document->root().Find("Uvm");
  if (!list) return NoEvidence("member \"Endorsements\": has no \"Uvm\"");
  if (list->IsNull()) return {};
  const auto entries = list->Array();
  if (!entries || entries->size() > 1)
    return NoEvidence("member \"Endorsements.Uvm\": is no list of one endorsement");
  if (entries->empty()) return {};
  TRY_ASSIGN(Reading endorsement,
             ReadMember(entries->front(), "Endorsements.Uvm[0]", kFormat, uvm::LooksLikeEndorsement));
  evidence.uvm_endorsement = std::move(endorsement.bytes);
  return {};
}

// "report" of /attest/SevSnpVm: base64url of {"SnpReport": base64url, "VcekCertChain": base64url of PEM, "Endorsements"}.
Result<Evidence> ReadMaaReport(const json::Value& inner) {
  TRY_ASSIGN(const json::Value report, inner.Get("SnpReport"));
  TRY_ASSIGN(Evidence evidence, EvidenceIn(report, "SnpReport"));
  if (const auto chain = inner.Find("VcekCertChain"); chain && !chain->IsNull()) {
    TRY_ASSIGN(amd::Hint hint, HintIn(*chain, "VcekCertChain"));
    evidence.endorsements.push_back(std::move(hint));
  }
  if (const auto endorsements = inner.Find("Endorsements"); endorsements && !endorsements->IsNull())
    TRY(ReadMaaEndorsements(*endorsements, evidence));
  return evidence;
}

Result<Evidence> ReadReportMember(const json::Value& object) {
  TRY_ASSIGN(const json::Value value, object.Get("report"));
  const auto is_json = [](ByteView bytes) { return Trimmed(AsText(bytes)).starts_with('{'); };
  TRY_ASSIGN(const Reading reading, ReadMember(value, "report", kFormat, [&](ByteView bytes) {
               return is_json(bytes) || IsEvidence(bytes);
             }));
  if (!is_json(reading.bytes)) return EvidenceIn(value, "report");
  TRY_ASSIGN(const auto document, json::Document::Parse(AsText(reading.bytes), "member \"report\"",
                                                        ErrorKind::kMalformed, kFormat));
  return ReadMaaReport(document->root());
}

// -- Any of them --------------------------------------------------------------------------------------------------------

bool IsObject(const json::Value& object, std::string_view name) {
  const auto value = object.Find(name);
  return value && value->type() == json::Type::kObject;
}

// The members that evidence lies in. Where there are several that nobody combines, none is chosen.
std::vector<std::string_view> EvidenceMembers(const json::Value& object) {
  std::vector<std::string_view> found;
  for (const std::string_view name : {"hcl_report", "attestation_report", "quote", "report"}) {
    const auto value = object.Find(name);
    if (value && !value->IsNull()) found.push_back(name);
  }
  return found;
}

Result<Evidence> ReadByMembers(const json::Value& object, const std::vector<std::string_view>& members) {
  const bool old_vtpm = members.size() == 2 && IsObject(object, "quote") && members.back() == "report";
  if (old_vtpm) return ReadTrusteeVtpm(object, "report", "quote");
  if (members.size() > 1) {
    return NoEvidence(StrCat("the evidence is JSON with both \"", members[0], "\" and \"", members[1],
                             "\": hand over the one that counts"));
  }
  if (members.front() == "hcl_report") return ReadTrusteeVtpm(object, "hcl_report", "tpm_quote");
  if (members.front() == "attestation_report") return ReadTrusteeSnp(object);
  if (members.front() == "report") return ReadReportMember(object);
  TRY_ASSIGN(const json::Value quote, object.Get("quote"));
  return EvidenceIn(quote, "quote");
}

// What stands beside the evidence and says nothing of it. Only names that we know are repeated.
std::string NotJudged(const json::Value& object) {
  constexpr std::string_view kKnown[] = {"event_log",   "cc_eventlog",  "aa_eventlog", "vm_config",
                                         "report_data", "initTimeData", "nonce",       "hash_algorithm"};
  std::string out;
  for (const std::string_view name : kKnown) {
    if (object.Find(name)) out += StrCat(out.empty() ? "; not judged: " : ", ", name);
  }
  return out;
}

// What would have to be judged, where it is not looked for.
Status RefuseMisplaced(const json::Value& object) {
  constexpr std::string_view kNames[] = {"uvm_endorsement", "uvm_endorsements", "uvmEndorsements",
                                         "security_policy", "securityPolicy"};
  for (const std::string_view name : kNames) {
    if (object.Find(name))
      return NoEvidence(StrCat("member \"", name,
                               "\" stands inside the evidence: send uvm_endorsement and security_policy "
                               "beside the member \"evidence\", or as files by --collateral DIR"));
  }
  return {};
}

}  // namespace

Result<Evidence> ReadEvidenceJson(const json::Value& object) {
  TRY(RefuseMisplaced(object));
  const auto members = EvidenceMembers(object);
  if (members.empty() && !object.Find("evidence")) {
    if (object.Find("tpm_quote")) return ReadTpmEvidence(object);
    if (object.Find("vbs_report")) return ReadVbsEvidence(object);
  }
  if (members.empty() || object.Find("evidence"))
    return NoEvidence(StrCat("the evidence ", Sentence(ContentsOfJson(object))));
  TRY_ASSIGN(Evidence evidence, ReadByMembers(object, members));
  TRY(ReadRuntimeData(object, evidence));
  evidence.decoded += NotJudged(object);
  return evidence;
}

}  // namespace thimble::input
