// SPDX-License-Identifier: Apache-2.0
#include "service/http/types.h"

#include <algorithm>

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble::http {
namespace {

std::optional<std::string_view> FindHeader(const HeaderList& headers, std::string_view name) {
  const auto it = std::find_if(headers.begin(), headers.end(),
                               [&](const auto& header) { return EqualIgnoringCase(header.first, name); });
  if (it == headers.end()) return std::nullopt;
  return it->second;
}

}  // namespace

std::string_view Request::MediaType() const {
  const std::string_view value = Header("content-type").value_or("");
  return TrimBlanks(value.substr(0, value.find(';')));
}

std::optional<std::string_view> Request::Header(std::string_view name) const {
  return FindHeader(headers, name);
}

std::optional<std::string_view> Response::Header(std::string_view name) const {
  if (const auto own = FindHeader(headers, name)) return own;
  return content ? FindHeader(content->headers(), name) : std::nullopt;
}

std::shared_ptr<const Content> Content::Make(std::string type, std::string body, HeaderList headers) {
  auto content = std::shared_ptr<Content>(new Content());
  content->headers_ = std::move(headers);
  content->headers_.emplace_back("Content-Type", std::move(type));
  for (const auto& [name, value] : content->headers_) content->head_ += StrCat(name, ": ", value, "\r\n");
  content->head_ += StrCat("Content-Length: ", body.size(), "\r\n");
  content->body_ = std::move(body);
  return content;
}

Response Later() { return {.headers = {}, .content = nullptr, .later = true}; }

Response NoStore(int status, ContentPtr content) {
  return {.status = status, .headers = {{"Cache-Control", "no-store"}}, .content = std::move(content)};
}

Response NoStore(int status, std::string type, std::string body) {
  return NoStore(status, Content::Make(std::move(type), std::move(body)));
}

// The codes of the dialects included: PCCS's 460 to 462 have no registered phrase (spec/intel-pccs-api.md
// section 3).
std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "unknown";
  }
}

}  // namespace thimble::http
