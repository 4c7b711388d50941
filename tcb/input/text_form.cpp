// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/text_form.h"

#include <algorithm>

#include "tcb/base/json.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble::input {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kPemMark = "-----BEGIN ", kPemDashes = "-----";
constexpr Check kUnread = Check::kEvidenceFormat;  // of errors that nobody sees

bool IsSpace(char c) { return kSpace.find(c) != std::string_view::npos; }

std::string WithoutSpace(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return !IsSpace(c); });
  return out;
}

std::string_view WithoutQuotes(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

void Keep(std::vector<Reading>& readings, TextForm form, std::optional<Bytes> bytes) {
  if (bytes && !bytes->empty()) readings.push_back({form, *std::move(bytes)});
}

// Text before the block is none of the evidence, and none that is passed over in silence.
std::optional<Bytes> FromPem(std::string_view text) {
  if (!text.starts_with(kPemMark)) return std::nullopt;
  auto blocks = DecodePem(text, PemLabel(text), 1, kUnread);
  if (!blocks || blocks->size() != 1) return std::nullopt;
  return std::move(blocks->front());
}

std::optional<Bytes> FromByteList(std::string_view text) {
  const auto document = json::Document::Parse(text, "list", ErrorKind::kMalformed, kUnread);
  const auto elements = document ? (*document)->root().Array() : Result<std::vector<json::Value>>(Error{});
  if (!elements) return std::nullopt;
  Bytes out;
  out.reserve(elements->size());
  for (const json::Value& element : *elements) {
    const auto byte = element.Unsigned(UINT8_MAX);
    if (!byte) return std::nullopt;
    out.push_back(static_cast<uint8_t>(*byte));
  }
  return out;
}

}  // namespace

std::string_view TextFormName(TextForm form) {
  switch (form) {
    case TextForm::kHex:
      return "hex";
    case TextForm::kBase64:
      return "base64";
    case TextForm::kBase64Url:
      return "base64url";
    case TextForm::kPem:
      return "PEM";
    case TextForm::kByteList:
      break;
  }
  return "a JSON list of bytes";
}

std::string_view Trimmed(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && (IsSpace(text.back()) || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

bool IsPlainText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || IsSpace(c); });
}

bool LooksLikeDer(ByteView bytes) {
  return bytes.size() > 2 && bytes[0] == 0x30 && bytes[1] >= 0x81 && bytes[1] <= 0x84;
}

std::string_view PemLabel(std::string_view text) {
  const size_t mark = text.find(kPemMark);
  if (mark == std::string_view::npos) return {};
  const std::string_view label = text.substr(mark + kPemMark.size());
  const size_t end = label.find(kPemDashes);
  return end == std::string_view::npos ? std::string_view() : label.substr(0, end);
}

bool IsPkiPem(std::string_view text) {
  const std::string_view label = PemLabel(text);
  return label == "CERTIFICATE" || label == "X509 CRL";
}

std::vector<Reading> ReadingsOf(std::string_view input) {
  const std::string_view text = Trimmed(input);
  std::vector<Reading> readings;
  if (text.empty() || !IsPlainText(text)) return readings;
  if (!PemLabel(text).empty()) {
    const bool other = IsPkiPem(text) || PemLabel(text).ends_with("KEY");
    if (!other) Keep(readings, TextForm::kPem, FromPem(text));
    return readings;
  }
  if (text.starts_with('[')) {
    Keep(readings, TextForm::kByteList, FromByteList(text));
    return readings;
  }
  const std::string digits = WithoutSpace(WithoutQuotes(text));
  const std::string_view view = digits;
  const bool marked = view.starts_with("0x") || view.starts_with("0X");
  Keep(readings, TextForm::kHex, FromHex(marked ? view.substr(2) : view));
  const bool url = view.find_first_of("-_") != std::string_view::npos;
  Keep(readings, url ? TextForm::kBase64Url : TextForm::kBase64, FromBase64(view));
  return readings;
}

Bytes BytesThatFit(ByteView input, const Fits& fits) {
  if (!fits(input)) {
    for (Reading& reading : ReadingsOf(AsText(input))) {
      if (fits(reading.bytes)) return std::move(reading.bytes);
    }
  }
  return {input.begin(), input.end()};
}

}  // namespace thimble::input
