// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_intel_collateral.h"

#include <array>

#include "tcb/base/text.h"

namespace thimble::sim {
namespace {

// What the vendor says each component is, as in the TCB infos of server platforms. Empty: just an SVN.
struct ComponentName {
  std::string_view category, type;
};
constexpr std::array<ComponentName, 16> kSgxNames = {{{"BIOS", "Early Microcode Update"},
                                                      {"OS/VMM", "SGX Late Microcode Update"},
                                                      {"OS/VMM", "TXT SINIT"},
                                                      {"BIOS", ""},
                                                      {"BIOS", ""},
                                                      {"BIOS", ""},
                                                      {},
                                                      {"OS/VMM", "SEAMLDR ACM"}}};
constexpr std::array<ComponentName, 16> kTdxNames = {
    {{"OS/VMM", "TDX Module"}, {"OS/VMM", "TDX Module"}, {"OS/VMM", "TDX Late Microcode Update"}}};

std::string Text(std::string_view text) { return StrCat('"', text, '"'); }

std::string Member(std::string_view key, std::string_view json) { return StrCat('"', key, "\":", json); }
std::string TextMember(std::string_view key, std::string_view text) { return Member(key, Text(text)); }
std::string NumberMember(std::string_view key, uint64_t number) {
  return Member(key, std::to_string(number));
}

std::string Joined(const std::vector<std::string>& parts, char open, char close) {
  std::string out(1, open);
  for (size_t i = 0; i < parts.size(); ++i) out += (i > 0 ? "," : "") + parts[i];
  return out + close;
}
std::string Object(const std::vector<std::string>& members) { return Joined(members, '{', '}'); }
std::string Array(const std::vector<std::string>& elements) { return Joined(elements, '[', ']'); }

template <class T, class F>
std::string ArrayOf(const std::vector<T>& items, F encode) {
  std::vector<std::string> out;
  for (const T& item : items) out.push_back(encode(item));
  return Array(out);
}

// The members that platform, module and enclave levels share, in the vendor's order.
template <class Level>
std::string EncodeLevel(const Level& level, const std::string& tcb) {
  std::vector<std::string> members = {Member("tcb", tcb), TextMember("tcbDate", level.date),
                                      TextMember("tcbStatus", level.status)};
  if (!level.advisories.empty()) members.push_back(Member("advisoryIDs", ArrayOf(level.advisories, Text)));
  return Object(members);
}

std::string EncodeIsvLevel(const IsvLevelSpec& level) {
  return EncodeLevel(level, Object({NumberMember("isvsvn", level.isv_svn)}));
}

std::string EncodeComponents(const intel::TcbComponents& svns, const std::array<ComponentName, 16>* names) {
  std::vector<std::string> out;
  for (size_t i = 0; i < svns.size(); ++i) {
    std::vector<std::string> members = {NumberMember("svn", svns[i])};
    if (names != nullptr && !(*names)[i].category.empty()) {
      members.push_back(TextMember("category", (*names)[i].category));
      if (!(*names)[i].type.empty()) members.push_back(TextMember("type", (*names)[i].type));
    }
    out.push_back(Object(members));
  }
  return Array(out);
}

std::string EncodeTcbV3(const TcbInfoSpec& spec, const TcbLevelSpec& level) {
  std::vector<std::string> members = {
      Member("sgxtcbcomponents", EncodeComponents(level.sgx, spec.name_components ? &kSgxNames : nullptr)),
      NumberMember("pcesvn", level.pce_svn)};
  if (spec.tee == IntelTee::kTdx) {
    members.push_back(
        Member("tdxtcbcomponents", EncodeComponents(level.tdx, spec.name_components ? &kTdxNames : nullptr)));
  }
  return Object(members);
}

std::string EncodeTcbV2(const TcbLevelSpec& level) {
  std::vector<std::string> members;
  for (size_t i = 0; i < level.sgx.size(); ++i) {
    members.push_back(NumberMember(StrCat("sgxtcbcomp", i < 9 ? "0" : "", i + 1, "svn"), level.sgx[i]));
  }
  members.push_back(NumberMember("pcesvn", level.pce_svn));
  return Object(members);
}

std::vector<std::string> ModuleMembers(const TdxModuleSpec& module) {
  return {TextMember("mrsigner", module.mr_signer), TextMember("attributes", module.attributes),
          TextMember("attributesMask", module.attributes_mask)};
}

std::string EncodeModuleIdentity(const TdxModuleSpec& module) {
  std::vector<std::string> members = ModuleMembers(module);
  members.insert(members.begin(), TextMember("id", module.id));
  members.push_back(Member("tcbLevels", ArrayOf(module.levels, EncodeIsvLevel)));
  return Object(members);
}

template <class Spec>
std::string Edited(const Spec& spec, std::string text) {
  Apply(spec.text, text);
  return text;
}

}  // namespace

std::string EncodeTcbInfo(const TcbInfoSpec& spec) {
  std::vector<std::string> members;
  if (spec.version >= 3) members.push_back(TextMember("id", spec.tee == IntelTee::kTdx ? "TDX" : "SGX"));
  members.insert(members.end(),
                 {NumberMember("version", spec.version), TextMember("issueDate", FormatRfc3339(spec.issued)),
                  TextMember("nextUpdate", FormatRfc3339(spec.next_update)), TextMember("fmspc", spec.fmspc),
                  TextMember("pceId", spec.pce_id), NumberMember("tcbType", spec.tcb_type),
                  NumberMember("tcbEvaluationDataNumber", spec.number)});
  if (spec.tdx_module) members.push_back(Member("tdxModule", Object(ModuleMembers(*spec.tdx_module))));
  if (!spec.tdx_module_identities.empty()) {
    members.push_back(
        Member("tdxModuleIdentities", ArrayOf(spec.tdx_module_identities, EncodeModuleIdentity)));
  }
  const auto encode_level = [&spec](const TcbLevelSpec& level) {
    return EncodeLevel(level, spec.version >= 3 ? EncodeTcbV3(spec, level) : EncodeTcbV2(level));
  };
  members.push_back(Member("tcbLevels", ArrayOf(spec.levels, encode_level)));
  return Edited(spec, Object(members));
}

std::string EncodeIdentity(const IdentitySpec& spec) {
  return Edited(
      spec,
      Object({TextMember("id", spec.id), NumberMember("version", spec.version),
              TextMember("issueDate", FormatRfc3339(spec.issued)),
              TextMember("nextUpdate", FormatRfc3339(spec.next_update)),
              NumberMember("tcbEvaluationDataNumber", spec.number),
              TextMember("miscselect", spec.misc_select), TextMember("miscselectMask", spec.misc_select_mask),
              TextMember("attributes", spec.attributes), TextMember("attributesMask", spec.attributes_mask),
              TextMember("mrsigner", spec.mr_signer), NumberMember("isvprodid", spec.isv_prod_id),
              Member("tcbLevels", ArrayOf(spec.levels, EncodeIsvLevel))}));
}

std::string EncodeEvaluationNumbers(const EvaluationNumbersSpec& spec) {
  const auto encode = [](const EvaluationNumberSpec& entry) {
    return Object({NumberMember("tcbEvaluationDataNumber", entry.number),
                   TextMember("tcbRecoveryEventDate", entry.recovery_event_date),
                   TextMember("tcbDate", entry.tcb_date)});
  };
  return Edited(spec, Object({TextMember("id", spec.id), NumberMember("version", spec.version),
                              TextMember("issueDate", FormatRfc3339(spec.issued)),
                              TextMember("nextUpdate", FormatRfc3339(spec.next_update)),
                              Member("tcbEvalNumbers", ArrayOf(spec.numbers, encode))}));
}

Bytes SignJson(std::string_view member, std::string_view object, const SimKey& key) {
  const std::string signature = HexLower(key.SignRaw(AsBytes(object)));
  const std::string text = Object({Member(member, object), TextMember("signature", signature)});
  return Bytes(text.begin(), text.end());
}

}  // namespace thimble::sim
