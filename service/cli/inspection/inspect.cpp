// SPDX-License-Identifier: Apache-2.0
#include "service/cli/inspection/inspect.h"

#include "service/cli/inspection/parts.h"
#include "service/results/render_claims.h"
#include "tcb/amd/binding.h"
#include "tcb/amd/hcl.h"
#include "tcb/amd/product.h"
#include "tcb/amd/report.h"
#include "tcb/check.h"
#include "tcb/input/evidence.h"
#include "tcb/input/text_form.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/intel/quote.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/pki/certificate_pool.h"
#include "tcb/pki/pem.h"
#include "tcb/tpm/quote.h"
#include "tcb/uvm/container.h"
#include "tcb/vbs/report.h"

namespace thimble {
namespace {

using json::Writer;

using inspection::kMaxCertificates;

std::string_view QuoteTee(const intel::Quote& quote) { return quote.tdx ? "tdx" : "sgx"; }

// What a quote without a chain has in its place: what its PCK certificate is looked up by (DCAP 1.5).
void WriteLookup(Writer& json, const intel::Quote& quote) {
  const auto lookup = intel::ParsePckLookup(quote);
  if (!lookup) return;
  const bool plain = quote.certification_type == intel::CertificationDataType::kPpidPlain;
  json.Key("pck_lookup").BeginObject();
  json.Key("qe_id").Hex(lookup->qe_id.view());
  json.Key(plain ? "ppid" : "encrypted_ppid").Hex(lookup->ppid);
  json.Key("cpusvn").Hex(lookup->cpu_svn);
  json.Key("pcesvn").Unsigned(static_cast<uint16_t>(lookup->pce_svn));
  if (lookup->pce_id) json.Key("pce_id").Hex(lookup->pce_id->view());
  json.EndObject();
}

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

  WriteLookup(json, quote);
  const auto chain = ChainOf(quote);
  if (!chain) return {};
  CertificatePool pool(TrustAnchors::Pinned());
  const auto built = intel::BuildPckChain(*chain, Check::kQuoteFormat, pool);
  if (!built) {
    json.Key("pck_chain").String(built.error().message);
    return {};
  }
  intel::PlatformFacts facts = (*built)->facts;
  facts.quote_version = quote.version;
  view.platform = std::move(facts);
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

// By itself a message is not alone evidence: its signature and key lie in the container.
Status WriteTpmQuote(Writer& json, const input::Evidence& evidence) {
  json.Key("kind").String("tpm_quote");
  Verdict view;
  const auto claims = std::make_shared<tpm::Claims>();
  TRY_ASSIGN(claims->quote, tpm::ReadQuoteClaims(evidence.bytes));
  view.tpm = claims;
  WriteClaims(json.Key("claims"), view);
  return {};
}

Status WriteVbsReport(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const vbs::Report report, vbs::ParseReport(bytes));
  json.Key("kind").String("vbs_report");
  json.Key("signature_scheme").Unsigned(report.scheme);
  Verdict view;
  view.vbs = std::make_shared<const vbs::Claims>(report.claims);
  WriteClaims(json.Key("claims"), view);
  return {};
}

Status WriteEvidence(Writer& json, const input::Evidence& evidence) {
  switch (evidence.kind) {
    case EvidenceKind::kQuote:
      return WriteQuote(json, evidence.bytes, nullptr);
    case EvidenceKind::kOpenEnclave:
      return WriteOpenEnclave(json, evidence.bytes);
    case EvidenceKind::kSnpReport:
      return WriteSnpReport(json, evidence.bytes);
    case EvidenceKind::kTpmQuote:
      return WriteTpmQuote(json, evidence);
    case EvidenceKind::kVbsReport:
      return WriteVbsReport(json, evidence.bytes);
    case EvidenceKind::kHclReport:
      break;
  }
  return WriteHclReport(json, evidence.bytes);
}

// What its container holds beside it, by name.
void WriteBeside(Writer& json, const input::Evidence& evidence) {
  if (!evidence.decoded.empty()) json.Key("decoded").String(evidence.decoded);
  if (evidence.alone()) return;
  json.Key("beside_it").BeginArray();
  for (const amd::Hint& hint : evidence.endorsements) json.String(hint.name);
  if (evidence.td_quote) json.String("td_quote");
  if (evidence.tpm_quote) json.String("tpm_quote");
  if (evidence.tpm_key.key) json.String("ak_public");
  if (evidence.tpm_key.certificate) json.String("ak_cert");
  if (!evidence.tpm_key.chain.empty()) json.String("ak_chain");
  if (evidence.tpm_key.event_log) json.String("event_log");
  if (!evidence.vbs.signer.empty()) json.String("signer");
  if (evidence.vbs.enclave_key) json.String("enclave_key");
  if (evidence.vbs.report_signed) json.String("report_signed");
  if (evidence.runtime_data) json.String("runtime_data");
  if (evidence.uvm_endorsement) json.String("uvm_endorsement");
  json.EndArray();
}

std::string_view ResultName(CheckResult result) {
  if (result == CheckResult::kNotRun) return "not_run";
  return result == CheckResult::kPassed ? "passed" : "failed";
}

// What it shows by itself: each check, and the claims once all of them hold.
Status WriteEndorsement(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const uvm::Judged judged, uvm::JudgeEndorsement(bytes, {}, nullptr));
  json.Key("kind").String("uvm_endorsement");
  json.Key("checks").BeginArray();
  for (const CheckLog::Entry& entry : judged.checks.Entries()) {
    json.BeginObject();
    json.Key("check").String(CheckName(entry.check));
    json.Key("result").String(ResultName(entry.result));
    if (entry.result == CheckResult::kNotRun) json.Key("reason").String(entry.reason);
    json.EndObject();
  }
  json.EndArray();
  if (judged.failed) json.Key("failed").String(judged.failed->message);
  if (!judged.endorsement) return {};
  uvm::Claims claims;
  claims.endorsement = judged.endorsement;
  Verdict view;
  view.container = std::make_shared<const uvm::Claims>(std::move(claims));
  WriteClaims(json.Key("claims"), view);
  return {};
}

bool IsKnown(ByteView bytes) {
  return inspection::LooksLikePki(bytes) || inspection::LooksLikeDocument(bytes) ||
         uvm::LooksLikeEndorsement(bytes);
}

}  // namespace

Status WriteInspection(json::Writer& json, ByteView given) {
  const auto evidence = input::DecodeEvidence(given);
  if (evidence) {
    TRY(WriteEvidence(json, *evidence));
    WriteBeside(json, *evidence);
    return {};
  }
  const Bytes bytes = input::BytesThatFit(given, IsKnown);
  if (uvm::LooksLikeEndorsement(bytes)) return WriteEndorsement(json, bytes);
  // JSON may hold PEM.
  if (inspection::LooksLikeDocument(bytes)) return inspection::WriteDocument(json, bytes);
  return inspection::LooksLikePki(bytes) ? inspection::WritePki(json, bytes) : Status(evidence.error());
}

}  // namespace thimble
