// SPDX-License-Identifier: Apache-2.0
//
// HCL reports and quotes of the vTPM, and what is judged of them.
#pragma once

#include "tcb/amd/hcl.h"
#include "tests/support/sim_hcl.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {

inline std::string GoodRuntimeData() { return sim::RuntimeData(sim::VtpmKey()); }

// An HCL report around a genuine SNP report that binds `bound`.
inline Bytes SnpHcl(sim::HclSpec spec, const std::string& bound) {
  spec.hardware_report =
      World().Report(sim::SnpPlatform::Of(Product::kMilan), {.report_data = sim::BindingOf(bound)});
  if (spec.runtime_data.empty()) spec.runtime_data = bound;
  return sim::EncodeHclReport(spec);
}
inline Bytes SnpHcl(sim::HclSpec spec = {}) { return SnpHcl(std::move(spec), GoodRuntimeData()); }

inline Bytes TdxHcl() {
  const std::string data = GoodRuntimeData();
  return sim::EncodeHclReport({.report_type = 4,
                               .hardware_report = sim::EncodeTdReportStruct(sim::BindingOf(data)),
                               .runtime_data = data});
}

inline tpm::Quote Quote(const sim::TpmQuoteSpec& spec = {}) {
  const auto bytes = sim::MakeTpmQuote(spec, sim::VtpmKey());
  return tpm::ParseQuote(bytes.message, bytes.signature, spec.pcrs).value();
}
inline tpm::Quote WithSignature(const Bytes& message, const Bytes& signature) {
  return tpm::ParseQuote(message, signature, std::nullopt).value();
}

inline Result<Verdict> JudgeHcl(const Bytes& evidence, const tpm::Quote* quote,
                                const std::optional<Bytes>& nonce) {
  TRY_ASSIGN(const HclReport hcl, ParseHclReport(evidence));
  TRY_ASSIGN(auto verdict, Judge(Bytes(hcl.hardware_report.begin(), hcl.hardware_report.end()),
                                 World().Endorsements(sim::SnpPlatform::Of(Product::kMilan))));
  CheckHcl(verdict, hcl, quote, nonce);
  return verdict;
}

}  // namespace thimble::amd
