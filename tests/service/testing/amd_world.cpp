// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/amd_world.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "fetchers/amd_urls.h"

namespace thimble::test {

using nlohmann::json;

AmdWorld::AmdWorld() {
  vendor.AddKds(amd);
  config.server.anchors.push_back(files.Write("amd-root.pem", amd.ArksPem()));
  config.amd_upstreams = {{.url = vendor.BaseUrl()}};
  config.cache.data = files / "store";
  // Less than AMD's interval, so that no test waits for it; and enough for a busy machine.
  config.server.miss_wait = Seconds(9);
}

void AmdWorld::StartOnDisk(Instant now) {
  auto made = App::Make(config, {.storage = Storage::kDisk, .frozen_time = now});
  if (!made) throw std::runtime_error(made.error().message);
  app = std::move(made).value();
  const Status listening = app->Listen();
  if (!listening) throw std::runtime_error(listening.error().message);
}

RawAnswer AmdWorld::Post(const json& request) const {
  return test::Post(port(), "/v1/verify", "application/json", request.dump());
}

json AmdWorld::Verify(const Bytes& evidence, json more) const {
  more["evidence"] = Base64(evidence);
  const RawAnswer answer = Post(more);
  if (answer.status != 200) throw std::runtime_error(answer.body);
  return json::parse(answer.body, nullptr, false);
}

json AmdWorld::Problem(const Bytes& evidence, int status, json more) const {
  more["evidence"] = Base64(evidence);
  const RawAnswer answer = Post(more);
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.Header("Content-Type"), "application/problem+json");
  return json::parse(answer.body, nullptr, false);
}

RawAnswer AmdWorld::Get(const CollateralKey& key) const { return test::Get(port(), KdsUrl("", key)); }

CollateralKey VcekKeyOf(const sim::SnpPlatform& platform) {
  return VcekKey{platform.product, platform.hwid(), platform.tcb};
}

std::set<std::string> FindingsOf(const json& result) {
  std::set<std::string> names;
  for (const json& finding : result["findings"]) names.insert(finding["check"]);
  names.erase("trust_anchor.extra");
  return names;
}

std::string CheckIn(const json& object, const std::string& check) {
  for (const json& entry : object["checks"]) {
    if (entry["check"] == check) return entry["result"];
  }
  return "";
}

}  // namespace thimble::test
