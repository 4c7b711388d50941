// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/signed_json.h"

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::intel {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Takes the outer object apart from both ends. What is left between is the signed value: its grammar is for
// the parser of exactly those bytes, which also finds anything that does not belong there (a second member,
// say).
class Ends {
 public:
  explicit Ends(std::string_view text) : rest_(text) {}

  bool Front(std::string_view literal) {
    while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  bool Back(std::string_view literal) {
    while (!rest_.empty() && IsSpace(rest_.back())) rest_.remove_suffix(1);
    if (!rest_.ends_with(literal)) return false;
    rest_.remove_suffix(literal.size());
    return true;
  }

  // A string without quotes or escapes in it: hex needs none.
  bool FrontString(std::string_view* out) {
    if (!Front("\"")) return false;
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos) return false;
    *out = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }
  bool BackString(std::string_view* out) {
    if (!Back("\"")) return false;
    const size_t start = rest_.rfind('"');
    if (start == std::string_view::npos) return false;
    *out = rest_.substr(start + 1);
    rest_.remove_suffix(rest_.size() - start);
    return true;
  }

  // From '{' to '}', without the white space around it.
  bool Object(std::string_view* out) {
    const bool object = Front("{") && Back("}");
    if (!object) return false;
    *out = {rest_.data() - 1, rest_.size() + 2};
    return true;
  }

 private:
  std::string_view rest_;
};

constexpr std::string_view kSignatureKey = "\"signature\"";

bool Split(std::string_view text, std::string_view member_key, std::string_view* value,
           std::string_view* signature) {
  Ends ends(text);
  if (!ends.Front("{") || !ends.Back("}")) return false;
  if (ends.Front(member_key)) {
    return ends.Front(":") && ends.BackString(signature) && ends.Back(":") && ends.Back(kSignatureKey) &&
           ends.Back(",") && ends.Object(value);
  }
  return ends.Front(kSignatureKey) && ends.Front(":") && ends.FrontString(signature) && ends.Front(",") &&
         ends.Front(member_key) && ends.Front(":") && ends.Object(value);
}

}  // namespace

Result<SignedJson> SplitSignedJson(ByteView body, std::string_view member) {
  const auto malformed = [&](std::string_view what) {
    return Error{ErrorKind::kMalformed, Check::kCollateralMalformed, StrCat(member, ": ", what)};
  };
  std::string_view value, signature;
  if (!Split(AsText(body), StrCat("\"", member, "\""), &value, &signature)) {
    return malformed("not an object with the two members, the signed one and \"signature\"");
  }
  auto bytes = FromHex(signature);
  if (!bytes || bytes->size() != 64) return malformed("the signature is not 128 hex digits");
  return SignedJson{AsBytes(value), std::move(*bytes)};
}

}  // namespace thimble::intel
