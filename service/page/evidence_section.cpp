// SPDX-License-Identifier: Apache-2.0
#include "service/page/sections.h"

namespace thimble::page {

using html::El, html::Html;

Html SearchForm(std::string_view query, Ids ids) {
  const std::string_view hint =
      ids == Ids::kShown ? "An FMSPC, a chip id or a QE id, in hex" : "An FMSPC: 12 hex digits";
  return El("form", {{"method", "get"}, html::Attribute::Action("/"), {"role", "search"}, {"class", "card"}},
            El("h2", {}, El("label", {{"for", "q"}}, "Find a platform")),
            El("p", {{"class", "detail"}, {"id", "q-hint"}}, hint),
            El("div", {{"class", "field"}},
               El("input", {{"id", "q"},
                            {"name", "q"},
                            {"type", "search"},
                            {"value", query},
                            {"autocomplete", "off"},
                            {"spellcheck", "false"},
                            {"aria-describedby", "q-hint"},
                            {"maxlength", 128}}),
               El("button", {}, "Find")));
}

Html EvidenceForm(bool may_verify) {
  if (!may_verify) {
    return El("div", {{"class", "card"}}, El("h2", {}, "Why was it rejected?"),
              El("p", {{"class", "detail"}}, "To have evidence judged here takes the verify role."));
  }
  return El("form",
            {{"method", "post"},
             html::Attribute::Action("/evidence"),
             {"enctype", "multipart/form-data"},
             {"class", "card"},
             {"id", "evidence"}},
            El("h2", {}, "Why was it rejected?"),
            El("p", {{"class", "detail"}, {"id", "evidence-hint"}},
               "Paste a quote or report as base64, hex or a JSON request, or choose a file. It is judged "
               "now, by the default policy, and recorded like any other."),
            El("label", {{"for", "text"}, {"class", "unseen"}}, "Evidence as text"),
            El("textarea", {{"id", "text"},
                            {"name", "text"},
                            {"rows", 3},
                            {"spellcheck", "false"},
                            {"aria-describedby", "evidence-hint"},
                            {"placeholder", "BAACAIEAAAAA\u2026"}}),
            El("div", {{"class", "field"}},
               El("label", {{"for", "file"}, {"class", "unseen"}}, "Evidence as a file"),
               El("input", {{"id", "file"}, {"name", "file"}, {"type", "file"}}), El("button", {}, "Judge")));
}

}  // namespace thimble::page
