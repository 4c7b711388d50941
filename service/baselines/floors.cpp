// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floors.h"

#include "service/baselines/builtin_floors.h"
#include "service/support/file.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxFloorBytes = 1u << 20;

Status CheckLevel(const Policy& policy, std::string_view policy_name, const amd::FloorsPtr& floors) {
  if (!floors || floors->FindLevel(policy.amd_level) != nullptr) return {};
  return Error{ErrorKind::kMalformed, Check::kPolicyFormat,
               StrCat("policy.", policy_name, ": amd_level = \"", policy.amd_level, "\" is no level of ",
                      floors->Title())};
}

}  // namespace

Result<amd::FloorsPtr> LoadFloors(const std::string& setting) {
  if (setting.empty()) return amd::FloorsPtr();
  const bool builtin = setting == "builtin";
  std::string text;
  if (!builtin) {
    TRY_ASSIGN(text, ReadFile(setting, kMaxFloorBytes));
  }
  auto document = amd::ParseFloors(builtin ? kBuiltinFloors : std::string_view(text));
  if (!document) {
    Error error = std::move(document).error();
    error.message = StrCat(setting, ": ", error.message);
    return error;
  }
  return amd::FloorsPtr(std::make_shared<const amd::FloorDocument>(std::move(document).value()));
}

Status CheckFloors(const Baselines& baselines, const Policies& policies) {
  for (const auto& [name, baseline] : baselines) {
    TRY_ASSIGN(const amd::FloorsPtr floors, LoadFloors(baseline.amd));
    for (const auto& [policy_name, policy] : policies) {
      TRY(CheckLevel(policy.For(EvidenceClass::kSnp), policy_name, floors));
    }
  }
  return {};
}

Result<amd::FloorsPtr> Floors::Get(const std::string& setting) {
  const std::lock_guard lock(mutex_);
  const auto held = documents_.find(setting);
  if (held != documents_.end()) return held->second;
  TRY_ASSIGN(amd::FloorsPtr loaded, LoadFloors(setting));
  documents_.emplace(setting, loaded);
  return loaded;
}

}  // namespace thimble
