// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/admin_dialect.h"

#include <algorithm>
#include <array>

#include "service/dialects/pccs_answers.h"
#include "service/support/log.h"
#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using http::Query;
using http::Request;
using http::Response;

bool IsJson(const Request& request) { return EqualIgnoringCase(request.MediaType(), "application/json"); }

Error BadPolicy(std::string message) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("appraisal policy: ", message)};
}

struct PolicyUpload {
  bool is_default = false;
  intel::Fmspc fmspc;
  std::string text;
};

// The classes that PCCS knows. That of a TD's quoting enclave stands beside one of the others.
constexpr std::array<std::string_view, 4> kPolicyClasses = {
    "3123ec35-8d38-4ea5-87a5-d6c48b567570", "9eec018b-7481-4b1c-8e1a-9f7c0c8c777f",
    "f708b97f-0fb2-4e6b-8b03-8a5bcd1221d3", "3769258c-75e6-4bc7-8d72-d2b0e224cad2"};

Status CheckPayload(std::string_view payload) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(payload, "policy_payload", ErrorKind::kMalformed, Check::kRequest));
  TRY_ASSIGN(const auto policies, document->root().GetArray("policy_array"));
  for (const json::Value& policy : policies) {
    TRY_ASSIGN(const json::Value environment, policy.Get("environment"));
    TRY_ASSIGN(const std::string_view class_id, environment.GetString("class_id"));
    const bool known = std::ranges::any_of(
        kPolicyClasses, [&](std::string_view one) { return EqualIgnoringCase(one, class_id); });
    if (!known) return BadPolicy(StrCat("unknown class_id ", class_id));
  }
  return {};
}

// As PCCS: the claims are read, the signature is the client's to check.
Status CheckPolicyToken(std::string_view jwt) {
  const size_t first = jwt.find('.');
  const size_t second = first == std::string_view::npos ? first : jwt.find('.', first + 1);
  if (second == std::string_view::npos) return BadPolicy("not a JWT");
  const auto claims = FromBase64(jwt.substr(first + 1, second - first - 1));
  if (!claims) return BadPolicy("the claims of the JWT are not base64url");
  TRY_ASSIGN(const auto document,
             json::Document::Parse(AsText(*claims), "claims", ErrorKind::kMalformed, Check::kRequest));
  TRY_ASSIGN(const std::string_view text, document->root().GetString("policy_payload"));
  return CheckPayload(text);
}

Result<PolicyUpload> ParsePolicyUpload(std::string_view body) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "appraisalpolicy", ErrorKind::kMalformed, Check::kRequest));
  const json::Value root = document->root();
  PolicyUpload upload;
  TRY_ASSIGN(upload.is_default, root.GetBool("is_default"));
  TRY_ASSIGN(const std::string_view hex, root.GetString("fmspc"));
  const auto fmspc = intel::Fmspc::FromHex(hex);
  if (!fmspc) return BadPolicy("fmspc is not 12 hex digits");
  upload.fmspc = *fmspc;
  TRY_ASSIGN(const std::string_view jwt, root.GetString("policy"));
  TRY(CheckPolicyToken(jwt));
  upload.text = jwt;
  return upload;
}

// "tcb_info.signature intel/tcb/sgx/...; ...", short enough for a header.
std::string RefusedHeader(const UploadReport& report) {
  constexpr size_t kMostNamed = 8;
  std::string out;
  for (size_t i = 0; i < std::min(report.refused.size(), kMostNamed); ++i) {
    const auto& [item, error] = report.refused[i];
    out += StrCat(i == 0 ? "" : "; ", CheckName(error.check), " ", item);
  }
  if (report.refused.size() > kMostNamed) out += StrCat("; ", report.refused.size() - kMostNamed, " more");
  return out;
}

// Neither an older version of a cached item is, for the newer one is here; nor one that cannot be checked yet.
const Error* FirstHarm(const UploadReport& report) {
  const auto harm = std::ranges::find_if(report.refused, [](const UploadReport::Refused& refused) {
    return refused.error.check != Check::kCollateralRollback &&
           refused.error.check != Check::kCollateralMissing;
  });
  return harm == report.refused.end() ? nullptr : &harm->error;
}

constexpr std::chrono::minutes kUploadTime{10};

}  // namespace

void AdminDialect::AddTo(http::Router& router) {
  for (const PcsVersion version : {PcsVersion::kV3, PcsVersion::kV4}) {
    const bool v3 = version == PcsVersion::kV3;
    const std::string prefix = v3 ? "/sgx/certification/v3" : "/sgx/certification/v4";
    const auto add = [&](std::string method, std::string_view path, std::vector<std::string> parameters,
                         http::RouteHandler handler, Role role = Role::kAdmin) {
      if (v3) handler = pccs::WithVersion3Warning(std::move(handler));
      router.Add({std::move(method), StrCat(prefix, path), std::move(parameters), std::move(handler), role});
    };
    http::RouteHandler put = [this, version](const Request& r, const Query&) {
      return PutCollateral(r, version);
    };
    if (v3) put = pccs::WithVersion3Warning(std::move(put));
    router.Add({.method = "PUT",
                .path = StrCat(prefix, "/platformcollateral"),
                .parameters = {},
                .handler = std::move(put),
                .role = Role::kAdmin,
                .body = http::BodyLimit{max_upload_, kUploadTime, pccs::TooLarge(max_upload_)}});
    for (const char* const method : {"GET", "POST"}) {
      add(method, "/refresh", {"type", "fmspc"},
          [this](const Request& r, const Query& q) { return Refresh(r, q); });
    }
    add("PUT", "/appraisalpolicy", {}, [this](const Request& r, const Query&) { return PutPolicy(r); });
    add(
        "GET", "/appraisalpolicy", {"fmspc"}, [this](const Request&, const Query& q) { return GetPolicy(q); },
        Role::kRead);
  }
}

Response AdminDialect::PutCollateral(const Request& request, PcsVersion version) {
  const auto bundle = ParsePlatformBundle(IsJson(request) ? request.body : "{}", version);
  if (!bundle.ok()) return pccs::RefusalOf(bundle.error());
  const auto report = upload_.Take(*bundle);
  if (!report.ok()) return pccs::RefusalOf(report.error());
  for (const auto& [item, error] : report->refused) {
    LogWarning("upload refused", {{"id", request.id}, {"item", item}, {"check", CheckName(error.check)}},
               error.message);
  }
  LogInfo("upload", {{"id", request.id}, {"taken", report->taken}, {"refused", report->refused.size()}});
  const Error* const harm = FirstHarm(*report);
  Response response = harm == nullptr                       ? pccs::Successful()
                      : harm->kind == ErrorKind::kMalformed ? pccs::RefusalOf(*harm)
                                                            : pccs::IntegrityFailed(*harm);
  if (!report->refused.empty()) response.headers.emplace_back("X-Thimble-Refused", RefusedHeader(*report));
  return response;
}

// ---- refresh ----

Response AdminDialect::Refresh(const Request& request, const Query& query) {
  const auto type = query.Get("type");
  const auto fmspc = intel::Fmspc::FromHex(query.Get("fmspc").value_or(""));
  if (type ? *type != "certs" || !fmspc : query.Get("fmspc").has_value())
    return pccs::InvalidParameters("type: must be certs, with fmspc, 12 hex digits; or neither");
  const Status refreshed = type ? RefreshCertificates(*fmspc) : RefreshCollateral();
  if (refreshed.ok()) return pccs::Successful();
  LogWarning("refresh failed", {{"id", request.id}, {"cause", CheckName(refreshed.error().check)}},
             refreshed.error().message);
  return pccs::NotNow(refreshed.error());
}

// CRLs, TCB infos and identities that are held; one that fails does not keep the others from being renewed.
Status AdminDialect::RefreshCollateral() {
  Status first;
  for (const CollateralKey& key : cache_.Keys()) {
    if (VendorOf(key) != Vendor::kIntel || KindOf(key) == ItemKind::kPckCerts) continue;
    const auto renewed = cache_.Refresh(key, clock_.Now());
    if (!renewed.ok() && first.ok()) first = renewed.error();
  }
  return first;
}

Status AdminDialect::RefreshCertificates(const intel::Fmspc& fmspc) {
  TRY_ASSIGN(const auto platforms, registry_.Platforms());
  Status first;
  for (const Platform& platform : platforms) {
    if (platform.fmspc != fmspc) continue;
    const Status renewed = pck_service_.Renew(platform.id);
    if (!renewed.ok() && first.ok()) first = renewed;
  }
  return first;
}

// ---- appraisal policies ----

Response AdminDialect::PutPolicy(const Request& request) {
  const auto upload = ParsePolicyUpload(IsJson(request) ? request.body : "{}");
  if (!upload.ok()) {
    LogInfo("appraisal policy refused", {{"id", request.id}}, upload.error().message);
    return pccs::InvalidParameters(upload.error().message);
  }
  const auto id = policies_.Put(upload->fmspc, upload->text, upload->is_default);
  if (!id.ok()) return pccs::RefusalOf(id.error());
  return pccs::PlainText(id->hex());
}

Response AdminDialect::GetPolicy(const Query& query) {
  const auto fmspc = intel::Fmspc::FromHex(query.Get("fmspc").value_or(""));
  if (!fmspc) return pccs::InvalidParameters("fmspc: must be 12 hex digits");
  const auto policies = policies_.Defaults(*fmspc);
  if (!policies.ok()) return pccs::RefusalOf(policies.error());
  if (policies->empty()) {
    return pccs::RefusalOf({ErrorKind::kUnavailable, Check::kPckNotRegistered,
                            StrCat("no default appraisal policy of FMSPC ", fmspc->hex(), " was put")});
  }
  std::string body;
  for (const std::string& policy : *policies) body += StrCat(body.empty() ? "" : ",", policy);
  return pccs::PlainText(std::move(body));
}

}  // namespace thimble
