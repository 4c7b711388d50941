// SPDX-License-Identifier: Apache-2.0
#include "fetchers/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "tcb/base/ascii.h"
#include "tcb/base/bytes.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameCharacter(char c) { return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '-' || c == '_'; }

// Visible ASCII only: nothing that could end a request line or hide in a log.
bool IsVisible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::optional<std::array<uint8_t, 4>> ParseIpv4(const std::string& host) {
  std::array<uint8_t, 4> address{};
  if (inet_pton(AF_INET, host.c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

std::optional<std::array<uint8_t, 16>> ParseIpv6(const std::string& host) {
  std::array<uint8_t, 16> address{};
  if (inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

// Labels of letters, digits, "-" and "_". A last label that looks like a number makes it an address, which
// then has to be one: resolvers take "127.1" for 127.0.0.1.
bool IsHostName(const std::string& host) {
  size_t label = 0;
  for (size_t i = 0; i <= host.size(); ++i) {
    if (i < host.size() && host[i] != '.') {
      if (!IsNameCharacter(host[i])) return false;
      continue;
    }
    if (i == label) return false;
    if (i == host.size() && IsDigit(host[label])) return ParseIpv4(host).has_value();
    label = i + 1;
  }
  return true;
}

// "host" or "[v6]", and ":port".
bool ParseAuthority(std::string_view authority, Url* url) {
  const bool bracketed = authority.starts_with('[');
  const size_t host_end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return false;
  url->host = LowerCase(bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end));
  if (bracketed ? !ParseIpv6(url->host) : !IsHostName(url->host)) return false;

  std::string_view rest = authority.substr(bracketed ? host_end + 1 : host_end);
  if (rest.empty()) return true;
  if (!rest.starts_with(':')) return false;
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), url->port);
  return error == std::errc() && end == rest.data() + rest.size() && url->port != 0;
}

}  // namespace

std::string Url::Origin() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string origin = StrCat(tls ? "https://" : "http://", v6 ? "[" : "", host, v6 ? "]" : "");
  if (port != (tls ? 443 : 80)) origin += StrCat(':', port);
  return origin;
}

std::optional<Url> ParseUrl(std::string_view text) {
  if (!IsVisible(text) || text.find('#') != std::string_view::npos) return std::nullopt;
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = LowerCase(text.substr(0, colon));
  if (scheme != "https" && scheme != "http") return std::nullopt;

  Url url;
  url.tls = scheme == "https";
  url.port = url.tls ? 443 : 80;
  const std::string_view rest = text.substr(colon + 3);
  const size_t path = std::min(rest.find('/'), rest.size());
  if (!ParseAuthority(rest.substr(0, path), &url)) return std::nullopt;
  url.target = path == rest.size() ? "/" : rest.substr(path);
  return url;
}

Reach ReachOf(const Url& url) {
  if (url.host == "localhost") return Reach::kLoopback;
  if (const auto v4 = ParseIpv4(url.host)) {
    if ((*v4)[0] == 127) return Reach::kLoopback;
    if ((*v4)[0] == 169 && (*v4)[1] == 254) return Reach::kLinkLocal;
  } else if (const auto v6 = ParseIpv6(url.host)) {
    const bool loopback = AllZero(ByteView(*v6).first(15)) && v6->back() == 1;
    if (loopback) return Reach::kLoopback;
    if ((*v6)[0] == 0xfe && ((*v6)[1] & 0xc0) == 0x80) return Reach::kLinkLocal;
  }
  return Reach::kElsewhere;
}

std::optional<std::string_view> Target::Find(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters, name, [](const auto& parameter) { return parameter.first; });
  if (found == parameters.end()) return std::nullopt;
  return found->second;
}

std::optional<Target> SplitTarget(std::string_view target) {
  if (!IsVisible(target) || target.find('#') != std::string_view::npos) return std::nullopt;
  const size_t question = std::min(target.find('?'), target.size());
  Target out{target.substr(0, question), {}};
  std::string_view query = target.substr(std::min(question + 1, target.size()));
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || out.Find(pair.substr(0, equals))) return std::nullopt;
    out.parameters.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return out;
}

}  // namespace thimble
