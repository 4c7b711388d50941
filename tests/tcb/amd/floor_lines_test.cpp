// SPDX-License-Identifier: Apache-2.0
//
// The document that comes with Thimble, line by line: what each asks, written down apart from it; each requirement one
// below, at and one above; and what holds of any report.
#include <random>

#include "tests/tcb/amd/floor_world.h"

namespace thimble::amd {
namespace {

FloorsPtr Floors() {
  static const FloorsPtr floors = std::make_shared<const FloorDocument>(Builtin());
  return floors;
}
CpuId CpuOf(const FloorLine& line) { return {line.family, line.first_model, line.first_stepping}; }

// The highest that any bulletin of the level asks for, "snp 29, microcode 225, ...".
std::string Highest(const FloorLine& line, const FloorLevel& level) {
  std::map<FloorField, uint64_t> most;
  for (size_t i = 0; i < line.cells.size(); ++i) {
    if (!level.holds[i]) continue;
    for (const FloorRequirement& r : line.cells[i].min)
      most[r.field] = IsMask(r.field) ? most[r.field] | r.value : std::max(most[r.field], r.value);
  }
  std::string out;
  for (const auto& [field, value] : most) {
    out += std::string(out.empty() ? "" : ", ") + std::string(FieldName(field)) + " ";
    out += field == FloorField::kVersion ? VersionText(value) : std::to_string(value);
  }
  return out;
}

// spec/amd-floors.md section 3. Bits are masks: platform bit 5 is 32, mitigation bits 1, 2 and 4 are 22.
TEST(FloorLines, AskWhatTheTableOfTheFactsSays) {
  struct Row {
    const char *line, *entrysign, *all;
  };
  const std::vector<Row> rows = {
      {"Milan-B0", "snp 24, microcode 123",
       "bootloader 3, snp 29, microcode 123, version 1.58.3, platform_bits 32, mit_bits 22"},
      {"Milan-B1", "snp 24, microcode 219",
       "bootloader 3, snp 29, microcode 225, version 1.58.3, platform_bits 32, mit_bits 22"},
      {"Milan-X", "snp 24, microcode 68",
       "bootloader 3, snp 29, microcode 78, version 1.58.3, platform_bits 32, mit_bits 22"},
      {"Genoa-B1", "snp 23, microcode 84, version 1.55.40",
       "snp 27, microcode 91, version 1.58.4, platform_bits 32, mit_bits 7"},
      {"Genoa-X", "snp 23, microcode 79, version 1.55.40",
       "snp 27, microcode 91, version 1.58.4, platform_bits 32, mit_bits 7"},
      {"Siena-A1", "microcode 23", "snp 27, microcode 23, version 1.55.49, mit_bits 3"},
      {"Siena-A2", "microcode 25", "snp 27, microcode 31, version 1.55.49, mit_bits 3"},
      {"Turin-C1", "microcode 71", "snp 4, microcode 90, version 1.58.10, mit_bits 55"},
      {"Turin-Dense", "microcode 71", "snp 4, microcode 84, version 1.58.10, mit_bits 55"},
  };
  ASSERT_EQ(rows.size(), Floors()->lines.size());
  for (const Row& row : rows) {
    const FloorLine& line = *Floors()->FindLine(row.line);
    EXPECT_EQ(Highest(line, *Floors()->FindLevel("entrysign")), row.entrysign) << row.line;
    EXPECT_EQ(Highest(line, *Floors()->FindLevel("all")), row.all) << row.line;
  }
}

void Set(SnpClaims& claims, FloorField field, uint64_t value) {
  if (const auto component = ComponentOf(field))
    return SetInAll(claims, *component, static_cast<uint8_t>(value));
  const FirmwareVersion version{static_cast<uint8_t>(value >> 16), static_cast<uint8_t>(value >> 8),
                                static_cast<uint8_t>(value)};
  if (field == FloorField::kVersion) claims.committed_version = claims.current_version = version;
  if (field == FloorField::kPlatformBits) claims.platform_info = value;
  if (field == FloorField::kMitigationBits) claims.current_mit_vector = claims.launch_mit_vector = value;
}

void ExpectNamed(const FloorLine& line, size_t bulletin, const FloorRequirement& requirement, uint64_t value,
                 bool is_short) {
  SnpClaims claims = BestClaims(CpuOf(line));
  Set(claims, requirement.field, value);
  const Verdict verdict = Judged(claims, Floors(), kAllLevel, kLater);
  const std::string& id = Floors()->bulletins[bulletin].id;
  const bool named = std::ranges::find(verdict.advisories, id) != verdict.advisories.end();
  EXPECT_EQ(named, is_short) << line.id << ", " << id << ", " << FieldName(requirement.field) << " " << value;
  const auto shortfall = std::ranges::find(verdict.shortfalls, id, &Shortfall::bulletin);
  EXPECT_EQ(shortfall != verdict.shortfalls.end(), is_short);
  if (is_short && shortfall != verdict.shortfalls.end()) {
    EXPECT_FALSE(shortfall->view.empty());
    EXPECT_FALSE(shortfall->update.empty());
    EXPECT_NE(verdict.tcb_status, TcbStatus::kUpToDate);
  }
}

TEST(FloorLines, EachRequirementBelowAtAndAbove) {
  size_t tried = 0;
  for (const FloorLine& line : Floors()->lines) {
    for (size_t i = 0; i < line.cells.size(); ++i) {
      for (const FloorRequirement& requirement : line.cells[i].min) {
        ++tried;
        const uint64_t need = requirement.value;
        if (IsMask(requirement.field)) {
          for (uint64_t bit = 0; bit < 64; ++bit)
            if ((need >> bit & 1) != 0) ExpectNamed(line, i, requirement, ~(uint64_t{1} << bit), true);
          ExpectNamed(line, i, requirement, need, false);
          ExpectNamed(line, i, requirement, ~uint64_t{0}, false);
          continue;
        }
        ExpectNamed(line, i, requirement, need - 1, true);
        ExpectNamed(line, i, requirement, need, false);
        ExpectNamed(line, i, requirement, need + 1, false);
      }
    }
  }
  EXPECT_EQ(tried, 148u);
}

// ---- what holds of any report ----

// The higher, the worse. Nothing known short, but something unknown, is worse than UpToDate alone.
int Rank(const std::optional<TcbStatus>& status) {
  if (!status) return 1;
  switch (*status) {
    case TcbStatus::kUpToDate:
      return 0;
    case TcbStatus::kSWHardeningNeeded:
      return 2;
    case TcbStatus::kConfigurationNeeded:
      return 3;
    case TcbStatus::kConfigurationAndSWHardeningNeeded:
      return 4;
    case TcbStatus::kRelaunchAdvised:
      return 5;
    case TcbStatus::kRelaunchAdvisedConfigurationNeeded:
      return 6;
    case TcbStatus::kOutOfDate:
      return 7;
    default:
      return 8;
  }
}

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  size_t Below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(engine_); }
  bool Flip() { return Below(2) == 0; }

 private:
  std::mt19937 engine_;
};

// Close to the floors: each component is one that some bulletin asks for, or one beside it.
SnpClaims NearTheFloors(const FloorLine& line, Random& random) {
  SnpClaims claims = BestClaims(CpuOf(line));
  std::vector<FloorRequirement> all;
  for (const FloorCell& cell : line.cells) all.insert(all.end(), cell.min.begin(), cell.min.end());
  for (int i = 0; i < 4; ++i) {
    const FloorRequirement& r = all[random.Below(all.size())];
    const auto component = ComponentOf(r.field);
    if (!component) {
      Set(claims, r.field, IsMask(r.field) ? random.Below(256) : r.value - random.Below(2));
      continue;
    }
    for (auto* tcb : {&claims.reported_tcb, &claims.committed_tcb, &claims.current_tcb, &claims.launch_tcb})
      if (random.Flip()) tcb->value().At(*component) = static_cast<uint8_t>(r.value - random.Below(2));
  }
  if (random.Flip()) claims.policy = 0;
  if (random.Flip()) {
    claims.version = 3;
    claims.current_mit_vector.reset();
    claims.launch_mit_vector.reset();
  }
  return claims;
}

constexpr int kRounds = 3000;

template <class Check>
void ForManyReports(const Check& check) {
  Random random(13);
  for (int i = 0; i < kRounds; ++i) {
    const FloorLine& line = Floors()->lines[random.Below(Floors()->lines.size())];
    const FloorLevel& level = Floors()->levels[random.Below(Floors()->levels.size())];
    check(NearTheFloors(line, random), line, level.name, random);
    if (::testing::Test::HasFailure()) return;
  }
}

std::optional<TcbStatus> StatusOf(const SnpClaims& claims, const FloorsPtr& floors,
                                  const std::string& level) {
  return Judged(claims, floors, level, kLater).tcb_status;
}

TEST(FloorProperties, RaisingAComponentInAllViewsNeverWorsens) {
  ForManyReports([](SnpClaims claims, const FloorLine& line, const std::string& level, Random& random) {
    const auto before = StatusOf(claims, Floors(), level);
    const TcbComponent component = kTcbComponents[random.Below(kTcbComponents.size())];
    const auto by = static_cast<uint8_t>(1 + random.Below(5));
    ForEachView(claims, [&](TcbVersion& tcb) {
      if (auto& spl = tcb.At(component)) *spl = static_cast<uint8_t>(std::min(255, *spl + by));
    });
    EXPECT_LE(Rank(StatusOf(claims, Floors(), level)), Rank(before)) << line.id << " " << level;
  });
}

TEST(FloorProperties, LoweringAComponentInAViewNeverImproves) {
  ForManyReports([](SnpClaims claims, const FloorLine& line, const std::string& level, Random& random) {
    const auto before = StatusOf(claims, Floors(), level);
    const std::array views = {&SnpClaims::reported_tcb, &SnpClaims::committed_tcb, &SnpClaims::current_tcb,
                              &SnpClaims::launch_tcb};
    auto& spl =
        (claims.*views[random.Below(views.size())])->At(kTcbComponents[random.Below(kTcbComponents.size())]);
    if (spl) *spl = static_cast<uint8_t>(*spl - std::min<size_t>(*spl, 1 + random.Below(5)));
    EXPECT_GE(Rank(StatusOf(claims, Floors(), level)), Rank(before)) << line.id << " " << level;
  });
}

TEST(FloorProperties, ClearingABitNeverImproves) {
  ForManyReports([](SnpClaims claims, const FloorLine& line, const std::string& level, Random& random) {
    const auto before = StatusOf(claims, Floors(), level);
    const uint64_t bit = ~(uint64_t{1} << random.Below(8));
    claims.platform_info &= bit;
    if (claims.current_mit_vector) *claims.current_mit_vector &= bit;
    if (claims.launch_mit_vector && random.Flip()) *claims.launch_mit_vector &= bit;
    EXPECT_GE(Rank(StatusOf(claims, Floors(), level)), Rank(before)) << line.id << " " << level;
  });
}

// Of any document: what is not known any more makes no report better than unproven.
TEST(FloorProperties, TurningAMinimumIntoUnknownNeverGivesUpToDate) {
  ForManyReports([](const SnpClaims& claims, const FloorLine& line, const std::string& level,
                    Random& random) {
    FloorDocument changed = *Floors();
    auto& cells = changed.lines[static_cast<size_t>(&line - Floors()->lines.data())].cells;
    const size_t place = random.Below(cells.size());
    if (cells[place].kind != CellKind::kMin || !Floors()->FindLevel(level)->holds[place]) return;
    cells[place].kind = CellKind::kUnknown;
    cells[place].min.clear();
    const auto after = StatusOf(claims, std::make_shared<const FloorDocument>(changed), level);
    EXPECT_NE(after, TcbStatus::kUpToDate) << line.id << " " << level << " " << changed.bulletins[place].id;
  });
}

TEST(FloorProperties, NoListIsEmptyBecauseARowIsMissing) {
  ForManyReports([](const SnpClaims& claims, const FloorLine& line, const std::string& level, Random&) {
    const Verdict verdict = Judged(claims, Floors(), level, kLater);
    for (size_t i = 0; i < line.cells.size(); ++i) {
      if (!Floors()->FindLevel(level)->holds[i]) continue;
      const std::string& id = Floors()->bulletins[i].id;
      const bool met = line.cells[i].kind == CellKind::kMin || line.cells[i].kind == CellKind::kNotAffected;
      const bool listed =
          std::ranges::count(verdict.advisories, id) + std::ranges::count(verdict.advisories_unproven, id) ==
          1;
      EXPECT_TRUE(met || listed) << line.id << " " << id;
    }
  });
}

}  // namespace
}  // namespace thimble::amd
