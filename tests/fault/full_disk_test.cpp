// SPDX-License-Identifier: Apache-2.0
//
// A disk that takes no more, and directories that cannot be written: reads go on, a clear error, nothing lost.
#include <gtest/gtest.h>

#include <fstream>

#include "service/monitoring/status_report.h"
#include "tcb/base/text.h"
#include "tests/fault/child.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/raw_http.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using test::Child;
using test::Get;

std::string Target(int i) { return StrCat("/sgx/certification/v4/tcb?fmspc=FF00000000", i / 10, i % 10); }

class FullDiskTest : public testing::Test {
 protected:
  std::vector<std::string> Arguments() const {
    return {"--listen",           "127.0.0.1:0",      "--data",
            w_.files / "data",    "--frozen-time",    FormatRfc3339(sim::kNow),
            "--pcs-url",          w_.vendor.PcsUrl(), "--anchor",
            w_.files / "root.pem"};
  }
  static uint64_t Event(uint16_t port, std::string_view name) {
    const auto report = ParseStatusJson(Get(port, "/v1/status").body);
    EXPECT_TRUE(report.ok());
    for (const auto& [event, count] : report->events) {
      if (event == name) return count;
    }
    return 0;
  }
  test::World w_;
};

TEST_F(FullDiskTest, ReadsGoOnAndNothingIsLost) {
  {
    Child child(Arguments());
    const uint16_t port = child.WaitForPort();
    for (int i = 0; i < 5; ++i) ASSERT_EQ(Get(port, Target(i)).status, 200);
    EXPECT_EQ(child.Terminate(), 0);
  }
  {
    Child child(Arguments(), 100'000);  // of a file; a TCB info takes several thousand, twice
    const uint16_t port = child.WaitForPort();
    ASSERT_NE(port, 0) << "it starts, there is enough room for that";
    for (int i = 0; i < 40; ++i) EXPECT_EQ(Get(port, Target(i)).status, 200) << i << ": served all the same";
    EXPECT_GT(Event(port, "store_failed"), 0u);
    EXPECT_EQ(Get(port, "/readyz").status, 200);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(Get(port, Target(i)).status, 200) << i;
  }
  Child child(Arguments());  // there is room again
  const uint16_t port = child.WaitForPort();
  ASSERT_NE(port, 0);
  w_.vendor.SetMode("503");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Get(port, Target(i)).status, 200) << i << ": was written down before";
  EXPECT_EQ(Event(port, "quarantined"), 0u);
  w_.vendor.SetMode("ok");
  EXPECT_EQ(Get(port, Target(60)).status, 200);
  EXPECT_EQ(Event(port, "store_failed"), 0u);
}

TEST_F(FullDiskTest, AnImportThatCannotBeWrittenDownIsAnErrorAndTakesNothing) {
  const std::string bundle = w_.files / "bundle";
  {
    Child child(Arguments());
    const uint16_t port = child.WaitForPort();
    for (int i = 0; i < 40; ++i) ASSERT_EQ(Get(port, Target(i)).status, 200);
    ASSERT_EQ(test::RunThimble({"export", bundle, "--data", w_.files / "data"}).exit_code, 0);
  }
  std::filesystem::remove_all(w_.files / "data");
  Child child(Arguments(), 100'000);
  const uint16_t port = child.WaitForPort();
  ASSERT_NE(port, 0);
  const auto imported = test::RunThimble({"import", bundle, "--data", w_.files / "data"});
  EXPECT_EQ(imported.exit_code, 3) << imported.out;
  EXPECT_NE(imported.err.find("write"), std::string::npos) << imported.err;
  const auto report = ParseStatusJson(Get(port, "/v1/status").body);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->items.empty());
}

TEST_F(FullDiskTest, ADirectoryThatCannotBeMadeIsNamed) {
  const std::string file = w_.files.Write("file", "not a directory");
  const auto result = test::RunThimble({"serve", "--data", file + "/data", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find(file + "/data"), std::string::npos) << result.err;
  {
    Child child(Arguments());
    ASSERT_EQ(Get(child.WaitForPort(), Target(1)).status, 200);
    EXPECT_EQ(child.Terminate(), 0);
  }
  const auto written = test::RunThimble({"export", file + "/bundle", "--data", w_.files / "data"});
  EXPECT_EQ(written.exit_code, 3);
  EXPECT_NE(written.err.find(file + "/bundle"), std::string::npos) << written.err;
}

}  // namespace
}  // namespace thimble
