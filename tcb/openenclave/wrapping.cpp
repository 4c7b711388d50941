// SPDX-License-Identifier: Apache-2.0
#include "tcb/openenclave/wrapping.h"

#include <algorithm>
#include <array>

#include "tcb/base/byte_reader.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/quote.h"

namespace thimble::openenclave {
namespace {

constexpr uint32_t kReportVersion = 1, kEvidenceVersion = 3, kObsoleteVersion = 2;
constexpr uint32_t kLocalReport = 1, kRemoteReport = 2;
constexpr size_t kReportHeader = 16, kEvidenceHeader = 32, kSnpReportSize = 1184;
constexpr size_t kQuoteFixedPart = 436, kReportDataOffset = 368, kSignatureLengthOffset = 432;
constexpr uint16_t kEcdsaP256 = 2;
constexpr std::string_view kSgxEcdsa = "a3a21e87-1b4d-4014-b70a-a125d2fbcd8c";

// What stands behind a header of this format id.
enum class Inside : uint8_t { kQuoteAndClaims, kReport, kSgxQuote, kTdxQuote, kNothingToJudge };

struct FormatId {
  std::string_view uuid, name;
  Inside inside;
};

constexpr std::array<FormatId, 7> kFormatIds = {{
    {kSgxEcdsa, "SGX ECDSA", Inside::kQuoteAndClaims},
    {"c8303454-d923-4c2c-a691-df7def460a76", "remote report", Inside::kReport},
    {"1923d91e-12d2-4c72-b220-25cd8dace871", "SGX quote", Inside::kSgxQuote},
    {"8ba70286-c1cf-11ed-afa1-0242ac120002", "TDX quote", Inside::kTdxQuote},
    {"09268c33-6e0b-45e5-8a27-15644d0ef89a", "SGX local attestation, which that CPU alone can check",
     Inside::kNothingToJudge},
    {"f228aa3f-de4d-49d3-884c-b2aa87a50da6", "EPID, which is retired", Inside::kNothingToJudge},
    {"5c35d290-a2c2-4c55-9e13-5ad732746c88", "EPID, which is retired", Inside::kNothingToJudge},
}};

struct EvidenceHeader {
  uint32_t version = 0;
  std::string format_id;
  uint64_t data_size = 0;
  ByteView data;
};

Error Malformed(Check check, std::string message) {
  return {ErrorKind::kMalformed, check, std::move(message)};
}

Error WrongFormat(std::string message) { return Malformed(Check::kOeFormat, std::move(message)); }

// In the order in which it is printed.
std::string UuidText(ByteView bytes) {
  const std::string hex = HexLower(bytes);
  const std::string_view text = hex;
  return StrCat(text.substr(0, 8), "-", text.substr(8, 4), "-", text.substr(12, 4), "-", text.substr(16, 4),
                "-", text.substr(20));
}

const FormatId* FindFormatId(std::string_view uuid) {
  const auto* found = std::ranges::find(kFormatIds, uuid, &FormatId::uuid);
  return found == kFormatIds.end() ? nullptr : found;
}

bool BeginsLikeQuote(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = reader.U16(), key_type = reader.U16();
  return version && key_type && *version >= 3 && *version <= 5 && *key_type == kEcdsaP256;
}

std::optional<EvidenceHeader> ReadEvidenceHeader(ByteView bytes) {
  ByteReader reader(bytes);
  EvidenceHeader header;
  const auto version = reader.U32();
  const auto uuid = reader.Take(16);
  const auto padding = reader.U32();  // the compiler's: whatever is in it
  const auto data_size = reader.U64();
  if (!version || !uuid || !padding || !data_size) return std::nullopt;
  return EvidenceHeader{*version, UuidText(*uuid), *data_size, reader.rest()};
}

// The quote at the front, and how much of the bytes is no part of it.
struct Front {
  ByteView quote, rest;
  uint16_t version = 0;
  bool tdx = false;
};

Result<Front> QuoteAtFront(ByteView bytes) {
  TRY_ASSIGN(const intel::Quote quote, intel::ParseQuote(bytes));
  const size_t size = bytes.size() - quote.trailing_bytes;
  return Front{bytes.first(size), bytes.subspan(size), quote.version, quote.tdx};
}

Result<ByteView> OnlyQuote(ByteView bytes, bool tdx) {
  TRY_ASSIGN(const Front front, QuoteAtFront(bytes));
  if (!front.rest.empty()) return WrongFormat(StrCat(front.rest.size(), " bytes after the quote"));
  if (front.tdx != tdx)
    return WrongFormat(
        StrCat("a ", front.tdx ? "TDX" : "SGX", " quote, where one of ", tdx ? "TDX" : "SGX", " must be"));
  return front.quote;
}

Result<Wrapped> ReadInside(const FormatId& format, ByteView data) {
  switch (format.inside) {
    case Inside::kQuoteAndClaims:
      return ParsePluginEvidence(data);
    case Inside::kReport:
      return ParseReport(data);
    case Inside::kSgxQuote:
    case Inside::kTdxQuote:
      break;
    case Inside::kNothingToJudge:
      return Malformed(Check::kOeFormatId, StrCat("format id ", format.uuid, ": ", format.name));
  }
  Wrapped out;
  TRY_ASSIGN(out.quote, OnlyQuote(data, format.inside == Inside::kTdxQuote));
  return out;
}

}  // namespace

bool LooksLikeReport(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = reader.U32(), type = reader.U32();
  const auto size = reader.U64();
  if (!version || !type || !size || *version > kReportVersion) return false;
  if (BeginsLikeQuote(reader.rest())) return true;
  const bool fits = *size == reader.remaining() || bytes.size() < kSnpReportSize;
  return *version == kReportVersion && (*type == kLocalReport || *type == kRemoteReport) && fits;
}

bool LooksLikeEvidence(ByteView bytes) {
  const auto header = ReadEvidenceHeader(bytes);
  if (!header || (header->version != kEvidenceVersion && header->version != kObsoleteVersion)) return false;
  return FindFormatId(header->format_id) != nullptr ||
         (bytes.size() != kSnpReportSize && header->data_size == header->data.size() &&
          BeginsLikeQuote(header->data));  // an SNP report's family and image id are its owner's choice
}

bool LooksLikePluginEvidence(ByteView bytes) {
  if (bytes.size() < kQuoteFixedPart) return false;
  ByteReader start(bytes), at_length(bytes.subspan(kSignatureLengthOffset));
  const auto version = start.U16(), key_type = start.U16();
  const auto tee = start.U32();
  const auto length = at_length.U32();
  if (!version || !key_type || !tee || !length) return false;
  if (*version != 3 || *key_type != kEcdsaP256 || *tee != 0) return false;
  if (!at_length.Take(*length)) return false;
  const ByteView hash = bytes.subspan(kReportDataOffset, Digest256::kSize);
  const ByteView zeros = bytes.subspan(kReportDataOffset + Digest256::kSize, Digest256::kSize);
  return AllZero(zeros) && Equal(hash, Sha256(at_length.rest()).view());
}

Result<Wrapped> ParseReport(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = reader.U32(), type = reader.U32();
  const auto size = reader.U64();
  if (!version || !type || !size)
    return WrongFormat(StrCat("OE report of ", bytes.size(), " bytes, its header has ", kReportHeader));
  if (*version != kReportVersion)
    return WrongFormat(StrCat("OE report: version ", *version, ", must be ", kReportVersion));
  if (*type != kRemoteReport) {
    return Malformed(Check::kOeReportType,
                     StrCat("OE report: type ", *type, ", must be ", kRemoteReport,
                            " (SGX remote); a local report (1) can be checked on its own machine alone"));
  }
  if (*size != reader.remaining()) {
    return WrongFormat(
        StrCat("OE report: its header says ", *size, " bytes, ", reader.remaining(), " follow it"));
  }
  Wrapped out{.format = Format::kReport, .format_id = {}, .quote = {}, .custom_claims = {}};
  TRY_ASSIGN(out.quote, OnlyQuote(reader.rest(), false));
  return out;
}

Result<Wrapped> ParseEvidenceHeader(ByteView bytes) {
  const auto header = ReadEvidenceHeader(bytes);
  if (!header)
    return WrongFormat(StrCat("OE evidence of ", bytes.size(), " bytes, its header has ", kEvidenceHeader));
  if (header->version == kObsoleteVersion)
    return WrongFormat("OE evidence: header version 2 is obsolete; Open Enclave itself reads 3 alone");
  if (header->version != kEvidenceVersion)
    return WrongFormat(
        StrCat("OE evidence: header version ", header->version, ", must be ", kEvidenceVersion));
  if (header->data_size != header->data.size()) {
    return WrongFormat(StrCat("OE evidence: its header says ", header->data_size, " bytes, ",
                              header->data.size(), " follow it"));
  }
  const FormatId* const format = FindFormatId(header->format_id);
  if (format == nullptr) {
    return Malformed(Check::kOeFormatId, StrCat("format id ", header->format_id, ": not known"));
  }
  TRY_ASSIGN(Wrapped out, ReadInside(*format, header->data));
  out.format = Format::kEvidence;
  out.format_id = header->format_id;
  return out;
}

Result<Wrapped> ParsePluginEvidence(ByteView bytes) {
  TRY_ASSIGN(const Front front, QuoteAtFront(bytes));
  if (front.version != 3 || front.tdx) {
    return WrongFormat(StrCat("SGX ECDSA evidence: a ", front.tdx ? "TDX" : "SGX", " quote of version ",
                              front.version, ", must be an SGX quote of version 3"));
  }
  return Wrapped{
      .format = Format::kPluginEvidence, .format_id = {}, .quote = front.quote, .custom_claims = front.rest};
}

Result<Wrapped> ParseBareQuote(ByteView bytes) {
  Wrapped out;
  TRY_ASSIGN(out.quote, OnlyQuote(bytes, false));
  return out;
}

std::optional<ByteView> BehindSgxEcdsaHeader(ByteView bytes) {
  const auto header = ReadEvidenceHeader(bytes);
  const bool fits = header && header->version == kEvidenceVersion && header->format_id == kSgxEcdsa &&
                    header->data_size == header->data.size();
  return fits ? std::optional(header->data) : std::nullopt;
}

}  // namespace thimble::openenclave
