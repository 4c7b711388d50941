// SPDX-License-Identifier: Apache-2.0
#include "service/http/trusted_proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

#include "tcb/base/ascii.h"

namespace thimble::http {
namespace {

using Address = std::array<uint8_t, 16>;

// IPv4 as mapped into IPv6 (RFC 4291 section 2.5.5.2).
std::optional<Address> ParseAddress(std::string_view text) {
  const std::string terminated(text);
  Address out{};
  if (::inet_pton(AF_INET6, terminated.c_str(), out.data()) == 1) return out;
  std::array<uint8_t, 4> v4{};
  if (::inet_pton(AF_INET, terminated.c_str(), v4.data()) != 1) return std::nullopt;
  out[10] = out[11] = 0xff;
  std::ranges::copy(v4, out.begin() + 12);
  return out;
}

bool SameNetwork(const Address& a, const Address& b, unsigned bits) {
  for (size_t i = 0; i < a.size() && bits > 0; ++i) {
    const unsigned here = std::min(bits, 8u);
    const auto mask = static_cast<uint8_t>(0xff << (8 - here));
    if (((a.at(i) ^ b.at(i)) & mask) != 0) return false;
    bits -= here;
  }
  return true;
}

// By a character that stands in no quoted string (RFC 9110 section 5.6.4).
std::vector<std::string_view> Split(std::string_view text, char by) {
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == by && !quoted) {
      pieces.push_back(TrimBlanks(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  pieces.push_back(TrimBlanks(text.substr(begin)));
  return pieces;
}

// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"; nullopt: no address.
std::optional<std::string> WithoutPort(std::string_view node) {
  if (node.starts_with('[')) {
    const size_t end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    node = node.substr(1, end - 1);
  } else if (std::ranges::count(node, ':') == 1) {
    node = node.substr(0, node.find(':'));
  }
  return ParseAddress(node) ? std::optional<std::string>(node) : std::nullopt;
}

// The node of "for" in one element of Forwarded (RFC 7239 section 4), which is quoted where it has a colon.
// nullopt: none, several, or no address.
std::optional<std::string> NodeOf(std::string_view element) {
  std::optional<std::string_view> found;
  for (const std::string_view pair : Split(element, ';')) {
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || !EqualIgnoringCase(pair.substr(0, equals), "for")) continue;
    if (found) return std::nullopt;
    found = pair.substr(equals + 1);
  }
  if (!found) return std::nullopt;
  if (found->size() >= 2 && found->front() == '"' && found->back() == '"') {
    *found = found->substr(1, found->size() - 2);
  }
  return WithoutPort(*found);
}

std::string_view NameOf(ForwardedHeader header) {
  return header == ForwardedHeader::kForwarded ? "forwarded" : "x-forwarded-for";
}

}  // namespace

std::optional<ForwardedHeader> ParseForwardedHeader(std::string_view name) {
  for (const auto header : {ForwardedHeader::kXForwardedFor, ForwardedHeader::kForwarded}) {
    if (EqualIgnoringCase(name, NameOf(header))) return header;
  }
  return std::nullopt;
}

std::optional<ProxyNetwork> ProxyNetwork::Parse(std::string_view text) {
  ProxyNetwork out;
  if (text == "unix") {
    out.unix_ = true;
    return out;
  }
  const size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = ParseAddress(host);
  if (!address) return std::nullopt;
  out.address_ = *address;
  if (slash == std::string_view::npos) return out;
  const std::string_view digits = text.substr(slash + 1);
  const unsigned most = host.find(':') == std::string_view::npos ? 32 : 128;
  unsigned bits = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool whole =
      !digits.empty() && parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size();
  if (!whole || bits > most) return std::nullopt;
  out.bits_ = bits + 128 - most;
  return out;
}

bool ProxyNetwork::Has(std::string_view address) const {
  if (unix_) return address == "unix";
  const auto parsed = ParseAddress(address.substr(0, address.find('%')));  // a zone says which link, not who
  return parsed && SameNetwork(*parsed, address_, bits_);
}

bool TrustedProxies::Trusts(std::string_view address) const {
  return std::ranges::any_of(networks_, [&](const ProxyNetwork& network) { return network.Has(address); });
}

std::optional<Request> TrustedProxies::Resolve(const Request& request) const {
  if (!Trusts(request.client)) return std::nullopt;
  bool forwarded = false;
  std::vector<std::string_view> elements;
  for (const auto& [name, value] : request.headers) {
    forwarded = forwarded || name == NameOf(ForwardedHeader::kXForwardedFor) ||
                name == NameOf(ForwardedHeader::kForwarded);
    if (name != NameOf(header_)) continue;
    for (const std::string_view element : Split(value, ',')) elements.push_back(element);
  }
  if (!forwarded) return std::nullopt;
  Request out = request;
  out.admin = false;
  out.client_sha256.reset();
  out.uid.reset();
  // Each proxy appends whom it was asked by: what stands before the first that is not trusted is that one's word.
  for (auto element = elements.rbegin(); element != elements.rend(); ++element) {
    auto node = header_ == ForwardedHeader::kForwarded ? NodeOf(*element) : WithoutPort(*element);
    if (!node) break;
    out.client = *std::move(node);
    if (!Trusts(out.client)) break;
  }
  return out;
}

}  // namespace thimble::http
