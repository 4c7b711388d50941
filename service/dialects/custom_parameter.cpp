// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/custom_parameter.h"

#include <charconv>

#include "tcb/base/bytes.h"

namespace thimble {

std::optional<uint32_t> ParseEvaluationNumber(std::string_view text) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::optional<CustomParameter> ParseCustomParameter(std::string_view text) {
  const auto decoded = FromBase64(text);
  if (!decoded) return std::nullopt;
  CustomParameter out;
  std::string_view rest = AsText(*decoded);
  if (rest.ends_with('\0')) rest.remove_suffix(1);  // clients in C encode the end of their text, too
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, rest.find(';'));
    rest.remove_prefix(piece.size() == rest.size() ? rest.size() : piece.size() + 1);
    const size_t equals = piece.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = piece.substr(0, equals), value = piece.substr(equals + 1);
    if (name == "tcbEvaluationDataNumber" && !out.evaluation_number) {
      out.evaluation_number = ParseEvaluationNumber(value);
      if (!out.evaluation_number) return std::nullopt;
    } else if (name == "region" && out.region.empty()) {
      out.region = value;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace thimble
