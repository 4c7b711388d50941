// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/vbs_json.h"

#include <iterator>

#include "tcb/input/pem_or_base64.h"

namespace thimble::input {
namespace {

Status AddSigner(const json::Value& value, vbs::Supplement& out) {
  TRY_ASSIGN(const Bytes bytes, PemOrBase64(value, "signer"));
  TRY_ASSIGN(auto certificates, vbs::ReadSigner(bytes));
  std::ranges::move(certificates, std::back_inserter(out.signer));
  return {};
}

Status ReadSigners(const json::Value& value, vbs::Supplement& out) {
  if (value.type() != json::Type::kArray) return AddSigner(value, out);
  TRY_ASSIGN(const auto list, value.Array());
  for (const json::Value& entry : list) TRY(AddSigner(entry, out));
  return {};
}

}  // namespace

Result<Evidence> ReadVbsEvidence(const json::Value& object) {
  TRY(object.AllowOnly({"vbs_report", "signer", "enclave_key", "report_signed"}));
  TRY_ASSIGN(const json::Value report, object.Get("vbs_report"));
  Evidence out;
  TRY_ASSIGN(out.bytes, PemOrBase64(report, "vbs_report"));
  out.kind = EvidenceKind::kVbsReport;
  out.decoded = "the report of a VBS enclave in member \"vbs_report\" of JSON";
  if (const auto signer = object.Find("signer")) TRY(ReadSigners(*signer, out.vbs));
  if (const auto key = object.Find("enclave_key")) {
    TRY_ASSIGN(out.vbs.enclave_key, PemOrBase64(*key, "enclave_key"));
  }
  if (const auto text = object.Find("report_signed")) {
    TRY_ASSIGN(const std::string_view exact, text->String());
    out.vbs.report_signed = std::string(exact);
  }
  return out;
}

}  // namespace thimble::input
