// SPDX-License-Identifier: Apache-2.0
//
// ATTESTATION_REPORT and the certificate table, written byte by byte (spec/amd-sev-snp.md c).
#include <algorithm>
#include <string_view>

#include "tests/support/der_writer.h"
#include "tests/support/sim_amd.h"

namespace thimble::sim {
namespace {

constexpr size_t kReportBytes = 1184, kSignedBytes = 0x2a0, kR = 0x2a0, kS = 0x2e8;

void Put(Bytes& report, size_t offset, ByteView bytes) {
  std::copy(bytes.begin(), bytes.end(), report.begin() + static_cast<std::ptrdiff_t>(offset));
}

template <class T>
Bytes LittleEndian(T value) {
  Bytes out;
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  return out;
}

Bytes Counting(size_t size, uint8_t first) {
  Bytes out(size);
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(first + i);
  return out;
}

void PutPlatform(Bytes& report, const SnpPlatform& platform, const ReportSpec& spec) {
  const auto tcb = platform.tcb.Encode();
  for (const size_t offset : {0x038u, 0x180u, 0x1e0u, 0x1f0u}) Put(report, offset, tcb);
  Put(report, 0x048, LittleEndian(uint32_t{platform.kind == amd::SigningKey::kVlek ? 1u << 2 : 0u}));
  Put(report, 0x1a0, platform.chip_id);
  for (const size_t offset : {0x1e8u, 0x1ecu})
    Put(report, offset, Bytes{spec.firmware.build, spec.firmware.minor, spec.firmware.major});
  if (spec.version >= 3)
    Put(report, 0x188, Bytes{platform.cpuid.family, platform.cpuid.model, platform.cpuid.stepping});
  if (spec.version >= 5) {
    for (const size_t offset : {0x1f8u, 0x200u}) Put(report, offset, LittleEndian(spec.mit_vector));
  }
  // The ETCBs of version 6: only Venice reports them.
  if (spec.version >= 6 && platform.product == amd::Product::kVenice) {
    for (const size_t offset : {0x220u, 0x240u, 0x260u}) Put(report, offset, Counting(14, 1));
  }
}

void PutGuest(Bytes& report, const ReportSpec& spec) {
  Put(report, 0x000, LittleEndian(spec.version));
  Put(report, 0x004, LittleEndian(spec.guest_svn));
  Put(report, 0x008, LittleEndian(spec.policy));
  Put(report, 0x010, Counting(16, 0x10));  // FAMILY_ID
  Put(report, 0x020, Counting(16, 0x20));  // IMAGE_ID
  Put(report, 0x030, LittleEndian(spec.vmpl));
  Put(report, 0x034, LittleEndian(spec.signature_algorithm));
  Put(report, 0x040, LittleEndian(spec.platform_info));
  Put(report, 0x050, spec.report_data);
  Put(report, 0x090, Counting(48, 0x90));  // MEASUREMENT
  Put(report, 0x0c0, Counting(32, 0xc0));  // HOST_DATA
  Put(report, 0x0e0, Counting(48, 0xe0));  // ID_KEY_DIGEST
  Put(report, 0x140, Counting(32, 0x40));  // REPORT_ID
  Put(report, 0x160, Bytes(32, 0xff));     // REPORT_ID_MA
}

void PutSignature(Bytes& report, const SimKey& key) {
  const Bytes r_s = key.SignRaw(ByteView(report).first(kSignedBytes));
  std::reverse_copy(r_s.begin(), r_s.begin() + 48, report.begin() + kR);
  std::reverse_copy(r_s.begin() + 48, r_s.end(), report.begin() + kS);
}

Bytes GuidBytes(std::string_view text) {
  std::string hex(text);
  hex.erase(std::remove(hex.begin(), hex.end(), '-'), hex.end());
  return FromHex(hex).value();
}

}  // namespace

Bytes SimAmd::Report(const SnpPlatform& platform, const ReportSpec& spec) const {
  Bytes report(kReportBytes);
  PutGuest(report, spec);
  PutPlatform(report, platform, spec);
  Apply(spec.bend, report);
  PutSignature(report, LeafKey(platform));
  Apply(spec.bend_signed, report);
  return report;
}

Bytes EncodeCertificateTable(const std::vector<std::pair<std::string, Bytes>>& entries) {
  Bytes header, contents;
  const size_t header_size = 24 * (entries.size() + 1);
  for (const auto& [guid, content] : entries) {
    const auto offset = static_cast<uint32_t>(header_size + contents.size());
    header = der::Concat(
        {header, GuidBytes(guid), LittleEndian(offset), LittleEndian(static_cast<uint32_t>(content.size()))});
    contents = der::Concat({contents, content});
  }
  return der::Concat({header, Bytes(24), contents});
}

std::string MixedEndianGuid(std::string_view guid) {
  Bytes bytes = GuidBytes(guid);
  std::reverse(bytes.begin(), bytes.begin() + 4);
  std::reverse(bytes.begin() + 4, bytes.begin() + 6);
  std::reverse(bytes.begin() + 6, bytes.begin() + 8);
  return HexLower(bytes);
}

Bytes SimAmd::ExtendedReport(const SnpPlatform& platform, const ReportSpec& spec) const {
  const char* leaf_guid = platform.kind == amd::SigningKey::kVcek ? kVcekGuid : kVlekGuid;
  return der::Concat({Report(platform, spec),
                      EncodeCertificateTable({{leaf_guid, Leaf(platform)},
                                              {kAskGuid, Intermediate(platform.product, platform.kind)},
                                              {kArkGuid, Ark(platform.product)},
                                              {kCrlGuid, Crl(platform.product)}})});
}

}  // namespace thimble::sim
