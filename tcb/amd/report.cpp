// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/report.h"

#include <algorithm>
#include <optional>

#include "tcb/base/byte_reader.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

using Block = std::span<const uint8_t, kReportSize>;

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kSnpFormat, std::move(message)};
}

template <size_t Offset, class T>
T Number(Block block) {
  T value = 0;
  const auto bytes = Field<Offset, sizeof(T)>(block);
  for (size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | static_cast<T>(bytes[i]) << (8 * i));
  return value;
}

template <size_t Offset, size_t N>
std::array<uint8_t, N> Array(Block block) {
  std::array<uint8_t, N> out{};
  std::ranges::copy(Field<Offset, N>(block), out.begin());
  return out;
}

template <size_t Offset, class Tag, size_t N>
void Copy(Block block, FixedBytes<Tag, N>& out) {
  out = FixedBytes<Tag, N>(Array<Offset, N>(block));
}

template <size_t Offset>
FirmwareVersion Firmware(Block block) {
  const auto bytes = Field<Offset, 3>(block);
  return {.major = bytes[2], .minor = bytes[1], .build = bytes[0]};
}

// What has been zero in every sample of these versions (SNP c, "reserved report bytes").
Status CheckReserved(Block block) {
  if (Number<0x48, uint32_t>(block) >> 5 != 0) return Malformed("flags at 0x48: reserved bits 31:5 are set");
  if (Number<0x4c, uint32_t>(block) != 0) return Malformed("reserved field at 0x4c is not zero");
  // Later versions may have given them a meaning.
  if (Number<0x00, uint32_t>(block) <= 5 && Number<0x08, uint64_t>(block) >> 26 != 0)
    return Malformed("POLICY: reserved bits 63:26 are set");
  if (!AllZero(Field<0x2d0, 24>(block))) return Malformed("SIGNATURE.R has more than 48 bytes");
  if (!AllZero(Field<0x318, 24>(block))) return Malformed("SIGNATURE.S has more than 48 bytes");
  return {};
}

void ReadIdentity(Block block, SnpClaims& claims) {
  Copy<0x010>(block, claims.family_id);
  Copy<0x020>(block, claims.image_id);
  Copy<0x050>(block, claims.report_data);
  Copy<0x090>(block, claims.measurement);
  Copy<0x0c0>(block, claims.host_data);
  Copy<0x0e0>(block, claims.id_key_digest);
  Copy<0x110>(block, claims.author_key_digest);
  Copy<0x140>(block, claims.report_id);
  Copy<0x160>(block, claims.report_id_ma);
  Copy<0x1a0>(block, claims.chip_id);
}

void ReadPlatform(Block block, SnpClaims& claims) {
  claims.platform_info = Number<0x40, uint64_t>(block);
  claims.raw_current_tcb = Array<0x038, 8>(block);
  claims.raw_reported_tcb = Array<0x180, 8>(block);
  claims.raw_committed_tcb = Array<0x1e0, 8>(block);
  claims.raw_launch_tcb = Array<0x1f0, 8>(block);
  claims.current_version = Firmware<0x1e8>(block);
  claims.committed_version = Firmware<0x1ec>(block);
  if (claims.version >= 3) {
    const auto cpuid = Field<0x188, 3>(block);
    claims.cpuid = CpuId{.family = cpuid[0], .model = cpuid[1], .stepping = cpuid[2]};
  }
  if (claims.version >= 5) {
    claims.launch_mit_vector = Number<0x1f8, uint64_t>(block);
    claims.current_mit_vector = Number<0x200, uint64_t>(block);
  }
  if (claims.version >= 6) {
    claims.current_etcb = Array<0x220, 32>(block);
    claims.launch_etcb = Array<0x240, 32>(block);
    claims.committed_etcb = Array<0x260, 32>(block);
  }
}

SnpClaims ReadClaims(Block block) {
  SnpClaims claims;
  const uint32_t flags = Number<0x48, uint32_t>(block);
  claims.version = Number<0x00, uint32_t>(block);
  claims.guest_svn = Number<0x04, uint32_t>(block);
  claims.policy = Number<0x08, uint64_t>(block);
  claims.vmpl = Number<0x30, uint32_t>(block);
  claims.author_key_en = (flags & 1) != 0;
  claims.mask_chip_key = (flags >> 1 & 1) != 0;
  claims.signing_key = static_cast<uint8_t>(flags >> 2 & 7);
  ReadIdentity(block, claims);
  ReadPlatform(block, claims);
  return claims;
}

struct KnownGuid {
  std::string_view bytes;  // in text order (RFC 4122), as the table has them
  TableContent content;
};

// SNP c, "certificate table". The ASK's entry carries the ASVK, too.
constexpr std::array<KnownGuid, 5> kGuids = {{
    {"\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd", TableContent::kVcek},
    {"\xa8\x07\x4b\xc2\xa2\x5a\x48\x3e\xaa\xe6\x39\xc0\x45\xa0\xb8\xa1", TableContent::kVlek},
    {"\x4a\xb7\xb3\x79\xbb\xac\x4f\xe4\xa0\x2f\x05\xae\xf3\x27\xc7\x82", TableContent::kIntermediate},
    {"\xc0\xb4\x06\xa4\xa8\x03\x49\x52\x97\x43\x3f\xb6\x01\x4c\xd0\xae", TableContent::kArk},
    {"\x92\xf8\x1b\xc3\x58\x11\x4d\x3d\x97\xff\xd1\x9f\x88\xdc\x67\xea", TableContent::kCrl},
}};

constexpr size_t kMaxTableEntries = 32;

struct RawEntry {
  ByteView guid;
  uint64_t offset, length;
};

// The entries up to the all-zero one, and the length of the header they make up.
Result<std::vector<RawEntry>> ReadHeader(ByteReader& reader) {
  std::vector<RawEntry> entries;
  while (entries.size() <= kMaxTableEntries) {
    const auto guid = reader.Take(16);
    const auto offset = reader.U32(), length = reader.U32();
    if (!guid || !offset || !length) return Malformed("certificate table: the header has no end");
    if (AllZero(*guid) && *offset == 0 && *length == 0) return entries;
    entries.push_back({*guid, *offset, *length});
  }
  return Malformed(StrCat("certificate table: more than ", kMaxTableEntries, " entries"));
}

Result<std::vector<TableEntry>> ReadTable(ByteView table) {
  ByteReader reader(table);
  TRY_ASSIGN(const auto entries, ReadHeader(reader));
  const uint64_t header_size = table.size() - reader.remaining();
  std::vector<TableEntry> out;
  for (const RawEntry& entry : entries) {
    if (entry.offset < header_size || entry.offset + entry.length > table.size()) {
      return Malformed(StrCat("certificate table: entry at ", entry.offset, ", ", entry.length,
                              " bytes, lies outside ", header_size, "..", table.size()));
    }
    const auto known =
        std::ranges::find_if(kGuids, [&](const KnownGuid& g) { return Equal(AsBytes(g.bytes), entry.guid); });
    if (known == kGuids.end()) continue;
    out.push_back({known->content,
                   table.subspan(static_cast<size_t>(entry.offset), static_cast<size_t>(entry.length))});
  }
  return out;
}

}  // namespace

Result<Report> ParseReport(ByteView bytes) {
  if (bytes.size() != kReportSize) {
    return Malformed(StrCat("report: ", bytes.size(), " bytes, expected ", kReportSize));
  }
  const Block block = bytes.first<kReportSize>();
  const uint32_t version = Number<0x00, uint32_t>(block);
  if (version < 2 || version > 6) {
    return Error{ErrorKind::kMalformed, Check::kSnpVersion,
                 StrCat("report version ", version, ", supported are 2 to 6")};
  }
  TRY(CheckReserved(block));
  Report report;
  report.signed_bytes = Field<0, 0x2a0>(block);
  report.signature_algorithm = Number<0x34, uint32_t>(block);
  // Little endian in the report.
  std::ranges::reverse_copy(Field<0x2a0, 48>(block), report.signature.begin());
  std::ranges::reverse_copy(Field<0x2e8, 48>(block), report.signature.begin() + 48);
  report.claims = ReadClaims(block);
  return report;
}

void DecodeTcbs(SnpClaims& claims, Product product) {
  claims.current_tcb = TcbVersion::Decode(product, claims.raw_current_tcb);
  claims.reported_tcb = TcbVersion::Decode(product, claims.raw_reported_tcb);
  claims.committed_tcb = TcbVersion::Decode(product, claims.raw_committed_tcb);
  claims.launch_tcb = TcbVersion::Decode(product, claims.raw_launch_tcb);
}

Result<ExtendedReport> SplitExtendedReport(ByteView evidence) {
  ByteReader reader(evidence);
  const auto report = reader.Take(kReportSize);
  if (!report) return Malformed(StrCat("report: ", evidence.size(), " bytes, expected ", kReportSize));
  ExtendedReport extended{.report = *report, .table = {}};
  if (reader.remaining() == 0) return extended;
  TRY_ASSIGN(extended.table, ReadTable(reader.rest()));
  return extended;
}

}  // namespace thimble::amd
