// SPDX-License-Identifier: Apache-2.0
#include "fetchers/origin_authorities.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

struct Recorder : HttpClient {
  Result<HttpResponse> Send(const HttpRequest& request) override {
    ca_file = request.ca_file;
    return HttpResponse{};
  }
  std::string ca_file;
};

TEST(OriginAuthorities, AreOfTheirOriginAlone) {
  const auto inner = std::make_shared<Recorder>();
  const auto authorities = std::make_shared<OriginAuthorities>();
  OriginAuthoritiesClient client(inner, authorities);
  const auto file_for = [&](const std::string& url) {
    HttpRequest request;
    request.url = url;
    EXPECT_TRUE(client.Send(request).ok());
    return inner->ca_file;
  };
  EXPECT_EQ(file_for("https://cache.lan/x"), "") << "none is set";
  authorities->Set({{"https://cache.lan", "lan.pem"}, {"https://cache.lan:8443", "other.pem"}});
  EXPECT_EQ(file_for("https://cache.lan/sgx?a=1"), "lan.pem");
  EXPECT_EQ(file_for("https://cache.lan:8443/"), "other.pem");
  EXPECT_EQ(file_for("http://cache.lan/"), "");
  EXPECT_EQ(file_for("https://cache.lan.example/"), "");
  EXPECT_EQ(file_for("https://other.lan/"), "");
  authorities->Set({});
  EXPECT_EQ(file_for("https://cache.lan/x"), "") << "as after a reload";
}

}  // namespace
}  // namespace thimble
