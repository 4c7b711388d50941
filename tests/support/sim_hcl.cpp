// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_hcl.h"

#include <openssl/sha.h>

#include <algorithm>

#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

constexpr size_t kHardwareReportBytes = 1184, kNvIndexBytes = 2600;

Bytes Hash256(ByteView data) {
  Bytes out(SHA256_DIGEST_LENGTH);
  SHA256(data.data(), data.size(), out.data());
  return out;
}

Bytes Little(uint32_t value) {
  Bytes out;
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<uint8_t>(value >> shift));
  return out;
}

template <class T>
Bytes Big(T value) {
  Bytes out;
  for (size_t i = sizeof(T); i-- > 0;) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  return out;
}

Bytes Sized(const Bytes& content) {
  return der::Concat({Big(static_cast<uint16_t>(content.size())), content});
}

Bytes PcrSelection(const std::array<bool, 24>& selection) {
  Bytes bits(3);
  for (size_t i = 0; i < selection.size(); ++i) {
    if (selection[i]) bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | 1u << i % 8);
  }
  return der::Concat({Big(uint32_t{1}), Big(uint16_t{0x000b}), Bytes{3}, bits});
}

}  // namespace

SimRsaKey VtpmKey(std::string_view world) { return SimRsaKey(std::string(world) + "/vtpm", 2048); }

std::string RuntimeData(const SimRsaKey& attestation_key) {
  return R"({"keys":[{"kid":"HCLAkPub","key_ops":["sign"],"kty":"RSA","e":"AQAB","n":")" +
         Base64Url(attestation_key.modulus()) +
         R"("}],"vm-configuration":{"secure-boot":true,"vmUniqueId":"00000000-0000-4000-8000-000000000001"},)" +
         R"("user-data":")" + std::string(126, '0') + R"(AB"})";
}

std::array<uint8_t, 64> BindingOf(std::string_view runtime_data) {
  std::array<uint8_t, 64> out{};
  const Bytes digest = Hash256(AsBytes(runtime_data));
  std::copy(digest.begin(), digest.end(), out.begin());
  return out;
}

Bytes EncodeHclReport(const HclSpec& spec) {
  Bytes hardware_report = spec.hardware_report;
  hardware_report.resize(kHardwareReportBytes);
  const auto size = static_cast<uint32_t>(spec.runtime_data.size());
  const ByteView runtime_data = AsBytes(spec.runtime_data);
  Bytes out = der::Concat({{'H', 'C', 'L', 'A'},
                           Little(spec.version),
                           Little(1236 + size),
                           Little(2),
                           Little(0),
                           Bytes(12),
                           hardware_report,
                           Little(size + 20),
                           Little(1),
                           Little(spec.report_type),
                           Little(spec.hash_type),
                           Little(size),
                           Bytes(runtime_data.begin(), runtime_data.end())});
  out.resize(std::max(out.size(), kNvIndexBytes));
  Apply(spec.bend, out);
  return out;
}

Bytes EncodeTdReportStruct(const std::array<uint8_t, 64>& report_data) {
  Bytes out(1024);
  out[0] = 0x81;
  std::copy(report_data.begin(), report_data.end(), out.begin() + 0x80);
  return out;
}

TpmQuoteBytes MakeTpmQuote(const TpmQuoteSpec& spec, const SimRsaKey& attestation_key) {
  Bytes selected;
  for (size_t i = 0; i < spec.pcrs.size(); ++i) {
    const auto& pcr = spec.pcrs[i].bytes();
    if (spec.selection[i]) selected.insert(selected.end(), pcr.begin(), pcr.end());
  }
  const Bytes clock_and_firmware(25, 0x11);
  Bytes message = der::Concat({Big(uint32_t{0xff544347}), Big(uint16_t{0x8018}), Sized(Bytes(34, 0x22)),
                               Sized(spec.nonce), clock_and_firmware, PcrSelection(spec.selection),
                               Sized(Hash256(selected))});
  Apply(spec.bend, message);
  Bytes signature = attestation_key.SignPkcs1Sha256(message);
  return {std::move(message), std::move(signature)};
}

}  // namespace thimble::sim
