// SPDX-License-Identifier: Apache-2.0
#include "service/cli/text/progress.h"

#include "service/support/terminal.h"
#include "tcb/base/text.h"

namespace thimble {

Progress::Progress(std::string doing, Show show, std::chrono::milliseconds every)
    : show_(std::move(show)), every_(every), doing_(std::move(doing)), thread_([this] { Run(); }) {}

Progress::Progress(std::string doing)
    : Progress(std::move(doing), [](const std::string& line) { PrintErrorLines({line}); }) {}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Progress::Now(std::string doing) {
  const std::lock_guard lock(mutex_);
  doing_ = std::move(doing);
}

void Progress::Run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every_, [this] { return ended_; }))
    show_(ProgressLine(doing_, std::chrono::steady_clock::now() - start_));
}

std::string ProgressLine(const std::string& doing, std::chrono::steady_clock::duration since) {
  return StrCat(doing, " (", std::chrono::duration_cast<std::chrono::seconds>(since).count(), " s)");
}

}  // namespace thimble
