// SPDX-License-Identifier: Apache-2.0
#include "service/http/browser_rules.h"

#include <gtest/gtest.h>

#include <set>

namespace thimble::http {
namespace {

using Hosts = std::vector<std::string>;

constexpr const char* kConsole = "https://console.example";

Router MakeRouter() {
  const auto not_found = [](const Request&) {
    return Response{.status = 404, .headers = {}, .content = nullptr};
  };
  Router router({.prefix = "", .not_found = not_found, .bad_request = {}, .unauthorized = {}});
  router.AddDialect({.prefix = "/sgx/", .not_found = not_found, .bad_request = {}, .unauthorized = {}});
  const auto ok = [](const Request&, const Query&) {
    return Response{.status = 200, .headers = {}, .content = nullptr};
  };
  router.Add({"GET", "/v1/status", {}, ok});
  router.Add({"GET", "/healthz", {}, ok, std::nullopt});
  router.Add({"POST", "/v1/verify", {}, ok, Role::kVerify});
  router.Add({"GET", "/v1/export", {}, ok, Role::kAdmin});
  router.Add({"GET", "/sgx/tcb", {}, ok});
  router.Add({"GET", "/sgx/refresh", {}, ok, Role::kAdmin});
  router.Add({"POST", "/sgx/platforms", {}, ok, Role::kRegister});
  return router;
}

Request MakeRequest(std::string method, std::string path, HeaderList headers) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers = std::move(headers);
  return request;
}

class BrowserRulesTest : public testing::Test {
 protected:
  // 0: not refused.
  int Refused(const BrowserRules& rules, std::string method, std::string path, HeaderList headers,
              bool admin = false) {
    Request request = MakeRequest(std::move(method), std::move(path), std::move(headers));
    request.admin = admin;
    const auto refusal = rules.Refuses(request, router_.Find(request));
    return refusal ? refusal->status : 0;
  }
  HeaderList Shared(const BrowserRules& rules, std::string method, std::string path, HeaderList headers) {
    const Request request = MakeRequest(std::move(method), std::move(path), std::move(headers));
    Response response;
    rules.Share(request, router_.Find(request), response);
    return response.headers;
  }
  std::optional<Response> Options(const BrowserRules& rules, std::string path, HeaderList headers = {}) {
    const Request request = MakeRequest("OPTIONS", std::move(path), std::move(headers));
    return rules.Options(request, router_, router_.Find(request));
  }
  const Router router_ = MakeRouter();
};

TEST_F(BrowserRulesTest, OwnRoutesAnswerToTheirNamesAlone) {
  const BrowserRules rules(Hosts{"thimble.example", "*.lab.example", "fd00::1"}, {});
  for (const char* const host :
       {"localhost", "LOCALHOST:8081", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:8081", "thimble.example",
        "Thimble.Example:443", "a.lab.example", "[fd00::1]:8081"}) {
    EXPECT_EQ(Refused(rules, "GET", "/v1/status", {{"host", host}}), 0) << host;
  }
  for (const char* const host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "thimble.example.evil.example",
        "lab.example", "a.b.lab.example", ".lab.example", "unix", "command line", "[",
        "127.evil.example:8081", "10.0.0.1"}) {
    EXPECT_EQ(Refused(rules, "GET", "/v1/status", {{"host", host}}), 421) << host;
    EXPECT_EQ(Refused(rules, "GET", "/none", {{"host", host}}), 421) << host;
    EXPECT_EQ(Refused(rules, "GET", "/sgx/tcb", {{"host", host}}), 0) << host;            // public data
    EXPECT_EQ(Refused(rules, "GET", "/v1/status", {{"host", host}}, true), 421) << host;  // through a tunnel
    EXPECT_EQ(Refused(rules, "GET", "/sgx/tcb", {{"host", host}}, true), 421) << host;
    EXPECT_EQ(Refused(BrowserRules(std::nullopt, {}), "GET", "/v1/status", {{"host", host}}), 0) << host;
  }
  EXPECT_EQ(Refused(rules, "GET", "/v1/status", {}), 0);  // HTTP/1.0
  EXPECT_EQ(Refused(rules, "GET", "/v1/status", {{"host", "localhost:8082"}}, true), 0);
}

TEST_F(BrowserRulesTest, ForeignPagesChangeNothing) {
  const BrowserRules rules(std::nullopt, {kConsole});
  const auto changes = [&](HeaderList headers) {
    headers.emplace_back("host", "thimble.example:8081");
    std::set<int> statuses;
    for (const auto& [method, path] :
         {std::pair("POST", "/v1/verify"), std::pair("GET", "/v1/export"), std::pair("GET", "/sgx/refresh"),
          std::pair("POST", "/sgx/platforms")}) {
      statuses.insert(Refused(rules, method, path, headers));
    }
    return statuses;
  };
  EXPECT_EQ(changes({}), std::set{0});
  EXPECT_EQ(changes({{"origin", "http://thimble.example:8081"}}), std::set{0});
  EXPECT_EQ(changes({{"origin", "https://Thimble.example:8081"}}), std::set{0});  // TLS ends at a proxy
  EXPECT_EQ(changes({{"sec-fetch-site", "same-origin"}}), std::set{0});
  EXPECT_EQ(changes({{"sec-fetch-site", "none"}}), std::set{0});
  for (const char* const origin :
       {"http://thimble.example", "http://evil.example:8081", "null", "", kConsole}) {
    EXPECT_EQ(changes({{"origin", origin}}), std::set{403}) << origin;
  }
  EXPECT_EQ(changes({{"sec-fetch-site", "cross-site"}}), std::set{403});
  EXPECT_EQ(changes({{"sec-fetch-site", "same-site"}}), std::set{403});
  EXPECT_EQ(Refused(rules, "GET", "/v1/status", {{"host", "a"}, {"origin", "http://evil.example"}}), 0);
}

TEST_F(BrowserRulesTest, SharesWhatIsReadWithTheOriginsAlone) {
  const BrowserRules rules(std::nullopt, {kConsole});
  const HeaderList console = {{"origin", kConsole}};
  for (const char* const path : {"/v1/status", "/healthz", "/sgx/tcb"}) {
    const HeaderList shared = Shared(rules, "GET", path, console);
    ASSERT_EQ(shared.size(), 3u) << path;
    EXPECT_EQ(shared[0], std::pair(std::string("Vary"), std::string("Origin")));
    EXPECT_EQ(shared[1], std::pair(std::string("Access-Control-Allow-Origin"), std::string(kConsole)));
    const HeaderList foreign = Shared(rules, "GET", path, {{"origin", "https://evil.example"}});
    EXPECT_EQ(foreign, (HeaderList{{"Vary", "Origin"}})) << path;
    EXPECT_EQ(Shared(BrowserRules(std::nullopt, {}), "GET", path, console), HeaderList{}) << path;
  }
  EXPECT_EQ(Shared(rules, "POST", "/v1/verify", console), HeaderList{});
  EXPECT_EQ(Shared(rules, "GET", "/v1/export", console), HeaderList{});
}

TEST_F(BrowserRulesTest, AnswersOptions) {
  const BrowserRules rules(std::nullopt, {kConsole});
  const auto plain = Options(rules, "/v1/verify");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->status, 204);
  EXPECT_EQ(plain->headers, (HeaderList{{"Allow", "POST, OPTIONS"}}));
  EXPECT_FALSE(Options(rules, "/none"));
  EXPECT_FALSE(Options(rules, "/sgx/tcb"));  // as its original
  const HeaderList console = {{"origin", kConsole}};
  for (const char* const path : {"/v1/status", "/sgx/tcb"}) {
    const auto preflight = Options(rules, path, console);
    ASSERT_TRUE(preflight) << path;
    EXPECT_EQ(preflight->Header("Access-Control-Allow-Origin"), kConsole);
    EXPECT_EQ(preflight->Header("Access-Control-Allow-Methods"), "GET, HEAD");
  }
  EXPECT_FALSE(Options(rules, "/v1/verify", console)->Header("Access-Control-Allow-Origin"));
  EXPECT_FALSE(Options(rules, "/v1/status", {{"origin", "https://evil.example"}})
                   ->Header("Access-Control-Allow-Origin"));
}

TEST(BrowserNames, AreReadAsBrowsersSendThem) {
  EXPECT_EQ(ParseOrigin("https://Console.example:8443"), "https://console.example:8443");
  EXPECT_EQ(ParseOrigin("http://[::1]:3000"), "http://[::1]:3000");
  for (const char* const bad :
       {"", "*", "null", "console.example", "https://", "https://a/", "https://a b", "ftp://a"}) {
    EXPECT_FALSE(ParseOrigin(bad)) << bad;
  }
  EXPECT_EQ(ParseHostName("Thimble.example"), "thimble.example");
  EXPECT_EQ(ParseHostName("[fd00::1]"), "fd00::1");
  EXPECT_EQ(ParseHostName("*.lab.example"), "*.lab.example");
  for (const char* const bad : {"", "a:80", "https://a", "a/b", "*", "*."})
    EXPECT_FALSE(ParseHostName(bad)) << bad;
}

}  // namespace
}  // namespace thimble::http
