// SPDX-License-Identifier: Apache-2.0
//
// The page as a server gives it.
#include "service/page/page.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tests/service/testing/pccs_world.h"

namespace thimble {
namespace {

using test::PccsWorld;

http::Response Ask(App& app, std::string_view method, std::string_view path, std::string_view query = "",
                   bool admin = false, std::string body = "", std::string type = "") {
  http::Request request;
  request.method = method;
  request.path = path;
  request.query = query;
  request.admin = admin;
  request.body = std::move(body);
  if (!type.empty()) request.headers = {{"content-type", std::move(type)}};
  return app.Handle(request);
}
std::string BodyOf(const http::Response& response) {
  return response.content ? response.content->body() : "";
}
bool Has(const http::Response& response, std::string_view text) {
  return BodyOf(response).find(text) != std::string::npos;
}

TEST(StatusPage, IsHtmlThatLoadsNothingFromElsewhere) {
  PccsWorld w;
  w.Start();
  const http::Response page = Ask(*w.app, "GET", "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.Header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.Header("cache-control"), "no-store");
  const std::string policy(page.Header("content-security-policy").value_or(""));
  EXPECT_TRUE(policy.starts_with("default-src 'none'; ")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  for (const auto& [path, type] : {std::pair("/page.css", "text/css; charset=utf-8"),
                                   {"/page.js", "text/javascript; charset=utf-8"},
                                   {"/page.svg", "image/svg+xml"}}) {
    EXPECT_TRUE(Has(page, path)) << path;
    EXPECT_EQ(Ask(*w.app, "GET", path).Header("content-type"), type);
  }
}

TEST(StatusPage, ShowsWhatIsHeldAndLinksToItsJson) {
  PccsWorld w;
  w.Start();
  ASSERT_EQ(w.Ask("/sgx/certification/v4/tcb?fmspc=00806F050000").status, 200);
  const http::Response page = Ask(*w.app, "GET", "/");
  EXPECT_TRUE(Has(page, "SGX TCB info 00806F050000, standard"));
  EXPECT_TRUE(Has(page, "/v1/history?key=intel%2Ftcb%2Fsgx%2F00806f050000%2Fstandard"));
  EXPECT_EQ(Ask(*w.app, "GET", "/v1/history", "key=intel%2Ftcb%2Fsgx%2F00806f050000%2Fstandard").status, 200);
}

TEST(StatusPage, LooksForQeIdsForTheAdministratorAlone) {
  PccsWorld w;
  w.Start();
  ASSERT_EQ(w.Register(test::ByPpid()).status, 200);
  const std::string query = StrCat("q=", test::kQeId);
  const http::Response plain = Ask(*w.app, "GET", "/", query),
                       other = Ask(*w.app, "GET", "/", StrCat("q=", std::string(32, 'e')));
  EXPECT_TRUE(Has(plain, "takes the admin role"));
  EXPECT_FALSE(Has(plain, "intel/pck/"));
  EXPECT_TRUE(Has(other, "takes the admin role"));  // whether there is one is not told either
  EXPECT_TRUE(Has(Ask(*w.app, "GET", "/", query, true), "intel/pck/"));
  EXPECT_TRUE(
      Has(Ask(*w.app, "GET", "/", StrCat("q=", std::string(32, 'e')), true), "No platform with that QE id"));
}

// Whatever route tells it: what came back from the journal names its platforms to the administrator alone.
TEST(StatusPage, NamesNoPlatformInWhatIsWrongButToTheAdministrator) {
  PccsWorld w;
  w.config.cache.data = w.files / "store";
  const auto start = [&w] {
    w.app.reset();
    auto made = App::Make(w.config, {.storage = Storage::kDisk, .frozen_time = sim::kNow});
    ASSERT_TRUE(made.ok()) << made.error().message;
    w.app = std::move(made).value();
    ASSERT_TRUE(w.app->Listen().ok());
  };
  start();
  ASSERT_EQ(w.Register(test::ByPpid()).status, 200);
  w.app.reset();
  for (const auto& entry : std::filesystem::directory_iterator(w.config.cache.data)) {
    if (entry.path().filename() != "registrations.journal") std::filesystem::remove_all(entry.path());
  }
  start();
  for (const bool admin : {false, true}) {
    for (const auto& [path, query] :
         {std::pair("/", ""), {"/v1/status", ""}, {"/readyz", ""}, {"/readyz", "strict=1"}}) {
      const http::Response answer = Ask(*w.app, "GET", path, query, admin);
      EXPECT_TRUE(Has(answer, "came back from the journal")) << path;
      const bool probe = std::string_view(path) == "/readyz";
      EXPECT_EQ(Has(answer, test::kQeId), admin && !probe) << path << admin;
    }
  }
}

TEST(StatusPage, TellsWhatASetWouldDoToTheAdministratorAlone) {
  PccsWorld w;
  w.Start();
  const http::Response plain = Ask(*w.app, "GET", "/", "set=18"),
                       admin = Ask(*w.app, "GET", "/", "set=18", true);
  EXPECT_FALSE(Has(plain, "What set 18 would do"));
  EXPECT_TRUE(Has(plain, "cannot be told"));
  EXPECT_TRUE(Has(admin, "What set 18 would do"));
}

TEST(StatusPage, JudgesEvidenceFromItsForm) {
  PccsWorld w;
  w.Start();
  const std::string type = "multipart/form-data; boundary=B";
  const auto form = [](const std::string& evidence) {
    return StrCat("--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n", evidence, "\r\n--B--\r\n");
  };
  const http::Response good =
      Ask(*w.app, "POST", "/evidence", "", false, form(Base64(w.intel.Quote())), type);
  EXPECT_EQ(good.status, 200);
  EXPECT_TRUE(Has(good, "Decision"));
  const http::Response none = Ask(*w.app, "POST", "/evidence", "", false, form("<b>nonsense</b>"), type);
  EXPECT_EQ(none.status, 400);
  EXPECT_TRUE(Has(none, "No verdict"));
  EXPECT_FALSE(Has(none, "<b>nonsense"));
  EXPECT_EQ(Ask(*w.app, "POST", "/evidence", "", false, "x", "text/plain").status, 400);
}

}  // namespace
}  // namespace thimble
