// SPDX-License-Identifier: Apache-2.0
//
// Heads of HTTP requests: what is taken has one framing, no control characters, and reads the same when it is written
// again from its parts.
#include <array>

#include "service/http/head.h"
#include "tcb/base/text.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

static bool IsPlain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

static std::string Written(const http::Head& head) {
  const http::Request& request = head.request;
  std::string text = StrCat(request.method, " ", request.path);
  // `?` alone and no query at all are told apart by nobody.
  if (!request.query.empty()) text += StrCat("?", request.query);
  text += " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) text += StrCat(name, ": ", value, "\r\n");
  return text + "\r\n";
}

FUZZ_TARGET(input) {
  const auto parsed = http::ParseHead(AsText(input));
  if (const auto* refused = std::get_if<http::RefusedHead>(&parsed)) {
    constexpr std::array kStatuses = {400, 417, 431, 501, 505};
    return Holds(std::find(kStatuses.begin(), kStatuses.end(), refused->status) != kStatuses.end(),
                 "a refusal has its status");
  }
  const auto& head = std::get<http::Head>(parsed);
  Holds(!head.chunked || head.body_length == 0, "one framing");
  Holds(head.request.headers.size() <= http::kMaxHeaderCount, "the number of headers is bounded");
  Holds(head.request.path.starts_with("/"), "the target is a path");
  Holds(IsPlain(head.request.path) && IsPlain(head.request.query), "no control characters in the target");
  size_t lengths = 0, hosts = 0;
  for (const auto& [name, value] : head.request.headers) {
    Holds(!name.empty() && IsPlain(name) && IsPlain(value), "no control characters in headers");
    lengths += name == "content-length" || name == "transfer-encoding" ? 1 : 0;
    hosts += name == "host" ? 1 : 0;
  }
  Holds(lengths <= 1 && hosts <= 1, "neither the framing nor the host is said twice");
  const auto again = http::ParseHead(Written(head));
  const auto* same = std::get_if<http::Head>(&again);
  if (head.request.headers.size() + 1 > http::kMaxHeaderCount || Written(head).size() > http::kMaxHeadBytes)
    return;
  // HTTP/1.0 may leave out the host, and closes: only its framing is compared then.
  if (same == nullptr) return Holds(hosts == 0, "what was taken is taken again");
  Holds(same->body_length == head.body_length && same->chunked == head.chunked, "with the same framing");
  Holds(same->request.path == head.request.path && same->request.query == head.request.query &&
            same->request.headers == head.request.headers,
        "and the same parts");
}
