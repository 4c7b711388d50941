// SPDX-License-Identifier: Apache-2.0
//
// `thimble floors`: AMD's floor documents, read here as a server would read them. Nothing is sent anywhere.
#include "service/baselines/floors.h"

#include "service/baselines/floor_diff.h"
#include "service/baselines/floor_text.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/support/clock.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "tcb/amd/floor_overlay.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxOverlayBytes = 1u << 20;

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// The document that a setting names, by the rules of the configuration: its signature where there is a key, its overlay.
Result<amd::FloorsPtr> Load(const std::string& setting, const Config& config) {
  TRY_ASSIGN(const FloorRules rules, FloorRules::Read(config.floors));
  TRY_ASSIGN(amd::FloorsPtr floors, LoadFloors(setting, rules));
  if (!floors) return Refuse("the default baseline has no floors: name a document with --file");
  return floors;
}

std::string NamesOf(const amd::FloorDocument& document) {
  std::string out;
  for (const amd::FloorLine& line : document.lines) out += StrCat(out.empty() ? "" : ", ", line.id);
  return out;
}

Status Show(const FloorsOptions& options, const Config& config) {
  TRY_ASSIGN(const amd::FloorsPtr floors,
             Load(options.file.value_or(config.baselines.at("default").amd), config));
  std::vector<const amd::FloorLine*> lines;
  if (options.cpu) {
    lines = LinesNamed(*floors, *options.cpu);
    if (lines.empty())
      return Refuse(StrCat("\"", *options.cpu, "\": ", floors->Title(), " has no such CPU line; it has ",
                           NamesOf(*floors)));
  } else {
    for (const amd::FloorLine& line : floors->lines) lines.push_back(&line);
  }
  const Instant now = Clock::WallTime();
  if (options.json) {
    std::string out;
    json::Writer json(&out);
    WriteFloors(json, *floors, lines, now);
    PrintJson(out);
  } else {
    Print(options.cpu ? FloorsOf(*floors, lines, now) : FloorsOverview(*floors, now));
  }
  return {};
}

Status Diff(const FloorsOptions& options, const Config& config) {
  TRY_ASSIGN(const amd::FloorsPtr before, Load(options.before, config));
  TRY_ASSIGN(const amd::FloorsPtr after, Load(options.after, config));
  if (options.json) {
    PrintJson(FloorDiffJson(*before, *after));
  } else {
    Print(FloorDiffText(*before, *after));
  }
  return {};
}

bool IsOverlay(std::string_view text) {
  const auto document = json::Document::Parse(text, "", ErrorKind::kMalformed, Check::kPolicyFormat);
  const auto format = document ? (*document)->root().Find("format") : std::nullopt;
  const auto name = format ? format->String() : Result<std::string_view>(std::string_view());
  return name && name->starts_with("amd-floors-overlay/");
}

// An overlay is checked over the document that it would lie on.
Result<amd::FloorsPtr> LoadChecked(const std::string& file, const Config& config) {
  TRY_ASSIGN(const std::string text, ReadFile(file, kMaxOverlayBytes));
  if (!IsOverlay(text)) return Load(file, config);
  Config without = config;
  without.floors.overlay.clear();
  TRY_ASSIGN(const amd::FloorsPtr base, Load(config.baselines.at("default").amd, without));
  auto laid = amd::ApplyOverlay(*base, text);
  if (!laid) return Error{laid.error().kind, laid.error().check, StrCat(file, ": ", laid.error().message)};
  return amd::FloorsPtr(std::make_shared<const amd::FloorDocument>(std::move(laid).value()));
}

Status CheckFile(const FloorsOptions& options, const Config& config) {
  TRY_ASSIGN(const amd::FloorsPtr floors, LoadChecked(options.before, config));
  TRY(CheckLevels(*floors, config.policies));
  const bool stale = Clock::WallTime() > floors->stale_after;
  if (options.json) {
    std::string out;
    json::Writer json(&out);
    json.BeginObject();
    json.Key("name").String(floors->name);
    json.Key("number").Unsigned(floors->number);
    json.Key("sha256").Hex(floors->sha256.view());
    json.Key("stale").Bool(stale);
    json.EndObject();
    PrintJson(out);
    return {};
  }
  PrintLine(StrCat(options.before, ": ok: ", floors->Title(), ", ", floors->bulletins.size(), " bulletins, ",
                   floors->lines.size(), " CPU lines"));
  if (stale) PrintLine(StrCat(options.before, ": is stale since ", amd::DayText(floors->stale_after)));
  return {};
}

Status RunAction(const FloorsOptions& options, const Config& config) {
  using Action = FloorsOptions::Action;
  if (options.action == Action::kDiff) return Diff(options, config);
  return options.action == Action::kCheck ? CheckFile(options, config) : Show(options, config);
}

}  // namespace

ExitCode Run(const FloorsOptions& options) {
  SetLogLevel(LogLevel::kError);
  const auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), options.json);
  const Status done = RunAction(options, *config);
  return done ? ExitCode::kDone : Fail(done.error(), options.json);
}

}  // namespace thimble
