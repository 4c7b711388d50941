// SPDX-License-Identifier: Apache-2.0
#include "service/cli/manual/completion.h"

#include "service/cli/manual/explanations.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// Both shells know `case` with quoted words between bars.
std::string Pattern(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += StrCat(out.empty() ? "" : "|", "\"", word, "\"");
  return out.empty() ? "\"\"" : out;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += StrCat(out.empty() ? "" : " ", word);
  return out;
}

std::vector<std::string> CommandPaths(const std::vector<CommandNode>& tree) {
  std::vector<std::string> out;
  for (const CommandNode& node : tree) {
    for (const std::string& name : node.subcommands) out.push_back(StrCat(node.path, " ", name));
  }
  return out;
}

std::vector<std::string> OptionPaths(const std::vector<CommandNode>& tree,
                                     std::vector<std::string> CommandNode::*options) {
  std::vector<std::string> out;
  for (const CommandNode& node : tree) {
    for (const std::string& option : node.*options) out.push_back(StrCat(node.path, " ", option));
  }
  return out;
}

std::vector<std::string> FilePaths(const std::vector<CommandNode>& tree) {
  std::vector<std::string> out;
  for (const CommandNode& node : tree) {
    if (node.takes_files) out.push_back(node.path);
  }
  return out;
}

std::string WordsOf(const CommandNode& node) {
  std::vector<std::string> words = node.subcommands;
  for (const auto* const options : {&node.flags, &node.file_options, &node.text_options})
    words.insert(words.end(), options->begin(), options->end());
  if (node.path.ends_with(" explain")) {
    for (const Explanation& explanation : Explanations()) words.push_back(explanation.name);
  }
  if (node.path.ends_with(" completion")) words.insert(words.end(), {"bash", "zsh"});
  return Joined(words);
}

// The lines that say which words there are at which command.
std::string WordCases(const std::vector<CommandNode>& tree) {
  std::string out;
  for (const CommandNode& node : tree)
    out += StrCat("    (\"", node.path, "\") all=\"", WordsOf(node), "\" ;;\n");
  return out;
}

std::string BashScript(const std::vector<CommandNode>& tree) {
  return StrCat(
      "# Completion for bash, made by `thimble completion bash`.\n"
      "_thimble() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" at=thimble all=\"\" i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$at ${COMP_WORDS[i]}\" in\n      (",
      Pattern(CommandPaths(tree)),
      ") at=\"$at ${COMP_WORDS[i]}\" ;;\n    esac\n  done\n"
      "  case \"$at $prev\" in\n    (",
      Pattern(OptionPaths(tree, &CommandNode::file_options)),
      ") compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n    "
      "(",
      Pattern(OptionPaths(tree, &CommandNode::text_options)), ") return ;;\n  esac\n  case \"$at\" in\n",
      WordCases(tree),
      "  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$all\" -- \"$cur\")\n"
      "  [[ $cur == -* ]] && return\n"
      "  case \"$at\" in\n    (",
      Pattern(FilePaths(tree)),
      ") compopt -o filenames 2>/dev/null; mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- "
      "\"$cur\") ;;\n"
      "  esac\n"
      "}\n"
      "complete -F _thimble thimble\n");
}

std::string ZshScript(const std::vector<CommandNode>& tree) {
  return StrCat(
      "#compdef thimble\n"
      "# Completion for zsh, made by `thimble completion zsh`.\n"
      "local at=thimble all=\"\" i\n"
      "for ((i = 2; i < CURRENT; ++i)); do\n"
      "  case \"$at ${words[i]}\" in\n    (",
      Pattern(CommandPaths(tree)),
      ") at=\"$at ${words[i]}\" ;;\n  esac\ndone\n"
      "case \"$at ${words[CURRENT-1]}\" in\n  (",
      Pattern(OptionPaths(tree, &CommandNode::file_options)), ") _files; return ;;\n  (",
      Pattern(OptionPaths(tree, &CommandNode::text_options)), ") return ;;\nesac\ncase \"$at\" in\n",
      WordCases(tree),
      "esac\n"
      "compadd -- ${(z)all}\n"
      "[[ $PREFIX == -* ]] && return\n"
      "case \"$at\" in\n  (",
      Pattern(FilePaths(tree)), ") _files ;;\nesac\n");
}

}  // namespace

std::string CompletionScript(std::string_view shell, const std::vector<CommandNode>& tree) {
  return shell == "bash" ? BashScript(tree) : ZshScript(tree);
}

}  // namespace thimble
