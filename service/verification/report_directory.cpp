// SPDX-License-Identifier: Apache-2.0
#include "service/verification/report_directory.h"

#include <filesystem>
#include <set>

#include "service/verification/evidence_files.h"
#include "tcb/amd/hcl.h"
#include "tcb/amd/product.h"
#include "tcb/amd/report.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/verify.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

// Before version 3 these two made reports, with the same TCB layout (spec/amd-floors.md section 6).
constexpr amd::Product kOfVersion2[] = {amd::Product::kMilan, amd::Product::kGenoa};

Result<amd::SnpClaims> ClaimsIn(ByteView evidence) {
  TRY_ASSIGN(const EvidenceKind kind, DetectEvidence(evidence));
  if (kind == EvidenceKind::kQuote || kind == EvidenceKind::kOpenEnclave)
    return Error{ErrorKind::kMalformed, Check::kEvidenceFormat, "is an Intel quote"};
  if (kind == EvidenceKind::kTpmQuote || kind == EvidenceKind::kVbsReport)
    return Error{ErrorKind::kMalformed, Check::kEvidenceFormat, "is no report of an SNP guest"};
  ByteView report = evidence;
  if (kind == EvidenceKind::kHclReport) {
    TRY_ASSIGN(const amd::HclReport hcl, amd::ParseHclReport(evidence));
    if (hcl.type != amd::HclReportType::kSnp)
      return Error{ErrorKind::kMalformed, Check::kEvidenceFormat, "is the HCL report of a TD"};
    report = hcl.hardware_report;
  }
  TRY_ASSIGN(const amd::ExtendedReport extended, amd::SplitExtendedReport(report));
  TRY_ASSIGN(amd::Report parsed, amd::ParseReport(extended.report));
  return std::move(parsed.claims);
}

std::optional<TcbRecord> RecordOf(amd::SnpClaims claims, amd::Product product) {
  amd::DecodeTcbs(claims, product);
  Verdict taken_at_its_word;
  taken_at_its_word.authentic = true;
  taken_at_its_word.tee = Tee::kSnp;
  taken_at_its_word.claims = std::move(claims);
  return TcbOf(taken_at_its_word);
}

Result<std::vector<amd::Product>> ProductsOf(const amd::SnpClaims& claims,
                                             const std::optional<amd::Product>& product) {
  if (claims.cpuid) {
    TRY_ASSIGN(const amd::Product named, amd::ProductFromCpuId(*claims.cpuid));
    return std::vector{named};
  }
  if (product) return std::vector{*product};
  return std::vector(std::begin(kOfVersion2), std::end(kOfVersion2));
}

Result<ReportFile> ReadReport(const fs::path& path, const std::optional<amd::Product>& product) {
  TRY_ASSIGN(const input::Evidence evidence, ReadEvidence(path.string()));
  TRY_ASSIGN(const amd::SnpClaims claims, ClaimsIn(evidence.bytes));
  TRY_ASSIGN(const auto products, ProductsOf(claims, product));
  ReportFile out{path.filename().string(), {}};
  for (const amd::Product each : products) {
    if (auto record = RecordOf(claims, each)) out.tcbs.push_back(*std::move(record));
  }
  return out;
}

}  // namespace

Result<ReportDirectory> ReadReportDirectory(const std::string& path,
                                            const std::optional<amd::Product>& product) {
  std::set<fs::path> files;
  std::error_code error;
  for (auto it = fs::directory_iterator(path, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    std::error_code ignored;  // what cannot be looked at is no file for us
    if (it->is_regular_file(ignored)) files.insert(it->path());
  }
  if (error) return Error{ErrorKind::kMalformed, Check::kRequest, StrCat(path, ": ", error.message())};
  ReportDirectory out;
  for (const fs::path& file : files) {
    auto report = ReadReport(file, product);
    if (report) {
      out.reports.push_back(std::move(report).value());
    } else {
      out.others.push_back({file.filename().string(), report.error().message});
    }
  }
  return out;
}

}  // namespace thimble
