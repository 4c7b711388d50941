// SPDX-License-Identifier: Apache-2.0
//
// Whatever comes at run time stays text: hostile strings in every place where one can stand.
#include "service/page/html.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace thimble::html {
namespace {

const std::vector<std::string> kHostile = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "`onload=alert(1)`",
    "</title></textarea></pre></svg><script>",
    "<!-- --><![CDATA[<b>]]>",
    "&lt;b&gt; &#60;b&#62; &amp;",
    "javascript:alert(1)//",
    std::string("nul \0 <b> \x1b[31m \x7f", 18),
    "\xff\xfe<\xc0\xbc script>",
};

// What a tokenizer of HTML takes for the start of markup or the end of an attribute.
size_t Marks(const std::string& markup) {
  return static_cast<size_t>(std::ranges::count_if(markup, [](char c) {
    return c == '<' || c == '>' || c == '"' || c == '\'' || c == '`' || c == '\0' || c == '\x1b';
  }));
}

// The same page with harmless text: the markup differs in the text alone.
TEST(HtmlText, HostileTextAddsNoMarkup) {
  const std::string calm = El("p", {{"title", "calm"}}, "calm", El("b", {}, "calm")).markup();
  for (const std::string& text : kHostile) {
    EXPECT_EQ(Marks(El("p", {{"title", text}}, text, El("b", {}, text)).markup()), Marks(calm)) << text;
  }
}

TEST(HtmlText, SaysTheSame) {
  EXPECT_EQ(El("p", {}, "a < b & \"c\"").markup(), "<p>a &lt; b &amp; &quot;c&quot;</p>");
  EXPECT_EQ(El("input", {{"value", "it's"}, {"size", 3}}).markup(), "<input value=\"it&#39;s\" size=\"3\">");
  EXPECT_EQ(El("p", {}, "\u2713 6\u00a0d").markup(), "<p>\u2713 6\u00a0d</p>");
}

TEST(HtmlText, ALinkStaysOnItsPath) {
  for (const std::string& text : kHostile) {
    const std::string link = Link("/v1/history").With("key", text).With("b", text).At(text).text();
    EXPECT_TRUE(link.starts_with("/v1/history?key=")) << link;
    EXPECT_EQ(std::ranges::count(link, '?'), 1) << link;
    EXPECT_EQ(std::ranges::count(link, '&'), 1) << link;
    EXPECT_EQ(std::ranges::count(link, '#'), 1) << link;
    EXPECT_EQ(link.find_first_of("<>\" "), std::string::npos) << link;
  }
}

TEST(HtmlText, MarkupIsAddedAsItIsAndOnce) {
  const Html bold = El("b", {}, "<x>");
  EXPECT_EQ(Html().Add(bold, bold).markup(), "<b>&lt;x&gt;</b><b>&lt;x&gt;</b>");
  EXPECT_EQ(El("br", {}).markup(), "<br>");
}

// What does not compile: a name of an element or attribute, or a path, that is not a literal of ours.
static_assert(!std::is_constructible_v<Tag, std::string>);
static_assert(!std::is_constructible_v<Key, std::string>);
static_assert(!std::is_constructible_v<Path, std::string>);
static_assert(!std::is_constructible_v<Html, std::string>);
static_assert(!std::is_constructible_v<Link, std::string>);

}  // namespace
}  // namespace thimble::html
