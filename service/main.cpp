// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <exception>

#include "service/cli/commands.h"
#include "service/support/terminal.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that closes is an error of that write, not of the process
  try {
    const auto parsed = thimble::ParseCommandLine(argc, argv);
    if (const auto* exit_code = std::get_if<thimble::ExitCode>(&parsed)) return static_cast<int>(*exit_code);
    const thimble::ExitCode code = std::visit([](const auto& options) { return thimble::Run(options); },
                                              std::get<thimble::Command>(parsed));
    return static_cast<int>(thimble::FlushOutput() ? code : thimble::ExitCode::kUnavailable);
  } catch (const std::exception& failure) {
    thimble::PrintError(failure.what());
    return static_cast<int>(thimble::ExitCode::kUnavailable);
  }
}
