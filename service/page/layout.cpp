// SPDX-License-Identifier: Apache-2.0
//
// The frame around every page: head, way around, and when it was made.
#include "service/page/sections.h"
#include "service/page/words.h"
#include "service/support/version.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

Html Head(std::string_view title) {
  return Html().Add(El("meta", {{"charset", "utf-8"}}), El("title", {}, title),
                    El("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}),
                    El("meta", {{"name", "color-scheme"}, {"content", "light dark"}}),
                    html::Stylesheet("/page.css"), html::Icon("/page.svg"), html::Script("/page.js"));
}

Html Way(bool is_start) {
  if (!is_start)
    return El("nav", {{"aria-label", "Sections"}},
              El("a", {html::Attribute::Href("/")}, "Back to the status"));
  Html links;
  const auto link = [&](html::Path to, std::string_view text) {
    links.Add(El("li", {}, El("a", {html::Attribute::Href(to)}, text)));
  };
  link("#validity", "Validity");
  link("#levels", "TCB levels");
  link("#floors", "Floors");
  link("#verdicts", "Verdicts");
  link("#coming", "Sets to come");
  link("#changes", "Changes");
  link("#upstreams", "Upstreams");
  return El("nav", {{"aria-label", "Sections"}}, El("ul", {}, links));
}

// The box is a script's to show: without one, the link reloads.
Html Reload(Instant now, bool is_start) {
  Html out = El("span", {}, "As of ", Date(now));
  if (is_start) {
    out.Add(El("a", {html::Attribute::Href("/"), {"id", "reload"}}, "Reload"),
            El("label", {{"id", "again"}, {"hidden", ""}},
               El("input", {{"type", "checkbox"}, {"id", "every-minute"}}), " every minute"));
  }
  return El("p", {{"class", "asof"}}, out);
}

}  // namespace

Html Page(std::string_view title, const Html& content, Instant now, bool is_start) {
  return html::Document(
      "en", Head(title),
      El("body", {}, El("a", {{"class", "skip"}, html::Attribute::Href("#main")}, "To the content"),
         El("header", {}, El("h1", {}, El("a", {html::Attribute::Href("/")}, "Thimble")), Way(is_start),
            Reload(now, is_start)),
         El("main", {{"id", "main"}}, content),
         El("footer", {},
            El("p", {}, "Thimble ", kVersion, ". This page changes nothing. ",
               El("a", {html::Attribute::Href("/v1/status")}, "Status as JSON"), " ",
               El("a", {html::Attribute::Href("/metrics")}, "Metrics")))));
}

}  // namespace thimble::page
