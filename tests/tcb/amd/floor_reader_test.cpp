// SPDX-License-Identifier: Apache-2.0
//
// Each rule of the format: a document that holds, and one that differs in that alone.
#include "tcb/amd/cpu_line.h"
#include "tcb/base/crypto.h"
#include "tcb/check.h"
#include "tests/tcb/amd/floor_world.h"

namespace thimble::amd {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto parsed = ParseFloors(text);
  if (parsed.ok()) return "";
  EXPECT_EQ(parsed.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(parsed.error().check, Check::kPolicyFormat);
  return parsed.error().message;
}

struct Broken {
  std::string_view words;  // of the message
  std::function<void(Json&)> bend;
};

Json& Cell(Json& j, size_t bulletin, const char* cpu) { return j["bulletins"][bulletin]["require"][cpu]; }

// The members of the document, its bulletins, cells and parts are each reached by one of these.
const std::vector<Broken>& HeadRules() {
  static const std::vector<Broken> rules = {
      {"format", [](Json& j) { j["format"] = "amd-floors/1"; }},
      {"name", [](Json& j) { j.erase("name"); }},
      {"name", [](Json& j) { j["name"] = ""; }},
      {"number", [](Json& j) { j["number"] = 0; }},
      {"number", [](Json& j) { j["number"] = "1"; }},
      {"previous", [](Json& j) { j.erase("previous"); }},
      {"previous", [](Json& j) { j["number"] = 2; }},
      {"previous", [](Json& j) { j["previous"] = "sha256:" + std::string(64, '0'); }},
      {"previous", [](Json& j) { j["number"] = 2, j["previous"] = std::string(64, '0'); }},
      {"issued", [](Json& j) { j["issued"] = "2026-02-30"; }},
      {"issued", [](Json& j) { j["issued"] = "2026"; }},
      {"reviewed", [](Json& j) { j.erase("reviewed"); }},
      {"stale_after", [](Json& j) { j.erase("stale_after"); }},
      {"stale_after: is before issued", [](Json& j) { j["stale_after"] = "2026-04-30"; }},
      {"uncertain", [](Json& j) { j.erase("uncertain"); }},
      {"sources", [](Json& j) { j.erase("sources"); }},
      {"amd", [](Json& j) { j["sources"]["amd"] = ""; }},
      {"extra", [](Json& j) { j["extra"] = 1; }},
      {"levels: \"all\"", [](Json& j) { j["levels"]["all"] = Json::array({"B-1"}); }},
      {"unknown bulletin B-9", [](Json& j) { j["levels"]["first"] = Json::array({"B-9"}); }},
      {"no bulletins", [](Json& j) { j["levels"]["first"] = Json::array(); }},
      {"twice",
       [](Json& j) {
         j["levels"]["first"] = Json::array({"B-1", "B-1"});
       }},
  };
  return rules;
}

const std::vector<Broken>& CpuRules() {
  static const std::vector<Broken> rules = {
      {"cpus: there is none", [](Json& j) { j["cpus"] = Json::array(); }},
      {"G1 twice", [](Json& j) { j["cpus"][1]["id"] = "G1"; }},
      {"G1 and G2 overlap",
       [](Json& j) {
         j["cpus"][1]["steppings"] = {1, 1};
       }},
      {"T and X overlap",
       [](Json& j) {
         Json other = j["cpus"][2];
         other["id"] = "X";
         other["models"] = {15, 20};
         other["steppings"] = {15, 15};
         other["patch"] = "";
         other.erase("patch");
         j["cpus"].push_back(other);
       }},
      {"models: is not [first, last]",
       [](Json& j) {
         j["cpus"][2]["models"] = {2, 1};
       }},
      {"models: is not [first, last]", [](Json& j) { j["cpus"][2]["models"] = {2}; }},
      {"models",
       [](Json& j) {
         j["cpus"][2]["models"] = {0, 256};
       }},
      {"steppings", [](Json& j) { j["cpus"][2].erase("steppings"); }},
      {"family", [](Json& j) { j["cpus"][2]["family"] = 256; }},
      {"product: unknown", [](Json& j) { j["cpus"][0]["product"] = "Rome"; }},
      {"product: unknown", [](Json& j) { j["cpus"][0]["product"] = "Siena"; }},
      {"is no Milan", [](Json& j) { j["cpus"][0]["product"] = "Milan"; }},
      {"is no Turin",
       [](Json& j) {
         j["cpus"][2]["models"] = {0, 32};
       }},
      {"patch", [](Json& j) { j["cpus"][0].erase("patch"); }},
      {"patch", [](Json& j) { j["cpus"][0]["patch"] = "0a1011"; }},
      {"patch", [](Json& j) { j["cpus"][2]["patch"] = "0B0021"; }},
      {"extra", [](Json& j) { j["cpus"][0]["extra"] = 1; }},
  };
  return rules;
}

const std::vector<Broken>& BulletinRules() {
  static const std::vector<Broken> rules = {
      {"bulletins: there is none", [](Json& j) { j["bulletins"] = Json::array(); }},
      {"B-1 twice", [](Json& j) { j["bulletins"][1]["id"] = "B-1"; }},
      {"effect", [](Json& j) { j["bulletins"][0].erase("effect"); }},
      {"published", [](Json& j) { j["bulletins"][0]["published"] = "2025-02"; }},
      {"published after", [](Json& j) { j["bulletins"][2]["published"] = "2026-05-02"; }},
      {"cves", [](Json& j) { j["bulletins"][0].erase("cves"); }},
      {"score", [](Json& j) { j["bulletins"][0]["score"] = 7.2; }},
      {"every_verdict", [](Json& j) { j["bulletins"][0]["every_verdict"] = "yes"; }},
      {"extra", [](Json& j) { j["bulletins"][0]["extra"] = 1; }},
      {"B-1: require: no cell for G2", [](Json& j) { j["bulletins"][0]["require"].erase("G2"); }},
      {"B-1: require: unknown CPU G9",
       [](Json& j) { j["bulletins"][0]["require"]["G9"] = Cell(j, 0, "G1"); }},
  };
  return rules;
}

const std::vector<Broken>& CellRules() {
  static const std::vector<Broken> rules = {
      {"B-1: G1: has none of",
       [](Json& j) {
         Cell(j, 0, "G1") = {{"pi", "x"}};
       }},
      {"has both min and unknown", [](Json& j) { Cell(j, 0, "G1")["unknown"] = "x"; }},
      {"not_named", [](Json& j) { Cell(j, 0, "T")["not_named"] = ""; }},
      {"grade", [](Json& j) { Cell(j, 0, "T").erase("grade"); }},
      {"sources", [](Json& j) { Cell(j, 0, "T").erase("sources"); }},
      {"not_affected: needs AMD's word", [](Json& j) { Cell(j, 2, "T")["grade"] = "?"; }},
      {"min: asks for nothing", [](Json& j) { Cell(j, 0, "G1")["min"] = Json::array(); }},
      {"asks for nothing",
       [](Json& j) {
         Cell(j, 0, "G1")["min"][0].erase("snp"), Cell(j, 0, "G1")["min"][0].erase("microcode");
       }},
      {"snp: is asked twice", [](Json& j) { Cell(j, 1, "G1")["min"][1]["snp"] = 28; }},
      {"grade: ? does not judge", [](Json& j) { Cell(j, 0, "G1")["min"][0]["grade"] = "?"; }},
      {"grade: W does not judge", [](Json& j) { Cell(j, 0, "G1")["min"][0]["grade"] = "W"; }},
      {"grade: A is not inferred", [](Json& j) { Cell(j, 1, "G2")["inferred"][0]["grade"] = "A"; }},
      {"grade: \"B\"", [](Json& j) { Cell(j, 0, "G1")["min"][0]["grade"] = "B"; }},
      {"grade: \"operator\"", [](Json& j) { Cell(j, 0, "G1")["min"][0]["grade"] = "operator"; }},
      {"sources: there is none", [](Json& j) { Cell(j, 0, "G1")["min"][0]["sources"] = Json::array(); }},
      {"sources: unknown \"me\"",
       [](Json& j) { Cell(j, 0, "G1")["min"][0]["sources"] = Json::array({"me"}); }},
      {"snp", [](Json& j) { Cell(j, 0, "G1")["min"][0]["snp"] = 256; }},
      {"0 asks for nothing", [](Json& j) { Cell(j, 0, "G1")["min"][0]["snp"] = 0; }},
      {"fmc: the TCB of Genoa has no such component", [](Json& j) { Cell(j, 0, "G1")["min"][0]["fmc"] = 1; }},
      {"microcode counts per stepping", [](Json& j) { Cell(j, 1, "T")["min"][0]["microcode"] = 1; }},
      {"version: \"1.55\"", [](Json& j) { Cell(j, 1, "G1")["min"][0]["version"] = "1.55"; }},
      {"version: \"1.55.256\"", [](Json& j) { Cell(j, 1, "G1")["min"][0]["version"] = "1.55.256"; }},
      {"version: \"1.55.49.1\"", [](Json& j) { Cell(j, 1, "G1")["min"][0]["version"] = "1.55.49.1"; }},
      {"mit_bits: no bits", [](Json& j) { Cell(j, 1, "G1")["min"][1]["mit_bits"] = Json::array(); }},
      {"bit 1 twice",
       [](Json& j) {
         Cell(j, 1, "G1")["min"][1]["mit_bits"] = {1, 1};
       }},
      {"platform_bits", [](Json& j) { Cell(j, 1, "G1")["min"][1]["platform_bits"] = {64}; }},
      {"or_policy_forbids", [](Json& j) { Cell(j, 2, "G1")["or_policy_forbids"] = Json::array({"XYZ"}); }},
      {"or_policy_forbids: no bits", [](Json& j) { Cell(j, 2, "G1")["or_policy_forbids"] = Json::array(); }},
      {"or_policy_forbids", [](Json& j) { Cell(j, 2, "G2")["or_policy_forbids"] = Json::array({"SMT"}); }},
      {"extra", [](Json& j) { Cell(j, 0, "G1")["extra"] = 1; }},
      {"extra", [](Json& j) { Cell(j, 0, "G1")["min"][0]["extra"] = 1; }},
      {"pi", [](Json& j) { Cell(j, 0, "G1")["pi"] = ""; }},
  };
  return rules;
}

TEST(FloorReader, RefusesWhatBreaksARule) {
  ASSERT_EQ(ErrorOf(SmallFloors().dump()), "");
  for (const auto* rules : {&HeadRules(), &CpuRules(), &BulletinRules(), &CellRules()}) {
    for (const Broken& rule : *rules) {
      Json document = SmallFloors();
      rule.bend(document);
      const std::string message = ErrorOf(document.dump());
      EXPECT_NE(message.find(rule.words), std::string::npos)
          << "expected " << rule.words << ", got " << message;
    }
  }
  EXPECT_NE(ErrorOf("{"), "");
  EXPECT_NE(ErrorOf(""), "");
  std::string twice = SmallFloors().dump();
  twice.insert(1, "\"name\": \"other\", ");
  EXPECT_NE(ErrorOf(twice).find("twice"), std::string::npos);
}

// Venice has neither boot loader nor microcode in its TCB, and read by Turin's layout nobody would notice.
TEST(FloorReader, KnowsTheComponentsOfEachLayout) {
  const auto with = [](const char* component) {
    Json document = SmallFloors();
    document["cpus"].push_back({{"id", "V"},
                                {"title", "Venice"},
                                {"product", "Venice"},
                                {"family", 26},
                                {"models", {80, 80}},
                                {"steppings", {0, 0}},
                                {"patch", "0B5000"}});
    for (Json& bulletin : document["bulletins"])
      bulletin["require"]["V"] = {{"min", {{{component, 1}, {"grade", "A"}, {"sources", {"amd"}}}}}};
    return ErrorOf(document.dump());
  };
  for (const char* component : {"fmc", "tee", "snp"}) EXPECT_EQ(with(component), "");
  for (const char* component : {"bootloader", "microcode"})
    EXPECT_NE(with(component).find("the TCB of Venice has no such component"), std::string::npos)
        << component;
}

TEST(FloorReader, HasWhatTheDocumentSays) {
  const FloorsPtr floors = Parsed(SmallFloors());
  EXPECT_EQ(floors->Title(), "small 1");
  EXPECT_EQ(DayText(floors->issued), "2026-05-01");
  EXPECT_EQ(FormatRfc3339(floors->stale_after), "2026-07-01T23:59:59Z");
  EXPECT_EQ(floors->sha256, Sha256(AsBytes(SmallFloors().dump())));
  const FloorCell& cell = floors->FindLine("G1")->cells.at(1);
  ASSERT_EQ(cell.min.size(), 4u);
  EXPECT_EQ(cell.min[0].field, FloorField::kSnp);
  EXPECT_EQ(cell.min[0].value, 27u);
  EXPECT_EQ(cell.min[0].grade, Grade::kOneSource);
  EXPECT_EQ(VersionText(cell.min[1].value), "1.55.49");
  EXPECT_EQ(cell.min[2].value, uint64_t{1} << 5);
  EXPECT_EQ(cell.min[3].value, uint64_t{1} << 1);
  EXPECT_EQ(cell.min[3].grade, Grade::kTwoSources);
  const FloorCell& unknown = floors->FindLine("G2")->cells.at(1);
  EXPECT_EQ(unknown.kind, CellKind::kUnknown);
  EXPECT_EQ(unknown.why, "not seen");
  EXPECT_EQ(unknown.inferred.at(0).value, 27u);
  EXPECT_EQ(floors->levels.back().name, "all");
  EXPECT_EQ(floors->FindLevel("first")->holds, (std::vector{true, false, false}));
  EXPECT_EQ(floors->FindLevel("none"), nullptr);
  EXPECT_EQ(floors->LineOf({0x19, 0x11, 2})->id, "G2");
  EXPECT_EQ(floors->LineOf({0x19, 0x11, 3}), nullptr);
}

// What a report without CPUID is held to.
TEST(FloorReader, KnowsWhatTheLinesOfAProductAskAlike) {
  const FloorsPtr floors = Parsed(SmallFloors());
  const FloorLine& genoa = floors->in_common.at(Product::kGenoa);
  ASSERT_EQ(genoa.cells[0].min.size(), 2u);
  EXPECT_EQ(genoa.cells[0].min[1].value, 79u);  // the lower microcode
  EXPECT_TRUE(genoa.cells[1].min.empty());
  EXPECT_EQ(genoa.cells[1].kind, CellKind::kUnknown);
}

TEST(FloorReader, TheBuiltInDocumentIsAboutTheLinesThatAreKnown) {
  const FloorDocument floors = Builtin();
  EXPECT_EQ(floors.bulletins.size(), 23u);
  size_t exact = 0;
  for (const CpuLine& known : AllCpuLines()) {
    if (!known.cpus.exact()) continue;
    ++exact;
    const FloorLine* line = floors.FindLine(known.name);
    ASSERT_NE(line, nullptr) << known.name;
    EXPECT_TRUE(line->Contains({known.cpus.family, known.cpus.first_model, known.cpus.first_stepping}));
    EXPECT_EQ(line->product, known.product);
  }
  EXPECT_EQ(floors.lines.size(), exact);
  EXPECT_EQ(floors.LineOf({0x1a, 0x50, 0}), nullptr);  // Venice has no public floor
  for (const char* level : {"entrysign", "entrysign-badram", "no-known-full-break", "all-2026-11-30", "all"})
    EXPECT_NE(floors.FindLevel(level), nullptr) << level;
}

}  // namespace
}  // namespace thimble::amd
