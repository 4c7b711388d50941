// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/tpm_json.h"

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/amd_json.h"
#include "tcb/input/pem_or_base64.h"

namespace thimble::input {
namespace {

Status ReadChain(const json::Value& value, tpm::KeyEvidence& out) {
  if (value.type() != json::Type::kArray) {
    TRY_ASSIGN(const Bytes bytes, PemOrBase64(value, "ak_chain"));
    return tpm::TakeChain(bytes, out);
  }
  TRY_ASSIGN(const auto list, value.Array());
  for (const json::Value& entry : list) {
    TRY_ASSIGN(const Bytes bytes, PemOrBase64(entry, "ak_chain"));
    TRY(tpm::TakeChain(bytes, out));
  }
  return {};
}

}  // namespace

Status ReadTpmKey(const json::Value& object, tpm::KeyEvidence& out) {
  if (const auto member = object.Find("ak_public")) {
    TRY_ASSIGN(const Bytes bytes, PemOrBase64(*member, "ak_public"));
    TRY(tpm::TakePublicKey(bytes, out));
  }
  if (const auto member = object.Find("ak_cert")) {
    TRY_ASSIGN(const Bytes bytes, PemOrBase64(*member, "ak_cert"));
    TRY(tpm::TakeCertificate(bytes, out));
  }
  if (const auto member = object.Find("ak_chain")) TRY(ReadChain(*member, out));
  if (const auto member = object.Find("event_log")) {
    TRY_ASSIGN(out.event_log, PemOrBase64(*member, "event_log"));
  }
  if (!out.chain.empty() && out.certificate == nullptr) {
    return Error{
        ErrorKind::kMalformed, Check::kRequest,
        StrCat("ak_chain: ", out.chain.size(), " certificates, and no ak_cert that they could lead from")};
  }
  return {};
}

Result<Evidence> ReadTpmEvidence(const json::Value& object) {
  TRY(object.AllowOnly({"tpm_quote", "ak_public", "ak_cert", "ak_chain", "event_log"}));
  TRY_ASSIGN(const json::Value member, object.Get("tpm_quote"));
  TRY_ASSIGN(tpm::Quote quote, ReadTpmQuote(member, tpm::kTpmChecks));
  Evidence out;
  out.kind = EvidenceKind::kTpmQuote;
  out.decoded = "a TPM's quote in member \"tpm_quote\" of JSON";
  out.bytes = quote.message;
  out.tpm_quote = std::move(quote);
  TRY(ReadTpmKey(object, out.tpm_key));
  return out;
}

}  // namespace thimble::input
