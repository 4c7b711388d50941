// SPDX-License-Identifier: Apache-2.0
//
// HTML and SVG, escaped by construction: what is markup comes from literals of ours, which are checked when they are
// compiled, and whatever comes at run time can only be text, the value of an attribute, or a parameter of a link.
#pragma once

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace thimble::html {

// The name of an element: a literal. Scripts and style sheets have functions of their own, since their content is not text.
class Tag {
 public:
  consteval Tag(const char* name) : name_(name) {  // NOLINT(google-explicit-constructor)
    for (const char c : name_) {
      if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != 'T' && c != 'G')
        throw "not the name of an element";
    }
    if (name_.empty() || name_ == "script" || name_ == "style") throw "has a function of its own";
  }
  constexpr std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

// A path or an anchor of ours: a literal. Never another site, never a scheme.
class Path {
 public:
  consteval Path(const char* path) : path_(path) {  // NOLINT(google-explicit-constructor)
    if (path_.empty() || (path_[0] != '/' && path_[0] != '#') || path_.starts_with("//"))
      throw "not a path of ours";
  }
  constexpr std::string_view text() const { return path_; }

 private:
  std::string_view path_;
};

// Where a link leads: a path with parameters and an anchor, which are encoded.
class Link {
 public:
  Link(Path path) : text_(path.text()) {}  // NOLINT(google-explicit-constructor)
  Link With(std::string_view name, std::string_view value) const;
  Link At(std::string_view anchor) const;  // after the parameters
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The name of an attribute whose value is text: a literal, and none by which a value could run, load or style anything.
class Key {
 public:
  consteval Key(const char* name) : name_(name) {  // NOLINT(google-explicit-constructor)
    for (const char c : name_) {
      if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-')
        throw "not an attribute";
    }
    for (const std::string_view other :
         {"", "style", "href", "src", "action", "formaction", "srcdoc", "data"}) {
      if (name_ == other) throw "takes a Link, or is not for us";
    }
    if (name_.starts_with("on")) throw "would be a script";
  }
  constexpr std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

class Attribute {
 public:
  Attribute(Key key, std::string_view value) : name_(key.name()), value_(value) {}
  Attribute(Key key, const char* value) : name_(key.name()), value_(value) {}
  Attribute(Key key, std::integral auto value) : name_(key.name()), value_(std::to_string(value)) {}
  static Attribute Href(Path path) { return Of("href", std::string(path.text())); }
  static Attribute Href(const Link& link) { return Of("href", link.text()); }
  static Attribute Src(Path path) { return Of("src", std::string(path.text())); }
  static Attribute Action(Path path) { return Of("action", std::string(path.text())); }

  std::string_view name() const { return name_; }
  const std::string& value() const { return value_; }

 private:
  Attribute() = default;
  static Attribute Of(std::string_view name, std::string value) {
    Attribute out;
    out.name_ = name;
    out.value_ = std::move(value);
    return out;
  }
  std::string_view name_;
  std::string value_;
};
using Attributes = std::initializer_list<Attribute>;

// A piece of markup. Only the functions here make one that is not empty.
class Html {
 public:
  Html() = default;

  // Adds text, which is escaped, a number, or more markup.
  Html& Add(std::string_view text);
  Html& Add(const char* text) { return Add(std::string_view(text)); }
  Html& Add(std::integral auto number) { return Add(std::string_view(std::to_string(number))); }
  Html& Add(const Html& more) {
    markup_ += more.markup_;
    return *this;
  }
  template <class First, class Second, class... More>
  Html& Add(const First& first, const Second& second, const More&... more) {
    Add(first);
    return Add(second, more...);
  }

  bool empty() const { return markup_.empty(); }
  const std::string& markup() const { return markup_; }

 private:
  friend Html Wrap(std::string_view tag, Attributes attributes, const Html& content);
  friend Html Document(std::string_view language, const Html& head, const Html& body);
  friend Html Raw(std::string_view tag, Attributes attributes);
  std::string markup_;
};

Html Wrap(std::string_view tag, Attributes attributes, const Html& content);
Html Document(std::string_view language, const Html& head, const Html& body);  // with its doctype
Html Stylesheet(Path from);
Html Icon(Path from);
Html Script(Path from);  // deferred

// <tag attributes>content</tag>; without an end tag for the elements that have none.
template <class... Content>
Html El(Tag tag, Attributes attributes, const Content&... content) {
  Html inner;
  (inner.Add(content), ...);
  return Wrap(tag.name(), attributes, inner);
}

}  // namespace thimble::html
