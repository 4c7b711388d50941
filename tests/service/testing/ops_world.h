// SPDX-License-Identifier: Apache-2.0
//
// What the tests of operations have in common: a Thimble with some collateral, over the administrator's routes.
#pragma once

#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tests/service/testing/pccs_world.h"

namespace thimble::test {

struct OpsWorld : PccsWorld {
  using PccsWorld::PccsWorld;

  static constexpr size_t kItems = 11;
  // Everything for SGX and TDX on the server platform, and its PCK certificates, which take the early TCB info too.
  void Fill() {
    const std::string fmspc = sim::kServerFmspc;
    if (Register(ByPpid()).status != 200) throw std::runtime_error("the platform is not registered");
    for (const std::string& target :
         {StrCat("/sgx/certification/v4/tcb?fmspc=", fmspc),
          StrCat("/tdx/certification/v4/tcb?fmspc=", fmspc), std::string("/sgx/certification/v4/qe/identity"),
          std::string("/tdx/certification/v4/qe/identity"),
          std::string("/sgx/certification/v4/qe/identity?update=early"),
          std::string("/sgx/certification/v4/rootcacrl"),
          std::string("/sgx/certification/v4/pckcrl?ca=platform"), PckCertTarget()}) {
      const RawAnswer answer = Ask(target);
      if (answer.status != 200) throw std::runtime_error(StrCat(target, ": HTTP ", answer.status));
    }
  }

  // As over the Unix socket.
  http::Response Admin(std::string_view method, std::string_view path, std::string_view query = "",
                       std::string body = "") {
    http::Request request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = std::move(body);
    request.admin = true;
    return app->Handle(request);
  }
  std::string Export(bool history = false) {
    return Admin("GET", "/v1/export", history ? "history=1" : "").content->body();
  }
  http::Response Import(const std::string& file, std::string_view query = "") {
    return Admin("POST", "/v1/import", query, file);
  }
  nlohmann::json Imported(const std::string& file) {
    const http::Response response = Import(file);
    EXPECT_EQ(response.status, 200) << (response.content ? response.content->body() : "");
    return nlohmann::json::parse(response.content->body(), nullptr, false);
  }
};

}  // namespace thimble::test
