// SPDX-License-Identifier: Apache-2.0
//
// Strings of upstreams, vendors and evidence cannot become markup, wherever the page shows them; and what is of single
// platforms is hidden from all but the administrator.
#include "service/page/sections.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/page/verdict_page.h"
#include "service/page/words.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tests/support/sim_intel.h"

namespace thimble::page {
namespace {

constexpr const char* kCalm = "calm";
constexpr const char* kHostile =
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)>`</p></svg></textarea>";

// The markup without its text: tags, the names of their attributes, and where text stands.
std::vector<std::string> TagsOf(const html::Html& html) {
  std::vector<std::string> tags;
  const std::string& text = html.markup();
  for (size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    size_t end = at + 1;
    std::string tag;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != '>'); ++end) {
      if (text[end] == '"')
        quoted = !quoted;
      else if (!quoted)
        tag += text[end];
    }
    tags.push_back(tag);
  }
  return tags;
}

View ViewWith(const std::string& said, Ids ids = Ids::kShown) {
  View view;
  view.now = sim::kNow;
  view.ids = ids;
  view.may_verify = true;
  CacheStatus item{};
  item.key = TcbInfoKey{IntelTee::kTdx, *intel::Fmspc::FromHex("00806f050000"), {}};
  item.freshness = Freshness::kRefreshDue;
  item.issued = view.now - Seconds(86400);
  item.next_update = view.now + Seconds(86400);
  item.next_refresh = view.now;
  item.source = item.sha256 = item.last_error = said;
  view.status.items.push_back(item);
  view.status.refusals = {{said, 3}};
  view.status.lags = {{said, said, Seconds(60), view.now}};
  view.status.coming = {{IntelTee::kSgx, 18, 17, 3, 1, 0}};
  view.degraded = {{said, said}};
  view.upstreams = {{said, said, false, 3, 1, 1, 0.5}};
  TcbLadder ladder;
  ladder.sets = {{17, {{}}, 0}};
  ladder.rungs = {{view.now, {}, {}, {}, {{true, TcbStatus::kUpToDate, {said}, 3, 1}}}};
  view.ladders = {ladder};
  view.floors = {{said, {{said, 3, said, {{2, 1}, {4, 5}}}}, {{said, 6}}, 6}};
  view.floors_title = view.baseline = said;
  view.verdicts.by_status[{said, said}] = {1, 2, 0};
  view.verdicts.total = {1, 2, 0};
  view.changes.changes = {{view.now, item.key, {said, said}}};
  return view;
}

std::string ImpactSaying(const std::string& said) {
  const std::string s = json::Escape(said);
  return StrCat(R"({"refused": )", s,
                R"(, "admitted": 1, "unchanged": 2, "changes": [{"platforms": {"tee": )", s, R"(, "fmspc": )",
                s, R"(, "count": 3}, "now": {"status": )", s,
                R"(, "decision": "accept"}, "then": {"status": )", s,
                R"(, "decision": "reject", "shortfalls": [{"component": )", s,
                R"(, "have": 1, "need": 2, "update": )", s, "}]}}]}");
}

std::string ResultSaying(const std::string& said) {
  const std::string s = json::Escape(said);
  return StrCat(R"({"decision": "reject", "authentic": true, "tee": )", s, R"(, "tcb_status": )", s,
                R"(, "advisories": [)", s, R"(], "findings": [{"check": )", s,
                R"(, "severity": "hard", "message": )", s, R"(}, {"check": )", s,
                R"(, "severity": "soft", "message": )", s, R"(}], "checks": [{"check": )", s,
                R"(, "result": "failed", "reason": )", s, R"(}], "shortfalls": [{"component": )", s,
                R"(, "have": 1, "need": 2, "update": )", s, R"(}], "platform": {"fmspc": )", s,
                R"(}, "policy": {"rules": [{"rule": )", s, R"(, "wanted": )", s, R"(, "found": )", s,
                R"(, "ok": false}]}})");
}

html::Html AllSaying(const std::string& said) {
  const View view = ViewWith(said);
  html::Html all = OverviewSection(view);
  all.Add(SearchForm(said, view.ids), EvidenceForm(true), TimelineSection(view), LaddersSection(view, said),
          FloorsSection(view), VerdictsSection(view), ComingSection(view, said, ImpactSaying(said)),
          ChangesSection(view), UpstreamsSection(view), ExplainedVerdict(ResultSaying(said)),
          ExplainedVerdict(StrCat(R"({"title": )", json::Escape(said), "}")), ExplainedVerdict(said));
  return Page(said, all, view.now, true);
}

TEST(SectionsOfPage, HostileStringsCannotBecomeMarkup) {
  const html::Html hostile = AllSaying(kHostile);
  EXPECT_EQ(TagsOf(hostile), TagsOf(AllSaying(kCalm)));
  EXPECT_EQ(hostile.markup().find("<script>"), std::string::npos);
  EXPECT_NE(hostile.markup().find("&lt;script&gt;"), std::string::npos);  // it is shown all the same
}

TEST(SectionsOfPage, TheMarkupHasNoStyleScriptOrForeignAddress) {
  const std::string markup = AllSaying(kCalm).markup();
  for (const std::string_view never :
       {" style=", "<style", " onclick", " onload", "http://", "https://", "//", "javascript:"})
    EXPECT_EQ(markup.find(never), std::string::npos) << never;
  const std::string script = "<script defer=\"\" src=\"/page.js\"></script>";
  EXPECT_NE(markup.find(script), std::string::npos);
  EXPECT_EQ(markup.find("<script", markup.find(script) + 1), std::string::npos);
}

TEST(SectionsOfPage, WhatIsOfASinglePlatformIsTheAdministrators) {
  const std::string chip(128, 'a');
  const std::string name = StrCat("amd/vcek/milan/", chip, "/bl04-tee00-snp24-ucode219");
  ASSERT_TRUE(ParseKeyName(name));
  for (const Ids ids : {Ids::kHidden, Ids::kShown}) {
    View view = ViewWith(kCalm, ids);
    view.degraded = {{name, StrCat("asked for ", chip)}};
    const bool shown = OverviewSection(view).markup().find(chip) != std::string::npos;
    EXPECT_EQ(shown, ids == Ids::kShown);
    for (const char* what : {"store", "registrations", "shared database"}) {
      view.degraded = {{what, StrCat("entries cannot be read: item/", name)}};
      EXPECT_EQ(OverviewSection(view).markup().find(chip) != std::string::npos, ids == Ids::kShown) << what;
    }
    EXPECT_EQ(ItemTitle(*ParseKeyName(name), ids).find(chip) != std::string::npos, ids == Ids::kShown);
    const bool which = ComingSection(view, "", "").markup().find("?set=18") != std::string::npos;
    EXPECT_EQ(which, ids == Ids::kShown);
  }
}

TEST(SectionsOfPage, AnEmptyServerHasAPage) {
  View view;
  view.now = sim::kNow;
  const std::string markup = html::Html()
                                 .Add(OverviewSection(view), TimelineSection(view), LaddersSection(view, {}),
                                      FloorsSection(view), VerdictsSection(view), ComingSection(view, "", ""),
                                      ChangesSection(view), UpstreamsSection(view))
                                 .markup();
  for (const std::string_view said :
       {"Nothing is held", "No collateral is held yet", "No TCB info is held yet",
        "No SEV-SNP platform was seen", "No evidence was verified", "No set of evaluation data",
        "Nothing changed", "None is configured"})
    EXPECT_NE(markup.find(said), std::string::npos) << said;
}

TEST(WordsOfPage, Spans) {
  const auto span = [](int64_t seconds) { return Span(Seconds(seconds)); };
  EXPECT_EQ(span(59), "59 s");
  EXPECT_EQ(span(60), "1 min");
  EXPECT_EQ(span(3600 + 59), "1 h 0 min");
  EXPECT_EQ(span(86400 + 3600), "1 d 1 h");
  EXPECT_EQ(span(-86400 * 12), "12 d");
  EXPECT_EQ(span(86400ll * 365 * 25), "25 years");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

// What made the evidence is said as the result has it: no TEE is no genuine hardware.
TEST(VerdictPage, TheHeadlineSaysWhatMadeTheEvidence) {
  const auto page = [](std::string_view evidence, bool authentic, bool accepted) {
    return ExplainedVerdict(StrCat(R"({"decision": ")", accepted ? "accept" : "reject", R"(", "authentic": )",
                                   authentic ? "true" : "false", R"(, "evidence_class": ")", evidence, "\"}"))
        .markup();
  };
  const std::pair<std::string_view, std::string_view> makers[] = {
      {"hardware_tee", "genuine hardware made it"},
      {"virtual_tpm", "a TPM made it, which is no TEE"},
      {"vbs", "a Windows hypervisor made it, which is no TEE"}};
  for (const auto& [evidence, words] : makers) {
    for (const auto& [authentic, accepted] :
         {std::pair(true, true), std::pair(true, false), std::pair(false, false)}) {
      const std::string text = page(evidence, authentic, accepted);
      for (const auto& [other, maker] : makers)
        EXPECT_EQ(text.find(maker) != std::string::npos, other == evidence) << evidence << text;
    }
  }
}

}  // namespace
}  // namespace thimble::page
