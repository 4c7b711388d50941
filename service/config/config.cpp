// SPDX-License-Identifier: Apache-2.0
#include "service/config/config.h"

#include <functional>
#include <optional>

#include "fetchers/url.h"
#include "service/config/policy_toml.h"
#include "service/http/browser_rules.h"
#include "service/http/listen_address.h"
#include "service/support/file.h"
#include "service/support/size_text.h"
#include "service/support/toml_reader.h"
#include "service/upstreams/host_vcek.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy/appraisal_policy.h"
#include "tcb/policy/digest.h"

namespace thimble {
namespace {

constexpr size_t kMaxConfigBytes = 1u << 20;

std::optional<std::string> AnyText(std::string_view text) { return std::string(text); }

std::optional<AuditConfig::OnFailure> ParseOnFailure(std::string_view text) {
  if (text == "go_on") return AuditConfig::OnFailure::kGoOn;
  if (text == "refuse") return AuditConfig::OnFailure::kRefuse;
  return std::nullopt;
}

std::optional<CachingMode> ParseCachingMode(std::string_view text) {
  if (text == "LAZY") return CachingMode::kLazy;
  if (text == "REQ") return CachingMode::kRequest;
  if (text == "OFFLINE") return CachingMode::kOffline;
  return std::nullopt;
}

// Below that every upload would be refused; above, the parser reads none.
std::optional<size_t> ParseUploadSize(std::string_view text) {
  const auto size = ParseSize(text);
  return size && *size >= 64u << 10 && *size <= size_t{4} << 30 ? size : std::nullopt;
}

std::optional<std::optional<Role>> ParseRoleName(std::string_view text) {
  const auto role = ParseRole(text);
  return role ? std::optional(role) : std::nullopt;
}

std::optional<std::optional<Digest512>> ParseDigest512(std::string_view text) {
  const auto digest = Digest512::FromHex(text);
  return digest ? std::optional(digest) : std::nullopt;
}

std::optional<std::optional<Digest256>> ParseDigest256(std::string_view text) {
  const auto digest = Digest256::FromHex(text);
  return digest ? std::optional(digest) : std::nullopt;
}

std::optional<UpstreamKind> ParseUpstreamKind(std::string_view text) {
  if (text == "vendor") return UpstreamKind::kVendor;
  if (text == "thim") return UpstreamKind::kThim;
  return std::nullopt;
}

std::optional<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "text") return LogFormat::kText;
  return text == "json" ? std::optional(LogFormat::kJson) : std::nullopt;
}

std::optional<LogLevel> ParseLogLevel(std::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warning") return LogLevel::kWarning;
  return text == "error" ? std::optional(LogLevel::kError) : std::nullopt;
}

// uvm = { ContainerPlat-AMD-UVM = 104 }
TomlKey SvnMinimumsKey(const TomlReader& r, uvm::SvnMinimums& out) {
  return {"uvm", [&r, &out](const toml::node& node) -> Status {
            const toml::table* const table = node.as_table();
            if (table == nullptr) return r.Fail(node, "uvm must be a table: a minimum SVN for each feed");
            out.clear();
            for (const auto& [feed, svn] : *table) {
              TRY_ASSIGN(out[std::string(feed.str())],
                         ReadNumber<uint32_t>(r, svn, StrCat("uvm.", feed.str())));
            }
            return {};
          }};
}

Status ReadBaseline(const TomlReader& r, const toml::node& node, std::string_view name, Baseline& out) {
  return ReadTable(
      r, node, StrCat("baseline.", name),
      {ParsedKey<EvaluationChoice>(r, "intel", out.intel, EvaluationChoice::Parse, kEvaluationForms),
       TextKey(r, "amd", out.amd), SvnMinimumsKey(r, out.uvm)});
}

// [policy.NAME] for every NAME there is.
Status ReadPolicies(const TomlReader& r, const toml::node& node, Config& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return r.Fail(node, "policies are tables: [policy.NAME]");
  for (const auto& [name, value] : *table) {
    const toml::table* const policy = value.as_table();
    if (policy == nullptr) return r.Fail(value, StrCat("policy.", name.str(), " must be a table"));
    TRY_ASSIGN(out.policies[std::string(name.str())], ReadPolicy(*policy, name.str(), r));
  }
  return {};
}

// [baseline] with honour_update, and [baseline.NAME].
Status ReadBaselines(const TomlReader& r, const toml::node& node, Config& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return r.Fail(node, "baselines are tables: [baseline.NAME]");
  for (const auto& [name, value] : *table) {
    if (name.str() == "honour_update") {
      TRY(BoolKey(r, "honour_update", out.honour_update).read(value));
    } else {
      TRY(ReadBaseline(r, value, name.str(), out.baselines[std::string(name.str())]));
    }
  }
  return {};
}

Status ReadThim(const TomlReader& r, const toml::node& node, ThimConfig& out) {
  std::string product, chip_id, tcb;
  TRY(ReadTable(r, node, "thim",
                {TextKey(r, "product", product), TextKey(r, "chip_id", chip_id), TextKey(r, "tcb", tcb)}));
  auto host = ParseHost(product, chip_id, tcb);
  if (!host) return r.Fail(node, host.error().message);
  out.host = std::move(host).value();
  return {};
}

std::vector<TomlKey> PccsKeys(const TomlReader& r, PccsConfig& out) {
  return {ParsedKey<CachingMode>(r, "mode", out.mode, ParseCachingMode, "\"LAZY\", \"REQ\" or \"OFFLINE\""),
          ParsedKey<size_t>(r, "max_upload", out.max_upload, ParseUploadSize,
                            "a size with its unit, from \"64KiB\" to \"4GiB\"")};
}

std::vector<TomlKey> HistoryKeys(const TomlReader& r, HistoryConfig& out) {
  return {DurationKey(r, "max_age", out.rules.max_age), NumberKey(r, "max_versions", out.rules.max_versions)};
}

std::vector<TomlKey> SharedKeys(const TomlReader& r, SharedConfig& out) {
  return {TextKey(r, "url", out.url), TextKey(r, "password_file", out.password_file)};
}

// Intel's keys are short words; what else there may be in the file is not for a header.
Result<std::string> ReadSubscriptionKey(const std::string& path) {
  constexpr size_t kMaxKeyFile = 256;
  TRY_ASSIGN(std::string key, ReadFile(path, kMaxKeyFile));
  key.resize(std::min(key.find_first_of("\r\n"), key.size()));
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (!key.empty() && std::all_of(key.begin(), key.end(), printable)) return key;
  return Error{ErrorKind::kMalformed, Check::kRequest,
               StrCat(path, ": its first line is not a subscription key")};
}

Result<Upstream> ReadUpstream(const TomlReader& r, const toml::node& node, Vendor vendor) {
  Upstream upstream;
  std::string key_file;
  std::vector<TomlKey> keys = {
      TextKey(r, "url", upstream.url), BoolKey(r, "allow_http", upstream.allow_http),
      TextKey(r, "ca_file", upstream.ca_file),
      ParsedKey<UpstreamKind>(r, "kind", upstream.kind, ParseUpstreamKind, "\"vendor\" or \"thim\"")};
  if (vendor == Vendor::kIntel) keys.push_back(TextKey(r, "subscription_key_file", key_file));
  TRY(ReadTable(r, node, "upstream", keys));
  if (!key_file.empty()) {
    auto key = ReadSubscriptionKey(key_file);
    if (!key) return r.Fail(node, key.error().message);
    upstream.subscription_key = std::move(key).value();
  }
  auto checked = CheckedUpstream(vendor, upstream);
  if (!checked) return r.Fail(node, checked.error().message);
  return checked;
}

Status ReadRole(const TomlReader& r, const toml::node& node, RoleGrant& out) {
  std::optional<Role> role;
  TRY(ReadTable(r, node, "role",
                {ParsedKey<std::optional<Role>>(r, "name", role, ParseRoleName,
                                                "\"read\", \"verify\", \"register\" or \"admin\""),
                 ParsedKey<std::optional<Digest512>>(r, "token_sha512", out.token_sha512, ParseDigest512,
                                                     "128 hex digits"),
                 ParsedKey<std::optional<Digest256>>(r, "client_sha256", out.client_sha256, ParseDigest256,
                                                     "64 hex digits"),
                 TextKey(r, "label", out.label)}));
  if (!role) return r.Fail(node, "a role needs a name: read, verify, register or admin");
  if (out.token_sha512.has_value() == out.client_sha256.has_value())
    return r.Fail(node, "a role needs either token_sha512 or client_sha256");
  if (out.token_sha512 == TokenDigest("")) return r.Fail(node, "token_sha512 is that of the empty token");
  out.role = *role;
  return {};
}

// [[role]]
Status ReadRoles(const TomlReader& r, const toml::node& node, std::vector<RoleGrant>& out) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return r.Fail(node, "roles are a list: [[role]]");
  for (const toml::node& entry : *array) TRY(ReadRole(r, entry, out.emplace_back()));
  return {};
}

// [intel] and [amd] have nothing but their upstreams.
Status ReadVendor(const TomlReader& r, const toml::node& node, Vendor vendor, std::vector<Upstream>& out) {
  const std::string_view name = vendor == Vendor::kIntel ? "intel" : "amd";
  const auto read_list = [&](const toml::node& list) -> Status {
    const toml::array* array = list.as_array();
    if (array == nullptr) return r.Fail(list, StrCat("upstreams are lists: [[", name, ".upstream]]"));
    out.clear();
    for (const toml::node& entry : *array) {
      TRY_ASSIGN(Upstream upstream, ReadUpstream(r, entry, vendor));
      out.push_back(std::move(upstream));
    }
    return {};
  };
  return ReadTable(r, node, name, {{"upstream", read_list}});
}

// HTTPS needs both files; plain HTTP stays on this host unless the operator says otherwise.
Status CheckTls(const Config& config) {
  const ServerConfig& server = config.server;
  const auto fail = [](std::string message) {
    return Error{ErrorKind::kMalformed, Check::kRequest, std::move(message)};
  };
  if (server.tls_certificate.empty() != server.tls_key.empty())
    return fail("tls_certificate and tls_key belong together");
  const bool tls = !server.tls_certificate.empty();
  if (!server.client_ca.empty() && !tls) return fail("client_ca needs tls_certificate and tls_key");
  for (const RoleGrant& grant : config.roles) {
    if (grant.client_sha256 && server.client_ca.empty())
      return fail("a role by client_sha256 needs client_ca");
  }
  if (tls || server.plain_http) return {};
  const auto address = http::ListenAddress::Parse(server.listen);
  const Url url{.tls = false, .host = address ? address->host : "", .port = 80, .target = "/"};
  if (ReachOf(url) == Reach::kLoopback) return {};
  return fail(StrCat("listen \"", server.listen,
                     "\" is not loopback: set tls_certificate and tls_key, or plain_http = true"));
}

// Who can put a document in force decides what is up to date: the key does, and the channel only carries it.
Status CheckFloorsUrl(const FloorsConfig& floors) {
  if (floors.url.empty()) return {};
  const auto url = ParseUrl(floors.url);
  const auto fail = [&](std::string_view why) {
    return Error{ErrorKind::kMalformed, Check::kRequest, StrCat("floors.url \"", floors.url, "\" ", why)};
  };
  if (!url || (!url->tls && ReachOf(*url) != Reach::kLoopback)) return fail("must be an https URL");
  if (floors.key.empty()) return fail("needs floors.key: documents are taken under a key alone");
  return {};
}

}  // namespace

Policy BuiltInPolicy() {
  Policy policy;
  policy.sha256 = PolicyDigest(policy);
  return policy;
}

Status CheckConfig(const Config& config) {
  const auto fail = [](std::string message) {
    return Error{ErrorKind::kMalformed, Check::kRequest, std::move(message)};
  };
  if (!http::ListenAddress::Parse(config.server.listen)) {
    return fail(StrCat("listen \"", config.server.listen,
                       "\" must be ADDRESS:PORT, as 127.0.0.1:8081 or [::1]:8081"));
  }
  TRY(CheckTls(config));
  if (config.server.proxy_protocol && config.server.trusted_proxies.empty())
    return fail("proxy_protocol needs trusted_proxies: the header counts from those alone");
  if (config.server.issuer.empty()) return fail("issuer must not be empty");
  if (config.server.miss_wait < Seconds(1)) return fail("miss_wait must be at least 1s");
  if (config.cache.data.empty())
    return fail("data must name a directory; for a store in memory use --ephemeral");
  if (config.audit.max_file_mib == 0) return fail("max_file_mib must be at least 1");
  if (config.audit.max_total_mib != 0 && config.audit.max_total_mib < 2 * config.audit.max_file_mib)
    return fail("audit.max_total_mib must be at least twice max_file_mib, or 0: whole files are removed");
  if (config.history.rules.max_versions < 1) return fail("history.max_versions must be at least 1");
  TRY(CheckFloorsUrl(config.floors));
  if (!config.shared.url.empty()) TRY(CheckSharedUrl(config.shared.url));
  if (config.refresh.max_age < Seconds(600))
    return fail("max_age must be at least 10m: vendors are not asked more often");
  if (config.refresh.lag < Seconds(3600)) return fail("refresh.lag must be at least 1h");
  return {};
}

namespace {

// Of a server: commands may well ask it for collateral.
Status CheckFile(const Config& config) {
  TRY(CheckConfig(config));
  return CheckNotItsOwn(config);
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, std::string_view file_name) {
  const TomlReader r(file_name);
  TRY_ASSIGN(const toml::table root, ParseToml(text, r));
  Config out;
  const auto table = [&r](std::string_view name, std::vector<TomlKey> keys) {
    return TomlKey{name, [&r, name, keys = std::move(keys)](const toml::node& node) {
                     return ReadTable(r, node, name, keys);
                   }};
  };
  TRY(ReadTable(
      r, root, "",
      {table("server",
             {TextKey(r, "listen", out.server.listen),
              ListKey<std::string>(r, "anchors", out.server.anchors, AnyText, "PEM files"),
              TextKey(r, "tls_certificate", out.server.tls_certificate),
              TextKey(r, "tls_key", out.server.tls_key), TextKey(r, "client_ca", out.server.client_ca),
              BoolKey(r, "plain_http", out.server.plain_http), TextKey(r, "issuer", out.server.issuer),
              ListKey<http::ProxyNetwork>(r, "trusted_proxies", out.server.trusted_proxies,
                                          http::ProxyNetwork::Parse, "addresses, networks or \"unix\""),
              ParsedKey<http::ForwardedHeader>(r, "forwarded_header", out.server.forwarded_header,
                                               http::ParseForwardedHeader,
                                               "\"x-forwarded-for\" or \"forwarded\""),
              ListKey<std::string>(r, "hosts", out.server.hosts, http::ParseHostName,
                                   "host names or addresses, without ports"),
              ListKey<std::string>(r, "cors_origins", out.server.cors_origins, http::ParseOrigin,
                                   "origins, as \"https://console.example\""),
              BoolKey(r, "proxy_protocol", out.server.proxy_protocol),
              DurationKey(r, "miss_wait", out.server.miss_wait)}),
       {"intel",
        [&](const toml::node& node) { return ReadVendor(r, node, Vendor::kIntel, out.intel_upstreams); }},
       {"amd", [&](const toml::node& node) { return ReadVendor(r, node, Vendor::kAmd, out.amd_upstreams); }},
       table("cache",
             {TextKey(r, "data", out.cache.data), DurationKey(r, "stale_grace", out.cache.stale_grace)}),
       {"thim", [&](const toml::node& node) { return ReadThim(r, node, out.thim); }},
       table("pccs", PccsKeys(r, out.pccs)),
       {"role", [&](const toml::node& node) { return ReadRoles(r, node, out.roles); }},
       table("refresh",
             {DurationKey(r, "max_age", out.refresh.max_age), DurationKey(r, "lag", out.refresh.lag)}),
       table("audit",
             {BoolKey(r, "enabled", out.audit.enabled), TextKey(r, "directory", out.audit.directory),
              NumberKey(r, "max_file_mib", out.audit.max_file_mib),
              NumberKey(r, "keep_files", out.audit.keep_files),
              NumberKey(r, "max_total_mib", out.audit.max_total_mib),
              ParsedKey(r, "on_failure", out.audit.on_failure, ParseOnFailure, "\"go_on\" or \"refuse\"")}),
       table("history", HistoryKeys(r, out.history)),
       table("floors", {TextKey(r, "key", out.floors.key), TextKey(r, "overlay", out.floors.overlay),
                        TextKey(r, "url", out.floors.url), TextKey(r, "directory", out.floors.directory)}),
       table("shared", SharedKeys(r, out.shared)),
       table("log",
             {ParsedKey<LogFormat>(r, "format", out.log.format, ParseLogFormat, "\"text\" or \"json\""),
              ParsedKey<LogLevel>(r, "level", out.log.level, ParseLogLevel,
                                  "\"debug\", \"info\", \"warning\" or \"error\"")}),
       {"baseline", [&](const toml::node& node) { return ReadBaselines(r, node, out); }},
       {"policy", [&](const toml::node& node) { return ReadPolicies(r, node, out); }}}));
  if (const Status rules = CheckFile(out); !rules) {
    return Error{rules.error().kind, rules.error().check, StrCat(file_name, ": ", rules.error().message)};
  }
  return out;
}

Result<Config> LoadConfig(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxConfigBytes));
  return ParseConfig(text, path);
}

Result<PolicyFile> LoadPolicyFile(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxConfigBytes));
  PolicyFile out;
  if (IsAppraisalPolicy(text)) {
    TRY_ASSIGN(out.policy, intel::ParseAppraisalPolicy(text, "default"));
    return out;
  }
  const TomlReader r(path);
  TRY_ASSIGN(const toml::table root, ParseToml(text, r));
  const auto read_policy = [&](const toml::node& node) -> Status {
    const toml::table* const table = node.as_table();
    if (table == nullptr) return r.Fail(node, "policy.default must be a table");
    TRY_ASSIGN(out.policy, ReadPolicy(*table, "default", r));
    return {};
  };
  const auto read_baseline = [&](const toml::node& node) {
    return ReadBaseline(r, node, "default", out.baseline);
  };
  const auto section = [&](std::string_view name, std::function<Status(const toml::node&)> read) {
    return TomlKey{name, [&r, name, read](const toml::node& node) {
                     return ReadTable(r, node, name, {{"default", read}});
                   }};
  };
  TRY(ReadTable(r, root, "", {section("policy", read_policy), section("baseline", read_baseline)}));
  return out;
}

}  // namespace thimble
