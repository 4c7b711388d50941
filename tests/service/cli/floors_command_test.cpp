// SPDX-License-Identifier: Apache-2.0
//
// `thimble floors show | diff | check`, and `thimble impact --reports DIR`, by the real binary.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "service/baselines/builtin_floors.h"
#include "tcb/base/text.h"
#include "tests/service/testing/floor_signer.h"
#include "tests/service/testing/process.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_hcl.h"

namespace thimble {
namespace {

using json = nlohmann::ordered_json;
using sim::SnpPlatform;
using test::ProcessResult;
using test::RunThimble;

json& Cell(json& document, std::string_view bulletin, const char* cpu) {
  for (json& b : document["bulletins"]) {
    if (b["id"] == bulletin) return b["require"][cpu];
  }
  throw std::runtime_error(std::string(bulletin));
}

class FloorsCommandTest : public testing::Test {
 protected:
  std::string Write(const json& document, std::string_view name = "floors.json") {
    return files_.Write(name, std::string_view(document.dump()));
  }
  static json Builtin() { return json::parse(kBuiltinFloors); }
  static void ExpectSays(const ProcessResult& run, std::string_view words) {
    EXPECT_NE(run.out.find(words), std::string::npos) << "expected " << words << " in\n"
                                                      << run.out << run.err;
  }
  // A wrong command line or file: nothing on stdout, one line that names the cause on stderr.
  static void ExpectUsage(const ProcessResult& run, std::string_view words) {
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err.find(words), std::string::npos) << "expected " << words << " in\n" << run.err;
  }
  test::TempDir files_;
};

// ---- show ----

TEST_F(FloorsCommandTest, ShowsTheBuiltInDocument) {
  const ProcessResult run = RunThimble({"floors", "show"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ExpectSays(run, "thimble-amd-floors 1\n");
  ExpectSays(run, "stale after  2027-05-31");
  ExpectSays(run, "AMD-SB-3020  2025-10-14  RMPocalypse (score 6.0)");
  ExpectSays(
      run,
      "Milan-B1 (Milan B1): bootloader 3 [1], snp 29 [1], microcode 0x0A0011E1 [A], firmware 1.58.3 [A]");
  ExpectSays(run, "    unknown: AMD-SB-3030");
}

TEST_F(FloorsCommandTest, ShowsALineAProductAndAName) {
  const ProcessResult line = RunThimble({"floors", "show", "Genoa-X"});
  EXPECT_EQ(line.exit_code, 0) << line.err;
  ExpectSays(line, "Genoa-X (Genoa-X B2)");
  ExpectSays(line, "snp 23 [2], firmware 1.55.40 [1], microcode 0x0A10124F [A] (GenoaPI 1.0.0.E)");
  ExpectSays(line, "unknown [A]: ");
  EXPECT_EQ(line.out.find("Genoa-B1"), std::string::npos);
  const auto count = [&](const char* name) {
    const ProcessResult run = RunThimble({"floors", "show", name, "--json"});
    return json::parse(run.out)["cpus"].size();
  };
  EXPECT_EQ(count("Milan"), 3u);
  EXPECT_EQ(count("Siena"), 2u);
  EXPECT_EQ(count("Bergamo"), 2u);
  EXPECT_EQ(count("Turin-Dense"), 1u);
  ExpectUsage(RunThimble({"floors", "show", "Venice"}), "has no such CPU line; it has Milan-B0");
  ExpectUsage(RunThimble({"floors", "show", "Rome"}), "has no such CPU line");
}

TEST_F(FloorsCommandTest, ShowsAFileAndWhatTheConfigurationNames) {
  const std::string file = files_.Write("ours.json", std::string_view(test::FloorsText(4)));
  ExpectSays(RunThimble({"floors", "show", "--file", file}), "ours 4\n");
  const std::string overlay =
      files_.Write("overlay.json", std::string_view(R"({"format": "amd-floors-overlay/1",
    "name": "mine", "number": 2, "issued": "2026-12-01", "rules": [{"bulletin": "AMD-SB-3030", "cpus": ["Genoa-B1"],
    "min": {"bootloader": 12, "snp": 28}, "reason": "our hosts"}, {"bulletin": "AMD-SB-3020", "cpus": ["Milan-B1"],
    "waive": true, "reason": "BIOS is coming", "until": "2027-03-01"}]})"));
  const std::string config = files_.Write(
      "thimble.toml", std::string_view(StrCat("[floors]\noverlay = \"", overlay,
                                              "\"\n[baseline.default]\namd = \"", file, "\"\n")));
  const ProcessResult run = RunThimble({"floors", "show", "Genoa-B1", "--config", config});
  ExpectSays(run, "ours 4 + mine 2\n");
  ExpectSays(run, "bootloader 12 [operator], snp 28 [operator]");
  ExpectSays(RunThimble({"floors", "show", "Milan-B1", "--config", config}),
             "waived until 2027-03-01: BIOS is coming");
  ExpectUsage(RunThimble({"floors", "show", "--file", "/nowhere"}), "/nowhere");
}

// ---- diff ----

TEST_F(FloorsCommandTest, SaysWhatChangesForWhichLine) {
  json next = Builtin();
  next["number"] = 2;
  next["previous"] = "sha256:" + std::string(64, '0');
  Cell(next, "AMD-SB-3020", "Milan-B1")["min"][0]["snp"] = 28;
  Cell(next, "AMD-SB-3019", "Turin-C1") = {
      {"not_affected", "AMD says so"}, {"grade", "A"}, {"sources", {"cve"}}};
  Cell(next, "AMD-SB-3030",
       "Genoa-B1") = {{"min", {{{"bootloader", 12}, {"snp", 28}, {"grade", "1"}, {"sources", {"cve"}}}}}};
  Cell(next, "AMD-SB-3019", "Genoa-B1")["min"][0]["snp"] = 22;
  const std::string file = Write(next);
  const ProcessResult run = RunThimble({"floors", "diff", "builtin", file});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ExpectSays(run, "from  thimble-amd-floors 1, issued 2026-11-30");
  ExpectSays(run, "to    thimble-amd-floors 2");
  ExpectSays(run, "AMD-SB-3020, Milan-B1: stricter\n  was  snp 27 [1]");
  ExpectSays(run, "AMD-SB-3030, Genoa-B1: stricter\n  was  unknown [A]");
  ExpectSays(run, "is   bootloader 12 [1], snp 28 [1]");
  ExpectSays(run, "AMD-SB-3019, Genoa-B1: laxer");
  ExpectSays(run, "AMD-SB-3019, Turin-C1: grounds");
  ExpectSays(run, "2 stricter, 1 laxer, 0 mixed, 1 by other grounds alone");
  const json back = json::parse(RunThimble({"floors", "diff", file, "builtin", "--json"}).out);
  ASSERT_EQ(back["differences"].size(), 4u);
  for (const json& d : back["differences"]) {
    const bool lowered = d["bulletin"] == "AMD-SB-3020";
    if (lowered) {
      EXPECT_EQ(d["change"], "laxer");
    }
  }
}

TEST_F(FloorsCommandTest, SaysWhichBulletinsLinesAndLevelsComeAndGo) {
  json next = Builtin();
  json bulletin = next["bulletins"].back();
  bulletin["id"] = "AMD-SB-3099";
  next["bulletins"].push_back(bulletin);
  next["cpus"].erase(0);
  for (json& b : next["bulletins"]) b["require"].erase("Milan-B0");
  next["levels"]["entrysign"].erase(0);
  next["levels"].erase("entrysign-badram");
  const ProcessResult run = RunThimble({"floors", "diff", "builtin", Write(next)});
  ExpectSays(run, "AMD-SB-3099: stricter\n  was  not there");
  ExpectSays(run, "Milan-B0: stricter\n");
  ExpectSays(run, "is   no such line: its CPUs have no status");
  ExpectSays(run, "was  level entrysign: AMD-SB-3019, AMD-SB-7033\n  is   level entrysign: AMD-SB-7033");
  ExpectSays(run, "was  level entrysign-badram");
  ExpectSays(RunThimble({"floors", "diff", "builtin", "builtin"}), "they judge alike");
  ExpectUsage(RunThimble({"floors", "diff", "builtin", "/nowhere"}), "/nowhere");
  EXPECT_EQ(RunThimble({"floors", "diff", "builtin"}).exit_code, 2);
}

// ---- check ----

TEST_F(FloorsCommandTest, ChecksADocument) {
  const std::string good = files_.Write("ours.json", std::string_view(test::FloorsText(4)));
  const ProcessResult run = RunThimble({"floors", "check", good});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, StrCat(good, ": ok: ours 4, 23 bulletins, 9 CPU lines\n"));
  json bad = Builtin();
  Cell(bad, "AMD-SB-3020", "Milan-B1")["min"][0]["fmc"] = 1;
  ExpectUsage(RunThimble({"floors", "check", Write(bad)}),
              "floors.json: AMD-SB-3020: Milan-B1: min: fmc: the TCB of Milan has no such component");
  json lacking = Builtin();
  lacking["bulletins"][0]["require"].erase("Genoa-X");
  ExpectUsage(RunThimble({"floors", "check", Write(lacking)}), "AMD-SB-3002: require: no cell for Genoa-X");
  ExpectUsage(RunThimble({"floors", "check", files_.Write("x.json", std::string_view("{"))}), "x.json");
  ExpectUsage(RunThimble({"floors", "check", "/nowhere"}), "/nowhere");
  EXPECT_EQ(json::parse(RunThimble({"floors", "check", good, "--json"}).out)["number"], 4);
}

TEST_F(FloorsCommandTest, ChecksByTheKeyAndLevelsOfTheConfiguration) {
  const test::FloorSigner ours(1), other(2);
  const std::string text = test::FloorsText(4), good = files_.Write("ours.json", std::string_view(text));
  const std::string key = files_.Write("key.pem", std::string_view(ours.Pem()));
  const std::string config =
      files_.Write("thimble.toml", std::string_view(StrCat("[floors]\nkey = \"", key, "\"\n")));
  ExpectUsage(RunThimble({"floors", "check", good, "--config", config}), "is not signed under floors.key");
  files_.Write("ours.json.sig", other.Sign(text));
  ExpectUsage(RunThimble({"floors", "check", good, "--config", config}), "does not hold under floors.key");
  files_.Write("ours.json.sig", ours.Sign(text));
  EXPECT_EQ(RunThimble({"floors", "check", good, "--config", config}).exit_code, 0);
  json stale = Builtin();
  stale["reviewed"] = stale["issued"];
  stale["stale_after"] = stale["issued"];
  const ProcessResult old = RunThimble({"floors", "check", Write(stale)});
  EXPECT_EQ(old.exit_code, 0);  // it judges, and says so
  const std::string level =
      files_.Write("level.toml", std::string_view("[policy.default]\namd_level = \"gone\"\n"));
  ExpectUsage(RunThimble({"floors", "check", good, "--config", level}), "\"gone\" is no level of ours 4");
}

TEST_F(FloorsCommandTest, ChecksAnOverlay) {
  const auto overlay = [&](const char* min) {
    return files_.Write(
        "overlay.json",
        std::string_view(StrCat(
            R"({"format": "amd-floors-overlay/1", "name": "mine", "number": 2, "issued": "2026-12-01", "rules": [)",
            R"({"bulletin": "AMD-SB-3020", "cpus": ["Milan-B1"], "min": {)", min,
            R"(}, "reason": "ours"}]})")));
  };
  ExpectSays(RunThimble({"floors", "check", overlay("\"snp\": 28")}), "ok: thimble-amd-floors 1 + mine 2");
  ExpectUsage(RunThimble({"floors", "check", overlay("\"snp\": 26")}),
              "overlay.json: rule 1: AMD-SB-3020, Milan-B1: snp: is below the document's");
}

// ---- impact --reports ----

class ReportsTest : public FloorsCommandTest {
 protected:
  ReportsTest() { std::filesystem::create_directory(directory_); }
  void Put(std::string_view name, ByteView bytes) { files_.Write(StrCat("reports/", name), bytes); }
  ProcessResult Impact(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"impact", "--reports", directory_, "--at", "2026-12-01T00:00:00Z"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunThimble(arguments);
  }
  // Of `--json`, by file.
  json ByFile(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = more;
    arguments.emplace_back("--json");
    const ProcessResult run = Impact(arguments);
    json out;
    const json report = json::parse(run.out);
    EXPECT_EQ(run.exit_code, report["refused"] == 0 && report["unjudged"] == 0 ? 0 : 1) << run.out << run.err;
    for (const json& row : report["reports"]) out[row["file"].get<std::string>()] = row;
    return out;
  }
  const std::string directory_ = files_ / "reports";
  const sim::SimAmd amd_ = sim::SimAmd::Make();
};

TEST_F(ReportsTest, AreJudgedNowAndUnderTheDocument) {
  const SnpPlatform genoa = SnpPlatform::OfLine("Genoa-B1");
  SnpPlatform old = SnpPlatform::OfLine("Genoa-X");
  old.tcb.snp = 26;
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  Put("a-raw.bin", amd_.Report(genoa, {.version = 5}));
  Put("b-extended.bin", amd_.ExtendedReport(genoa, {.version = 5}));
  Put("c-hcl.bin", sim::EncodeHclReport({.hardware_report = amd_.Report(
                                             SnpPlatform::OfLine("Milan-B1"),
                                             {.version = 3, .report_data = sim::BindingOf(runtime_data)}),
                                         .runtime_data = runtime_data}));
  Put("d-old.hex", AsBytes(HexLower(amd_.Report(old, {.version = 5}))));
  Put("e-venice.bin", amd_.Report(SnpPlatform::OfLine("Venice"), {.version = 6}));
  Put("readme.txt", AsBytes(std::string_view("not a report")));
  Put("seven.bin", amd_.Report(genoa, {.version = 7}));

  json next = Builtin();
  next["number"] = 2;
  next["previous"] = "sha256:" + std::string(64, '0');
  Cell(next, "AMD-SB-3030",
       "Genoa-B1") = {{"min", {{{"bootloader", 12}, {"snp", 28}, {"grade", "1"}, {"sources", {"cve"}}}}}};
  const std::string file = Write(next);
  const json rows = ByFile({"--floors", file});
  ASSERT_EQ(rows.size(), 5u);
  for (const char* name : {"a-raw.bin", "b-extended.bin"}) {
    const json& row = rows[name];
    EXPECT_EQ(row["cpu"], "Genoa-B1");
    EXPECT_EQ(row["now"]["decision"], "accept") << row.dump(1);
    EXPECT_EQ(row["now"]["status"], nullptr) << "SB-3030 is unknown there today";
    EXPECT_EQ(row["then"]["status"], "OutOfDate");
    EXPECT_EQ(row["then"]["decision"], "reject");
    EXPECT_EQ(row["changes"], true);
    EXPECT_EQ(row["then"]["shortfalls"][0]["bulletin"], "AMD-SB-3030");
  }
  EXPECT_EQ(rows["c-hcl.bin"]["now"]["status"], "UpToDate");
  EXPECT_EQ(rows["c-hcl.bin"]["changes"], false);
  EXPECT_EQ(rows["d-old.hex"]["now"]["status"], "OutOfDate");
  EXPECT_EQ(rows["d-old.hex"]["changes"], false);
  EXPECT_EQ(rows["e-venice.bin"]["now"]["decision"], "reject");
  EXPECT_NE(rows["e-venice.bin"]["now"]["reason"].dump().find("no floor for CPU"), std::string::npos);

  const ProcessResult text = Impact({"--floors", file});
  EXPECT_EQ(text.exit_code, 1) << text.err;
  ExpectSays(text, "5 reports: 2 would be refused, 0 admitted, 3 decided as now, 0 not judged");
  ExpectSays(text, "signatures are not checked here");
  ExpectSays(text, "a-raw.bin       Genoa-B1  no status, accept  OutOfDate, reject  *");
  ExpectSays(text, "AMD-SB-3030: reported snp.snp 27, needs 28; raised by");
  ExpectSays(text, "no SNP report: readme.txt: ");
  ExpectSays(text, "no SNP report: seven.bin: ");
}

TEST_F(ReportsTest, NeedNoDocumentToSayWhatIsAcceptedToday) {
  SnpPlatform old = SnpPlatform::OfLine("Milan-B1");
  old.tcb.snp = 24;
  old.tcb.microcode = 219;
  Put("azure.bin", amd_.Report(old));
  const json rows = ByFile();
  EXPECT_EQ(rows["azure.bin"]["now"]["status"], "OutOfDate");
  EXPECT_EQ(rows["azure.bin"]["now"], rows["azure.bin"]["then"]);
  // A level that it meets, as the policy to try.
  const std::string config =
      files_.Write("thimble.toml", std::string_view("[policy.low]\namd_level = \"entrysign\"\n"));
  const json low = ByFile({"--config", config, "--candidate-policy", "low"});
  EXPECT_EQ(low["azure.bin"]["then"]["decision"], "accept") << low.dump(1);
  EXPECT_EQ(low["azure.bin"]["changes"], true);
}

// Its version does not name the CPU: short of what both products ask is short; else it has to be said.
TEST_F(ReportsTest, OfVersion2AreHeldToBothProducts) {
  SnpPlatform milan = SnpPlatform::OfLine("Milan-B1");
  milan.tcb.snp = 20;
  Put("short.bin", amd_.Report(milan, {.version = 2}));
  milan.tcb.snp = 23;  // short of Milan's 24, and of Genoa's later bulletins
  Put("middle.bin", amd_.Report(milan, {.version = 2}));
  const json rows = ByFile();
  EXPECT_EQ(rows["short.bin"]["now"]["status"], "OutOfDate");
  EXPECT_EQ(rows["short.bin"]["cpu"], "not named");
  const std::string config =
      files_.Write("thimble.toml", std::string_view("[policy.low]\namd_level = \"entrysign\"\n"));
  const std::vector<std::string> low = {"--config", config, "--policy", "low"};
  const json both = ByFile(low);
  EXPECT_FALSE(both["middle.bin"]["now"].contains("decision")) << both.dump(1);
  EXPECT_NE(both["middle.bin"]["now"]["reason"].dump().find("--product"), std::string::npos);
  EXPECT_EQ(
      ByFile({"--config", config, "--policy", "low", "--product", "Milan"})["middle.bin"]["now"]["status"],
      "OutOfDate");
}

TEST_F(ReportsTest, AreAnErrorWhereThereAreNone) {
  ExpectUsage(Impact(), "holds no SNP report");
  ExpectUsage(RunThimble({"impact", "--reports", "/nowhere"}), "/nowhere");
  Put("a.bin", amd_.Report(SnpPlatform::OfLine("Genoa-B1")));
  ExpectUsage(Impact({"--policy", "none"}), "there is no none");
  ExpectUsage(Impact({"--baseline", "none"}), "there is no none");
  ExpectUsage(Impact({"--floors", files_.Write("x.json", std::string_view("{}"))}), "x.json");
  EXPECT_EQ(Impact({"--server", "http://127.0.0.1:1"}).exit_code, 2) << "they stay here";
}

}  // namespace
}  // namespace thimble
