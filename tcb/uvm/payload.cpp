// SPDX-License-Identifier: Apache-2.0
//
// What is endorsed: a measurement and the image's SVN (spec/azure-containers.md sections 3.2, 3.3).
#include <algorithm>
#include <charconv>
#include <limits>

#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/uvm/statement.h"

namespace thimble::uvm {
namespace {

constexpr uint64_t kMaxSvn = std::numeric_limits<uint32_t>::max();
constexpr int64_t kSha384 = -43;
constexpr std::string_view kJson = "application/json", kOctets = "application/octet-stream";
constexpr std::string_view kMeasurement = "x-ms-sevsnpvm-launchmeasurement", kSvn = "x-ms-sevsnpvm-guestsvn",
                           kSvnInteger = "x-ms-sevsnpvm-guestsvn-int";

Error Rejected(std::string_view problem) {
  return {ErrorKind::kRejected, Check::kUvmPayload, StrCat("UVM endorsement: ", problem)};
}

bool HasText(const cbor::Value& header, int64_t label, std::string_view text) {
  const cbor::Value* const value = header.Find(label);
  return value != nullptr && value->Text() == text;
}

// Decimal digits and nothing else; no zero before them.
std::optional<uint32_t> SvnFromText(std::string_view text) {
  const bool digits =
      !text.empty() && std::ranges::all_of(text, IsDigit) && (text.size() == 1 || text.front() != '0');
  uint32_t svn = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), svn);
  return digits && error == std::errc() && end == text.data() + text.size() ? std::optional(svn)
                                                                            : std::nullopt;
}

// A text of digits, or a number: both are signed by Microsoft.
Result<uint32_t> ReadSvn(const json::Value& payload) {
  const auto member = payload.Find(kSvn);
  if (!member) return Rejected(StrCat("the payload has no ", kSvn));
  std::optional<uint32_t> svn;
  if (const auto text = member->String()) {
    svn = SvnFromText(*text);
  } else if (const auto number = member->Unsigned(kMaxSvn)) {
    svn = static_cast<uint32_t>(*number);
  }
  if (!svn) return Rejected(StrCat(kSvn, " is no whole number from 0 to 4294967295"));
  const auto integer = payload.Find(kSvnInteger);
  if (!integer) return *svn;
  const auto other = integer->Unsigned(kMaxSvn);
  if (!other || *other != *svn) return Rejected(StrCat(kSvnInteger, " is not the number of ", kSvn));
  return *svn;
}

Result<Payload> ReadJson(const Statement& statement) {
  const cbor::Value& header = statement.message.protected_header;
  if (!HasText(header, cose::kContentType, kJson))
    return Rejected("the content type is not application/json");
  if (header.Find(cose::kPayloadHashAlg) != nullptr || header.Find(cose::kPreimageContentType) != nullptr)
    return Rejected("the payload is a hash, and who issued it is not in CWT claims");
  const auto document = json::Document::Parse(AsText(*statement.message.payload), "UVM endorsement's payload",
                                              ErrorKind::kRejected, Check::kUvmPayload);
  if (!document) return document.error();
  const json::Value payload = (*document)->root();
  const auto text = payload.GetString(kMeasurement);
  if (!text) return text.error();
  const auto measurement = Measurement::FromHex(*text);
  if (!measurement || measurement->hex() != *text)
    return Rejected(StrCat(kMeasurement, " is not 96 lower-case hex digits"));
  TRY_ASSIGN(const uint32_t svn, ReadSvn(payload));
  return Payload{*measurement, svn};
}

// The payload is the measurement, presented as the SHA-384 of something that nobody has.
Result<Payload> ReadEnvelope(const Statement& statement) {
  const cbor::Value& header = statement.message.protected_header;
  const cbor::Value* const hash = header.Find(cose::kPayloadHashAlg);
  if (hash == nullptr || hash->Integer() != kSha384)
    return Rejected("the payload's hash is not named SHA-384");
  if (!HasText(header, cose::kPreimageContentType, kOctets))
    return Rejected(
        "the preimage is not application/octet-stream: the payload is the hash of a document, no "
        "measurement");
  if (header.Find(cose::kContentType) != nullptr)
    return Rejected("a hash envelope has a content type of its own");
  const cbor::Value* const svn = header.Find(cose::kCwtClaims)->Find("svn");
  const auto number = svn != nullptr ? svn->Unsigned() : std::nullopt;
  if (!number || *number > kMaxSvn) return Rejected("the CWT claims have no svn from 0 to 4294967295");
  const auto measurement = Measurement::From(*statement.message.payload);
  if (!measurement)
    return Rejected(StrCat("the payload has ", statement.message.payload->size(), " bytes, expected 48"));
  return Payload{*measurement, static_cast<uint32_t>(*number)};
}

}  // namespace

Result<Payload> ReadPayload(const Statement& statement) {
  return statement.format == Format::kLegacy ? ReadJson(statement) : ReadEnvelope(statement);
}

}  // namespace thimble::uvm
