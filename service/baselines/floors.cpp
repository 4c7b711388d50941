// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floors.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "service/baselines/builtin_floors.h"
#include "service/support/file.h"
#include "tcb/amd/floor_overlay.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxFloorBytes = 1u << 20, kMaxKeyBytes = 1u << 16;

Error Refuse(std::string message) {
  return {ErrorKind::kMalformed, Check::kPolicyFormat, std::move(message)};
}

template <class T>
Result<T> Naming(std::string_view source, Result<T> result) {
  if (result.ok()) return result;
  return Error{result.error().kind, result.error().check, StrCat(source, ": ", result.error().message)};
}

Result<Ed25519PublicKey> ReadKey(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxKeyBytes));
  TRY_ASSIGN(const auto blocks, Naming(path, DecodePem(text, "PUBLIC KEY", 1, Check::kPolicyFormat)));
  auto key = blocks.empty() ? std::nullopt : Ed25519PublicKey::FromSpki(blocks.front());
  if (!key) return Refuse(StrCat(path, ": is not the PEM of an Ed25519 public key"));
  return *std::move(key);
}

}  // namespace

std::optional<Bytes> ParseFloorSignature(std::string_view text) {
  if (text.size() == Ed25519PublicKey::kSignatureSize) return Bytes(text.begin(), text.end());
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return std::nullopt;
  auto bytes = FromBase64(text.substr(first, text.find_last_not_of(kSpace) + 1 - first));
  return bytes && bytes->size() == Ed25519PublicKey::kSignatureSize ? bytes : std::nullopt;
}

Result<FloorRules> FloorRules::Read(const FloorsConfig& config) {
  FloorRules rules;
  rules.directory = config.directory;
  if (!config.key.empty()) {
    TRY_ASSIGN(rules.key, ReadKey(config.key));
  }
  if (!config.overlay.empty()) {
    TRY_ASSIGN(rules.overlay, ReadFile(config.overlay, kMaxFloorBytes));
    TRY_ASSIGN(const auto builtin, amd::ParseFloors(kBuiltinFloors));
    TRY(Naming(config.overlay, amd::ApplyOverlay(builtin, rules.overlay)));
  }
  return rules;
}

Result<amd::FloorsPtr> FloorRules::Check(const FloorBytes& bytes, std::string_view source,
                                         bool must_be_signed) const {
  if (must_be_signed && !key) return Refuse(StrCat(source, ": needs floors.key, under which it is signed"));
  if (must_be_signed && !key->Verify(AsBytes(bytes.text), bytes.signature)) {
    return Refuse(StrCat(source, ": ",
                         bytes.signature.empty() ? "is not signed" : "the signature does not hold",
                         " under floors.key"));
  }
  TRY_ASSIGN(amd::FloorDocument document, Naming(source, amd::ParseFloors(bytes.text)));
  if (!overlay.empty()) {
    TRY_ASSIGN(document, Naming(source, amd::ApplyOverlay(document, overlay)));
  }
  return amd::FloorsPtr(std::make_shared<const amd::FloorDocument>(std::move(document)));
}

Result<std::string> FloorSettingOf(std::string_view amd, const std::string& directory) {
  constexpr size_t kLongestName = 128;
  if (amd.empty() || amd == kBuiltinFloorsName || amd == kSignedFloorsName) return std::string(amd);
  const auto refuse = [&](std::string_view why) {
    return Error{ErrorKind::kMalformed, Check::kRequest, StrCat("amd: \"", amd, "\" ", why)};
  };
  const bool name = amd.size() <= kLongestName && amd.front() != '.' && std::ranges::all_of(amd, [](char c) {
                      return IsAlnum(c) || c == '-' || c == '_' || c == '.';
                    });
  if (!name) {
    return refuse(
        "is not the name of a file of floors.directory: letters, digits, '-', '_' and '.'; a request names "
        "no path");
  }
  if (directory.empty())
    return refuse("is the name of a file, and the configuration has no floors.directory");
  return (std::filesystem::path(directory) / amd).string();
}

Result<FloorBytes> ReadFloorBytes(const std::string& setting) {
  if (setting == kBuiltinFloorsName) return FloorBytes{std::string(kBuiltinFloors), {}};
  FloorBytes out;
  TRY_ASSIGN(out.text, ReadFile(setting, kMaxFloorBytes));
  TRY_ASSIGN(const auto text, ReadFileIfThere(setting + ".sig", kMaxKeyBytes));
  if (!text) return out;
  auto signature = ParseFloorSignature(*text);
  if (!signature) return Refuse(StrCat(setting, ".sig: is neither 64 bytes nor base64 of them"));
  out.signature = *std::move(signature);
  return out;
}

Result<amd::FloorsPtr> LoadFloors(const std::string& setting, const FloorRules& rules) {
  if (setting.empty()) return amd::FloorsPtr();
  if (setting == kSignedFloorsName)
    return Refuse(
        "\"signed\": the floors that were taken under floors.key are in a store, and there is none here");
  TRY_ASSIGN(const FloorBytes bytes, ReadFloorBytes(setting));
  return rules.Check(bytes, setting, setting != kBuiltinFloorsName && rules.key.has_value());
}

FloorsAt FloorsOfFiles(FloorRules rules) {
  struct Kept {
    FloorRules rules;
    std::mutex mutex;
    std::map<std::string, amd::FloorsPtr> documents;
  };
  const auto kept = std::make_shared<Kept>();
  kept->rules = std::move(rules);
  return [kept](const std::string& setting, const std::optional<Instant>&) -> Result<amd::FloorsPtr> {
    const std::lock_guard lock(kept->mutex);
    const auto held = kept->documents.find(setting);
    if (held != kept->documents.end()) return held->second;
    TRY_ASSIGN(const amd::FloorsPtr loaded, LoadFloors(setting, kept->rules));
    kept->documents.emplace(setting, loaded);
    return loaded;
  };
}

Status CheckLevels(const amd::FloorDocument& floors, const ConfiguredPolicies& policies) {
  for (const auto& [name, policy] : policies) {
    const std::string& level = policy.For(EvidenceClass::kSnp).amd_level;
    if (floors.FindLevel(level) == nullptr)
      return Refuse(StrCat("policy.", name, ": amd_level = \"", level, "\" is no level of ", floors.Title()));
  }
  return {};
}

Status CheckFloors(const Baselines& baselines, const ConfiguredPolicies& policies,
                   const FloorsConfig& config) {
  TRY_ASSIGN(const FloorRules rules, FloorRules::Read(config));
  for (const auto& [name, baseline] : baselines) {
    if (baseline.amd == kSignedFloorsName && rules.key) continue;
    TRY_ASSIGN(const amd::FloorsPtr floors, LoadFloors(baseline.amd, rules));
    if (floors) TRY(CheckLevels(*floors, policies));
  }
  return {};
}

}  // namespace thimble
