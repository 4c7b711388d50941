// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/world.h"

#include <stdexcept>

#include "service/http/server.h"
#include "service/support/log.h"
#include "tcb/base/text.h"

namespace thimble::test {

World::World(sim::SimIntel the_intel) : intel(std::move(the_intel)), vendor(intel) {
  SetLogLevel(LogLevel::kOff);  // misbehaving vendors are what tests are about
  config.server.listen = "127.0.0.1:0";
  config.server.anchors = {files.Write("root.pem", intel.RootPem())};
  config.server.miss_wait = Seconds(2);
  config.intel_upstreams = {{.url = vendor.PcsUrl()}};
}

void World::Start(Instant now) {
  auto made = App::Make(config, {.storage = Storage::kMemory, .frozen_time = now});
  if (!made) throw std::runtime_error(made.error().message);
  app = std::move(made).value();
  const Status listening = app->Listen();
  if (!listening) throw std::runtime_error(listening.error().message);
}

uint16_t World::port() const { return http::ListenAddress::Parse(app->address())->port; }

}  // namespace thimble::test
