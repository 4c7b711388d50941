// SPDX-License-Identifier: Apache-2.0
//
// The built-in document against the facts it was made from (../shared/spec/amd-floors.csv), and what it does to the real
// reports of the corpus: the counts of spec/amd-floors.md sections 6 and 8.
#include <set>
#include <sstream>

#include "tcb/amd/hcl.h"
#include "tcb/amd/report.h"
#include "tcb/base/crypto.h"
#include "tcb/impact.h"
#include "tests/support/paths.h"
#include "tests/tcb/amd/floor_world.h"
#include "tests/tcb/corpus.h"

namespace thimble::amd {
namespace {

namespace fs = std::filesystem;

const fs::path kCsv = test::CorpusDir() / ".." / "spec" / "amd-floors.csv";

// ---- the facts ----

std::vector<std::string> SplitCsv(const std::string& line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

struct Fact {
  unsigned family, first_model, last_model, first_stepping, last_stepping;
  std::string bulletin, field, value, grade;
  bool IsOf(const FloorLine& line) const {
    return family == line.family && first_model <= line.first_model && line.first_model <= last_model &&
           first_stepping <= line.first_stepping && line.first_stepping <= last_stepping;
  }
};

std::vector<Fact> Facts() {
  std::ifstream in(kCsv);
  std::string text;
  std::getline(in, text);
  std::vector<Fact> out;
  while (std::getline(in, text)) {
    const auto f = SplitCsv(text);
    const auto number = [&](size_t i) { return static_cast<unsigned>(std::stoul(f.at(i), nullptr, 0)); };
    out.push_back(
        {number(0), number(1), number(2), number(3), number(4), f.at(6), f.at(8), f.at(9), f.at(10)});
  }
  return out;
}

FloorField FieldOf(const std::string& name) {
  if (name == "platform_info_bit") return FloorField::kPlatformBits;
  if (name == "mit_vector_bit") return FloorField::kMitigationBits;
  if (name == "firmware") return FloorField::kVersion;
  for (const FloorField field : {FloorField::kBootloader, FloorField::kTee, FloorField::kSnp})
    if (FieldName(field) == name) return field;
  EXPECT_EQ(name, "microcode");
  return FloorField::kMicrocode;
}

bool Says(const FloorRequirement& r, const Fact& fact) {
  if (FieldName(r.field) != FieldName(FieldOf(fact.field)) || GradeName(r.grade) != fact.grade) return false;
  if (r.field == FloorField::kVersion) return VersionText(r.value) == fact.value;
  const uint64_t value = std::stoul(fact.value, nullptr, 0);
  return IsMask(r.field) ? (r.value >> value & 1) != 0 : r.value == value;
}

TEST(FloorFacts, TheDocumentSaysWhatTheyDoAndNoMore) {
  if (!fs::exists(kCsv)) GTEST_SKIP() << kCsv << " is not there";
  const FloorDocument floors = Builtin();
  const auto facts = Facts();
  ASSERT_EQ(facts.size(), 140u);
  for (const FloorLine& line : floors.lines) {
    for (size_t i = 0; i < line.cells.size(); ++i) {
      const FloorCell& cell = line.cells[i];
      size_t said = 0, bits = 0;
      for (const Fact& fact : facts) {
        if (fact.bulletin != floors.bulletins[i].id || !fact.IsOf(line)) continue;
        SCOPED_TRACE(line.id + " " + fact.bulletin + " " + fact.field + " " + fact.value);
        if (fact.field == "pi") {
          EXPECT_EQ(cell.pi, fact.value);
          continue;
        }
        ++said;
        const bool judges = fact.grade == "A" || fact.grade == "2" || fact.grade == "1";
        const auto& list = judges ? cell.min : cell.inferred;
        EXPECT_TRUE(std::ranges::any_of(list, [&](const auto& r) { return Says(r, fact); }));
      }
      for (const auto* list : {&cell.min, &cell.inferred})
        for (const FloorRequirement& r : *list)
          bits += IsMask(r.field) ? static_cast<size_t>(std::popcount(r.value)) : 1;
      EXPECT_EQ(bits, said) << line.id << " " << floors.bulletins[i].id;
    }
  }
}

// ---- the corpus ----

// Real chips made all but four: three cases of the corpus and one set of the unlabelled part were changed.
const std::set<std::string> kMadeUp = {"fb492641", "d1709a78", "44bc1645", "a28f2c61"};

std::map<std::string, AmdTcbRecord> RealReports() {
  std::map<std::string, AmdTcbRecord> out;
  for (const char* part : {"amd", "unlabelled", "containers"}) {
    for (const auto& entry : fs::recursive_directory_iterator(test::CorpusDir() / part)) {
      if (!entry.is_regular_file() || entry.file_size() < kReportSize || entry.file_size() > 65536) continue;
      const Bytes bytes = test::ReadFile(entry.path());
      ByteView view = bytes;
      if (AsText(view).starts_with("HCLA")) view = view.subspan(32);
      const auto report =
          view.size() < kReportSize ? Result<Report>(Error{}) : ParseReport(view.first(kReportSize));
      if (!report.ok() || !report->claims.cpuid || report->claims.version > 5) continue;
      const auto product = ProductFromCpuId(*report->claims.cpuid);
      if (!product) continue;
      const std::string id = Sha256(view.first(kReportSize)).hex().substr(0, 8);
      Verdict verdict;
      verdict.tee = Tee::kSnp;
      verdict.authentic = true;
      SnpClaims claims = report->claims;
      DecodeTcbs(claims, *product);
      verdict.claims = claims;
      if (!kMadeUp.contains(id)) out.emplace(id, std::get<AmdTcbRecord>(TcbOf(verdict).value()));
    }
  }
  return out;
}

struct Count {
  size_t not_short = 0, accepted = 0, up_to_date = 0;
};
Count CountOf(const std::map<std::string, AmdTcbRecord>& reports, const FloorDocument& floors,
              const std::string& level) {
  ReferenceSet references;
  references.floors = std::make_shared<const FloorDocument>(floors);
  references.policy.amd_level = level;
  Count count;
  for (const auto& [id, record] : reports) {
    const TcbOutcome outcome = Judge(TcbRecord(record), references, kLater);
    count.not_short += !outcome.status || *outcome.status == TcbStatus::kUpToDate;
    count.up_to_date += outcome.status == TcbStatus::kUpToDate;
    count.accepted += outcome.accept;
  }
  return count;
}

std::string AddLevel(FloorDocument& floors, const std::vector<std::string>& bulletins) {
  FloorLevel level{"step " + std::to_string(floors.levels.size()),
                   std::vector<bool>(floors.bulletins.size())};
  for (const std::string& id : bulletins) level.holds[floors.FindBulletin(id).value()] = true;
  floors.levels.push_back(level);
  return level.name;
}

// Level by level, each with all before it; the last column of the facts' table.
TEST(FloorFacts, TheCorpusCountsAreThoseOfTheFacts) {
  if (!fs::exists(test::CorpusDir())) GTEST_SKIP() << test::CorpusDir() << " is not there";
  const auto reports = RealReports();
  std::map<std::string, size_t> lines;
  FloorDocument floors = Builtin();
  for (const auto& [id, record] : reports) ++lines[floors.LineOf(*record.cpuid)->id];
  ASSERT_EQ(lines, (std::map<std::string, size_t>{
                       {"Milan-B1", 27}, {"Genoa-B1", 11}, {"Siena-A2", 3}, {"Turin-C1", 2}}));

  struct Step {
    std::vector<std::string> added;
    size_t not_short;
  };
  const std::vector<Step> steps = {{{"AMD-SB-3019", "AMD-SB-7033"}, 39},
                                   {{"AMD-SB-3015"}, 39},
                                   {{"AMD-SB-3020"}, 5},
                                   {{"AMD-SB-3023", "AMD-SB-3027"}, 5},
                                   {{"AMD-SB-3016"}, 4},
                                   {{"AMD-SB-7055"}, 3},
                                   {{"AMD-SB-3030"}, 3},
                                   {{"CVE-2025-54507", "CVE-2026-0462", "CVE-2026-40671"}, 0}};
  std::vector<std::string> level;
  for (const Step& step : steps) {
    level.insert(level.end(), step.added.begin(), step.added.end());
    const Count count = CountOf(reports, floors, AddLevel(floors, level));
    EXPECT_EQ(count.not_short, step.not_short) << step.added.front();
    EXPECT_EQ(count.accepted, step.not_short) << step.added.front();  // what is unknown passes by default
  }
}

TEST(FloorFacts, TheCorpusCountsOfTheNamedLevels) {
  if (!fs::exists(test::CorpusDir())) GTEST_SKIP() << test::CorpusDir() << " is not there";
  const auto reports = RealReports();
  const FloorDocument floors = Builtin();
  const auto count = [&](const char* level) { return CountOf(reports, floors, level); };
  EXPECT_EQ(count("entrysign").up_to_date, 39u);
  EXPECT_EQ(count("entrysign-badram").up_to_date, 39u);
  EXPECT_EQ(count("no-known-full-break").up_to_date, 0u);
  EXPECT_EQ(count("no-known-full-break").accepted, 5u);  // withheld because of SB-3030 alone
  EXPECT_EQ(count("all").accepted, 0u);
}

// Of SB-3020 by what AMD or two sources say: the effect of the rows that rest on one.
TEST(FloorFacts, OneSourceMakesMostOfSb3020) {
  if (!fs::exists(test::CorpusDir())) GTEST_SKIP() << test::CorpusDir() << " is not there";
  FloorDocument floors = Builtin();
  for (FloorLine& line : floors.lines) {
    for (FloorCell& cell : line.cells)
      std::erase_if(cell.min, [](const auto& r) {
        return r.grade == Grade::kOneSource || r.field == FloorField::kMitigationBits;
      });
  }
  const std::string level = AddLevel(floors, {"AMD-SB-3019", "AMD-SB-7033", "AMD-SB-3015", "AMD-SB-3020"});
  EXPECT_EQ(CountOf(RealReports(), floors, level).not_short, 29u);
}

}  // namespace
}  // namespace thimble::amd
