// SPDX-License-Identifier: Apache-2.0
//
// The strict loader of floor documents: each rule of spec/amd-floors.md section 9 is a check here.
#include <algorithm>

#include "tcb/amd/floor_document.h"
#include "tcb/amd/floor_fields.h"
#include "tcb/amd/named_bits.h"
#include "tcb/amd/product.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

constexpr std::string_view kFormat = "amd-floors/2";
constexpr std::string_view kDigestMark = "sha256:";
constexpr std::array kKinds = {CellKind::kMin, CellKind::kNotAffected, CellKind::kNotNamed,
                               CellKind::kNotAttestable, CellKind::kUnknown};

// ---- the head ----

Result<std::optional<Digest256>> ReadPrevious(const json::Value& root) {
  TRY_ASSIGN(const json::Value value, root.Get("previous"));
  if (value.IsNull()) return std::optional<Digest256>();
  TRY_ASSIGN(const std::string_view text, At("previous", value.String()));
  const auto digest =
      text.starts_with(kDigestMark) ? Digest256::FromHex(text.substr(kDigestMark.size())) : std::nullopt;
  if (!digest) return BadFloors("previous: is neither null nor \"sha256:\" and 64 hex digits");
  return digest;
}

Status ReadHead(const json::Value& root, FloorDocument& out) {
  TRY_ASSIGN(const std::string format, GetText(root, "format"));
  if (format != kFormat) return BadFloors(StrCat("format: \"", format, "\", expected \"", kFormat, "\""));
  TRY_ASSIGN(out.name, GetText(root, "name"));
  TRY_ASSIGN(out.number, GetNumber(root, "number", 1));
  TRY_ASSIGN(out.previous, ReadPrevious(root));
  if (out.previous.has_value() != (out.number > 1)) {
    return BadFloors(
        "previous: the first number follows none, every other one has the digest of the one before");
  }
  TRY_ASSIGN(out.issued, GetDay(root, "issued"));
  TRY_ASSIGN(out.reviewed, GetDay(root, "reviewed"));
  TRY_ASSIGN(const Instant last_day, GetDay(root, "stale_after"));
  out.stale_after = last_day + std::chrono::days(1) - Seconds(1);
  if (last_day < out.issued) return BadFloors("stale_after: is before issued");
  TRY_ASSIGN(out.uncertain, GetTexts(root, "uncertain"));
  return {};
}

Status ReadSources(const json::Value& root, FloorDocument& out) {
  TRY_ASSIGN(const json::Value sources, root.Get("sources"));
  TRY_ASSIGN(const auto members, At("sources", sources.Members()));
  for (const auto& [id, value] : members) {
    TRY_ASSIGN(const std::string text, GetText(sources, id));
    out.sources.emplace(id, text);
  }
  return {};
}

// ---- CPU lines ----

// [first, last], both included.
Status ReadRange(const json::Value& cpu, std::string_view key, uint8_t& first, uint8_t& last) {
  TRY_ASSIGN(const json::Value value, cpu.Get(key));
  TRY_ASSIGN(const auto ends, At(key, value.Array()));
  if (ends.size() != 2) return BadFloors(StrCat(key, ": is not [first, last]"));
  TRY_ASSIGN(const uint64_t low, At(key, ends.front().Unsigned(255)));
  TRY_ASSIGN(const uint64_t high, At(key, ends.back().Unsigned(255)));
  if (low > high) return BadFloors(StrCat(key, ": is not [first, last]"));
  first = static_cast<uint8_t>(low);
  last = static_cast<uint8_t>(high);
  return {};
}

// Microcode is printed as AMD prints it, which takes the patch level's other bytes; and the CPUID has to be of the
// product whose layout is used.
Status CheckLine(const FloorLine& line) {
  const bool hex =
      line.patch.size() == 6 && line.patch.find_first_not_of("0123456789ABCDEF") == std::string::npos;
  if (line.exact() ? !hex : !line.patch.empty()) {
    return BadFloors("patch: six hex digits in capitals, of a line of one stepping and of no other");
  }
  for (const uint8_t model : {line.first_model, line.last_model}) {
    const auto product = ProductFromCpuId({line.family, model, line.first_stepping});
    if (!product || *product != line.product) {
      return BadFloors(
          StrCat("product: family ", line.family, ", model ", model, " is no ", ProductName(line.product)));
    }
  }
  return {};
}

Result<FloorLine> ReadLine(const json::Value& cpu) {
  FloorLine line;
  TRY(cpu.AllowOnly({"id", "title", "product", "family", "models", "steppings", "patch"}));
  TRY_ASSIGN(line.id, GetText(cpu, "id"));
  TRY_ASSIGN(line.title, GetText(cpu, "title"));
  TRY_ASSIGN(const std::string product, GetText(cpu, "product"));
  const auto known = ProductFromName(product);
  if (!known || ProductName(*known) != product)
    return BadFloors(StrCat("product: unknown \"", product, "\""));
  line.product = *known;
  TRY_ASSIGN(const uint32_t family, GetNumber(cpu, "family", 0));
  if (family > 255) return BadFloors("family: is more than 255");
  line.family = static_cast<uint8_t>(family);
  TRY(ReadRange(cpu, "models", line.first_model, line.last_model));
  TRY(ReadRange(cpu, "steppings", line.first_stepping, line.last_stepping));
  if (cpu.Find("patch")) {
    TRY_ASSIGN(line.patch, GetText(cpu, "patch"));
  }
  TRY(CheckLine(line));
  return line;
}

bool Overlap(const FloorLine& a, const FloorLine& b) {
  return a.family == b.family && a.first_model <= b.last_model && b.first_model <= a.last_model &&
         a.first_stepping <= b.last_stepping && b.first_stepping <= a.last_stepping;
}

Status ReadLines(const json::Value& root, FloorDocument& out) {
  TRY_ASSIGN(const json::Value cpus, root.Get("cpus"));
  TRY_ASSIGN(const auto elements, At("cpus", cpus.Array()));
  if (elements.empty()) return BadFloors("cpus: there is none");
  for (const json::Value& element : elements) {
    TRY_ASSIGN(FloorLine line, At(StrCat("cpus, number ", out.lines.size() + 1), ReadLine(element)));
    if (out.FindLine(line.id) != nullptr) return BadFloors(StrCat("cpus: ", line.id, " twice"));
    for (const FloorLine& other : out.lines) {
      if (Overlap(line, other)) return BadFloors(StrCat("cpus: ", other.id, " and ", line.id, " overlap"));
    }
    out.lines.push_back(std::move(line));
  }
  return {};
}

// ---- cells ----

Status ReadGrounds(const json::Value& object, const FloorDocument& document, Grade& grade,
                   std::vector<std::string>& sources) {
  TRY_ASSIGN(const std::string name, GetText(object, "grade"));
  const auto grades = {Grade::kAmd, Grade::kTwoSources, Grade::kOneSource, Grade::kGuess, Grade::kWithdrawn};
  const auto known = std::ranges::find_if(grades, [&](Grade g) { return GradeName(g) == name; });
  if (known == grades.end()) return BadFloors(StrCat("grade: \"", name, "\" is none of A, 2, 1, ? and W"));
  grade = *known;
  TRY_ASSIGN(sources, GetTexts(object, "sources"));
  if (sources.empty()) return BadFloors("sources: there is none");
  for (const std::string& source : sources) {
    if (!document.sources.contains(source)) return BadFloors(StrCat("sources: unknown \"", source, "\""));
  }
  return {};
}

// "min" and "inferred": lists of parts, each with the grounds that its minimums have in common.
Result<std::vector<FloorRequirement>> ReadParts(const json::Value& list, const FloorDocument& document,
                                                const LineShape& shape, bool judges) {
  TRY_ASSIGN(const auto parts, list.Array());
  std::vector<FloorRequirement> out;
  for (const json::Value& part : parts) {
    TRY(part.AllowOnly({"fmc", "bootloader", "tee", "snp", "microcode", "version", "platform_bits",
                        "mit_bits", "grade", "sources"}));
    TRY_ASSIGN(auto minimums, ReadMinimums(part, shape));
    Grade grade{};
    std::vector<std::string> sources;
    TRY(ReadGrounds(part, document, grade, sources));
    if (Judges(grade) != judges) {
      return BadFloors(StrCat("grade: ", GradeName(grade), judges ? " does not judge" : " is not inferred"));
    }
    for (FloorRequirement& requirement : minimums) {
      requirement.grade = grade;
      requirement.sources = sources;
    }
    TRY(AddMinimums(out, std::move(minimums)));
  }
  if (out.empty()) return BadFloors("asks for nothing");
  return out;
}

Result<CellKind> KindOf(const json::Value& cell) {
  std::optional<CellKind> found;
  for (const CellKind kind : kKinds) {
    if (!cell.Find(CellKindName(kind))) continue;
    if (found) return BadFloors(StrCat("has both ", CellKindName(*found), " and ", CellKindName(kind)));
    found = kind;
  }
  if (!found) return BadFloors("has none of min, not_affected, not_named, not_attestable and unknown");
  return *found;
}

Result<uint64_t> ReadPolicyBits(const json::Value& cell) {
  TRY_ASSIGN(const auto names, GetTexts(cell, "or_policy_forbids"));
  uint64_t mask = 0;
  for (const std::string& name : names) {
    const auto bit = MaskOfBit(kGuestPolicyBits, name);
    if (!bit) return BadFloors(StrCat("or_policy_forbids: POLICY has no bit ", name));
    mask |= *bit;
  }
  if (mask == 0) return BadFloors("or_policy_forbids: no bits");
  return mask;
}

Result<FloorCell> ReadCell(const json::Value& value, const FloorDocument& document, const LineShape& shape) {
  FloorCell cell;
  TRY_ASSIGN(cell.kind, KindOf(value));
  const std::string_view kind = CellKindName(cell.kind);
  if (cell.kind == CellKind::kMin) {
    TRY(value.AllowOnly({"min", "inferred", "pi", "or_policy_forbids"}));
    TRY_ASSIGN(const json::Value parts, value.Get("min"));
    TRY_ASSIGN(cell.min, At(kind, ReadParts(parts, document, shape, true)));
  } else {
    TRY(value.AllowOnly({kind, "grade", "sources", "inferred", "pi"}));
    TRY_ASSIGN(cell.why, GetText(value, kind));
    TRY(ReadGrounds(value, document, cell.grade, cell.sources));
  }
  if (const auto inferred = value.Find("inferred")) {
    TRY_ASSIGN(cell.inferred, At("inferred", ReadParts(*inferred, document, shape, false)));
  }
  if (value.Find("or_policy_forbids")) {
    TRY_ASSIGN(cell.or_policy_forbids, ReadPolicyBits(value));
  }
  if (value.Find("pi")) {
    TRY_ASSIGN(cell.pi, GetText(value, "pi"));
  }
  // AMD alone can say that a product is not affected.
  if (cell.kind == CellKind::kNotAffected && cell.grade == Grade::kGuess) {
    return BadFloors("not_affected: needs AMD's word, not a guess");
  }
  return cell;
}

// ---- bulletins ----

// The closed world: a cell for each line, and none for others.
Status ReadCells(const json::Value& bulletin, FloorDocument& out) {
  TRY_ASSIGN(const json::Value require, bulletin.Get("require"));
  TRY_ASSIGN(const auto members, At("require", require.Members()));
  for (const auto& [id, value] : members) {
    if (out.FindLine(id) == nullptr) return BadFloors(StrCat("require: unknown CPU ", id));
  }
  for (FloorLine& line : out.lines) {
    const auto cell = require.Find(line.id);
    if (!cell) return BadFloors(StrCat("require: no cell for ", line.id));
    TRY_ASSIGN(FloorCell read, At(line.id, ReadCell(*cell, out, {line.product, line.exact()})));
    line.cells.push_back(std::move(read));
  }
  return {};
}

Result<FloorBulletin> ReadBulletin(const json::Value& value) {
  FloorBulletin bulletin;
  TRY(value.AllowOnly({"id", "title", "published", "cves", "score", "effect", "every_verdict", "require"}));
  TRY_ASSIGN(bulletin.id, GetText(value, "id"));
  TRY_ASSIGN(bulletin.title, GetText(value, "title"));
  TRY_ASSIGN(bulletin.effect, GetText(value, "effect"));
  TRY_ASSIGN(bulletin.published, GetDayOrYear(value, "published"));
  TRY_ASSIGN(bulletin.cves, GetTexts(value, "cves"));
  if (value.Find("score")) {
    TRY_ASSIGN(bulletin.score, GetText(value, "score"));
  }
  if (const auto every = value.Find("every_verdict")) {
    TRY_ASSIGN(bulletin.every_verdict, At("every_verdict", every->Bool()));
  }
  return bulletin;
}

Status ReadBulletins(const json::Value& root, FloorDocument& out) {
  TRY_ASSIGN(const json::Value bulletins, root.Get("bulletins"));
  TRY_ASSIGN(const auto elements, At("bulletins", bulletins.Array()));
  if (elements.empty()) return BadFloors("bulletins: there is none");
  for (const json::Value& element : elements) {
    TRY_ASSIGN(FloorBulletin bulletin,
               At(StrCat("bulletins, number ", out.bulletins.size() + 1), ReadBulletin(element)));
    if (out.FindBulletin(bulletin.id)) return BadFloors(StrCat("bulletins: ", bulletin.id, " twice"));
    if (bulletin.published > out.issued) {
      return BadFloors(StrCat(bulletin.id, ": published after the document was issued"));
    }
    TRY(At(bulletin.id, ReadCells(element, out)));
    out.bulletins.push_back(std::move(bulletin));
  }
  return {};
}

// ---- levels ----

Status ReadLevels(const json::Value& root, FloorDocument& out) {
  TRY_ASSIGN(const json::Value levels, root.Get("levels"));
  TRY_ASSIGN(const auto members, At("levels", levels.Members()));
  for (const auto& [name, list] : members) {
    if (name == kAllLevel) return BadFloors("levels: \"all\" is every bulletin, and is not listed");
    FloorLevel level{std::string(name), std::vector<bool>(out.bulletins.size())};
    TRY_ASSIGN(const auto ids, GetTexts(levels, name));
    if (ids.empty()) return BadFloors(StrCat("levels, ", name, ": no bulletins"));
    for (const std::string& id : ids) {
      const auto place = out.FindBulletin(id);
      if (!place) return BadFloors(StrCat("levels, ", name, ": unknown bulletin ", id));
      level.holds[*place] = true;
    }
    out.levels.push_back(std::move(level));
  }
  out.levels.push_back({std::string(kAllLevel), std::vector<bool>(out.bulletins.size(), true)});
  return {};
}

}  // namespace

Result<FloorDocument> ParseFloors(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "floors", ErrorKind::kMalformed, Check::kPolicyFormat));
  const json::Value root = document->root();
  FloorDocument out;
  TRY(root.AllowOnly({"format", "name", "number", "previous", "issued", "reviewed", "stale_after", "sources",
                      "uncertain", "cpus", "bulletins", "levels"}));
  TRY(ReadHead(root, out));
  TRY(ReadSources(root, out));
  TRY(ReadLines(root, out));
  TRY(ReadBulletins(root, out));
  TRY(ReadLevels(root, out));
  out.sha256 = Sha256(AsBytes(text));
  out.FindCommon();
  return out;
}

}  // namespace thimble::amd
