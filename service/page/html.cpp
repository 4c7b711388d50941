// SPDX-License-Identifier: Apache-2.0
#include "service/page/html.h"

#include <algorithm>
#include <array>

#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble::html {
namespace {

constexpr std::array<std::string_view, 6> kWithoutEnd = {"br", "hr", "img", "input", "link", "meta"};

// As a reference, or as it is. Control characters have no meaning in HTML, and NUL is an error: both are shown as U+FFFD.
void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '&':
      out += "&amp;";
      return;
    case '<':
      out += "&lt;";
      return;
    case '>':
      out += "&gt;";
      return;
    case '"':
      out += "&quot;";
      return;
    case '\'':
      out += "&#39;";
      return;
    case '`':
      out += "&#96;";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  const bool control = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
  out += control ? std::string_view("\xef\xbf\xbd") : std::string_view(&c, 1);
}

std::string Escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) AppendEscaped(out, c);
  return out;
}

}  // namespace

Link Link::With(std::string_view name, std::string_view value) const {
  Link out = *this;
  const bool first = text_.find('?') == std::string::npos;
  out.text_ += StrCat(first ? "?" : "&", PercentEncode(name), "=", PercentEncode(value));
  return out;
}

Link Link::At(std::string_view anchor) const {
  Link out = *this;
  out.text_ += StrCat("#", PercentEncode(anchor));
  return out;
}

Html& Html::Add(std::string_view text) {
  markup_ += Escaped(text);
  return *this;
}

Html Raw(std::string_view tag, Attributes attributes) {
  Html out;
  out.markup_ = StrCat("<", tag);
  for (const Attribute& attribute : attributes)
    out.markup_ += StrCat(" ", attribute.name(), "=\"", Escaped(attribute.value()), "\"");
  out.markup_ += ">";
  return out;
}

Html Wrap(std::string_view tag, Attributes attributes, const Html& content) {
  Html out = Raw(tag, attributes);
  if (std::ranges::find(kWithoutEnd, tag) != kWithoutEnd.end()) return out;
  out.markup_ += StrCat(content.markup(), "</", tag, ">");
  return out;
}

Html Document(std::string_view language, const Html& head, const Html& body) {
  Html out;
  out.markup_ = "<!doctype html>\n";
  out.Add(Wrap("html", {{"lang", language}}, Html().Add(Wrap("head", {}, head), body)));
  return out;
}

Html Stylesheet(Path from) { return Wrap("link", {{"rel", "stylesheet"}, Attribute::Href(from)}, {}); }

Html Icon(Path from) {
  return Wrap("link", {{"rel", "icon"}, {"type", "image/svg+xml"}, Attribute::Href(from)}, {});
}

Html Script(Path from) {
  Html out;
  out.Add(Wrap("script", {{"defer", ""}, Attribute::Src(from)}, {}));
  return out;
}

}  // namespace thimble::html
