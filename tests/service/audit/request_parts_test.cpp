// SPDX-License-Identifier: Apache-2.0
//
// Every part of a request that is judged as evidence has a name in its record, and shows any change.
#include "service/audit/request_parts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "service/audit/audit_trail.h"
#include "tcb/base/text.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"

namespace thimble {
namespace {

tpm::Quote QuoteOf(const sim::TpmQuoteSpec& spec, bool pcrs = true) {
  const auto bytes = sim::MakeTpmQuote(spec, sim::VtpmKey());
  return tpm::ParseQuote(bytes.message, bytes.signature, pcrs ? std::optional(spec.pcrs) : std::nullopt)
      .value();
}

VerificationRequest Whole() {
  VerificationRequest request;
  request.evidence = {1};
  request.runtime_data = Bytes{2};
  request.uvm_endorsement = Bytes{3};
  request.security_policy = Bytes{};  // an empty one is one
  request.td_quote = Bytes{4};
  request.tpm_quote = QuoteOf({});
  EXPECT_TRUE(tpm::TakeCertificate(sim::AkCertificate(), request.tpm_key).ok());
  EXPECT_TRUE(tpm::TakeChain(sim::TpmCaCertificate(), request.tpm_key).ok());
  EXPECT_TRUE(tpm::TakePublicKey(sim::AkPublicArea(), request.tpm_key).ok());
  request.tpm_key.event_log = Bytes{5};
  request.vbs.signer = vbs::ReadSigner(sim::VbsSignerCertificate()).value();
  request.vbs.enclave_key = Bytes{6};
  request.vbs.report_signed = "7";
  return request;
}

TEST(RequestParts, EachHasItsName) {
  EXPECT_TRUE(PartsOf({}).empty());
  const RequestParts parts = PartsOf(Whole());
  EXPECT_EQ(parts.size(), std::size(kPartNames));
  for (const std::string_view name : kPartNames) EXPECT_TRUE(parts.contains(name)) << name;
  const std::string record = DecisionJson(Whole(), {});
  for (const auto& [name, sha256] : parts)
    EXPECT_NE(record.find(StrCat("\"", name, "_sha256\":\"", sha256.hex(), "\"")), std::string::npos) << name;
}

TEST(RequestParts, EachShowsItsChangeAlone) {
  const std::pair<std::string_view, sim::Bend<VerificationRequest>> bends[] = {
      {"runtime_data", [](auto& r) { r.runtime_data->push_back(0); }},
      {"uvm_endorsement", [](auto& r) { r.uvm_endorsement->push_back(0); }},
      {"security_policy", [](auto& r) { r.security_policy->push_back(0); }},
      {"td_quote", [](auto& r) { r.td_quote->push_back(0); }},
      {"tpm_quote_message", [](auto& r) { r.tpm_quote->message.push_back(0); }},
      {"tpm_quote_signature", [](auto& r) { r.tpm_quote->signature_bytes.push_back(0); }},
      {"tpm_quote_pcrs", [](auto& r) { r.tpm_quote->pcrs->begin()->second.begin()->second.back() ^= 1; }},
      {"tpm_quote_pcrs", [](auto& r) { r.tpm_quote->pcrs->begin()->second.erase(0); }},
      {"event_log", [](auto& r) { r.tpm_key.event_log->push_back(0); }},
      {"ak_cert",
       [](auto& r) {
         r.tpm_key.certificate = nullptr;
         EXPECT_TRUE(
             tpm::TakeCertificate(sim::AkCertificate([](auto& s) { s.serial = {9}; }), r.tpm_key).ok());
       }},
      {"ak_chain", [](auto& r) { r.tpm_key.chain.push_back(r.tpm_key.chain.front()); }},
      {"ak_public",
       [](auto& r) { EXPECT_TRUE(tpm::TakePublicKey(sim::AkPublicArea(0x72), r.tpm_key).ok()); }},
      {"signer", [](auto& r) { r.vbs.signer.push_back(r.vbs.signer.front()); }},
      {"enclave_key", [](auto& r) { r.vbs.enclave_key->push_back(0); }},
      {"report_signed", [](auto& r) { *r.vbs.report_signed += ' '; }},
  };
  const RequestParts good = PartsOf(Whole());
  for (const auto& [name, bend] : bends) {
    VerificationRequest request = Whole();
    bend(request);
    const RequestParts bent = PartsOf(request);
    for (const std::string_view other : kPartNames)
      EXPECT_EQ(bent.at(other) == good.at(other), other != name) << name << ", " << other;
  }
}

}  // namespace
}  // namespace thimble
