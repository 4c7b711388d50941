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

using Guid = std::array<uint8_t, 16>;

// The other order in which hosts write GUIDs, Microsoft's: the first three fields are little endian.
constexpr Guid MixedEndian(const Guid& g) {
  return {g[3], g[2], g[1],  g[0],  g[5],  g[4],  g[7],  g[6],
          g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]};
}

struct KnownGuid {
  Guid guid;  // in text order (RFC 4122), as AMD has them
  TableContent content;
};

// SNP c, "certificate table". The ASK's entry carries the ASVK, too.
constexpr std::array<KnownGuid, 5> kGuids = {{
    {{0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd},
     TableContent::kVcek},
    {{0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1},
     TableContent::kVlek},
    {{0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82},
     TableContent::kIntermediate},
    {{0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae},
     TableContent::kArk},
    {{0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea},
     TableContent::kCrl},
}};

std::optional<TableContent> ContentOf(ByteView guid) {
  for (const KnownGuid& known : kGuids) {
    if (Equal(known.guid, guid) || Equal(MixedEndian(known.guid), guid)) return known.content;
  }
  return std::nullopt;
}

// As text, of the bytes as they stand.
std::string GuidText(ByteView guid) {
  std::string text;
  for (size_t i = 0; i < guid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += HexLower(guid.subspan(i, 1));
  }
  return text;
}

constexpr size_t kMaxTableEntries = 32;
constexpr std::string_view kTable = "certificate table";

struct RawEntry {
  ByteView guid;
  uint64_t offset, length;
};

// The entries up to the all-zero one. nullopt: there is none, so this is no table.
std::optional<std::vector<RawEntry>> ReadHeader(ByteReader& reader, ExtendedReport& out) {
  std::vector<RawEntry> entries;
  for (;;) {
    const auto guid = reader.Take(16);
    const auto offset = reader.U32(), length = reader.U32();
    if (!guid || !offset || !length) return std::nullopt;
    if (AllZero(*guid) && *offset == 0 && *length == 0) return entries;
    if (entries.size() == kMaxTableEntries) {
      out.dropped.push_back(StrCat(kTable, ": what comes after ", kMaxTableEntries, " entries"));
      return entries;
    }
    entries.push_back({*guid, *offset, *length});
  }
}

// An entry without contents is as none: that is how hosts say that they have no such certificate.
void ReadTable(ByteView table, ExtendedReport& out) {
  ByteReader reader(table);
  const auto entries = ReadHeader(reader, out);
  if (!entries) {
    out.dropped.push_back(StrCat(table.size(), " bytes after the report that are no certificate table"));
    return;
  }
  const uint64_t header_size = table.size() - reader.remaining();
  for (size_t i = 0; i < entries->size(); ++i) {
    const RawEntry& entry = entries->at(i);
    if (entry.length == 0) continue;
    const auto content = ContentOf(entry.guid);
    std::string name = StrCat(kTable, ", entry ", i + 1, " (",
                              content ? std::string(TableContentName(*content)) : GuidText(entry.guid), ")");
    if (entry.offset < header_size || entry.offset + entry.length > table.size()) {
      out.dropped.push_back(StrCat(name, ": ", entry.length, " bytes at ", entry.offset, ", outside of ",
                                   header_size, "..", table.size()));
      continue;
    }
    out.table.push_back(
        {std::move(name), content,
         table.subspan(static_cast<size_t>(entry.offset), static_cast<size_t>(entry.length))});
  }
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

std::string_view TableContentName(TableContent content) {
  constexpr std::array<std::string_view, 5> kNames = {"vcek", "vlek", "ask", "ark", "crl"};
  return kNames.at(static_cast<size_t>(content));
}

Result<ExtendedReport> SplitExtendedReport(ByteView evidence) {
  ByteReader reader(evidence);
  const auto report = reader.Take(kReportSize);
  if (!report) return Malformed(StrCat("report: ", evidence.size(), " bytes, expected ", kReportSize));
  ExtendedReport extended{.report = *report, .table = {}, .dropped = {}};
  if (reader.remaining() != 0) ReadTable(reader.rest(), extended);
  return extended;
}

}  // namespace thimble::amd
