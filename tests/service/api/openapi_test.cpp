// SPDX-License-Identifier: Apache-2.0
//
// docs/openapi.yaml and the router say the same: paths, methods, roles, parameters. The document keeps to a layout that
// can be read line by line (its first lines say which); that it is OpenAPI, tests/clients/openapi.sh asks a validator.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "service/api/reference_api.h"
#include "service/http/role.h"
#include "tcb/base/text.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

// "GET /v1/status role=read at key": a route with its query parameters in order.
using Described = std::set<std::string>;

std::string Describe(std::string method, std::string_view path, std::string_view role,
                     const std::set<std::string>& parameters) {
  std::string out = StrCat(method, " ", path, " role=", role);
  for (const std::string& name : parameters) out += StrCat(" ", name);
  return out;
}

// An operation as it is written, below a path or a path item.
struct Operation {
  std::string method, role;
  std::set<std::string> parameters;
};

class Document {
 public:
  explicit Document(std::string_view text) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) Take(line);
  }

  Described Routes() const {
    Described out;
    for (const auto& [path, item] : paths_) {
      for (const Operation& operation : operations_.at(item))
        out.insert(Describe(operation.method, path, operation.role, operation.parameters));
    }
    return out;
  }

 private:
  void Take(const std::string& line) {
    static const std::regex kSection(R"(^(\w+):.*)"), kItems(R"(^  (\w+):$)"), kPath(R"(^  (/\S*):$)"),
        kReference(R"re(^  (/\S*): \{\$ref: '#/components/pathItems/(\w+)'\}$)re"), kItem(R"(^    (\w+):$)"),
        kMethod(R"(^ {4,6}(get|put|post|delete):$)"), kRole(R"(^ +x-role: (\w+)$)"),
        kParameter(R"(^ +- \{name: ([\w-]+), in: query,.*)"),
        kNamed(R"re(^ +- \{\$ref: '#/components/parameters/([\w-]+)'\}$)re");
    std::smatch match;
    if (std::regex_match(line, match, kSection)) section_ = match[1];
    if (section_ == "components" && std::regex_match(line, match, kItems))
      section_ = StrCat("components/", match[1].str());
    if (section_.starts_with("components/") && std::regex_match(line, match, kItems))
      section_ = StrCat("components/", match[1].str());
    const bool in_items = section_ == "components/pathItems";
    if (section_ != "paths" && !in_items) return;
    if (std::regex_match(line, match, kReference)) {
      paths_[match[1]] = match[2];
    } else if (std::regex_match(line, match, kMethod)) {
      std::string method = match[1];
      for (char& c : method) c = static_cast<char>(std::toupper(c));
      operations_[item_].push_back({method, "", {}});
    } else if (std::regex_match(line, match, kPath)) {
      item_ = paths_[match[1]] = match[1];
    } else if (in_items && std::regex_match(line, match, kItem)) {
      item_ = match[1];
    } else if (std::regex_match(line, match, kRole)) {
      operations_.at(item_).back().role = match[1];
    } else if (std::regex_match(line, match, kParameter) || std::regex_match(line, match, kNamed)) {
      operations_.at(item_).back().parameters.insert(match[1]);
    }
  }

  std::string section_, item_;
  std::map<std::string, std::string> paths_;  // to the item with its operations
  std::map<std::string, std::vector<Operation>> operations_;
};

// The status page is for people: what it consists of is no interface.
bool IsOfThePage(std::string_view path) {
  return path == "/" || path == "/evidence" || path.starts_with("/page.");
}

Described RoutesOf(const http::Router& router) {
  Described out;
  router.ForEach([&out](const http::Route& route) {
    if (IsOfThePage(route.path)) return;
    const std::string_view role = route.role ? RoleName(*route.role) : "none";
    out.insert(Describe(route.method, route.path, role, {route.parameters.begin(), route.parameters.end()}));
  });
  return out;
}

Described Without(Described from, const Described& what) {
  for (const std::string& line : what) from.erase(line);
  return from;
}

class OpenApiTest : public testing::Test {
 protected:
  OpenApiTest() { w_.Start(); }
  test::World w_;
};

TEST_F(OpenApiTest, DescribesEveryRouteAndNoOther) {
  const Described described = Document(OpenApiDocument()).Routes(), routes = RoutesOf(w_.app->router());
  EXPECT_GT(routes.size(), 80u);
  EXPECT_EQ(Without(routes, described), Described{})
      << "the router has them, docs/openapi.yaml has them not, or otherwise";
  EXPECT_EQ(Without(described, routes), Described{})
      << "docs/openapi.yaml has them, the router has them not, or otherwise";
}

TEST_F(OpenApiTest, ReadsTheLayoutOfTheDocument) {
  const Document document(
      "paths:\n  /a:\n    get:\n      x-role: read\n      parameters:\n        - {name: b, in: query, "
      "schema: {}}\n"
      "        - {name: c, in: path, schema: {}}\n  /d: {$ref: '#/components/pathItems/e'}\ncomponents:\n"
      "  parameters:\n    f: {name: f, in: query}\n  pathItems:\n    e:\n      put:\n        x-role: admin\n"
      "        parameters:\n          - {$ref: '#/components/parameters/f'}\n  schemas:\n    get:\n      "
      "x-role: no\n");
  EXPECT_EQ(document.Routes(), (Described{"GET /a role=read b", "PUT /d role=admin f"}));
}

TEST_F(OpenApiTest, IsServedWithTheSchemaOfResults) {
  const auto document = test::Get(w_.port(), "/openapi.yaml");
  EXPECT_EQ(document.status, 200);
  EXPECT_EQ(document.Header("Content-Type"), "application/yaml");
  EXPECT_EQ(document.body, OpenApiDocument());
  const auto schema = test::Get(w_.port(), "/result.schema.json");
  EXPECT_EQ(schema.body, ResultSchema());
  EXPECT_NE(document.body.find("$ref: 'result.schema.json'"), std::string::npos);
}

}  // namespace
}  // namespace thimble
