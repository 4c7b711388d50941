// SPDX-License-Identifier: Apache-2.0
#include "service/http/router.h"

#include <gtest/gtest.h>

#include "tcb/base/text.h"

namespace thimble::http {
namespace {

Response Plain(int status, std::string body) {
  return {.status = status, .headers = {}, .content = Content::Make("text/plain", std::move(body))};
}

Router MakeRouter() {
  Router router({"", false, [](const Request&) { return Plain(404, "own"); },
                 [](std::string_view detail) { return Plain(400, std::string(detail)); },
                 [](Role role) { return Plain(401, std::string(RoleName(role))); }});
  router.AddDialect({"/sgx/", true, [](const Request&) { return Plain(404, "dialect"); },
                     [](std::string_view) { return Plain(400, "dialect"); },
                     [](Role) { return Plain(401, "dialect"); }});
  const auto echo = [](const Request&, const Query& query) {
    return Plain(200, std::string(query.Get("a").value_or("-")));
  };
  router.Add({"GET", "/sgx/tcb", {"a"}, echo});
  router.Add({"GET", "/own", {"a"}, echo});
  router.Add(
      {.method = "GET", .path = "/any", .parameters = {"a"}, .handler = echo, .takes_any_parameter = true});
  router.Add({"POST", "/own", {}, [](const Request&, const Query&) { return Plain(200, "posted"); }});
  router.Add(
      {"POST", "/admin", {}, [](const Request&, const Query&) { return Plain(200, "admin"); }, Role::kAdmin});
  router.Add(
      {"GET", "/open", {}, [](const Request&, const Query&) { return Plain(200, "open"); }, std::nullopt});
  const auto names = [](const Request&, const Query& query) {
    return Plain(200, StrCat(query.Segment("a"), "+", query.Segment("b"), "+", query.Get("a").value_or("-")));
  };
  router.Add(
      {"GET", "/x/{a}/fixed", {"a"}, [](const Request&, const Query&) { return Plain(200, "fixed"); }});
  router.Add({"GET", "/x/{a}/{b}", {"a"}, names});
  router.Add({"PUT", "/x/{a}/{b}", {}, names, Role::kAdmin});
  router.Add({"GET", "/x/exact/{b}", {}, [](const Request&, const Query&) { return Plain(200, "never"); }});
  router.Add({"GET", "/x/exact/path", {}, [](const Request&, const Query&) { return Plain(200, "exact"); }});
  router.AddDialect({.prefix = "/y/",
                     .not_found = [](const Request&) { return Plain(404, "y"); },
                     .bad_request = [](std::string_view detail) { return Plain(400, std::string(detail)); },
                     .unauthorized = [](Role) { return Plain(401, "y"); },
                     .any_case = true});
  router.Add({"GET", "/y/{a}", {"known"}, names});
  router.Add({.method = "GET", .path = "/now", .parameters = {}, .handler = echo, .at_once = true});
  return router;
}

std::pair<int, std::string> Ask(std::string method, std::string path, std::string query = "",
                                RoleSet roles = {Role::kRead}) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.query = std::move(query);
  const Response response = MakeRouter().Handle(request, roles);
  return {response.status, response.content->body()};
}

using Answer = std::pair<int, std::string>;

TEST(Router, FindsExactPaths) {
  EXPECT_EQ(Ask("GET", "/own", "a=1"), Answer(200, "1"));
  EXPECT_EQ(Ask("POST", "/own"), Answer(200, "posted"));
  EXPECT_EQ(Ask("HEAD", "/own"), Answer(200, "-"));
}

TEST(Router, AnswersTheRestInTheDialectOfThePath) {
  EXPECT_EQ(Ask("GET", "/sgx/none"), Answer(404, "dialect"));
  EXPECT_EQ(Ask("DELETE", "/sgx/tcb"), Answer(404, "dialect"));
  EXPECT_EQ(Ask("GET", "/none"), Answer(404, "own"));
  EXPECT_EQ(Ask("DELETE", "/own"), Answer(404, "own"));
}

TEST(Router, NamesTheMethodsOfAPath) {
  const Router router = MakeRouter();
  EXPECT_EQ(router.Allowed("/own"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(router.Allowed("/x/1/2"), "GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(router.Allowed("/none"), "");
}

TEST(Router, AnswersAWrongMethodWhereTheDialectDoes) {
  Router router({.prefix = "",
                 .not_found = [](const Request&) { return Plain(404, "own"); },
                 .bad_request = {},
                 .unauthorized = {},
                 .wrong_method = [](const Request&,
                                    std::string_view allowed) { return Plain(405, std::string(allowed)); }});
  router.Add({"POST", "/own", {}, [](const Request&, const Query&) { return Plain(200, "posted"); }});
  const auto ask = [&](std::string method, std::string path) {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    return router.Handle(request, RoleSet::All());
  };
  EXPECT_EQ(ask("GET", "/own").status, 405);
  EXPECT_EQ(ask("GET", "/own").content->body(), "POST, OPTIONS");
  EXPECT_EQ(ask("GET", "/none").status, 404);
  EXPECT_EQ(Ask("DELETE", "/own").first, 404);  // the others are as their original
}

TEST(Router, TakesATrailingSlashOnlyWhereTheDialectDoes) {
  EXPECT_EQ(Ask("GET", "/sgx/tcb/"), Answer(200, "-"));
  EXPECT_EQ(Ask("GET", "/sgx/tcb//").first, 404);
  EXPECT_EQ(Ask("GET", "/own/").first, 404);
}

TEST(Router, GivesTheSegmentsThatARouteNames) {
  EXPECT_EQ(Ask("GET", "/x/1/2", "a=3"), Answer(200, "1+2+3"));
  EXPECT_EQ(Ask("HEAD", "/x/1/2"), Answer(200, "1+2+-"));
  EXPECT_EQ(Ask("PUT", "/x/1/2", "", {Role::kAdmin}), Answer(200, "1+2+-"));
  EXPECT_EQ(Ask("PUT", "/x/1/2"), Answer(401, "admin"));
  EXPECT_EQ(Ask("GET", "/x/a%20b/%7B"), Answer(200, "a b+{+-"));
  EXPECT_EQ(Ask("GET", "/x/1/%2"), Answer(400, "the path has a bad %-escape"));
  EXPECT_EQ(Ask("GET", "/x/1/2", "b=3"), Answer(400, "unknown parameter: b; known: a"));
  for (const char* const path : {"/x/1", "/x/1/", "/x//2", "/x/1/2/", "/x/1/2/3", "/X/1/2", "/x", "x/1/2"})
    EXPECT_EQ(Ask("GET", path), Answer(404, "own")) << path;
  EXPECT_EQ(Ask("POST", "/x/1/2"), Answer(404, "own"));
}

TEST(Router, PrefersExactPathsAndThenWhatWasAddedFirst) {
  EXPECT_EQ(Ask("GET", "/x/1/fixed"), Answer(200, "fixed"));
  EXPECT_EQ(Ask("GET", "/x/exact/path"), Answer(200, "exact"));
  EXPECT_EQ(Ask("GET", "/x/exact/other"), Answer(200, "exact+other+-"));
}

TEST(Router, TakesParametersInAnyCaseOnlyWhereTheDialectDoes) {
  EXPECT_EQ(Ask("GET", "/y/1", "KNOWN=2"), Answer(200, "1++-"));
  EXPECT_EQ(Ask("GET", "/y/1", "other=2").first, 400);
  EXPECT_EQ(Ask("GET", "/x/1/2", "A=1").first, 400);
}

TEST(Router, DoesNotDecodePaths) { EXPECT_EQ(Ask("GET", "/%6Fwn").first, 404); }

TEST(Router, IgnoresNoParameter) {
  EXPECT_EQ(Ask("GET", "/own", "b=1"), Answer(400, "unknown parameter: b; known: a"));
  EXPECT_EQ(Ask("GET", "/sgx/tcb", "b=1"), Answer(400, "dialect"));
  EXPECT_EQ(Ask("GET", "/own", "a=1&a=1").first, 400);
  EXPECT_EQ(Ask("GET", "/own", "a=%2").first, 400);
  EXPECT_EQ(Ask("GET", "/own", "A=1").first, 400);
}

TEST(Router, NamesTheParametersThatARoutePassesBy) {
  const auto ask = [router = MakeRouter()](std::string query) {
    Request request;
    request.method = "GET";
    request.path = "/any";
    request.query = std::move(query);
    return router.Handle(request, RoleSet({Role::kRead}));
  };
  EXPECT_EQ(ask("a=1&b=2&c%0D%0Ad=3").Header("X-Thimble-Ignored"), "b, c%0D%0Ad");
  EXPECT_EQ(ask("a=1&b=2").content->body(), "1");
  EXPECT_FALSE(ask("a=1").Header("X-Thimble-Ignored"));
  EXPECT_EQ(ask("b=1&b=2").status, 400) << "twice is an error here, too";
}

TEST(Router, AsksForTheRoleOfTheRouteBeforeAnythingElse) {
  EXPECT_EQ(Ask("POST", "/admin", "", {Role::kAdmin}), Answer(200, "admin"));
  EXPECT_EQ(Ask("POST", "/admin", "", {Role::kRead, Role::kVerify, Role::kRegister}), Answer(401, "admin"));
  EXPECT_EQ(Ask("POST", "/admin", "unknown=1"), Answer(401, "admin"));
  EXPECT_EQ(Ask("GET", "/own", "", {Role::kVerify}), Answer(401, "read"));
  EXPECT_EQ(Ask("GET", "/sgx/tcb", "", {}), Answer(401, "dialect"));
  EXPECT_EQ(Ask("GET", "/none", "", {}), Answer(404, "own"));
  EXPECT_EQ(Ask("GET", "/open", "", {}), Answer(200, "open"));
}

// What needs no handler is answered, too: refusals, and paths that are none.
TEST(Router, AsksOnlyRoutesThatAnswerAtOnceWhereNobodyMayWait) {
  Request request;
  request.method = "GET";
  request.may_wait = false;
  const Router router = MakeRouter();
  const auto ask = [&](std::string path) {
    request.path = std::move(path);
    return router.Handle(request, {Role::kRead});
  };
  EXPECT_TRUE(ask("/own").later);
  EXPECT_FALSE(ask("/now").later);
  EXPECT_EQ(ask("/now").status, 200);
  EXPECT_FALSE(ask("/none").later);
  EXPECT_EQ(ask("/none").status, 404);
  request.method = "POST";
  EXPECT_EQ(ask("/admin").status, 401);
  request.may_wait = true;
  request.method = "GET";
  EXPECT_EQ(ask("/own").status, 200);
}

}  // namespace
}  // namespace thimble::http
