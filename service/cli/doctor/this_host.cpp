// SPDX-License-Identifier: Apache-2.0
#include "service/cli/doctor/this_host.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "cache/rocks_store.h"
#include "fetchers/url.h"
#include "service/http/listen_address.h"
#include "service/http/tls.h"
#include "service/support/author.h"
#include "service/support/file.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using Level = Symptom::Level;

// libcurl reads both spellings, the lower case first.
std::string Environment(const char* lower, const char* upper) {
  const char* value = std::getenv(lower);
  if (value == nullptr) value = std::getenv(upper);
  return value == nullptr ? "" : value;
}

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

std::string UrlOf(const ServerConfig& server, const std::string& any_address) {
  auto address = http::ListenAddress::Parse(server.listen);
  if (!address) return {};
  if (IsAnyAddress(address->host)) address->host = any_address;
  return StrCat(server.tls_certificate.empty() ? "http://" : "https://", address->ToString());
}

std::string OwnerName(uid_t user) {
  const std::string name = UserName(user);
  return name.empty() ? StrCat("#", user) : name;
}

// This doctor again, as that user and with the same flags.
std::string AskAgainAs(uid_t user, const ConfigFlags& flags) {
  std::string out = StrCat("sudo -u ", OwnerName(user), " thimble doctor");
  const auto add = [&out](const char* name, const std::optional<std::string>& value) {
    if (value) out += StrCat(" ", name, " ", *value);
  };
  add("--config", flags.config);
  add("--data", flags.data);
  add("--pcs-url", flags.pcs_url);
  add("--kds-url", flags.kds_url);
  for (const std::string& anchor : flags.anchors) add("--anchor", anchor);
  return out;
}

// Whose it is: its owner may look, and root, for whom it is the service's.
Symptom OwnerOf(const std::string& data, const ConfigFlags& flags) {
  Symptom symptom{"data", StrCat(data, " owner"), Level::kOk, "ours", ""};
  struct stat found {};
  const bool seen = ::stat(data.c_str(), &found) == 0;
  if (seen && ::geteuid() == 0 && found.st_uid != 0 && (found.st_mode & 0022) == 0) {
    symptom.detail = StrCat("user ", OwnerName(found.st_uid));
    return symptom;
  }
  const Status ours = CheckOnlyOurs(data, "data directory", OthersMay::kRead);
  if (ours.ok()) return symptom;
  symptom.level = Level::kFail;
  symptom.detail = ours.error().message;
  symptom.fix = seen && found.st_uid != ::geteuid() && ::geteuid() != 0
                    ? StrCat("ask as its user, or as root: ", AskAgainAs(found.st_uid, flags))
                    : "as the message says";
  return symptom;
}

Symptom SpaceIn(const std::string& data) {
  Symptom symptom{"data", "space", Level::kOk, "", ""};
  std::error_code error;
  const fs::space_info space = fs::space(data, error);
  if (error) return {"data", "space", Level::kWarn, error.message(), "is the file system there?"};
  constexpr uint64_t kMiB = 1u << 20;
  symptom.detail = StrCat(space.available / kMiB, " MiB free");
  if (space.available >= 1024 * kMiB) return symptom;
  symptom.level = space.available < 100 * kMiB ? Level::kFail : Level::kWarn;
  symptom.fix = "make room: a store that cannot write still serves, but renews nothing that lasts";
  return symptom;
}

}  // namespace

std::string WithoutPassword(std::string_view url) {
  const size_t at = url.rfind('@'), scheme = url.find("//");
  if (at == std::string_view::npos) return std::string(url);
  const size_t begin = scheme == std::string_view::npos || scheme > at ? 0 : scheme + 2;
  return StrCat(url.substr(0, begin), "...@", url.substr(at + 1));
}

bool IsExempt(std::string_view host, std::string_view no_proxy) {
  if (TrimBlanks(no_proxy) == "*") return true;
  while (!no_proxy.empty()) {
    const size_t end = std::min(no_proxy.find(','), no_proxy.size());
    std::string_view name = TrimBlanks(no_proxy.substr(0, end));
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
    if (name.starts_with('.')) name.remove_prefix(1);
    if (name.empty()) continue;
    const bool inside = host.size() > name.size() && host[host.size() - name.size() - 1] == '.' &&
                        EqualIgnoringCase(host.substr(host.size() - name.size()), name);
    if (inside || EqualIgnoringCase(host, name)) return true;
  }
  return false;
}

Diagnosis LookAtProxies(const Config& config) {
  std::string proxy = Environment("https_proxy", "HTTPS_PROXY");
  if (proxy.empty()) proxy = Environment("all_proxy", "ALL_PROXY");
  if (proxy.empty()) return {{"network", "proxy", Level::kOk, "none: HTTPS_PROXY is not set", ""}};
  const std::string exempt = Environment("no_proxy", "NO_PROXY");
  Diagnosis out = {{"network", "proxy", Level::kOk,
                    StrCat(WithoutPassword(proxy), exempt.empty() ? "" : StrCat(", but for ", exempt)), ""}};
  for (const auto* upstreams : {&config.intel_upstreams, &config.amd_upstreams}) {
    for (const Upstream& upstream : *upstreams) {
      const auto url = ParseUrl(upstream.url);
      if (!url || !url->tls) continue;
      const bool direct = ReachOf(*url) != Reach::kElsewhere || IsExempt(url->host, exempt);
      out.push_back(
          {"network", StrCat("way to ", url->host), Level::kOk, direct ? "direct" : "through the proxy", ""});
    }
  }
  return out;
}

std::optional<Symptom> OfAnotherUser(const std::string& data, const ConfigFlags& flags) {
  struct stat found {};
  if (::stat(data.c_str(), &found) != 0 || found.st_uid == ::geteuid()) return std::nullopt;
  return Symptom{"data", "opens", Level::kWarn,
                 StrCat("not tried: no server runs on it, and it is user ", OwnerName(found.st_uid), "'s"),
                 AskAgainAs(found.st_uid, flags)};
}

Diagnosis LookAtData(const Config& config, const ConfigFlags& flags) {
  const std::string& data = config.cache.data;
  std::error_code ignored;  // what cannot be looked at is named by the check of its owner
  if (!fs::exists(data, ignored))
    return {
        {"data", data, Level::kWarn, "is not there yet", "`thimble serve` makes it; is cache.data right?"}};
  Diagnosis out = {OwnerOf(data, flags), SpaceIn(data)};
  const bool store = RocksStore::IsIn(data);
  out.push_back({"data", "store", store ? Level::kOk : Level::kWarn, store ? "is there" : "there is none yet",
                 store ? "" : "`thimble serve`, `fetch`, `import` or `restore` makes one"});
  return out;
}

Diagnosis LookAtServing(const Config& config, Instant now) {
  Diagnosis out;
  const ServerConfig& server = config.server;
  if (!server.tls_certificate.empty()) {
    const auto tls = http::TlsContext::Load({server.tls_certificate, server.tls_key, server.client_ca});
    const Judgement end = tls ? JudgeCertificateEnd((*tls)->certificate_end(), now)
                              : Judgement{Level::kFail, tls.error().message,
                                          "`thimble check-config`; `thimble init DIR --renew`"};
    out.push_back({"server", StrCat("certificate ", server.tls_certificate), end.level, end.detail, end.fix});
  }
  const auto address = http::ListenAddress::Parse(server.listen);
  const Url url{.tls = false, .host = address ? address->host : "", .port = 80, .target = "/"};
  const bool local = ReachOf(url) == Reach::kLoopback;
  RoleSet granted;
  for (const RoleGrant& grant : config.roles) granted.Add(grant.role);
  const bool open = !local && !granted.Has(Role::kVerify);
  out.push_back(
      {"server", "roles", open ? Level::kWarn : Level::kOk,
       config.roles.empty() ? "none: anyone may read and verify, the Unix socket alone administers"
                            : StrCat(config.roles.size(), " granted"),
       open ? "[[role]] name = \"verify\" with the token_sha512 of `thimble hash-token` says who may" : ""});
  if (!local && server.tls_certificate.empty() && !config.roles.empty())
    out.push_back({"server", "tokens", Level::kFail, "tokens are readable on the way: plain HTTP",
                   "tls_certificate and tls_key; `thimble init` makes them"});
  return out;
}

std::string UrlFromHere(const ServerConfig& server) { return UrlOf(server, "127.0.0.1"); }
std::string UrlForClients(const ServerConfig& server) { return UrlOf(server, HostName()); }

std::string UrlOfRecipes(const std::string& asked, const ConfigFlags& flags, const ServerConfig& server) {
  const auto url = ParseUrl(asked);
  const bool near = !url || ReachOf(*url) == Reach::kLoopback;
  return asked.empty() || (near && flags.config) ? UrlForClients(server) : asked;
}

}  // namespace thimble
