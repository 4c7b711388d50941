// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <exception>

#include "service/cli/commands.h"
#include "service/support/terminal.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that closes is an error of that write, not of the process
  try {
    const auto parsed = thimble::ParseCommandLine(argc, argv);
    const auto* exit_code = std::get_if<thimble::ExitCode>(&parsed);
    const thimble::ExitCode code = exit_code != nullptr
                                       ? *exit_code
                                       : std::visit([](const auto& options) { return thimble::Run(options); },
                                                    std::get<thimble::Command>(parsed));
    if (code != thimble::ExitCode::kDone) thimble::ShowNotes();
    // A result that did not arrive is none, whatever it said.
    if (thimble::FlushOutput()) return static_cast<int>(code);
    thimble::PrintError("not all of the output could be written");
    return static_cast<int>(thimble::ExitCode::kUnavailable);
  } catch (const std::exception& failure) {
    thimble::PrintError(failure.what());
    return static_cast<int>(thimble::ExitCode::kUnavailable);
  }
}
