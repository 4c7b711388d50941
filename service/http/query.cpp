// SPDX-License-Identifier: Apache-2.0
#include "service/http/query.h"

#include "tcb/base/percent.h"

namespace thimble::http {

std::optional<Query> Query::Parse(std::string_view raw) {
  Query query;
  while (!raw.empty()) {
    const size_t end = raw.find('&');
    const std::string_view piece = raw.substr(0, end);
    raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
    if (piece.empty()) continue;

    const size_t equals = piece.find('=');
    const auto name = PercentDecode(piece.substr(0, equals));
    const auto value = PercentDecode(equals == std::string_view::npos ? "" : piece.substr(equals + 1));
    if (!name || !value || query.Get(*name)) return std::nullopt;
    query.all_.emplace_back(*name, *value);
  }
  return query;
}

std::optional<std::string_view> Query::Get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view Query::Segment(std::string_view name) const {
  for (const auto& [key, value] : segments_) {
    if (key == name) return value;
  }
  return {};
}

void Query::AddSegment(std::string name, std::string value) {
  segments_.emplace_back(std::move(name), std::move(value));
}

}  // namespace thimble::http
