// SPDX-License-Identifier: Apache-2.0
#include "service/page/page.h"

#include <algorithm>

#include "service/page/form.h"
#include "service/page/page_files.h"
#include "service/page/verdict_page.h"
#include "service/page/words.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using html::El, html::Html;
using http::Query, http::Request, http::Response;

constexpr Seconds kChangesOf{7 * 86400};

// Nothing but what is served here, no script or style in the markup, and in nobody's frame.
constexpr const char* kContentPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri "
    "'none'; "
    "frame-ancestors 'none'";

Response Protected(Response response) {
  for (const auto& [name, value] : {std::pair("Content-Security-Policy", kContentPolicy),
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Referrer-Policy", "same-origin"},
                                    {"Cross-Origin-Opener-Policy", "same-origin"},
                                    {"Cross-Origin-Resource-Policy", "same-origin"}}) {
    response.headers.emplace_back(name, value);
  }
  return response;
}

Response Markup(int status, const Html& page) {
  return Protected(http::NoStore(status, "text/html; charset=utf-8", page.markup()));
}

void AddFile(http::Router& router, const char* path, const char* type, std::string_view text) {
  const http::ContentPtr content =
      http::Content::Make(type, std::string(text), {{"Cache-Control", "no-cache"}});
  router.Add({"GET",
              path,
              {},
              [content](const Request&, const Query&) {
                return Protected({.status = 200, .headers = {}, .content = content});
              },
              std::nullopt});
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return IsDigit(c) || (LowerAscii(c) >= 'a' && LowerAscii(c) <= 'f'); });
}

std::string BaselineText(const BaselineBook& book) {
  const BaselinePtr baseline = book.Find("default");
  if (!baseline) return "none";
  const std::string amd = baseline->baseline.amd.empty() ? "none" : baseline->baseline.amd;
  return StrCat("default, version ", baseline->version, ": Intel ", baseline->baseline.intel.ToString(),
                ", AMD ", amd);
}

}  // namespace

void StatusPage::AddTo(http::Router& router) {
  router.Add({"GET", "/", {"q", "set"}, [this](const Request& request, const Query& query) {
                return Status(request, query);
              }});
  router.Add({"POST",
              "/evidence",
              {},
              [this](const Request& request, const Query&) { return Judge(request); },
              Role::kVerify});
  AddFile(router, "/page.css", "text/css; charset=utf-8", page::kStyle);
  AddFile(router, "/page.js", "text/javascript; charset=utf-8", page::kScript);
  AddFile(router, "/page.svg", "image/svg+xml", page::kIcon);
}

page::View StatusPage::Look(RoleSet roles, const std::optional<intel::Fmspc>& only) {
  page::View view;
  view.ids = IdsFor(roles);
  view.status = sources_.health.Report(view.ids);
  view.now = view.status.at;
  view.may_verify = roles.Has(Role::kVerify);
  if (const auto& summary = view.status.summary) {
    view.ready = summary->ready;
    for (const auto& [what, why] : summary->degraded) view.degraded.emplace_back(what, why);
  }
  view.upstreams = sources_.upstreams();
  const std::vector<RememberedTcb> seen = sources_.seen.All();
  view.ladders = MakeTcbLadders(sources_.cache, view.status.items, seen, view.now, only);
  if (const BaselinePtr baseline = sources_.baselines.Find("default")) {
    const auto floors = sources_.floors.Get(baseline->baseline.amd, {}, view.now);
    if (floors.ok() && *floors) {
      view.floors = MakeFloorScales(*floors, seen, view.now);
      view.floors_title = (*floors)->Title();
      view.floors_stale_after = (*floors)->stale_after;
    }
  }
  view.verdicts = sources_.verdicts.LastDay(view.now);
  view.changes = changes_.Since(sources_.cache, view.status.items, view.now - kChangesOf);
  view.baseline = BaselineText(sources_.baselines);
  return view;
}

Response StatusPage::Status(const Request& request, const Query& query) {
  const RoleSet roles = sources_.roles_of(request);
  const std::string term(TrimBlanks(query.Get("q").value_or("")));
  const std::string_view set = query.Get("set").value_or("");
  const auto fmspc = intel::Fmspc::FromHex(term);
  const page::View view = Look(roles, fmspc);

  Html content = page::OverviewSection(view);
  content.Add(El("section", {{"class", "tools"}, {"aria-label", "Ask"}}, page::SearchForm(term, view.ids),
                 page::EvidenceForm(view.may_verify)));
  if (!term.empty() && !fmspc) content.Add(Found(term, view.ids, view.now));
  const Html levels = page::LaddersSection(view, fmspc ? std::optional(fmspc->hex()) : std::nullopt);
  if (fmspc) content.Add(levels);
  content.Add(page::TimelineSection(view), fmspc ? Html() : levels, page::FloorsSection(view),
              page::VerdictsSection(view),
              page::ComingSection(view, set, set.empty() ? "" : Impact(set, request, roles)),
              page::ChangesSection(view), page::UpstreamsSection(view));
  return Markup(200, page::Page("Thimble: status", content, view.now, true));
}

// What it would do is for the administrator to ask, as by POST /v1/impact, which this is.
std::string StatusPage::Impact(std::string_view set, const Request& request, RoleSet roles) {
  Request impact = request;
  impact.method = "POST";
  impact.path = "/v1/impact";
  impact.query.clear();
  json::Writer json(&impact.body);
  impact.body.clear();
  json.BeginObject();
  json.Key("intel").String(set);
  json.EndObject();
  const Response answer = sources_.ask(impact, roles);
  return answer.content ? answer.content->body() : std::string("{}");
}

Response StatusPage::Judge(const Request& request) {
  const Instant now = sources_.clock.Now();
  auto fields = page::ReadForm(request);
  if (!fields) {
    return Markup(400, page::Page("Thimble: not a form",
                                  El("p", {{"class", "note"}},
                                     "That is not what the form sends. Go back and try again."),
                                  now, false));
  }
  std::string& file = (*fields)["file"];
  page::Evidence evidence = page::EvidenceOf(std::move(file.empty() ? (*fields)["text"] : file));
  Request verify = request;
  verify.path = "/v1/verify";
  verify.query.clear();
  verify.body = std::move(evidence.body);
  std::erase_if(verify.headers, [](const auto& header) { return header.first == "content-type"; });
  verify.headers.emplace_back("content-type", std::move(evidence.type));
  const Response answer = sources_.ask(verify, sources_.roles_of(request));
  const std::string body = answer.content ? answer.content->body() : std::string();
  return Markup(answer.status, page::Page("Thimble: the verdict", page::ExplainedVerdict(body), now, false));
}

// -- Search --

Html StatusPage::Found(std::string_view term, Ids ids, Instant now) {
  Html content;
  const bool chip = IsHex(term) && (term.size() == 16 || term.size() == 128),
             qe = IsHex(term) && term.size() == 32;
  if (!chip && !qe) {
    content =
        El("p", {{"class", "empty"}}, "That is no FMSPC (12 hex digits), chip id (16 or 128) or QE id (32).");
  } else if (ids == Ids::kHidden) {
    content =
        El("p", {{"class", "empty"}},
           "To look for chips and QE ids takes the admin role: a client certificate, or the Unix socket.");
  } else {
    content = chip ? FoundChip(term, now) : FoundQe(term);
  }
  return page::Section("found", "Found", Html(), content);
}

Html StatusPage::FoundChip(std::string_view hwid, Instant now) {
  const auto bytes = FromHex(hwid);
  Html rows;
  for (const CacheStatus& item : sources_.cache.PlatformStatus(now, kMaxListed)) {
    const auto* key = std::get_if<VcekKey>(&item.key);
    if (key == nullptr || !bytes || key->hwid != *bytes) continue;
    rows.Add(El("li", {}, El("span", {{"class", "mono"}}, KeyName(item.key)), ": good until ",
                page::Date(item.next_update), " ", page::JsonLink("/v1/status", "its state")));
  }
  if (rows.empty()) return El("p", {{"class", "empty"}}, "No VCEK of that chip is held.");
  return El("ul", {{"class", "reasons"}}, rows);
}

Html StatusPage::FoundQe(std::string_view qe_id) {
  const auto ids = sources_.registry.IdsOf(LowerCase(qe_id));
  if (!ids) return El("p", {{"class", "note"}}, ids.error().message);
  Html rows;
  for (const intel::PlatformId& id : *ids) {
    const auto platform = sources_.registry.Find(id);
    const bool registered = platform.ok() && platform->has_value();
    rows.Add(El("li", {}, El("span", {{"class", "mono"}}, KeyName(PckCertsKey{id})),
                registered ? ": registered " : ": waits for its certificates ",
                page::JsonLink("/v1/status", "its state")));
  }
  if (rows.empty()) return El("p", {{"class", "empty"}}, "No platform with that QE id is registered.");
  return El("ul", {{"class", "reasons"}}, rows);
}

}  // namespace thimble
