// SPDX-License-Identifier: Apache-2.0
//
// The commands, their subcommands and options, as the parser has them: for completion scripts and for complaints.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace thimble {

// One command, "thimble" itself or "thimble baseline promote".
struct CommandNode {
  std::string path;
  std::vector<std::string> subcommands;
  std::vector<std::string> flags;         // "--json"
  std::vector<std::string> file_options;  // "--config": a file or a directory follows
  std::vector<std::string> text_options;  // "--fmspc": something else follows
  bool takes_files = false;               // as its arguments
};
// The program first.
std::vector<CommandNode> CommandTree(const CLI::App& app);

// "no such command: vrify; verify?", of the first word that stands for a command and is none.
std::optional<std::string> UnknownCommand(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace thimble
