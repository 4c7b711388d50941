// SPDX-License-Identifier: Apache-2.0
#include "service/cli/text/progress.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace thimble {
namespace {

TEST(Progress, SaysWhatIsDoneAndForHowLong) {
  EXPECT_EQ(ProgressLine("import: being read", std::chrono::milliseconds(12'900)),
            "import: being read (12 s)");
}

// Until it has ended, and then no more.
TEST(Progress, GoesOnWithWhatComesNext) {
  std::mutex mutex;
  std::condition_variable said;
  std::vector<std::string> lines;
  const auto has = [&lines](std::string_view words) {
    return !lines.empty() && lines.back().find(words) != std::string::npos;
  };
  {
    Progress progress(
        "first",
        [&](const std::string& line) {
          const std::lock_guard lock(mutex);
          lines.push_back(line);
          said.notify_all();
        },
        std::chrono::milliseconds(1));
    std::unique_lock lock(mutex);
    said.wait(lock, [&] { return has("first ("); });
    lock.unlock();
    progress.Now("second");
    lock.lock();
    said.wait(lock, [&] { return has("second ("); });
  }
  EXPECT_TRUE(has("second ("));
}

TEST(Progress, OfWhatIsShortIsNone) {
  std::atomic<int> said = 0;
  {
    const Progress progress(
        "short", [&](const std::string&) { ++said; }, std::chrono::hours(1));
  }
  EXPECT_EQ(said, 0);
}

}  // namespace
}  // namespace thimble
