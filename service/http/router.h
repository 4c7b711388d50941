// SPDX-License-Identifier: Apache-2.0
//
// Which handler answers which request. A segment of a route's path may be a name in braces, which stands for any one
// segment that is not empty. Each route names the parameters that it reads, and any other is refused; or, where a route
// has to take whatever clients add, it is named in X-Thimble-Ignored. No parameter is silently ignored.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/http/query.h"
#include "service/http/role.h"
#include "service/http/types.h"

namespace thimble::http {

using RouteHandler = std::function<Response(const Request&, const Query&)>;

struct Route {
  std::string method;
  std::string path;  // "/v1/status", "/v1/baselines/{name}/promote"
  std::vector<std::string> parameters;
  RouteHandler handler;
  std::optional<Role> role = Role::kRead;  // what a client needs; nullopt: nothing
  bool takes_any_parameter = false;
  std::optional<BodyLimit> body = std::nullopt;  // nullopt: as of most
  bool at_once = false;  // its handler heeds Request::may_wait: others are not asked then
  size_t number = 0;     // in the order in which they were added
};

// How the paths under a prefix answer what no handler sees. Dialects do it as their original does.
struct Dialect {
  std::string prefix;
  bool trailing_slash = false;  // PATH/ is PATH
  std::function<Response(const Request&)> not_found;
  std::function<Response(std::string_view detail)> bad_request;
  std::function<Response(Role role)> unauthorized;  // the request does not have the role
  bool any_case = false;                            // of the names of parameters
  // The path is another method's. Null: as not_found.
  std::function<Response(const Request&, std::string_view allowed)> wrong_method = {};
};

// Filled at start; then const methods may be called from many threads at once.
class Router {
 public:
  // `own` answers for all paths that no dialect claims.
  explicit Router(Dialect own) : own_(std::move(own)) {}

  void AddDialect(Dialect dialect) { dialects_.push_back(std::move(dialect)); }
  // An exact path goes before one with names, and of these the one that was added first.
  void Add(Route route);

  std::vector<std::string> Routes() const;  // "GET /v1/status"

  // Whose a request is. HEAD is GET's.
  struct Match {
    const Dialect* dialect = nullptr;  // never null
    const Route* route = nullptr;      // null: there is none for the path and method
    std::string_view path;             // of the request, as routes have it
    bool own = false;                  // no dialect claims the path
  };
  Match Find(const Request& request) const;
  // For a client with these roles. Of HEAD the connection leaves the body out. Later() for a request that may not wait,
  // where the route is not `at_once` or says so.
  Response Answer(const Match& match, const Request& request, RoleSet roles) const;
  Response Handle(const Request& request, RoleSet roles) const {
    return Answer(Find(request), request, roles);
  }
  // "GET, HEAD, OPTIONS" where there is a path; else empty.
  std::string Allowed(std::string_view path) const;

  // Of a request whose body is still to come; nullopt: as of most. `roles` is asked where a route has its own: who lacks
  // that route's role is told so before he has sent much.
  std::optional<BodyLimit> BodyLimitOf(const Request& request, const std::function<RoleSet()>& roles) const;

  size_t size() const { return size_; }
  void ForEach(const std::function<void(const Route&)>& visit) const;

 private:
  struct Pattern {
    std::vector<std::string> segments;  // "{name}" as it is written
    Route route;
  };
  const Dialect& DialectOf(std::string_view path) const;
  const Route* FindRoute(std::string_view method, std::string_view path) const;

  size_t size_ = 0;
  Dialect own_;
  std::vector<Dialect> dialects_;
  std::map<std::string, std::vector<Route>, std::less<>> exact_;  // by path
  std::vector<Pattern> patterns_;
};

}  // namespace thimble::http
