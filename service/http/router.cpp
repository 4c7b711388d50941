// SPDX-License-Identifier: Apache-2.0
#include "service/http/router.h"

#include <algorithm>

#include "tcb/base/text.h"

namespace thimble::http {

void Router::Add(Route route) {
  route.number = size_++;
  routes_[route.path].push_back(std::move(route));
}

void Router::ForEach(const std::function<void(const Route&)>& visit) const {
  for (const auto& [path, routes] : routes_) {
    for (const Route& route : routes) visit(route);
  }
}

std::vector<std::string> Router::Routes() const {
  std::vector<std::string> out;
  for (const auto& [path, routes] : routes_) {
    for (const Route& route : routes) out.push_back(StrCat(route.method, " ", path));
  }
  return out;
}

const Dialect& Router::DialectOf(std::string_view path) const {
  const auto it = std::find_if(dialects_.begin(), dialects_.end(),
                               [&](const Dialect& dialect) { return path.starts_with(dialect.prefix); });
  return it == dialects_.end() ? own_ : *it;
}

const Route* Router::Find(const Request& request, const Dialect& dialect) const {
  std::string_view path = request.path;
  if (dialect.trailing_slash && path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto at_path = routes_.find(path);
  if (at_path == routes_.end()) return nullptr;
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : request.method;
  const auto route = std::find_if(at_path->second.begin(), at_path->second.end(),
                                  [&](const Route& candidate) { return candidate.method == method; });
  return route == at_path->second.end() ? nullptr : &*route;
}

Response Router::Handle(const Request& request, RoleSet roles, const Route** matched) const {
  const Dialect& dialect = DialectOf(request.path);
  if (dialect.all) return dialect.all(request, roles);
  const Route* route = Find(request, dialect);
  if (matched != nullptr) *matched = route;
  if (route == nullptr) return dialect.not_found(request);
  if (route->role && !roles.Has(*route->role)) return dialect.unauthorized(*route->role);

  const auto query = Query::Parse(request.query);
  if (!query) return dialect.bad_request("the query has a bad %-escape, or a parameter twice");
  for (const auto& [name, value] : query->all()) {
    if (std::find(route->parameters.begin(), route->parameters.end(), name) == route->parameters.end()) {
      return dialect.bad_request(StrCat("unknown parameter: ", name));
    }
  }
  return route->handler(request, *query);
}

}  // namespace thimble::http
