// SPDX-License-Identifier: Apache-2.0
#include "service/cli/impact_reports.h"

#include <algorithm>

#include "service/baselines/floors.h"
#include "service/baselines/impact_report.h"
#include "service/cli/command_support.h"
#include "service/support/clock.h"
#include "service/verification/report_directory.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/impact.h"

namespace thimble {
namespace {

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

struct Sides {
  ReferenceSet now, then;
};

Result<Policy> PolicyNamed(const Config& config, const std::string& name) {
  const auto found = config.policies.find(name);
  if (found == config.policies.end()) return Refuse(StrCat("--policy: there is no ", name));
  return found->second;
}

// The document that is tried needs no signature: it is not put in force. The overlay lies over it all the same.
Result<amd::FloorsPtr> Candidate(const ImpactOptions& options, const FloorRules& rules,
                                 const amd::FloorsPtr& now) {
  if (!options.floors && !options.amd) return now;
  std::string setting = options.floors.value_or("");
  if (!options.floors) {
    TRY_ASSIGN(setting, FloorSettingOf(*options.amd, rules.directory));
    if (setting.empty()) return amd::FloorsPtr();
  }
  TRY_ASSIGN(const FloorBytes bytes, ReadFloorBytes(setting));
  return rules.Check(bytes, setting, false);
}

Result<Sides> ReadSides(const ImpactOptions& options, const Config& config) {
  const std::string name = options.baseline.value_or("default");
  const auto baseline = config.baselines.find(name);
  if (baseline == config.baselines.end()) return Refuse(StrCat("--baseline: there is no ", name));
  TRY_ASSIGN(const FloorRules rules, FloorRules::Read(config.floors));
  const std::string policy = options.policy.value_or("default");
  Sides sides;
  TRY_ASSIGN(sides.now.floors, LoadFloors(baseline->second.amd, rules));
  TRY_ASSIGN(sides.now.policy, PolicyNamed(config, policy));
  TRY_ASSIGN(sides.then.floors, Candidate(options, rules, sides.now.floors));
  TRY_ASSIGN(sides.then.policy, PolicyNamed(config, options.candidate_policy.value_or(policy)));
  for (const ReferenceSet* side : {&sides.now, &sides.then}) {
    const std::string& level = side->policy.For(EvidenceClass::kSnp).amd_level;
    if (side->floors && side->floors->FindLevel(level) == nullptr)
      return Refuse(StrCat("amd_level = \"", level, "\" is no level of ", side->floors->Title()));
  }
  return sides;
}

struct Row {
  std::string file, cpu;
  TcbOutcome now, then;

  bool Judged() const { return now.judged && then.judged; }
  bool Changes() const { return now.status != then.status || now.accept != then.accept; }
};

// A report that does not name its CPU has an outcome where all that it may be of have the same.
TcbOutcome JudgeAll(const std::vector<TcbRecord>& tcbs, const ReferenceSet& references, Instant at) {
  std::optional<TcbOutcome> first;
  for (const TcbRecord& tcb : tcbs) {
    TcbOutcome outcome = Judge(tcb, references, at);
    if (!first) {
      first = std::move(outcome);
    } else if (outcome.status != first->status || outcome.accept != first->accept) {
      first = TcbOutcome{};
      first->reason = "its version does not name the CPU, on which it depends: say --product";
      break;
    }
  }
  return first.value_or(TcbOutcome{});
}

std::string CpuOf(const ReportFile& file, const ReferenceSet& references) {
  const auto& tcb = std::get<AmdTcbRecord>(file.tcbs.front());
  if (!tcb.cpuid)
    return file.tcbs.size() == 1 ? std::string(amd::ProductName(tcb.reported.product)) : "not named";
  const amd::FloorLine* line = references.floors ? references.floors->LineOf(*tcb.cpuid) : nullptr;
  return line != nullptr ? line->id : std::string(amd::ProductName(tcb.reported.product));
}

std::vector<Row> JudgeReports(const ReportDirectory& directory, const Sides& sides, Instant at) {
  std::vector<Row> rows;
  for (const ReportFile& file : directory.reports) {
    rows.push_back({file.name, CpuOf(file, sides.then), JudgeAll(file.tcbs, sides.now, at),
                    JudgeAll(file.tcbs, sides.then, at)});
  }
  return rows;
}

struct Counts {
  size_t refused = 0, admitted = 0, unchanged = 0, unjudged = 0;
};
Counts CountOf(const std::vector<Row>& rows) {
  Counts counts;
  for (const Row& row : rows) {
    if (!row.Judged()) {
      ++counts.unjudged;
    } else if (row.now.accept == row.then.accept) {
      ++counts.unchanged;
    } else {
      ++(row.then.accept ? counts.admitted : counts.refused);
    }
  }
  return counts;
}

// ---- for people ----

std::string SideText(const ReferenceSet& side) {
  return StrCat(side.floors ? side.floors->Title() : "no floors", ", policy ", side.policy.id, ", level ",
                side.policy.For(EvidenceClass::kSnp).amd_level);
}

std::string OutcomeText(const TcbOutcome& outcome) {
  if (!outcome.judged) return "not judged";
  return StrCat(outcome.status ? TcbStatusName(*outcome.status) : "no status",
                outcome.accept ? ", accept" : ", reject");
}

std::string AmountText(uint32_t number, const std::string& text) {
  return text.empty() ? std::to_string(number) : text;
}

// What keeps a report from being accepted, or would once its bulletin counts.
Lines ReasonsText(const TcbOutcome& outcome) {
  Lines out;
  if (!outcome.reason.empty()) out.Add(StrCat("    ", outcome.reason));
  for (const Shortfall& s : outcome.shortfalls) {
    out.Add(StrCat("    ", s.bulletin, ": ", s.view, " ", s.component, " ", AmountText(s.have, s.have_text),
                   ", needs ", AmountText(s.need, s.need_text), "; raised by ", s.update));
  }
  return out;
}

// Columns as wide as what is in them.
Lines Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths.at(i) = std::max(widths.at(i), row.at(i).size());
  }
  Lines out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row.at(i);
      if (i + 1 < row.size()) line += std::string(widths.at(i) - row.at(i).size() + 2, ' ');
    }
    out.Add(std::move(line));
  }
  return out;
}

Lines ReportsText(const std::vector<Row>& rows, const ReportDirectory& directory, const Sides& sides) {
  const Counts counts = CountOf(rows);
  Lines out = {StrCat("now   ", SideText(sides.now)), StrCat("then  ", SideText(sides.then)),
               "signatures are not checked here: each report is taken at its word",
               StrCat(rows.size(), " reports: ", counts.refused, " would be refused, ", counts.admitted,
                      " admitted, ", counts.unchanged, " decided as now, ", counts.unjudged, " not judged"),
               ""};
  std::vector<std::vector<std::string>> table = {{"REPORT", "CPU", "NOW", "THEN"}};
  for (const Row& row : rows) {
    table.push_back({row.file, row.cpu, OutcomeText(row.now),
                     StrCat(OutcomeText(row.then), row.Judged() && row.Changes() ? "  *" : "")});
  }
  out.Add(Table(table));
  for (const Row& row : rows) {
    const Lines reasons = ReasonsText(row.then);
    if (reasons.empty()) continue;
    out.Add("");
    out.Add(StrCat("  ", row.file, " (", row.cpu, ")"));
    out.Add(reasons);
  }
  if (!directory.others.empty()) out.Add("");
  for (const OtherFile& other : directory.others)
    out.Add(StrCat("no SNP report: ", other.name, ": ", other.reason));
  return out;
}

// ---- as JSON ----

void WriteSide(json::Writer& json, const ReferenceSet& side) {
  json.BeginObject();
  json.Key("floors");
  side.floors ? json.String(side.floors->Title()) : json.Null();
  if (side.floors) json.Key("floors_sha256").Hex(side.floors->sha256.view());
  json.Key("policy").String(side.policy.id);
  json.Key("level").String(side.policy.For(EvidenceClass::kSnp).amd_level);
  json.EndObject();
}

std::string ReportsJson(const std::vector<Row>& rows, const ReportDirectory& directory, const Sides& sides,
                        Instant at) {
  const Counts counts = CountOf(rows);
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("at").String(FormatRfc3339(at));
  WriteSide(json.Key("current"), sides.now);
  WriteSide(json.Key("candidate"), sides.then);
  json.Key("refused").Unsigned(counts.refused);
  json.Key("admitted").Unsigned(counts.admitted);
  json.Key("unchanged").Unsigned(counts.unchanged);
  json.Key("unjudged").Unsigned(counts.unjudged);
  json.Key("reports").BeginArray();
  for (const Row& row : rows) {
    json.BeginObject();
    json.Key("file").String(row.file);
    json.Key("cpu").String(row.cpu);
    json.Key("changes").Bool(row.Changes());
    WriteOutcome(json.Key("now"), row.now);
    WriteOutcome(json.Key("then"), row.then);
    json.EndObject();
  }
  json.EndArray();
  json.Key("other_files").BeginArray();
  for (const OtherFile& other : directory.others) {
    json.BeginObject();
    json.Key("file").String(other.name);
    json.Key("reason").String(other.reason);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out;
}

Result<Counts> PrintReports(const ImpactOptions& options) {
  TRY_ASSIGN(const Config config, EffectiveConfig(options.flags));
  TRY_ASSIGN(const auto product, ParseProductFlag(options.product));
  TRY_ASSIGN(const auto time, ParseTimeFlag("--at", options.at));
  const Instant at = time.value_or(Clock::WallTime());
  TRY_ASSIGN(const Sides sides, ReadSides(options, config));
  TRY_ASSIGN(const ReportDirectory directory, ReadReportDirectory(*options.reports, product));
  if (directory.reports.empty()) return Refuse(StrCat(*options.reports, ": holds no SNP report"));
  const std::vector<Row> rows = JudgeReports(directory, sides, at);
  if (options.json) {
    PrintJson(ReportsJson(rows, directory, sides, at));
  } else {
    Print(ReportsText(rows, directory, sides));
  }
  return CountOf(rows);
}

}  // namespace

ExitCode RunOnReports(const ImpactOptions& options) {
  const auto counts = PrintReports(options);
  if (!counts) return Fail(counts.error(), options.json);
  return counts->refused + counts->unjudged == 0 ? ExitCode::kDone : ExitCode::kRejected;
}

}  // namespace thimble
