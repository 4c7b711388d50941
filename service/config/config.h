// SPDX-License-Identifier: Apache-2.0
//
// The configuration: a TOML file of these sections, each documented on the struct that holds it. Unknown keys
// are refused. What the command line says goes before the file, and the file before the defaults here.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/history_rules.h"
#include "fetchers/upstreams.h"
#include "service/audit/audit_log.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/floors.h"
#include "service/http/roles.h"
#include "service/http/trusted_proxies.h"
#include "service/shared/shared_config.h"
#include "service/support/log.h"
#include "service/upstreams/caching_mode.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/policy.h"

namespace thimble {

// [server]
struct ServerConfig {
  // listen: address and port, "127.0.0.1:8081", "[::1]:8081". Port 0 takes a free one and prints it.
  std::string listen = "127.0.0.1:8081";
  // anchors: PEM files of root certificates to trust beside the vendors' own. Every result that rests on one
  // says so.
  std::vector<std::string> anchors;
  // tls_certificate, tls_key: PEM files of the server's certificate with its intermediates, and of its key. With them
  // it serves HTTPS alone. Read again on SIGHUP.
  std::string tls_certificate, tls_key;
  // client_ca: a PEM file; certificates of these CAs that clients show can have roles. Needs the two above.
  std::string client_ca;
  // plain_http: serve plain HTTP on an address that is not loopback. Default false: tokens and verdicts would be
  // readable on the way.
  bool plain_http = false;
  // trusted_proxies: addresses, networks ("10.0.0.0/8") or "unix" of proxies of ours: a request through one is its
  // client's, in budgets and in the audit trail. Default: none.
  std::vector<http::ProxyNetwork> trusted_proxies;
  // forwarded_header: the header in which they name the client, "x-forwarded-for" or "forwarded"; the other is not read.
  http::ForwardedHeader forwarded_header = http::ForwardedHeader::kXForwardedFor;
  // hosts: names by which clients reach our own routes, beside "localhost", addresses of loopback and the certificate's
  // names; a proxy's. Counts where `listen` is on loopback: elsewhere any name will do. Default: none.
  std::vector<std::string> hosts;
  // cors_origins: "https://console.example": whose pages in a browser may read. Default: none's.
  std::vector<std::string> cors_origins;
  // proxy_protocol: connections of trusted_proxies to `listen` begin with a header of the PROXY protocol, version 1 or 2,
  // before TLS, and nobody else's do. Default false: nobody's.
  bool proxy_protocol = false;
  // issuer: `iss` of signed results, by which relying parties tell verifiers apart. Default "Thimble".
  std::string issuer = "Thimble";
  // miss_wait: what a request may spend on upstreams, retries included. Default "5s".
  Seconds miss_wait{5};
};

// [cache]
struct CacheConfig {
  // data: the directory of the store. Relative to where the process runs.
  std::string data = "thimble-data";
  // stale_grace: how long past its nextUpdate an item is served, with a warning, when no upstream renews it.
  // Default "168h".
  Seconds stale_grace{7 * 24 * 3600};
};

// [pccs]: what Intel's PCCS has of its own: platforms and their registration.
struct PccsConfig {
  // mode: "LAZY", "REQ" or "OFFLINE". Default "LAZY".
  CachingMode mode = CachingMode::kLazy;
  // max_upload: the largest body of PUT platformcollateral, and over the network of POST /v1/import, "64MiB". Default "64MiB".
  size_t max_upload = size_t{64} << 20;
};

// [thim]: the machine whose certificates GET /metadata/THIM/amd/certification gives. Keys:
//   product: "Milan", "Genoa" or "Turin"
//   chip_id: 128 hex digits, of Turin 16
//   tcb: its reported TCB as a number in hex, as Azure's tcbm: "7308000000000003"
struct ThimConfig {
  // Absent: the machine that an [[amd.upstream]] of kind "thim" gives its certificates to.
  std::optional<VcekKey> host;
};

// [refresh]
struct RefreshConfig {
  // max_age: what vendors re-sign daily is asked for again after this time. Default "24h".
  Seconds max_age{24 * 3600};
  // lag: of a TCB info, an identity or a list of numbers that was issued longer ago, the next upstream is asked as well,
  // and the newest answer is taken. So it is for a CRL past half of its window, whatever this says. Default "3d".
  Seconds lag{3 * 24 * 3600};
};

// [history]: which past versions of TCB infos, identities, CRLs and number lists are kept, for each item.
struct HistoryConfig {
  // max_age: since a version was issued. Default "400d".
  // max_versions: the newest so many. Default 1000.
  HistoryRules rules;
};

// [log]
struct LogConfig {
  // format: "text", or "json" for one object a line. Default "text".
  LogFormat format = LogFormat::kText;
  // level: "debug" (with a line a request), "info", "warning" or "error". Default "info".
  LogLevel level = LogLevel::kInfo;
};

// What holds without a file.
Policy BuiltInPolicy();

struct Config {
  ServerConfig server;
  // [[intel.upstream]] and [[amd.upstream]]: asked in the order of the file. Keys as the fields of Upstream:
  //   url: the base that clients of the vendor's service know. Required.
  //   allow_http: take an http:// URL of a host that is neither loopback nor link-local. Default false.
  //   kind: "vendor", or "thim" for Azure's, which has PCK certificates and the host's VCEK. Default "vendor".
  //   ca_file: PEM file of authorities that its certificate may be of, beside the system's. Default: none.
  //   subscription_key_file: Intel's key, for PCK certificates; the file's first line. Default: none.
  // Default: Intel's PCS and AMD's KDS.
  std::vector<Upstream> intel_upstreams = {
      {.url = "https://api.trustedservices.intel.com/sgx/certification/v4/"}};
  std::vector<Upstream> amd_upstreams = {{.url = "https://kdsintf.amd.com/"}};
  CacheConfig cache;
  RefreshConfig refresh;
  HistoryConfig history;
  LogConfig log;
  PccsConfig pccs;
  ThimConfig thim;
  AuditConfig audit;
  FloorsConfig floors;  // service/baselines/floors.h
  SharedConfig shared;  // service/shared/shared_config.h
  // [[role]]: who may do what. Keys:
  //   name: "read", "verify", "register" or "admin". Required.
  //   token_sha512: SHA-512 of a token, 128 hex digits (`thimble hash-token`), which the client sends as
  //     `Authorization: Bearer`, or as PCCS's clients do: `user-token` (register), `admin-token` (admin).
  //   client_sha256: SHA-256 of a client certificate's DER, 64 hex digits; needs server.client_ca.
  //   label: whose it is, for the audit trail: "ci", "Ann". Default: none.
  // Anyone may read and verify until a [[role]] grants these to some; only the Unix socket may register and administer
  // until a [[role]] grants them.
  std::vector<RoleGrant> roles;
  // [baseline] honour_update: let "update=standard" of Intel's clients mean the standard set instead of the
  // default baseline. Clients send it always, so it is no choice of theirs. Default false.
  bool honour_update = false;
  // [baseline.NAME], keys as the fields of Baseline; "default" is always there. Changes are made by command, or here:
  // see baseline_book.h.
  //   intel: the TCB infos and identities to use: "standard", "early", a tcbEvaluationDataNumber as text, "17", or
  //          "delayed: 30d", the newest set that appeared at least so long ago.
  Baselines baselines = {{"default", {}}};
  // [policy.NAME]: keys as the fields of Policy in tcb/policy.h; "default" is always there.
  ConfiguredPolicies policies = {{"default", BuiltInPolicy()}};
};

// Errors (kMalformed, request.invalid) are one line, "FILE:LINE: what is wrong and what is right".
Result<Config> ParseConfig(std::string_view text, std::string_view file_name);
Result<Config> LoadConfig(const std::string& path);

// [policy.default] and [baseline.default] of a file that has nothing else, or one of Intel's appraisal policies:
// `verify --policy FILE`.
struct PolicyFile {
  Policy policy = BuiltInPolicy();
  Baseline baseline;
};
Result<PolicyFile> LoadPolicyFile(const std::string& path);

// The rules that hold between keys, and for what the command line sets: URLs, addresses. ParseConfig applies
// it.
Status CheckConfig(const Config& config);
// The keys that differ and take effect at start alone, "server.listen, log"; empty: none. A running server says so of a
// file that it reads again.
std::string KeysForNextStart(const Config& before, const Config& after);
// The URL is a base of this vendor, and https:// unless the host is loopback or link-local or allow_http is
// set.
Result<Upstream> CheckedUpstream(Vendor vendor, Upstream upstream);
bool IsAnyAddress(std::string_view host);  // 0.0.0.0, ::
// No upstream is the server itself, as far as its address tells: it would ask itself for what it does not have.
Status CheckNotItsOwn(const Config& config);

}  // namespace thimble
