// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floors.h"

#include "service/baselines/builtin_floor.h"
#include "service/support/file.h"
#include "service/support/toml_reader.h"
#include "tcb/amd/product.h"

namespace thimble {
namespace {

constexpr size_t kMaxFloorBytes = 1u << 20;

// [first, last], both included.
TomlKey RangeKey(const TomlReader& r, std::string_view name, std::optional<amd::ByteRange>& out) {
  return {name, [&r, name, &out](const toml::node& node) -> Status {
            const toml::array* list = node.as_array();
            if (list == nullptr || list->size() != 2) {
              return r.Fail(node, StrCat(name, " must be a range, [first, last]"));
            }
            TRY_ASSIGN(const uint8_t first, ReadNumber<uint8_t>(r, *list->get(0), name));
            TRY_ASSIGN(const uint8_t last, ReadNumber<uint8_t>(r, *list->get(1), name));
            if (first > last) return r.Fail(node, StrCat(name, " must be a range, [first, last]"));
            out = amd::ByteRange{first, last};
            return {};
          }};
}

// A floor that nothing can reach, or that asks for nothing, is a slip of the pen.
Status CheckEntry(const TomlReader& r, const toml::node& node, const amd::FloorEntry& entry) {
  if (!entry.fmc && !entry.bootloader && !entry.tee && !entry.snp && !entry.microcode) {
    return r.Fail(node, "floor without a minimum: fmc, bootloader, tee, snp or microcode");
  }
  const auto product = amd::ProductFromCpuId({entry.family, entry.models.first, entry.steppings.first});
  if (!product) return r.Fail(node, product.error().message);
  if (entry.fmc && !amd::TraitsOf(*product).layout.fmc) {
    return r.Fail(node, StrCat("fmc: the TCB of ", amd::ProductName(*product), " has no such component"));
  }
  return {};
}

Result<amd::FloorEntry> ReadEntry(const TomlReader& r, const toml::node& node) {
  amd::FloorEntry entry;
  std::optional<uint8_t> family;
  std::optional<amd::ByteRange> models, steppings;
  TRY(ReadTable(
      r, node, "floor",
      {TextKey(r, "bulletin", entry.bulletin), NumberKey(r, "family", family), RangeKey(r, "models", models),
       RangeKey(r, "steppings", steppings), NumberKey(r, "fmc", entry.fmc),
       NumberKey(r, "bootloader", entry.bootloader), NumberKey(r, "tee", entry.tee),
       NumberKey(r, "snp", entry.snp), NumberKey(r, "microcode", entry.microcode)}));
  if (entry.bulletin.empty() || !family || !models || !steppings) {
    return r.Fail(node, "floor must have bulletin, family, models and steppings");
  }
  entry.family = *family;
  entry.models = *models;
  entry.steppings = *steppings;
  TRY(CheckEntry(r, node, entry));
  return entry;
}

TomlKey EntriesKey(const TomlReader& r, std::vector<amd::FloorEntry>& out) {
  return {"floor", [&r, &out](const toml::node& node) -> Status {
            const toml::array* list = node.as_array();
            if (list == nullptr) return r.Fail(node, "floors are a list: [[floor]]");
            for (const toml::node& element : *list) {
              TRY_ASSIGN(amd::FloorEntry entry, ReadEntry(r, element));
              out.push_back(std::move(entry));
            }
            return {};
          }};
}

}  // namespace

Result<amd::FloorTable> ParseFloorFile(std::string_view text, std::string_view file_name) {
  const TomlReader r(file_name);
  TRY_ASSIGN(const toml::table root, ParseToml(text, r));
  amd::FloorTable table;
  std::string version;
  TRY(ReadTable(
      r, root, "",
      {TextKey(r, "name", table.name), TextKey(r, "version", version), EntriesKey(r, table.entries)}));
  if (table.name.empty() || version.empty() || table.entries.empty()) {
    return r.FailAt(1, "a floor file must have name, version and at least one [[floor]]");
  }
  table.name += StrCat(" ", version);
  return table;
}

Result<amd::FloorTable> LoadFloor(const std::string& setting) {
  if (setting.empty()) return amd::FloorTable{};
  if (setting == "builtin") return ParseFloorFile(kBuiltinFloor, "deploy/baselines/amd.toml");
  TRY_ASSIGN(const std::string text, ReadFile(setting, kMaxFloorBytes));
  return ParseFloorFile(text, setting);
}

Status CheckFloors(const Baselines& baselines) {
  for (const auto& [name, baseline] : baselines) TRY(LoadFloor(baseline.amd));
  return {};
}

Result<FloorPtr> Floors::Get(const std::string& setting) {
  const std::lock_guard lock(mutex_);
  FloorPtr& table = tables_[setting];
  if (!table) {
    TRY_ASSIGN(amd::FloorTable loaded, LoadFloor(setting));
    table = std::make_shared<const amd::FloorTable>(std::move(loaded));
  }
  return table;
}

}  // namespace thimble
