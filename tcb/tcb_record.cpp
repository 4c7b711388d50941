// SPDX-License-Identifier: Apache-2.0
#include "tcb/tcb_record.h"

#include <limits>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr uint64_t kVersion = 1, kAmdVersion = 2;
constexpr uint64_t kPolicySmt = uint64_t{1} << 16;

Error Corrupt(std::string_view why) {
  return {ErrorKind::kInternal, Check::kStoreCorrupt, StrCat("TCB record: ", why)};
}

// -- writing --

void WriteFlag(json::Writer& json, std::string_view key, const std::optional<bool>& flag) {
  if (flag) json.Key(key).Bool(*flag);
}

void Write(json::Writer& json, const IntelTcbRecord& tcb) {
  json.Key("tee").String(tcb.tee == IntelTee::kSgx ? "sgx" : "tdx");
  json.Key("fmspc").Hex(tcb.fmspc.view());
  json.Key("pce_id").Hex(tcb.pce_id.view());
  json.Key("pck_ca").String(intel::PckCaName(tcb.ca));
  json.Key("sgx_type").String(intel::SgxTypeName(tcb.sgx_type));
  json.Key("sgx").Hex(tcb.cpu_svn);
  json.Key("pcesvn").Unsigned(static_cast<uint16_t>(tcb.pce_svn));
  if (tcb.tee_tcb_svn) json.Key("tdx").Hex(*tcb.tee_tcb_svn);
  if (tcb.tee_tcb_svn2) json.Key("tdx_current").Hex(*tcb.tee_tcb_svn2);
  if (tcb.qe_isv_svn) json.Key("qe_isvsvn").Unsigned(*tcb.qe_isv_svn);
  WriteFlag(json, "dynamic_platform", tcb.dynamic_platform);
  WriteFlag(json, "cached_keys", tcb.cached_keys);
  WriteFlag(json, "smt_enabled", tcb.smt_enabled);
}

std::array<uint8_t, 3> BytesOf(const amd::FirmwareVersion& version) {
  return {version.major, version.minor, version.build};
}

void Write(json::Writer& json, const AmdTcbRecord& tcb) {
  json.Key("tee").String("snp");
  json.Key("product").String(amd::ProductName(tcb.reported.product));
  json.Key("reported_tcb").Hex(tcb.reported.Encode());
  json.Key("committed_tcb").Hex(tcb.committed.Encode());
  json.Key("current_tcb").Hex(tcb.current.Encode());
  json.Key("launch_tcb").Hex(tcb.launch.Encode());
  if (tcb.cpuid) {
    json.Key("family").Unsigned(tcb.cpuid->family);
    json.Key("model").Unsigned(tcb.cpuid->model);
    json.Key("stepping").Unsigned(tcb.cpuid->stepping);
  }
  json.Key("platform_info").Unsigned(tcb.platform_info);
  json.Key("committed_version").Hex(BytesOf(tcb.committed_version));
  json.Key("current_version").Hex(BytesOf(tcb.current_version));
  if (tcb.launch_mit_vector) json.Key("launch_mit_vector").Unsigned(*tcb.launch_mit_vector);
  if (tcb.current_mit_vector) json.Key("current_mit_vector").Unsigned(*tcb.current_mit_vector);
  json.Key("smt_permitted").Bool(tcb.smt_permitted);
}

void WriteTcb(json::Writer& json, const TcbRecord& tcb) {
  json.Key("version").Unsigned(std::holds_alternative<AmdTcbRecord>(tcb) ? kAmdVersion : kVersion);
  std::visit([&](const auto& record) { Write(json, record); }, tcb);
}

// -- reading --

// A member that may be absent.
template <class T, class Read>
Status ReadOptional(const json::Value& object, std::string_view key, std::optional<T>* out,
                    const Read& read) {
  const auto value = object.Find(key);
  if (!value) return {};
  TRY_ASSIGN(*out, read(*value));
  return {};
}

template <size_t N>
Result<std::array<uint8_t, N>> ReadHex(const json::Value& value) {
  TRY_ASSIGN(const std::string_view text, value.String());
  std::array<uint8_t, N> out{};
  if (!FromHexInto(text, out)) return Corrupt(StrCat("\"", text, "\" is not ", N, " bytes in hex"));
  return out;
}

template <size_t N>
Result<std::array<uint8_t, N>> GetHex(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  return ReadHex<N>(value);
}

template <class N>
Result<N> GetNumber(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  TRY_ASSIGN(const uint64_t number, value.Unsigned(std::numeric_limits<N>::max()));
  return static_cast<N>(number);
}

// The member's text is the name of one of `values`.
template <class Enum, class Name>
Result<Enum> GetNamed(const json::Value& object, std::string_view key, std::initializer_list<Enum> values,
                      const Name& name) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  TRY_ASSIGN(const std::string_view text, value.String());
  for (const Enum candidate : values) {
    if (name(candidate) == text) return candidate;
  }
  return Corrupt(StrCat(key, " \"", text, "\" is unknown"));
}

Status ReadTdx(const json::Value& object, IntelTcbRecord& out) {
  TRY(ReadOptional(object, "tdx", &out.tee_tcb_svn, ReadHex<16>));
  TRY(ReadOptional(object, "tdx_current", &out.tee_tcb_svn2, ReadHex<16>));
  const bool tdx = out.tee == IntelTee::kTdx;
  if (out.tee_tcb_svn.has_value() != tdx || (out.tee_tcb_svn2 && !tdx)) {
    return Corrupt("TDX components go with TDX, and only with it");
  }
  return {};
}

Result<TcbRecord> ReadIntel(const json::Value& object, IntelTee tee) {
  using intel::PckCa, intel::SgxType;
  TRY(object.AllowOnly({"version", "tee", "fmspc", "pce_id", "pck_ca", "sgx_type", "sgx", "pcesvn", "tdx",
                        "tdx_current", "qe_isvsvn", "dynamic_platform", "cached_keys", "smt_enabled", "count",
                        "last_seen"}));
  IntelTcbRecord out;
  out.tee = tee;
  TRY_ASSIGN(const auto fmspc, GetHex<6>(object, "fmspc"));
  TRY_ASSIGN(const auto pce_id, GetHex<2>(object, "pce_id"));
  out.fmspc = intel::Fmspc(fmspc);
  out.pce_id = intel::PceId(pce_id);
  TRY_ASSIGN(out.ca, GetNamed(object, "pck_ca", {PckCa::kProcessor, PckCa::kPlatform}, intel::PckCaName));
  TRY_ASSIGN(out.sgx_type, GetNamed(object, "sgx_type",
                                    {SgxType::kStandard, SgxType::kScalable, SgxType::kScalableWithIntegrity},
                                    intel::SgxTypeName));
  TRY_ASSIGN(out.cpu_svn, GetHex<16>(object, "sgx"));
  TRY_ASSIGN(const uint16_t pce_svn, GetNumber<uint16_t>(object, "pcesvn"));
  out.pce_svn = static_cast<intel::PceSvn>(pce_svn);
  TRY(ReadTdx(object, out));
  TRY(ReadOptional(object, "qe_isvsvn", &out.qe_isv_svn,
                   [](const json::Value& v) { return v.Unsigned(UINT16_MAX); }));
  const auto flag = [](const json::Value& value) { return value.Bool(); };
  TRY(ReadOptional(object, "dynamic_platform", &out.dynamic_platform, flag));
  TRY(ReadOptional(object, "cached_keys", &out.cached_keys, flag));
  TRY(ReadOptional(object, "smt_enabled", &out.smt_enabled, flag));
  return TcbRecord(out);
}

Result<amd::FirmwareVersion> GetVersion(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const auto bytes, GetHex<3>(object, key));
  return amd::FirmwareVersion{.major = bytes[0], .minor = bytes[1], .build = bytes[2]};
}

// What version 2 of these records added.
Status ReadViews(const json::Value& object, AmdTcbRecord& out) {
  const auto read = [&](std::string_view key, amd::TcbVersion& tcb) -> Status {
    TRY_ASSIGN(const auto bytes, GetHex<8>(object, key));
    tcb = amd::TcbVersion::Decode(out.reported.product, bytes);
    return {};
  };
  TRY(read("committed_tcb", out.committed));
  TRY(read("current_tcb", out.current));
  TRY(read("launch_tcb", out.launch));
  TRY_ASSIGN(out.committed_version, GetVersion(object, "committed_version"));
  TRY_ASSIGN(out.current_version, GetVersion(object, "current_version"));
  const auto vector = [](const json::Value& value) { return value.Unsigned(UINT64_MAX); };
  TRY(ReadOptional(object, "launch_mit_vector", &out.launch_mit_vector, vector));
  TRY(ReadOptional(object, "current_mit_vector", &out.current_mit_vector, vector));
  TRY_ASSIGN(const json::Value smt, object.Get("smt_permitted"));
  TRY_ASSIGN(out.smt_permitted, smt.Bool());
  return {};
}

Result<TcbRecord> ReadAmd(const json::Value& object, uint64_t version) {
  TRY(object.AllowOnly({"version", "tee", "product", "reported_tcb", "committed_tcb", "current_tcb",
                        "launch_tcb", "family", "model", "stepping", "platform_info", "committed_version",
                        "current_version", "launch_mit_vector", "current_mit_vector", "smt_permitted",
                        "count", "last_seen"}));
  using enum amd::Product;
  TRY_ASSIGN(const auto product,
             GetNamed(object, "product", {kMilan, kGenoa, kTurin, kVenice}, amd::ProductName));
  TRY_ASSIGN(const auto tcb, GetHex<8>(object, "reported_tcb"));
  AmdTcbRecord out;
  out.reported = out.committed = out.current = out.launch = amd::TcbVersion::Decode(product, tcb);
  out.committed_version = out.current_version = {UINT8_MAX, UINT8_MAX, UINT8_MAX};
  if (object.Find("family")) {
    amd::CpuId cpuid;
    TRY_ASSIGN(cpuid.family, GetNumber<uint8_t>(object, "family"));
    TRY_ASSIGN(cpuid.model, GetNumber<uint8_t>(object, "model"));
    TRY_ASSIGN(cpuid.stepping, GetNumber<uint8_t>(object, "stepping"));
    out.cpuid = cpuid;
  }
  TRY_ASSIGN(out.platform_info, GetNumber<uint64_t>(object, "platform_info"));
  if (version >= kAmdVersion) TRY(ReadViews(object, out));
  return TcbRecord(out);
}

Result<TcbRecord> ReadTcb(const json::Value& object) {
  TRY_ASSIGN(const uint64_t version, GetNumber<uint64_t>(object, "version"));
  TRY_ASSIGN(const Tee tee, GetNamed(object, "tee", {Tee::kSgx, Tee::kTdx, Tee::kSnp}, TeeName));
  const uint64_t newest = tee == Tee::kSnp ? kAmdVersion : kVersion;
  if (version == 0 || version > newest) return Corrupt(StrCat("version ", version, ", not ", newest));
  if (tee == Tee::kSnp) return ReadAmd(object, version);
  return ReadIntel(object, tee == Tee::kSgx ? IntelTee::kSgx : IntelTee::kTdx);
}

}  // namespace

amd::SnpClaims ClaimsOf(const AmdTcbRecord& tcb) {
  amd::SnpClaims claims;
  claims.version = tcb.current_mit_vector ? 5 : tcb.cpuid ? 3 : 2;
  claims.policy = tcb.smt_permitted ? kPolicySmt : 0;
  claims.reported_tcb = tcb.reported;
  claims.committed_tcb = tcb.committed;
  claims.current_tcb = tcb.current;
  claims.launch_tcb = tcb.launch;
  claims.cpuid = tcb.cpuid;
  claims.platform_info = tcb.platform_info;
  claims.committed_version = tcb.committed_version;
  claims.current_version = tcb.current_version;
  claims.launch_mit_vector = tcb.launch_mit_vector;
  claims.current_mit_vector = tcb.current_mit_vector;
  return claims;
}

std::optional<TcbRecord> TcbOf(const Verdict& verdict) {
  if (!verdict.authentic) return std::nullopt;
  if (const auto* snp = std::get_if<amd::SnpClaims>(&verdict.claims)) {
    if (!snp->reported_tcb || !snp->committed_tcb || !snp->current_tcb || !snp->launch_tcb)
      return std::nullopt;
    return AmdTcbRecord{*snp->reported_tcb,
                        *snp->committed_tcb,
                        *snp->current_tcb,
                        *snp->launch_tcb,
                        snp->cpuid,
                        snp->platform_info,
                        snp->committed_version,
                        snp->current_version,
                        snp->launch_mit_vector,
                        snp->current_mit_vector,
                        (snp->policy & kPolicySmt) != 0};
  }
  const auto* facts = std::get_if<intel::PlatformFacts>(&verdict.platform);
  if (facts == nullptr) return std::nullopt;
  TcbRecord record = TcbOf(*facts);
  auto& tcb = std::get<IntelTcbRecord>(record);
  tcb.qe_isv_svn = verdict.qe_isv_svn;
  if (const auto* td = std::get_if<intel::TdxClaims>(&verdict.claims)) {
    tcb.tee = IntelTee::kTdx;
    tcb.tee_tcb_svn = td->tee_tcb_svn;
    tcb.tee_tcb_svn2 = td->tee_tcb_svn2;
  }
  return record;
}

TcbRecord TcbOf(const intel::PlatformFacts& facts) {
  IntelTcbRecord tcb;
  tcb.fmspc = facts.fmspc;
  tcb.pce_id = facts.pce_id;
  tcb.cpu_svn = facts.cpu_svn;
  tcb.pce_svn = facts.pce_svn;
  tcb.ca = facts.ca;
  tcb.sgx_type = facts.sgx_type;
  tcb.dynamic_platform = facts.dynamic_platform;
  tcb.cached_keys = facts.cached_keys;
  tcb.smt_enabled = facts.smt_enabled;
  return tcb;
}

std::string TcbKey(const TcbRecord& tcb) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  WriteTcb(json, tcb);
  json.EndObject();
  return out;
}

std::string Encode(const RememberedTcb& remembered) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  WriteTcb(json, remembered.tcb);
  json.Key("count").Unsigned(remembered.count);
  json.Key("last_seen").String(FormatRfc3339(remembered.last_seen));
  json.EndObject();
  return out;
}

Result<RememberedTcb> DecodeRememberedTcb(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "TCB record", ErrorKind::kInternal, Check::kStoreCorrupt));
  const json::Value root = document->root();
  RememberedTcb out;
  TRY_ASSIGN(out.tcb, ReadTcb(root));
  TRY_ASSIGN(out.count, GetNumber<uint64_t>(root, "count"));
  TRY_ASSIGN(const json::Value last_seen, root.Get("last_seen"));
  TRY_ASSIGN(const std::string_view date, last_seen.String());
  const auto instant = ParseRfc3339(date);
  if (!instant) return Corrupt(StrCat("last_seen \"", date, "\" is not a time"));
  out.last_seen = *instant;
  return out;
}

}  // namespace thimble
