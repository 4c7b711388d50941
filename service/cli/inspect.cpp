// SPDX-License-Identifier: Apache-2.0
#include "service/cli/inspect.h"

#include "service/results/render_claims.h"
#include "tcb/amd/binding.h"
#include "tcb/amd/endorsement.h"
#include "tcb/amd/hcl.h"
#include "tcb/amd/product.h"
#include "tcb/amd/report.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/evaluation_numbers.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/intel/quote.h"
#include "tcb/intel/signed_json.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/pki/certificate_pool.h"
#include "tcb/pki/crl.h"
#include "tcb/pki/pem.h"
#include "tcb/verify.h"

namespace thimble {
namespace {

using json::Writer;

constexpr size_t kMaxCertificates = 16;

void WriteWindow(Writer& json, std::string_view from, std::string_view to, const Validity& window) {
  json.Key(from).String(FormatRfc3339(window.not_before));
  json.Key(to).String(FormatRfc3339(window.not_after));
}

// What a VCEK or VLEK endorses.
void WriteEndorsement(Writer& json, const Certificate& leaf) {
  const auto endorsement = amd::ParseEndorsement(leaf, Check::kEvidenceFormat);
  if (!endorsement) {
    json.Key("endorses").String(endorsement.error().message);
    return;
  }
  json.Key("endorses").BeginObject();
  json.Key("product").String(endorsement->product_name);
  if (!endorsement->hwid.empty()) json.Key("hwid").Hex(endorsement->hwid);
  if (endorsement->csp_id) json.Key("csp_id").String(*endorsement->csp_id);
  if (endorsement->fmc) json.Key("fmc").Unsigned(*endorsement->fmc);
  if (endorsement->bootloader) json.Key("bootloader").Unsigned(*endorsement->bootloader);
  if (endorsement->tee) json.Key("tee").Unsigned(*endorsement->tee);
  if (endorsement->snp) json.Key("snp").Unsigned(*endorsement->snp);
  if (endorsement->microcode) json.Key("microcode").Unsigned(*endorsement->microcode);
  json.EndObject();
}

void WriteCertificateFields(Writer& json, const Certificate& certificate) {
  json.Key("subject").String(certificate.subject_cn());
  json.Key("issuer").String(certificate.issuer_cn());
  json.Key("serial").Hex(certificate.serial());
  WriteWindow(json, "not_before", "not_after", certificate.validity());
  json.Key("sha256").Hex(certificate.sha256().view());
  json.Key("spki_sha256").Hex(certificate.spki_sha256().view());
  if (!certificate.crl_url().empty()) json.Key("crl_url").String(certificate.crl_url());
  if (amd::IsLeafName(certificate.subject_cn())) WriteEndorsement(json, certificate);
}

Status WriteCertificates(Writer& json, std::string_view kind, const std::vector<Bytes>& list) {
  std::vector<CertificatePtr> parsed;
  for (const Bytes& der : list) {
    TRY_ASSIGN(CertificatePtr certificate, Certificate::Parse(der, Check::kEvidenceFormat));
    parsed.push_back(std::move(certificate));
  }
  json.Key("kind").String(kind);
  json.Key("certificates").BeginArray();
  for (const CertificatePtr& certificate : parsed) {
    json.BeginObject();
    WriteCertificateFields(json, *certificate);
    json.EndObject();
  }
  json.EndArray();
  return {};
}

Status WriteCrl(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const Bytes der, DecodeCrl(bytes, Check::kEvidenceFormat));
  TRY_ASSIGN(const CrlPtr crl, Crl::Parse(der, Check::kEvidenceFormat));
  json.Key("kind").String("crl");
  json.Key("issuer").String(crl->issuer_cn());
  if (crl->has_number()) json.Key("number").Hex(crl->number());
  if (!crl->incomplete().empty()) json.Key("incomplete").String(crl->incomplete());
  WriteWindow(json, "this_update", "next_update", crl->window());
  json.Key("revoked").BeginArray();
  for (const std::string_view serial : crl->revoked()) json.Hex(AsBytes(serial));
  json.EndArray();
  json.Key("sha256").Hex(crl->sha256().view());
  return {};
}

std::string_view QuoteTee(const intel::Quote& quote) { return quote.tdx ? "tdx" : "sgx"; }

// The chain in the quote, when it has one that can be read.
std::optional<std::vector<Bytes>> ChainOf(const intel::Quote& quote) {
  if (quote.certification_type != intel::CertificationDataType::kPckChain) return std::nullopt;
  auto chain = DecodeCertificates(quote.certification_data, kMaxCertificates, Check::kQuoteFormat);
  return chain ? std::optional(std::move(chain).value()) : std::nullopt;
}

// Of a bare quote without `wrapped`.
Status WriteQuote(Writer& json, ByteView bytes, const openenclave::Evidence* wrapped) {
  TRY_ASSIGN(const intel::Quote quote, intel::ParseQuote(bytes));
  json.Key("kind").String(wrapped != nullptr ? openenclave::FormatName(wrapped->claims.format) : "quote");
  json.Key("tee").String(QuoteTee(quote));
  json.Key("version").Unsigned(quote.version);
  json.Key("certification_data_type").Unsigned(static_cast<uint64_t>(quote.certification_type));
  json.Key("trailing_bytes").Unsigned(quote.trailing_bytes);
  Verdict view;
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&quote.body)) view.claims = *sgx;
  if (const auto* tdx = std::get_if<intel::TdxClaims>(&quote.body)) view.claims = *tdx;
  if (wrapped != nullptr) openenclave::CheckOpenEnclave(view, *wrapped);
  WriteClaims(json.Key("claims"), view);
  Verdict qe;
  qe.claims = quote.qe_report;
  WriteClaims(json.Key("qe_report"), qe);

  const auto chain = ChainOf(quote);
  if (!chain) return {};
  CertificatePool pool(TrustAnchors::Pinned());
  const auto built = intel::BuildPckChain(*chain, Check::kQuoteFormat, pool);
  if (!built) {
    json.Key("pck_chain").String(built.error().message);
    return {};
  }
  view.platform = (*built)->facts;
  WritePlatform(json.Key("platform"), view);
  return {};
}

// The quote in it, with what the wrapping says: custom claims where they are those of the quote.
Status WriteOpenEnclave(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const openenclave::Evidence evidence, openenclave::ParseEvidence(bytes));
  return WriteQuote(json, evidence.quote, &evidence);
}

// Platform and claims of a report, with its TCBs decoded where it names its CPU.
void ViewReport(amd::Report report, Verdict& view) {
  amd::PlatformFacts facts{.product = {},
                           .cpuid = report.claims.cpuid,
                           .hwid = {},
                           .csp_id = {},
                           .signing_key = amd::KindOf(report.claims)};
  if (facts.cpuid) {
    if (const auto product = amd::ProductFromCpuId(*facts.cpuid)) facts.product = *product;
  }
  if (facts.product) amd::DecodeTcbs(report.claims, *facts.product);
  view.platform = std::move(facts);
  view.claims = std::move(report.claims);
}

Status WriteSnpReport(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const amd::ExtendedReport extended, amd::SplitExtendedReport(bytes));
  TRY_ASSIGN(amd::Report report, amd::ParseReport(extended.report));
  json.Key("kind").String("snp_report");
  json.Key("version").Unsigned(report.claims.version);
  json.Key("certificate_table").BeginArray();
  for (const amd::TableEntry& entry : extended.table) {
    json.String(entry.content ? amd::TableContentName(*entry.content) : std::string_view(entry.name));
  }
  json.EndArray();
  Verdict view;
  ViewReport(std::move(report), view);
  WritePlatform(json.Key("platform"), view);
  WriteClaims(json.Key("claims"), view);
  return {};
}

Status WriteHclReport(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const amd::HclReport report, amd::ParseHclReport(bytes));
  Verdict view;
  if (report.type == amd::HclReportType::kSnp) {
    TRY_ASSIGN(amd::Report hardware, amd::ParseReport(report.hardware_report));
    ViewReport(std::move(hardware), view);
  }
  view.hcl = report.claims;
  json.Key("kind").String("hcl_report");
  json.Key("tee").String(report.type == amd::HclReportType::kSnp ? "snp" : "tdx");
  WritePlatform(json.Key("platform"), view);
  WriteClaims(json.Key("claims"), view);
  return {};
}

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

bool Contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// Certificates or a CRL, as text or in DER, by what they begin with; evidence begins with its version or "HCLA".
bool LooksLikePki(std::string_view text) {
  const std::string_view start = text.substr(0, 256);
  return text.starts_with('\x30') || Contains(start, "-----BEGIN ");
}

Status WritePki(Writer& json, ByteView bytes) {
  const auto certificates = DecodeCertificates(bytes, kMaxCertificates, Check::kEvidenceFormat);
  if (certificates && !certificates->empty() && WriteCertificates(json, "certificates", *certificates).ok())
    return {};
  if (WriteCrl(json, bytes).ok()) return {};
  return Error{ErrorKind::kMalformed, Check::kEvidenceFormat,
               "neither certificates nor a CRL that can be decoded"};
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

Status WriteEvidence(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const EvidenceKind kind, DetectEvidence(bytes));
  switch (kind) {
    case EvidenceKind::kQuote:
      return WriteQuote(json, bytes, nullptr);
    case EvidenceKind::kOpenEnclave:
      return WriteOpenEnclave(json, bytes);
    case EvidenceKind::kSnpReport:
      return WriteSnpReport(json, bytes);
    case EvidenceKind::kHclReport:
      break;
  }
  return WriteHclReport(json, bytes);
}

}  // namespace

Status WriteInspection(Writer& json, ByteView bytes) {
  const std::string_view text = AsText(bytes);
  if (text.starts_with('{') && Contains(text, "\"vcekCert\"")) return WriteThimDocument(json, text);
  if (LooksLikePki(text) && !openenclave::IsOpenEnclave(bytes)) return WritePki(json, bytes);
  if (!text.starts_with('{')) return WriteEvidence(json, bytes);
  if (Contains(text, "\"tcbEvaluationDataNumbers\"")) return WriteEvaluationNumbers(json, bytes);
  if (Contains(text, "\"enclaveIdentity\"")) return WriteIdentity(json, bytes);
  return WriteTcbInfo(json, bytes);
}

}  // namespace thimble
