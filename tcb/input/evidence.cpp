// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/evidence.h"

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/evidence_json.h"
#include "tcb/input/json_names.h"
#include "tcb/input/member.h"
#include "tcb/input/text_form.h"

namespace thimble::input {
namespace {

Error NoEvidence(std::string message) {
  return {ErrorKind::kMalformed, Check::kEvidenceFormat, std::move(message)};
}

Bytes Copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

Result<Evidence> ReadObject(std::string_view text) {
  const auto document =
      json::Document::Parse(text, "evidence", ErrorKind::kMalformed, Check::kEvidenceFormat);
  if (!document) return NoEvidence(StrCat("the evidence ", Sentence(ContentsOfJson(text))));
  return ReadEvidenceJson((*document)->root());
}

// What a reading of text holds: bytes, or a container.
Result<Evidence> Inside(Reading reading) {
  const std::string_view text = Trimmed(AsText(reading.bytes));
  auto evidence = text.starts_with('{') ? ReadObject(text) : PlainEvidence(std::move(reading.bytes));
  if (!evidence) return evidence;
  evidence->decoded = StrCat(TextFormName(reading.form), " of ", evidence->decoded);
  return evidence;
}

// What is wrong with text none of whose readings is evidence: hex is said of before base64.
Error NoReading(const Reading& first, const Error& inside) {
  const std::string_view text = Trimmed(AsText(first.bytes));
  if (text.starts_with('{')) return inside;
  return NoEvidence(StrCat(
      "the evidence is ", TextFormName(first.form), ", and what it says ", Sentence(ContentsOf(first.bytes)),
      ": no quote, SNP report, HCL report, Open Enclave evidence, TPM quote or VBS report"));
}

Result<Evidence> ReadText(ByteView input) {
  auto readings = ReadingsOf(AsText(input));
  if (readings.empty()) {
    return NoEvidence(
        StrCat("the evidence ", Sentence(ContentsOf(input)),
               ": no quote, SNP report, HCL report, Open Enclave evidence, TPM quote or VBS report"));
  }
  std::optional<Evidence> found;
  std::optional<Error> refused;
  for (const Reading& reading : readings) {
    auto evidence = Inside(reading);  // of a copy: what is wrong with it may still have to be said
    if (!evidence) {
      if (!refused) refused = NoReading(reading, evidence.error());
    } else if (found) {
      return NoEvidence(StrCat("the evidence can be read as ", found->decoded, " and as ", evidence->decoded,
                               ": hand over its bytes"));
    } else {
      found = std::move(*evidence);
    }
  }
  if (found) return *std::move(found);
  // Hex that lost a digit is base64 by chance.
  const bool hex =
      Trimmed(AsText(input)).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (hex && readings.front().form != TextForm::kHex) {
    return NoEvidence(
        StrCat("the evidence ", Sentence(ContentsOf(input)),
               ": no quote, SNP report, HCL report, Open Enclave evidence, TPM quote or VBS report"));
  }
  return *refused;
}

}  // namespace

Result<Evidence> PlainEvidence(Bytes bytes) {
  Evidence out;
  if (HasDriverHeader(bytes)) {
    const auto header = static_cast<std::ptrdiff_t>(kDriverHeaderSize);
    out.decoded = ", without the driver's header of 32 bytes";
    bytes.erase(bytes.begin(), bytes.begin() + header);
  }
  const Contents contents = ContentsOf(bytes);
  const auto kind = KindOf(bytes);
  if (!kind)
    return NoEvidence(
        StrCat("the evidence ", Sentence(contents),
               ": no quote, SNP report, HCL report, Open Enclave evidence, TPM quote or VBS report"));
  out.kind = *kind;
  out.decoded = StrCat(contents.what, out.decoded);
  out.bytes = std::move(bytes);
  return out;
}

Result<Evidence> DecodeEvidence(ByteView input) {
  const std::string_view text = Trimmed(AsText(input));
  const bool header = HasDriverHeader(input);
  if (header || KindOf(input)) {
    TRY_ASSIGN(Evidence evidence, PlainEvidence(Copy(input)));
    if (!header) evidence.decoded.clear();
    return evidence;
  }
  return text.starts_with('{') ? ReadObject(text) : ReadText(input);
}

Result<Evidence> DecodeEvidence(const json::Value& value) {
  if (value.type() == json::Type::kObject) return ReadEvidenceJson(value);
  if (value.type() != json::Type::kArray) {
    TRY_ASSIGN(const std::string_view text, value.String());
    return DecodeEvidence(AsBytes(text));
  }
  TRY_ASSIGN(Reading list, ReadMember(value, "evidence", Check::kEvidenceFormat,
                                      [](ByteView bytes) { return KindOf(bytes).has_value(); }));
  return Inside(std::move(list));
}

}  // namespace thimble::input
