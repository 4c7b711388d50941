// SPDX-License-Identifier: Apache-2.0
#include "service/page/verdict_page.h"

#include <algorithm>
#include <string>
#include <vector>

#include "service/page/json_members.h"
#include "service/page/words.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::page {
namespace {

using html::El, html::Html;
using json::Value;

std::vector<Value> FailedRules(const Value& result) {
  const auto policy = result.Find("policy");
  std::vector<Value> rules = policy ? ListOf(*policy, "rules") : std::vector<Value>();
  std::erase_if(rules, [](const Value& rule) { return rule.GetBool("ok").ok() && *rule.GetBool("ok"); });
  return rules;
}

Html Reason(std::string_view check, std::string_view message) {
  return El("li", {}, El("b", {{"class", "mono"}}, check), " ", message);
}

// The reasons: what is not authentic, what the policy refuses.
Html Reasons(const Value& result) {
  Html out;
  for (const Value& finding : ListOf(result, "findings"))
    if (TextOf(finding, "severity") == "hard")
      out.Add(Reason(TextOf(finding, "check"), TextOf(finding, "message")));
  for (const Value& rule : FailedRules(result))
    out.Add(Reason(TextOf(rule, "rule"),
                   StrCat("the policy wants ", TextOf(rule, "wanted"), ", found ", TextOf(rule, "found"))));
  return out.empty() ? Html() : Html().Add(El("h3", {}, "Because"), El("ul", {{"class", "reasons"}}, out));
}

Html Notes(const Value& result) {
  Html out;
  for (const Value& finding : ListOf(result, "findings"))
    if (TextOf(finding, "severity") != "hard")
      out.Add(Reason(TextOf(finding, "check"), TextOf(finding, "message")));
  return out.empty() ? Html()
                     : Html().Add(El("h3", {}, "Found beside"), El("ul", {{"class", "reasons"}}, out));
}

// How much of what is needed is there.
Html Gauge(const Value& shortfall) {
  const auto have = shortfall.GetUnsigned("have", 1u << 30), need = shortfall.GetUnsigned("need", 1u << 30);
  if (!have || !need || *need == 0) return {};
  const auto part = static_cast<int64_t>(std::min(*have * 100 / *need, uint64_t{100}));
  return El("svg", {{"class", "share"}, {"width", "100%"}, {"height", 8}, {"aria-hidden", "true"}},
            El("rect", {{"class", "track"}, {"width", "100%"}, {"height", 8}}),
            El("rect", {{"class", "warning"}, {"width", StrCat(part, "%")}, {"height", 8}}));
}

Html Shortfalls(const Value& result) {
  Html rows;
  for (const Value& shortfall : ListOf(result, "shortfalls")) {
    const std::string bulletin = TextOf(shortfall, "bulletin");
    rows.Add(El("tr", {},
                El("th", {{"scope", "row"}, {"class", "mono"}}, TextOf(shortfall, "component"),
                   bulletin.empty() ? Html() : El("small", {}, bulletin)),
                El("td", {{"class", "number"}}, TextOf(shortfall, "have")),
                El("td", {{"class", "number"}}, TextOf(shortfall, "need")),
                El("td", {{"class", "drawing"}}, Gauge(shortfall)),
                El("td", {}, TextOf(shortfall, "update"))));
  }
  if (rows.empty()) return {};
  const auto head = [](std::string_view kind, std::string_view text) {
    return El("th", {{"scope", "col"}, {"class", kind}}, text);
  };
  return Html().Add(
      El("h3", {}, "What would change it"),
      El("div",
         {{"class", "wide"}, {"tabindex", 0}, {"role", "region"}, {"aria-label", "What would change it"}},
         El("table", {},
            El("thead", {},
               El("tr", {}, head("", "Component"), head("number", "Has"), head("number", "Needs"),
                  head("", ""), head("", "Update"))),
            El("tbody", {}, rows))));
}

Html Checks(const Value& result) {
  size_t passed = 0;
  Html others;
  for (const Value& check : ListOf(result, "checks")) {
    const std::string outcome = TextOf(check, "result");
    if (outcome == "passed") {
      ++passed;
      continue;
    }
    others.Add(
        El("li", {},
           Chip(outcome == "failed" ? Tone::kBad : Tone::kQuiet, outcome == "failed" ? "failed" : "not run"),
           " ", El("span", {{"class", "mono"}}, TextOf(check, "check")), " ", TextOf(check, "reason")));
  }
  return Html().Add(El("h3", {}, "Checks"), El("p", {}, Chip(Tone::kGood, StrCat(passed, " passed"))),
                    others.empty() ? Html() : El("ul", {{"class", "reasons"}}, others));
}

Html Fact(std::string_view name, const std::string& value) {
  return value.empty() ? Html() : El("div", {}, El("dt", {}, name), El("dd", {}, value));
}

Html Facts(const Value& result) {
  const auto platform = result.Find("platform");
  Html facts = Fact("Evidence", TextOf(result, "tee"));
  facts.Add(Fact("TCB status", TextOf(result, "tcb_status")), Fact("of", TextOf(result, "tcb_date")),
            Fact("FMSPC", platform ? TextOf(*platform, "fmspc") : ""),
            Fact("Advisories", TextOf(result, "advisories")),
            Fact("Evaluation", TextOf(result, "evaluation")),
            Fact("Authentic up to", TextOf(result, "trust_anchor")), Fact("Judged at", TextOf(result, "at")),
            Fact("Rests on what holds until", TextOf(result, "earliest_expiry")));
  return El("dl", {{"class", "facts"}}, facts);
}

Html Json(std::string_view answer) {
  return El("details", {}, El("summary", {}, "The JSON of this answer"),
            El("pre", {{"tabindex", 0}}, answer));
}

Html Problem(const Value& problem) {
  const std::string check = TextOf(problem, "check");
  return El("div", {{"class", "answer warning"}}, El("h2", {}, "No verdict"),
            El("p", {{"class", "big"}}, Chip(Tone::kWarning, TextOf(problem, "title"))),
            El("p", {}, TextOf(problem, "detail")),
            check.empty()
                ? Html()
                : El("p", {{"class", "detail"}}, "Check ", El("b", {{"class", "mono"}}, check), "."));
}

// What made the evidence, if it is authentic.
std::string_view MakerOf(const Value& result) {
  const std::string evidence = TextOf(result, "evidence_class");
  if (evidence == "virtual_tpm") return "a TPM made it, which is no TEE";
  if (evidence == "vbs") return "a Windows hypervisor made it, which is no TEE";
  return "genuine hardware made it";
}

Html Headline(const Value& result) {
  const bool accepted = TextOf(result, "decision") == "accept";
  const bool authentic = result.GetBool("authentic").ok() && *result.GetBool("authentic");
  const std::string_view maker = MakerOf(result);
  const std::string detail = accepted ? StrCat("It is authentic: ", maker, ". It is within the policy.")
                             : authentic
                                 ? StrCat("It is authentic: ", maker, ". The policy does not take it.")
                                 : StrCat("It is not authentic: that ", maker, " is not proved.");
  return El("div", {{"class", accepted ? "answer good" : "answer bad"}}, El("h2", {}, "Decision"),
            El("p", {{"class", "big"}},
               Chip(accepted ? Tone::kGood : Tone::kBad, accepted ? "Accepted" : "Rejected")),
            El("p", {{"class", "detail"}}, detail));
}

}  // namespace

Html ExplainedVerdict(std::string_view answer) {
  const auto document =
      json::Document::Parse(answer, "result", ErrorKind::kUnavailable, Check::kUpstreamAnswer);
  Html content;
  if (!document) {
    content = El("p", {}, document.error().message);
  } else if (const Value result = (*document)->root(); !result.Find("decision")) {
    content = Problem(result);
  } else {
    content = Html().Add(Headline(result), Reasons(result), Shortfalls(result), Facts(result), Notes(result),
                         Checks(result));
  }
  return El("section", {{"id", "verdict"}, {"aria-label", "The explained verdict"}}, content, Json(answer));
}

}  // namespace thimble::page
