// SPDX-License-Identifier: Apache-2.0
//
// What a command that takes long is at: a line on stderr every few seconds, from the third on. Short ones say nothing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace thimble {

class Progress {
 public:
  using Show = std::function<void(const std::string& line)>;
  // `show` is called from a thread of its own, and never after Progress has ended.
  Progress(std::string doing, Show show, std::chrono::milliseconds every = kEvery);
  explicit Progress(std::string doing);  // on stderr
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // What it is at from here on: "12 MiB read, being verified".
  void Now(std::string doing);

 private:
  static constexpr std::chrono::milliseconds kEvery{3000};
  void Run();

  const Show show_;
  const std::chrono::milliseconds every_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string doing_;
  bool ended_ = false;
  std::thread thread_;  // last: it uses the others
};

// "import: 5.0 MiB, being verified (12 s)"
std::string ProgressLine(const std::string& doing, std::chrono::steady_clock::duration since);

}  // namespace thimble
