// SPDX-License-Identifier: Apache-2.0
//
// What the dialects' originals do not say: why. Every 400 and every 503 has its cause in a header, whichever route it is of.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "service/dialects/dialect_name.h"
#include "tcb/base/text.h"
#include "tests/service/testing/ops_world.h"

namespace thimble {
namespace {

using test::OpsWorld;

struct Asked {
  std::string method, path, query;
};

// Every route of a dialect, with nothing, with a parameter that none has, with each of its own that is wrong, and with
// all that could be right.
std::vector<Asked> Requests(const http::Router& router) {
  std::vector<Asked> out;
  router.ForEach([&out](const http::Route& route) {
    if (DialectName(route.path) == "own") return;
    const std::string path = std::regex_replace(route.path, std::regex(R"(\{\w+\})"), "x");
    const std::string milan = std::regex_replace(route.path, std::regex(R"(\{product\})"), "Milan");
    const std::string full = std::regex_replace(milan, std::regex(R"(\{\w+\})"), std::string(128, 'a'));
    for (const char* const query :
         {"", "nope=1", "nope=%zz", "fmspc=00806F050000", "ca=platform",
          "uri=https%3A%2F%2Fcertificates.trustedservices.intel.com%2FIntelSGXRootCA.der",
          "blSPL=1&teeSPL=0&snpSPL=2&ucodeSPL=3",
          "qeid=00000000000000000000000000000000&pceid=0000&cpusvn=00000000000000000000000000000000"
          "&pcesvn=0000"}) {
      out.push_back({route.method, path, query});
      out.push_back({route.method, full, query});
    }
    for (const std::string& name : route.parameters)
      out.push_back({route.method, path, StrCat(name, "=%01")});
  });
  return out;
}

TEST(Causes, AreInEvery400And503OfTheDialects) {
  OpsWorld w;
  w.config.intel_upstreams.clear();  // nothing can be had, and nobody waits for it
  w.config.amd_upstreams.clear();
  w.Start();
  std::set<std::pair<std::string, int>> seen;
  for (const Asked& asked : Requests(w.app->router())) {
    http::Request request;
    request.method = asked.method;
    request.path = asked.path;
    request.query = asked.query;
    request.admin = true;
    const http::Response answer = w.app->Handle(request);
    if (answer.status != 400 && answer.status != 503) continue;
    seen.emplace(DialectName(asked.path), answer.status);
    EXPECT_TRUE(answer.Header("X-Thimble-Cause"))
        << asked.method << " " << asked.path << "?" << asked.query << ": " << answer.status;
    // PCCS's page tells nothing; what is JSON or plain text tells it itself.
    const bool in_body = !answer.Header("Content-Type").value_or("text/html").starts_with("text/html");
    EXPECT_TRUE(in_body || answer.Header("X-Thimble-Detail"))
        << asked.method << " " << asked.path << "?" << asked.query;
  }
  for (const char* const dialect : {"intel", "azure", "amd"}) {
    EXPECT_TRUE(seen.contains({dialect, 400})) << dialect;
    EXPECT_TRUE(seen.contains({dialect, 503})) << dialect;
  }
}

}  // namespace
}  // namespace thimble
