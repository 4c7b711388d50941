// SPDX-License-Identifier: Apache-2.0
#include "service/page/form.h"

#include <algorithm>

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

constexpr size_t kMostParts = 16;

// The value of a parameter as browsers write it: name="value" or name=value.
std::optional<std::string_view> Parameter(std::string_view header, std::string_view name) {
  for (size_t at = header.find(';'); at != std::string_view::npos; at = header.find(';', at + 1)) {
    std::string_view rest = TrimBlanks(header.substr(at + 1));
    if (!rest.starts_with(name) || rest.size() <= name.size() || rest[name.size()] != '=') continue;
    rest.remove_prefix(name.size() + 1);
    if (!rest.starts_with('"')) return TrimBlanks(rest.substr(0, rest.find(';')));
    const size_t end = rest.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    return rest.substr(1, end - 1);
  }
  return std::nullopt;
}

std::optional<std::string_view> NameIn(std::string_view head) {
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && EqualIgnoringCase(line.substr(0, colon), "content-disposition"))
      return Parameter(line, "name");
    head.remove_prefix(std::min(end + 2, head.size()));
  }
  return std::nullopt;
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::optional<Fields> ReadForm(const http::Request& request) {
  if (!EqualIgnoringCase(request.MediaType(), "multipart/form-data")) return std::nullopt;
  const auto boundary = Parameter(request.Header("content-type").value_or(""), "boundary");
  if (!boundary || boundary->empty() || boundary->size() > 70) return std::nullopt;
  const std::string delimiter = StrCat("\r\n--", *boundary);
  std::string_view body = request.body;
  if (!body.starts_with(std::string_view(delimiter).substr(2))) return std::nullopt;
  body.remove_prefix(delimiter.size() - 2);
  Fields fields;
  while (!body.starts_with("--")) {
    const size_t head_end = body.find("\r\n\r\n");
    if (!body.starts_with("\r\n") || head_end == std::string_view::npos || fields.size() == kMostParts)
      return std::nullopt;
    const auto name = NameIn(body.substr(2, head_end));
    const size_t begin = head_end + 4, end = body.find(delimiter, head_end + 2);
    if (!name || end == std::string_view::npos) return std::nullopt;
    const std::string_view value = end < begin ? std::string_view() : body.substr(begin, end - begin);
    if (!fields.emplace(*name, value).second) return std::nullopt;
    body.remove_prefix(end + delimiter.size());
  }
  return fields;
}

Evidence EvidenceOf(std::string given) {
  const bool text = std::ranges::all_of(given, [](char c) { return (c >= 0x20 && c < 0x7f) || IsSpace(c); });
  if (!text) return {"application/octet-stream", std::move(given)};
  std::string packed;
  std::ranges::copy_if(given, std::back_inserter(packed), [](char c) { return !IsSpace(c); });
  if (packed.starts_with('{')) return {"application/json", std::move(given)};
  return {"application/octet-stream", std::move(given)};  // which is decoded where all evidence is
}

}  // namespace thimble::page
