// SPDX-License-Identifier: Apache-2.0
//
// `thimble serve` as a process that can be killed at any moment, with limits on what it may write.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace thimble::test {

class Child {
 public:
  // `max_file`: the largest file it may write, in bytes; writing beyond is an error, as on a full disk.
  explicit Child(const std::vector<std::string>& serve_arguments,
                 std::optional<uint64_t> max_file = std::nullopt);
  ~Child();  // kills it
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Where it listens; 0 when it ended instead. Waits for it.
  uint16_t WaitForPort();
  void Kill();      // SIGKILL
  int Terminate();  // SIGTERM; the exit code

 private:
  int Reap();
  TempDir here_;  // its working directory
  pid_t pid_ = -1;
  int out_ = -1;
};

}  // namespace thimble::test
