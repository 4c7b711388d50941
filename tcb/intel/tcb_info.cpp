// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/tcb_info.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/json_fields.h"

namespace thimble::intel {
namespace {

constexpr TcbStatus kPlatformStatuses[] = {
    TcbStatus::kUpToDate,
    TcbStatus::kSWHardeningNeeded,
    TcbStatus::kConfigurationNeeded,
    TcbStatus::kConfigurationAndSWHardeningNeeded,
    TcbStatus::kOutOfDate,
    TcbStatus::kOutOfDateConfigurationNeeded,
    TcbStatus::kRevoked,
};
constexpr TcbStatus kModuleStatuses[] = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate, TcbStatus::kRevoked};

Result<TdxModule> ReadModule(const json::Value& object) {
  TdxModule module;
  std::array<uint8_t, 48> mr_signer{};
  TRY(HexField(object, "mrsigner", mr_signer));
  module.mr_signer = Measurement384(mr_signer);
  TRY(HexField(object, "attributes", module.attributes));
  TRY(HexField(object, "attributesMask", module.attributes_mask));
  return module;
}

Result<TdxModuleIdentity> ReadModuleIdentity(const json::Value& object) {
  TdxModuleIdentity identity;
  TRY_ASSIGN(const json::Value id, object.Get("id"));
  TRY_ASSIGN(const std::string_view text, id.String());
  identity.id = text;
  for (char& c : identity.id) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  TRY_ASSIGN(identity.module, ReadModule(object));
  TRY_ASSIGN(identity.levels, IsvLevelsField(object, kModuleStatuses));
  return identity;
}

Status ReadModules(const json::Value& root, TcbInfo* info) {
  const auto module = root.Find("tdxModule");
  const auto identities = root.Find("tdxModuleIdentities");
  if (info->tee == IntelTee::kSgx) {
    if (module || identities) return MalformedField("tdxModule", "present in a TCB info for SGX");
    return {};
  }
  TRY_ASSIGN(const json::Value required, root.Get("tdxModule"));
  TRY_ASSIGN(info->tdx_module, ReadModule(required));
  if (!identities) return {};
  TRY_ASSIGN(const auto elements, identities->Array());
  if (elements.empty()) return MalformedField("tdxModuleIdentities", "empty");
  for (const json::Value& element : elements) {
    TRY_ASSIGN(auto identity, ReadModuleIdentity(element));
    const auto& known = info->tdx_module_identities;
    if (std::any_of(known.begin(), known.end(), [&](const auto& other) { return other.id == identity.id; })) {
      return MalformedField("tdxModuleIdentities", StrCat(identity.id, " occurs twice"));
    }
    info->tdx_module_identities.push_back(std::move(identity));
  }
  return {};
}

// Optional text; every level repeats the same.
Status ReadLabel(const json::Value& component, std::string_view key, std::string* out) {
  const auto value = component.Find(key);
  if (!value) return {};
  TRY_ASSIGN(const std::string_view text, value->String());
  if (*out != text) *out = text;
  return {};
}

// Version 3: exactly 16 objects {svn, category?, type?}.
Status ReadComponents(const json::Value& tcb, std::string_view key, TcbComponents* out,
                      std::array<std::string, 16>* categories, std::array<std::string, 16>* types) {
  TRY_ASSIGN(const json::Value value, tcb.Get(key));
  TRY_ASSIGN(const auto elements, value.Array());
  if (elements.size() != out->size())
    return MalformedField(key, StrCat(elements.size(), " components, not 16"));
  for (size_t i = 0; i < elements.size(); ++i) {
    TRY_ASSIGN(const uint64_t svn, NumberField(elements[i], "svn", 0xff));
    (*out)[i] = static_cast<uint8_t>(svn);
    TRY(ReadLabel(elements[i], "category", &(*categories)[i]));
    TRY(ReadLabel(elements[i], "type", &(*types)[i]));
  }
  return {};
}

// Version 2: sgxtcbcomp01svn to sgxtcbcomp16svn.
Status ReadFlatComponents(const json::Value& tcb, TcbComponents* out) {
  for (size_t i = 0; i < out->size(); ++i) {
    const std::string key = StrCat("sgxtcbcomp", i < 9 ? "0" : "", i + 1, "svn");
    TRY_ASSIGN(const uint64_t svn, NumberField(tcb, key, 0xff));
    (*out)[i] = static_cast<uint8_t>(svn);
  }
  return {};
}

Result<TcbLevel> ReadLevel(const json::Value& element, TcbInfo* info) {
  TcbLevel level;
  TRY_ASSIGN(const json::Value tcb, element.Get("tcb"));
  if (info->version == 2) {
    TRY(ReadFlatComponents(tcb, &level.sgx));
  } else {
    TRY(ReadComponents(tcb, "sgxtcbcomponents", &level.sgx, &info->sgx_category, &info->sgx_type));
  }
  if (info->tee == IntelTee::kTdx) {
    TRY(ReadComponents(tcb, "tdxtcbcomponents", &level.tdx, &info->tdx_category, &info->tdx_type));
  }
  TRY_ASSIGN(const uint64_t pce_svn, NumberField(tcb, "pcesvn", 0xffff));
  level.pce_svn = static_cast<PceSvn>(pce_svn);
  TRY_ASSIGN(level.date, TimeField(element, "tcbDate"));
  TRY_ASSIGN(level.status, StatusField(element, kPlatformStatuses));
  TRY_ASSIGN(level.advisories, AdvisoryField(element));
  return level;
}

// The lexicographic order that the reference sorts by (DCAP 3.1); the order of the text is not relied on.
auto MatchingOrder(const TcbLevel& level) { return std::tie(level.sgx, level.pce_svn, level.tdx); }

Status ReadLevels(const json::Value& root, TcbInfo* info) {
  TRY_ASSIGN(const json::Value value, root.Get("tcbLevels"));
  TRY_ASSIGN(const auto elements, value.Array());
  if (elements.empty()) return MalformedField("tcbLevels", "empty");
  info->levels.reserve(elements.size());
  for (const json::Value& element : elements) {
    TRY_ASSIGN(auto level, ReadLevel(element, info));
    info->levels.push_back(std::move(level));
  }
  auto& levels = info->levels;
  std::stable_sort(levels.begin(), levels.end(),
                   [](const auto& a, const auto& b) { return MatchingOrder(a) > MatchingOrder(b); });
  const auto repeated = std::adjacent_find(levels.begin(), levels.end(), [](const auto& a, const auto& b) {
    return MatchingOrder(a) == MatchingOrder(b);
  });
  if (repeated != levels.end()) return MalformedField("tcbLevels", "two levels have the same TCB");
  return {};
}

// "SGX" or "TDX"; a version 2 TCB info may have no id and is SGX then.
Status ReadTee(const json::Value& root, TcbInfo* info) {
  const auto id = root.Find("id");
  if (!id && info->version == 2) return {};
  TRY_ASSIGN(const json::Value required, root.Get("id"));
  TRY_ASSIGN(const std::string_view text, required.String());
  if (text != "SGX" && text != "TDX")
    return MalformedField("id", StrCat("\"", text, "\" is neither SGX nor TDX"));
  info->tee = text == "SGX" ? IntelTee::kSgx : IntelTee::kTdx;
  if (info->tee == IntelTee::kTdx && info->version == 2)
    return MalformedField("version", "2 has no form for TDX");
  return {};
}

}  // namespace

Result<TcbInfo> DecodeTcbInfo(ByteView signed_bytes) {
  TRY_ASSIGN(const auto document, json::Document::Parse(AsText(signed_bytes), "TCB info",
                                                        ErrorKind::kMalformed, Check::kCollateralMalformed));
  const json::Value root = document->root();
  TcbInfo info;
  TRY_ASSIGN(const uint64_t version, NumberField(root, "version", 0xffffffff));
  if (version != 2 && version != 3) return MalformedField("version", StrCat(version, " is neither 2 nor 3"));
  info.version = static_cast<uint32_t>(version);
  TRY(ReadTee(root, &info));
  TRY_ASSIGN(info.issue_date, TimeField(root, "issueDate"));
  TRY_ASSIGN(info.next_update, TimeField(root, "nextUpdate"));
  std::array<uint8_t, 6> fmspc{};
  TRY(HexField(root, "fmspc", fmspc));
  info.fmspc = Fmspc(fmspc);
  std::array<uint8_t, 2> pce_id{};
  TRY(HexField(root, "pceId", pce_id));
  info.pce_id = PceId(pce_id);
  TRY_ASSIGN(const uint64_t tcb_type, NumberField(root, "tcbType", 0xffffffff));
  if (tcb_type != 0) return MalformedField("tcbType", StrCat(tcb_type, " is not 0"));
  TRY_ASSIGN(const uint64_t number, NumberField(root, "tcbEvaluationDataNumber", 0xffffffff));
  info.evaluation_number = static_cast<uint32_t>(number);
  TRY(ReadModules(root, &info));
  TRY(ReadLevels(root, &info));
  return info;
}

}  // namespace thimble::intel
