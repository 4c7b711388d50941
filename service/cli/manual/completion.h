// SPDX-License-Identifier: Apache-2.0
//
// What bash and zsh complete a command line of Thimble's to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/cli/manual/command_tree.h"

namespace thimble {

// `shell`: "bash" or "zsh".
std::string CompletionScript(std::string_view shell, const std::vector<CommandNode>& tree);

}  // namespace thimble
