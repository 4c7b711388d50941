// SPDX-License-Identifier: Apache-2.0
//
// Requests with SEV-SNP evidence, and the service that they go to.
#pragma once

#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"
#include "tests/support/sim_hcl.h"

namespace thimble::test {

using sim::SnpPlatform;

inline const SnpPlatform kMilan = SnpPlatform::Of(amd::Product::kMilan);
inline const SnpPlatform kMilanVlek = SnpPlatform::Of(amd::Product::kMilan, amd::SigningKey::kVlek);
inline const SnpPlatform kTurin = SnpPlatform::Of(amd::Product::kTurin);

class SnpVerifyTest : public testing::Test {
 protected:
  void Start() { w_.Start(sim::kAmdNow); }
  // Leaf, chain and CRL as a request has them.
  nlohmann::json Endorsements(const SnpPlatform& platform) {
    return {Base64(w_.amd.Leaf(platform)), w_.amd.ChainPem(platform.product, platform.kind),
            Base64(w_.amd.Crl(platform.product))};
  }
  Bytes HclReport(const std::string& runtime_data = sim::RuntimeData(sim::VtpmKey())) {
    return sim::EncodeHclReport(
        {.hardware_report = w_.amd.Report(kMilan, {.report_data = sim::BindingOf(runtime_data)}),
         .runtime_data = runtime_data});
  }
  static nlohmann::json TpmQuote(const sim::TpmQuoteSpec& spec = {}) {
    const auto quote = sim::MakeTpmQuote(spec, sim::VtpmKey());
    return {{"message", Base64(quote.message)},
            {"signature", Base64Url(quote.signature)},
            {"pcrs", nlohmann::json::parse(sim::PcrsJson(spec.pcrs))}};
  }

  AmdWorld w_;
};

}  // namespace thimble::test
