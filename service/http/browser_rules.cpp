// SPDX-License-Identifier: Apache-2.0
#include "service/http/browser_rules.h"

#include <algorithm>

#include "service/support/peer_address.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble::http {
namespace {

constexpr const char* kAllowOrigin = "Access-Control-Allow-Origin";
// What a page may read beside the body (Fetch, section 3.3.5).
constexpr const char* kExposed =
    "Age, ETag, Request-ID, Retry-After, Warning, X-Thimble-Baseline, X-Thimble-Cause, X-Thimble-Evaluation, "
    "X-Thimble-Freshness, X-Thimble-Ignored, TCB-Info-Issuer-Chain, SGX-Enclave-Identity-Issuer-Chain, "
    "SGX-PCK-CRL-Issuer-Chain, SGX-PCK-Certificate-Issuer-Chain";

bool IsHostChar(char c) { return IsAlnum(c) || c == '-' || c == '.' || c == '_' || c == ':'; }

// "[::1]:8081" is ::1, "thimble.example:443" is thimble.example.
std::string_view WithoutPort(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

// "*.example.org" is any one label under example.org (RFC 6125 section 6.4.3).
bool IsName(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return EqualIgnoringCase(pattern, host);
  const size_t dot = host.find('.');
  return dot != std::string_view::npos && dot != 0 && EqualIgnoringCase(pattern.substr(1), host.substr(dot));
}

bool IsLoopbackName(std::string_view host) {
  const bool address = host.find_first_of(".:") != std::string_view::npos;
  return EqualIgnoringCase(host, "localhost") || (address && IsLoopbackPeer(host));
}

bool Reads(const Route& route) {
  return route.method == "GET" && (!route.role || *route.role == Role::kRead);
}

bool Changes(const Route& route) { return !Reads(route); }

// A page of ours: its origin is the place that the request was sent to. Behind a proxy that ends TLS the schemes differ.
bool IsSameOrigin(std::string_view origin, std::string_view host) {
  const size_t slashes = origin.find("://");
  return slashes != std::string_view::npos && EqualIgnoringCase(origin.substr(slashes + 3), host);
}

// By the browser's own word, which pages cannot set (Fetch Metadata): not of a page of ours, and not typed by the user. It
// is there where Origin is not: a GET for a picture.
bool IsOfAnotherSite(const Request& request) {
  const auto site = request.Header("sec-fetch-site");
  return site && *site != "same-origin" && *site != "none";
}

}  // namespace

std::optional<std::string> ParseHostName(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string_view labels = text.starts_with("*.") ? text.substr(2) : text;
  const bool port = std::ranges::count(text, ':') == 1;
  if (labels.empty() || port || !std::ranges::all_of(labels, IsHostChar)) return std::nullopt;
  return LowerCase(text);
}

std::optional<std::string> ParseOrigin(std::string_view text) {
  const std::string_view authority = text.starts_with("https://")  ? text.substr(8)
                                     : text.starts_with("http://") ? text.substr(7)
                                                                   : std::string_view();
  const bool good = !authority.empty() && std::ranges::all_of(authority, [](char c) {
    return IsHostChar(c) || c == '[' || c == ']';
  });
  return good ? std::optional(LowerCase(text)) : std::nullopt;
}

bool BrowserRules::AnswersTo(std::string_view host) const {
  if (!hosts_ || IsLoopbackName(host)) return true;
  return std::ranges::any_of(*hosts_, [&](std::string_view name) { return IsName(name, host); });
}

bool BrowserRules::MayRead(std::string_view origin) const {
  return std::ranges::find(origins_, origin) != origins_.end();
}

// Browsers always send Host; what does not is HTTP/1.0, and no browser.
std::optional<BrowserRules::Refusal> BrowserRules::Refuses(const Request& request,
                                                           const Router::Match& match) const {
  const std::string_view host = request.Header("host").value_or("");
  // A tunnel may make the administrator's socket a port of a host with a browser: no page has another name for it.
  if (request.admin && !host.empty() && !IsLoopbackName(WithoutPort(host))) {
    return Refusal{421, "request.host",
                   StrCat("Host: ", host, " is no name of this socket: ask for localhost")};
  }
  if (match.own && !host.empty() && !AnswersTo(WithoutPort(host))) {
    return Refusal{
        421, "request.host",
        StrCat("Host: ", host,
               " is no name of this server: ask for localhost, or add the name to [server] hosts")};
  }
  if (match.route == nullptr || !Changes(*match.route)) return std::nullopt;
  const auto origin = request.Header("origin");
  if (origin ? IsSameOrigin(*origin, host) : !IsOfAnotherSite(request)) return std::nullopt;
  return Refusal{
      403, "request.origin",
      StrCat("only a page of this server, or a client that is no browser, may ask for this; it came from ",
             origin.value_or("another site"))};
}

std::optional<Response> BrowserRules::Options(const Request& request, const Router& router,
                                              const Router::Match& match) const {
  if (request.method != "OPTIONS" || match.route != nullptr) return std::nullopt;
  const std::string allowed = router.Allowed(match.path);
  if (allowed.empty()) return std::nullopt;
  Response response{.status = 204, .headers = {{"Allow", allowed}}, .content = nullptr};
  Request get = request;
  get.method = "GET";
  const Router::Match read = router.Find(get);
  const auto origin = request.Header("origin");
  const bool shared = origin && MayRead(*origin) && read.route != nullptr && Reads(*read.route);
  if (!shared && !match.own) return std::nullopt;
  if (shared) {
    Share(request, read, response);
    response.headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD");
    response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, If-None-Match, Metadata");
    response.headers.emplace_back("Access-Control-Max-Age", "600");
  }
  return response;
}

void BrowserRules::Share(const Request& request, const Router::Match& match, Response& response) const {
  if (origins_.empty() || match.route == nullptr || !Reads(*match.route)) return;
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = request.Header("origin");
  if (!origin || !MayRead(*origin)) return;
  response.headers.emplace_back(kAllowOrigin, std::string(*origin));
  response.headers.emplace_back("Access-Control-Expose-Headers", kExposed);
}

}  // namespace thimble::http
