// SPDX-License-Identifier: Apache-2.0
//
// SIGTERM: what is under way is answered, then the process ends well.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

TEST(Drain, ARequestUnderWayIsAnsweredAfterSigterm) {
  test::World w;
  w.vendor.SetMode("delay:1000");
  const std::string config = w.files.Write(
      "thimble.toml", StrCat("[server]\nlisten = \"127.0.0.1:0\"\nanchors = [\"", w.files / "root.pem",
                             "\"]\n[[intel.upstream]]\nurl = \"", w.vendor.PcsUrl(), "\"\n"));
  test::ServeProcess server({"--ephemeral", "--config", config, "--frozen-time", FormatRfc3339(sim::kNow)});
  ASSERT_FALSE(server.address().empty());
  const auto port =
      static_cast<uint16_t>(std::stoi(server.address().substr(server.address().rfind(':') + 1)));
  test::RawConnection client(port);
  client.Send("GET /sgx/certification/v4/rootcacrl HTTP/1.1\r\nHost: t\r\n\r\n");
  // The vendor has been asked, and takes its time: the request is under way.
  for (int i = 0; i < 1000 && w.vendor.Count() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_GT(w.vendor.Count(), 0u);
  server.Signal(SIGTERM);
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(server.Terminate(), 0);
}

}  // namespace
}  // namespace thimble
