// SPDX-License-Identifier: Apache-2.0
//
// The floors of each CPU line through library, HTTP and command line: a signed report one below, at and one above what
// the document asks of each component, with every bulletin that it falls short of named; and Venice, which has none.
#include <gtest/gtest.h>

#include <map>

#include "service/results/jwt.h"
#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/process.h"
#include "tests/support/sim_files.h"
#include "tests/tcb/amd/floor_world.h"

namespace thimble {
namespace {

using amd::FloorLine, amd::FloorRequirement, amd::TcbComponent;
using nlohmann::json;
using sim::SnpPlatform;
using Names = std::vector<std::string>;

// After the last bulletin of the document, and before it is stale.
constexpr Instant kNow = amd::kLater;

const amd::FloorsPtr& Floors() {
  static const auto floors = std::make_shared<const amd::FloorDocument>(amd::Builtin());
  return floors;
}

class FloorRunsTest : public testing::Test {
 protected:
  FloorRunsTest() {
    w_.amd = sim::SimAmd::Make({.now = kNow});
    w_.vendor.AddKds(w_.amd);
    w_.files.Write("amd-root.pem",
                   w_.amd.ArksPem() + sim::ToPem(w_.amd.Ark(amd::Product::kVenice), "CERTIFICATE"));
  }
  // The status that the library has for it.
  Verdict ByLibrary(const SnpPlatform& platform, const Bytes& report) {
    TrustAnchors anchors = TrustAnchors::Pinned();
    const std::string pem = sim::ToPem(w_.amd.Ark(platform.product), "CERTIFICATE");
    EXPECT_TRUE(anchors.AddExtra(AsBytes(pem)));
    auto verdict = amd::VerifyReport(report, w_.amd.Endorsements(platform), std::nullopt, anchors, kNow,
                                     AmdCrlMode::kRequire);
    EXPECT_TRUE(verdict) << verdict.error().message;
    if (!verdict) return {};
    amd::ApplyFloors(*verdict, Floors(), amd::kAllLevel, AmdFloorMode::kRequire);
    return std::move(verdict).value();
  }
  test::ProcessResult ByCommand(const SnpPlatform& platform, const Bytes& report,
                                const std::vector<std::string>& more = {}) {
    sim::WriteEndorsements(w_.files / "given", w_.amd, platform);
    std::vector<std::string> arguments{"verify",       w_.files.Write("report.bin", report),
                                       "--collateral", w_.files / "given",
                                       "--anchor",     w_.files / "amd-root.pem",
                                       "--at",         FormatRfc3339(kNow),
                                       "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::RunThimble(arguments);
  }
  test::AmdWorld w_;
};

json StatusText(const Verdict& verdict) {
  return verdict.tcb_status ? json(TcbStatusName(*verdict.tcb_status)) : json(nullptr);
}

// What both say of the status; findings of another kind (the anchor) are not these tests' business.
void ExpectSame(const json& result, const Verdict& verdict) {
  EXPECT_EQ(result["tcb_status"], StatusText(verdict)) << result.dump(1);
  EXPECT_EQ(result["advisories"].get<Names>(), verdict.advisories);
  EXPECT_EQ(result["advisories_unproven"].get<Names>(), verdict.advisories_unproven);
  EXPECT_EQ(result["shortfalls"].size(), verdict.shortfalls.size()) << result.dump(1);
}

// The highest that any bulletin asks of each component.
std::map<TcbComponent, uint8_t> FloorOf(const FloorLine& line) {
  std::map<TcbComponent, uint8_t> out;
  for (const amd::FloorCell& cell : line.cells) {
    for (const FloorRequirement& r : cell.min) {
      if (const auto component = amd::ComponentOf(r.field))
        out[*component] = std::max(out[*component], static_cast<uint8_t>(r.value));
    }
  }
  return out;
}

// By the document: the bulletins that ask for more than this of the component, in the order of their names. One that a
// guest policy makes up for counts, too: the reports of these tests permit SMT.
Names AskForMore(const FloorLine& line, TcbComponent component, uint8_t value) {
  Names out;
  for (size_t i = 0; i < line.cells.size(); ++i) {
    for (const FloorRequirement& r : line.cells[i].min) {
      if (amd::ComponentOf(r.field) == component && r.value > value) out.push_back(Floors()->bulletins[i].id);
    }
  }
  std::ranges::sort(out);
  return out;
}

struct Tried {
  std::string name;
  SnpPlatform platform;
  Names behind;
};

// Each component of each line, one below its floor, at it and one above, all else at the floor or higher.
std::vector<Tried> AllTried() {
  std::vector<Tried> out;
  for (const FloorLine& line : Floors()->lines) {
    for (const auto& [component, floor] : FloorOf(line)) {
      for (const int step : {-1, 0, 1}) {
        Tried run{StrCat(line.id, " ", ComponentName(component), " ", floor + step),
                  SnpPlatform::OfLine(line.id),
                  {}};
        run.platform.tcb.At(component) = static_cast<uint8_t>(floor + step);
        run.behind = AskForMore(line, component, static_cast<uint8_t>(floor + step));
        out.push_back(std::move(run));
      }
    }
  }
  return out;
}

TEST_F(FloorRunsTest, LibraryAndHttpNameEachBulletinOfEachComponent) {
  w_.Start(kNow);
  size_t short_ones = 0;
  for (const Tried& run : AllTried()) {
    SCOPED_TRACE(run.name);
    const Bytes report = w_.amd.Report(run.platform, {.version = 5});
    const Verdict verdict = ByLibrary(run.platform, report);
    EXPECT_EQ(verdict.advisories, run.behind);
    const json result = w_.Verify(report);
    ExpectSame(result, verdict);
    EXPECT_EQ(result["decision"], run.behind.empty() ? "accept" : "reject") << result["rules"].dump(1);
    if (run.behind.empty()) continue;
    ++short_ones;
    EXPECT_EQ(result["tcb_status"], "OutOfDate");
    for (const json& shortfall : result["shortfalls"]) {
      EXPECT_EQ(std::ranges::count(run.behind, shortfall["bulletin"].get<std::string>()), 1);
      EXPECT_EQ(shortfall["view"], "reported");
      EXPECT_FALSE(shortfall["update"].get<std::string>().empty());
    }
  }
  EXPECT_EQ(short_ones, 21u);  // boot loader, snp and microcode of three lines, snp and microcode of six
}

// One process a line and side of the floor: the component that most bulletins ask for.
TEST_F(FloorRunsTest, TheCommandLineSaysTheSame) {
  for (const FloorLine& line : Floors()->lines) {
    SnpPlatform platform = SnpPlatform::OfLine(line.id);
    for (const bool is_short : {false, true}) {
      SCOPED_TRACE(StrCat(line.id, is_short ? " below" : " at"));
      const uint8_t floor = FloorOf(line).at(TcbComponent::kSnp);
      platform.tcb.snp = static_cast<uint8_t>(is_short ? floor - 1 : floor);
      const Bytes report = w_.amd.Report(platform, {.version = 5});
      const test::ProcessResult run = ByCommand(platform, report);
      EXPECT_EQ(run.exit_code, is_short ? 1 : 0) << run.out << run.err;
      const json result = json::parse(run.out, nullptr, false);
      ExpectSame(result, ByLibrary(platform, report));
      EXPECT_EQ(result["advisories"].get<Names>(), AskForMore(line, TcbComponent::kSnp, *platform.tcb.snp));
    }
  }
}

// Its signature, overlay and all: as a server with this file judges.
TEST_F(FloorRunsTest, VerifyHereHonoursTheFloorsOfTheConfiguration) {
  const std::string overlay = w_.files.Write("overlay.json", std::string_view(R"({
    "format": "amd-floors-overlay/1", "name": "mine", "number": 2, "issued": "2026-12-01", "rules": [
    {"bulletin": "AMD-SB-3030", "cpus": ["Genoa-B1"], "min": {"snp": 28}, "reason": "our hosts"}]})"));
  const auto config = [&](std::string_view floors) {
    return w_.files.Write("thimble.toml", StrCat("[floors]\n", floors));
  };
  const SnpPlatform genoa = SnpPlatform::OfLine("Genoa-B1");
  const Bytes report = w_.amd.Report(genoa, {.version = 5});
  const auto with = config(StrCat("overlay = \"", overlay, "\"\n"));
  const test::ProcessResult run = ByCommand(genoa, report, {"--config", with});
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  const json result = json::parse(run.out, nullptr, false);
  EXPECT_EQ(result["evaluation"]["floor"], "thimble-amd-floors 1 + mine 2");
  EXPECT_EQ(result["advisories"], json::array({"AMD-SB-3030"}));
  EXPECT_EQ(ByCommand(genoa, report).exit_code, 0) << "it is not known without it";
  const auto broken = config("overlay = \"/nowhere\"\n");
  EXPECT_EQ(ByCommand(genoa, report, {"--config", broken}).exit_code, 2);
}

// REPORTED <= COMMITTED <= CURRENT: the report contradicts itself, whatever its level.
TEST_F(FloorRunsTest, ViewsThatContradictEachOtherAreAHardFinding) {
  w_.Start(kNow);
  const SnpPlatform milan = SnpPlatform::OfLine("Milan-B1");
  constexpr size_t kSnp = 6;  // its place in the TCB
  for (const size_t view : {0x038u, 0x1e0u}) {
    const Bytes report = w_.amd.Report(milan, {.version = 5, .bend = [&](Bytes& r) { --r[view + kSnp]; }});
    const json result = w_.Verify(report);
    EXPECT_EQ(result["decision"], "reject");
    EXPECT_EQ(result["authentic"], false);
    EXPECT_EQ(test::CheckIn(result, "snp.tcb_order"), "failed") << result["findings"].dump(1);
    EXPECT_EQ(result["findings"].back()["severity"], "hard");
    const test::ProcessResult run = ByCommand(milan, report);
    EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
    EXPECT_EQ(test::CheckIn(json::parse(run.out, nullptr, false), "snp.tcb_order"), "failed");
  }
}

// A day after its last the document judges as before, and the soft finding rejects unless the policy allows it.
TEST_F(FloorRunsTest, StaleFloorsRejectAndSayWhatToDo) {
  nlohmann::ordered_json document = nlohmann::ordered_json::parse(amd::BuiltinFloorsText());
  document["stale_after"] = "2026-11-30";
  w_.config.baselines.at("default").amd = w_.files.Write("stale.json", std::string_view(document.dump()));
  w_.config.policies["lenient"] = BuiltInPolicy();
  w_.config.policies["lenient"].allow_stale_floor = true;
  w_.Start(kNow);
  const Bytes report = w_.amd.Report(SnpPlatform::OfLine("Milan-B1"), {.version = 5});
  const json rejected = w_.Verify(report);
  EXPECT_EQ(rejected["decision"], "reject");
  EXPECT_EQ(rejected["tcb_status"], "UpToDate");
  EXPECT_EQ(rejected["floors"]["stale"], true) << rejected["floors"].dump();
  EXPECT_EQ(test::FindingsOf(rejected), std::set<std::string>{"snp.floor_stale"});
  EXPECT_NE(rejected["findings"].dump().find("review this one"), std::string::npos)
      << rejected["findings"].dump(1);
  const json accepted = w_.Verify(report, {{"policy", "lenient"}, {"ear", true}});
  EXPECT_EQ(accepted["decision"], "accept") << accepted["rules"].dump(1);
  const auto claims = VerifyJwt(accepted["ear"].get<std::string>(),
                                *ParseJwks(test::Get(w_.port(), "/.well-known/jwks.json").body));
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_NE(claims->find("\"ear.status\":\"warning\""), std::string::npos) << *claims;
}

// ---- report version 6 and Venice ----

// Signed by a VCEK of Venice's layout. Nobody has published floors for it: no status, and no acceptance by default.
TEST_F(FloorRunsTest, VeniceHasNoPublicFloorAndSaysSo) {
  const SnpPlatform venice = SnpPlatform::OfLine("Venice");
  const Bytes report = w_.amd.Report(venice, {.version = 6});
  const Verdict verdict = ByLibrary(venice, report);
  EXPECT_TRUE(verdict.authentic);
  EXPECT_FALSE(verdict.tcb_status);
  const auto expect = [&](const json& result, std::string_view decision) {
    EXPECT_EQ(result["decision"], decision) << result.dump(1);
    EXPECT_EQ(result["tcb_status"], nullptr);
    EXPECT_EQ(result["authentic"], true);
    EXPECT_EQ(result["platform"]["product"], "Venice");
    EXPECT_NE(result["findings"].dump().find("no floor for CPU family 26, model 80, stepping 0 (Venice)"),
              std::string::npos)
        << result["findings"].dump(1);
  };
  const test::ProcessResult run = ByCommand(venice, report);
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  expect(json::parse(run.out, nullptr, false), "reject");

  w_.config.policies["new_cpus"] = BuiltInPolicy();
  w_.config.policies["new_cpus"].amd_floor = AmdFloorMode::kIfKnown;
  w_.Start(kNow);
  const json result = w_.Verify(report);
  expect(result, "reject");
  EXPECT_EQ(test::FindingsOf(result), std::set<std::string>{"snp.floor_unknown"});
  EXPECT_EQ(result["claims"]["reported_tcb"]["fmc"], *venice.tcb.fmc) << result["claims"].dump(1);
  EXPECT_EQ(result["claims"]["reported_tcb"]["snp"], *venice.tcb.snp);
  EXPECT_FALSE(result["claims"]["reported_tcb"].contains("microcode"));
  EXPECT_EQ(w_.Verify(report, {{"policy", "new_cpus"}})["decision"], "accept");
}

// Read by another product's layout a TCB of Venice would fit no leaf of it.
TEST_F(FloorRunsTest, VeniceIsHeldToItsLeaf) {
  w_.Start(kNow);
  const SnpPlatform venice = SnpPlatform::OfLine("Venice");
  SnpPlatform other = venice;
  ++*other.tcb.snp;
  const json endorsements = {Base64(w_.amd.Leaf(other)),
                             w_.amd.ChainPem(amd::Product::kVenice, amd::SigningKey::kVcek),
                             Base64(w_.amd.Crl(amd::Product::kVenice))};
  const json result = w_.Verify(w_.amd.Report(venice, {.version = 6}),
                                {{"endorsements", endorsements}, {"at", FormatRfc3339(kNow)}});
  EXPECT_EQ(result["decision"], "reject");
  EXPECT_EQ(result["authentic"], false) << result.dump(1);
}

TEST_F(FloorRunsTest, VersionsAboveSixAreRefusedByName) {
  const SnpPlatform venice = SnpPlatform::OfLine("Venice");
  w_.Start(kNow);
  for (const uint32_t version : {7u, 8u, 255u}) {
    const Bytes report = w_.amd.Report(venice, {.version = version});
    const test::ProcessResult run = ByCommand(venice, report);
    EXPECT_EQ(run.exit_code, 4) << run.out << run.err;
    const json problem = json::parse(run.out, nullptr, false);
    EXPECT_EQ(problem["check"], "snp.version");
    EXPECT_NE(problem["detail"].dump().find(StrCat(version)), std::string::npos) << problem.dump();
    EXPECT_EQ(w_.Problem(report, 400)["check"], "snp.version");
  }
}

// What `thimble-vendors` gives for trying it out is short of nothing at the highest level, each line.
TEST_F(FloorRunsTest, TheGoodReportsOfTheSimulatedVendorsMeetAll) {
  size_t good = 0;
  w_.Start(kNow);
  for (const sim::EvidenceFile& file : sim::AmdEvidence(w_.amd)) {
    if (!file.name.starts_with("good-snp-") || !file.name.ends_with("-v5.bin")) continue;
    SCOPED_TRACE(file.name);
    ++good;
    const json result = w_.Verify(file.bytes);
    EXPECT_EQ(result["decision"], "accept") << result.dump(1);
    EXPECT_EQ(result["advisories"], json::array());
    EXPECT_EQ(result["shortfalls"], json::array());
    EXPECT_EQ(result["floors"]["level"], "all");
    // UpToDate, or withheld because the document does not know a number that AMD has.
    const bool unknown = test::FindingsOf(result) == std::set<std::string>{"snp.floor_unproven"};
    EXPECT_EQ(result["tcb_status"], unknown ? json(nullptr) : json("UpToDate"));
  }
  EXPECT_EQ(good, 10u);  // one of each of the nine lines, and Turin's of before
}

}  // namespace
}  // namespace thimble
