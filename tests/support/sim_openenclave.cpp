// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_openenclave.h"

#include <algorithm>
#include <concepts>

#include "tcb/base/crypto.h"
#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

template <std::unsigned_integral T>
void Append(Bytes& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

void Append(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

Bytes WithNul(std::string_view text) {
  Bytes out(text.begin(), text.end());
  out.push_back(0);
  return out;
}

Bytes WithNul(const Bytes& bytes) { return WithNul(AsText(bytes)); }

Bytes Word(uint32_t value) {
  Bytes out;
  Append(out, value);
  return out;
}

}  // namespace

QuoteOptions Binding(ByteView bound, QuoteOptions options) {
  const Digest256 digest = Sha256(bound);
  const Bend<QuoteSpec> before = options.bend;
  options.bend = [digest, before](QuoteSpec& spec) {
    for (auto* report_data : {&spec.sgx.report_data, &spec.tdx.report_data}) {
      report_data->fill(0);
      std::ranges::copy(digest.view(), report_data->begin());
    }
    Apply(before, spec);
  };
  return options;
}

Bytes EncodeOeReport(const Bytes& quote, const OeReportSpec& spec) {
  Bytes out;
  Append(out, spec.version);
  Append(out, spec.type);
  Append(out, uint64_t{spec.size.value_or(quote.size())});
  Append(out, quote);
  return out;
}

Bytes EncodeOeEvidence(const Bytes& data, const OeEvidenceSpec& spec) {
  Bytes out;
  Append(out, spec.version);
  Append(out, FromHex(spec.format_id).value());
  Append(out, spec.padding);
  Append(out, uint64_t{spec.size.value_or(data.size())});
  Append(out, data);
  return out;
}

Bytes EncodeCustomClaims(const std::vector<std::pair<std::string, Bytes>>& claims) {
  Bytes out;
  Append(out, uint64_t{1});
  Append(out, uint64_t{claims.size()});
  for (const auto& [name, value] : claims) {
    Append(out, uint64_t{name.size() + 1});
    Append(out, uint64_t{value.size()});
    Append(out, WithNul(name));
    Append(out, value);
  }
  return out;
}

Bytes MakeOeEvidence(const SimIntel& intel, const Bytes& custom_claims, const QuoteOptions& options) {
  Bytes data = intel.Quote(Binding(custom_claims, options));
  Append(data, custom_claims);
  return EncodeOeEvidence(data);
}

Bytes EncodeOeEndorsements(const intel::CollateralSet& set, const Bend<OeEndorsementsSpec>& bend) {
  OeEndorsementsSpec spec;
  spec.items = {Word(1),
                WithNul(set.tcb_info),
                WithNul(set.tcb_info_issuer_chain),
                set.pck_crl,
                WithNul(set.root_ca_crl),
                WithNul(set.pck_crl_issuer_chain),
                WithNul(set.qe_identity),
                WithNul(set.qe_identity_issuer_chain),
                WithNul("2026-05-31T00:00:00Z")};
  uint32_t offset = 0;
  for (const Bytes& item : spec.items) {
    spec.offsets.push_back(offset);
    offset += static_cast<uint32_t>(item.size());
  }
  Apply(bend, spec);
  Bytes data;
  for (const uint32_t at : spec.offsets) Append(data, at);
  for (const Bytes& item : spec.items) Append(data, item);
  Bytes out;
  Append(out, spec.version);
  Append(out, spec.enclave_type);
  Append(out, spec.size.value_or(static_cast<uint32_t>(data.size())));
  Append(out, spec.count.value_or(static_cast<uint32_t>(spec.items.size())));
  Append(out, data);
  return out;
}

Bytes OeKeyPem(const SimKey& key) { return WithNul(ToPem(key.SubjectPublicKeyInfo(), "PUBLIC KEY")); }

Bytes MakeOeCertificate(const std::string& oid, const Bytes& content, const SimKey& key, const SimKey& signer,
                        const Bend<CertificateSpec>& bend) {
  CertificateSpec spec;
  spec.serial = {1};
  spec.subject = spec.issuer = {{kCommonName, "Open Enclave SDK"}};
  spec.validity = {kNow, kNow + std::chrono::days(365)};
  spec.more_extensions.push_back(MakeExtension(oid, false, content));
  Apply(bend, spec);
  return MakeCertificate(spec, key, signer);
}

}  // namespace thimble::sim
