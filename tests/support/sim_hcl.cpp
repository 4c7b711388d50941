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

Bytes Hash384(ByteView data) {
  Bytes out(SHA384_DIGEST_LENGTH);
  SHA384(data.data(), data.size(), out.data());
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

Bytes Selection(const tpm::PcrSelection& selection, uint8_t size) {
  Bytes bits(size);
  for (const uint8_t number : selection.pcrs)
    bits.at(number / 8) = static_cast<uint8_t>(bits.at(number / 8) | 1u << number % 8);
  return der::Concat({Big(selection.bank), Bytes{size}, bits});
}

std::vector<tpm::PcrSelection> SelectionsOf(const TpmQuoteSpec& spec) {
  if (!spec.selections.empty()) return spec.selections;
  std::vector<tpm::PcrSelection> out;
  for (const auto& [bank, values] : spec.pcrs) {
    tpm::PcrSelection& selection = out.emplace_back(tpm::PcrSelection{bank, {}});
    for (const auto& [number, value] : values) selection.pcrs.push_back(number);
  }
  return out;
}

// TPMS_ATTEST. A PCR that is quoted and has no value here has zeros.
Bytes Attest(const TpmQuoteSpec& spec) {
  Bytes selected, encoded;
  const auto selections = SelectionsOf(spec);
  for (const tpm::PcrSelection& selection : selections) {
    for (const uint8_t number : selection.pcrs) {
      const auto bank = spec.pcrs.find(selection.bank);
      const bool given = bank != spec.pcrs.end() && bank->second.contains(number);
      selected = der::Concat({selected, given ? bank->second.at(number) : Bytes(32)});
    }
    encoded = der::Concat({encoded, Selection(selection, spec.selection_bytes)});
  }
  const Bytes digest = spec.hash == HashAlgorithm::kSha256 ? Hash256(selected) : Hash384(selected);
  const Bytes clock_and_firmware(25, 0x11);
  Bytes message = der::Concat({Big(uint32_t{0xff544347}), Big(uint16_t{0x8018}), Sized(Bytes(34, 0x22)),
                               Sized(spec.nonce), clock_and_firmware,
                               Big(static_cast<uint32_t>(selections.size())), encoded, Sized(digest)});
  Apply(spec.bend, message);
  return message;
}

uint16_t HashId(HashAlgorithm hash) { return hash == HashAlgorithm::kSha256 ? tpm::kSha256 : tpm::kSha384; }

std::string RuntimeDataWith(const std::string& key) {
  return R"({"keys":[{"kid":"HCLAkPub","key_ops":["sign"],)" + key +
         R"(}],"vm-configuration":{"secure-boot":true,"console-enabled":false,)" +
         R"("vmUniqueId":"00000000-0000-4000-8000-000000000001"},)" + R"("user-data":")" +
         std::string(126, '0') + R"(AB"})";
}

}  // namespace

SimRsaKey VtpmKey(std::string_view world) { return SimRsaKey(std::string(world) + "/vtpm", 2048); }

SimKey EllipticVtpmKey(Curve curve) { return SimKey("amd/vtpm", curve); }

std::string RuntimeData(const SimRsaKey& attestation_key) {
  return RuntimeDataWith(R"("kty":"RSA","e":"AQAB","n":")" + Base64Url(attestation_key.modulus()) + "\"");
}

std::string RuntimeData(const SimKey& attestation_key) {
  const ByteView point = attestation_key.point();
  const size_t half = point.size() / 2;
  return RuntimeDataWith(std::string(R"("kty":"EC","crv":")") + (half == 32 ? "P-256" : "P-384") +
                         R"(","x":")" + Base64Url(point.first(half)) + R"(","y":")" +
                         Base64Url(point.last(half)) + "\"");
}

tpm::PcrValues SomePcrs(uint16_t bank, uint8_t count) {
  const auto known = std::ranges::find(tpm::kPcrBanks, bank, &tpm::PcrBank::id);
  tpm::PcrValues pcrs;
  for (uint8_t i = 0; i < count; ++i)
    pcrs[bank][i] = Bytes(known->digest_size, static_cast<uint8_t>(bank * 16 + i));
  return pcrs;
}

std::string PcrsJson(const tpm::PcrValues& pcrs) {
  std::string out;
  for (const auto& [bank, values] : pcrs) {
    out += (out.empty() ? "{\"" : ",\"") + tpm::PcrBankName(bank) + "\":{";
    for (const auto& [number, value] : values)
      out += (out.ends_with('{') ? "\"" : ",\"") + std::to_string(number) + "\":\"" + HexLower(value) + "\"";
    out += '}';
  }
  return out + "}";
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

Bytes WrapRsaSignature(uint16_t scheme, uint16_t hash, const Bytes& signature) {
  return der::Concat({Big(scheme), Big(hash), Sized(signature)});
}

TpmQuoteBytes MakeTpmQuote(const TpmQuoteSpec& spec, const SimRsaKey& attestation_key) {
  Bytes message = Attest(spec);
  const bool pss = spec.scheme == tpm::Scheme::kRsapss;
  Bytes signature =
      pss ? attestation_key.SignPss(message, spec.hash) : attestation_key.SignPkcs1(message, spec.hash);
  if (spec.form == SignatureForm::kWrapped)
    signature = WrapRsaSignature(pss ? 0x0016 : 0x0014, HashId(spec.hash), signature);
  return {std::move(message), std::move(signature)};
}

TpmQuoteBytes MakeTpmQuote(const TpmQuoteSpec& spec, const SimKey& attestation_key) {
  Bytes message = Attest(spec);
  if (spec.form == SignatureForm::kBare) {
    Bytes signature = attestation_key.SignDer(message);
    return {std::move(message), std::move(signature)};
  }
  const Bytes r_s = attestation_key.SignRaw(message);
  const auto half = r_s.begin() + static_cast<std::ptrdiff_t>(r_s.size() / 2);
  Bytes signature = der::Concat({Big(uint16_t{0x0018}), Big(HashId(spec.hash)),
                                 Sized(Bytes(r_s.begin(), half)), Sized(Bytes(half, r_s.end()))});
  return {std::move(message), std::move(signature)};
}

}  // namespace thimble::sim
