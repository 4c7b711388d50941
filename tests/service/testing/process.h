// SPDX-License-Identifier: Apache-2.0
//
// Runs the real binary, each time in a working directory of its own: what it writes beside itself nobody else reads.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace thimble::test {

struct ProcessResult {
  int exit_code = -1;  // -1: ended by a signal, or not within 60 s
  std::string out, err;
};
ProcessResult RunThimble(const std::vector<std::string>& arguments);
// What it says to whoever sits before it, on both streams.
std::string SaidOnATerminal(const std::vector<std::string>& arguments);

// `thimble serve` until Terminate() or the end of the object.
class ServeProcess {
 public:
  // Waits for the line that says where it listens; address() is empty when it ended instead.
  explicit ServeProcess(const std::vector<std::string>& arguments);
  ~ServeProcess();
  ServeProcess(const ServeProcess&) = delete;
  ServeProcess& operator=(const ServeProcess&) = delete;

  const std::string& address() const { return address_; }  // "http://127.0.0.1:PORT"
  void Signal(int signal) const;
  int Terminate();  // SIGTERM; the exit code

 private:
  TempDir here_;
  pid_t pid_ = -1;
  int out_ = -1;
  std::string address_;
};

}  // namespace thimble::test
