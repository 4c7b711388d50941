// SPDX-License-Identifier: Apache-2.0
//
// Requests with Intel's evidence, and the service that they go to.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/certificate.h"
#include "tests/service/testing/collateral_form.h"
#include "tests/service/testing/world.h"

namespace thimble::test {

class VerifyApiTest : public testing::Test {
 protected:
  RawAnswer PostJson(const nlohmann::json& body) {
    return Post(w_.port(), "/v1/verify", "application/json", body.dump());
  }
  RawAnswer PostRaw(const Bytes& quote, std::string_view query = "") {
    return Post(w_.port(), StrCat("/v1/verify", query), "application/octet-stream", AsText(quote));
  }
  nlohmann::json Verify(const Bytes& quote, nlohmann::json more = nlohmann::json::object()) {
    more["evidence"] = Base64(quote);
    const RawAnswer answer = PostJson(more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/json");
    return nlohmann::json::parse(answer.body);
  }
  // The problem object of an answer that must have this status.
  nlohmann::json Problem(const RawAnswer& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/problem+json");
    EXPECT_TRUE(answer.Header("Request-ID"));
    return nlohmann::json::parse(answer.body);
  }
  Bytes PckSerial() const {
    const auto leaf = Certificate::Parse(w_.intel.PckCertificate(), Check::kPckChain);
    const ByteView serial = (*leaf)->serial();
    return {serial.begin(), serial.end()};
  }
  World w_;
};

inline std::set<std::string> Checks(const nlohmann::json& result, std::string_view list = "findings") {
  std::set<std::string> names;
  for (const nlohmann::json& entry : result[std::string(list)]) names.insert(entry["check"]);
  return names;
}

}  // namespace thimble::test
