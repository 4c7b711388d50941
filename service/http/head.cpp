// SPDX-License-Identifier: Apache-2.0
#include "service/http/head.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "tcb/base/ascii.h"

namespace thimble::http {
namespace {

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}
bool IsTargetChar(char c) { return c > 0x20 && c < 0x7F; }

// The next line without its CRLF; nullopt when a line feed stands alone or the text ends.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r') return std::nullopt;
  const std::string_view line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

// Of a target in absolute form (RFC 9112 section 3.2.2); what is left is its path, which may be empty, and its query.
// False: it has no path and names no host either.
bool RemoveAuthority(std::string_view& target) {
  const size_t colon = target.find("://");
  const std::string_view scheme = target.substr(0, colon);
  const bool absolute = colon != std::string_view::npos &&
                        (EqualIgnoringCase(scheme, "http") || EqualIgnoringCase(scheme, "https"));
  if (!absolute) return !target.empty() && target.front() != '?';
  target.remove_prefix(colon + 3);
  const size_t end = std::min(target.find_first_of("/?#"), target.size());
  target.remove_prefix(end);
  return end > 0;
}

std::optional<RefusedHead> ParseRequestLine(std::string_view line, Head& head) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return RefusedHead{400, "no request line"};
  const std::string_view method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);

  if (!IsToken(method)) return RefusedHead{400, "method is not a token"};
  if (!version.starts_with("HTTP/") || version.size() != 8) return RefusedHead{400, "no HTTP version"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return RefusedHead{505, "HTTP version is not 1.0 or 1.1"};
  if (!std::all_of(target.begin(), target.end(), IsTargetChar))
    return RefusedHead{400, "characters in the target"};
  if (!RemoveAuthority(target)) return RefusedHead{400, "target names no host"};
  const size_t question = target.find('?');
  const std::string_view path = target.substr(0, question);
  if (!path.starts_with('/') && !path.empty()) return RefusedHead{400, "target is not a path"};

  head.request.method = method;
  head.request.path = path.empty() ? "/" : path;
  if (question != std::string_view::npos) head.request.query = target.substr(question + 1);
  head.keep_alive = head.takes_chunks = version == "HTTP/1.1";
  return std::nullopt;
}

std::optional<RefusedHead> ParseHeaderLine(std::string_view line, Head& head) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return RefusedHead{400, "header line without a colon"};
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  // A name that begins with a blank would be a folded line (RFC 9112 section 5.2), and is no token either.
  if (!IsToken(name)) return RefusedHead{400, "header name is not a token"};
  if (!std::all_of(value.begin(), value.end(), IsValueChar))
    return RefusedHead{400, "control character in a header"};
  if (head.request.headers.size() == kMaxHeaderCount) return RefusedHead{431, "too many headers"};
  head.request.headers.emplace_back(LowerCase(name), value);
  return std::nullopt;
}

size_t Count(const Request& request, std::string_view name) {
  return static_cast<size_t>(std::count_if(request.headers.begin(), request.headers.end(),
                                           [&](const auto& header) { return header.first == name; }));
}

// How long the body is may be said once, and in one way (RFC 9112 section 6.3).
std::optional<RefusedHead> ReadFraming(Head& head) {
  const Request& request = head.request;
  const auto length = request.Header("content-length");
  const auto encoding = request.Header("transfer-encoding");
  if (Count(request, "content-length") > 1) return RefusedHead{400, "Content-Length more than once"};
  if (Count(request, "transfer-encoding") > 1) return RefusedHead{400, "Transfer-Encoding more than once"};
  if (length && encoding) return RefusedHead{400, "both Content-Length and Transfer-Encoding"};
  if (length) {
    const char* const end = length->data() + length->size();
    const auto parsed = std::from_chars(length->data(), end, head.body_length);
    if (length->empty() || !IsDigit(length->front()) || parsed.ptr != end || parsed.ec != std::errc()) {
      return RefusedHead{400, "Content-Length is not a number"};
    }
  }
  if (encoding) {
    if (!head.keep_alive) return RefusedHead{400, "Transfer-Encoding in HTTP/1.0"};
    if (!EqualIgnoringCase(*encoding, "chunked")) return RefusedHead{501, "Transfer-Encoding is not chunked"};
    head.chunked = true;
  }
  const bool has_body = head.chunked || head.body_length > 0;
  if (has_body && (request.method == "GET" || request.method == "HEAD")) {
    return RefusedHead{400, "a body on GET or HEAD"};
  }
  return std::nullopt;
}

std::optional<RefusedHead> ReadConnection(Head& head) {
  const bool version_1_1 = head.keep_alive;
  const size_t hosts = Count(head.request, "host");
  if (hosts > 1 || (version_1_1 && hosts == 0)) return RefusedHead{400, "Host must be there once"};
  if (const auto connection = head.request.Header("connection")) {
    const std::string options = LowerCase(*connection);
    if (options.find("close") != std::string::npos) head.keep_alive = false;
    if (!version_1_1 && options.find("keep-alive") != std::string::npos) head.keep_alive = true;
  }
  if (const auto expect = head.request.Header("expect")) {
    if (!EqualIgnoringCase(*expect, "100-continue")) return RefusedHead{417, "unknown expectation"};
    head.expects_continue = version_1_1;
  }
  return std::nullopt;
}

}  // namespace

bool IsTokenChar(char c) {
  return IsAlnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsValueChar(char c) { return c == '\t' || (c >= 0x20 && c != 0x7F) || c < 0; }

bool IsFieldLine(std::string_view line) {
  const size_t colon = line.find(':');
  return colon != std::string_view::npos && IsToken(line.substr(0, colon)) &&
         std::all_of(line.begin() + static_cast<std::ptrdiff_t>(colon), line.end(), IsValueChar);
}

std::variant<Head, RefusedHead> ParseHead(std::string_view text) {
  Head head;
  const auto request_line = TakeLine(text);
  if (!request_line) return RefusedHead{400, "line ends must be CRLF"};
  if (const auto refused = ParseRequestLine(*request_line, head)) return *refused;
  for (;;) {
    const auto line = TakeLine(text);
    if (!line) return RefusedHead{400, "line ends must be CRLF"};
    if (line->empty()) break;
    if (const auto refused = ParseHeaderLine(*line, head)) return *refused;
  }
  if (const auto refused = ReadFraming(head)) return *refused;
  if (const auto refused = ReadConnection(head)) return *refused;
  return head;
}

}  // namespace thimble::http
