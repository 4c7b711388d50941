// SPDX-License-Identifier: Apache-2.0
#include "service/http/router.h"

#include <algorithm>

#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble::http {
namespace {

bool IsName(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

// "/a/b" as {"a", "b"}.
std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

bool Matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& segments) {
  return std::ranges::equal(pattern, segments, [](std::string_view wanted, std::string_view found) {
    return IsName(wanted) ? !found.empty() : wanted == found;
  });
}

// What stands in the path for the names of the route's, decoded. False: a bad %-escape.
bool TakeSegments(const Route& route, std::string_view path, Query& query) {
  const auto names = Split(route.path), values = Split(path);
  for (size_t i = 0; i < names.size(); ++i) {
    if (!IsName(names[i])) continue;
    auto value = PercentDecode(values.at(i));
    if (!value) return false;
    query.AddSegment(std::string(names[i].substr(1, names[i].size() - 2)), *std::move(value));
  }
  return true;
}

bool Reads(const Route& route, std::string_view parameter, bool any_case) {
  return std::ranges::any_of(route.parameters, [&](std::string_view known) {
    return any_case ? EqualIgnoringCase(known, parameter) : known == parameter;
  });
}

std::string UnknownParameter(std::string_view name, const Route& route) {
  std::string out = StrCat("unknown parameter: ", name, "; known: ");
  for (size_t i = 0; i < route.parameters.size(); ++i) out += StrCat(i == 0 ? "" : ", ", route.parameters[i]);
  return out + (route.parameters.empty() ? "none" : "");
}

}  // namespace

void Router::Add(Route route) {
  route.number = size_++;
  const auto segments = Split(route.path);
  if (std::ranges::any_of(segments, IsName)) {
    patterns_.push_back({{segments.begin(), segments.end()}, std::move(route)});
  } else {
    exact_[route.path].push_back(std::move(route));
  }
}

void Router::ForEach(const std::function<void(const Route&)>& visit) const {
  for (const auto& [path, routes] : exact_) {
    for (const Route& route : routes) visit(route);
  }
  for (const Pattern& pattern : patterns_) visit(pattern.route);
}

std::vector<std::string> Router::Routes() const {
  std::vector<std::string> out;
  ForEach([&out](const Route& route) { out.push_back(StrCat(route.method, " ", route.path)); });
  return out;
}

const Dialect& Router::DialectOf(std::string_view path) const {
  const auto it = std::find_if(dialects_.begin(), dialects_.end(),
                               [&](const Dialect& dialect) { return path.starts_with(dialect.prefix); });
  return it == dialects_.end() ? own_ : *it;
}

const Route* Router::FindRoute(std::string_view method, std::string_view path) const {
  if (method == "HEAD") method = "GET";
  if (const auto at_path = exact_.find(path); at_path != exact_.end()) {
    const auto route = std::ranges::find(at_path->second, method, &Route::method);
    return route == at_path->second.end() ? nullptr : &*route;
  }
  const auto segments = Split(path);
  const auto pattern = std::ranges::find_if(patterns_, [&](const Pattern& candidate) {
    return candidate.route.method == method && Matches(candidate.segments, segments);
  });
  return pattern == patterns_.end() ? nullptr : &pattern->route;
}

Router::Match Router::Find(const Request& request) const {
  const Dialect& dialect = DialectOf(request.path);
  std::string_view path = request.path;
  if (dialect.trailing_slash && path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return {&dialect, FindRoute(request.method, path), path, &dialect == &own_};
}

std::optional<BodyLimit> Router::BodyLimitOf(const Request& request,
                                             const std::function<RoleSet()>& roles) const {
  constexpr size_t kOfStrangers = 64 * 1024;
  const auto& [dialect, route, path, own] = Find(request);
  if (route == nullptr || !route->body) return std::nullopt;
  if (!route->role || roles().Has(*route->role)) return route->body;
  return BodyLimit{kOfStrangers, std::chrono::seconds(15), dialect->unauthorized(*route->role)};
}

std::string Router::Allowed(std::string_view path) const {
  std::string allowed;
  for (const std::string_view method : {"GET", "HEAD", "POST", "PUT", "DELETE"}) {
    if (FindRoute(method, path) != nullptr) allowed += StrCat(method, ", ");
  }
  return allowed.empty() ? allowed : allowed + "OPTIONS";
}

Response Router::Answer(const Match& match, const Request& request, RoleSet roles) const {
  const auto& [dialect_of_path, route, path, own] = match;
  const Dialect& dialect = *dialect_of_path;
  if (route == nullptr) {
    const std::string allowed = dialect.wrong_method ? Allowed(path) : std::string();
    return allowed.empty() ? dialect.not_found(request) : dialect.wrong_method(request, allowed);
  }
  if (route->role && !roles.Has(*route->role)) return dialect.unauthorized(*route->role);

  auto query = Query::Parse(request.query);
  if (!query) return dialect.bad_request("the query has a bad %-escape, or a parameter twice");
  std::string ignored;
  for (const auto& [name, value] : query->all()) {
    if (Reads(*route, name, dialect.any_case)) continue;
    if (!route->takes_any_parameter) return dialect.bad_request(UnknownParameter(name, *route));
    ignored += StrCat(ignored.empty() ? "" : ", ", PercentEncode(name));
  }
  if (!TakeSegments(*route, path, *query)) return dialect.bad_request("the path has a bad %-escape");
  if (!request.may_wait && !route->at_once) return Later();
  Response response = route->handler(request, *query);
  if (!ignored.empty()) response.headers.emplace_back("X-Thimble-Ignored", std::move(ignored));
  return response;
}

}  // namespace thimble::http
