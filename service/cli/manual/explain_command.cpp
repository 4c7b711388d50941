// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/manual/explanations.h"
#include "service/support/terminal_style.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

std::string Json(const Explanation& e) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject().Key("name").String(e.name).Key("meaning").String(e.meaning);
  if (!e.section.empty()) json.Key("section").String(e.section);
  json.Key("to_do").String(e.to_do).EndObject();
  return out;
}

StyledLine Row(std::string_view label, std::string text) {
  constexpr size_t kLabel = 10;
  std::string padded(label);
  padded.resize(kLabel, ' ');
  return {0, kLabel, {{Ink::kFaint, std::move(padded)}, {Ink::kPlain, std::move(text)}}};
}

void PrintOne(const Explanation& e) {
  std::vector<StyledLine> lines = {{0, 0, {{Ink::kTitle, e.name}}}, Row("says", e.meaning)};
  if (!e.section.empty()) lines.push_back(Row("section", e.section));
  lines.push_back(Row("to do", e.to_do));
  PrintStyled(lines);
}

void PrintList() {
  std::vector<StyledLine> lines;
  for (const Explanation& e : Explanations())
    lines.push_back({0, 4, {{Ink::kTitle, e.name}, {Ink::kPlain, StrCat(": ", e.meaning)}}});
  PrintStyled(lines);
}

Error NoSuchName(const std::string& name) {
  std::string meant;
  for (const std::string& other : NamesLike(name)) meant += StrCat(meant.empty() ? "; " : ", ", other);
  return {ErrorKind::kMalformed, Check::kRequest,
          StrCat("no such check, status, rule or component: ", name, meant,
                 meant.empty() ? "; `thimble explain` lists all" : "?")};
}

}  // namespace

ExitCode Run(const ExplainOptions& options) {
  if (options.page) {
    Print(Lines::Of(ExplanationsPage()));
    return ExitCode::kDone;
  }
  if (!options.name) {
    PrintList();
    return ExitCode::kDone;
  }
  const Explanation* const found = FindExplanation(*options.name);
  if (found == nullptr) return Fail(NoSuchName(*options.name), options.json);
  options.json ? PrintJson(Json(*found)) : PrintOne(*found);
  return ExitCode::kDone;
}

}  // namespace thimble
