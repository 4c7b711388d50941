// SPDX-License-Identifier: Apache-2.0
#include "tcb/verdict.h"

namespace thimble {
namespace {

constexpr std::array<std::string_view, kTcbStatusCount> kStatusNames = {
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "TDRelaunchAdvised",
    "TDRelaunchAdvisedConfigurationNeeded",
    "Revoked",
    "RelaunchAdvised",
    "RelaunchAdvisedConfigurationNeeded",
};

}  // namespace

std::string_view TeeName(Tee tee) {
  switch (tee) {
    case Tee::kSgx:
      return "sgx";
    case Tee::kTdx:
      return "tdx";
    case Tee::kSnp:
      return "snp";
    case Tee::kTpm:
      return "tpm";
    case Tee::kVbs:
      return "vbs";
  }
  return "";
}

std::string_view ProofClassName(Tee tee) {
  switch (tee) {
    case Tee::kSgx:
    case Tee::kTdx:
    case Tee::kSnp:
      return "hardware_tee";
    case Tee::kTpm:
      return "virtual_tpm";
    case Tee::kVbs:
      return "vbs";
  }
  return "";
}

std::string_view TcbStatusName(TcbStatus status) { return kStatusNames.at(static_cast<size_t>(status)); }

std::optional<TcbStatus> TcbStatusFromName(std::string_view name) {
  for (size_t i = 0; i < kStatusNames.size(); ++i) {
    if (kStatusNames[i] == name) return static_cast<TcbStatus>(i);
  }
  return std::nullopt;
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kSoft:
      return "soft";
    case Severity::kHard:
      break;
  }
  return "hard";
}

bool SecondTcb::current() const {
  return status && *status != TcbStatus::kOutOfDate && *status != TcbStatus::kOutOfDateConfigurationNeeded &&
         *status != TcbStatus::kRevoked;
}

void CheckLog::Set(Check check, CheckResult result) {
  const auto i = static_cast<size_t>(check);
  applies_.at(i) = true;
  if (results_[i] != CheckResult::kFailed) results_[i] = result;
}

void CheckLog::SetNotRun(Check check, std::string_view reason) {
  Set(check, CheckResult::kNotRun);
  reasons_.at(static_cast<size_t>(check)) = reason;
}

std::vector<CheckLog::Entry> CheckLog::Entries() const {
  std::vector<Entry> out;
  out.reserve(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    if (applies_[i])
      out.push_back(
          {static_cast<Check>(i), results_[i], results_[i] == CheckResult::kNotRun ? reasons_[i] : ""});
  }
  return out;
}

std::string_view BroughtByName(BroughtBy by) {
  switch (by) {
    case BroughtBy::kServer:
      return "server";
    case BroughtBy::kCaller:
      return "caller";
    case BroughtBy::kHost:
      break;
  }
  return "host";
}

const Finding* Verdict::hard() const {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kHard) return &finding;
  }
  return nullptr;
}

}  // namespace thimble
