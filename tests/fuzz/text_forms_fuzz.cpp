// SPDX-License-Identifier: Apache-2.0
//
// PEM, hex, base64, times and durations: what is read is what would be written.
#include "tcb/base/time.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

static void ReadPem(ByteView input) {
  const auto blocks = DecodePem(AsText(input), "CERTIFICATE", 8, Check::kQuoteFormat);
  if (!blocks.ok()) return;
  Holds(blocks->size() <= 8, "the number of blocks is bounded");
  std::string text;
  for (const Bytes& block : *blocks) text += EncodePem(block, "CERTIFICATE");
  const auto again = DecodePem(text, "CERTIFICATE", 8, Check::kQuoteFormat);
  Holds(again.ok() && *again == *blocks, "PEM comes back");
}

static void ReadHex(std::string_view text) {
  const auto bytes = FromHex(text);
  if (!bytes) return;
  Holds(bytes->size() * 2 == text.size(), "two digits a byte");
  Holds(FromHex(HexUpper(*bytes)) == bytes && FromHex(HexLower(*bytes)) == bytes, "hex comes back");
}

static void ReadBase64(std::string_view text) {
  const auto bytes = FromBase64(text);
  if (!bytes) return;
  std::string standard = Base64(*bytes), url = Base64Url(*bytes);
  const std::string padded(text);
  std::string bare = padded.substr(0, padded.find('='));
  const std::string bare_standard = standard.substr(0, standard.find('='));
  Holds(bare == bare_standard || bare == url, "base64 has one form for each alphabet, but for the padding");
}

static void ReadTimes(std::string_view text) {
  if (const auto at = ParseRfc3339(text)) Holds(FormatRfc3339(*at) == text, "RFC 3339 comes back");
  if (const auto at = ParseHttpDate(text)) Holds(FormatHttpDate(*at) == text, "an HTTP date comes back");
  if (const auto duration = ParseDuration(text))
    Holds(ParseDuration(FormatDuration(*duration)) == duration, "a duration comes back");
  (void)ParseUtcTime(text);
  (void)ParseGeneralizedTime(text);
}

FUZZ_TARGET(input) {
  ReadPem(input);
  ReadHex(AsText(input));
  ReadBase64(AsText(input));
  ReadTimes(AsText(input));
  (void)DecodeCrl(input, Check::kCollateralMalformed);
  (void)DecodeCertificates(input, 8, Check::kCollateralMalformed);
}
