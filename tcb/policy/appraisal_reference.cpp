// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/appraisal_reference.h"

#include <algorithm>
#include <set>

namespace thimble::intel {
namespace {

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
  return out;
}

constexpr uint64_t kMaxPeriod = uint64_t{100} * 365 * 24 * 3600;

// -- values of a reference; each leaves its target as it is when the key is absent --

Status ReadNumber(const json::Value& reference, std::string_view key, uint64_t max,
                  std::optional<uint64_t>* out) {
  const auto value = reference.Find(key);
  if (!value) return {};
  TRY_ASSIGN(*out, OfKey(key, value->Unsigned(max)));
  return {};
}

template <size_t N>
Status ReadHex(const json::Value& reference, std::string_view key,
               std::optional<std::array<uint8_t, N>>* out) {
  const auto value = reference.Find(key);
  if (!value) return {};
  TRY_ASSIGN(const std::string_view text, OfKey(key, value->String()));
  std::array<uint8_t, N> bytes{};
  if (!FromHexInto(text, bytes))
    return MalformedPolicy(StrCat(key, " \"", text, "\" must be ", 2 * N, " hex digits"));
  *out = bytes;
  return {};
}

template <class Id>
Status ReadId(const json::Value& reference, std::string_view key, std::vector<Id>* out) {
  std::optional<std::array<uint8_t, Id::kSize>> bytes;
  TRY(ReadHex(reference, key, &bytes));
  if (bytes) out->assign(1, Id(*bytes));
  return {};
}

// Without a mask every bit counts. Bits outside of the mask say nothing.
template <size_t N>
Status ReadPattern(const json::Value& reference, std::string_view key, std::optional<BitPattern<N>>* out) {
  const std::string mask_key = StrCat(key, "_mask");
  std::optional<std::array<uint8_t, N>> value, mask;
  TRY(ReadHex(reference, key, &value));
  TRY(ReadHex(reference, mask_key, &mask));
  if (mask && !value) return MalformedPolicy(StrCat(mask_key, " without ", key));
  if (!value) return {};
  BitPattern<N> pattern{*value, mask.value_or(BitPattern<N>::Ones())};
  for (size_t i = 0; i < N; ++i) pattern.value[i] &= pattern.mask[i];
  *out = pattern;
  return {};
}

Status ReadPermission(const json::Value& reference, std::string_view key, std::optional<bool>* out) {
  const auto value = reference.Find(key);
  if (!value) return {};
  TRY_ASSIGN(*out, OfKey(key, value->Bool()));
  return {};
}

// One value, or a list of them.
Result<std::vector<json::Value>> OneOrMany(const json::Value& value) {
  if (value.type() == json::Type::kArray) return value.Array();
  return std::vector<json::Value>{value};
}

// -- statuses --

// Intel's library states a status as the set of what it is made of, and each part has to be accepted.
std::vector<std::string_view> PartsOf(TcbStatus status) {
  switch (status) {
    case TcbStatus::kUpToDate:
      return {"UpToDate"};
    case TcbStatus::kSWHardeningNeeded:
      return {"UpToDate", "SWHardeningNeeded"};
    case TcbStatus::kConfigurationNeeded:
      return {"UpToDate", "ConfigurationNeeded"};
    case TcbStatus::kConfigurationAndSWHardeningNeeded:
      return {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded"};
    case TcbStatus::kOutOfDate:
      return {"OutOfDate"};
    case TcbStatus::kOutOfDateConfigurationNeeded:
      return {"OutOfDate", "ConfigurationNeeded"};
    case TcbStatus::kTDRelaunchAdvised:
      return {"TDRelaunchAdvised"};
    case TcbStatus::kTDRelaunchAdvisedConfigurationNeeded:
      return {"TDRelaunchAdvised", "ConfigurationNeeded"};
    case TcbStatus::kRevoked:
    case TcbStatus::kRelaunchAdvised:  // AMD's
    case TcbStatus::kRelaunchAdvisedConfigurationNeeded:
      break;
  }
  return {"Revoked"};
}

std::optional<TcbStatus> StatusNamed(std::string_view name) {
  for (size_t i = 0; i < kIntelTcbStatusCount; ++i) {
    const auto status = static_cast<TcbStatus>(i);
    if (Lower(TcbStatusName(status)) == Lower(name)) return status;
  }
  return std::nullopt;
}

// Those named, and those whose parts are all named.
Status ReadStatuses(const json::Value& reference, std::vector<TcbStatus>* out) {
  TRY_ASSIGN(const json::Value value, reference.Get("accepted_tcb_status"));
  TRY_ASSIGN(const auto entries, OneOrMany(value));
  std::set<std::string_view> named;
  for (const json::Value& entry : entries) {
    TRY_ASSIGN(const std::string_view name, OfKey("accepted_tcb_status", entry.String()));
    const auto status = StatusNamed(name);
    if (!status) return MalformedPolicy(StrCat("accepted_tcb_status: unknown status \"", name, "\""));
    if (*status == TcbStatus::kRevoked)
      return MalformedPolicy("accepted_tcb_status: Revoked is never accepted");
    named.insert(TcbStatusName(*status));
  }
  if (!named.contains("UpToDate"))
    return MalformedPolicy("accepted_tcb_status: has no UpToDate, and so accepts nothing");
  out->clear();
  for (size_t i = 0; i < kIntelTcbStatusCount; ++i) {
    const auto status = static_cast<TcbStatus>(i);
    const auto parts = PartsOf(status);
    const bool all = std::all_of(parts.begin(), parts.end(), [&](auto part) { return named.contains(part); });
    if (all || named.contains(TcbStatusName(status))) out->push_back(status);
  }
  return {};
}

// -- what platforms and quoting enclaves have in common --

// A grace that could forgive nothing is a mistake; Intel's library then accepts no platform at all.
Status CheckPlatformGrace(const TcbReference& tcb) {
  const bool out_of_date =
      std::find(tcb.accepted.begin(), tcb.accepted.end(), TcbStatus::kOutOfDate) != tcb.accepted.end();
  if (tcb.platform_grace.value_or(0) == 0 || out_of_date) return {};
  return MalformedPolicy("platform_grace_period needs OutOfDate in accepted_tcb_status");
}

Result<TcbReference> ReadTcbReference(const json::Value& reference) {
  TcbReference tcb;
  TRY(ReadStatuses(reference, &tcb.accepted));
  TRY(ReadNumber(reference, "collateral_grace_period", kMaxPeriod, &tcb.collateral_grace));
  TRY(ReadNumber(reference, "platform_grace_period", kMaxPeriod, &tcb.platform_grace));
  TRY(ReadNumber(reference, "min_eval_num", UINT32_MAX, &tcb.min_evaluation));
  TRY(CheckPlatformGrace(tcb));
  return tcb;
}

// -- the classes --

Status ReadAdvisories(const json::Value& reference, std::vector<AdvisoryEntry>* out) {
  constexpr std::string_view kKey = "rejected_advisory_ids";
  const auto value = reference.Find(kKey);
  if (!value) return {};
  TRY_ASSIGN(const auto entries, OfKey(kKey, value->Array()));
  for (const json::Value& entry : entries) {
    TRY_ASSIGN(const std::string_view id, OfKey(kKey, entry.String()));
    out->push_back({Upper(id), std::nullopt});
  }
  return {};
}

Status ReadSgxTypes(const json::Value& reference, std::vector<SgxType>* out) {
  constexpr std::string_view kKey = "accepted_sgx_types";
  const auto value = reference.Find(kKey);
  if (!value) return {};
  TRY_ASSIGN(const auto entries, OneOrMany(*value));
  for (const json::Value& entry : entries) {
    TRY_ASSIGN(const uint64_t type, OfKey(kKey, entry.Unsigned(2)));
    out->push_back(static_cast<SgxType>(type));
  }
  if (out->empty()) return MalformedPolicy("accepted_sgx_types: accepts nothing");
  return {};
}

Status ReadMinTcbDate(const json::Value& reference, std::optional<Instant>* out) {
  const auto value = reference.Find("min_tcb_level_date");
  if (!value) return {};
  TRY_ASSIGN(const std::string_view text, OfKey("min_tcb_level_date", value->String()));
  *out = ParseRfc3339(text);
  if (!*out)
    return MalformedPolicy(
        StrCat("min_tcb_level_date \"", text, "\" is not a time, as 2026-01-31T00:00:00Z"));
  return {};
}

Status ReadShort(const json::Value& reference, std::string_view key, std::optional<uint16_t>* out) {
  std::optional<uint64_t> number;
  TRY(ReadNumber(reference, key, UINT16_MAX, &number));
  if (number) *out = static_cast<uint16_t>(*number);
  return {};
}

}  // namespace

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  return out;
}

Status ReadPlatform(const json::Value& reference, Policy& policy) {
  TRY(reference.AllowOnly({"accepted_tcb_status", "collateral_grace_period", "platform_grace_period",
                           "min_eval_num", "min_tcb_level_date", "rejected_advisory_ids",
                           "accepted_sgx_types", "allow_dynamic_platform", "allow_cached_keys",
                           "allow_smt_enabled"}));
  TRY_ASSIGN(const TcbReference tcb, ReadTcbReference(reference));
  policy.accepted_statuses = tcb.accepted;
  policy.collateral_grace = tcb.CollateralGrace();
  policy.platform_grace = tcb.PlatformGrace();
  policy.min_tcb_evaluation = static_cast<uint32_t>(tcb.min_evaluation.value_or(0));
  TRY(ReadMinTcbDate(reference, &policy.min_tcb_date));
  TRY(ReadAdvisories(reference, &policy.rejected_advisories));
  TRY(ReadSgxTypes(reference, &policy.sgx_types));
  TRY(ReadPermission(reference, "allow_dynamic_platform", &policy.allow_dynamic_platform));
  TRY(ReadPermission(reference, "allow_cached_keys", &policy.allow_cached_keys));
  return ReadPermission(reference, "allow_smt_enabled", &policy.allow_smt);
}

Result<TcbReference> ReadTdQe(const json::Value& reference) {
  TRY(reference.AllowOnly(
      {"accepted_tcb_status", "collateral_grace_period", "platform_grace_period", "min_eval_num"}));
  return ReadTcbReference(reference);
}

void ApplyTdQe(const TcbReference& qe, Policy& policy) {
  policy.accepted_qe_statuses = qe.accepted;
  policy.qe_grace = qe.PlatformGrace();
  policy.min_qe_evaluation = static_cast<uint32_t>(qe.min_evaluation.value_or(0));
  policy.collateral_grace = std::min(policy.collateral_grace, qe.CollateralGrace());
}

Status ReadEnclave(const json::Value& reference, Policy& policy) {
  TRY(reference.AllowOnly({"sgx_miscselect", "sgx_miscselect_mask", "sgx_attributes", "sgx_attributes_mask",
                           "sgx_mrenclave", "sgx_mrsigner", "sgx_isvprodid", "sgx_isvsvn_min", "sgx_configid",
                           "sgx_configsvn_min", "sgx_isvextprodid", "sgx_isvfamilyid"}));
  SgxRules& sgx = policy.sgx;
  TRY(ReadPattern(reference, "sgx_miscselect", &sgx.miscselect));
  TRY(ReadPattern(reference, "sgx_attributes", &sgx.attributes));
  TRY(ReadId(reference, "sgx_mrenclave", &sgx.mrenclave));
  TRY(ReadId(reference, "sgx_mrsigner", &sgx.mrsigner));
  std::optional<uint16_t> product;
  TRY(ReadShort(reference, "sgx_isvprodid", &product));
  if (product) sgx.isvprodid = {*product};
  TRY(ReadShort(reference, "sgx_isvsvn_min", &sgx.min_isvsvn));
  TRY(ReadId(reference, "sgx_configid", &sgx.configid));
  TRY(ReadShort(reference, "sgx_configsvn_min", &sgx.min_configsvn));
  TRY(ReadId(reference, "sgx_isvextprodid", &sgx.isvextprodid));
  TRY(ReadId(reference, "sgx_isvfamilyid", &sgx.isvfamilyid));
  // Whoever demands a debug enclave allows it. A file that does not speak of the bit does not.
  policy.allow_debug = sgx.attributes && sgx.attributes->Demands(1, true);
  return {};
}

Status ReadTd(const json::Value& reference, EvidenceClass evidence, Policy& policy) {
  if (evidence == EvidenceClass::kTdx10 && reference.Find("tdx_mrservicetd")) {
    return MalformedPolicy("tdx_mrservicetd: a TD 1.0 has none");
  }
  TRY(reference.AllowOnly({"tdx_attributes", "tdx_attributes_mask", "tdx_xfam", "tdx_xfam_mask", "tdx_mrtd",
                           "tdx_mrconfigid", "tdx_mrowner", "tdx_mrownerconfig", "tdx_rtmr0", "tdx_rtmr1",
                           "tdx_rtmr2", "tdx_rtmr3", "tdx_mrservicetd"}));
  TdxRules& tdx = policy.tdx;
  TRY(ReadPattern(reference, "tdx_attributes", &tdx.td_attributes));
  TRY(ReadPattern(reference, "tdx_xfam", &tdx.xfam));
  TRY(ReadId(reference, "tdx_mrtd", &tdx.mrtd));
  TRY(ReadId(reference, "tdx_mrconfigid", &tdx.mrconfigid));
  TRY(ReadId(reference, "tdx_mrowner", &tdx.mrowner));
  TRY(ReadId(reference, "tdx_mrownerconfig", &tdx.mrownerconfig));
  TRY(ReadId(reference, "tdx_rtmr0", &tdx.rtmr0));
  TRY(ReadId(reference, "tdx_rtmr1", &tdx.rtmr1));
  TRY(ReadId(reference, "tdx_rtmr2", &tdx.rtmr2));
  TRY(ReadId(reference, "tdx_rtmr3", &tdx.rtmr3));
  TRY(ReadId(reference, "tdx_mrservicetd", &tdx.mrservicetd));
  policy.allow_debug = tdx.td_attributes && tdx.td_attributes->value[0] != 0;
  return {};
}

}  // namespace thimble::intel
