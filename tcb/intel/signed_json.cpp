// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/signed_json.h"

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::intel {
namespace {

// A scanner for the outer object alone. It knows strings and brackets, so it finds where the signed value
// ends; that the value is JSON is for the parser of exactly those bytes to say.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Literal(char c) {
    SkipSpace();
    if (pos_ >= text_.size() || text_[pos_] != c) return false;
    ++pos_;
    return true;
  }

  // A string without escapes: keys and hex need none.
  bool PlainString(std::string_view* out) {
    if (!Literal('"')) return false;
    const size_t start = pos_;
    while (pos_ < text_.size() && text_[pos_] != '"') {
      if (text_[pos_] == '\\' || static_cast<unsigned char>(text_[pos_]) < 0x20) return false;
      ++pos_;
    }
    if (pos_ >= text_.size()) return false;
    *out = text_.substr(start, pos_ - start);
    ++pos_;
    return true;
  }

  // From '{' to its matching '}'.
  bool Object(std::string_view* out) {
    SkipSpace();
    const size_t start = pos_;
    if (pos_ >= text_.size() || text_[pos_] != '{') return false;
    size_t depth = 0;
    for (; pos_ < text_.size(); ++pos_) {
      const char c = text_[pos_];
      if (c == '"' && !SkipString()) return false;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) {
        *out = text_.substr(start, ++pos_ - start);
        return true;
      }
    }
    return false;
  }

  bool AtEnd() {
    SkipSpace();
    return pos_ == text_.size();
  }

 private:
  void SkipSpace() {
    while (pos_ < text_.size() &&
           (text_[pos_] == ' ' || text_[pos_] == '\t' || text_[pos_] == '\n' || text_[pos_] == '\r'))
      ++pos_;
  }

  // Leaves pos_ on the closing quote.
  bool SkipString() {
    for (++pos_; pos_ < text_.size() && text_[pos_] != '"'; ++pos_) {
      if (text_[pos_] == '\\') ++pos_;
    }
    return pos_ < text_.size();
  }

  std::string_view text_;
  size_t pos_ = 0;
};

}  // namespace

Result<SignedJson> SplitSignedJson(ByteView body, std::string_view member) {
  const auto malformed = [&](std::string_view what) {
    return Error{ErrorKind::kMalformed, Check::kCollateralMalformed, StrCat(member, ": ", what)};
  };
  Scanner scanner(AsText(body));
  std::string_view value, signature;
  if (!scanner.Literal('{')) return malformed("not a JSON object");
  for (int i = 0; i < 2; ++i) {
    std::string_view key;
    if (i == 1 && !scanner.Literal(','))
      return malformed("expected two members, the signed one and \"signature\"");
    if (!scanner.PlainString(&key) || !scanner.Literal(':')) return malformed("expected a member");
    if (key == member && value.empty()) {
      if (!scanner.Object(&value)) return malformed("the signed member is not an object");
    } else if (key == "signature" && signature.empty()) {
      if (!scanner.PlainString(&signature)) return malformed("the signature is not a string");
    } else {
      return malformed("unexpected member");
    }
  }
  if (!scanner.Literal('}') || !scanner.AtEnd()) return malformed("something after the two members");
  auto bytes = FromHex(signature);
  if (!bytes || bytes->size() != 64) return malformed("the signature is not 128 hex digits");
  return SignedJson{AsBytes(value), std::move(*bytes)};
}

}  // namespace thimble::intel
