// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_intel_quote.h"

#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>

#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

constexpr size_t kHeaderSize = 48, kSgxReportSize = 384, kSignatureSize = 64;
constexpr uint16_t kSgxBody = 1;

// Appends the fields of a structure in order, integers little endian.
class Layout {
 public:
  Layout& Put(ByteView bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Layout& Zeros(size_t count) {
    out_.resize(out_.size() + count);
    return *this;
  }
  Layout& U16(uint16_t value) { return Number(value, 2); }
  Layout& U32(uint32_t value) { return Number(value, 4); }
  Bytes Take() { return std::move(out_); }

 private:
  Layout& Number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<uint8_t>(value >> (8 * i)));
    return *this;
  }
  Bytes out_;
};

Bytes Header(const QuoteSpec& spec) {
  return Layout()
      .U16(spec.version)
      .U16(spec.key_type)
      .U32(spec.tee_type)
      .U16(spec.qe_svn)
      .U16(spec.pce_svn)
      .Put(spec.vendor_id)
      .Put(spec.user_data)
      .Take();
}

Bytes Body(const QuoteSpec& spec) {
  const Bytes report = spec.body_type == kSgxBody
                           ? EncodeSgxReport(spec.sgx)
                           : EncodeTdReport(spec.tdx, static_cast<TdReportForm>(spec.body_type));
  if (spec.version < 5) return report;
  const uint32_t size = spec.body_size.value_or(static_cast<uint32_t>(report.size()));
  return Layout().U16(spec.body_type).U32(size).Put(report).Take();
}

Bytes QeReport(const QuoteSpec& spec) {
  SgxReportSpec report = spec.qe_report;
  if (spec.bind_qe_report_data) {
    const Bytes bound = der::Concat({spec.attestation_key.point(), spec.qe_auth});
    report.report_data = {};
    SHA256(bound.data(), bound.size(), report.report_data.data());
  }
  return EncodeSgxReport(report);
}

// QE report, its signature, QE auth data, certification data: flat in v3, inside type 6 in v4 and v5.
Bytes QeCertification(const QuoteSpec& spec) {
  const Bytes report = QeReport(spec);
  return Layout()
      .Put(report)
      .Put(spec.pck_key.SignRaw(report))
      .U16(static_cast<uint16_t>(spec.qe_auth.size()))
      .Put(spec.qe_auth)
      .U16(spec.certification_type)
      .U32(static_cast<uint32_t>(spec.certification_data.size()))
      .Put(spec.certification_data)
      .Take();
}

size_t ReadLittleEndian(ByteView bytes, size_t offset, size_t size) {
  if (offset + size > bytes.size()) throw std::out_of_range("not a quote made here");
  size_t value = 0;
  for (size_t i = size; i > 0; --i) value = value << 8 | bytes[offset + i - 1];
  return value;
}

}  // namespace

Bytes EncodeSgxReport(const SgxReportSpec& spec) {
  return Layout()
      .Put(spec.cpu_svn)
      .U32(spec.misc_select)
      .Zeros(12)
      .Put(spec.isv_ext_prod_id)
      .Put(spec.attributes)
      .Put(spec.mr_enclave)
      .Zeros(32)
      .Put(spec.mr_signer)
      .Zeros(32)
      .Put(spec.config_id)
      .U16(spec.isv_prod_id)
      .U16(spec.isv_svn)
      .U16(spec.config_svn)
      .Zeros(42)
      .Put(spec.isv_family_id)
      .Put(spec.report_data)
      .Take();
}

Bytes EncodeTdReport(const TdReportSpec& spec, TdReportForm form) {
  Layout out;
  out.Put(spec.tee_tcb_svn)
      .Put(spec.mr_seam)
      .Put(spec.mr_signer_seam)
      .Put(spec.seam_attributes)
      .Put(spec.td_attributes)
      .Put(spec.xfam)
      .Put(spec.mr_td)
      .Put(spec.mr_config_id)
      .Put(spec.mr_owner)
      .Put(spec.mr_owner_config);
  for (const auto& rtmr : spec.rtmr) out.Put(rtmr);
  out.Put(spec.report_data);
  if (form >= TdReportForm::k15) out.Put(spec.tee_tcb_svn2).Put(spec.mr_service_td);
  if (form >= TdReportForm::k15Ex) out.Put(spec.ex);
  return out.Take();
}

Bytes EncodeQuote(const QuoteSpec& spec) {
  const Bytes signed_bytes = der::Concat({Header(spec), Body(spec)});
  const Bytes certification = QeCertification(spec);
  Layout auth;
  auth.Put(spec.attestation_key.SignRaw(signed_bytes)).Put(spec.attestation_key.point());
  if (spec.version >= 4) auth.U16(spec.outer_type).U32(static_cast<uint32_t>(certification.size()));
  auth.Put(certification).Put(spec.auth_padding);
  const Bytes auth_data = auth.Take();
  return Layout()
      .Put(signed_bytes)
      .U32(static_cast<uint32_t>(auth_data.size()))
      .Put(auth_data)
      .Put(spec.trailing)
      .Take();
}

QuoteOffsets LocateQuote(ByteView quote) {
  constexpr size_t kTdSizes[] = {0, 384, 584, 648, 885};
  const size_t version = ReadLittleEndian(quote, 0, 2);
  const bool tdx = ReadLittleEndian(quote, 4, 4) != 0;
  const size_t body_type = version >= 5 ? ReadLittleEndian(quote, kHeaderSize, 2) : tdx ? 2 : 1;
  QuoteOffsets at;
  at.body = kHeaderSize + (version >= 5 ? 6 : 0);
  at.signed_size = at.body + kTdSizes[std::min<size_t>(body_type, 4)];
  at.auth_length = at.signed_size;
  at.signature = at.auth_length + 4;
  at.attestation_key = at.signature + kSignatureSize;
  at.qe_report = at.attestation_key + 64;
  if (version >= 4) {
    at.outer_type = at.qe_report;
    at.qe_report += 6;
  }
  at.qe_report_signature = at.qe_report + kSgxReportSize;
  at.qe_auth_length = at.qe_report_signature + kSignatureSize;
  at.certification_type = at.qe_auth_length + 2 + ReadLittleEndian(quote, at.qe_auth_length, 2);
  at.certification_data = at.certification_type + 6;
  return at;
}

}  // namespace thimble::sim
