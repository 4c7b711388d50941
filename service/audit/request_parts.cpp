// SPDX-License-Identifier: Apache-2.0
#include "service/audit/request_parts.h"

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// The DER of all, one behind the other: each says where it ends.
Bytes Joined(const std::vector<CertificatePtr>& certificates) {
  Bytes out;
  for (const CertificatePtr& certificate : certificates)
    out.insert(out.end(), certificate->der().begin(), certificate->der().end());
  return out;
}

// "sha256.7=<hex>" and a line end of each, in the order of banks' numbers and PCRs: however they were written down.
std::string TextOf(const tpm::PcrValues& pcrs) {
  std::string out;
  for (const auto& [bank, values] : pcrs) {
    for (const auto& [number, value] : values)
      out += StrCat(tpm::PcrBankName(bank), ".", number, "=", HexLower(value), "\n");
  }
  return out;
}

}  // namespace

RequestParts PartsOf(const VerificationRequest& request) {
  RequestParts parts;
  const auto add = [&parts](std::string_view name, const std::optional<Bytes>& bytes) {
    if (bytes) parts.emplace(name, Sha256(*bytes));
  };
  add("runtime_data", request.runtime_data);
  add("uvm_endorsement", request.uvm_endorsement);
  add("security_policy", request.security_policy);
  add("td_quote", request.td_quote);
  if (const auto& quote = request.tpm_quote) {
    add("tpm_quote_message", quote->message);
    add("tpm_quote_signature", quote->signature_bytes);
    if (quote->pcrs) parts.emplace("tpm_quote_pcrs", Sha256(AsBytes(TextOf(*quote->pcrs))));
  }
  const tpm::KeyEvidence& key = request.tpm_key;
  add("event_log", key.event_log);
  if (key.certificate != nullptr) parts.emplace("ak_cert", key.certificate->sha256());
  if (!key.chain.empty()) parts.emplace("ak_chain", Sha256(Joined(key.chain)));
  if (key.public_sha256) parts.emplace("ak_public", *key.public_sha256);
  const vbs::Supplement& beside = request.vbs;
  if (!beside.signer.empty()) parts.emplace("signer", Sha256(Joined(beside.signer)));
  add("enclave_key", beside.enclave_key);
  if (beside.report_signed) parts.emplace("report_signed", Sha256(AsBytes(*beside.report_signed)));
  return parts;
}

}  // namespace thimble
